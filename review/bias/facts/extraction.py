"""Fills the facts of a paper from its sentences and tables."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set

from review.bias.facts.methods import (
    find_moment,
    find_population,
    find_preparation,
    find_selection,
    is_strong_population,
    shorten,
)
from review.bias.facts.models import FIELDS, Cell, Fact
from review.bias.facts.performance import find_performance
from review.bias.facts.sources import CLASS, find_class_sources, name_class
from review.bias.number_checks.number_words import NUMBER_WORD, parse_number
from review.bias.number_checks.rows import find_blocks, is_row
from review.models import Sentence

_COUNT = (
    r"(?<![\w.,:/–-])(?<!covid )(?<!\[)(?<![≥≤<>~×∗*] )(?<![≥≤<>~×∗*])(?<!\bx )"
    r"(?P<n>\d{1,3}(?:,\d{3})+|\d+)(?![\d.,]*\d)(?!\s?(?:[%×∗*]|per ?cent\b)|\sx\s)"
)
_PEOPLE = r"(?:patients?|subjects?|participants?|individuals|volunteers|people|persons)"
_PICTURES = (
    r"(?:images?|scans?|x-?rays?|radiographs?|cxrs?|mammograms?|slices?|slides?|tiles?|patches|"
    r"frames?|videos?|volumes?|photographs?|studies|examinations?)"
)
_WORDS = r"\s+(?:(?!(?:per|each|every|and|or|of|to|were|was)\b)(?:[a-z]|[23]d\b)[\w'/-]*\s+){0,4}?"
_SIZES = {
    "patients": re.compile(rf"{_COUNT}{_WORDS}\b{_PEOPLE}\b", re.I),
    "images": re.compile(rf"{_COUNT}{_WORDS}\b{_PICTURES}\b", re.I),
}
_STUDY_SIZE = re.compile(
    r"\b(totals?|overall|includ\w+|enrol+ed|recruited|compris\w+|contain\w*|consist\w*|collected|"
    r"data ?sets?|cohort|study population|used|from|acquired|analy[sz]ed)\b",
    re.I,
)
_CLASS_SIZE = re.compile(
    rf"{_COUNT}\s+(?:(?:cases?|images?|patients?|scans?|slices?|subjects?|x-?rays?|samples?|shots|"
    rf"lesions?|volunteers|individuals)\s+(?:of|with|were)\s+)?"
    rf"(?:with\s+)?(?:(?!viral|bacterial)(?:mild|severe|early|[a-z]+(?:ic|al|ous|oid|ar|ary|ile|"
    rf"ly))\s+){{0,2}}"
    rf"(?P<class>{CLASS}|(?:high|low)[- ]grade \w+|(?-i:[A-Z]{{3,5}}))\b",
    re.I,
)
_CLASS_THEN_SIZE = re.compile(
    rf"\b(?P<class>{CLASS}|(?-i:[A-Z]{{3,5}}))[’'\"”]?(?:\s+(?:class|group|images?|"
    rf"cases?))?(?:\s*\([^()\d]*\))?\s*"
    rf"(?:class\s+)?(?:with|has|had|contains?|\(n\s*=|n\s*=|:)\s*{_COUNT}",
    re.I,
)
_PARTS = {
    "training": r"train(?:ing)?",
    "validation": r"validation|tuning",
    "test": r"test(?:ing)?|hold-?out",
}
_SPLIT = re.compile(
    r"\b(split|splits|splitting|divided|partition\w*|folds?|cross[- ]validat\w+|hold-?out|"
    r"leave-one-\w+-out|"
    r"randomly assigned|allocated)\b",
    re.I,
)
_SPLIT_AMOUNT = re.compile(
    r"\d\s?%|\d\s?[:/]\s?\d|\d+[- ]fold|\b(?:k|two|three|four|five|six|seven|eight|ten)[- ]fold|"
    r"\b\d+ (?:for|in|were|images|patients|training)|leave-one|\bratio\b|\b(?:were|was|is|are) "
    r"(?:then |"
    r"randomly )*(?:split|divided|partitioned|assigned)",
    re.I,
)
_CAPTION = re.compile(r"^\s*(?:supplementary )?(?:table|fig(?:ure)?)\b", re.I)
_SPLIT_CONTEXT = re.compile(r"\b(train\w*|test\w*|validation|folds?|leave-one)\b", re.I)
_SPLIT_UNIT = (
    (
        "patient",
        re.compile(
            r"\b(patient|subject|participant|person|individual|case)[- ](?:level|wise|based|"
            r"disjoint|distinct)|"
            r"\b(?:by|per|at the|across) (?:patients?|subjects?|participants?)\b|"
            r"leave-one-(?:subject|patient)-out|\b(?:patients|subjects|participants) were (?:\w+ "
            r")?(?:split|"
            r"divided|assigned|partitioned)|same (?:patient|subject)|(?:patient|subject)s? overlap",
            re.I,
        ),
    ),
    (
        "site",
        re.compile(
            r"leave-one-(?:site|cent(?:er|re)|hospital)-out|\bby (?:site|hospital|cent(?:er|re))\b",
            re.I,
        ),
    ),
    (
        "image",
        re.compile(
            r"\b(?:images|slices|radiographs|scans|x-?rays|patches|tiles|samples) were (?:then "
            r")?(?:randomly )?(?:split|divided|partitioned|assigned)|\b(?:slice|image)[- "
            r"](?:level|wise)|"
            r"(?:split|divided|partitioned) (?:the |all )?(?:images|slices|radiographs|x-?rays)",
            re.I,
        ),
    ),
)
_BALANCING = re.compile(
    r"\b(oversampl\w+|smote|balanc(?:e|ed|ing)|equali[sz]\w+|expanded|enlarged|augment\w+)\b[^.;]*?"
    r"\b(?:to|into|compris\w+|total of|contain\w*|increas\w+|result\w* in|giving|yielding)\b[^.;]*?"
    r"(?<![\d,×∗*])(?<![×∗*] )(?P<n>\d[\d,]*)\b(?!\s?[%×∗*]|\.\d)",
    re.I,
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DAY = rf"(?:\d{{1,2}}(?:st|nd|rd|th)? )?(?:{_MONTH}\.?,? )?(?:\d{{1,2}},? )?(?:19|20)\d\d"
_DATES = re.compile(
    rf"\b(?:between|from)\s+(?P<dates>{_DAY}\s+(?:and|to|through|until|[-–])\s+{_DAY})\b", re.I
)
_SITES = re.compile(
    r"\b(?P<count>two|three|four|five|six|seven|eight|nine|ten|\d{1,3}) (?:\w+ ){0,2}?"
    r"(?:hospitals|cent(?:er|re)s|institutions|sites|clinics)\b|"
    r"\b(?:at|in|from) (?:the )?(?P<name>(?:[A-Z][\w’'&.-]+ (?:of |and |for |the )?){1,6}"
    r"(?:Hospitals?|Cent(?:er|re)|Clinic|University|College|Institute|Corporation)"
    r"(?: of [A-Z]\w+)?)",
)
_REFERENCE = re.compile(
    r"\b(reference standard|gold standard|ground truth|(?:histo)?patholog\w+|biops\w+|rt-?pcr|"
    r"follow-?up|laboratory[- ]confirmed|consensus)\b[^.;]*\b(confirm\w*|proven|diagnos\w+|"
    r"label\w*|annotat\w+|standard|truth|verif\w+|defin\w+|based)\b|\b(?:confirm\w+|annotat\w+|"
    r"label\w*|diagnos\w+) (?:by|based on|with|"
    r"using)\b[^.;]*\b((?:histo)?patholog\w+|histolog\w+|biops\w+|rt-?pcr|culture|surgery|"
    r"(?:\w*radio|dermato|ophthalmo|neuro|cardio|onco)logists?|experts?|physicians?|clinicians?|"
    r"dentists?|graders?|readers?|criteria)\b",
    re.I,
)
_READERS = re.compile(
    r"\b(?P<n>one|two|three|four|five|six|an?|\d{1,2}) (?:[\w-]+ "
    r"){0,4}?(?P<kind>(?:neuro)?radiologists?|(?:hemato|haemato|neuro)?pathologists?|clinicians?|"
    r"physicians?|dermatologists?|ophthalmologists?|"
    r"surgeons?|cardiologists?|dentists?|readers?|experts?|annotators?|observers?|graders?)\b",
    re.I,
)
_EXTERNAL = re.compile(
    r"\b(external(?:ly)? (?:\w+ )?(?:validat\w+|test\w*|cohort|data ?set|data)|independent "
    r"(?:\w+ )?(?:hospital|"
    r"cent(?:er|re)|site|institution|cohort)|leave-one-(?:site|cent(?:er|re)|hospital)-out|"
    r"(?:previously )?(?:unseen|external) (?:\w+ ){0,2}(?:sites?|cent(?:er|re)s?|hospitals?|"
    r"institutions?|scanners?|cohorts?|data ?sets?)|out-of-distribution (?:\w+ )?"
    r"(?:data\w*|test\w*|cohorts?)|cross-(?:data ?set|site|cent(?:er|re)|institution\w*) "
    r"(?:\w+ )?(?:validat\w+|test\w*|evaluat\w+))\b",
    re.I,
)
_AVAILABLE = re.compile(
    r"\b(code|data|data ?sets?|weights|models?|implementation|images)\b[^.;]*\b(available|"
    r"released?|provided(?! by)|"
    r"public\w*|upon (?:\w+ )?request|on (?:\w+ )?request)\b",
    re.I,
)
_ADDRESS = re.compile(
    r"https?://doi\.\s?org/\S+?(?=[).,;]{0,3}(?:\s|$))|"
    r"(?:https?://\w[\w-]*\.|www\.|github\.com/)\S+?(?=[).,;]{0,3}(?:\s|$))",
    re.I,
)


_SECTIONS = frozenset(
    {"", "abstract", "methods", "results", "limitations", "supplement", "statements"}
)
"""Where a study reports on itself; a discussion has too much on others."""


def extract_facts(
    sentences: Sequence[Sentence],
    *,
    own: Set[int],
    sets_by_sentence: Mapping[int, Sequence[tuple[str, str]]] | None = None,
) -> list[Fact]:
    """The facts of a paper, in the order of FIELDS and of the text; equal cells are one.

    Args:
        own: indexes of the sentences on this study.
        sets_by_sentence: sentence -> (words, name) of the public sets it names as used.
    """
    found: list[Fact] = []
    for index in sorted(own):
        text = sentences[index].text
        if sentences[index].section not in _SECTIONS:
            found += [
                Fact(field, label, value, (index,))
                for field, label, value in _find_availability(text)
                if _OWN_CODE.search(text)
            ]
            continue
        in_digits = _write_digits(text)
        for find in _FINDERS:
            found += [
                Fact(field, label, value, (index,))
                for field, label, value in find(in_digits if find in _SIZE_FINDERS else text)
                if field not in _METHODS_FIELDS or sentences[index].section in _METHODS_SECTIONS
            ]
    found += _read_class_tables(sentences)
    found += find_class_sources(sentences, own, sets_by_sentence or {})
    return _merge(found, sentences)


_NUMBER_WORD = re.compile(rf"(?<![\w-]){NUMBER_WORD}(?![\w-])", re.I)


_SPACED = re.compile(
    r"(?<![\w.,])\d{1,3}(?:[\u2009\u00a0\u202f]\d{3})+(?![\w,]|\.\d)|"
    r"(?:(?<=\bof )|(?<=\bincluded )|(?<=\bincludes )|(?<=\bcontained )|(?<=\bcontains )|"
    r"(?<=\bcomprised )|(?<=\bcomprises )|(?<=\benrolled )|(?<=\brecruited )|(?<=\bfrom )|"
    r"(?<=\bcollected )|(?<=\bused )|(?<=\bin )|(?<=\bon )|(?<=\bwith ))"
    rf"\d{{1,3}}(?: \d{{3}})+(?=\s+(?:[a-z][\w-]*\s+){{0,3}}?(?:{_PEOPLE}|{_PICTURES})\b)"
)
"""1 204 patients; with a plain space only after a word that no label ends with ('Table 1 204')."""


def _write_digits(text: str) -> str:
    """The text with numbers from ten on in digits, without spaces between thousands: 'Thirty-eight
    patients' as '38 patients', '1 204 images' as '1204 images'."""
    text = _SPACED.sub(lambda match: re.sub(r"\s", "", match.group()), text)

    def write(match: re.Match[str]) -> str:
        number = parse_number(match.group())
        return str(number) if number >= _MIN_WRITTEN else match.group()

    return _NUMBER_WORD.sub(write, text)


_MIN_WRITTEN = 10
"""Smaller numbers in words are folds, readers and the like."""
_METHODS_FIELDS = frozenset({"preprocessing", "augmentation", "model selection", "split moment"})
_METHODS_SECTIONS = frozenset({"", "methods", "supplement"})
_OWN_CODE = re.compile(r"\b(?:our|the|all)\b[^.;]{0,40}\b(?:code|data|weights|models?)\b", re.I)
_QUOTED = frozenset(
    {"population", "split", "reference standard", "external data", "model selection"}
)
"""Fields whose cells are sentences."""
_MAX_QUOTED = 4
"""Sentences kept of each such field: those that say it outright, if any do; the first ones."""
_STRONG_REFERENCE = re.compile(
    r"\b(?:reference|gold) standard\b|\bground truth\b[^.;]*\b(?:by|from|consensus)\b|"
    r"\b(?:annotat|label|delineat|segment|grad|confirm|diagnos)\w*\b[^.;]{0,60}\bby\b[^.;]{0,60}"
    r"\b(?:radiologist|pathologist|reader|expert|physician|clinician|dermatologist|"
    r"ophthalmologist|neurologist|psychiatrist)s?\b",
    re.I,
)
_STRONG: Mapping[str, Callable[[str], bool]] = {
    "population": is_strong_population,
    "reference standard": lambda text: bool(_STRONG_REFERENCE.search(text)),
}


def _merge(facts: Sequence[Fact], sentences: Sequence[Sentence]) -> list[Fact]:
    merged: dict[tuple[str, str, str], Fact] = {}
    for fact in facts:
        key = (fact.field, fact.label, fact.value.lower())
        known = merged.get(key)
        places = (*known.sentences, *fact.sentences) if known else fact.sentences
        merged[key] = Fact(
            fact.field, fact.label, (known or fact).value, tuple(dict.fromkeys(places))
        )
    order = list(FIELDS)
    facts_in_order = sorted(
        merged.values(), key=lambda fact: (order.index(fact.field), fact.sentences[0])
    )
    outright = {
        fact.field
        for fact in facts_in_order
        if fact.field in _STRONG and _STRONG[fact.field](sentences[fact.sentences[0]].text)
    }
    kept: list[Fact] = []
    counts: Counter[str] = Counter()
    for fact in facts_in_order:
        is_vague = fact.field in outright and not _STRONG[fact.field](
            sentences[fact.sentences[0]].text
        )
        if not is_vague and (fact.field not in _QUOTED or counts[fact.field] < _MAX_QUOTED):
            counts[fact.field] += 1
            kept.append(fact)
    return kept


def _find_sizes(text: str) -> Iterator[Cell]:
    if is_row(text) or not _STUDY_SIZE.search(text):
        return
    for field, pattern in _SIZES.items():
        counts = [int(match["n"].replace(",", "")) for match in pattern.finditer(text)]
        if counts and max(counts) >= _MIN_SIZE:
            yield field, "", str(max(counts))


_NO_CLASSES = frozenset(
    {"patient", "auroc", "auc", "auprc", "dsc", "iou", "miou", "ssim", "psnr", "assd", "fid"}
    | {"map", "mae", "rmse", "mse", "wsi", "wsis", "mri", "roi", "rois", "cnn", "gnn", "gcn"}
    | {"gru", "lstm", "vit", "svm", "gan", "mlp", "nll", "ece"}
)
"""People, measures, images and models, which are no classes."""


def _find_class_sizes(text: str) -> Iterator[Cell]:
    if is_row(text):
        return
    matches = [*_CLASS_SIZE.finditer(text), *_CLASS_THEN_SIZE.finditer(text)]
    cells = {name_class(m["class"]): m["n"].replace(",", "") for m in matches}
    cells = {name: n for name, n in cells.items() if name not in _NO_CLASSES and int(n) > 1}
    if len(cells) > 1:
        for name, n in cells.items():
            yield "class size", name, n


_TOTAL = re.compile(
    rf"{_COUNT}(?:\s+[\w-]+){{0,3}}?\s+(?:{_PEOPLE}|{_PICTURES}|cases|samples|lesions|nodules)"
    r"(?:\s+(?:from|of|in)\s+\d[\d,]*\s+[\w-]+)?\s*[(:,]",
    re.I,
)
_LISTED = re.compile(
    rf"(?:(?P<name>[“\"‘']?[A-Z][\w’' -]{{0,30}}?[”\"’']?|[a-z][\w’' -]{{2,30}}?)\s*[:=]\s*"
    rf"{_COUNT})|"
    rf"(?:{_COUNT.replace('<n>', '<m>')}\s+(?:(?:patients?|subjects?|cases?|images?|scans?|"
    rf"slices?|participants?)\s+)?(?:with |of |were )?"
    rf"(?P<after>[A-Za-z][\w’'-]*(?:\s[\w’'-]+){{0,3}}?)"
    rf"(?=\s*(?:,|\)|;|\.|\band\b|$)))"
)
_LAST_WORDS = re.compile(r"^(?:and|the|with|of|including)\s+", re.I)
_NOUN_AFTER = re.compile(
    r"\s+(?:images?|cases?|patients?|subjects?|scans?|samples?|individuals|tiles|slides)$", re.I
)
_PART_NAME = re.compile(r"\b(?:train\w*|test\w*|validat\w*|cohorts?|sets?|folds?|group)\b", re.I)
_AGE_OR_SEX = re.compile(r"children|adults|men|women|males?|females?|boys|girls", re.I)
_MIN_LISTED, _MAX_LISTED = 2, 12


def _find_listed_sizes(text: str) -> Iterator[Cell]:
    """Classes listed after their total, if they add up: '415 subjects (PD: 263, controls: 152)'."""
    if is_row(text) or re.search(r"\b(?:folds?|each|per|every)\b", text, re.I):
        return
    for total in _TOTAL.finditer(text):
        rest = text[total.end() - 1 :]
        stop = rest.find(")") if rest.startswith("(") else -1
        listed = _list_sizes(rest[1:stop] if stop > 0 else rest[1:200])
        whole = int(total["n"].replace(",", ""))
        for count in range(min(len(listed), _MAX_LISTED), _MIN_LISTED - 1, -1):
            if sum(size for _, size in listed[:count]) == whole:
                for name, size in listed[:count]:
                    yield "class size", name, str(size)
                return


def _list_sizes(text: str) -> list[tuple[str, int]]:
    listed = []
    for match in _LISTED.finditer(text):
        name = _LAST_WORDS.sub("", (match["name"] or match["after"]).strip(" “”\"‘’'"))
        name = _NOUN_AFTER.sub("", name)
        if _AGE_OR_SEX.fullmatch(name) or _PART_NAME.search(name):
            return []
        listed.append((name_class(name), int((match["n"] or match["m"]).replace(",", ""))))
    return listed


def _find_parts(text: str) -> Iterator[Cell]:
    if is_row(text):
        return
    for part, words in _PARTS.items():
        after = re.search(
            rf"\b(?:{words})\b(?: (?:sets?|data ?sets?|cohorts?|images|"
            rf"data|groups?))?\s*(?:\(\s*n\s*=\s*|\(|: ?|of |with |comprised |included |"
            rf"contained |consisted of |had )?(?:a total of )?"
            rf"{_COUNT}",
            text,
            re.I,
        )
        before = re.search(
            rf"{_COUNT}\s+(?:(?!and\b)[a-z][\w-]*\s+){{0,3}}?(?:for |in |as |to )?(?:the )?"
            rf"\b(?:{words})\b",
            text,
            re.I,
        )
        match = after or before
        if match is None or _NO_PART.search(match.group()):
            continue
        if match is after and _NO_PART.match(text[match.end() :].lstrip(" -")):
            continue
        sizes = [match["n"]]
        added = _ADDED.search(text[: match.start("n")]) if match is before else None
        if added:
            sizes.append(added["n"])
        total = sum(int(size.replace(",", "")) for size in sizes)
        if total > 1:
            yield "part size", part, str(total)


_NO_PART = re.compile(
    r"\b(?:minutes?|hours?|days?|seconds?|epochs?|iterations?|steps|times|gpus?|nvidia|ti|rtx|"
    r"years?|"
    r"folds?|"
    r"random|permutation\w*|repetitions?|replicates?|accura\w+|errors?|"
    r"train and test datasets|datasets|"
    r"\d+ and train)\b|\bto (?:train|test|validate)\b",
    re.I,
)
"""In words between a number and a part: a time or a setting and no size."""
_ADDED = re.compile(rf"{_COUNT} [a-z-]+ and $", re.I)
"""'110 tumour and' before '160 normal images for training': the part has both."""


def _find_split(text: str) -> Iterator[Cell]:
    is_split = _SPLIT.search(text) and _SPLIT_CONTEXT.search(text) and _SPLIT_AMOUNT.search(text)
    if is_row(text) or not is_split or _CAPTION.match(text):
        return
    yield "split", "", shorten(text)
    for unit, pattern in _SPLIT_UNIT:
        if pattern.search(text):
            yield "split unit", "", unit
            return


_ENLARGED = re.compile(r"\b(?:augment|oversampl|balanc|expand|enlarg)\w*", re.I)
_FROM_TO = re.compile(r"\bfrom \d[\d,]* to (?P<n>\d[\d,]*)\b(?!\s?[%×∗*]|\.\d|:)", re.I)
_MIN_BALANCED = 20
"""Smaller numbers beside such words are factors or citations."""


def _find_balancing(text: str) -> Iterator[Cell]:
    match = _FROM_TO.search(text) if _ENLARGED.search(text) else None
    match = match or _BALANCING.search(text)
    if match and int(match["n"].replace(",", "")) < _MIN_BALANCED:
        match = None
    if match and not re.search(r"\btraining (?:set|data|images|samples)\b", text, re.I):
        yield "balancing", "", match["n"].replace(",", "")


def _find_setting(text: str) -> Iterator[Cell]:
    for match in _DATES.finditer(text):
        yield "dates", "", " ".join(match["dates"].split())
    for match in _SITES.finditer(text):
        yield (
            "sites",
            "",
            " ".join(match.group().split()) if match["count"] else match["name"].strip(),
        )


_MAX_SENTENCE = 350
"""Length (characters) above which a 'sentence' is a list or a broken table."""
_MIN_SIZE = 5
"""Smaller numbers of people or images are examples and not the size of a study."""


def _find_reference(text: str) -> Iterator[Cell]:
    if is_row(text):
        return
    if _REFERENCE.search(text) and not _CAPTION.match(text) and len(text) < _MAX_SENTENCE:
        yield "reference standard", "", shorten(text)
    for match in _READERS.finditer(text):
        if re.search(r"\b(?:tasks?|amongst?|between)\b", match.group()):
            continue
        if re.search(
            r"\b(read|label|annotat|review|segment|delineat|grad|assess|scor|confirm|select|"
            r"diagnos|"
            r"interpret|contour)\w*",
            text,
            re.I,
        ):
            yield (
                "readers",
                match["kind"].lower().removesuffix("s"),
                " ".join(match.group().split()),
            )
    if _EXTERNAL.search(text):
        yield "external data", "", shorten(text)


_NOT_RELEASED = re.compile(
    r"\b(?:code|data|images|weights)\b[^.;]{0,40}\b(?:will not be|cannot be|are not|is not) "
    r"(?:made )?(?:publicly )?(?:released|available|shared)",
    re.I,
)


def _find_availability(text: str) -> Iterator[Cell]:
    refusal = _NOT_RELEASED.search(text)
    if refusal:
        yield "availability", "", f"not released: {refusal.group()}"
        return
    if _AVAILABLE.search(text):
        address = _ADDRESS.search(text)
        if address or re.search(r"\brequest\b", text, re.I):
            yield "availability", "", "".join(address.group().split()) if address else "on request"


_SIZE_FINDERS = frozenset({_find_sizes, _find_class_sizes, _find_listed_sizes, _find_parts})
_FINDERS: tuple[Callable[[str], Iterator[Cell]], ...] = (
    _find_sizes,
    find_population,
    _find_class_sizes,
    _find_listed_sizes,
    _find_parts,
    _find_split,
    find_moment,
    find_preparation,
    find_selection,
    _find_balancing,
    _find_setting,
    _find_reference,
    find_performance,
    _find_availability,
)
_CLASS_TABLE = re.compile(
    r"\b(statistic\w*|distribution|number of|composition|breakdown|details)\b.*\b(class\w*|"
    r"categor\w+|types?|"
    r"data ?set|images|samples)\b",
    re.I,
)


def _read_class_tables(sentences: Sequence[Sentence]) -> Iterator[Fact]:
    """The classes of a table of sizes: a name and one whole number each."""
    for block in find_blocks(sentences):
        if not _CLASS_TABLE.search(block.caption):
            continue
        for row in block.rows:
            pairs = re.findall(r"([A-Za-z][\w()/ -]*?)[\s:]+(\d[\d,]*)(?![\d.%])", row.text)
            if len(pairs) == len(row.numbers):
                for name, n in pairs:
                    yield Fact("class size", name.strip(), n.replace(",", ""), (row.sentence,))
