"""Whether a mention of a data set says that this study used it."""

import re

_OWN_WORK = re.compile(r"\b(we|our|this (study|work|paper|research)|the present study)\b", re.I)
_OTHERS_WORK = re.compile(
    r"\b(previous|prior|earlier|other|existing|several) (studies|works?|authors|papers)\b|"
    r"\bet al\b\.?.{0,60}(?<!\bwas )(?<!\bwere )(?<!\bis )(?<!\bare )(?<!\bbeen )"
    r"\b(used|use|reported|proposed|trained|developed|presented|evaluated)\b",
    re.I,
)
_AUTHOR_CITATION = re.compile(r"\([^()]*\bet al\b[^()]*\)", re.I)
_OWN_WORK_SECTIONS = frozenset({"abstract", "methods", "results", "supplement", "statements", ""})
_CONTRAST = re.compile(
    r"\b(unlike|in contrast (to|with)|contrary to|as opposed to|compared (to|with)|while|"
    r"whereas)\b[^;]*?"
    r"\b(et al|studies|works?|authors|others|papers|\[\d[^\]]*\])[^;]*?"
    r"(,\s+(?=(we|our|this|here)\b)|$)",
    re.I,
)
_PLANNED_USE = re.compile(
    r"\bfuture (work|works|stud(y|ies)|research)\b|\bwe (plan|intend|hope|aim) to\b|"
    r"\bwill (also )?(use|include|add|collect|extend)\b",
    re.I,
)
_DENIED_BEFORE = re.compile(
    r"\b(no|not|never|neither|nor|without|excluding|except|instead of|rather than|avoid\w*)\b"
    r"(?! only\b)(?:\s+(?!but\b)[^\s,;:()]+){0,5}\s*$|"
    r"\b(?:not|never) (?:use|used|include|included|consider|considered|employ|employed)\b"
    r"(?:(?!\b(?:but|we|instead|because|since|so|while)\b)[^;:.])*$",
    re.I,
)
_SIMILARITY = re.compile(
    r"\b(similar(ly)? to|analogous(ly)? to|inspired by|larger than|smaller than)(\s+\w+){0,2}\s*$",
    re.I,
)
_DENIED_AFTER = re.compile(
    r"^\s*(?:data ?-?sets?|data ?-?bases?|data|images|collections?)?\s*"
    r"(?:(?:was|were|is|are|has|have)(?: been)? (?:therefore |thus |also |deliberately )?"
    r"(?:(?:not|never) (?:used|included|considered|chosen|employed|taken|part|added)|"
    r"(?:excluded|omitted|discarded|avoided|left out)(?! if| when| that| with| where))|"
    r"(?:could|should|would|may|might|will) (?:also |later )?be\b)",
    re.I,
)


def is_used(text: str, section: str, start: int, stop: int) -> bool:
    """Whether a sentence refers to this study's own data between start and stop.

    Negations ('we did not use CheXpert'), plans, comparisons and other studies do not count.
    """
    if _OTHERS_WORK.search(
        _AUTHOR_CITATION.sub(" ", _CONTRAST.sub(" ", text))
    ) and not _OWN_WORK.search(text):
        return False
    if any(match.start() <= start < match.end() for match in _CONTRAST.finditer(text)):
        return False
    before, after = text[:start], text[stop:]
    if _DENIED_BEFORE.search(before) or _SIMILARITY.search(before) or _DENIED_AFTER.search(after):
        return False
    if _PLANNED_USE.search(text):
        return False
    return section in _OWN_WORK_SECTIONS or bool(_OWN_WORK.search(text))
