"""Audits a label by looking at images: the sample to draw, and the result of the readers' marks.

A reader marks each drawn image of a label as fine, doubtful, wrong or cannot tell. The positive
predictive value (PPV) of the label is given twice: with doubtful images counted as wrong and as
right. Images that cannot be told are counted apart.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from review.agreement import AgreementFigure, kappa
from review.errors import ReviewError
from review.imaging.labels import LabelRow

if TYPE_CHECKING:
    import numpy as np

DEFAULT_SAMPLE = 130
"""Images of a label, as in the audit of ChestX-ray14 that this tool repeats."""
SHEET_SIZE = 18
Verdict = Literal["wrong", "doubtful", "fine", "cannot tell"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


@dataclass(frozen=True, slots=True)
class AuditSample:
    """The images drawn for one label, in the order of the sheets."""

    label: str
    seed: int
    asked: int
    paths: tuple[str, ...]
    images: int
    """Images with the label."""
    patients: int | None
    """Patients with the label; None if no patient is known, so that images were drawn singly."""
    note: str | None = None

    @property
    def sheets(self) -> tuple[tuple[str, ...], ...]:
        """The sample in sheets of 18."""
        starts = range(0, len(self.paths), SHEET_SIZE)
        return tuple(self.paths[start : start + SHEET_SIZE] for start in starts)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditMark:
    """What one reader says about one image."""

    path: str
    reader: str
    verdict: Verdict
    strata: frozenset[str] = frozenset()
    """Circumstances the reader noted, such as 'chest drain present'."""
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Proportion:
    """A share with its 95 % Wilson interval; value and limits are None when n is 0."""

    count: int
    n: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Claim:
    """A figure somebody published about a label, 0 to 1, and where."""

    label: str
    value: float
    source: str
    measure: str = "precision"


@dataclass(frozen=True, slots=True)
class MarkCounts:
    """Marks of one set of images."""

    fine: int
    doubtful: int
    wrong: int
    cannot_tell: int

    @property
    def judged(self) -> int:
        """Images with a verdict other than cannot tell."""
        return self.fine + self.doubtful + self.wrong


@dataclass(frozen=True, slots=True)
class StratumFigures:
    """The images of a stratum among those marked, and the PPV within and without."""

    stratum: str
    share: Proportion
    """Of all marked images."""
    within: Proportion
    """PPV with doubtful counted as wrong."""
    without: Proportion


@dataclass(frozen=True, slots=True)
class LabelAudit:
    """What the marks say about one label."""

    label: str
    counts: MarkCounts
    ppv_strict: Proportion
    """Doubtful counted as wrong."""
    ppv_lenient: Proportion
    """Doubtful counted as right."""
    strata: tuple[StratumFigures, ...]
    claim: Claim | None = None
    claim_holds: bool | None = None
    """Whether the claimed figure is within the two intervals taken together."""


@dataclass(frozen=True, slots=True)
class ReaderComparison:
    """Two readers of the same images."""

    readers: tuple[str, str]
    both: int
    """Images that both marked."""
    first_only: tuple[str, ...]
    second_only: tuple[str, ...]
    disagreements: tuple[str, ...]
    """Images for an adjudicator."""
    kappa: AgreementFigure
    """Over all four verdicts."""
    kappa_wrong: AgreementFigure
    """Wrong against all other verdicts."""


@dataclass(frozen=True, slots=True)
class WrongEstimate:
    """Labels of the set that are likely wrong, estimated from audited samples."""

    label: str
    images: int
    """Images of the set with the label."""
    wrong: float
    low: float
    high: float


def draw_sample(
    rows: Mapping[str, LabelRow], label: str, *, n: int = DEFAULT_SAMPLE, seed: int
) -> AuditSample:
    """Draws n images of a label at random without replacement, one per patient.

    The draw depends on the label, the paths, the patients and the seed, not on the order of the
    rows. Images whose patient is unknown count as a patient of their own.

    Raises:
        ReviewError: no image has the label, or n is below 1.
    """
    import numpy as np

    if n < 1:
        raise ReviewError(f"the size of a sample is at least 1, not {n}")
    paths = sorted(path for path, row in rows.items() if label in row.labels)
    if not paths:
        labels = sorted({name for row in rows.values() for name in row.labels})
        raise ReviewError(f"no image has the label {label!r}; there are {', '.join(labels)}")
    known = any(rows[path].patient is not None for path in paths)
    by_patient: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        patient = rows[path].patient
        by_patient[f"image {path}" if patient is None else f"patient {patient}"].append(path)
    generator = np.random.default_rng([seed, *label.encode()])
    drawn = _draw_patients(by_patient, n, generator)
    note = None
    if not known:
        note = "no patient is known: several images may be of one patient"
    elif len(by_patient) < n:
        note = f"only {len(by_patient):,} patients have the label: one image of each is drawn"
    return AuditSample(
        label=label,
        seed=seed,
        asked=n,
        paths=tuple(drawn),
        images=len(paths),
        patients=len(by_patient) if known else None,
        note=note,
    )


def estimate_proportion(count: int, n: int) -> Proportion:
    """A share with its 95 % Wilson score interval.

    Source: Wilson 1927, doi:10.1080/01621459.1927.10502953; by scipy's binomtest.
    """
    from scipy.stats import binomtest

    if n == 0:
        return Proportion(0, 0, None, None, None)
    interval = binomtest(count, n).proportion_ci(0.95, method="wilson")
    return Proportion(count, n, count / n, float(interval.low), float(interval.high))


def audit_label(
    label: str, marks: Sequence[AuditMark], *, claim: Claim | None = None
) -> LabelAudit:
    """The PPV of a label from one reader's marks (or the adjudicated ones).

    Raises:
        ReviewError: an image is marked twice, or marks are of several readers.
    """
    _check_marks(marks)
    counts = count_marks(marks)
    strict = estimate_proportion(counts.fine, counts.judged)
    lenient = estimate_proportion(counts.fine + counts.doubtful, counts.judged)
    strata = sorted({stratum for mark in marks for stratum in mark.strata})
    holds = None
    if claim is not None and strict.low is not None and lenient.high is not None:
        holds = strict.low <= claim.value <= lenient.high
    return LabelAudit(
        label=label,
        counts=counts,
        ppv_strict=strict,
        ppv_lenient=lenient,
        strata=tuple(_audit_stratum(stratum, marks) for stratum in strata),
        claim=claim,
        claim_holds=holds,
    )


def count_marks(marks: Iterable[AuditMark]) -> MarkCounts:
    """How many marks there are of each verdict."""
    counts = Counter(mark.verdict for mark in marks)
    return MarkCounts(counts["fine"], counts["doubtful"], counts["wrong"], counts["cannot tell"])


def compare_readers(first: Sequence[AuditMark], second: Sequence[AuditMark]) -> ReaderComparison:
    """Agreement of two readers, and the images an adjudicator should see.

    Raises:
        ReviewError: a reader marked an image twice, or both lists are of one reader.
    """
    _check_marks(first)
    _check_marks(second)
    names = (first[0].reader if first else "first", second[0].reader if second else "second")
    if names[0] == names[1]:
        raise ReviewError(f"both lists of marks are by {names[0]}: two readers are needed")
    verdicts_by_first = {mark.path: mark.verdict for mark in first}
    verdicts_by_second = {mark.path: mark.verdict for mark in second}
    both = [path for path in verdicts_by_first if path in verdicts_by_second]
    a, b = [verdicts_by_first[path] for path in both], [verdicts_by_second[path] for path in both]
    return ReaderComparison(
        readers=names,
        both=len(both),
        first_only=tuple(path for path in verdicts_by_first if path not in verdicts_by_second),
        second_only=tuple(path for path in verdicts_by_second if path not in verdicts_by_first),
        disagreements=tuple(
            path for path in both if verdicts_by_first[path] != verdicts_by_second[path]
        ),
        kappa=kappa(a, b, labels=list(VERDICTS)),
        kappa_wrong=kappa(
            ["wrong" if verdict == "wrong" else "other" for verdict in a],
            ["wrong" if verdict == "wrong" else "other" for verdict in b],
            labels=["wrong", "other"],
        ),
    )


def merge_readers(
    first: Sequence[AuditMark],
    second: Sequence[AuditMark],
    adjudicated: Sequence[AuditMark] = (),
    *,
    reader: str = "consensus",
) -> tuple[tuple[AuditMark, ...], tuple[str, ...]]:
    """The marks that count: the adjudicator's, else what both readers said.

    Returns:
        The marks, named after `reader`, with the strata of everybody who marked the image; and the
        images still open: marked by one reader only, or differently and not adjudicated.
    """
    for marks in (first, second, adjudicated):
        _check_marks(marks)
    marks_by_first = {mark.path: mark for mark in first}
    marks_by_second = {mark.path: mark for mark in second}
    final = {mark.path: mark for mark in adjudicated}
    settled, open_paths = [], []
    for path in dict.fromkeys([*marks_by_first, *marks_by_second, *final]):
        held = [marks[path] for marks in (marks_by_first, marks_by_second, final) if path in marks]
        strata = frozenset().union(*(mark.strata for mark in held))
        if path in final:
            verdict = final[path].verdict
        elif (
            path in marks_by_first
            and path in marks_by_second
            and marks_by_first[path].verdict == marks_by_second[path].verdict
        ):
            verdict = marks_by_first[path].verdict
        else:
            open_paths.append(path)
            continue
        settled.append(AuditMark(path=path, reader=reader, verdict=verdict, strata=strata))
    return tuple(settled), tuple(open_paths)


def estimate_wrong_labels(
    audits: Sequence[LabelAudit], images: Mapping[str, int], *, doubtful_is_wrong: bool = True
) -> tuple[tuple[WrongEstimate, ...], WrongEstimate]:
    """How many labels of the set are wrong: for each audited label, and over all of them.

    Each label's share is taken as that of its sample; the interval of the sum adds the squared
    distances of the limits (MOVER). An image with two wrong labels counts twice.

    Args:
        images: images of the set per label.

    Raises:
        ReviewError: the number of images of an audited label is missing, or nothing was judged.

    Source: Zou and Donner 2008, doi:10.1002/sim.3095 (interval of a sum).
    """
    estimates = []
    for audit in audits:
        if audit.label not in images:
            raise ReviewError(f"the number of images labelled {audit.label!r} is not given")
        ppv = audit.ppv_strict if doubtful_is_wrong else audit.ppv_lenient
        if ppv.value is None or ppv.low is None or ppv.high is None:
            raise ReviewError(f"no image labelled {audit.label!r} was judged yet: mark some first")
        count = images[audit.label]
        estimates.append(
            WrongEstimate(
                audit.label,
                count,
                count * (1 - ppv.value),
                count * (1 - ppv.high),
                count * (1 - ppv.low),
            )
        )
    wrong = sum(estimate.wrong for estimate in estimates)
    down = sum((estimate.wrong - estimate.low) ** 2 for estimate in estimates) ** 0.5
    up = sum((estimate.high - estimate.wrong) ** 2 for estimate in estimates) ** 0.5
    total = WrongEstimate(
        "all audited labels",
        sum(estimate.images for estimate in estimates),
        wrong,
        max(0.0, wrong - down),
        wrong + up,
    )
    return tuple(estimates), total


def _draw_patients(
    by_patient: Mapping[str, Sequence[str]], n: int, generator: "np.random.Generator"
) -> list[str]:
    patients = sorted(by_patient)
    order = generator.permutation(len(patients))[:n]
    drawn = []
    for place in order:
        images = by_patient[patients[place]]
        drawn.append(images[int(generator.integers(len(images)))])
    return drawn


def _audit_stratum(stratum: str, marks: Sequence[AuditMark]) -> StratumFigures:
    inside = count_marks(mark for mark in marks if stratum in mark.strata)
    outside = count_marks(mark for mark in marks if stratum not in mark.strata)
    return StratumFigures(
        stratum,
        estimate_proportion(inside.judged + inside.cannot_tell, len(marks)),
        estimate_proportion(inside.fine, inside.judged),
        estimate_proportion(outside.fine, outside.judged),
    )


def _check_marks(marks: Sequence[AuditMark]) -> None:
    counts = Counter(mark.path for mark in marks)
    for path, count in counts.items():
        if count > 1:
            raise ReviewError(f"{path} is marked {count} times by one reader: keep the last mark")
    readers = sorted({mark.reader for mark in marks})
    if len(readers) > 1:
        raise ReviewError(f"marks of {' and '.join(readers)} are mixed: give one reader's marks")
    for mark in marks:
        if mark.verdict not in VERDICTS:
            raise ReviewError(
                f"{mark.path}: {mark.verdict!r} is not a verdict; use {', '.join(VERDICTS)}"
            )
