"""Patients and splits: overlap, repeats, and age, sex, view and site by label."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from review.errors import ReviewError
from review.imaging.labels import LabelRow

CHILD_AGE = 10.0
"""Years below which an image counts as of a child."""
MANY_IMAGES = 10
"""Images above which a patient counts as one with many."""


@dataclass(frozen=True, slots=True)
class SplitOverlap:
    """Patients who appear on both sides of a split."""

    first: str
    second: str
    first_patients: int
    second_patients: int
    shared: tuple[str, ...]
    """Patients on both sides."""
    first_images: int
    """Images of those patients in the first split."""
    second_images: int


@dataclass(frozen=True, slots=True)
class PatientConcentration:
    """How unevenly the images are spread over the patients."""

    images: int
    """Images whose patient is known."""
    unknown: int
    """Images whose patient is not known."""
    patients: int
    repeated: int
    """Patients with more than one image."""
    most: int
    """Images of the patient with the most."""
    many: int
    """What counts as many: more images than this."""
    many_patients: int
    many_images: int

    @property
    def share_of_patients(self) -> float | None:
        """Patients with many images as a share of all patients."""
        return self.many_patients / self.patients if self.patients else None

    @property
    def share_of_images(self) -> float | None:
        """Their images as a share of all images of a known patient."""
        return self.many_images / self.images if self.images else None


@dataclass(frozen=True, slots=True)
class LabelPeople:
    """Who is behind the images of one label."""

    label: str
    images: int
    patients: int | None
    """None if no patient is known."""
    ages: int
    """Images with a known age."""
    age_mean: float | None
    age_median: float | None
    children: int
    """Images of children under ten years."""
    sex: Mapping[str, int]
    view: Mapping[str, int]
    site: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SetPeople:
    """Who is behind the images of a set, and behind each label."""

    all: LabelPeople
    labels: tuple[LabelPeople, ...]
    """In the order of their frequency."""
    concentration: PatientConcentration


def describe_people(rows: Iterable[LabelRow], *, many: int = MANY_IMAGES) -> SetPeople:
    """Age, sex, view and site of a set and by label, and how the patients repeat."""
    held = list(rows)
    by_label: defaultdict[str, list[LabelRow]] = defaultdict(list)
    for row in held:
        for label in row.labels:
            by_label[label].append(row)
    order = sorted(by_label, key=lambda label: (-len(by_label[label]), label))
    return SetPeople(
        _describe_label("all images", held),
        tuple(_describe_label(label, by_label[label]) for label in order),
        measure_concentration(held, many=many),
    )


def measure_concentration(
    rows: Iterable[LabelRow], *, many: int = MANY_IMAGES
) -> PatientConcentration:
    """How many patients hold how many of the images."""
    held = list(rows)
    counts = Counter(row.patient for row in held if row.patient is not None)
    frequent = [count for count in counts.values() if count > many]
    return PatientConcentration(
        images=sum(counts.values()),
        unknown=len(held) - sum(counts.values()),
        patients=len(counts),
        repeated=sum(count > 1 for count in counts.values()),
        most=max(counts.values(), default=0),
        many=many,
        many_patients=len(frequent),
        many_images=sum(frequent),
    )


def find_overlaps(splits: Mapping[str, Sequence[LabelRow]]) -> tuple[SplitOverlap, ...]:
    """Patients shared by each pair of splits, pairs without any included.

    Args:
        splits: name of a split (train, test, ...) to its rows.

    Raises:
        ReviewError: fewer than two splits, or no patient is known in one of them.
    """
    if len(splits) < 2:
        raise ReviewError("patients can only overlap between two splits: name a second one")
    images = {
        name: Counter(row.patient for row in rows if row.patient is not None)
        for name, rows in splits.items()
    }
    for name, counts in images.items():
        if not counts:
            raise ReviewError(f"no patient is known in {name!r}: name the patient column")
    overlaps = []
    for first, second in combinations(splits, 2):
        first_images, second_images = images[first], images[second]
        shared = sorted(set(first_images) & set(second_images))
        overlaps.append(
            SplitOverlap(
                first=first,
                second=second,
                first_patients=len(first_images),
                second_patients=len(second_images),
                shared=tuple(shared),
                first_images=sum(first_images[patient] for patient in shared),
                second_images=sum(second_images[patient] for patient in shared),
            )
        )
    return tuple(overlaps)


def group_by_split(rows: Iterable[LabelRow]) -> dict[str, list[LabelRow]]:
    """Rows by the name in their split column.

    Raises:
        ReviewError: no row names a split.
    """
    splits: defaultdict[str, list[LabelRow]] = defaultdict(list)
    for row in rows:
        if row.split is not None:
            splits[row.split].append(row)
    if not splits:
        raise ReviewError("no row names a split: name the column that holds train and test")
    return dict(splits)


def _describe_label(label: str, rows: Sequence[LabelRow]) -> LabelPeople:
    from statistics import mean, median

    ages = [row.age for row in rows if row.age is not None]
    patients = {row.patient for row in rows if row.patient is not None}
    return LabelPeople(
        label=label,
        images=len(rows),
        patients=len(patients) or None,
        ages=len(ages),
        age_mean=mean(ages) if ages else None,
        age_median=median(ages) if ages else None,
        children=sum(age < CHILD_AGE for age in ages),
        sex=_count_levels(row.sex for row in rows),
        view=_count_levels(row.view for row in rows),
        site=_count_levels(row.site for row in rows),
    )


def _count_levels(values: Iterable[str | None]) -> dict[str, int]:
    return dict(Counter(value for value in values if value is not None).most_common())
