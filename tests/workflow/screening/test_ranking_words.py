"""The words that rank a record higher: those of the order, blinded, and none where switched off."""

import json
import re
from dataclasses import replace

import pytest
from support.small import studies

from review.models import Record
from review.protocol.models import find_stage
from review.ranking import (
    RankingPolicy,
    TrainingLabel,
    build_text,
    explain_score,
    list_pulling_words,
    name_main_words,
    name_pulling_words,
    prepare_features,
)
from review.workflow.screening import ranking, ranking_words, reviewing
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import open_project

TA = "title-abstract"
TOPICS = (
    "ResNet-50 finds pneumothorax on films",
    "Nurses and budgets of rural hospitals",
    "A forest predicts stroke from notes",
)
OPEN = 13
"""Open to ada; ben may have judged it."""


def make_review(folder, thought=None):
    """Ada and ben have settled the first six of thirty; ben may have judged an open one."""
    folder.mkdir(exist_ok=True)
    titles = [f"{TOPICS[n % 3]}, part {n}" for n in range(30)]
    project = studies(folder, [Record("embase", title=title) for title in titles])
    path = folder / "protocol.yaml"
    path.write_text(re.sub(r"question: .*", "question: A question of its own", path.read_text()))
    project = open_project(folder, who="ada")
    for number in range(1, 7):
        verdict = "include" if number % 3 == 1 else "exclude"
        for name in ("ada", "ben"):
            add_decision(project, NewDecision(number, TA, name, verdict))
    if thought:
        add_decision(project, NewDecision(OPEN, TA, "ben", thought))
    return project


def train(project):
    ranking.retrain_ranking(project, find_stage(project.protocol, "screening"))


def name_words(project, number, reviewer="ada"):
    stage = find_stage(project.protocol, "screening")
    view = reviewing.get_report_view(project, stage, reviewer, f"R{number:06d}")
    return ranking_words.name_words(
        project, stage, number, reviewer, title=view.record.title, abstract=view.abstract
    )


def test_the_words_are_those_that_explain_the_order(tmp_path):
    project = make_review(tmp_path / "r")
    assert name_words(project, OPEN) == ()  # nothing is ordered yet
    train(project)
    stage = find_stage(project.protocol, "screening")
    for number in (OPEN, 16, 28):
        explained = ranking.explain_position(project, stage, f"R{number:06d}", reader="ada")
        words = name_words(project, number)
        assert words == explained.because
        assert {word.lower() for word in words} & {"pneumothorax", "resnet", "pneumothorax films"}
    assert name_words(project, 14) == ()  # nothing pulls the budgets of hospitals forward


def test_what_a_colleague_thought_of_an_open_record_changes_no_word(tmp_path):
    told = set()
    for thought in (None, "include", "exclude", "unsure"):
        project = make_review(tmp_path / str(thought), thought)
        train(project)
        words = json.loads((project.folder / ranking_words.WORDS_FILE).read_text())
        told.add(json.dumps([words[TA]["ada"], [name_words(project, n) for n in (OPEN, 14, 15)]]))
        own = words[TA]["ben"]
    assert len(told) == 1
    assert own != json.loads(told.pop())[0]  # ben's own opinion does teach him something


def test_decisions_on_other_open_records_change_no_word_either(tmp_path):
    told = []
    for thoughts in (("include", "exclude"), ("exclude", "include")):
        project = make_review(tmp_path / thoughts[0])
        for number in range(7, 13):
            add_decision(project, NewDecision(number, TA, "ben", thoughts[number % 2]))
        train(project)
        told.append([name_words(project, number) for number in range(13, 31)])
    assert told[0] == told[1]
    assert any(told[0])


def test_no_words_on_a_pilot_record_or_where_the_protocol_switches_them_off(tmp_path):
    project = make_review(tmp_path / "r")
    train(project)
    assert name_words(project, OPEN)
    path = project.folder / "protocol.yaml"
    plain = path.read_text()
    assert "pilot: 0" in plain
    path.write_text(re.sub(r"ranking:( \{)?", lambda m: add_key(m, "show_words: false"), plain))
    off = open_project(project.folder, who="ada")
    assert not off.protocol.ranking.show_words
    assert name_words(off, OPEN) == ()
    train(off)
    words = json.loads((off.folder / ranking_words.WORDS_FILE).read_text())
    assert words == {TA: {}}
    settings = replace(project.protocol.ranking, model="random")
    at_random = replace(project, protocol=replace(project.protocol, ranking=settings))
    train(project)
    assert name_words(project, OPEN)
    assert name_words(at_random, OPEN) == ()


def add_key(match, key):
    return f"ranking: {{{key}, " if match.group(1) else f"ranking:\n  {key}"


def test_pilot_records_are_shown_without_words(tmp_path):
    titles = [f"{TOPICS[n % 3]}, part {n}" for n in range(30)]
    project = studies(tmp_path, [])
    path = tmp_path / "protocol.yaml"
    path.write_text(path.read_text().replace("pilot: 0", "pilot: 6"))
    project = open_project(tmp_path, who="ada")
    from review.store import records
    from review.store.timestamps import utc_now
    from review.workflow.screening import status
    from review.workflow.screening.assignment import enqueue

    stage = find_stage(project.protocol, "screening")
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="embase")
        given = [(n, Record("embase", title=title)) for n, title in enumerate(titles, 1)]
        records.add_records(conn, batch, given, utc_now())
        status.rebuild_statuses(project, conn)
        enqueue(project, conn, stage)
    from review.store import screening_queue

    with project.store.read() as conn:
        pilot = [one.record for one in screening_queue.list_positions(conn, stage.id) if one.pilot]
    rest = [n for n in range(1, 31) if n not in pilot]
    assert len(pilot) == 6
    for number in rest[:9]:
        verdict = "include" if number % 3 == 1 else "exclude"
        add_decision(project, NewDecision(number, TA, "ada", verdict))
    train(project)
    assert [name_words(project, number) for number in pilot] == [()] * 6
    assert any(name_words(project, number) for number in rest[9:])


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"title-abstract": {"ada": {}}}'])
def test_a_damaged_file_of_words_costs_the_words_alone(tmp_path, damage):
    project = make_review(tmp_path / "r")
    train(project)
    path = project.folder / ranking_words.WORDS_FILE
    assert path.stat().st_mode & 0o077 == 0
    path.write_text(damage)
    assert name_words(project, OPEN) == ()
    train(project)
    assert name_words(project, OPEN)


def test_words_found_in_a_text_are_the_ones_its_score_is_made_of():
    texts = [
        build_text(f"{TOPICS[n % 3]} {n}", "Pneumothorax or pneumothorax." if n % 6 == 0 else "")
        for n in range(60)
    ]
    features = prepare_features(texts, "pneumothorax by ResNet")
    policy = RankingPolicy()
    for labels in ({}, {0: TrainingLabel(True), 1: TrainingLabel(False)}):
        pulling = list_pulling_words(features, labels, policy)
        assert list(pulling.values()) == sorted(pulling.values(), reverse=True)
        assert not {"on", "and", "of", "part 1"} & set(pulling)
        for position in (3, 4, 5, 6, 30):
            explained = explain_score(features, labels, policy, position)
            assert name_pulling_words(pulling, texts[position]) == name_main_words(
                explained, texts[position]
            )
    assert len(list_pulling_words(features, labels, policy, most=2)) == 2
    assert name_pulling_words({}, texts[0]) == name_pulling_words(pulling, "") == ()
