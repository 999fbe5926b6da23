"""Words that one person marks in titles and abstracts for themselves; nobody else sees them."""

from collections.abc import Iterable

from review.errors import ReviewError
from review.store import personal_settings
from review.store.timestamps import utc_now
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project

NAME = "own words"
MAX_WORDS, MAX_LENGTH = 200, 100
"""Most words of one person, and most characters of one of them."""


def save_words(project: Project, who: str, words: Iterable[str]) -> tuple[str, ...]:
    """Keeps a person's words in place of those kept before; gives them without empty and repeated
    ones. A trailing * marks every word with that stem.

    Raises:
        ReviewError: there are too many, or one is too long.
    """
    require_role(project, who, "read")
    kept = tuple(dict.fromkeys(filter(None, (" ".join(word.split()) for word in words))))
    if len(kept) > MAX_WORDS:
        raise ReviewError(f"You can mark at most {MAX_WORDS} words of your own.")
    if any(len(word) > MAX_LENGTH for word in kept):
        raise ReviewError(f"A word may have at most {MAX_LENGTH} characters.")
    with project.store.write() as conn:
        personal_settings.set_value(conn, who, NAME, list(kept) or None, utc_now())
    return kept


def load_words(project: Project, who: str) -> tuple[str, ...]:
    """A person's own words; none where they have none."""
    with project.store.read() as conn:
        kept = personal_settings.get_value(conn, who, NAME)
    return () if kept is None else tuple(kept[0])
