"""Which sets hold which: overlap within a study with its path, and across studies as a matrix."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import combinations

from review.bias.datasets.models import Registry

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two sets that may hold the same images."""

    first: str
    second: str
    shared: str
    """The nearest set both hold; one of the two where one holds the other."""
    first_path: Path
    """From first down to shared, both ends included."""
    second_path: Path
    certain: bool
    """Whether every step of both paths is documented for every release."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Studies by data sets."""

    studies: tuple[str, ...]
    datasets: tuple[str, ...]
    """Named by a study or held by a named set; the most used first."""
    cells: Mapping[tuple[str, str], str]
    """(study, set) to 'named', 'held' (a component of a named set, certain) or 'possible'."""
    silent: tuple[str, ...]
    """Studies that name no registered set."""
    groups: tuple[tuple[str, ...], ...]
    """Studies joined by certainly shared images, directly or through others; largest first."""
    sources: tuple[str, ...]
    """Sets, named or certainly held, that bring images of their own."""


def holds(registry: Registry, one: str) -> dict[str, tuple[Path, bool]]:
    """Every set whose images are in this one, itself included: shortest path, and whether certain.

    A certain path is preferred to a shorter uncertain one.
    """
    certain = _reached(registry, one, only_certain=True)
    possible = _reached(registry, one, only_certain=False)
    out = {node: (path, True) for node, path in certain.items()}
    return out | {node: (path, False) for node, path in possible.items() if node not in out}


def _reached(registry: Registry, one: str, *, only_certain: bool) -> dict[str, Path]:
    """Shortest path to every set inside one, level by level."""
    out: dict[str, Path] = {one: (one,)}
    waiting = [one]
    while waiting:
        node = waiting.pop(0)
        for component in registry[node].components:
            if component.id not in out and (component.certain or not only_certain):
                out[component.id] = (*out[node], component.id)
                waiting.append(component.id)
    return out


def overlaps(registry: Registry, ids: Iterable[str]) -> list[Overlap]:
    """For every two named sets, the nearest sets both hold; certain ones first."""
    out: list[Overlap] = []
    held = {one: holds(registry, one) for one in dict.fromkeys(ids)}
    for first, second in combinations(held, 2):
        common = set(held[first]) & set(held[second])
        inner = {low for node in common for low in holds(registry, node) if low != node}
        for shared in sorted(common - inner):
            (first_path, a), (second_path, b) = held[first][shared], held[second][shared]
            out.append(Overlap(first, second, shared, first_path, second_path, a and b))
    return sorted(out, key=lambda o: (not o.certain, o.first, o.second, o.shared))


def drawn(registry: Registry, overlap: Overlap) -> str:
    """The path in words: 'COVIDx CXR ← RSNA ... → ChestX-ray14'."""
    up = [registry[one].name for one in overlap.first_path]
    down = [registry[one].name for one in reversed(overlap.second_path)]
    return " → ".join(up) + "".join(f" ← {name}" for name in down[1:])


def ages(registry: Registry, ids: Iterable[str]) -> dict[str, list[str]]:
    """Sets (named or certainly held) by the age of the people in them; unknown left out."""
    out: dict[str, list[str]] = {}
    for one in dict.fromkeys(ids):
        for node, (_, certain) in holds(registry, one).items():
            age = registry[node].population.age
            if certain and age != "unknown" and node not in out.setdefault(age, []):
                out[age].append(node)
    return out


def matrix(registry: Registry, named: Mapping[str, Sequence[str]]) -> Matrix:
    """Studies by data sets, shared ancestry counted.

    Args:
        named: for each study, the ids of the sets it used; none for a study that names none.
    """
    cells: dict[tuple[str, str], str] = {}
    for study, ids in named.items():
        for one in ids:
            for node, (path, certain) in holds(registry, one).items():
                kind = "named" if len(path) == 1 else "held" if certain else "possible"
                best = min(kind, cells.get((study, node), kind), key=_STRENGTH.index)
                cells[(study, node)] = best
    counts: dict[str, tuple[int, int]] = {}
    for (_, node), kind in cells.items():
        sure, all_ = counts.get(node, (0, 0))
        counts[node] = (sure + (kind != "possible"), all_ + 1)
    order = sorted(counts, key=lambda node: (*(-n for n in counts[node]), node))
    certain_cells = {key for key, kind in cells.items() if kind != "possible"}
    roots = _sources(registry, {node for _, node in certain_cells})
    return Matrix(
        studies=tuple(named),
        datasets=tuple(order),
        cells=cells,
        silent=tuple(study for study, ids in named.items() if not ids),
        groups=_groups(named, certain_cells),
        sources=tuple(sorted(roots)),
    )


_STRENGTH = ("named", "held", "possible")


def _sources(registry: Registry, present: Set[str]) -> set[str]:
    """The sets that bring images of their own.

    A remix or subset brings none, unless nothing of what it may hold is present by itself.
    """
    out = set()
    for node in present:
        inside = {component.id for component in registry[node].components}
        own = registry[node].kind in ("primary", "case_collection")
        if own or not inside & present:
            out.add(node)
    return out


def _groups(
    named: Mapping[str, Sequence[str]], cells: Iterable[tuple[str, str]]
) -> tuple[tuple[str, ...], ...]:
    """Studies joined where they share a set, as connected groups of two and more."""
    group = {study: {study} for study in named}
    by_node: dict[str, list[str]] = {}
    for study, node in cells:
        by_node.setdefault(node, []).append(study)
    for studies in by_node.values():
        merged = set().union(*(group[study] for study in studies))
        for study in merged:
            group[study] = merged
    order = {study: place for place, study in enumerate(named)}
    found = {tuple(sorted(members, key=order.__getitem__)) for members in group.values()}
    return tuple(sorted((g for g in found if len(g) > 1), key=lambda g: (-len(g), order[g[0]])))


def sentence(registry: Registry, table: Matrix) -> str:
    """One sentence for the report: how many studies rest on how many distinct sources."""
    studies = len(table.studies)
    naming = studies - len(table.silent)
    if not naming:
        return f"None of the {studies} {_studies(studies)} names a registered public data set."
    sources = len(table.sources)
    text = (
        f"{naming} of {studies} {_studies(studies)} name registered public data sets and rest on "
        f"{sources} distinct {'source' if sources == 1 else 'sources'}"
    )
    top = table.datasets[0]
    sharing = sum(1 for study in table.studies if table.cells.get((study, top)) in _SURE)
    if sharing > 1:
        text += f"; {sharing} hold images of {registry[top].name}"
    if table.groups:
        joined = sum(len(group) for group in table.groups)
        text += (
            f". {joined} of them share images with another of the studies, "
            f"the largest group having {len(table.groups[0])}"
        )
    return text + "."


_SURE = ("named", "held")


def _studies(count: int) -> str:
    return "study" if count == 1 else "studies"
