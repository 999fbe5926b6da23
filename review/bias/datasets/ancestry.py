"""Data sets that share images: within a study with the path, across studies as a matrix."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import combinations

from review.bias.datasets.models import Registry

DatasetPath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two sets that may hold the same images."""

    first: str
    second: str
    shared: str
    """The nearest dataset both include; one of the two if it includes the other."""
    first_path: DatasetPath
    """From first down to shared, both inclusive."""
    second_path: DatasetPath
    certain: bool
    """Whether every step of both paths is documented for every release."""


@dataclass(frozen=True, slots=True)
class DatasetMatrix:
    """Studies by data sets."""

    studies: tuple[str, ...]
    datasets: tuple[str, ...]
    """Named by a study or included in a named dataset; most used first."""
    cells: Mapping[tuple[str, str], str]
    """(study, dataset) -> 'named', 'held' (certain component of a named dataset) or 'possible'."""
    silent: tuple[str, ...]
    """Studies that name no registered set."""
    groups: tuple[tuple[str, ...], ...]
    """Groups of studies that certainly share images, directly or indirectly; largest first."""
    sources: tuple[str, ...]
    """Datasets, named or certainly included, with original images."""


def find_contained_sets(registry: Registry, set_id: str) -> dict[str, tuple[DatasetPath, bool]]:
    """Every dataset whose images are in this one, including itself: shortest path, and certainty.

    A certain path is preferred to a shorter uncertain one.
    """
    certain = _find_paths(registry, set_id, only_certain=True)
    possible = _find_paths(registry, set_id, only_certain=False)
    contents = {node: (path, True) for node, path in certain.items()}
    return contents | {
        node: (path, False) for node, path in possible.items() if node not in contents
    }


def _find_paths(registry: Registry, set_id: str, *, only_certain: bool) -> dict[str, DatasetPath]:
    """Shortest path to every dataset included in one, level by level."""
    paths: dict[str, DatasetPath] = {set_id: (set_id,)}
    queue = [set_id]
    while queue:
        node = queue.pop(0)
        for component in registry[node].components:
            if component.id not in paths and (component.certain or not only_certain):
                paths[component.id] = (*paths[node], component.id)
                queue.append(component.id)
    return paths


def find_overlaps(registry: Registry, ids: Iterable[str]) -> list[Overlap]:
    """For every two named datasets, the nearest datasets both include; certain ones first."""
    overlap_list: list[Overlap] = []
    contents_by_set = {
        set_id: find_contained_sets(registry, set_id) for set_id in dict.fromkeys(ids)
    }
    for first, second in combinations(contents_by_set, 2):
        common = set(contents_by_set[first]) & set(contents_by_set[second])
        inner = {
            inner_id
            for node in common
            for inner_id in find_contained_sets(registry, node)
            if inner_id != node
        }
        for shared in sorted(common - inner):
            (first_path, first_certain), (second_path, second_certain) = (
                contents_by_set[first][shared],
                contents_by_set[second][shared],
            )
            overlap_list.append(
                Overlap(
                    first=first,
                    second=second,
                    shared=shared,
                    first_path=first_path,
                    second_path=second_path,
                    certain=first_certain and second_certain,
                )
            )
    return sorted(overlap_list, key=lambda o: (not o.certain, o.first, o.second, o.shared))


def count_comparable_sets(registry: Registry, ids: Iterable[str]) -> int:
    """The largest number of data sets of one modality; a set and a subset of it count once."""
    known = [set_id for set_id in dict.fromkeys(ids) if set_id in registry]
    whole_sets = {
        component.id
        for set_id in known
        if registry[set_id].kind == "subset"
        for component in registry[set_id].components
    }
    separate = [set_id for set_id in known if set_id not in whole_sets]
    modalities = {modality for set_id in separate for modality in registry[set_id].modality}
    return max(
        (sum(one in registry[set_id].modality for set_id in separate) for one in modalities),
        default=0,
    )


def format_overlap_path(registry: Registry, overlap: Overlap) -> str:
    """The path in words: 'COVIDx CXR ← RSNA ... → ChestX-ray14'."""
    first_names = [registry[set_id].name for set_id in overlap.first_path]
    second_names = [registry[set_id].name for set_id in reversed(overlap.second_path)]
    return " → ".join(first_names) + "".join(f" ← {name}" for name in second_names[1:])


def group_by_age(registry: Registry, ids: Iterable[str]) -> dict[str, list[str]]:
    """Datasets (named or certainly included) by age group; unknown ones omitted."""
    sets_by_age: dict[str, list[str]] = {}
    for set_id in dict.fromkeys(ids):
        for node, (_, certain) in find_contained_sets(registry, set_id).items():
            age = registry[node].population.age
            if certain and age != "unknown" and node not in sets_by_age.setdefault(age, []):
                sets_by_age[age].append(node)
    return sets_by_age


def build_matrix(registry: Registry, sets_by_study: Mapping[str, Sequence[str]]) -> DatasetMatrix:
    """Studies by datasets, including shared source datasets.

    Args:
        named: for each study, the ids of the datasets it used; empty if it names none.
    """
    cells: dict[tuple[str, str], str] = {}
    for study, ids in sets_by_study.items():
        for set_id in ids:
            for node, (path, certain) in find_contained_sets(registry, set_id).items():
                kind = "named" if len(path) == 1 else "held" if certain else "possible"
                strongest = min(kind, cells.get((study, node), kind), key=_KIND_ORDER.index)
                cells[(study, node)] = strongest
    counts: dict[str, tuple[int, int]] = {}
    for (_, node), kind in cells.items():
        certain_count, total_count = counts.get(node, (0, 0))
        counts[node] = (certain_count + (kind != "possible"), total_count + 1)
    order = sorted(counts, key=lambda node: (*(-n for n in counts[node]), node))
    certain_cells = {key for key, kind in cells.items() if kind != "possible"}
    roots = _find_image_sources(registry, {node for _, node in certain_cells})
    return DatasetMatrix(
        studies=tuple(sets_by_study),
        datasets=tuple(order),
        cells=cells,
        silent=tuple(study for study, ids in sets_by_study.items() if not ids),
        groups=_group_studies(sets_by_study, certain_cells),
        sources=tuple(sorted(roots)),
    )


_KIND_ORDER = ("named", "held", "possible")


def _find_image_sources(registry: Registry, present: Set[str]) -> set[str]:
    """The datasets with original images.

    A combined dataset or subset has none, unless none of its possible sources is present.
    """
    sources = set()
    for node in present:
        component_ids = {component.id for component in registry[node].components}
        is_original = registry[node].kind in ("primary", "case_collection")
        if is_original or not component_ids & present:
            sources.add(node)
    return sources


def _group_studies(
    sets_by_study: Mapping[str, Sequence[str]], cells: Iterable[tuple[str, str]]
) -> tuple[tuple[str, ...], ...]:
    """Connected groups of two or more studies that share a dataset."""
    group = {study: {study} for study in sets_by_study}
    by_node: dict[str, list[str]] = {}
    for study, node in cells:
        by_node.setdefault(node, []).append(study)
    for studies in by_node.values():
        merged = set().union(*(group[study] for study in studies))
        for study in merged:
            group[study] = merged
    positions = {study: index for index, study in enumerate(sets_by_study)}
    groups = {tuple(sorted(members, key=positions.__getitem__)) for members in group.values()}
    return tuple(
        sorted((g for g in groups if len(g) > 1), key=lambda g: (-len(g), positions[g[0]]))
    )


def summarize_matrix(registry: Registry, table: DatasetMatrix) -> str:
    """One sentence for the report: number of studies and of distinct source datasets."""
    studies = len(table.studies)
    naming_count = studies - len(table.silent)
    if not naming_count:
        return f"None of the {studies} {_pluralize_studies(studies)} names a known public dataset."
    sources = len(table.sources)
    text = (
        f"{naming_count} of {studies} {_pluralize_studies(studies)} name known public datasets, "
        f"drawn from {sources} distinct {'source' if sources == 1 else 'sources'}"
    )
    most_used = table.datasets[0]
    sharing_count = sum(
        1 for study in table.studies if table.cells.get((study, most_used)) in _CERTAIN_KINDS
    )
    if sharing_count > 1:
        text += f"; {sharing_count} include images of {registry[most_used].name}"
    if table.groups:
        joined_count = sum(len(group) for group in table.groups)
        text += (
            f". {joined_count} of them share images with another study; the largest group has "
            f"{len(table.groups[0])}"
        )
    return text + "."


_CERTAIN_KINDS = ("named", "held")


def _pluralize_studies(count: int) -> str:
    return "study" if count == 1 else "studies"
