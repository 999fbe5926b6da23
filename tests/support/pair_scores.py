"""Scores groups of records against the true groups, pair by pair."""

from collections import Counter, defaultdict
from math import comb


def score_groups(truth: dict[str, str], groups: dict[str, str]) -> dict[str, float | list[str]]:
    """Precision and recall over pairs, and the groups that mix several works.

    Args:
        truth, groups: record -> work, record -> group; of the same records.
    """
    assert truth.keys() == groups.keys()
    cells = Counter((groups[record], truth[record]) for record in truth)
    found = sum(comb(n, 2) for n in cells.values())
    claimed = sum(comb(n, 2) for n in Counter(groups.values()).values())
    true_pairs = sum(comb(n, 2) for n in Counter(truth.values()).values())
    works = defaultdict(set)
    for group, work in cells:
        works[group].add(work)
    mixed = sorted(group for group, inside in works.items() if len(inside) > 1)
    return {
        "precision": found / claimed if claimed else 1.0,
        "recall": found / true_pairs if true_pairs else 1.0,
        "false_merge_groups": len(mixed),
        "_mixed_groups": mixed,
    }
