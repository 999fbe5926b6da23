"""Reads tables of results as comparisons: methods, and measures of which more or less is better."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from review.bias.number_checks.table_cells import NumberCell, NumberGrid

_HIGHER = {
    "accuracy": r"(?:balanced |top-?1 |mean |overall )?accurac(?:y|ies)|b?acc|bac",
    "AUC": r"au-?roc|roc[- ]?auc|auc|area under (?:the )?(?:roc |receiver[\w -]*?)?curves?|"
    r"(?:macro|micro)[- ]auc",
    "AP": r"m?ap(?:50|75)?|average precision|au-?prc?|pr[- ]?auc|mar",
    "F1": r"(?:macro[- ]|micro[- ]|weighted[- ])?f1(?:[- ]?(?:scores?|measure))?|f[- ]?scores?|"
    r"f[- ]?measure",
    "precision": r"precision|prec|ppv|positive predictive values?",
    "sensitivity": r"sensitivit(?:y|ies)|recall|sens?|tpr|true positive rate",
    "specificity": r"specificit(?:y|ies)|spec|tnr|true negative rate",
    "NPV": r"npv|negative predictive values?",
    "Dice": r"dice(?: (?:scores?|similarity)?(?: ?coefficients?)?)?|dscs?|dice",
    "IoU": r"m?iou|jaccard(?: index)?|intersection over union",
    "SSIM": r"(?:ms-?)?ssim|structural similarity(?: index)?(?: measure)?",
    "PSNR": r"psnr|peak signal[- ]to[- ]noise ratio",
    "kappa": r"kappa|qwk",
    "MCC": r"mcc|matthews correlation coefficient",
    "C-index": r"c-?index|concordance index",
    "BLEU": r"bleu-?\d?",
    "ROUGE": r"rouge(?:-?[l\d])?",
    "CIDEr": r"cider",
    "METEOR": r"meteor",
    "BERTScore": r"bertscore",
    "NSD": r"nsd|normali[sz]ed surface (?:dice|distance)|surface dice",
    "SDR": r"sdr|success(?:ful)? detection rates?",
}
_LOWER = {
    "HD": r"(?:95 ?%? ?)?hd(?:[_ ]?95)?|h95|hd95\w?|hausdorff(?: distances?)?",
    "surface distance": r"assd?|asd|average (?:symmetric )?surface distances?|surface "
    r"distances?",
    "MAE": r"mae|mean absolute errors?",
    "MSE": r"n?r?n?mse|n?rmse|(?:root )?mean squared? errors?",
    "MRE": r"mre|mean radial errors?",
    "TRE": r"tre|target registration errors?",
    "FID": r"fid|kid|fr[eé]chet inception distance",
    "LPIPS": r"lpips",
    "ECE": r"m?ece|expected calibration errors?|calibration errors?",
    "NLL": r"nll|negative log[- ]likelihood",
    "chamfer distance": r"chamfer(?: distances?)?",
    "false positive rate": r"fpr|false positive rates?",
    "coefficient of variation": r"cov|coefficients? of variation",
    "error": r"(?:[\w-]*[- ])?errors?(?: rates?)?|eer|distances?",
}
_COST = {
    "parameters": r"#? ?params?\.?|parameters?|model size|parameter counts?",
    "operations": r"macs?|g?flops?|multiply-accumulate operations|gmacs|mmacs|tflops",
    "time": r"(?:inference |training |run-?|processing )?times?|latency|run-?time",
    "memory": r"(?:gpu )?memory",
}
COSTS = frozenset(_COST)
METRIC_WORDS = {**_HIGHER, **_LOWER, **_COST}
_DIRECTIONS = {**dict.fromkeys(_HIGHER, 1), **dict.fromkeys((*_LOWER, *_COST), -1)}
_PATTERNS = {
    name: re.compile(rf"(?<![A-Za-z0-9])(?:{words})(?![A-Za-z])(?!-(?:based|free|aware))", re.I)
    for name, words in METRIC_WORDS.items()
}
_SPREAD = re.compile(
    r"^\W*(?:std|s\.?d\.?|stdev|ci|95 ?% ?ci|p|p-?values?|var(?:iance)?)\W*$", re.I
)
_NO_RESULT = re.compile(
    r"\b(?:numbers?|samples?|patients|subjects|cases|images|scans|years?|size|epochs?|age)\b|^n$|^#",
    re.I,
)
_METHOD_HEAD = re.compile(
    r"\b(?:methods?|models?|architectures?|approach(?:es)?|modules?|networks?|algorithms?|"
    r"classifiers?|backbones?|names?|variants?|strateg(?:y|ies)|losses|loss)\b",
    re.I,
)
_OWN_HEAD = re.compile(r"^\W*(?:ours?|proposed)\b", re.I)
_MARKS = re.compile(r"[*∗†‡⋆§¶#^]+|[✓✗✔✘]")
_CITATION = re.compile(r"\s*[(\[](?:[^()\[\]]*(?:et al|\d{4})[^()\[\]]*|\d+(?:,\s*\d+)*)[)\]]")
_TEXT_SHARE = 0.4
_MIN_VALUES = 2
_LABEL_SHARE = 0.3
"""Share of the labels of rows that must name a metric if methods stand in columns."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of all methods of a table."""

    metric: str | None
    """Name of the metric; None if only its direction is known."""
    direction: int
    """1 if more is better, -1 if less is."""
    head: str
    """What the table calls it, with all levels of the head: 'Prostate | DSC'."""
    cells: tuple[NumberCell | None, ...]
    """One for each method."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodComparison:
    """A table, or a part of one, that compares methods."""

    label: str
    page: int
    caption: str
    names: tuple[str, ...]
    """Methods as printed, without citations and marks."""
    groups: tuple[str, ...]
    """What else the labels say of each method: data set, setting; only equal ones compare."""
    measures: tuple[Measure, ...]
    heads: tuple[str, ...]
    """Of all columns of figures, or the labels of all rows if methods stand in columns."""
    places: tuple[int, ...]
    """Sentence of each method; of each measure if methods stand in columns."""
    in_columns: bool


def find_metrics(text: str) -> dict[str, int]:
    """The metrics that a text names, each with its place; 'error' only if it names no other."""
    spans: dict[str, tuple[int, int]] = {}
    for name, pattern in _PATTERNS.items():
        match = pattern.search(text)
        if match:
            spans[name] = match.span()
    found = {
        name: start
        for name, (start, end) in spans.items()
        if not any(
            a <= start and end <= b and (a, b) != (start, end) for a, b in spans.values()
        )  # 'Dice' in 'surface Dice'
    }
    if len(found) > 1:
        found.pop("error", None)  # 'HD95 distance', 'calibration error'
    return found


_CONDITION_MARKS = re.compile(r"[†‡⋆§¶]")


def read_mark(text: str, caption: str) -> str:
    """The mark of a name that the caption explains: it stands for another condition."""
    return "".join(mark for mark in _CONDITION_MARKS.findall(text) if mark in caption)


def clean_name(text: str) -> str:
    """The name of a method without citations and marks."""
    return " ".join(_MARKS.sub(" ", _CITATION.sub("", text)).split())


def read_comparisons(
    grids: Sequence[NumberGrid], captions: dict[str, str]
) -> list[MethodComparison]:
    """The comparisons of all tables; captions by label of the table."""
    found: list[MethodComparison] = []
    for grid in grids:
        caption = captions.get(grid.label, "")
        for heads, rows in _split_blocks(grid):
            found += _read_block(grid, caption, heads, rows)
    return found


def _split_blocks(grid: NumberGrid) -> Iterator[tuple[tuple[str, ...], list[int]]]:
    """The rows of a table by the head above them: a row of metrics in the table is a new head."""
    heads = grid.full_heads
    rows: list[int] = []
    for row, texts in enumerate(grid.texts):
        has_number = any(grid.cells[row][1:])
        named = [text for text in texts[1:] if text and find_metrics(text)]
        if not has_number and len(named) >= _MIN_VALUES:
            if rows:
                yield heads, rows
            heads = _join_heads(grid.full_heads, texts)
            rows = []
        else:
            rows.append(row)
    if rows:
        yield heads, rows


def _join_heads(upper: Sequence[str], texts: Sequence[str]) -> tuple[str, ...]:
    """The heads of a table with another line of heads. A text that spans columns is printed in all
    of them; if it names as many metrics as columns, each has one; an empty one has its neighbour's.
    """
    names = list(texts)
    for n, text in enumerate(texts):
        span = [m for m, other in enumerate(texts) if text and other == text]
        metrics = sorted(find_metrics(text).items(), key=lambda found: found[1])
        if len(span) > 1 and len(metrics) == len(span) and n == span[0]:
            for m, (metric, _) in zip(span, metrics, strict=True):
                names[m] = metric
    named = [n for n, text in enumerate(texts) if n and text]
    for n in range(1, len(names)):
        if not names[n]:
            names[n] = names[min(named, key=lambda m: abs(m - n))]
    tops = [head.split(" | ")[0] for head in upper]
    return tuple(f"{top} | {name}" if name else top for top, name in zip(tops, names, strict=True))


def _read_block(
    grid: NumberGrid, caption: str, heads: tuple[str, ...], rows: Sequence[int]
) -> Iterator[MethodComparison]:
    """Methods in rows under heads that name metrics, or in columns beside labels that do."""
    count = _count_label_columns(grid, rows)
    if count == 0 or count >= len(heads):
        return
    in_heads = sum(bool(find_metrics(head)) for head in heads[count:])
    labelled = [row for row in rows if any(grid.cells[row][count:])]
    labels = {row: _join_labels(grid, row, rows, count) for row in labelled}
    in_labels = sum(bool(find_metrics(label)) for label in labels.values())
    is_own = any(_OWN_HEAD.match(head.split(" | ")[-1]) for head in heads[count:])
    by_label = in_labels >= _LABEL_SHARE * len(labelled)
    if labelled and not in_heads and (by_label or (is_own and not in_labels)):
        yield _read_columns(grid, caption, heads=heads, labels=labels, count=count)
    elif labelled:
        yield _read_rows(grid, caption, heads=heads, rows=rows, count=count)


def _count_label_columns(grid: NumberGrid, rows: Sequence[int]) -> int:
    count = 0
    for column in range(len(grid.full_heads)):
        numbers = sum(parse_figure(grid.texts[row][column]) is not None for row in rows)
        filled = sum(bool(grid.texts[row][column].strip()) for row in rows)
        if filled and numbers > _TEXT_SHARE * filled:
            break
        count += 1
    return count


def _join_labels(grid: NumberGrid, row: int, rows: Sequence[int], count: int) -> str:
    """The labels of a row, with empty ones filled from above."""
    parts = []
    for column in range(count):
        above = [grid.texts[n][column].strip() for n in rows if n <= row]
        last = column == count - 1
        parts.append(above[-1] if last else next((text for text in above[::-1] if text), ""))
    return " | ".join(part for part in parts if part)


def _read_columns(
    grid: NumberGrid, caption: str, *, heads: tuple[str, ...], labels: dict[int, str], count: int
) -> MethodComparison:
    columns = range(count, len(heads))
    groups = _find_groups(labels.values())
    measures = []
    places = []
    for row, label in labels.items():
        cells = [parse_figure(grid.texts[row][column]) for column in columns]
        measure = _build_measure(label, caption, cells, is_named=False, groups=groups)
        if measure:
            measures.append(measure)
            places.append(grid.places[row])
    names = tuple(clean_name(heads[column].split(" | ")[-1]) for column in columns)
    conditions = tuple(
        " | ".join((*heads[column].split(" | ")[:-1], read_mark(heads[column], caption)))
        for column in columns
    )
    return MethodComparison(
        label=grid.label,
        page=grid.page,
        caption=caption,
        names=names,
        groups=conditions,
        measures=tuple(measures),
        heads=tuple(labels.values()),
        places=tuple(places),
        in_columns=True,
    )


def _read_rows(
    grid: NumberGrid, caption: str, *, heads: tuple[str, ...], rows: Sequence[int], count: int
) -> MethodComparison:
    named = [n for n in range(count) if _METHOD_HEAD.search(heads[n].split(" | ")[-1])]
    distinct = [len({grid.texts[row][n] for row in rows}) for n in range(count)]
    column = named[0] if len(named) == 1 else max(range(count), key=lambda n: distinct[n])
    block = ""
    filled: dict[int, str] = {}
    kept: list[tuple[int, str, tuple[str, ...]]] = []
    for row in rows:
        texts = grid.texts[row]
        if not any(parse_figure(text) for text in texts[count:]):
            if texts[column].strip() and not any(text.strip() for text in texts[count:]):
                block = texts[column].strip()
            continue
        for n in range(column):
            filled[n] = texts[n].strip() or filled.get(n, "")
        labels = tuple(filled[n] if n < column else texts[n].strip() for n in range(count))
        kept.append((row, block, labels))
    grouping = [
        n for n in range(count) if n != column and _is_shared([x[2] for x in kept], n, column)
    ]
    is_named = any(find_metrics(head) for head in heads[count:])
    groups = _find_groups(heads[count:])
    measures = []
    for n in range(count, len(heads)):
        cells = [parse_figure(grid.texts[row][n]) for row, _, _ in kept]
        measure = _build_measure(heads[n], caption, cells, is_named=is_named, groups=groups)
        if measure:
            measures.append(measure)
    return MethodComparison(
        label=grid.label,
        page=grid.page,
        caption=caption,
        names=tuple(clean_name(labels[column]) for _, _, labels in kept),
        groups=tuple(
            " | ".join((part, *(labels[n] for n in grouping), read_mark(labels[column], caption)))
            for _, part, labels in kept
        ),
        measures=tuple(measures),
        heads=heads[count:],
        places=tuple(grid.places[row] for row, _, _ in kept),
        in_columns=False,
    )


def _find_groups(heads: Iterable[str]) -> frozenset[str]:
    """The upper heads below which other heads name metrics: 'Specificity' over 'HD' and 'ED'."""
    return frozenset(
        head.rpartition(" | ")[0]
        for head in heads
        if " | " in head and find_metrics(head.split(" | ")[-1])
    )


def _is_shared(labels: Sequence[tuple[str, ...]], column: int, names: int) -> bool:
    """Whether a column of labels groups methods: one value stands beside several names."""
    beside: dict[str, set[str]] = {}
    if not any(re.search(r"\w", row[column]) for row in labels):
        return False
    for row in labels:
        beside.setdefault(row[column], set()).add(row[names])
    return len(beside) > 1 and any(len(found) > 1 for found in beside.values())


_UNIT_METRICS = {"mac": "operations", "flop": "operations", "param": "parameters"}


def _build_measure(
    head: str,
    caption: str,
    cells: Sequence[NumberCell | None],
    *,
    is_named: bool,
    groups: frozenset[str],
) -> Measure | None:
    """The measure of a column or row of figures; None if it has no known direction. If other heads
    of the table name their metric, the caption only speaks for this one if it names no second; an
    upper head among the groups is no metric."""
    values = [cell for cell in cells if cell]
    last = head.split(" | ")[-1]
    if len(values) < _MIN_VALUES or _SPREAD.match(last):
        return None
    metrics = find_metrics(last)
    if not metrics and _NO_RESULT.search(last):
        return None
    if not metrics and head.rpartition(" | ")[0] not in groups:
        metrics = find_metrics(head)
    units = {cell.printed.split()[-1].lower() for cell in values if " " in cell.printed}
    for part, name in _UNIT_METRICS.items():
        if not metrics and units and all(part in unit for unit in units):
            metrics = {name: 0}
    if not metrics and _is_distance(last, caption):
        metrics = {"error": 0}
    if not metrics:
        opening = re.split(r"(?<=[a-z)])\.\s+(?=\w)", caption)[0]
        named = find_metrics(opening) or find_metrics(caption)
        metrics = {name: at for name, at in named.items() if name not in COSTS}
        metrics = metrics if len(metrics) == 1 or not is_named else {}
    directions = {_DIRECTIONS[name] for name in metrics}
    if "↑" in head or "↓" in head:
        directions = {1 if "↑" in last or "↓" not in head else -1}
    if len(directions) != 1:
        return None
    [direction] = directions
    usual = Counter(cell.decimals for cell in values).most_common(1)[0][0]
    if max(cell.value for cell in values) > 1.5 and usual > 1:
        shares = [cell for cell in values if 0 < cell.value < 1]
        if len(shares) > len(values) / 3 and direction > 0:
            return None
    metric = next(iter(metrics)) if len(metrics) == 1 else None
    kept = tuple(
        cell if cell and (metric in COSTS or cell.decimals <= usual or usual == 0) else None
        for cell in cells
    )
    return Measure(metric, direction, head, kept)


def _is_distance(name: str, caption: str) -> bool:
    """Whether the caption lists a head as a distance or an error: 'two distances, ED and CD'."""
    listed = re.search(r"\b(?:distances?|errors?)(?: metrics| measures)?,?:? ([^.]*)", caption)
    return bool(name and listed and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", listed[1]))


_FIGURE = re.compile(r"[-−]?(?:\d{1,3}(?:,\d{3})+|\d*[.·]?\d+)")
_PREFIXES = {"k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9, "t": 1e12}


def parse_figure(text: str) -> NumberCell | None:
    """The only figure of a cell, without spread, interval and marks; prefixes of units counted."""
    bare = re.sub(r"(?:±|\+/-|\+-)\s*(?:[\d.]+|[-–])|[(\[{][^()\[\]{}]*[)\]}]", " ", text)
    bare = re.sub(r"[*∗†‡⋆§¶↑↓%]|[✓✗✔✘]", " ", bare).strip()
    numbers = _FIGURE.findall(bare)
    if len(numbers) != 1:
        return None
    rest = bare.replace(numbers[0], " ", 1).strip(" ~≈<>")
    unit = re.fullmatch(
        r"(?P<prefix>[kKmMBbGTt]?)(?P<unit>MACs?|FLOPs?|params?|s|ms|sec|min|h|dB|mm|GB|MB)?", rest
    )
    if rest and unit is None:
        return None
    digits = numbers[0].replace(",", "").replace("·", ".").replace("−", "-")
    scale = _PREFIXES.get(unit["prefix"].lower(), 1.0) if unit and unit["prefix"] else 1.0
    if unit and unit["unit"] in ("ms", "min", "mm", "GB", "MB", "h"):
        scale = 1.0
    return NumberCell(float(digits) * scale, len(digits.partition(".")[2]), text.strip())


_NOT_SHORT = r"(?!(?![Oo]urs?\))[A-Za-z]{1,4}\))"
"""What is between brackets, unless it is a short word that tells two methods apart: 'ASM(WR)'."""


def strip_setting(name: str) -> str:
    """The name without its setting: 'SimCLR' of 'SimCLR - 5%' and of 'SimCLR (5%)'."""
    bare = re.sub(rf"\({_NOT_SHORT}.*?\)", "", name)
    return re.sub(r"\s[-–]\s?\d[\d.]*\s?%.*$", "", bare).strip()


def squeeze_method(name: str) -> str:
    """The letters and digits of a name of a method, without what is between brackets."""
    bare = strip_setting(name)
    return re.sub(r"[^a-z0-9+]", "", bare.lower())
