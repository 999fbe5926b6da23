"""Agreement of the two passes over the labelled papers, for facts and for sentences.

    bench_agreement.py [--rules]

Facts are the label of a rule, a data set, a contradiction, and whether a checklist item is
answered. Sentences are those that were named for an item or a pitfall. Kappa is Cohen's, and is
missing where only what a pass named is listed. "Both of either" counts what both passes named among
all that one of them named. --rules lists each rule.
"""

import argparse
from collections.abc import Sequence

from bench_labels import KINDS
from label_passes import (
    PaperPasses,
    load_all_passes,
    load_modes,
    pair_contradictions,
    pair_datasets,
    pair_items,
    pair_rules,
)

from review import resources
from review.agreement import kappa
from review.checklists import list_items, load_checklist

Pairs = list[tuple[str, str]]


def pair_all_rules(papers: Sequence[PaperPasses]) -> dict[str, Pairs]:
    """Rule -> its labels in both passes, one pair a paper."""
    modes = load_modes()
    pairs: dict[str, Pairs] = {rule: [] for rule in modes}
    for passes in papers:
        for rule, labels in pair_rules(passes, modes).items():
            if modes[rule] != "absent" or passes.first.imaging_ai:
                pairs[rule].append(labels)
    return pairs


def pair_answered(papers: Sequence[PaperPasses]) -> Pairs:
    """Whether an item is answered, one pair an item and paper; papers without evidence are out."""
    pairs: Pairs = []
    for passes in papers:
        found = {(name, number): pair for name, number, *pair in pair_items(passes)}
        for checklist in dict.fromkeys(name for name, _ in found):
            path = resources.get_shipped_path("checklists") / f"{checklist}.yaml"
            for item in list_items(load_checklist(path)):
                first, second = found.get((checklist, str(item.number)), (set(), set()))
                pairs.append(("yes" if first else "no", "yes" if second else "no"))
    return pairs


def pair_sentences(papers: Sequence[PaperPasses]) -> Pairs:
    """Whether a sentence answers an item, for each item that both passes answer."""
    return [
        ("yes" if n in first else "no", "yes" if n in second else "no")
        for passes in papers
        for _, _, first, second in pair_items(passes)
        if first and second
        for n in range(passes.sentences)
    ]


def share_sentences(papers: Sequence[PaperPasses]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Items, and pitfalls present, of which both passes name a same sentence, and of how many."""
    items = [
        bool(first & second)
        for passes in papers
        for _, _, first, second in pair_items(passes)
        if first and second
    ]
    rules = [
        bool({*label.at} & {*other.at})
        for passes in papers
        for rule, label in passes.first.rules.items()
        if (other := passes.second.rules.get(rule))
        and label.label == other.label == "present"
        and label.at
        and other.at
    ]
    return (sum(items), len(items)), (sum(rules), len(rules))


def format_row(name: str, pairs: Pairs, wanted: str, has_negatives: bool = True) -> str:
    """One line: units, agreement, kappa, and how often both named what either named.

    Kappa needs units that neither pass named (has_negatives).
    """
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    same = sum(a == b for a, b in pairs)
    both = sum(a == b == wanted for a, b in pairs)
    either = sum(wanted in pair for pair in pairs)
    figure = kappa(first, second).value if has_negatives else None
    value = "-" if figure is None else f"{figure:.2f}"
    share = f"{100 * same / len(pairs):4.0f} %" if pairs else "     -"
    return f"{name:<42}{len(pairs):>7}{share:>8}{value:>8}{both:>8} of {either}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", action="store_true", help="list each rule")
    options = parser.parse_args()
    papers = load_all_passes()
    modes = load_modes()
    rules = pair_all_rules(papers)
    print(f"{len(papers)} papers read twice")
    print(f"{'':<42}{'units':>7}{'same':>8}{'kappa':>8}{'both of either':>16}")
    for kind in dict.fromkeys(KINDS.values()):
        pairs = [p for rule, own in rules.items() if KINDS[modes[rule]] == kind for p in own]
        print(format_row(f"rules: {kind}", pairs, "present"))
    print(format_row("rules: all", [p for own in rules.values() for p in own], "present"))
    datasets = [pair for passes in papers for pair in pair_datasets(passes).values()]
    print(format_row("data sets named", datasets, "used", has_negatives=False))
    found = [pair for passes in papers for pair in pair_contradictions(passes).values()]
    print(format_row("contradictions", found, "yes", has_negatives=False))
    print(format_row("items of a checklist answered", pair_answered(papers), "yes"))
    print(format_row("sentences for an item both answer", pair_sentences(papers), "yes"))
    items, present = share_sentences(papers)
    print(f"a same sentence for the item: {items[0]} of {items[1]}")
    print(f"a same sentence for the pitfall: {present[0]} of {present[1]}")
    if options.rules:
        for rule, pairs in rules.items():
            print(format_row(rule, pairs, "present"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
