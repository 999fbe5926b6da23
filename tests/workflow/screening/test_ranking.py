"""The ranking of a review: random until it can learn, reproducible, never losing a record."""

import numpy as np
import pytest

from review.errors import ReviewError
from review.models import Decision, Record
from review.protocol.models import find_stage
from review.ranking import (
    RankingPolicy,
    TrainingLabel,
    bench_ranker,
    build_text,
    explain_score,
    is_order_due,
    name_main_words,
    order_candidates,
    plan_order,
    prepare_features,
    score_records,
)
from review.screening import ScreeningStatus
from review.store import records, screening_queue
from review.store.timestamps import utc_now
from review.workflow.exports import methods_text, snapshot
from review.workflow.exports.prisma_inputs import compute_flow
from review.workflow.records.import_decisions import import_decisions
from review.workflow.screening import agreement, early_stop, reviewing, status
from review.workflow.screening import ranking as ordering
from review.workflow.screening.assignment import enqueue
from review.workflow.setup.loading import init_project, open_project

GOOD = "deep learning on chest radiographs for pneumonia number"
RARE = "elastography of the liver by ultrasound in children number"
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


def amend(project, folder, old, new):
    path = folder / "protocol.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return open_project(folder, who="ada")


def ask_about_pneumonia(project, folder):
    """The review's question is that of the good titles."""
    question = project.protocol.question
    path = folder / "protocol.yaml"
    text = path.read_text()
    start = text.index("question:")
    end = text.index("\n", start)
    path.write_text(f"{text[:start]}question: pneumonia on chest radiographs{text[end:]}")
    opened = open_project(folder, who="ada")
    assert opened.protocol.question != question
    return opened


def test_the_question_orders_the_records_from_the_first_one_on(project, tmp_path):
    project = ask_about_pneumonia(project, tmp_path)
    stage = find_stage(project.protocol, "screening")
    first = screen(project, stage, 10)
    assert sum(number % 5 == 0 for number in first) >= 8  # 2 of 10 by chance
    with project.store.read() as conn:
        assert screening_queue.get_newest_run(conn, stage.id)["model"] == "question"
    told = ordering.explain_position(project, stage, f"R{first[0]:06d}")
    assert (told.model, told.learned_from) == ("question", 0)
    with project.store.read() as conn:
        places = screening_queue.list_positions(conn, stage.id)
    assert 0 < sum(place.drawn for place in places) < 40


def test_a_pilot_stays_random_and_the_question_orders_the_rest(project, tmp_path):
    path = tmp_path / "protocol.yaml"
    text = path.read_text()
    assert "pilot: 0 " in text
    path.write_text(text.replace("pilot: 0 ", "pilot: 30", 1))
    project = ask_about_pneumonia(project, tmp_path)
    stage = find_stage(project.protocol, "screening")
    assert stage.pilot == 30
    reviewing.get_next_record(project, stage, "ada")
    with project.store.read() as conn:
        places = screening_queue.list_positions(conn, stage.id)
    pilot, rest = places[:30], places[30:]
    assert all(place.pilot and place.drawn for place in pilot)
    assert sum(place.record % 5 == 0 for place in pilot) < 15
    assert sum(place.record % 5 == 0 for place in rest[:20]) > 15


def test_a_review_under_way_keeps_its_recorded_order_until_the_next_training(project):
    stage = find_stage(project.protocol, "screening")
    with project.store.write() as conn:  # as versions before this one placed the first records
        enqueue(project, conn, stage)
    with project.store.read() as conn:
        before = [one.record for one in screening_queue.list_positions(conn, stage.id)]
    screen(project, stage, 1)
    assert not ordering.is_retraining_due(project, stage)
    assert reviewing.get_next_record(project, stage, "ada").number in before[:50]
    with project.store.read() as conn:
        assert before == [one.record for one in screening_queue.list_positions(conn, stage.id)]


def test_learning_starts_with_one_included_and_one_excluded(project):
    stage = find_stage(project.protocol, "screening")
    reviewing.get_next_record(project, stage, "ada")
    for number, verdict in ((4, "exclude"), (6, "exclude")):
        reviewing.save_decision(project, stage, "ada", number, verdict)
    assert ordering.retrain_ranking(project, stage).model == "question"
    reviewing.save_decision(project, stage, "ada", 5, "include")
    done = ordering.retrain_ranking(project, stage)
    assert (done.model, done.labels, done.relevant) == ("light", 3, 1)


def test_the_protocol_can_ask_for_more_before_learning_starts(project, tmp_path):
    project = amend(project, tmp_path, "model: light", "model: light, min_included: 3")
    stage = find_stage(project.protocol, "screening")
    reviewing.get_next_record(project, stage, "ada")
    for number in (4, 5, 10, 15):
        assert ordering.retrain_ranking(project, stage).model == "question"
        verdict = "include" if number % 5 == 0 else "exclude"
        reviewing.save_decision(project, stage, "ada", number, verdict)
    assert ordering.retrain_ranking(project, stage).model == "light"


def add_few_of_another_kind(project):
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="embase")
        given = [(n, Record("embase", title=f"{RARE} {n}")) for n in range(1, 13)]
        records.add_records(conn, batch, given, utc_now())
        status.rebuild_statuses(project, conn)


def count_rare_in_front(project):
    reviewing.get_next_record(project, find_stage(project.protocol, "screening"), "ada")
    with project.store.read() as conn:
        places = screening_queue.list_positions(conn, "title-abstract")
    return sum(place.record > 200 for place in places[:20])


def test_without_key_papers_the_question_decides_alone(project):
    add_few_of_another_kind(project)
    assert count_rare_in_front(project) <= 3


def test_a_key_paper_brings_its_like_to_the_front(project, tmp_path):
    project = amend(
        project, tmp_path, "search:", f"search:\n  key_papers: ['{RARE} 7', '10.1/none']"
    )
    add_few_of_another_kind(project)
    assert count_rare_in_front(project) >= 9


def test_open_and_disputed_records_teach_less():
    def standing(status, *verdicts):
        made = tuple(
            Decision(1, "screening", f"r{n}", verdict, utc_now(), id=n + 1)
            for n, verdict in enumerate(verdicts)
        )
        return ScreeningStatus(status, votes=len(made), decisions=made)

    labels = ordering.get_training_labels(
        {
            1: standing("included", "include", "include"),
            2: standing("excluded", "exclude", "exclude"),
            3: standing("partial", "include"),
            4: standing("partial", "exclude", "exclude"),
            5: standing("conflict", "include", "exclude", "exclude"),
            6: standing("partial", "unsure"),
            7: standing("pending"),
        },
        3,
    )
    assert labels == {
        1: TrainingLabel(True, 1.0),
        2: TrainingLabel(False, 1.0),
        3: TrainingLabel(True, 0.5),
        4: TrainingLabel(False, pytest.approx(2 / 3)),
        5: TrainingLabel(True, 0.5),
        6: TrainingLabel(True, 0.5),
    }


def test_a_label_of_little_weight_moves_the_scores_less():
    texts = [build_text(f"{GOOD if n % 2 else BAD} {n}", None) for n in range(20)]
    ready = prepare_features(texts)
    apart = [
        score_records(ready, [0, 1, 3], [0, 1, 0], 1, weights=[1.0, 1.0, weight])[5]
        for weight in (1.0, 0.5, 0.1)
    ]
    assert apart[0] < apart[1] < apart[2]


def test_the_plan_without_question_or_inclusion_is_random():
    texts = [build_text(f"{GOOD if n % 2 else BAD} {n}", None) for n in range(40)]
    ready, policy = prepare_features(texts), RankingPolicy(random_share=0)
    order = plan_order(ready, {0: TrainingLabel(False)}, range(1, 40), policy)
    assert (order.basis, order.scores) == ("random", None)
    assert sorted(place.position for place in order.places) == list(range(1, 40))
    assert all(place.drawn for place in order.places)
    order = plan_order(ready, {1: TrainingLabel(True)}, [0, *range(2, 40)], policy)
    assert order.basis == "question"
    assert all(place.position % 2 for place in order.places[:19])


def test_the_search_terms_order_records_where_the_question_says_nothing():
    texts = [build_text(f"{GOOD if n % 2 else BAD} {n}", None) for n in range(40)]
    ready = prepare_features(texts, "?", query_terms=["chest radiograph*", "pneumonia"])
    order = plan_order(ready, {}, range(40), RankingPolicy(random_share=0))
    assert order.basis == "question"
    assert all(place.position % 2 for place in order.places[:20])


def test_the_main_words_are_spelt_as_the_record_spells_them():
    shares = [("of the", 0.9), ("resnet", 0.5), ("resnet 50", 0.4), ("pneumothorax", 0.3)]
    shares += [("mice", -0.9), ("chest ct", 0.2), ("ct", 0.1), ("trial", 0.05)]
    text = "A ResNet-50 of the Pneumothorax on chest CT, a trial"
    assert name_main_words(shares, text) == ("ResNet", "Pneumothorax", "chest CT")
    assert name_main_words(shares, text, 4)[3] == "trial"
    assert name_main_words([("mice", -1.0)], text) == ()


def test_an_excluded_key_paper_no_longer_stands_for_what_is_sought():
    texts = [build_text(f"{GOOD if n % 2 else BAD} {n}", None) for n in range(40)]
    ready, policy = prepare_features(texts), RankingPolicy(random_share=0)
    labels = {1: TrainingLabel(True), 0: TrainingLabel(False)}
    order = plan_order(ready, labels, range(2, 40), policy, key_papers=[0])
    assert all(place.position % 2 for place in order.places[:19])
    words = dict(explain_score(ready, labels, policy, 3, key_papers=[0]))
    assert words["pneumonia"] > 0


@pytest.mark.parametrize(
    ("judged", "trained_on", "due"),
    [(0, 0, False), (1, 0, False), (2, 0, True), (59, 57, True), (100, 96, False), (100, 95, True)],
)
def test_a_new_order_is_due_after_two_decisions_or_a_twentieth(judged, trained_on, due):
    assert is_order_due(judged, trained_on) is due


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
    assert 0 < evidence.drawn < 60
    with pytest.raises(ReviewError, match="Give a reason"):
        early_stop.stop_screening(project, stage, "ada", " ")
    assert early_stop.stop_screening(project, stage, "ada", "p under 0.05") == 140
    flow = compute_flow(project)
    (line,) = flow.main.automation
    assert (line.label, line.n) == (early_stop.STOPPED_REASON, 140)
    assert flow.main.screened.n == 60
    assert reviewing.get_next_record(project, stage, "ben") is None
    after, _ = ordering.get_stopping_evidence(project, stage)
    assert (after.unscreened, after.left, after.p_value) == (140, evidence.left, evidence.p_value)
    (held,) = early_stop.list_stops(project, stage)
    assert (held.who, held.why, held.reports) == ("ada", "p under 0.05", 140)
    said = methods_text.write_methods(snapshot.snapshot_at(project, None))
    assert (
        f"140 records were left unscreened when prioritised screening was stopped on "
        f"{held.at:%Y-%m-%d} (p under 0.05)." in said
    )
    assert "keyword rules" not in said
    assert early_stop.resume_screening(project, stage, "ada") == 140
    assert not early_stop.list_stops(project, stage)
    assert compute_flow(project).main.waiting_screening.n == 140


def test_full_texts_are_read_or_not_retrieved_but_never_left_by_a_stop(project):
    with pytest.raises(ReviewError, match="Only title and abstract screening can stop early"):
        early_stop.stop_screening(
            project, find_stage(project.protocol, "eligibility"), "ada", "tired"
        )


def test_what_a_file_judged_was_not_drawn_at_random(project, tmp_path):
    project = amend(project, tmp_path, "model: light", "model: light, random_share: 0.5")
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
    assert found.screened == 60
    assert 0 < found.drawn < 20
    assert found.left is not None


def test_draws_from_a_smaller_pool_say_nothing_of_what_came_later(project, tmp_path):
    project = amend(project, tmp_path, "model: light", "model: light, random_share: 0.5")
    stage = find_stage(project.protocol, "screening")
    screen(project, stage, 30)
    assert 0 < ordering.get_stopping_evidence(project, stage)[0].drawn < 30
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


def list_places(*given, **options):
    """Position and whether it was drawn at random, place after place."""
    positions, drawn = order_candidates(*given, **options)
    return list(zip(positions.tolist(), drawn.tolist(), strict=True))


def test_random_places_are_filled_from_all_that_is_left_and_the_others_by_score():
    values = [0.3, 0.9, 0.9, 0.1, 0.5]
    plain = list_places(values, [2, 1, 3, 0], 7, random_share=0.0)
    assert plain == [(2, False), (1, False), (0, False), (3, False)]  # of equals the earlier one
    mixed = list_places(list(range(400)), range(400), 7, random_share=0.3)
    by_score = [position for position, drawn in mixed if not drawn]
    assert by_score == sorted(by_score, reverse=True)
    early = [position for position, drawn in mixed[:200] if drawn]
    assert min(early) < 100 and max(early) > 200
    assert list_places(values, [], 7) == []
    assert all(drawn for _, drawn in list_places(values, range(5), 7, random_share=1.0))


@pytest.mark.parametrize("random_share", [0.0, 0.05, 0.5, 0.95, 1.0])
@pytest.mark.parametrize("count", [1, 2, 40, 300])
def test_every_place_goes_to_the_next_one_left(count, random_share):
    values = np.random.default_rng(count).random(count).round(1)
    places = list_places(values, range(count), 5, random_share=random_share)
    generator = np.random.default_rng(5)
    best = sorted(range(count), key=lambda position: -values[position])
    by_lot = [best[rank] for rank in generator.permutation(count)]
    left = dict.fromkeys(best)
    for position, drawn in places:  # place after place, as the policy reads
        expected = next(one for one in (by_lot if drawn else best) if one in left)
        assert position == expected
        del left[position]
    assert not left


def test_an_order_holds_each_candidate_once_and_a_fair_share_by_lot():
    found = list_places(list(range(1000)), range(0, 1000, 2), 3, random_share=0.1)
    assert sorted(place for place, _ in found) == list(range(0, 1000, 2))
    assert 30 < sum(drawn for _, drawn in found) < 75
    best = [place for place, drawn in found if not drawn]
    assert best == sorted(best, reverse=True)


def test_of_very_many_irrelevant_records_a_sample_stands_for_all(monkeypatch):
    titles = [f"liver elastography {n % 5}" for n in range(30)]
    titles += [f"wheat and irrigation season{n % 9} field{n % 31}" for n in range(300)]
    features = prepare_features([build_text(title, "") for title in titles], "liver")
    labelled = [*range(10), *range(30, 230)]
    labels = [int(position < 30) for position in labelled]
    everything = score_records(features, labelled, labels, 1)
    monkeypatch.setattr(ordering.ranking, "MAX_IRRELEVANT", 40)
    sampled = score_records(features, labelled, labels, 1)
    assert sampled[:30].min() > sampled[30:].max()
    assert 0 < abs(sampled - everything).max() < 0.05 * (everything.max() - everything.min())
    more = [*labelled, 230], [*labels, 0]
    again = score_records(features, *more, 1)
    assert abs(again - sampled).max() < abs(sampled - everything).max()  # the sample stays


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
