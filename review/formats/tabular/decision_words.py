"""Words for verdicts, stages and roles, as people and screening tools write them."""

import re
import unicodedata
from typing import Literal

from review.models import Role, Verdict

RetrievalState = Literal["retrieved", "not retrieved"]

_VERDICTS: dict[Verdict, str] = {
    "include": (
        "include|included|inclusion|in|incl|inc|i|yes|y|1|1 0|true|t|relevant|accept|accepted|"
        "eligible|keep|kept|✓|✔|☑|advance|pass|passed|qualifies|qualified|select|"
        "selected|definitely include|probably include|yes include|include yes|to include|"
        "include for full text|si|sí|oui|ja"
    ),
    "exclude": (
        "exclude|excluded|exclusion|out|excl|exc|ex|e|no|n|0|0 0|false|f|irrelevant|not relevant|"
        "reject|rejected|ineligible|not eligible|remove|removed|drop|dropped|✗|✘|☒|fail|"
        "failed|discard|discarded|not included|do not include|definitely exclude|"
        "probably exclude|no exclude|exclude no|to exclude|non|nein"
    ),
    "unsure": (
        "unsure|maybe|may be|possibly|possible|potential|potentially|?|??|unclear|"
        "uncertain|undecided on|not sure|not certain|doubtful|doubt|in doubt|borderline|discuss|"
        "to discuss|for discussion|discussion|needs discussion|"
        "awaiting classification|cannot tell|can t tell|unsure maybe|maybe unsure|"
        "potentially relevant|potentially eligible|possibly relevant"
    ),
}
_UNDECIDED = (
    "|na|n a|none|nan|null|pending|undecided|not screened|unscreened|not yet screened|to screen|"
    "not decided|not seen|not yet|todo|to do|tbd|awaiting|awaiting screening|open|blank|-1|-1 0|"
    "not reviewed|no decision|no vote|not voted"
)
_NOT_RETRIEVED = (
    "not retrieved|not retrievable|could not be retrieved|cannot be retrieved|irretrievable|"
    "unretrieved|unavailable|not available|full text not available|full text unavailable|"
    "full text not found|full text not retrieved|report not retrieved|not found|not obtained|"
    "could not be obtained|not accessible|no access|no full text|no full text available|"
    "pdf not found|pdf not available|no pdf|inaccessible"
)
_RETRIEVED = "retrieved|full text retrieved|report retrieved|obtained|full text obtained"
_WITHDRAWALS = "withdraw|withdrawn|undo|undone|take back|taken back|retract decision"

VERDICT_WORDS: dict[str, Verdict] = {
    word: verdict for verdict, words in _VERDICTS.items() for word in words.split("|")
}
"""Words for a verdict, folded."""
UNDECIDED_WORDS = frozenset(_UNDECIDED.split("|"))
"""Folded words in the cell of a record nobody has judged yet."""
WITHDRAWAL_WORDS = frozenset(_WITHDRAWALS.split("|"))
RETRIEVAL_WORDS: dict[str, RetrievalState] = {
    **dict.fromkeys(_NOT_RETRIEVED.split("|"), "not retrieved"),
    **dict.fromkeys(_RETRIEVED.split("|"), "retrieved"),
}

_ROLES: dict[str, Role] = {
    **dict.fromkeys(
        ("", "reviewer", "screener", "first", "second", "reviewer 1", "reviewer 2"), "reviewer"
    ),
    **dict.fromkeys(
        (
            "adjudicator",
            "adjudication",
            "arbiter",
            "arbitrator",
            "consensus",
            "resolver",
            "third reviewer",
            "tie breaker",
            "tiebreaker",
        ),
        "adjudicator",
    ),
    **dict.fromkeys(("automation", "automatic", "tool", "rule"), "automation"),
}

_STAGE_WORDS = {
    **dict.fromkeys(
        (
            "titleabstract",
            "titleandabstract",
            "titlesabstracts",
            "titlesandabstracts",
            "titleabstractscreening",
            "titleandabstractscreening",
            "abstractscreening",
            "titlescreening",
            "abstract",
            "abstracts",
            "title",
            "tiab",
            "ta",
            "screening",
            "screen",
            "firstscreening",
        ),
        "screening",
    ),
    **dict.fromkeys(
        (
            "fulltext",
            "fulltexts",
            "fulltextreview",
            "fulltextscreening",
            "fulltextassessment",
            "ft",
            "eligibility",
            "eligibilityassessment",
            "secondscreening",
        ),
        "eligibility",
    ),
}


def fold_words(text: str) -> str:
    """Text for comparing: small letters, signs between words as blanks; a sign alone stays."""
    plain = unicodedata.normalize("NFKC", text).casefold().strip()
    if plain in ("-1", "-1.0") or not re.search(r"\w", plain):
        return plain.removesuffix(".0")
    return " ".join(re.sub(r"[\W_]+", " ", plain).split())


def parse_verdict(text: str) -> Verdict | None:
    """The verdict that a cell states; None where it is none."""
    return VERDICT_WORDS.get(fold_words(text))


def parse_retrieval(text: str) -> RetrievalState | None:
    """Whether a cell says that a report was or was not retrieved; None where it says neither."""
    return RETRIEVAL_WORDS.get(fold_words(text))


def is_undecided(text: str) -> bool:
    """Whether a cell says that nobody has judged the record."""
    return fold_words(text) in UNDECIDED_WORDS


def is_withdrawal(text: str) -> bool:
    """Whether a cell takes the decision made before back."""
    return fold_words(text) in WITHDRAWAL_WORDS


def is_verdict_cell(text: str) -> bool:
    """Whether a cell is possible in a column of verdicts."""
    folded = fold_words(text)
    return (
        folded in VERDICT_WORDS
        or folded in UNDECIDED_WORDS
        or folded in WITHDRAWAL_WORDS
        or folded in RETRIEVAL_WORDS
    )


def parse_role(text: str) -> Role | None:
    """The role that a cell names; None where it is none."""
    return _ROLES.get(fold_words(text))


def get_stage_kind(text: str) -> str | None:
    """The kind of stage that a word of the field means: screening or eligibility."""
    return _STAGE_WORDS.get(re.sub(r"[\W_]+", "", text.casefold()))
