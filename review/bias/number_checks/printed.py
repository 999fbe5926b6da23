"""Counts and names as papers print them."""


def parse_count(text: str) -> int:
    """The count in '1,204'."""
    return int(text.replace(",", ""))


def shorten(text: str, length: int = 40) -> str:
    """A name that fits into a sentence: cut to a length (letters), with three dots."""
    return text if len(text) <= length else text[: length - 3] + "..."
