"""The map of a form: every answer has a sign and a colour of its own, and both can be read."""

import pytest

from review.checklists import list_questions
from review.pages.widgets.item_map import COLOURS, SIGNS, STATE_WORDS, get_item_state
from review.workflow.appraisal.instruments import get_checklist


def find(checklist, number):
    questions = list_questions(get_checklist(None, checklist))
    return next(one for one in questions if one.number == number or one.key == number)


@pytest.mark.parametrize(
    ("checklist", "number", "answer", "state"),
    [
        ("claim-2020", "1", None, "open"),
        ("claim-2020", "1", "yes", "yes"),
        ("claim-2020", "1", "partly", "partly"),
        ("claim-2020", "1", "no", "no"),
        ("claim-2020", "1", "unsure", "unsure"),
        ("probast-2019", "1.1", "probably-yes", "yes"),
        ("probast-2019", "1.1", "probably-no", "no"),
        ("probast-2019", "1.1", "no-information", "partly"),
        ("probast-2019", "judgement:participants", "low", "yes"),
        ("probast-2019", "judgement:participants", "high", "no"),
        ("probast-2019", "judgement:participants", "unclear", "partly"),
        ("rqs-1.0", "1", "documented+public", "yes"),
        ("rqs-1.0", "1", "none", "no"),
        ("study-kind", "1", "hybrid", "given"),
    ],
)
def test_an_answer_has_the_state_its_option_means(checklist, number, answer, state):
    assert get_item_state(find(checklist, number), answer) == state


def test_no_two_states_look_alike():
    assert SIGNS.keys() == STATE_WORDS.keys() == COLOURS.keys()
    assert len(set(SIGNS.values())) == len(SIGNS)
    answered = [COLOURS[state] for state in SIGNS if state not in ("open", "optional")]
    assert len(set(answered)) == len(answered)


def luminance(colour):
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("state", [s for s in COLOURS if s not in ("open", "optional")])
def test_every_square_can_be_read(state):
    """Contrast as WCAG 2.1 defines it; small text needs 4.5."""
    light, dark = sorted(map(luminance, COLOURS[state]), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5
