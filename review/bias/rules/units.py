"""Finds sentences in which slices, tiles, cells or repeated scans are counted as cases."""

import re

_N = (
    r"(?<![\w.,/×∗*ˆ-])(?<![×x∗*ˆ] )(?P<n>\d{1,3}(?:,\s?\d{3})+|\d+)(?P<k>\s?k)?"
    r"(?![\d.,]*\d|%|\s*[×x∗*ˆ]\s*\d)"
)
_PART = (
    r"(?:slices?|patches|tiles|frames|crops|cells|nuclei|sub-?images|"
    r"(?:slice|patch|tile|cell|frame)[- ]images|image (?:slices|patches|tiles|crops))"
)
_FEW_WORDS = (
    r"\s+(?:(?!(?:per|each|every|and|or|of|from|to|in|with|for|size|pixels?)\b)\S+\s+){0,4}?"
)
_PARTS = re.compile(
    rf"{_N}{_FEW_WORDS}(?P<part>{_PART})\b(?![^.;]{{0,12}}\b(?:per|each|every)\b)", re.I
)
_SIZE_OF_DATA = re.compile(
    r"\b(?:data ?sets?|(?:train|test|validation|evaluation)\w*|consist\w*|compris\w+|contain\w*|"
    r"collected|total|overall|sampled|cropped|extracted|annotated|labell?ed|selected)\b",
    re.I,
)
_MIN_PARTS = 200
"""Fewer slices or tiles are those shown or read, not a data set."""
_PICTURES = r"(?:images|photographs|mammograms|samples|segments|specimens)"
_SCANS = (
    r"(?:scans|volumes|mris|cts|slices|tiles|patches|frames|sessions|sequences|recordings|"
    rf"(?:ct|mri?) images|{_PICTURES})"
)
_PEOPLE = (
    r"(?:patients|subjects|participants|individuals|volunteers|people|persons|animals|donors|women|"
    r"children|adults|videos|clips|slides|wsis)"
)
_NUMBER = r"(?<![\w.,/-])(?P<{0}>\d{{1,3}}(?:,\s?\d{{3}})+|\d+)(?![\d.,]*\d|%)"
_FEW = r"\s+(?:(?!(?:per|each|every|and|or)\b)[\w()'/-]+\s+){0,4}?"
_REPEATED = re.compile(
    rf"{_NUMBER.format('scans')}{_FEW}{_SCANS}\b[^.;]{{0,140}}?\b(?:of|from|on|to|in|across|for|"
    rf"over)\s+(?:a total of\s+|only\s+)?{_NUMBER.format('people')}{_FEW}{_PEOPLE}\b",
    re.I,
)
_PEOPLE_FIRST = re.compile(
    rf"{_NUMBER.format('people')}{_FEW}{_PEOPLE}\b[^;]{{0,160}}?\b(?:contain\w*|total|giving|"
    rf"yielding|"
    rf"provid\w+|compris\w+|with|resulting in)\b[^.;\d]{{0,30}}?{_NUMBER.format('scans')}{_FEW}"
    r"(?:slices|tiles|patches|frames|(?:ct|mri?|spect|pet|oct) images)\b",
    re.I,
)
"""30 subjects are included, with a total of 9,070 MR images."""
_MANY_EACH = 5
_MIN_SCANS_EACH = 1.5
"""Scans for each person from which repeated scans count."""
_IS_PICTURE = re.compile(rf"(?<!ct )(?<!mr )(?<!mri )\b{_PICTURES}\b", re.I)
_FILMS = re.compile(r"\b(?:x-?rays?|radiographs?|cxrs?|chest)\b(?! ct)", re.I)
"""Films of the same person are taken at different times, and large sets have several of each."""
_MIN_PICTURES_EACH = 2.1
"""Pictures for each person from which they count, as people have two eyes, or a film from each
side; none if the data were split by patient."""
_PER_CASE = re.compile(
    r"\b(?:volumes?|scans?|patients?|subjects?|cases?|slides?)[- ](?:level|wise)\b|"
    r"\b(?:per|for each|in each|of each|from each|each) (?:volume|scan|patient|subject|case|slide|"
    r"image|wsi)\b|\b(?:pre-?train\w*|self-supervis\w*|unlabell?ed|imagenet|augment\w*|epochs?|"
    r"iterations?|batch\w*|memory|seconds)\b",
    re.I,
)
"""Results for each case, or slices that only help to learn."""

_ASIDE = re.compile(r"\b(?:cases|scans|patients|subjects|volumes)\b \([^()]*\)", re.I)
"""Slices that are named beside the cases: '2,746 cases (46,987 slices)'."""


def find_counted_parts(text: str, is_split_by_patient: bool = False) -> str | None:
    """The words in which a sentence gives the size of its data in slices, tiles or cells, or as
    scans of which people have several; None if it does not.

    Args:
        is_split_by_patient: whether the paper keeps patients apart; several pictures of each are
            then no cases.
    """
    repeated = _REPEATED.search(text)
    if repeated and _counts_repeats(repeated, is_split_by_patient):
        return repeated.group()
    turned = _PEOPLE_FIRST.search(text)
    if turned and _read(turned["scans"]) >= _MANY_EACH * _read(turned["people"]) > 0:
        return turned.group()
    listed = _LISTED_PARTS.search(text)
    if listed and _sum(listed["parts"]) >= _MIN_SCANS_EACH * _sum(listed["people"]):
        return listed.group()
    if _PER_CASE.search(text) or not _SIZE_OF_DATA.search(text):
        return None
    for match in _PARTS.finditer(_ASIDE.sub(" ", text)):
        number = _read(match["n"]) * (1000 if match["k"] else 1)
        if number >= _MIN_PARTS:
            return match.group()
    return None


_NUMBERS = r"\d{1,6}(?: [a-z]+)?(?:(?: ?/ ?|,? and |, )\d{1,6}(?: [a-z]+)?)+"
_LISTED_PARTS = re.compile(
    rf"(?<![\w.,])(?P<parts>{_NUMBERS})\b[^.;]{{0,60}}?\b{_SCANS}\b[^.;\d]{{0,40}}?"
    rf"\b(?:from|of)\s+(?P<people>{_NUMBERS})\s+(?:[\w-]+\s+){{0,2}}?{_PEOPLE}\b",
    re.I,
)
"""553/197/100 training/validation/test slices from 31/11/9 subjects."""


def _counts_repeats(repeated: re.Match[str], is_split_by_patient: bool) -> bool:
    if _FILMS.search(repeated.group()):
        return False
    is_picture = bool(_IS_PICTURE.search(repeated.group()))
    least = _MIN_PICTURES_EACH if is_picture else _MIN_SCANS_EACH
    is_many = _read(repeated["scans"]) >= least * _read(repeated["people"]) > 0
    return is_many and not (is_picture and is_split_by_patient)


def _sum(numbers: str) -> int:
    return sum(int(number) for number in re.findall(r"\d+", numbers))


def _read(number: str) -> int:
    return int(re.sub(r"[,\s]", "", number))
