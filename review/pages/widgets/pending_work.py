"""Work that takes long: a press asks for it, and the drawing carries it out when it gets there.

Another act may interrupt the drawing. What was asked for stays until it is done, so the next
drawing goes on with it; what is done is not done again. An interruption can come at any call of
Streamlit, also at one that reads the session state, so `is_done` is set on the object itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from review.errors import ReviewError
from review.pages.widgets.highlighting import escape_markdown


@dataclass(slots=True, eq=False)
class PendingWork:
    """One press that asked for work."""

    values: Any
    """What the form held when it was pressed."""
    is_done: bool = False
    outcome: Any = None
    problem: str | None = None
    """Why it failed, in a sentence."""


def ask_for_work(key: str, values: Any = None) -> None:
    """Notes a press; a second press for the same, before the outcome is drawn, adds nothing.

    Args:
        values: what the work needs; compared with what is asked for already.
    """
    queue: list[PendingWork] = st.session_state.setdefault(key, [])
    if all(pending.values != values for pending in queue):
        queue.append(PendingWork(values))


def carry_out_work(
    key: str, work: Callable[[Any], Any], label: str | None = None
) -> PendingWork | None:
    """Carries out what was asked for first; gives it with its outcome, or None if nothing was.

    The caller keeps the outcome and then calls `finish_work`; until then each drawing gets it.

    Args:
        work: gets the values that were noted. A ReviewError of it becomes `problem`.
        label: shown beside the turning wheel; None if the work shows its own progress.
    """
    queue: list[PendingWork] = st.session_state.get(key, [])
    if not queue:
        return None
    pending = queue[0]
    if not pending.is_done:
        if label is None:
            _carry_out(queue, pending, work)
        else:
            with st.spinner(label):
                _carry_out(queue, pending, work)
    return pending


def _carry_out(queue: list[PendingWork], pending: PendingWork, work: Callable[[Any], Any]) -> None:
    """Does the work; the signal by which Streamlit interrupts is no Exception, and passes."""
    try:
        pending.outcome = work(pending.values)
    except ReviewError as error:
        pending.problem = str(error)
    except Exception:
        queue.remove(pending)  # a fault is shown once, not at every drawing from now on
        raise
    pending.is_done = True


def finish_work(key: str, pending: PendingWork) -> None:
    """Takes the note away, once its outcome is kept."""
    queue: list[PendingWork] = st.session_state.get(key, [])
    if pending in queue:
        queue.remove(pending)


def run_pending_work(
    key: str,
    work: Callable[[Any], Any],
    keep: Callable[[Any], None],
    *,
    label: str | None = None,
    keep_problem: Callable[[str], None] | None = None,
) -> None:
    """Carries out what was asked for first, keeps its outcome and draws the page anew with it.

    Args:
        work, label: as in `carry_out_work`.
        keep: gets the outcome.
        keep_problem: gets the problem for the next drawing; where None it is shown here.
    """
    pending = carry_out_work(key, work, label)
    if pending is None:
        return
    if pending.problem and keep_problem is None:
        st.warning(escape_markdown(pending.problem))
        finish_work(key, pending)
        return
    if pending.problem and keep_problem is not None:
        keep_problem(pending.problem)
    else:
        keep(pending.outcome)
    finish_work(key, pending)
    st.rerun()
