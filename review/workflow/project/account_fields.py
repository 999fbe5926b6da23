"""What a person enters for an account: a name to sign in with, a full name, an address."""

from review.errors import ReviewError
from review.mail import is_single_address

NAME_LENGTH = 60
FULL_NAME_LENGTH = 100
"""Most characters of a name, and of a full one."""


def check_names(name: str, full_name: str) -> None:
    """Raises ReviewError where a name cannot be signed in with, or the full one is missing."""
    if not name or len(name) > NAME_LENGTH or not name.isprintable():
        raise ReviewError(f"Enter a name to sign in with, of at most {NAME_LENGTH} characters.")
    if not full_name or len(full_name) > FULL_NAME_LENGTH or not full_name.isprintable():
        raise ReviewError(f"Enter your full name, of at most {FULL_NAME_LENGTH} characters.")


def check_email(email: str | None) -> str | None:
    """An e-mail address without the spaces around it; None for an empty one. Raises ReviewError
    where it is none."""
    text = (email or "").strip()
    if not text:
        return None
    if not is_single_address(text) or "." not in text.rpartition("@")[2]:
        raise ReviewError(f"{text!r} is not an e-mail address. Enter the address of one person.")
    return text
