"""What an import refuses, in the words of the app: what to press instead of an option to type."""

import re

REMEDIES: tuple[tuple[str, str], ...] = (
    (
        r"import the readable records with --keep-good",
        "tick the box below to import the readable records",
    ),
    (
        r"import the records that were read with --keep-good",
        "tick the box below to import the records that were read",
    ),
    (r"Choose one with --sheet NAME", "Choose one under Sheet"),
    (r"To read one of them, use --sheet NAME", "To read one of them, choose it under Sheet"),
    (r"--sheet applies", "Sheet applies"),
    (r"map it with --map 'COLUMN=title'", "choose it below"),
    (r"--map applies", "the choice of columns applies"),
    (r"say whose it is with --reviewer", "choose whose it is under Reviewer"),
    (r"give the reviewer with --reviewer", "choose the reviewer under Reviewer"),
    (r"give the decision for this list with --verdict", "choose it for this list under Decision"),
)
"""Remedy on the command line -> the same in the app."""


def rephrase_for_app(message: str) -> str:
    """A refusal with the app's remedies."""
    for words, replacement in REMEDIES:
        message = re.sub(words.replace(" ", r"\s+"), replacement, message)
    return message
