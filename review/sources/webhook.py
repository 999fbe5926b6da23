"""Posts a notice to an address the team has named."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import requests

from review.errors import SourceError

TIMEOUT = 20
"""How long the other side may take to answer (seconds)."""


def check_webhook_url(url: str) -> str:
    """The address without blanks. Raises SourceError if it is no http or https address."""
    text = url.strip()
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_address = False
    if not is_address or any(letter.isspace() for letter in text):
        raise SourceError(f"Webhook {text!r}: expected an address that begins with https://.")
    return text


def post_notice(url: str, notice: Mapping[str, object]) -> None:
    """Sends a notice as JSON; redirects are not followed and the answer is not read.

    Raises:
        SourceError: the address does not take it. Names the host alone, as addresses hold keys.
    """
    host = urlsplit(url).hostname
    try:
        with requests.post(
            url, json=dict(notice), timeout=TIMEOUT, allow_redirects=False, stream=True
        ) as response:
            status = response.status_code
    except requests.RequestException as error:
        raise SourceError(f"The webhook at {host} could not be reached.") from error
    if not 200 <= status < 300:
        raise SourceError(f"The webhook at {host} did not take the notice (status {status}).")
