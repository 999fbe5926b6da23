"""Two finished forms are compared; only their differences wait for the adjudicator."""

from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review.checklists import (
    UNSURE,
    Checklist,
    find_question,
    list_available,
    list_items,
    list_questions,
    load_checklist,
)
from review.consensus import (
    build_consensus_form,
    collect_item_ratings,
    compare_forms,
    is_same_answer,
)
from review.models import Answer
from review.resources import get_shipped_path

AT = datetime(2026, 1, 2, tzinfo=UTC)


@cache
def shipped(name: str) -> Checklist:
    return load_checklist(list_available([get_shipped_path("checklists")])[name])


def entries(name: str, who: str, form: dict, comment: str | None = None) -> dict[str, Answer]:
    return {
        key: Answer(1, name, key, who, answer, AT, comment=comment) for key, answer in form.items()
    }


def claim(who: str, **changed: str) -> dict[str, Answer]:
    form = {item.id: "yes" for item in list_items(shipped("claim-2020"))} | changed
    return entries("claim-2020", who, form)


def find_conflicts(checklist, forms, consensus=None, *, inactive=frozenset()):
    """What waits for a person, as adjudication picks it from the compared forms."""
    pairs = compare_forms(checklist, forms, consensus)
    return tuple(
        pair for pair in pairs if pair.origin == "open" and pair.question.key not in inactive
    )


def test_equal_forms_need_nobody() -> None:
    ann, bob = claim("ann"), claim("bob")
    assert find_conflicts(shipped("claim-2020"), [ann, bob]) == ()
    form = build_consensus_form(compare_forms(shipped("claim-2020"), [ann, bob]))
    assert form == {item.id: "yes" for item in list_items(shipped("claim-2020"))}


def test_only_differing_items_are_open_and_both_are_shown() -> None:
    ann, bob = claim("ann", preprocessing="partly"), claim("bob", preprocessing="no", title="no")
    found = find_conflicts(shipped("claim-2020"), [ann, bob])
    assert [pair.question.key for pair in found] == ["title", "preprocessing"]
    assert [one.answer for one in found[1].entries] == ["partly", "no"]
    assert "title" not in build_consensus_form(compare_forms(shipped("claim-2020"), [ann, bob]))


def test_a_settled_item_is_open_no_longer_and_takes_the_settled_answer() -> None:
    ann, bob = claim("ann", title="no"), claim("bob")
    done = entries("claim-2020", "cara", {"title": "partly"})
    assert find_conflicts(shipped("claim-2020"), [ann, bob], done) == ()
    assert (
        build_consensus_form(compare_forms(shipped("claim-2020"), [ann, bob], done))["title"]
        == "partly"
    )


def test_a_settlement_also_replaces_what_both_said() -> None:
    done = entries("claim-2020", "cara", {"title": "no"})
    found = compare_forms(shipped("claim-2020"), [claim("ann"), claim("bob")], done)
    assert build_consensus_form(found)["title"] == "no"


def test_a_withdrawn_settlement_opens_the_item_again() -> None:
    done = entries("claim-2020", "cara", {"title": None})
    found = find_conflicts(shipped("claim-2020"), [claim("ann", title="no"), claim("bob")], done)
    assert [pair.question.key for pair in found] == ["title"]


def test_one_unanswered_or_both_unsure_is_a_conflict() -> None:
    ann, bob = claim("ann", title=UNSURE), claim("bob", title=UNSURE)
    del bob["funding"]
    found = find_conflicts(shipped("claim-2020"), [ann, bob])
    assert [pair.question.key for pair in found] == ["title", "funding"]
    assert found[1].entries[1] is None


def test_items_that_fell_away_need_nobody() -> None:
    name = "metrics"
    ann = entries(name, "ann", {"about:c5": "yes", "dl-robust": "no"})
    bob = entries(name, "bob", {"about:c5": "no"})
    everything = find_conflicts(shipped(name), [ann, bob])
    assert [pair.question.key for pair in everything] == ["about:c5", "dl-robust"]
    left = find_conflicts(shipped(name), [ann, bob], inactive=frozenset({"dl-robust"}))
    assert [pair.question.key for pair in left] == ["about:c5"]


@pytest.mark.parametrize(
    ("key", "first", "second", "equal"),
    [
        ("size-test", "0120", "120", True),
        ("size-test", "120", "121", False),
        ("size-test", "unclear", "120", False),
        ("size-test", "unclear", "unclear", True),
        ("data-used", "COVIDx, RSNA.", "covidx rsna", True),
        ("data-used", "COVIDx", "RSNA", False),
        ("data-used", "?", "!", False),
        ("modality", "cxr+ct", "ct", False),
        ("task", None, None, False),
    ],
)
def test_typed_answers_are_compared_by_what_they_say(key, first, second, equal) -> None:
    assert (
        is_same_answer(find_question(shipped("extraction-imaging-ai"), key), first, second) is equal
    )


def test_ratings_hold_the_reports_both_answered_in_one_order() -> None:
    name = "rqs-1.0"
    forms = [
        (
            entries(name, "a", {"validation": "same", "cost": "no"}),
            entries(name, "b", {"validation": "three"}),
        ),
        (entries(name, "a", {"validation": "two"}), entries(name, "b", {"validation": "two"})),
    ]
    found = {one.key: one for one in collect_item_ratings(shipped(name), forms)}
    assert found["validation"].rows == (("same", "three"), ("two", "two"))
    assert found["validation"].ordered
    assert found["validation"].categories[0] == "none-done"
    assert found["validation"].categories[-1] == "three"
    assert found["cost"].rows == ()
    assert not found["open"].ordered


def test_three_forms_agree_only_where_all_three_do() -> None:
    ann, bob, eve = claim("ann"), claim("bob"), claim("eve", title="no")
    del bob["funding"]
    found = find_conflicts(shipped("claim-2020"), [ann, bob, eve])
    assert [pair.question.key for pair in found] == ["title", "funding"]
    assert [one.answer if one else None for one in found[0].entries] == ["yes", "yes", "no"]
    done = entries("claim-2020", "cara", {"title": "no", "funding": "yes"})
    assert find_conflicts(shipped("claim-2020"), [ann, bob, eve], done) == ()


def test_one_form_alone_agrees_with_itself_unless_unsure() -> None:
    found = find_conflicts(shipped("claim-2020"), [claim("ann", title=UNSURE)])
    assert [pair.question.key for pair in found] == ["title"]


def test_ratings_of_unequally_many_reviewers_have_gaps() -> None:
    forms = [[claim("a"), claim("b"), claim("c", title="no")], [claim("a"), claim("b")]]
    (title, *_) = collect_item_ratings(shipped("claim-2020"), forms)
    assert title.rows == (("yes", "yes", "no"), ("yes", "yes", None))


def test_typed_items_have_no_ratings() -> None:
    keys = {one.key for one in collect_item_ratings(shipped("extraction-imaging-ai"), [])}
    assert "task" in keys
    assert "data-used" not in keys


@st.composite
def two_forms(draw):
    checklist = shipped(draw(st.sampled_from(["claim-2020", "metrics", "probast-2019"])))
    found = []
    for who in ("ann", "bob"):
        form = {}
        for asked in list_questions(checklist):
            answer = draw(st.sampled_from([None, UNSURE, *[o.id for o in asked.options[:2]]]))
            if answer:
                form[asked.key] = answer
        found.append(entries(checklist.id, who, form))
    return checklist, *found


@settings(max_examples=50, deadline=None)
@given(two_forms())
def test_every_answered_key_is_agreed_or_open_and_the_order_of_reviewers_is_free(drawn) -> None:
    checklist, ann, bob = drawn
    every = compare_forms(checklist, [ann, bob])
    assert {pair.question.key for pair in every} == set(ann) | set(bob)
    turned = compare_forms(checklist, [bob, ann])
    assert [pair.origin for pair in every] == [pair.origin for pair in turned]
    assert build_consensus_form(every) == build_consensus_form(turned)


def test_two_options_with_points_have_an_order_and_one_has_none() -> None:
    form = shipped("rqs-1.0")
    questions = [question for question in list_questions(form) if question.choose == "one"]
    pair = next(q for q in questions if len(q.options) == 2 and q.options[0].points is not None)
    forms = [
        (
            entries("rqs-1.0", "a", {pair.key: pair.options[0].id}),
            entries("rqs-1.0", "b", {pair.key: pair.options[1].id}),
        )
    ]
    ratings = {rating.key: rating for rating in collect_item_ratings(form, forms)}
    assert ratings[pair.key].ordered
    points = {option.id: option.points for option in pair.options}
    assert [points[name] for name in ratings[pair.key].categories] == sorted(points.values())
