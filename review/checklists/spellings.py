"""Other spellings of an answer, as people type them into a spreadsheet: y, TRUE, 1, ✓, U, ?.

A spelling counts only where it can mean one answer of the item. A dash, an x or a plus sign is no
spelling: they are used for yes as well as for no.
"""

import re
from collections.abc import Mapping

YES_NO_WORDS: Mapping[str, tuple[str, ...]] = {
    "yes": ("y", "true", "✓", "✔", "☑", "✅"),
    "no": ("n", "false", "✗", "✘", "❌"),
}
"""Id of an answer -> what it is also called where an item has both."""
YES_NO_NUMBERS = {"1": "yes", "0.5": "partly", "0,5": "partly", "½": "partly", "0": "no"}
"""A number in an instrument of yes and no that gives no points -> id of the answer."""
REPORTING_WORDS: Mapping[str, tuple[str, ...]] = {
    "yes": ("reported", "fully reported", "present", "met", "fulfilled", "done"),
    "no": (
        "not reported",
        "unreported",
        "nr",
        "n r",
        "absent",
        "unmet",
        "not present",
        "not met",
        "not fulfilled",
        "not done",
    ),
    "partly": (
        "partial",
        "partially",
        "partly reported",
        "partially reported",
        "partly met",
        "partially met",
    ),
}
"""The same where yes means that an item is met, and no answer means unclear."""
UNCLEAR_WORDS = (
    "u",
    "?",
    "unclear",
    "not clear",
    "uncertain",
    "cannot tell",
    "can t tell",
    "no information",
    "no info",
    "ni",
    "n i",
    "not reported",
    "nr",
    "n r",
)
"""What the one answer that means 'unclear' is also called."""
NONE_WORDS = (
    "n",
    "0",
    "false",
    "not done",
    "not reported",
    "nr",
)
"""What an item that takes several answers also takes for 'none of these'."""
PROBABLY_WORDS: Mapping[str, tuple[str, ...]] = {
    "probably-yes": ("prob yes", "prob y", "probably y", "p yes"),
    "probably-no": ("prob no", "prob n", "probably n", "p no"),
}
NOT_DONE_WORDS = ("no", "n", "none", "not done", "false")
"""What the one negative answer of several is also called, if it earns no points."""
NEGATIVE_WORDS = ("no", "none", "not", "neither", "nobody")
"""First words of a negative answer."""
PLAIN_IDS = {"yes", "partly", "no", "na", "unclear"}
"""Answers of an instrument in which 1 is yes and 0 is no."""


def normalize_text(text: str) -> str:
    """Text normalised for comparison: no case or punctuation, single spaces."""
    return " ".join(re.sub(r"[^\w\s]|_", " ", text.casefold()).split())


def normalize_number(text: str) -> str:
    """A whole number as a spreadsheet writes it, as digits: '2.0', '−3' and '2 points' are 2, -3
    and 2. Other text is unchanged."""
    match = re.fullmatch(
        r"([+\-\u2212\u2013]?)\s*(\d+)(?:[.,]0+)?(?:\s*(?:points?|pts?))?", text, re.I
    )
    if match is None:
        return text
    sign = "-" if match.group(1) not in ("", "+") and int(match.group(2)) else ""
    return f"{sign}{int(match.group(2))}"


def find_ids(words_by_id: Mapping[str, tuple[str, ...]], words: set[str]) -> set[str]:
    """The ids of the answers that one of the words spells."""
    return {answer_id for answer_id, spelled in words_by_id.items() if words & set(spelled)}


def strip_judged(text: str) -> str:
    """A judgement without what is judged: 'low risk of bias' and 'low concern' are low."""
    return re.sub(r" (?:risk|rob|concerns?)\b.*$", "", text)
