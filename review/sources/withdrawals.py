"""Recognises how services and journals mark retracted or withdrawn records.

The patterns must not take a study about withdrawal ("withdrawal symptoms", "we withdrew the drug",
"retracted articles were screened") for a withdrawn study: a statement counts only where its subject
is this very document, or where it opens the text. Wordings were collected from withdrawn entries of
arXiv, medRxiv and bioRxiv.
"""

import re

from review.models import Record, Relation
from review.sources.models import WithdrawalMarks
from review.sources.registry import SOURCES

_DOCUMENT = (
    r"(?:paper|article|submission|manuscript|preprint|pre-print|work|version|e-?print|posting|"
    r"document|report|letter|note)"
)
_DONE = r"(?:withdrawn|retracted)"
_HAS_BEEN = (
    r"(?:has|have|is|was|had|will|being|been|be|now|since|hereby|temporarily|\w+ly|therefore)"
)
_END = r"(?=\s*(?:$|[.:;!\])\-\u2013\u2014]))"
_TITLE = re.compile(
    rf"\W*(?i:({_DONE})(?:\s+(?:article|paper|preprint))?\s*[:\])]"
    rf"|(?:article|paper|preprint|manuscript)\s+({_DONE})\s*:"
    r"|(?:notice|statement)\s+of\s+(withdrawal)\s*:"
    rf"|({_DONE})\s+as\s+(?:a\s+)?duplicate\b"
    r"|(withdrawal\s+statement)\b"
    r"|(temporary\s+removal|temporarily\s+removed)\s*[:\])])"
    r"|\W*(WITHDRAWN|RETRACTED|TEMPORARY REMOVAL)\b"
)
"""'WITHDRAWN: x', 'RETRACTED ARTICLE: x', '[Retracted] x', 'TEMPORARY REMOVAL x'."""
_TITLE_END = re.compile(rf"[\[(]\s*({_DONE})(?:\s+(?:article|paper|preprint))?\s*[\])]\W*$", re.I)
"""'x [WITHDRAWN]'."""
_THIS_IS_WITHDRAWN = re.compile(
    rf"(?<!version of )\bthis\s+(?:\w+\s+){{0,2}}?{_DOCUMENT}\s+(?:{_HAS_BEEN}\s+){{1,4}}{_DONE}\b"
    rf"|(?<!version of )\bthis\s+{_DOCUMENT}\s+(?:{_HAS_BEEN}\s+){{1,4}}removed"
    r"\s+(?:by|from|while|pending|due)\b"
    rf"|(?<!version of )\bthis\s+(?:\w+\s+)?{_DOCUMENT}\s+{_DONE}\s+(?:by|due|because|owing)\b"
    rf"|(?<!version of )\bthis\s+study\s+has\s+been\s+(?:{_HAS_BEEN}\s+)*{_DONE}"
    r"\s+(?:by|from|due)\b",
    re.I,
)
_SOMEBODY_WITHDREW = re.compile(
    r"\b(?:authors?|we|i|medrxiv|biorxiv|arxiv|openrxiv|submitter)\s+(?:\w+\s+){0,4}?"
    r"(?:withdr[ae]ws?|withdrew|withdrawn|withdrawing|retract(?:s|ed|ing)?|removed)\s+"
    rf"(?:this|our|their|his|her|the\s+present)\s+(?:\w+\s+){{0,2}}?{_DOCUMENT}\b",
    re.I,
)
_SOMEBODY_ASKED = re.compile(
    r"\b(?:authors?|we|i)\s+(?:\w+\s+){0,2}?(?:request(?:s|ed)?|ask(?:s|ed)?\s+for)\s+(?:the\s+)?"
    r"(?:withdrawal|retraction|removal)\s+of\s+(?:this|our|their|his|her|the\s+present)\s+"
    rf"(?:\w+\s+){{0,2}}?{_DOCUMENT}\b",
    re.I,
)
_OPENING = re.compile(
    r"^\W*(?:abstract\W+)?(?:"
    r"withdrawal\s+statement\b"
    r"|temporary\s+removal\b(?!\s+(?:of|and|or|by|for|from|in|with)\b)"
    rf"|the\s+(?:\w+\s+)?{_DOCUMENT}\s+(?:{_HAS_BEEN}\s+){{1,4}}{_DONE}\b"
    rf"|{_DONE}\s+by\s+(?:the\s+)?(?:\w+\s+)?(?:authors?|submitter|arxiv|medrxiv|biorxiv)\b"
    rf"|{_DONE}\s*(?:$|[.:;!\])])"
    rf"|{_DOCUMENT}\s+{_DONE}\W*$"
    rf"|(?:please\s+)?(?:disregard|ignore)\s+this\s+{_DOCUMENT}\b"
    r")",
    re.I,
)
"""How a text begins that is a statement and not an abstract."""
_OPENING_OF_SHORT_TEXT = re.compile(
    rf"^\W*(?:(?:paper\s+|article\s+|manuscript\s+)?(?:has\s+been\s+|is\s+|was\s+)?{_DONE}\s+"
    r"(?:due|because|owing|as|since)\b"
    r"|(?:the\s+)?(?:author|authors|submitter)\s+(?:\w+\s+){0,4}?"
    rf"(?:withdraws?|withdrew|withdrawn|retract(?:s|ed)?)\s+the\s+{_DOCUMENT}\b)",
    re.I,
)
SHORT_TEXT = 300
"""Longest text (characters) that may be no more than a reason for withdrawal: 'Retracted due to an
error in equation 3.' A longer one that begins so may be about a withdrawn drug."""
_BRACKETED = re.compile(
    rf"^\s*[\[(]\s*{_DONE}\s*[\])]|[\[(]\s*(?:WITHDRAWN|RETRACTED)\s*[\])]", re.M
)
_STATEMENT_LINE = re.compile(r"^\W*withdrawal\s+statement\s*(?::|$)", re.I | re.M)
_EARLIER = r"(?:previous|earlier|older|former|original|first|second|other|another|v\d+|replaces|of)"
_COMMENT = re.compile(
    rf"(?<!\w)(?<!-){_DOCUMENT}\s+(?:(?:has|is|was|been|being|now|\w+ly)\s+)*{_DONE}\b"
    rf"|\b{_DONE}\s+by\s+(?:the\s+)?(?:\w+\s+)?(?:authors?|submitter|arxiv|admin)"
    rf"|(?:^|[.;,:(\[]\s*){_DONE}\s+(?:due|because|owing|as|since|for|pending|until|in\s+order)\b"
    rf"|(?:^|[.;,:(\[]\s*){_DONE}\s+from\s+(?:the\s+)?(?:arxiv|archive|publication|public)\b"
    rf"|\b(?:i|we|authors?|submitter)\s+(?:\w+\s+){{0,4}}?(?:withdraws?|withdrew|retracts?)"
    rf"(?:\s+(?:the|this|our|my)\s+{_DOCUMENT}\b|\s+it\b|{_END})"
    rf"|^\W*withdrawing\s+(?:the|this|our|my)\s+{_DOCUMENT}\b"
    rf"|^\W*{_DONE}{_END}|^\W*{_DONE}\s*,"
    rf"|(?:^|[.;(\[]\s*)(?:withdrawal|retraction){_END}"
    r"|\bwithdrawal\s+(?:notice|statement|requested)\b"
    rf"|\b{_DOCUMENT}\s+(?:has|was)\s+(?:been\s+)?removed\s+by\s+arxiv\b",
    re.I,
)
"""Comments are a line of the authors on this very paper, so that fewer words are enough."""
_ABOUT_ANOTHER = re.compile(
    rf"\b{_EARLIER}\s+(?:\w+\s+){{0,2}}?{_DOCUMENT}\b[^.;]*\b{_DONE}\b"
    rf"|\b(?:replac\w+|supersed\w+|extends?)\b[^.;]*\b{_DONE}\b",
    re.I,
)
"""'Replaces an earlier version, which was withdrawn': said of another document."""


def find_retraction_marks(record: Record) -> tuple[Relation, ...]:
    """An entry's own mark that it was retracted or withdrawn, as a relation: its type, the words
    at its title, or, where its source does so, its comment or abstract."""
    source = SOURCES.get(record.source)
    marks = source.withdrawal_marks if source else WithdrawalMarks()
    types = tuple(
        record_type.lower() for record_type in record.types if record_type.lower() in marks.types
    )
    if types:
        return tuple(Relation("marked", record_type, record.source) for record_type in types)
    title = record.title or ""
    match = _TITLE.match(title) or _TITLE_END.search(title)
    if match:
        return (Relation("marked", _name_mark(match), record.source),)
    comments = [text for key in marks.extra_keys for text in record.extra.get(key, ())]
    if any(map(says_comment_withdrawn, comments)) or (
        marks.in_abstract and says_text_withdrawn(record.abstract or "")
    ):
        return (Relation("marked", "withdrawn", record.source),)
    return ()


def _name_mark(match: re.Match[str]) -> str:
    words = next(group for group in match.groups() if group).lower()
    if "remov" in words:
        return "temporarily removed"
    return "withdrawn" if "withdr" in words else words


def says_text_withdrawn(text: str) -> bool:
    """Whether an abstract is, or holds, the statement that this document was withdrawn."""
    text = " ".join(text.split()) if "\n" not in text else text
    return bool(
        _OPENING.search(text)
        or _THIS_IS_WITHDRAWN.search(text)
        or _SOMEBODY_WITHDREW.search(text)
        or _SOMEBODY_ASKED.search(text)
        or _BRACKETED.search(text)
        or _STATEMENT_LINE.search(text)
        or (len(text) <= SHORT_TEXT and _OPENING_OF_SHORT_TEXT.search(text))
    )


def says_comment_withdrawn(comment: str) -> bool:
    """Whether a comment of arXiv says that this paper was withdrawn."""
    if _ABOUT_ANOTHER.search(comment) and not _THIS_IS_WITHDRAWN.search(comment):
        return False
    return bool(_COMMENT.search(comment)) or says_text_withdrawn(comment)
