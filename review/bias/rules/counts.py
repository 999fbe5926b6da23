"""Reads numbers of people and images that a sentence gives for a study, in figures and words."""

import re

_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
_NUMBER_WORDS = {word: 10 + index for index, word in enumerate(_TEENS)} | {
    word: 20 + 10 * index for index, word in enumerate(_TENS)
}
_NUMBER_BOUNDARY = r"(?<![\d.,/-])(?<!covid )(?<!figure )(?<!fig )(?<!fig\. )(?<!table )"
_COUNT = (
    rf"(?P<n>{_NUMBER_BOUNDARY}\d{{1,3}}(?:,\d{{3}})+(?![\d.,]?\d)|{_NUMBER_BOUNDARY}\d{{1,6}}(?![\d.,]?\d|%)|"
    rf"\b(?:(?:{'|'.join(_TENS)})(?:[- ](?:{'|'.join(_ONES)}))?|{'|'.join(_TEENS)})\b)"
)
_PEOPLE = r"(?:patients?|subjects?|participants?|individuals|volunteers|people|persons)"
_UNIT = (
    rf"\b(?:{_PEOPLE}|cases?|images?|scans?|x-?rays?|radiographs?|controls|examinations?|lesions|"
    r"nodules|tumou?rs|mammograms|eyes|(?:ct|mri?) (?:scans|volumes))\b"
)
_WORDS_BETWEEN = r"\s+(?:(?!(?:per|each|every|and|or|of|to)\b)[a-z][\w'/-]*\s+){0,4}?"
_DISEASE_STATUS = (
    r"(?:covid[- ]?19|covid)(?:[- ]positive|[- ]infected)?|sars[- ]cov[- ]2|positive|infected|"
    r"malignant|diseased|abnormal"
)
_PASSIVE_VERB = r"(?:were|was|have been)\s+(?:\w+ly\s+|then\s+|finally\s+|also\s+)?"
_COUNT_FRAMES = (
    # 68 COVID-19 images
    rf"{_COUNT}\s+(?:(?:confirmed|different|unique|total|only)\s+)?(?:{_DISEASE_STATUS})\b"
    rf"(?:(?!\b(?:per|each|every)\b)[^.;]){{0,25}}?{_UNIT}",
    # a total of 36 patients; data from 62 subjects; the test set consisted of 20 images
    r"\b(?:totals? of|in total,?|overall,?|(?:include[sd]?|including|enrol+ed|recruited|"
    r"comprise[sd]?|comprising|contain(?:s|ed)?|analy[sz]ed|studied|examined)"
    r"|consist(?:s|ed|ing) of|composed of|(?:dataset|data set|cohort|sample|subset|subgroup|data|"
    r"images|scans|records|set|series|mris?|cts?|examinations|mammograms|radiographs|x-rays|slices|"
    r"volumes) (?:of|from)|(?:trained|tested|evaluated|validated) (?:on|in|with|using)|"
    r"limited to|restricted to)\s+(?:(?:only|just|about|around|approximately|some|data (?:of|from))"
    rf"\s+)?{_COUNT}{_WORDS_BETWEEN}{_UNIT}",
    # fifty patients with glioma were enrolled
    rf"{_COUNT}{_WORDS_BETWEEN}{_UNIT}[^.;]{{0,60}}?\b{_PASSIVE_VERB}"
    r"(?:included|enrol+ed|recruited|analy[sz]ed|available|studied|used|identified|collected|"
    r"reviewed|examined|scanned|imaged|selected|performed|acquired|obtained)\b",
    # training cohort (n = 59)
    rf"\b(?:patients|participants|subjects|cohort|set|group|controls|cases)\s*[(\[]\s*n\s*=\s*{_COUNT}"
    r"\s*[)\];,]",
)
_STATED_COUNTS = tuple(re.compile(frame, re.I) for frame in _COUNT_FRAMES)
_ANY_COUNT = re.compile(rf"{_COUNT}{_WORDS_BETWEEN}{_UNIT}", re.I)
_EXCLUSION = re.compile(
    r"^[^.;]{0,60}?\b(?:exclu\w+|withdr\w+|discard\w+|omitted|removed|dropped|lost to|"
    r"misclassif\w+|incorrectly|wrongly|missed)\b",
    re.I,
)


def parse_number(text: str) -> int:
    """A number in digits or, from ten to ninety-nine, in words."""
    normalized = text.lower().replace(",", "")
    if normalized.isdigit():
        return int(normalized)
    tens, _, ones = normalized.replace("-", " ").partition(" ")
    return _NUMBER_WORDS[tens] + (_ONES.index(ones) + 1 if ones else 0)


def find_largest_count(text: str) -> tuple[int, str] | None:
    """The largest count of people or images in a sentence that reports the size of its study.

    With the words that report it. None if there is no count, or if those counted were
    excluded. '12 positive among 4,000 images' gives 4,000.
    """
    stated_counts = [
        (parse_number(match["n"]), match.group())
        for frame in _STATED_COUNTS
        for match in frame.finditer(text)
        if not _EXCLUSION.match(text[match.end() :]) and not _EXCLUSION.search(match.group())
    ]
    largest_stated = max(stated_counts, default=None)
    largest_any = max((parse_number(match["n"]) for match in _ANY_COUNT.finditer(text)), default=0)
    return (max(largest_stated[0], largest_any), largest_stated[1]) if largest_stated else None
