"""Sends a message through the mail server that FUNNEL_SMTP names, where one is named."""

import os
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from review.errors import ReviewError

ADDRESS_VARIABLE, SENDER_VARIABLE = "FUNNEL_SMTP", "FUNNEL_MAIL_FROM"
TIMEOUT = 30
"""How long the mail server may take to answer (seconds)."""
PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """How mail is sent."""

    scheme: str
    """smtp (plain), smtp+starttls or smtps."""
    host: str
    port: int
    user: str | None
    password: str | None
    sender: str


def is_configured() -> bool:
    """Whether a mail server is named."""
    return bool(os.environ.get(ADDRESS_VARIABLE, "").strip())


def load_mail_settings() -> MailSettings | None:
    """The mail server of FUNNEL_SMTP and the sender of FUNNEL_MAIL_FROM; None where none is named.

    Raises:
        ReviewError: one of the two is missing or cannot be read.
    """
    address = os.environ.get(ADDRESS_VARIABLE, "").strip()
    if not address:
        return None
    sender = os.environ.get(SENDER_VARIABLE, "").strip()
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in PORTS or not parts.hostname:
        raise ReviewError(
            f"{ADDRESS_VARIABLE} is not the address of a mail server; give it as "
            "smtp+starttls://name:password@mail.example.org:587 (or smtps://, or smtp:// for a "
            "server on your own network)."
        )
    if "@" not in sender or any(letter in sender for letter in "\r\n"):
        raise ReviewError(
            f"{SENDER_VARIABLE} must hold the sender's address, such as review@example.org."
        )
    return MailSettings(
        scheme=parts.scheme,
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        sender=sender,
    )


def _drop_unprintable(text: str) -> str:
    """Text without control characters, marks of direction and halves of a letter pair."""
    return "".join(c for c in text if c.isprintable() or c.isspace())


def is_single_address(text: str) -> bool:
    """Whether a message to this goes to one person: a link sent to two would let either in."""
    user, at, host = text.partition("@")
    separators = set(',;:<>()[]"\\@')
    return (
        bool(user and at and host)
        and text.isprintable()
        and not (separators & {*user, *host} or any(letter.isspace() for letter in text))
    )


def send_message(settings: MailSettings, *, to: str, subject: str, text: str) -> None:
    """Hands one message to the mail server.

    Raises:
        ReviewError: the address is not that of one person, or the server was not reached or did
            not take it. Names neither the password nor what was in the message.
    """
    if not is_single_address(to):
        raise ReviewError(
            f"{to!r} is not the e-mail address of one person; correct it on the page People. "
            "Nothing was sent."
        )
    message = EmailMessage()
    message["From"], message["To"] = settings.sender, to
    message["Subject"] = " ".join(_drop_unprintable(subject).split())
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="funnel.invalid")
    message.set_content(_drop_unprintable(text))
    context = ssl.create_default_context()
    try:
        with (
            smtplib.SMTP_SSL(settings.host, settings.port, timeout=TIMEOUT, context=context)
            if settings.scheme == "smtps"
            else smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT)
        ) as server:
            if settings.scheme == "smtp+starttls":
                server.starttls(context=context)
            if settings.user:
                server.login(settings.user, settings.password or "")
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        reason = type(error).__name__ if not isinstance(error, OSError) else error.strerror
        raise ReviewError(
            f"The mail server {settings.host}:{settings.port} did not take the message to {to} "
            f"({reason or type(error).__name__}). The link is good: pass it on yourself."
        ) from error
