"""Folds letters and words for everything that compares text."""

import re
import unicodedata


def strip_accents(text: str) -> str:
    """The text in compatibility decomposition (NFKD) without its combining marks; case is kept."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def fold_text(text: str | None) -> str:
    """Text as it is compared: no accents, case or punctuation, single spaces; '' for None."""
    folded = strip_accents(unicodedata.normalize("NFKD", text or "").casefold())
    return " ".join(re.sub(r"[^\w\s]|_", " ", folded).split())
