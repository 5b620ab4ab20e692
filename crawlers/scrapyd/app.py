"""``application`` of scrapyd: all its options out of our settings."""

from __future__ import annotations

import ipaddress
import sys
from typing import TYPE_CHECKING

from scrapyd.app import application as scrapyd_application
from twisted.logger import ILogObserver, STDLibLogObserver

from crawlers.scrapyd.health import open_health
from crawlers.scrapyd.places import logs_folder, node_name
from gleanery.config import Config, load_config
from gleanery.errors import ConfigError
from gleanery.logs import hide_secrets, start_logs, writes_json

if TYPE_CHECKING:
    from scrapyd.config import Config as ScrapydConfig
    from twisted.python.components import Componentized

_OURS = "crawlers.scrapyd."
SERVICES = {
    "schedule.json": f"{_OURS}services.Schedule",
    "cancel.json": f"{_OURS}services.Cancel",
    "listspiders.json": f"{_OURS}services.ListSpiders",
    "addversion.json": f"{_OURS}services.Off",
    "delversion.json": f"{_OURS}services.Off",
    "delproject.json": f"{_OURS}services.Off",
    "metrics": f"{_OURS}metrics.MetricsPage",
}


def application(scrapyd: ScrapydConfig) -> Componentized:
    """Return the service that ``scrapyd`` runs."""
    try:
        config = load_config()
        check_doors(config)
    except ConfigError as error:
        sys.exit(f"gleanery: {error}")
    hide_secrets(config)
    parser = scrapyd.cp
    if not parser.has_section("settings"):
        parser.add_section("settings")
        parser.set("settings", "default", "crawlers.settings")
    for name, value in options(config).items():
        parser.set("scrapyd", name, value.replace("%", "%%"))
    for name, value in SERVICES.items():
        parser.set("services", name, value)
    made: Componentized = scrapyd_application(scrapyd)
    open_health(made)
    if writes_json():
        start_logs(config)
        made.setComponent(ILogObserver, STDLibLogObserver("scrapyd"))
    return made


def check_doors(config: Config) -> None:
    """Refuse to listen to others without a password.

    Raises:
        ConfigError: It would.
    """
    known = bool(config.scrapyd_username and config.scrapyd_password.get_secret_value())
    try:
        safe = ipaddress.ip_address(config.scrapyd_host).is_loopback
    except ValueError:
        safe = config.scrapyd_host == "localhost"
    if not safe and not known:
        raise ConfigError(
            f"scrapyd on {config.scrapyd_host} needs GLEANERY_SCRAPYD_USERNAME and"
            " GLEANERY_SCRAPYD_PASSWORD (이름과 암호가 필요합니다)"
        )


def options(config: Config) -> dict[str, str]:
    """Return the options of ``[scrapyd]``."""
    return {
        "bind_address": config.scrapyd_host,
        "http_port": str(config.scrapyd_port),
        "unix_socket_path": "",
        "username": config.scrapyd_username,
        "password": config.scrapyd_password.get_secret_value(),
        "node_name": node_name(config),
        "max_proc": str(config.scrapyd_slots),
        "poll_interval": "1",
        "logs_dir": str(logs_folder(config)),
        "jobs_to_keep": "1000",
        "items_dir": "",
        "jobs_dir": "",
        # asked for by each of its pages, and Twisted 26 raises for an empty name
        "prefix_header": "x-no-prefix",
        "debug": "off",
        "spiderqueue": f"{_OURS}queue.JobQueue",
        "poller": f"{_OURS}poller.JobPoller",
        "launcher": f"{_OURS}launcher.JobLauncher",
        "runner": f"{_OURS}runner",
        "webroot": f"{_OURS}webroot.SafeRoot",
        "eggstorage": f"{_OURS}eggs.NoEggs",
        "jobstorage": f"{_OURS}finished.EndedJobs",
    }
