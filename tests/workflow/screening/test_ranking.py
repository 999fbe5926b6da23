"""The ranking of a review: random until it can learn, reproducible, never losing a record."""

import pytest

from review.errors import ReviewError
from review.models import Record
from review.protocol import find_stage
from review.ranking import (
    bench_ranker,
    build_text,
    order_candidates,
    prepare_features,
    score_records,
)
from review.store import records, screening_queue
from review.store.timestamps import utc_now
from review.workflow.exports import methods_text, snapshot
from review.workflow.exports.prisma_inputs import compute_flow
from review.workflow.records.import_decisions import import_decisions
from review.workflow.screening import agreement, reviewing, status
from review.workflow.screening import ranking as ordering
from review.workflow.setup.loading import init_project, open_project

GOOD = "deep learning on chest radiographs for pneumonia number"
BAD = "nursing staff and hospital budgets in rural regions number"


@pytest.fixture
def project(tmp_path):
    init_project(tmp_path)
    path = tmp_path / "protocol.yaml"
    path.write_text(path.read_text().replace("reviewers: 2 ", "reviewers: 1 ", 1))
    opened = open_project(tmp_path, who="ada")
    with opened.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="embase")
        given = [
            (n, Record("embase", title=f"{GOOD if n % 5 == 0 else BAD} {n}")) for n in range(1, 201)
        ]
        records.add_records(conn, batch, given, utc_now())
        status.rebuild_statuses(opened, conn)
    return opened


def screen(project, stage, most):
    """Judges so many records; gives their numbers."""
    judged = []
    for _ in range(most):
        one = reviewing.get_next_record(project, stage, "ada")
        verdict = "include" if one.number % 5 == 0 else "exclude"
        reviewing.save_decision(project, stage, "ada", one.number, verdict)
        judged.append(one.number)
    return judged


def test_the_order_is_random_until_there_are_enough_of_each(project):
    stage = find_stage(project.protocol, "screening")
    screen(project, stage, 5)
    assert ordering.retrain_ranking(project, stage).model == "random"


def test_what_was_learned_comes_first_and_nothing_is_lost(project):
    stage = find_stage(project.protocol, "screening")
    screen(project, stage, 60)
    done = ordering.retrain_ranking(project, stage)
    assert (done.model, done.labels, done.ranked) == ("light", 60, 140)
    with project.store.read() as conn:
        places = screening_queue.list_positions(conn, stage.id)
    assert sorted(place.record for place in places) == list(range(1, 201))
    assert [place.position for place in places] == list(range(200))
    left = [place for place in places[60:] if not place.drawn]
    wanted = sum(n % 5 == 0 for n in (place.record for place in places[60:]))
    front = [place.record % 5 == 0 for place in left[: wanted - 6]]
    assert sum(front) / len(front) > 0.9
    assert any(place.drawn for place in places[60:])
    told = ordering.explain_position(project, stage, f"R{left[0].record:06d}")
    assert (told.model, told.learned_from, told.waiting) == ("light", 60, 140)
    assert told.place == left[0].position - 59
    assert told.words[0][1] > 0
    assert sum(abs(part) for _, part in told.words) <= 1


def test_each_record_keeps_the_score_and_the_model_that_put_it_there(project):
    stage = find_stage(project.protocol, "screening")
    screen(project, stage, 60)
    ordering.retrain_ranking(project, stage)
    shown = screen(project, stage, 10)
    with project.store.read() as conn:
        before = {one.record: one for one in screening_queue.list_positions(conn, stage.id)}
    ordering.retrain_ranking(project, stage)
    for number in shown:
        told = ordering.explain_position(project, stage, f"R{number:06d}")
        assert (told.place, told.learned_from, told.score) == (None, 60, before[number].score)
    with project.store.read() as conn:
        after = screening_queue.list_positions(conn, stage.id)
    assert ordering.explain_position(project, stage, f"R{after[-1].record:06d}").learned_from == 70


def test_what_is_judged_while_an_order_is_learned_keeps_its_place(project, monkeypatch):
    stage = find_stage(project.protocol, "screening")
    screen(project, stage, 60)
    ordering.retrain_ranking(project, stage)
    with project.store.read() as conn:
        before = {one.record: one for one in screening_queue.list_positions(conn, stage.id)}
    real, judged = ordering.ranking.order_candidates, []

    def slow(*given, **options):
        judged.extend(screen(project, stage, 5))  # reviewers go on meanwhile
        return real(*given, **options)

    monkeypatch.setattr(ordering.ranking, "order_candidates", slow)
    ordering.retrain_ranking(project, stage)
    with project.store.read() as conn:
        after = {one.record: one for one in screening_queue.list_positions(conn, stage.id)}
    assert [after[n].run for n in judged] == [before[n].run for n in judged]
    assert [after[n].drawn for n in judged] == [before[n].drawn for n in judged]
    assert sorted(one.position for one in after.values()) == list(range(200))


def test_the_same_decisions_and_seed_give_the_same_order(project):
    stage = find_stage(project.protocol, "screening")
    screen(project, stage, 60)
    found = []
    for _ in range(2):
        ordering.retrain_ranking(project, stage)
        with project.store.read() as conn:
            found.append([place.record for place in screening_queue.list_positions(conn, stage.id)])
    assert found[0] == found[1]


def test_a_new_order_is_made_behind_the_page_when_it_is_due(project):
    stage = find_stage(project.protocol, "screening")
    screen(project, stage, 60)
    assert ordering.is_retraining_due(project, stage)
    assert ordering.retrain_in_background(project, stage)
    assert ordering._TRAINING_PROCESSES[project.folder, stage.id].wait(1000) == 0
    assert not ordering.is_retraining_due(project, stage)


def test_stopping_is_the_leads_recorded_and_reversible_act(project):
    stage = find_stage(project.protocol, "screening")
    screen(project, stage, 60)
    evidence, curve = ordering.get_stopping_evidence(project, stage)
    assert (evidence.screened, evidence.unscreened, curve[-1][0]) == (60, 140, 60)
    assert evidence.drawn == 60
    with pytest.raises(ReviewError, match="Give a reason"):
        ordering.stop_screening(project, stage, "ada", " ")
    assert ordering.stop_screening(project, stage, "ada", "p under 0.05") == 140
    flow = compute_flow(project)
    assert [(one.label, one.n) for one in flow.main.automation] == [(ordering.STOPPED_REASON, 140)]
    assert flow.main.screened.n == 60
    assert reviewing.get_next_record(project, stage, "ben") is None
    after, _ = ordering.get_stopping_evidence(project, stage)
    assert (after.unscreened, after.left, after.p_value) == (140, evidence.left, evidence.p_value)
    (held,) = ordering.list_stops(project, stage)
    assert (held.who, held.why, held.reports) == ("ada", "p under 0.05", 140)
    said = methods_text.write_methods(snapshot.snapshot_at(project, None))
    assert (
        f"140 records were left unscreened when prioritised screening was stopped on "
        f"{held.at:%Y-%m-%d} (p under 0.05)." in said
    )
    assert "keyword rules" not in said
    assert ordering.resume_screening(project, stage, "ada") == 140
    assert not ordering.list_stops(project, stage)
    assert compute_flow(project).main.waiting_screening.n == 140


def test_full_texts_are_read_or_not_retrieved_but_never_left_by_a_stop(project):
    with pytest.raises(ReviewError, match="Only title and abstract screening can stop early"):
        ordering.stop_screening(
            project, find_stage(project.protocol, "eligibility"), "ada", "tired"
        )


def test_what_a_file_judged_was_not_drawn_at_random(project, tmp_path):
    stage = find_stage(project.protocol, "screening")
    lines = [
        f"R{n:06d},title-abstract,ada,{'in' if n % 5 == 0 else 'ex'}clude" for n in range(1, 41)
    ]
    path = tmp_path / "decisions.csv"
    path.write_text("\n".join(["record,stage,reviewer,verdict", *lines]))
    import_decisions(project, path, "ada")
    found, _ = ordering.get_stopping_evidence(project, stage)
    assert (found.screened, found.drawn, found.left) == (40, 0, None)
    screen(project, stage, 20)
    assert ordering.retrain_ranking(project, stage).model == "light"
    found, _ = ordering.get_stopping_evidence(project, stage)
    assert (found.screened, found.drawn) == (60, 20)
    assert found.left is not None


def test_draws_from_a_smaller_pool_say_nothing_of_what_came_later(project):
    stage = find_stage(project.protocol, "screening")
    screen(project, stage, 30)
    assert ordering.get_stopping_evidence(project, stage)[0].drawn == 30
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="harvest", source="pubmed")
        given = [(n, Record("pubmed", title=f"{GOOD} new {n}")) for n in range(1, 51)]
        records.add_records(conn, batch, given, utc_now())
        status.rebuild_statuses(project, conn)
    found, _ = ordering.get_stopping_evidence(project, stage)
    assert (found.unscreened, found.drawn, found.left) == (220, 0, None)
    screen(project, stage, 5)
    assert (
        ordering.get_stopping_evidence(project, stage)[0].drawn == 0
    )  # the newcomers still lie behind
    ordering.retrain_ranking(project, stage)
    screen(project, stage, 40)
    found, _ = ordering.get_stopping_evidence(project, stage)
    assert 0 < found.drawn < 40


def test_agreement_counts_what_both_have_judged(project):
    stage = find_stage(project.protocol, "screening")
    screen(project, stage, 20)
    (pair,) = agreement.compute_agreement(project, stage)
    assert pair.figures[0].value is None
    assert pair.figures[0].note


def test_scores_are_the_same_for_the_same_seed_and_differ_by_labels():
    texts = [build_text(f"{GOOD if n % 2 else BAD} {n}", None) for n in range(40)]
    ready = prepare_features(texts, "pneumonia on radiographs")
    first = score_records(ready, [0, 1, 2, 3], [0, 1, 0, 1], 5)
    assert list(first) == list(score_records(ready, [0, 1, 2, 3], [0, 1, 0, 1], 5))
    assert min(first[1::2]) > max(first[0::2])
    cold = score_records(ready, [], [], 5)
    assert min(cold[1::2]) > max(cold[0::2])


@pytest.mark.parametrize("texts", [[""], ["", ""], ["same", "same"], ["的", "the"], ["!"]])
def test_poor_texts_are_ranked_all_the_same(texts):
    ranker = bench_ranker([{"title": text, "abstract": ""} for text in texts], "", 1)
    assert len(ranker.scores([], [])) == len(texts)
    if len(texts) > 1:
        assert len(ranker.scores([0, 1], [1, 0])) == len(texts)


def test_an_order_holds_each_candidate_once_and_a_fair_share_by_lot():
    found = order_candidates(list(range(1000)), range(0, 1000, 2), 3, random_share=0.1)
    assert sorted(place for place, _ in found) == list(range(0, 1000, 2))
    assert 30 < sum(drawn for _, drawn in found) < 75
    best = [place for place, drawn in found if not drawn]
    assert best == sorted(best, reverse=True)


def test_an_unknown_model_is_one_clear_line(project, tmp_path):
    stage = find_stage(project.protocol, "screening")
    screen(project, stage, 60)
    path = tmp_path / "protocol.yaml"
    for name, said in (("magic", "unknown model 'magic'"), ("embeddings:nowhere", "not installed")):
        text = path.read_text().replace("model: light", f"model: {name}")
        (tmp_path / "protocol.yaml").write_text(text)
        with pytest.raises(ReviewError, match=said):
            ordering.retrain_ranking(open_project(tmp_path, who="ada"), stage)
        path.write_text(path.read_text().replace(f"model: {name}", "model: light"))
