"""Mails a message."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate
from typing import TYPE_CHECKING

from crawlers.notices.webhook import TIMEOUT_SECONDS, NotToldError

if TYPE_CHECKING:
    from crawlers.notices.message import Message
    from gleanery.config import Config


def mail(message: Message, config: Config) -> None:
    """Hand it to the mail server.

    Raises:
        NotToldError: The server did not take it.
    """
    try:
        with _server(config) as server:
            if config.notify_smtp_security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if config.notify_smtp_username:
                password = config.notify_smtp_password.get_secret_value()
                server.login(config.notify_smtp_username, password)
            server.send_message(_written(message, config))
    except (OSError, smtplib.SMTPException) as error:  # its text may hold names and addresses
        raise NotToldError(f"mail: {type(error).__name__}") from error


def _server(config: Config) -> smtplib.SMTP:
    host, port = config.notify_smtp_host, config.notify_smtp_port
    if config.notify_smtp_security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=context)
    return smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)


def _written(message: Message, config: Config) -> EmailMessage:
    mail_ = EmailMessage()
    mail_["Subject"] = f"[Gleanery] {message.en} / {message.ko}"
    mail_["From"] = config.notify_email_from
    mail_["To"] = ", ".join(config.notify_email_to)
    mail_["Date"] = formatdate()
    mail_["Message-ID"] = f"<notice-{message.id}-{message.job}@gleanery>"
    mail_["Auto-Submitted"] = "auto-generated"
    facts = {
        "Spider / 스파이더": message.spider,
        "Node / 노드": message.node,
        "Time / 시각": message.at,
        "Reason / 이유": message.reason,
        "Page / 페이지": message.link,
    }
    lines = [f"{name}: {' '.join(value.split())}" for name, value in facts.items() if value]
    mail_.set_content("\n".join([message.en, message.ko, "", *lines, ""]))
    return mail_
