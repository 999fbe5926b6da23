"""The status of a report follows from its decisions alone."""

from datetime import UTC, datetime, timedelta
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.models import Decision
from review.screening import (
    assign_reviewers,
    estimate_minutes_left,
    get_status,
    list_current_decisions,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


def decide(who, verdict, minute=0, reason=None, role="reviewer"):
    at = START + timedelta(minutes=minute)
    return Decision(1, "ta", who, verdict, at, reason, role=role, id=minute)


def made(*words):
    """'ada:include' 'ben:exclude:why' '@cleo:include' '!rule:exclude:why', a minute apart."""
    found = []
    for minute, word in enumerate(words):
        who, verdict, *reason = word.split(":")
        role = {"@": "adjudicator", "!": "automation"}.get(who[0], "reviewer")
        verdict = None if verdict == "undo" else verdict
        found.append(decide(who.strip("@!"), verdict, minute, reason[0] if reason else None, role))
    return found


@pytest.mark.parametrize(
    ("words", "needed", "expected", "reason", "pile"),
    [
        ([], 2, "pending", None, None),
        (["ada:include"], 2, "partial", None, None),
        (["ada:include"], 1, "included", None, None),
        (["ada:include", "ben:include"], 2, "included", None, None),
        (["ada:exclude:x", "ben:exclude:x"], 2, "excluded", "x", None),
        (["ada:exclude:x", "ben:exclude"], 2, "excluded", "x", None),
        (["ada:exclude:x", "ben:exclude:y"], 2, "conflict", None, "reason"),
        (["ada:include", "ben:exclude:y"], 2, "conflict", None, "verdict"),
        (["ada:unsure", "ben:unsure"], 2, "conflict", None, "maybe"),
        (["ada:unsure", "ben:include"], 2, "conflict", None, "verdict"),
        (["ada:unsure"], 1, "conflict", None, "maybe"),
        (["ada:include", "ben:exclude:y", "@cleo:exclude:z"], 2, "excluded", "z", None),
        (["ada:include", "ben:exclude:y", "@cleo:undo"], 2, "conflict", None, "verdict"),
        (["ada:include", "ada:undo"], 1, "pending", None, None),
        (["ada:include", "ada:exclude:x"], 1, "excluded", "x", None),
        (["!rule:exclude:no word"], 2, "excluded", "no word", None),
        (["!rule:exclude:no word", "!rule:undo"], 2, "pending", None, None),
        (["!rule:exclude:no word", "ada:include"], 2, "partial", None, None),
        (["ada:include", "ben:include", "dan:exclude:x"], 3, "conflict", None, "verdict"),
    ],
)
def test_a_standing_follows_from_the_decisions(words, needed, expected, reason, pile):
    found = get_status(made(*words), needed)
    assert (found.status, found.reason, found.conflict_kind) == (expected, reason, pile)


def at(minute):
    return START + timedelta(minutes=minute)


@pytest.mark.parametrize(
    ("words", "needed", "expected", "pile"),
    [
        (["ada:unsure"], 1, "included", None),
        (["ada:unsure"], 2, "partial", None),
        (["ada:unsure", "ben:unsure"], 2, "included", None),
        (["ada:unsure", "ben:include"], 2, "included", None),
        (["ada:unsure", "ben:exclude:x"], 2, "conflict", "verdict"),
        (["ada:unsure", "ben:undo"], 1, "included", None),
        (["ada:unsure", "ben:include", "dan:unsure"], 3, "included", None),
        (["ada:unsure", "ben:include", "dan:exclude:x"], 3, "conflict", "verdict"),
        (["ada:exclude:x", "ben:exclude:y"], 2, "conflict", "reason"),
        (["ada:unsure", "ben:exclude:x", "@cleo:exclude:x"], 2, "excluded", None),
        (["ada:unsure", "ben:exclude:x", "@cleo:unsure"], 2, "conflict", "maybe"),
        (["!rule:exclude:no word", "ada:unsure"], 1, "included", None),
    ],
)
def test_maybe_counts_as_include_where_the_stage_says_so(words, needed, expected, pile):
    standing = get_status(made(*words), needed, maybe="include")
    assert (standing.status, standing.conflict_kind) == (expected, pile)


def test_who_left_counts_with_maybe_where_it_was_settled():
    votes = made("ada:unsure", "ben:include", "dan:exclude:x")
    assert get_status(votes, 2, retired={"ada": 1}, maybe="include").status == "included"
    assert get_status(votes, 2, retired={"ada": 1}).status == "conflict"


def test_a_retired_reviewer_counts_where_it_was_settled_and_nowhere_else():
    settled = get_status(made("ada:include", "ben:include"), 2, retired={"ben": at(5)})
    assert settled.status == "included"
    open_one = get_status(made("ada:include", "ben:exclude:x"), 2, retired={"ben": at(5)})
    assert (open_one.status, open_one.votes) == ("partial", 1)
    again = get_status(
        made("ada:include", "ben:exclude:x", "dan:include"), 2, retired={"ben": at(1)}
    )
    assert again.status == "included"
    late = get_status(made("ben:include", "ada:include"), 2, retired={"ben": at(0)})
    assert late.status == "partial"
    back = get_status(made("ben:exclude", "ada:include", "ben:include"), 2, retired={"ben": at(0)})
    assert back.status == "included"


def test_reasons_may_differ_where_the_stage_does_not_ask_for_them():
    found = get_status(made("ada:exclude:x", "ben:exclude:y"), 2, reasons_matter=False)
    assert (found.status, found.reason) == ("excluded", "x")


verdicts = st.sampled_from(["include", "exclude", "unsure", None])
rows = st.lists(
    st.builds(decide, st.sampled_from(["ada", "ben"]), verdicts, st.integers(0, 60)),
    max_size=8,
    unique_by=lambda one: one.id,
)


@given(rows, st.randoms())
def test_the_order_in_which_rows_are_read_does_not_matter(decisions, rng):
    shuffled = decisions[:]
    rng.shuffle(shuffled)
    assert get_status(shuffled, 2) == get_status(decisions, 2)


@given(rows)
def test_only_the_newest_row_of_a_reviewer_counts(decisions):
    assert (
        get_status(list_current_decisions(decisions), 2).status == get_status(decisions, 2).status
    )
    assert len({one.reviewer for one in list_current_decisions(decisions)}) == len(
        list_current_decisions(decisions)
    )


def paced(*pauses):
    """Moments of decisions with these pauses between them (seconds)."""
    return [START + timedelta(seconds=one) for one in accumulate(pauses, initial=0)]


@pytest.mark.parametrize(
    ("pauses", "expected"),
    [
        ([], None),
        ([10] * 39, None),
        ([10] * 40, 100 * 10 / 60),
        ([10] * 20 + [5000] + [10] * 19, None),
        ([10] * 20 + [5000] + [10] * 20, 100 * 10 / 60),
        ([10] * 30 + [110] * 10, 100 * 35 / 60),
        ([1] * 60, 100 * 5 / 60),
        ([0] * 120, None),
        ([0] * 120 + [12] * 40, 100 * 12 / 60),
    ],
    ids=[
        "none",
        "one too few",
        "just enough",
        "a break is no pause",
        "a break within",
        "a few that take long count",
        "faster than anybody reads",
        "a file's",
        "a file's, then one by one",
    ],
)
def test_the_time_left_follows_the_mean_pause_of_decisions_made_one_by_one(pauses, expected):
    left = estimate_minutes_left(paced(*pauses), 100)
    assert left == (expected and pytest.approx(expected))


@pytest.mark.parametrize(
    ("words", "expected", "votes"),
    [
        # Ben left after minute 1, Dan after minute 3.
        (["ada:include", "ben:include", "dan:exclude:x"], "included", 2),
        (["ben:include", "dan:include", "ada:include"], "included", 2),
        (["ben:include", "ada:exclude:x", "dan:include"], "partial", 1),
        (["dan:include", "ada:exclude:x", "ben:include"], "conflict", 2),
    ],
)
def test_two_reviewers_who_left_count_where_it_was_settled_before_either_left(
    words, expected, votes
):
    departures = {"ben": at(1), "dan": at(3)}
    status = get_status(made(*words), 2, retired=departures)
    assert (status.status, status.votes) == (expected, votes)


def count_assignments(people, needed, shares):
    drawn = [assign_reviewers(n, people, needed, seed=1, shares=shares) for n in range(2000)]
    assert all(len(set(names)) == min(needed, len(people)) for names in drawn)
    return {who: sum(who in names for names in drawn) for who in people}


def test_records_are_given_out_by_share():
    counts = count_assignments(("ada", "ben", "dan"), 1, {"ada": 3.0, "ben": 1.0})
    assert counts["dan"] == 0
    assert 1400 < counts["ada"] < 1600
    equal = count_assignments(("ada", "ben", "dan"), 2, {})
    assert all(1230 < count < 1440 for count in equal.values())


def test_shares_that_do_not_reach_are_filled_up_from_the_others():
    counts = count_assignments(("ada", "ben", "dan"), 2, {"ada": 1.0})
    assert counts["ada"] == 2000
    assert all(900 < counts[who] < 1100 for who in ("ben", "dan"))


def test_who_judges_hangs_on_seed_and_number_and_not_on_the_order_of_the_team():
    names = [assign_reviewers(n, ("ada", "ben", "dan"), 2, seed=1, shares={}) for n in range(50)]
    turned = [assign_reviewers(n, ("dan", "ben", "ada"), 2, seed=1, shares={}) for n in range(50)]
    other = [assign_reviewers(n, ("ada", "ben", "dan"), 2, seed=2, shares={}) for n in range(50)]
    assert names == turned != other


def test_who_left_without_a_decision_changes_nothing():
    decisions = made("ada:include", "dan:include", "cleo:exclude:x")
    assert get_status(decisions, 2, retired={"ben": at(1)}).status == "conflict"
    assert get_status(decisions, 2, retired={"dan": at(1)}).status == "included"


def test_a_rule_alone_counts_no_votes():
    assert get_status(made("!rule:exclude:no word"), 2).votes == 0
    assert get_status(made("ada:include"), 2).votes == 1
