"""Properties of scoring for any form: bounds, range, monotony, independence of order."""

from hypothesis import given, settings
from hypothesis import strategies as st
from scoring.test_scoring import BIAS, SCORED, shipped

from review.checklists import UNSURE, list_items, list_questions
from review.scoring import score_form


@st.composite
def forms(draw, names=SCORED):
    """A checklist and a form with random answers, some open, in random order."""
    checklist = shipped(draw(st.sampled_from(names)))
    found = {}
    for one in draw(st.permutations(list_questions(checklist))):
        choices = [None, UNSURE, *[o.id for o in one.options]]
        answer = draw(st.sampled_from(choices))
        if answer is not None:
            found[one.key] = answer
    return checklist, found


@settings(max_examples=60, deadline=None)
@given(forms())
def test_totals_stay_in_bounds_and_low_is_at_most_high(drawn) -> None:
    checklist, form = drawn
    for total, spec in zip(score_form(checklist, form).totals, checklist.scores, strict=True):
        if total.low is not None:
            assert spec.min <= total.low <= total.high <= spec.max
        assert total.value is None or total.low == total.value == total.high


@settings(max_examples=60, deadline=None)
@given(forms(), st.data())
def test_any_way_to_finish_a_form_ends_within_its_reach(drawn, data) -> None:
    checklist, form = drawn
    before = score_form(checklist, form)
    full = dict(form)
    for one in list_questions(checklist):
        if full.get(one.key) in (None, UNSURE):
            full[one.key] = data.draw(st.sampled_from([o.id for o in one.options]))
    after = score_form(checklist, full)
    for was, now in zip(before.totals, after.totals, strict=True):
        if now.value is not None and was.low is not None:
            assert was.low <= now.value <= was.high


@settings(max_examples=60, deadline=None)
@given(forms(), st.data())
def test_a_better_answer_never_lowers_a_score(drawn, data) -> None:
    checklist, form = drawn
    better = {
        item.id: next(o.id for o in item.options if o.means == "met")
        for item in list_items(checklist)
        if form.get(item.id) == "no"
    }
    if not better:
        return
    key = data.draw(st.sampled_from(sorted(better)))
    before, after = score_form(checklist, form), score_form(checklist, form | {key: better[key]})
    for was, now in zip(before.totals, after.totals, strict=True):
        assert was.low is None or now.low >= was.low
        assert was.high is None or now.high >= was.high


@settings(max_examples=60, deadline=None)
@given(forms(SCORED + BIAS), st.randoms())
def test_the_order_of_answers_does_not_matter(drawn, chance) -> None:
    checklist, form = drawn
    shuffled = list(form.items())
    chance.shuffle(shuffled)
    assert score_form(checklist, dict(shuffled)) == score_form(checklist, form)


@settings(max_examples=60, deadline=None)
@given(forms(BIAS), st.data())
def test_a_worse_answer_never_improves_a_proposal(drawn, data) -> None:
    checklist, form = drawn
    form = {k: v for k, v in form.items() if ":" not in k or k.startswith("about:")}
    item = data.draw(st.sampled_from(list_items(checklist)))
    order = {"low": 0, "not-judged": 0, "unclear": 1, "at-risk": 2, "high": 2}
    before = score_form(checklist, form | {item.id: "yes"})
    after = score_form(checklist, form | {item.id: "no"})
    for was, now in zip(before.judgements, after.judgements, strict=True):
        if was.proposed is not None:
            assert now.proposed is not None
            if was.proposed != "not-judged" and now.section != "overall":
                assert order[now.proposed] >= order[was.proposed]
