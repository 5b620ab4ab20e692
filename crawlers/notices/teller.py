"""A thread that tells people what happened to jobs, in each node and in the admin page."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from crawlers.notices.mail import mail
from crawlers.notices.message import compose
from crawlers.notices.webhook import NotToldError, post
from crawlers.scrapyd.places import ledger_of, patience_of
from gleanery.errors import ConfigError, GleaneryError
from storage.jobs.notices import EVENTS, Notices
from storage.jobs.reconciling import reconcile

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawlers.notices.message import Message
    from gleanery.config import Config
    from storage.jobs import JobLedger
    from storage.jobs.notices import Notice, Way

logger = logging.getLogger(__name__)
LOOK_SECONDS = 5.0


class Teller:
    """Started and stopped once; does nothing if nobody is to be told."""

    def __init__(self, config: Config) -> None:
        """Check the settings.

        Raises:
            ConfigError: They do not fit each other.
        """
        self.config = config
        self.ways = ways(config)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notices", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        if self.ways:
            self._thread.start()

    def stop(self) -> None:
        """Look no more; what is being told ends by itself, or is told by another process."""
        self._ended.set()

    def _run(self) -> None:
        ledger = ledger_of(self.config)
        while not self._ended.wait(LOOK_SECONDS):
            try:
                reconcile(ledger, patience_of(self.config))  # though every node is gone
                tell(ledger, self.config, self.ways)
            except GleaneryError as error:
                logger.warning("Nobody is told of jobs for now: %s (알리지 못했습니다)", error)
        ledger.close()


def ways(config: Config) -> dict[Way, Callable[[Message, Config], None]]:
    """Return how people are told.

    Raises:
        ConfigError: The settings do not fit each other.
    """
    found: dict[Way, Callable[[Message, Config], None]] = {}
    if wrong := set(config.notify_events) - set(EVENTS):
        raise ConfigError(f"GLEANERY_NOTIFY_EVENTS: {', '.join(sorted(wrong))}: of {EVENTS}")
    if address := config.notify_webhook_url.get_secret_value():
        if not address.startswith(("http://", "https://")):
            raise ConfigError("GLEANERY_NOTIFY_WEBHOOK_URL: write https://… (주소)")
        if not config.notify_webhook_secret.get_secret_value():
            raise ConfigError("GLEANERY_NOTIFY_WEBHOOK_URL needs GLEANERY_NOTIFY_WEBHOOK_SECRET")
        found["webhook"] = post
    if config.notify_email_to:
        if config.notify_smtp_username and config.notify_smtp_security == "none":
            raise ConfigError("GLEANERY_NOTIFY_SMTP_USERNAME needs TLS (암호화가 필요합니다)")
        found["email"] = mail
    return found


def tell(
    ledger: JobLedger, config: Config, by: dict[Way, Callable[[Message, Config], None]]
) -> None:
    """Tell what is due; any number of processes may do so at once."""
    notices = Notices(ledger)
    for way, send in by.items():
        while notice := notices.claim(way, config.notify_events):
            _tell(notices, notice, config, send)


def _tell(
    notices: Notices, notice: Notice, config: Config, send: Callable[[Message, Config], None]
) -> None:
    try:
        send(compose(notice, notices.ledger.find(notice.job), config), config)
    except NotToldError as error:
        again = notices.failed(notice, str(error))
        logger.log(
            logging.WARNING if again else logging.ERROR,
            "%s: %s is not told: %s%s (알리지 못했습니다)",
            notice.job, notice.event, error, "; tried again" if again else "; given up",
        )  # fmt: skip
    else:
        notices.told(notice)
