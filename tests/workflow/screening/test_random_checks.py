"""A random check: drawn from what is unscreened, screened first, judged once it is complete."""

from datetime import date

import pytest
from support.small import studies

from review.errors import ReviewError
from review.models import Record
from review.protocol.models import find_stage
from review.store import decisions, records, screening_queue
from review.store.timestamps import utc_now
from review.workflow.exports import methods_text, snapshot
from review.workflow.screening import early_stop, random_checks, ranking, reviewing, status
from review.workflow.setup.loading import init_project, open_project

RELEVANT = "deep learning on chest radiographs for pneumonia number"
IRRELEVANT = "nursing staff and hospital budgets in rural regions number"
COUNT = 120


@pytest.fixture
def project(tmp_path):
    """One reviewer and 120 records, every tenth relevant."""
    init_project(tmp_path)
    path = tmp_path / "protocol.yaml"
    path.write_text(path.read_text().replace("reviewers: 2 ", "reviewers: 1 ", 1))
    opened = open_project(tmp_path, who="ada")
    add_records(opened, range(1, COUNT + 1))
    return opened


def add_records(project, numbers):
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="embase")
        entries = [
            (n, Record("embase", title=f"{RELEVANT if n % 10 == 0 else IRRELEVANT} {n}"))
            for n in numbers
        ]
        records.add_records(conn, batch, entries, utc_now())
        status.rebuild_statuses(project, conn)


def get_stage(project):
    return find_stage(project.protocol, "screening")


def screen(project, count, *, verdict=None):
    """Screens so many records as they come; returns their numbers."""
    stage, numbers = get_stage(project), []
    for _ in range(count):
        view = reviewing.get_next_record(project, stage, "ada")
        given = verdict or ("include" if view.number % 10 == 0 else "exclude")
        reviewing.save_decision(project, stage, "ada", view.number, given)
        numbers.append(view.number)
    return numbers


def get_drawn(project):
    with project.store.read() as conn:
        return random_checks.get_random_check(conn, get_stage(project).id).reports


def list_order(project):
    with project.store.read() as conn:
        return [place.record for place in screening_queue.list_positions(conn, "title-abstract")]


def test_the_drawn_records_come_next_however_often_the_order_is_learned(project):
    stage = get_stage(project)
    before = screen(project, 30)
    assert random_checks.draw_random_check(project, stage, "ada", 12) == 12
    drawn = get_drawn(project)
    assert len(set(drawn)) == 12 and not set(drawn) & set(before)
    ranking.retrain_ranking(project, stage)
    assert sorted(list_order(project)) == list(range(1, COUNT + 1))
    first = screen(project, 5)
    ranking.retrain_ranking(project, stage)
    assert {*first, *screen(project, 7)} == set(drawn)
    with project.store.read() as conn:
        places = screening_queue.list_positions(conn, stage.id)
    assert all(place.drawn and place.score is None for place in places if place.record in drawn)


def test_a_check_drawn_while_an_order_is_learned_keeps_its_place(project, monkeypatch):
    stage = get_stage(project)
    screen(project, 30)
    plan_order = ranking.ranking.plan_order

    def plan_slowly(*given, **options):
        order = plan_order(*given, **options)
        random_checks.draw_random_check(project, stage, "ada", 12)
        return order

    monkeypatch.setattr(ranking.ranking, "plan_order", plan_slowly)
    ranking.retrain_ranking(project, stage)
    monkeypatch.undo()
    drawn = set(get_drawn(project))
    with project.store.read() as conn:
        voted = decisions.list_voted_reports(conn, stage.id)
        places = screening_queue.list_positions(conn, stage.id)
    waiting = [place for place in places if place.record not in voted]
    assert {place.record for place in waiting[:12]} == drawn
    assert all(place.drawn and place.score is None for place in waiting[:12])
    assert set(screen(project, 12)) == drawn


def test_the_draw_follows_from_the_seed_and_the_decisions(project):
    stage = get_stage(project)
    screen(project, 20)
    random_checks.draw_random_check(project, stage, "ada", 10)
    first = get_drawn(project)
    random_checks.draw_random_check(project, stage, "ada", 10)
    assert get_drawn(project) == first
    screen(project, 1)
    random_checks.draw_random_check(project, stage, "ada", 10)
    assert set(get_drawn(project)) != set(first)


def test_a_check_counts_once_all_of_it_is_screened(project):
    stage = get_stage(project)
    assert ranking.get_check_result(project, stage) is None
    screen(project, 60)
    evidence, _ = ranking.get_stopping_evidence(project, stage)
    random_checks.draw_random_check(project, stage, "ada", 20, confidence=0.9)
    screen(project, 19)
    result = ranking.get_check_result(project, stage)
    assert (result.drawn, result.screened, result.is_complete) == (20, 19, False)
    assert "drawn at random" not in methods_text.write_methods(snapshot.snapshot_at(project, None))
    screen(project, 1)
    result = ranking.get_check_result(project, stage)
    assert result.is_complete
    assert (result.population, result.later, result.confidence) == (60, 0, 0.9)
    assert result.found_before == evidence.relevant
    assert result.found_now == evidence.relevant + result.relevant
    assert result.relevant == sum(number % 10 == 0 for number in get_drawn(project))
    text = methods_text.write_methods(snapshot.snapshot_at(project, None))
    assert "of 60 unscreened records, 20 were drawn at random and screened" not in text
    early_stop.stop_screening(project, stage, "ada", "the check is complete")
    text = methods_text.write_methods(snapshot.snapshot_at(project, None))
    assert "of 60 unscreened records, 20 were drawn at random and screened" in text


def test_records_that_came_later_are_not_covered(project):
    stage = get_stage(project)
    screen(project, 60)
    random_checks.draw_random_check(project, stage, "ada", 3)
    add_records(project, range(COUNT + 1, COUNT + 6))
    assert set(get_drawn(project)) == set(screen(project, 3))
    assert ranking.get_check_result(project, stage).later == 5


def test_a_stop_leaves_a_check_incomplete(project):
    stage = get_stage(project)
    screen(project, 60)
    random_checks.draw_random_check(project, stage, "ada", 3)
    screen(project, 1)
    early_stop.stop_screening(project, stage, "ada", "no time")
    assert ranking.get_check_result(project, stage).screened == 1


def test_the_newest_check_counts_until_it_is_withdrawn(project):
    stage = get_stage(project)
    screen(project, 20)
    random_checks.draw_random_check(project, stage, "ada", 5)
    random_checks.draw_random_check(project, stage, "ada", 7)
    result = ranking.get_check_result(project, stage)
    assert (result.drawn, result.number) == (7, 2)
    assert random_checks.withdraw_random_check(project, stage, "ada") == 7
    assert ranking.get_check_result(project, stage) is None
    with pytest.raises(ReviewError, match="There is no random check to withdraw"):
        random_checks.withdraw_random_check(project, stage, "ada")
    random_checks.draw_random_check(project, stage, "ada", 4)
    assert ranking.get_check_result(project, stage).number == 3


@pytest.mark.parametrize("size", [0, -1, 101])
def test_no_more_is_drawn_than_there_is(project, size):
    screen(project, 20)
    with pytest.raises(ReviewError, match="between 1 and 100 records"):
        random_checks.draw_random_check(project, get_stage(project), "ada", size)
    assert ranking.get_check_result(project, get_stage(project)) is None


def test_full_texts_are_not_checked_at_random(project):
    stage = find_stage(project.protocol, "eligibility")
    with pytest.raises(ReviewError, match="drawn at title and abstract screening"):
        random_checks.draw_random_check(project, stage, "ada", 1)


def test_a_lead_who_reviews_too_sees_no_open_decision_of_another_in_the_check(tmp_path):
    project = studies(tmp_path, [Record("embase", title=f"Study {n}") for n in range(1, 9)])
    stage = get_stage(project)
    random_checks.draw_random_check(project, stage, "ada", 8)
    for number in range(1, 9):
        reviewing.save_decision(project, stage, "ben", number, "include")
    hidden = ranking.get_check_result(project, stage, reader="ada")
    assert (hidden.screened, hidden.relevant, hidden.found_now) == (0, 0, 0)
    reviewing.save_decision(project, stage, "ada", 1, "include")
    shown = ranking.get_check_result(project, stage, reader="ada")
    assert (shown.screened, shown.relevant) == (1, 1)


def test_what_somebody_has_begun_to_screen_is_not_drawn(tmp_path):
    project = studies(tmp_path, [Record("embase", title=f"Study {n}") for n in range(1, 5)])
    stage = get_stage(project)
    reviewing.save_decision(project, stage, "ben", 2, "exclude")
    assert random_checks.draw_random_check(project, stage, "ada", 3) == 3
    assert sorted(get_drawn(project)) == [1, 3, 4]
    with project.store.read() as conn:
        assert decisions.list_voted_reports(conn, stage.id) == {2}


def test_the_day_of_a_check_is_that_of_the_draw(project):
    screen(project, 20)
    random_checks.draw_random_check(project, get_stage(project), "ada", 2)
    assert isinstance(ranking.get_check_result(project, get_stage(project)).day, date)
    with project.store.read() as conn:
        check = random_checks.get_random_check(conn, "title-abstract")
        earlier = random_checks.get_random_check(
            conn, "title-abstract", until=check.at.replace(year=check.at.year - 1)
        )
    assert earlier is None
