"""Whether a mention of a data set says that this study used it."""

import re
from typing import Literal

_OWN_WORK = re.compile(r"\b(we|our|this (study|work|paper|research)|the present study)\b", re.I)
_OTHERS_WORK = re.compile(
    r"\b(previous|prior|earlier|other|existing|several) (studies|works?|authors|papers)\b|"
    r"\bet al\b\.?.{0,60}(?<!\bwas )(?<!\bwere )(?<!\bis )(?<!\bare )(?<!\bbeen )"
    r"\b(used|use|reported|proposed|trained|developed|presented|evaluated)\b|"
    r"\b(an?|one|another) (recent|previous|prior|earlier|similar|related) "
    r"(study|work|paper|article|approach|method)\b|"
    r"\b(an?|one|another) (?:\w+ )?(study|work|paper|article) "
    r"(?:\[\d|(?:of|by) [A-Z]\w+ (?:et|and)\b)|"
    r"\b(reported|achieved|reached|set|proposed) (\w+ ){0,4}?(by|in) "
    r"((the|a) )?((study|work|paper) )?(of |by )?([A-Z][\w-]+ et al\b|\[\d)|"
    r"\b(reported|achieved|reached) (\S+ ){0,6}?in \[\d",
    re.I,
)
_OTHERS_SUBJECT = re.compile(r"^(?:their|his|her|they|he|she|these authors|the authors) ", re.I)
"""How a sentence goes on about another study: 'Their data set from BraTS ...'."""
_EXAMPLE_BEFORE = re.compile(
    r"\b(such as|e\.\s?g\.,?|for example,?|for instance,?|like)\s(?:(?!\b(?:we|our)\b)[^.;)])*$",
    re.I,
)
_PRETRAINED_ON = r"\b(?:pre-?)?trained (?:\w+ )?on\b[^.;]{0,30}$"
_WEIGHTS_OF_OTHERS = re.compile(
    r"\b(?:weights|checkpoints?|model|network|encoder)s?\b[^.;]{0,30}?\b(?:provided|released|"
    r"published|made available|shared|by (?:the|its) authors?|et al)\b[^.;]{0,60}?"
    + _PRETRAINED_ON
    + r"|\b(?:publicly available|released|official|off-the-shelf) (?:[\w-]+ ){0,2}?(?:weights|"
    r"checkpoints?|models?)\b[^.;]{0,40}?" + _PRETRAINED_ON,
    re.I,
)
"""'Weights provided by the authors (pretrained on ...)': the data of other people's model."""
_USE = re.compile(
    r"\b(us(?:ed|ing)|obtained|downloaded|collected|taken|employed|evaluat\w+|trained|tested|"
    r"acquired|selected|combin\w+|conducted|performed|experiments?|validat\w+|extracted|merged|"
    r"pooled|split|divided)\b",
    re.I,
)
"""What a study does with its data; other sentences only give a set as an example."""
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
    r"\b(similar(ly)? to|analogous(ly)? to|inspired by|larger than|smaller than|unlike|"
    r"in contrast (to|with)|as opposed to|contrary to|"
    r"(?:same|similar) [\w-]+(?: [\w-]+)?(?: \([^()]*\))? as(?: done)?(?: in)?)(\s+\w+){0,2}\s*$",
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


_ORIGIN_BEFORE = re.compile(
    r"\b(?:this|the|that|\w+20\d\d|challenge|which|\() ?(?:(?:data ?-?)?set|database|challenge|"
    r"collection|cohort)?\)?\s*(?:\([^()]*\)\s*)?(?:is|was|are|were)?\s*"
    r"(?:itself |partly |mainly )?"
    r"\b(?:based on|derived from|an extension of|extends|built (?:up)?on|drawn from|compiled from)"
    r"\s+"
    r"(?:the\s+)?(?:[\w-]+\s+){0,7}\(?$",
    re.I,
)
"""'This data set is based on the X': where a set that was used comes from."""
_CHALLENGE_AFTER = re.compile(
    r"^[\w+-]+(?: [\w+-]+){0,4}?\s*(?:\([^()]*\)\s*)?"
    r"(?:(?:grand |segmentation |detection )?challenges?\b(?! (?:data|training|test|images|"
    r"set))|(?:ranking|challenge|leaderboard) )",
    re.I,
)
_CHALLENGES_BEFORE = re.compile(r"\bchallenges\b[^.;]*:[^.;]*$", re.I)
_DATA = re.compile(
    r"\b(?:data|data ?-?sets?|images?|scans?|cases|patients|volumes|slides|films?|radiographs|"
    r"x-?rays|photographs|training|trained|test(?:ed|ing)?|used|annotations?|labels?)\b",
    re.I,
)
_OTHER_MODEL_IN_NOTE = re.compile(
    r"\([^()]*[†‡*§][^()]*\b(?:pre-?)?trained on\s+(?:the\s+)?[^()]*$", re.I
)
"""'(Model† has been trained on X)': a note on another model of a table."""


def _is_challenge_itself(text: str, before: str, rest: str) -> bool:
    """Whether a name stands for a challenge, its ranking or its teams, and not for its data.

    Args:
        before, rest: the text up to the name, and from its first letter on.
    """
    is_challenge = _CHALLENGE_AFTER.match(rest) or _CHALLENGES_BEFORE.search(before)
    if not is_challenge:
        return False
    return bool(
        re.search(r"\b(?:submissions?|teams|ranking|leaderboard|winn\w+)\b", text, re.I)
    ) or (not _DATA.search(text))


Context = Literal["used", "doubtful", "other"]
"""used: this study's own data; doubtful: a caption, which a person must read; other: not used."""
_CAPTION = re.compile(
    r"^\s*(?:supplementary |extended data )?(?:fig(?:ure)?|table)\b\.?\s*\S+", re.I
)
_VERB = re.compile(
    r"\b(is|was|were|are|be|been|has|have|had|did|do|does|used|using|we|contains?|compris\w+|"
    r"consists?|provid\w+|includ\w+|downloaded|obtained|taken|collected|employ\w+|utili[sz]\w+|"
    r"adopt\w+|"
    r"evaluat\w+|train\w+|test\w+|validat\w+)\b",
    re.I,
)
_AUTHOR_AND_YEAR = re.compile(r"\bet al\.?,?\s*\(?(?:19|20)\d\d")
_MIN_AUTHORS = 3
"""Cited papers from which a line without a verb is a row of a table of other people's sets."""
_MIN_NUMBERS = 0.3
"""Share of words that are numbers from which a line without a verb is a row of a table."""
_OWN_BEFORE = re.compile(
    r"\b(?:in-?house|own|private|proprietary|self-?collected|(?:locally|prospectively|newly|"
    r"retrospectively) collected|institutional|local|unpublished)\s+(?:[\w-]+\s+){0,4}$",
    re.I,
)
_OWN_AFTER = re.compile(
    r"^(?:(?!\b(?:and|with|dataset|database|downloaded)\b)[^.;]){0,60}?\b(?:at|from|in|of|by) "
    r"(?:our|the authors.?|this)(?: own)? (?:\w+ ){0,2}(?:hospitals?|institutions?|cent(?:er|re)s?|"
    r"clinics?|departments?|universit\w+)\b",
    re.I,
)
_NAMED_SET = (
    r"(?:(?:an?|{the}our|new|novel|large|large-scale|first|public|open|benchmark|dataset|data set|"
    r"database|named|called|termed|,|:)\s*)*[\"“'(]?\s*$"
)
_INTRODUCED_BEFORE = re.compile(
    r"\b(?:we|this (?:paper|work|study)|authors)\b[^.;]{0,40}?\b(?:(?:introduc\w+|present\w*|"
    r"releas\w+|publish\w*|propos\w+|contribut\w+|establish\w*)\s+(?:and \w+ )?"
    + _NAMED_SET.replace("{the}", "the|")
    + r"|(?:creat\w+|curat\w+|construct\w+|collect\w+|built|build|compil\w+)\s+(?:and \w+ )?"
    + _NAMED_SET.replace("{the}", "")
    + ")",
    re.I,
)
"""'We present the X', 'we collected a set named X'; but 'we collected the X' may be public."""
_INTRODUCED_AFTER = re.compile(
    r"^[\"”'’)\s]*(?:\([A-Z][\w-]*\)[\"”'’)\s]*)?(?:,[^,;]{0,120},)?\s*"
    r"(?:is|was|has been) (?:\w+ly )?(?:introduced|presented|proposed|released|described)\b"
    r"[^.;]{0,40}?\bin this "
    r"(?:paper|work|study|article)\b",
    re.I,
)
_NEW_SET = re.compile(r"\bnew\b|\bnovel\b|\bfirst\b", re.I)
"""'The X, a new data set, is presented in this paper'."""


def read_context(text: str, section: str, start: int, stop: int) -> Context:
    """Whether a sentence refers to this study's own data between start and stop.

    Negations ('we did not use CheXpert'), plans, comparisons, other studies, rows of tables and
    the authors' own collections ('our in-house COVID X-ray dataset') do not count as used. A
    caption is doubtful.
    """
    if _is_table_row(text) or _is_own_collection(text[:start], text[stop:]):
        return "other"
    if not is_used(text, section, start, stop):
        return "other"
    return "doubtful" if _CAPTION.match(text) or _is_fragment(text) else "used"


_CODE = re.compile(r"\w\(\w+=\w+|\]\s*=\s*\w|\bfor \w+ in range\(|\w+\.\w+\.\w+\(")


def _is_fragment(text: str) -> bool:
    """Whether a line is a row of a table (no verb, no end, several brackets) or program code."""
    if _CODE.search(text):
        return True
    if _VERB.search(text) or re.search(r"[a-z)\]]\.$|https?:|www\.", text):
        return False
    return bool(re.search(r"\(\s*\d[\d,]*\s*\)|\d\s?%|\(.*\).*\(", text))


def _is_table_row(text: str) -> bool:
    words = text.split()
    numbers = sum(word.strip("([<~±")[:1].isdigit() for word in words)
    has_many_numbers = len(words) > 2 and numbers >= _MIN_NUMBERS * len(words)
    has_many_authors = len(_AUTHOR_AND_YEAR.findall(text)) >= _MIN_AUTHORS
    return not _VERB.search(text) and (has_many_numbers or has_many_authors)


def _is_own_collection(before: str, after: str) -> bool:
    return bool(_OWN_BEFORE.search(before) or _OWN_AFTER.match(after))


def is_introduced(text: str, words: str) -> bool:
    """Whether a sentence says that the authors made the data set that `words` name."""
    place = text.find(words)
    if place < 0:
        return False
    is_presented = _INTRODUCED_AFTER.match(text[place + len(words) :]) and _NEW_SET.search(text)
    return bool(_INTRODUCED_BEFORE.search(text[:place]) or is_presented)


def _is_example(text: str, before: str) -> bool:
    """Whether a set is only given as an example: 'public sets such as CheXpert are large'."""
    is_listed = bool(_EXAMPLE_BEFORE.search(_AUTHOR_CITATION.sub(" ", before)))
    return is_listed and not _OWN_WORK.search(text) and not _USE.search(text)


def is_used(text: str, section: str, start: int, stop: int) -> bool:
    """Whether a sentence refers to this study's own data between start and stop.

    Negations ('we did not use CheXpert'), plans, comparisons and other studies do not count.
    """
    if _OTHERS_WORK.search(
        _AUTHOR_CITATION.sub(" ", _CONTRAST.sub(" ", text))
    ) and not _OWN_WORK.search(text):
        return False
    if _OTHERS_SUBJECT.match(text) and not _OWN_WORK.search(text):
        return False
    if any(match.start() <= start < match.end() for match in _CONTRAST.finditer(text)):
        return False
    before, after = text[:start], text[stop:]
    if _DENIED_BEFORE.search(before) or _SIMILARITY.search(before) or _DENIED_AFTER.search(after):
        return False
    if _PLANNED_USE.search(text) or _is_example(text, before):
        return False
    if _ORIGIN_BEFORE.search(before) or _OTHER_MODEL_IN_NOTE.search(before):
        return False
    if _is_challenge_itself(text, before, text[start:stop] + after):
        return False
    if _WEIGHTS_OF_OTHERS.search(_AUTHOR_CITATION.sub(" ", before)):
        return False
    return section in _OWN_WORK_SECTIONS or bool(_OWN_WORK.search(text))
