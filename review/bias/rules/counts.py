"""Reads numbers of people and images that a sentence gives for a study, in figures and words."""

import re

from review.bias.number_checks.number_words import ONES, TENS, parse_number

_NUMBER_BOUNDARY = (
    r"(?<![\w.,/-])(?<!covid )(?<!figure )(?<!fig )(?<!fig\. )(?<!table )"
    r"(?<!rads )(?<!grade )(?<!stage )(?<!type )(?<!level )(?<!phase )(?<!center )(?<!centre )"
)
_COUNT = (
    rf"(?P<n>{_NUMBER_BOUNDARY}\d{{1,3}}(?:,\d{{3}})+(?![\d.,]?\d)|"
    rf"{_NUMBER_BOUNDARY}\d{{1,6}}(?![\d.,]?\d|%)|"
    rf"\b(?:(?:{'|'.join(TENS)})(?:[- ](?:{'|'.join(ONES[1:10])}))?|{'|'.join(ONES[10:])})\b)"
)
_PEOPLE = (
    r"(?:patients?|subjects?|participants?|individuals|volunteers|people|persons|adults|women|"
    r"donors|"
    r"cadavers|controls|animals|mice|rats|dogs|cats|pigs)"
)
_RECORDS = (
    r"(?:(?:ct|mri?) (?:scans|volumes)|cases?|scans?|volumes|videos?|recordings|wsis?|slides|"
    r"examinations?|specimens|biopsies)"
)
_PICTURES = (
    r"(?:images?|shots|pictures|x-?rays?|radiographs?|films|photographs|mammograms|eyes|teeth|"
    r"lesions|nodules|"
    r"tumou?rs|tissue sections)"
)
_UNIT = rf"\b(?:{_PEOPLE}|{_RECORDS}|{_PICTURES})\b"
_LEVELS = tuple(
    re.compile(rf"(?:{words})$", re.I) for words in (_PICTURES, _RECORDS, rf"(?:{_PEOPLE}|cases?)")
)
"""From images over recordings to people: the cases are those at the highest level counted."""
_WORDS_BETWEEN = (
    r"\s+(?:(?!(?:per|each|every|and|or|of|to|on|in|for|from|with|which|that|by|is|are|was|were|"
    r"readers?|radiologists?|experts?|annotators?|scanners?|hospitals?|centers?|centres?|"
    r"sites?|"
    r"slices?|patches|tiles|folds?|epochs?|classes|years?|months?|days?|hours?|"
    r"minutes?|at|as|%)\b)(?:[a-z][\w'/-]*|\([A-Z][\w-]*\))\s+){0,5}?"
)
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
    r"(?:built|developed|derived|constructed|created) (?:on|with|using|from)|"
    r"limited to|restricted to)\s+(?:(?:only|just|about|around|approximately|some|data (?:of|from))"
    rf"\s+)?{_COUNT}{_WORDS_BETWEEN}{_UNIT}",
    # fifty patients with glioma were enrolled
    rf"{_COUNT}{_WORDS_BETWEEN}{_UNIT}[^.;]{{0,60}}?\b{_PASSIVE_VERB}"
    r"(?:included|enrol+ed|recruited|analy[sz]ed|available|studied|used|identified|collected|"
    r"reviewed|examined|scanned|imaged|selected|performed|acquired|obtained)\b",
    # sixty volumes from the challenge; the study is based on 77 tissue sections
    rf"^(?:the |these )?{_COUNT}{_WORDS_BETWEEN}{_UNIT}\s+(?:from|of|were|are)\b",
    rf"\b(?:based on|relies on|there (?:are|were)|we (?:\w+ )?(?:used?|collected|have|had|obtained|"
    rf"acquired|scanned|imaged|selected))\s+(?:(?:only|just|about|around|data (?:of|from))\s+)?"
    rf"{_COUNT}{_WORDS_BETWEEN}{_UNIT}",
    # training cohort (n = 59)
    rf"\b(?:patients|participants|subjects|cohort|set|group|controls|"
    rf"cases)\s*[(\[]\s*n\s*=\s*{_COUNT}"
    r"\s*[)\];,]",
)
_STATED_COUNTS = tuple(re.compile(frame, re.I) for frame in _COUNT_FRAMES)
_ANY_COUNT = re.compile(rf"{_COUNT}{_WORDS_BETWEEN}{_UNIT}", re.I)
_EXCLUSION = re.compile(
    r"^[^.;]{0,60}?\b(?:exclu\w+|withdr\w+|discard\w+|omitted|removed|dropped|lost to|"
    r"misclassif\w+|incorrectly|wrongly|missed)\b|^\s+(?:types?|subtypes|classes|categories|kinds|"
    r"labels)\b|^[^.;,]{0,20}\b(?:per|for|from|of|in) each\b|^\s*per\b|"
    r"^\s+(?:(?:were|was|are|is) )?"
    r"(?:(?:used|kept|reserved|selected) )?(?:for|as|in) (?:the |a )?"
    r"(?:validation|training|tuning)\b|\b(?:un)?labell?ed\b",
    re.I,
)
_EACH = re.compile(r"\b(?:(?:from|for|of|in|per) (?:each|every)|each of)\b[^.;]*$", re.I)
"""Before a count: what follows is drawn from every recording, case or class."""
_TRAINING_OF = re.compile(r"\b(?:train\w*|validation) (?:sets?|data|cohort) of (?:only )?$", re.I)
"""Before a count: a part that may be small by design."""


def _counts_cases(match: re.Match[str], text: str) -> bool:
    """Whether a count is one of cases that were kept, over all recordings and classes."""
    if _EXCLUSION.match(text[match.end() :]) or _EXCLUSION.search(match.group()):
        return False
    before = text[: match.start("n")]
    return not (_EACH.search(before) or _TRAINING_OF.search(before))


def find_largest_count(text: str) -> tuple[int, str] | None:
    """The largest count of people or images in a sentence that reports the size of its study.

    With the words that report it. None if there is no count, or if those counted were
    excluded. '12 positive among 4,000 images' gives 4,000, and '1,496 images of 5 videos' 5.
    """
    stated_counts = [
        (parse_number(match["n"]), match.group())
        for frame in _STATED_COUNTS
        for match in frame.finditer(text)
        if _counts_cases(match, text)
    ]
    if not stated_counts or _CAPTION.match(text):
        return None
    by_level: dict[int, int] = {}
    for match in _ANY_COUNT.finditer(text):
        if not _PLURAL.search(match.group()):
            continue
        level = _get_level(match.group())
        by_level[level] = max(by_level.get(level, 0), parse_number(match["n"]))
    for number, words in stated_counts:
        level = _get_level(words)
        by_level[level] = max(by_level.get(level, 0), number)
    count = by_level[max(by_level)]
    return count, max(stated_counts, key=lambda one: (_get_level(one[1]), one[0]))[1]


_CAPTION = re.compile(r"^\s*(?:fig(?:ure)?|table)\b", re.I)


_PLURAL = re.compile(r"(?:s|people|women|mice)$", re.I)


def _get_level(words: str) -> int:
    """How high in the order of cases the last unit of some words is."""
    return next((n for n, unit in enumerate(_LEVELS) if unit.search(words)), 0)


_CLASS = (
    r"(?:covid[- ]?19|covid|sars[- ]cov[- ]2|positives?|negatives?|malignan\w+|benign|healthy|"
    r"normals?|controls?|abnormal|diseased|infected|pneumonia|tubercul\w+|tumou?rs?|cancer\w*|"
    r"carcinom\w+|melanom\w+|na?ev(?:us|i)|keratos\w+|gliom\w+|glioblastom\w+|metasta\w+|"
    r"lesions?|polyps?|"
    r"fractur\w+|glaucom\w+|meningiom\w+|pituitary|adenom\w+|caries|retinopath\w+|stroke|"
    r"hemorrhag\w+|haemorrhag\w+|epilep\w+|schizophren\w+|autis\w+|"
    r"dementia|alzheimer\S*|parkinson\S*|mci|emci|lmci|hc|nc|ad|pd|hgg|lgg|asd|adhd|ms|responders?|"
    r"non-?responders?|survivors?|events?|pathological|affected)"
)
_GROUP = re.compile(
    rf"{_COUNT}\s+(?:(?!(?:per|each|every|and|or|of|to|on|in|for|from|by|is|are|was|were)\b)"
    rf"[a-z][\w'-]*[ -]){{0,2}}?(?:{_CLASS}\b|(?:{_PEOPLE}\s+|cases?\s+|scans?\s+|images?\s+)?"
    rf"with\s+[a-z][\w-]*(?:\s+[a-z]\w+)?)",
    re.I,
)
"""49 tumour slides; 76 healthy individuals; 63 with mild cognitive impairment."""
_TESTED = r"(?:test(?:ing|ed)?|held-?out|hold-?out|evaluat(?:ion|ed|e|ing)|external)"
_TEST_GROUPS = (
    # the test set contains 36 patients
    re.compile(
        rf"\b{_TESTED}\s+(?:data ?)?(?:set|data|cohort|split|subset|group|part|images|scans)s?\b"
        rf"[^.;,\d]{{0,40}}?{_COUNT}{_WORDS_BETWEEN}(?:{_UNIT}|samples|studies)",
        re.I,
    ),
    # 30 volumes were held out for testing
    re.compile(
        rf"{_COUNT}{_WORDS_BETWEEN}(?:{_UNIT}|samples|studies)[^.;\d]{{0,90}}?\b(?:for|as|to|in)\s+"
        rf"(?:the\s+|a\s+|an\s+|our\s+)?(?:\w+\s+){{0,2}}?{_TESTED}\b",
        re.I,
    ),
    # 72 training, 5 validation and 28 test; 5 were kept for testing
    re.compile(
        rf"{_COUNT}\s+(?:(?:were|was|are)\s+)?(?:(?:used|kept|reserved|held out|left|"
        r"set aside|taken)\s+)?(?:(?:for|as|in)\s+(?:the\s+)?)?test(?:ing)?\b",
        re.I,
    ),
)
_ON_DATA = re.compile(
    r"\b(?:data ?sets?|cohorts?|study population|contain\w*|includ\w+|compris\w+|consist\w*|"
    r"compos\w+|collect\w+|enrol\w+|recruit\w+|divided|split|obtained|acquired|imaged|"
    r"totals?|available|reserve[ds]?|set aside|held[- ]out|used|sets?)\b",
    re.I,
)
_NO_GROUP = re.compile(
    r"\b(?:correctly|incorrectly|misclassif\w+|wrongly|missed|detected|predicted|accura\w+|"
    r"sensitivity|specificity|auc|false|true|excluded?|excluding|removed|discarded|withdr\w+|"
    r"improv\w+|epochs?|annotators?|batch\w*|readers?|p\s*[<=]|"
    r"augment\w*|synthetic|simulat\w+|example|e\.g|hidden|layers?|features|kernels?|neurons)\b",
    re.I,
)
_MIN_GROUP = 5
"""Smaller numbers are examples, readers or devices more often than groups of cases."""


def find_small_group(text: str, below: int) -> tuple[int, str] | None:
    """The smallest class or test set below a limit in a sentence that describes data, with the
    words that give it, though the study may be larger: 'the test set has 300 cases (88 malignant)'.
    """
    if not _ON_DATA.search(text) or _NO_GROUP.search(text):
        return None
    groups = list(_GROUP.finditer(text))
    has_whole = len(groups) > 1 or bool(_ANY_COUNT.search(text))
    found = [*(groups if has_whole else ())]
    found += [match for pattern in _TEST_GROUPS for match in pattern.finditer(text)]
    counts = [
        (parse_number(match["n"]), match.group()) for match in found if _counts_cases(match, text)
    ]
    return min((one for one in counts if _MIN_GROUP <= one[0] < below), default=None)
