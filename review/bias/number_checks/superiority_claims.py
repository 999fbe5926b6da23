"""Checks claims that one method is better than others against the tables that compare them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from review.bias.number_checks.arithmetic import Contradiction, Finding
from review.bias.number_checks.comparison_tables import (
    COSTS,
    Measure,
    MethodComparison,
    find_metrics,
    read_comparisons,
    squeeze_method,
)
from review.bias.number_checks.method_names import (
    LIMITS,
    MENTIONS,
    OWN_NOUN,
    find_own_names,
    find_rows,
    has_scope,
    is_name,
    is_named,
    mark_names,
)
from review.bias.number_checks.printed import shorten
from review.bias.number_checks.rows import is_row
from review.bias.number_checks.table_cells import NumberCell, NumberGrid
from review.models import PrintedTable, Sentence

_SECTIONS = frozenset(
    {"", "abstract", "introduction", "methods", "results", "discussion", "conclusion", "supplement"}
)
_CLAUSE = re.compile(
    r";\s+|,?\s+(?:while|whereas|whilst|although|though|but|however|except|despite)\s+|"
    r",\s+(?:which|demonstrating|showing|indicating|suggesting|achieving|highlighting|"
    r"illustrating|with (?:an?|the)|by)\b",
    re.I,
)
_HEDGE = re.compile(
    r"\b(?:most(?:ly)?|majority|nearly|almost|overall|general(?:ly)?|comparabl[ey]|competitive|"
    r"on par|similar(?:ly)?|some|several|many|except\w*|not|no|cannot|never|neither|nor|can|may|"
    r"might|could|would|should|if|potential\w*|expect\w*|often|sometimes|usually|typically|partly|"
    r"qualitativ\w*|visual\w*|up to|or|on average|trade-?off|than expected|"
    r"statistical\w*|significan(?:t|ce) (?:level|test\w*|difference)|least|either|efficien\w*|"
    r"hypothes\w*|investigat\w*|whether|robust\w*|out of)\b|[?]",
    re.I,
)
_UNIVERSAL = re.compile(
    r"\b(?:all|every|each|both|consistent(?:ly)?|always|invariably|any|across|uniformly|"
    r"throughout)\b",
    re.I,
)
_ADVERBS = (
    r"(?:\s*,?\s*(?:also|significantly|consistently|still|clearly|further|even|substantially|"
    r"markedly|notably|greatly|largely|always|invariably|again|therefore|thus|then|here|"
    r"considerably|slightly|marginally|all|both|indeed)\b,?)*"
)
_SUBJECT = rf"(?P<subject>{MENTIONS})(?:\s+{OWN_NOUN})?{_ADVERBS}\s+"
_VERB = (
    r"(?:achiev(?:es?|ed)|obtain(?:s|ed)?|yield(?:s|ed)?|show(?:s|ed)?|ha(?:s|ve|d)|"
    r"provid(?:es?|ed)|reach(?:es|ed)?|g[ai]ves?|produc(?:es?|ed)|attain(?:s|ed)?|report(?:s|ed)?|"
    r"demonstrat(?:es?|ed)|exhibit(?:s|ed)?|deliver(?:s|ed)?)\s+(?:\w+ly\s+)?(?:the\s+|an?\s+)?"
)
_RANK = (
    r"(?P<rank>best|highest|lowest|second[- ]best|second[- ]highest|second[- ]lowest|largest|"
    r"smallest|fewest|least|leading|top)"
)
_BEATS = re.compile(
    rf"{_SUBJECT}(?:outperform(?:s|ed)?|surpass(?:es|ed)?|beats?|"
    r"(?:is|are|was|were|performs?|performed|works?)\s+(?:\w+ly\s+|much\s+|far\s+|always\s+)?"
    r"(?:better than|superior to))\s+(?P<object>.+)",
    re.I,
)
_IS_BEATEN = re.compile(
    rf"{_SUBJECT}(?:underperform(?:s|ed)?|"
    r"(?:is|are|was|were|performs?|performed|works?)\s+(?:\w+ly\s+|much\s+|far\s+|always\s+)?"
    rf"(?:worse than|inferior to|outperformed by|surpassed by))\s+(?P<object>{MENTIONS}.*)",
    re.I,
)
_HAS_MORE = re.compile(
    rf"{_SUBJECT}{_VERB}(?:\w+ly\s+|much\s+|far\s+)?(?P<sign>better|superior|higher|lower|greater|"
    r"smaller|improved|fewer)\s+(?P<what>[^§]{1,60}?)\s+(?:than|compared (?:to|with)|over|"
    r"relative to)\s+(?P<object>.+)",
    re.I,
)
_HAD_MORE = re.compile(
    rf"(?P<what>[^§,]{{2,60}}?)\s+(?:of|for|with|from|by)\s+(?:the\s+)?(?P<subject>{MENTIONS})(?:\s+{OWN_NOUN})?\s+"
    r"(?:is|was|were|are)\s+(?:\w+ly\s+|much\s+)?(?P<sign>better|higher|lower|greater|smaller)\s+"
    r"than\s+(?:(?:that|those)\s+)?(?:(?:of|for|with|from|by)\s+)?(?P<object>.+)",
    re.I,
)
_WAS_MORE = re.compile(
    rf"(?P<what>[^§,]{{2,60}}?)\s+(?:is|was|were|are)\s+(?:\w+ly\s+|much\s+)?(?P<sign>better|higher|"
    rf"lower|greater|smaller)\s+(?:for|with|in|using)\s+(?:the\s+)?(?P<subject>{MENTIONS})(?:\s+{OWN_NOUN})?\s+"
    r"than\s+(?:(?:for|with|in|using)\s+)?(?P<object>.+)",
    re.I,
)
_REACHES = re.compile(rf"{_SUBJECT}{_VERB}{_RANK}\s+(?P<object>.+)", re.I)
_IS_BEST = re.compile(
    rf"{_SUBJECT}(?:performs?|performed|is|was|are|were|ranks?|ranked)\s+(?:the\s+)?"
    r"(?P<rank>best|second[- ]best)(?P<object>\b.*)",
    re.I,
)
_REACHED_BY = re.compile(
    rf"\bthe\s+{_RANK}\s+(?P<object>[^§]+?)\s+(?:is|was|are|were)\s+(?:\w+ly\s+)?(?:achieved|obtained|"
    rf"reached|attained|yielded|given|provided|produced)\s+(?:by|with|using)\s+(?:the\s+)?"
    rf"(?P<subject>{MENTIONS})",
    re.I,
)
_CALLED_SECOND = re.compile(
    rf"\b(?P<rank>second[- ]best)(?:[- ]performing)?\s+{OWN_NOUN}?,?\s*(?P<subject>§\d+§)", re.I
)
_CALLED_BEST = re.compile(
    rf"\bthe\s+(?P<rank>best|second[- ]best)(?:[- ]performing)?\s+{OWN_NOUN}(?P<object>[^§]*?)\s+"
    rf"(?:is|was)\s+(?:the\s+)?(?P<subject>§\d+§)",
    re.I,
)
_RANKED = re.compile(
    r"^(?:(?:overall|mean|average|test|classification|segmentation|detection|[a-z]+)[ -]){0,3}?"
    r"(?:performances?|results?|scores?|metrics|values|"
    r"numbers? of (?:trainable |learnable )?parameters)\b",
    re.I,
)
_LITERAL = {
    "highest": 1,
    "largest": 1,
    "lowest": -1,
    "smallest": -1,
    "fewest": -1,
    "least": -1,
    "higher": 1,
    "greater": 1,
    "lower": -1,
    "smaller": -1,
    "fewer": -1,
}
_OTHERS = re.compile(
    r"^(?:significantly\s+)?(?P<all>all\s+(?:of\s+)?|every\s+|any\s+)?(?:the\s+|our\s+)?"
    r"(?:(?:others|baselines|competitors)(?=[\s,.;:(]|$)|"
    r"(?P<kind>(?:(?:other|compared|comparison|competing|competitor|existing|baseline|previous|"
    r"prior|sota|state[- ]of[- ]the[- ]art|remaining|recent|current|rival|evaluated|and|"
    r"published|alternative|conventional|traditional|well-known|popular|strong|listed|tested|"
    r"considered|studied|reported|mainstream|individual|such|"
    r"[A-Z]{2,6}(?:-based)?)\s+)+)"
    rf"(?:{OWN_NOUN}|competitors|baselines|counterparts|ones)(?=[\s,.;:(]|$))",
)
_UPPER_BOUND = re.compile(
    r"\b(?:oracle|upper[- ]?bound|centrali[sz]ed|teacher|human|radiologists?|experts?|"
    r"ground[- ]?truth|inter-?(?:rater|observer|reader)|fully[- ]supervised|full(?:y)? (?:data|"
    r"label\w*)|gt|joint training|readers?|clinicians?|physicians?|supervised|average|mean|std|"
    r"p-?values?|all data|ensembles?)\b",
    re.I,
)
_TABLE = re.compile(r"\bTab(?:le|\.)?s?\s*\.?\s*(?P<n>[A-Z]?\d+)", re.I)
_NO_CLAIM = re.compile(r"^\s*Tab|^\s*\([a-z]\)")
_ABOUT_FIGURE = re.compile(r"\bFig(?:ure|\.)?s?\b")
_REACH_OF_TABLE = 4
"""Sentences after one that names a table that still speak of it."""
_MIN_OF_MAJORITY = 4
_PLAIN_SHARE = 1 / 3
"""A claim without 'all' is wrong if a method is worse in more than this share of its measures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """A clause that says that one method is better than others."""

    text: str
    subjects: tuple[str, ...]
    """Names of methods; '' is the paper's own."""
    objects: tuple[str, ...] = ()
    """Names of methods; empty if all others are meant."""
    rank: int | None = None
    """1 for the best, 2 for the second best; None if it is better than its objects."""
    sign: int = 0
    """1 if it has more, -1 if it has less, 0 if it is better."""
    metrics: frozenset[str] = frozenset()
    is_universal: bool = False
    is_majority: bool = False
    is_each: bool = False
    """Whether each row of the subject is meant, as in 'all four'."""
    figures: tuple[str, ...] = ()
    """Figures that the sentence gives."""
    limits: tuple[str, ...] = ()
    """What the clause is limited to: 'the spleen', 'Derm7pt'."""
    exception: str = ""
    """What is left out: 'recall' in 'best in all metrics except recall'."""


def check_superiority(
    sentences: Sequence[Sentence], grids: Sequence[NumberGrid], tables: Sequence[PrintedTable] = ()
) -> Iterator[Finding]:
    """Sentences that call a method better than others that have better figures in the table."""
    captions = {table.label: table.caption for table in tables}
    comparisons = [one for one in read_comparisons(grids, captions) if one.measures]
    if not comparisons:
        return
    names = {name for one in comparisons for name in one.names if is_name(name)}
    terms = frozenset(
        m.head.split(" | ")[-1] for one in comparisons for m in one.measures if m.metric is None
    )
    own = find_own_names(sentences, names)
    near: tuple[int, str] | None = None
    figure = -1
    for index, sentence in enumerate(sentences):
        match = _TABLE.search(sentence.text)
        if match:
            near = (index, match["n"])
        elif _ABOUT_FIGURE.search(sentence.text):
            figure = index  # the next sentence speaks of it as well
        is_text = not is_row(sentence.text) or sentence.text.rstrip().endswith(".")
        if sentence.section not in _SECTIONS or not is_text or _NO_CLAIM.search(sentence.text):
            continue
        if index - figure == 1 and not match:
            continue
        is_near = near is not None and index - near[0] <= _REACH_OF_TABLE
        number = near[1] if near and is_near and sentence.section != "abstract" else None
        for claim in _read_claims(sentence.text, names, terms):
            if _ABOUT_FIGURE.search(claim.text) and not match:
                continue
            problem = _check_claim(claim, comparisons, own, number)
            if problem:
                yield index, problem
                break


# ---- claims ----

_FORMS = (
    _BEATS,
    _IS_BEATEN,
    _HAS_MORE,
    _HAD_MORE,
    _WAS_MORE,
    _REACHES,
    _IS_BEST,
    _REACHED_BY,
    _CALLED_BEST,
    _CALLED_SECOND,
)
_SUBJECT_LAST = (_HAD_MORE, _WAS_MORE, _REACHED_BY, _CALLED_BEST, _CALLED_SECOND)
_KEY = re.compile(
    r"\b(?:outperform|surpass|beat|better|superior|improved|best|higher|lower|highest|lowest|"
    r"fewest|fewer|second|largest|smallest|least|greater|smaller|worse|inferior|"
    r"underperform)",
    re.I,
)
_NO_SUBJECT = re.compile(
    r"\b(?:of|with|without|on|in|using|than|from|for|to|by|like|versus|vs\.?|when|"
    r"between|against|(?:of|with|between|combining|both)\s[^,§]*and|"
    r"(?<!observe )(?<!show )(?<!shows )(?<!see )(?<!found )(?<!find )"
    r"(?<!demonstrate )(?<!note )(?<!clear )(?<!indicate )(?<!seen )that)\s*$",
    re.I,
)
_MAJORITY = re.compile(r"\b(?:the\s+)?(?:majority|most)\s+of\s+(?:the\s+|all\s+)?", re.I)
_EXCEPTION = re.compile(
    r"\b(?P<scope>(?:all|other|every|each)\s[^.,;]{0,60}?),?\s"
    r"(?:except|but|apart from|other than|excluding)\b"
    r"(?:\s+for)?\s+(?:the\s+)?(?P<what>[A-Za-z][\w-]*(?:\s[a-z-]+)?)"
)
_SECOND_VERB = re.compile(
    r"\s+and\s+(?:also\s+|thus\s+)?(?:indicates?|shows?|achieves?|has|have|is|are|demonstrates?|"
    r"provides?|yields?|requires?|needs?|uses?)\b"
)
_EACH = re.compile(r"\b(?:all|both|each)(?:\s+of)?(?:\s+(?:the|our))?(?:\s+\w+)?\s*$", re.I)
_FIGURE = re.compile(r"(?<![\d.])\d+\.\d+(?![\d.]*\d)")


def _read_claims(
    text: str, names: set[str], terms: frozenset[str] = frozenset()
) -> Iterator[_Claim]:
    """The claims of a sentence; terms are heads of tables with metrics that are not known here."""
    if not _KEY.search(text):
        return
    bare = re.sub(r"\((?![A-Z]\w{0,4}\))[^()]*\)|\[[^\[\]]*\]", " ", text)
    figures = tuple(_FIGURE.findall(text))
    for clause in _CLAUSE.split(bare):
        marked, found = mark_names(clause, names)
        if not found or _HEDGE.search(_MAJORITY.sub(" ", marked)):
            continue
        exception = _EXCEPTION.search(bare)
        excepted = exception["what"] if exception and exception["scope"] in clause else ""
        for pattern in _FORMS:
            match = pattern.search(marked)
            if match is None:
                continue
            before = marked[: match.start()]
            if pattern not in _SUBJECT_LAST and _NO_SUBJECT.search(before):
                continue
            subjects = _take_names(match["subject"], found)
            common = _Claim(
                text=_SECOND_VERB.split(clause)[0],
                subjects=subjects,
                is_universal=bool(_UNIVERSAL.search(clause)) or bool(excepted),
                exception=excepted,
                is_majority=bool(_MAJORITY.search(clause)),
                is_each=bool(_EACH.search(before)),
                figures=figures,
                limits=tuple(LIMITS.findall(marked)),
            )
            if "rank" in match.groupdict():
                yield from _read_ranks(common, match, terms)
            else:
                yield from _read_objects(common, match, found)
            break


def _take_names(text: str, found: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found[int(n)] for n in re.findall(r"§(\d+)§", text)))


def _read_ranks(common: _Claim, match: re.Match[str], terms: frozenset[str]) -> Iterator[_Claim]:
    """'The highest DSC and lowest CoV' are two claims."""
    if "object" not in match.groupdict():
        metrics = frozenset(find_metrics(common.text)) - COSTS
        yield replace(common, rank=2, metrics=metrics)
        return
    pieces = re.split(rf"\s+and\s+(?:the\s+)?{_RANK}\s+", match["object"])
    ranks = [match["rank"], *pieces[1::2]]
    for rank, piece in zip(ranks, pieces[::2], strict=True):
        words = rank.lower().replace("-", " ").split()
        metrics = frozenset(find_metrics(piece))
        is_plain = match.re in (_IS_BEST, _CALLED_BEST) or bool(_RANKED.match(piece))
        is_plain = is_plain or any(is_named(term, piece) for term in terms)
        if not metrics and not is_plain:
            continue
        sign = _LITERAL.get(words[-1], 0)
        if sign and not metrics and not any(is_named(term, piece) for term in terms):
            continue
        yield replace(common, rank=len(words), sign=sign, metrics=metrics)


def _read_objects(common: _Claim, match: re.Match[str], found: Sequence[str]) -> Iterator[_Claim]:
    rest = match["object"].strip()
    parts = match.groupdict()
    sign = _LITERAL.get((parts.get("sign") or "").lower(), 0)
    metrics = frozenset(find_metrics(parts.get("what", common.text)))
    if "what" not in parts:
        metrics -= COSTS
    if sign and not metrics:
        return
    if "what" in parts and not metrics and not _RANKED.match(parts["what"]):
        return
    common = replace(common, sign=sign, metrics=metrics)
    listed = re.match(
        r"(?:both\s+|the\s+|those of\s+|that of\s+|its\s+(?:direct\s+)?counterpart\s+)*"
        rf"({MENTIONS})",
        rest,
        re.I,
    )
    if listed:
        objects = _take_names(listed[1], found)
        if set(objects) & set(common.subjects):
            return
        if match.re is _IS_BEATEN:
            yield replace(common, subjects=objects, objects=common.subjects)
        elif "" not in objects:
            yield replace(common, objects=objects)
    elif _OTHERS.match(rest):
        yield common


# ---- claims against tables ----


def _check_claim(
    claim: _Claim, comparisons: Sequence[MethodComparison], own: frozenset[str], number: str | None
) -> Contradiction | None:
    stated = _TABLE.search(claim.text)
    number = stated["n"] if stated else number
    chosen = [one for one in comparisons if number and re.search(rf"\b{number}$", one.label)]
    verdicts = []
    for one in chosen or comparisons:
        verdict = _judge(claim, one, own)
        if verdict is not None:
            verdicts.append(verdict)
    if not verdicts or not all(text for text in verdicts):
        return None
    return Contradiction("a comparison", verdicts[0])


def _judge(claim: _Claim, one: MethodComparison, own: frozenset[str]) -> str | None:
    """What the table has against a claim; '' if it agrees, None if it cannot say."""
    subjects = [find_rows(name, one, own) for name in claim.subjects]
    if not all(subjects) or not has_scope(claim.limits, one):
        return None
    mine = [row for found in subjects for row in found]
    measures = _select_measures(claim, one, mine)
    own_rows = set(find_rows("", one, own))
    objects = [find_rows(name, one, own) for name in claim.objects]
    if not measures or not all(objects):
        return None
    allowed = {row for found in objects for row in found}
    wrong: list[str] = []
    checked = 0
    for found in subjects:
        for group in _select_groups(claim, one, found):
            members = [row for row in found if one.groups[row] == group]
            rivals = [
                row
                for row in range(len(one.names))
                if one.groups[row] == group
                and row not in members
                and (row in allowed if allowed else _is_rival(row, found, one, own_rows))
            ]
            for measure in measures:
                text = _find_better(
                    claim, one, measure, members=members, rivals=rivals, own_rows=own_rows
                )
                if text is not None:
                    checked += 1
                    wrong += [text] if text else []
    if not checked:
        return None
    if not _is_enough(claim, len(wrong), checked, len(measures)):
        return ""
    more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    page = f" (p. {one.page})" if one.page else ""
    return f"in {one.label}{page} {wrong[0]}{more}."


def _is_enough(claim: _Claim, wrong: int, checked: int, measures: int) -> bool:
    """Whether so many figures against a claim make it wrong."""
    if claim.is_majority:
        return checked >= _MIN_OF_MAJORITY and 2 * wrong >= checked
    if claim.is_universal or (measures == 1 and claim.rank is None):
        return wrong > 0
    if claim.rank is not None:
        return wrong == checked
    return wrong > _PLAIN_SHARE * checked


def _is_rival(row: int, subject: Sequence[int], one: MethodComparison, own_rows: set[int]) -> bool:
    """Whether a row is another method, and no variant of the subject, no own one, no bound."""
    name = squeeze_method(one.names[row])
    mine = [squeeze_method(one.names[n]) for n in subject]
    is_variant = any(part and (part in name or name in part) for part in mine)
    text = f"{one.names[row]} {one.groups[row]}"
    return row not in own_rows and not is_variant and not _UPPER_BOUND.search(text) and bool(name)


def _select_measures(claim: _Claim, one: MethodComparison, rows: Sequence[int]) -> list[Measure]:
    """The measures that a claim speaks of; none if it speaks of something the table has not."""
    if _IN_TERMS.search(claim.text) and not claim.metrics:
        return []
    measures = [m for m in one.measures if m.metric not in COSTS or m.metric in claim.metrics]
    if claim.exception:
        if not any(_is_excepted(head, claim.exception) for head in one.heads):
            return []
        measures = [m for m in measures if not _is_excepted(m.head, claim.exception)]
    if claim.metrics:
        named = [m for m in measures if m.metric in claim.metrics]
        if claim.metrics == {"error"}:
            named = [m for m in measures if m.direction < 0 and m.metric not in COSTS]
        elif len({m.metric for m in named}) < len(claim.metrics):
            return []
        measures = named
    scoped = [m for m in measures if is_named(m.head, claim.text)] or measures
    if _AVERAGE.search(claim.text) and len(scoped) > 1 and not claim.is_majority:
        scoped = [m for m in scoped if _AVERAGE.search(m.head)]
    stated = [m for m in scoped if any(_is_stated(m.cells[row], claim.figures) for row in rows)]
    if claim.figures and not stated and claim.rank is not None:
        return []
    return stated or scoped


def _is_excepted(head: str, exception: str) -> bool:
    if is_named(head, exception):
        return True
    return bool(set(find_metrics(head)) & set(find_metrics(exception)))


_AVERAGE = re.compile(r"\b(?:averaged?|mean|avg)\b", re.I)
_IN_TERMS = re.compile(r"\b(?:in terms of|regarding|with respect to|w\.r\.t\.?)\b", re.I)


def _is_stated(cell: NumberCell | None, figures: Sequence[str]) -> bool:
    if cell is None:
        return False
    return any(
        abs(float(figure) * scale - cell.value) < 1e-9
        for figure in figures
        for scale in (1.0, 0.01, 100.0)
    )


def _select_groups(claim: _Claim, one: MethodComparison, rows: Sequence[int]) -> list[str]:
    groups = list(dict.fromkeys(one.groups[row] for row in rows))
    named = [group for group in groups if is_named(group, claim.text)]
    return named or groups


def _find_better(
    claim: _Claim,
    one: MethodComparison,
    measure: Measure,
    *,
    members: Sequence[int],
    rivals: Sequence[int],
    own_rows: set[int],
) -> str | None:
    """The rival that is better than the subject; '' if there is none, None if nothing compares."""
    sign = claim.sign or measure.direction
    cells = [(row, cell) for row in members if (cell := measure.cells[row])]
    others = [(row, cell) for row in rivals if (cell := measure.cells[row])]
    if not cells or not others:
        return None
    choose = min if claim.is_each else max
    best = choose(cells, key=lambda pair: sign * pair[1].value)
    better = [pair for pair in others if sign * (pair[1].value - best[1].value) > 1e-9]
    ahead = claim.rank or 1
    if claim.rank == 2 and any(
        (cell := measure.cells[row]) and sign * (cell.value - best[1].value) > 1e-9
        for row in own_rows - set(members)
    ):
        ahead = 1  # the paper's own method is the best
    if len(better) < ahead:
        return ""
    rival = max(better, key=lambda pair: sign * pair[1].value)
    return (
        f"{one.names[rival[0]]} has {shorten(rival[1].printed, 25)} under "
        f"'{shorten(measure.head)}', {one.names[best[0]]} {shorten(best[1].printed, 25)}"
    )
