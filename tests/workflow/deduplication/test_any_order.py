"""In a review, too, groups do not depend on order, batches or runs."""

import dataclasses
import random
from contextlib import suppress

import pytest
from workflow.deduplication.test_run import ARTICLE, OTHER, PREPRINT, TWIN, bring, decide, groups

from review.errors import ReviewError
from review.models import Answer, Record
from review.store import answers, decisions, links, records
from review.store.timestamps import utc_now
from review.workflow.deduplication import run as dedupe
from review.workflow.project.project import Project
from review.workflow.screening import status
from review.workflow.setup.loading import init_project, open_project

Words = list[tuple[str, Record, Record] | None]
"""What was said of which records; None takes the last word back."""


def corpus(dice: random.Random) -> list[Record]:
    """Records of a few works that overlap: versions, twins, another DOI, a missing page."""
    found = []
    for n in range(4):
        title = f"{ARTICLE.title} of ward {n}" if n else str(ARTICLE.title)
        for one in (ARTICLE, TWIN, PREPRINT, dataclasses.replace(PREPRINT, version=2)):
            pages = dice.choice((one.pages, f"{n + 3}-{n + 9}", None))
            doi = dice.choice((one.doi, f"10.1007/s{n}", None)) if one.doi else None
            found.append(dataclasses.replace(one, title=title, pages=pages, doi=doi))
    return list(dict.fromkeys([*found, OTHER]))


def parts(project: Project, place: dict[str, Record]) -> list[frozenset[frozenset[Record]]]:
    """Reports and studies as sets of records."""
    found = []
    for at in (0, 1):
        held: dict[str, set[Record]] = {}
        for key, both in groups(project).items():
            held.setdefault(both[at], set()).add(place[key])
        found.append(frozenset(map(frozenset, held.values())))
    return found


def say(project: Project, key: dict[Record, str], word: tuple[str, Record, Record] | None) -> None:
    """Settles a pair or takes the last word back; what cannot be said is left unsaid."""
    with suppress(ReviewError):
        if word is None:
            dedupe.undo_answer(project, "ada")
        else:
            dedupe.settle_pair(project, (key[word[1]], key[word[2]]), word[0], "ada")


def in_batches(project: Project, given: list[Record], dice: random.Random) -> tuple[Words, dict]:
    """Brings the records a few at a time, with runs, words and undo in between."""
    said, key, rest = Words(), {}, list(given)
    dice.shuffle(rest)
    while rest:
        batch = [rest.pop() for _ in range(min(len(rest), dice.randint(1, 6)))]
        for one in batch:
            [key[one]] = bring(project, one)
        for _ in range(dice.randint(0, 2)):
            dedupe.run_deduplication(project, "ada")
        for _ in range(dice.randint(0, 4)):
            if len(key) > 1:
                pair = dice.sample(list(key), 2)
                word = (
                    None
                    if dice.random() < 0.3
                    else (dice.choice(list(dedupe.VERDICT_BY_ANSWER)), *pair)
                )
                say(project, key, word)
                said.append(word)
    dedupe.run_deduplication(project, "ada")
    return said, key


@pytest.mark.parametrize("seed", range(6))
def test_batches_with_words_between_give_what_all_at_once_gives(tmp_path, seed):
    dice = random.Random(seed)
    given = corpus(dice)
    for name in ("little", "whole"):
        init_project(tmp_path / name)
    little, whole = open_project(tmp_path / "little"), open_project(tmp_path / "whole")
    said, key = in_batches(little, given, dice)
    order = dice.sample(given, len(given))
    there = dict(zip(order, bring(whole, *order, source="mixed"), strict=True))
    for word in said:
        say(whole, there, word)
    dedupe.run_deduplication(whole, "ada")
    expected = parts(whole, {one: record for record, one in there.items()})
    assert parts(little, {one: record for record, one in key.items()}) == expected
    assert dedupe.run_deduplication(little, "ada").links == 0
    assert parts(little, {one: record for record, one in key.items()}) == expected


def everything(project: Project) -> list[object]:
    """All decisions and answers as they stand in the store."""
    with project.store.read() as conn:
        return [*decisions.list_decisions(conn), *answers.list_all_answers(conn)]


def test_a_split_gives_each_record_its_decisions_and_answers_back(project_of_two):
    project, first, twin = project_of_two
    decide(project, first, "include")
    decide(project, twin, "exclude", "ben")
    with project.store.write() as conn:
        for key, picked in ((first, "yes"), (twin, "no")):
            one = Answer(records.parse_record_key(key), "claim-2020", "9", "ada", picked, utc_now())
            answers.add_answers(conn, [one])
    before, joined = everything(project), counted(project)
    assert joined == {
        1: [
            ("decision", "ada", "include"),
            ("decision", "ben", "exclude"),
            ("answer", "ada", "yes"),
            ("answer", "ada", "no"),
        ]
    }
    dedupe.settle_pair(project, (first, twin), "different", "ada")
    alone = counted(project)
    assert alone == {
        1: [("decision", "ada", "include"), ("answer", "ada", "yes")],
        2: [("decision", "ben", "exclude"), ("answer", "ada", "no")],
    }
    assert everything(project) == before
    dedupe.undo_answer(project, "ada")
    assert counted(project) == joined and everything(project) == before
    dedupe.settle_pair(project, (first, twin), "different", "ada")
    assert counted(project) == alone and everything(project) == before


def counted(project: Project) -> dict[int, list[tuple[str, str, str]]]:
    """Report -> the decisions that count for it, and the answers its form is read from."""
    found: dict[int, list[tuple[str, str, str]]] = {}
    with project.store.read() as conn:
        held = status.load_report_decisions(conn, [1, 2])
        for report, stages in held.by_report.items():
            said = [("decision", one.reviewer, str(one.verdict)) for one in stages["screening"]]
            members = links.list_members(conn, [report])[report]
            given = answers.list_all_answers(conn, members)
            found[report] = said + [("answer", one.reviewer, str(one.answer)) for one in given]
    return found


@pytest.fixture
def project_of_two(tmp_path):
    init_project(tmp_path)
    project = open_project(tmp_path)
    first, twin = bring(project, ARTICLE, TWIN)
    dedupe.run_deduplication(project, "ada")
    return project, first, twin
