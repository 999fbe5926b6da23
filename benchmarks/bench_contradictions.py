"""Changes one number at a time in papers of the learning half, and counts the changes found.

    bench_contradictions.py [PAPERS] [--each 4] [--seed 1] [--detail]

A number is changed by one digit, or two digits change places, where the paper gives it more than
once: a size in two places, a figure of the abstract, a figure of the text that a table has. What
the number checks say of an unchanged paper is listed first; each is a labelled contradiction or a
false alarm.
"""

import argparse
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench_labels import CORPORA
from paper_labels import PaperLabels, load_labels, locate_sentences, read_papers

from review.bias import number_checks
from review.bias.number_checks.rows import is_row
from review.fulltext import FullText, list_tables
from review.models import PrintedTable, Sentence

_NUMBER = re.compile(
    r"(?<![\w.,/-])(?:\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?)(?![\w/]|,\d|\.\d)",
)
_UNIT = re.compile(
    r"\s+(?:[a-zA-Z][\w-]*\s+){0,3}?(?:patients?|subjects?|participants?|cases?|images?|scans?|"
    r"slices?|slides?|cells?|lesions?|nodules?|samples?|men|women|males?|females?|controls?)\b",
    re.I,
)
_LEFT_OUT = ("references", "related work", "keywords", "statements", "")


@dataclass(frozen=True, slots=True)
class Plant:
    """A number that can be changed."""

    kind: str
    sentence: int
    start: int
    printed: str


def list_plants(sentences: Sequence[Sentence]) -> Iterator[Plant]:
    """Numbers that a paper gives more than once, by kind."""
    used = [n for n, s in enumerate(sentences) if s.section not in _LEFT_OUT]
    numbers = {n: {_plain(x) for x in _NUMBER.findall(sentences[n].text)} for n in used}
    sizes = {n: {_plain(m[0]) for m in _list_sized(sentences[n].text)} for n in used}
    for n in used:
        text, in_row = sentences[n].text, is_row(sentences[n].text)
        for match in _NUMBER.finditer(text):
            value = _plain(match[0])
            others = [m for m in used if m != n and value in numbers[m]]
            digits = len(value.replace(".", "").lstrip("0"))
            if in_row or not others or digits < 2:
                continue
            is_size = "." not in value and bool(_UNIT.match(text, match.end()))
            if is_size and any(value in sizes[m] for m in others):
                yield Plant("size in two places", n, match.start(), match[0])
            elif "." in value and digits > 2:
                if sentences[n].section == "abstract":
                    yield Plant("figure of the abstract", n, match.start(), match[0])
                elif any(is_row(sentences[m].text) for m in others):
                    yield Plant("figure of a table", n, match.start(), match[0])


def _list_sized(text: str) -> Iterator[re.Match[str]]:
    return (match for match in _NUMBER.finditer(text) if _UNIT.match(text, match.end()))


def _plain(printed: str) -> str:
    return printed.replace(",", "")


def change_number(printed: str, generator: random.Random) -> str:
    """The number with another digit, or with two digits that changed places."""
    places = [n for n, c in enumerate(printed) if c.isdigit()]
    while True:
        digits = list(printed)
        if generator.random() < 0.4:
            first, second = sorted(generator.sample(places, 2))
            digits[first], digits[second] = digits[second], digits[first]
        else:
            digits[generator.choice(places)] = str(generator.randrange(10))
        changed = "".join(digits)
        if changed != printed and (changed[0] != "0" or printed[0] == "0"):
            return changed


def list_reports(
    sentences: Sequence[Sentence], tables: Sequence[PrintedTable]
) -> set[tuple[int, str]]:
    """Sentence and words of each contradiction that is reported."""
    checks = number_checks.check_sentences(sentences, tables)
    return {(check.sentence, problem.text) for check in checks for problem in check.problems}


def is_found(text: FullText, plant: Plant, changed: str) -> bool:
    """Whether a changed number is named by a contradiction that was not reported before."""
    tables, sentences = list_tables(text), list(text.sentences)
    before = list_reports(sentences, tables)
    old = sentences[plant.sentence].text
    new = old[: plant.start] + changed + old[plant.start + len(plant.printed) :]
    sentences[plant.sentence] = replace(sentences[plant.sentence], text=new)
    added = list_reports(sentences, tables) - before
    return any(_plain(changed) in _plain(words) for _, words in added)


def list_false_alarms(paper: PaperLabels, text: FullText) -> list[tuple[int, str]]:
    """What is reported of a paper as it is, without the contradictions that were labelled."""
    places = locate_sentences(paper, text.sentences)
    known = {places[n] for c in paper.contradictions for n in (*c.at, *c.against) if n in places}
    reports = list_reports(text.sentences, list_tables(text))
    return sorted(report for report in reports if report[0] not in known)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("papers", nargs="?", type=Path, default=CORPORA / "papers")
    parser.add_argument("--each", type=int, default=4, help="changes of a kind in a paper")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--detail", action="store_true", help="list each change")
    options = parser.parse_args()
    if not options.papers.is_dir():
        parser.error(f"{options.papers}: no such folder. Give the folder of the labelled papers.")
    papers = load_labels()
    counts: Counter[tuple[str, bool]] = Counter()
    for paper, text in zip(papers, read_papers(papers, options.papers), strict=True):
        for sentence, words in list_false_alarms(paper, text):
            print(f"not labelled  {paper.file} {sentence}: {words}")
        generator = random.Random(f"{paper.file}{options.seed}")
        plants = list(list_plants(text.sentences))
        for kind in sorted({plant.kind for plant in plants}):
            own = [plant for plant in plants if plant.kind == kind]
            for plant in generator.sample(own, min(options.each, len(own))):
                changed = change_number(plant.printed, generator)
                found = is_found(text, plant, changed)
                counts[kind, found] += 1
                if options.detail:
                    verdict = "found " if found else "missed"
                    print(f"{verdict} {paper.file} {kind}: {plant.printed} -> {changed}")
    for kind in sorted({kind for kind, _ in counts}):
        right, missed = counts[kind, True], counts[kind, False]
        print(f"{kind:<24} {right} of {right + missed} changes found")


if __name__ == "__main__":
    main()
