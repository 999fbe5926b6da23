"""Work asked for by a press is done once, also where other acts interrupt the drawing. In these
tests `st.rerun()` interrupts it: Streamlit raises the same signal where another act comes."""

import pytest
from streamlit.testing.v1 import AppTest


def draw_page():
    """A page whose work is interrupted as often as the session state says."""
    from functools import partial

    import streamlit as st

    from review.errors import ReviewError
    from review.pages.widgets.pending_work import ask_for_work, run_pending_work

    state = st.session_state
    for key in ("begun", "outcomes", "problems"):
        state.setdefault(key, [])
    st.button("Work", on_click=partial(ask_for_work, "work", "first"))
    st.button("Other work", on_click=partial(ask_for_work, "work", "second"))

    def work(values):
        state["begun"].append(values)
        if state.get("cuts_within", 0) > 0:
            state["cuts_within"] -= 1
            st.rerun()
        if state.get("refusal"):
            raise ReviewError("No such file.")
        if state.get("fault"):
            raise ValueError("a fault of the program")
        return f"{values} done"

    def keep(name, value):
        if state.get("cuts_after", 0) > 0:
            state["cuts_after"] -= 1
            st.rerun()
        state[name].append(value)

    run_pending_work(
        "work",
        work,
        partial(keep, "outcomes"),
        label="Working …",
        keep_problem=partial(keep, "problems"),
    )


@pytest.fixture
def page():
    return AppTest.from_function(draw_page, default_timeout=180).run()


def press(page, label):
    next(one for one in page.button if one.label == label).click().run()


def test_work_goes_on_at_the_next_drawing_when_it_is_interrupted(page):
    page.session_state["cuts_within"] = 3
    press(page, "Work")
    assert page.session_state["begun"] == ["first"] * 4
    assert page.session_state["outcomes"] == ["first done"]
    page.run()
    assert page.session_state["outcomes"] == ["first done"]  # asked for once, done once


def test_what_is_done_is_not_done_again_when_its_outcome_was_not_drawn(page):
    page.session_state["cuts_after"] = 2
    press(page, "Work")
    assert page.session_state["begun"] == ["first"]
    assert page.session_state["outcomes"] == ["first done"]


def test_each_press_for_different_work_is_carried_out_in_turn(page):
    page.session_state["work"] = []
    from review.pages.widgets.pending_work import PendingWork

    page.session_state["work"].append(PendingWork("earlier"))
    press(page, "Other work")
    assert page.session_state["outcomes"] == ["earlier done", "second done"]


def test_a_second_press_for_the_same_work_adds_nothing(page):
    from review.pages.widgets.pending_work import PendingWork

    page.session_state["work"] = [PendingWork("first")]
    press(page, "Work")
    assert page.session_state["begun"] == ["first"]
    press(page, "Work")  # the first is done: this one is new
    assert page.session_state["outcomes"] == ["first done", "first done"]


def test_a_refusal_is_told_once_and_the_page_goes_on(page):
    page.session_state["refusal"] = True
    press(page, "Work")
    assert not page.exception
    assert page.session_state["problems"] == ["No such file."]
    page.run()
    assert page.session_state["problems"] == ["No such file."]


def test_a_fault_does_not_come_back_at_every_drawing(page):
    page.session_state["fault"] = True
    press(page, "Work")
    assert page.exception
    page.run()
    assert not page.exception
    assert page.session_state["begun"] == ["first"]
