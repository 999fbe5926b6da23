"""The keyword rules on the page Protocol: what they exclude; the lead previews, applies and undoes
them."""

from functools import partial

import streamlit as st

from review.errors import ReviewError
from review.pages.widgets import session
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.messages import keep_message, show_messages
from review.pages.widgets.pending_work import ask_for_work, run_pending_work
from review.store import decisions, records
from review.text.wording import format_count
from review.workflow.project.project import Project
from review.workflow.screening import keyword_rules
from review.workflow.screening.keyword_rules import RuleEffect

PLACE, PREVIEW_KEY = "rules", "rules_preview"
PREVIEWING_KEY, MARKS_KEY = "rules_previewing", "rules_marks"
MAX_TITLES = 10
"""Titles shown in the preview of a rule."""


def render_rules(project: Project, *, may_apply: bool) -> None:
    """The rules with the number of records each excludes, and the lead's buttons."""
    marks = _count_marks(project)
    rules = {rule.id: rule for rule in project.protocol.rules}
    former = {rule_id: n for rule_id, n in marks.items() if rule_id not in rules and n}
    if not rules and not former:
        return
    with st.container(border=True):
        st.subheader("Keyword rules")
        st.caption("A rule excludes records that do not match it, as ineligible by automation.")
        show_messages(PLACE)
        for rule in rules.values():
            st.markdown(f"**{escape_markdown(keyword_rules.get_rule_reason(rule))}**")
            st.code(" ".join(rule.must_match.split()), language=None, wrap_lines=True)
            _render_marks(project, rule.id, marks[rule.id], may_apply=may_apply)
        for rule_id, count in former.items():
            st.markdown(f"**{escape_markdown(rule_id)}** (no longer in the protocol)")
            _render_marks(project, rule_id, count, may_apply=may_apply)
        if may_apply and rules:
            _render_preview(project)


def _count_marks(project: Project) -> dict[str, int]:
    """Rule -> records it marks; counted anew when there is another decision or another plan."""
    with project.store.read() as conn:
        state = (*_get_state(project), decisions.get_last_id(conn))
    kept = st.session_state.get(MARKS_KEY)
    if kept is None or kept[0] != state:
        kept = (state, keyword_rules.count_marks(project))
        st.session_state[MARKS_KEY] = kept
    counts: dict[str, int] = kept[1]
    return counts


def _render_marks(project: Project, rule_id: str, count: int, *, may_apply: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{format_count(count, 'record')} excluded by this rule")
        if may_apply and count:
            st.button(
                f"Undo: return {format_count(count, 'record')} to screening",
                key=f"rule_undo_{rule_id}",
                on_click=_undo,
                args=(project, rule_id),
            )


def _render_preview(project: Project) -> None:
    """The button that previews the rules; after it, what they would do, and that which does it."""
    state, effects = st.session_state.get(PREVIEW_KEY, (None, ()))
    if state != _get_state(project):  # none yet, or the plan has changed since
        st.button(
            "Preview rules", on_click=ask_for_work, args=(PREVIEWING_KEY, session.get_user().name)
        )
        run_pending_work(
            PREVIEWING_KEY,
            partial(keyword_rules.preview_rules, project),
            lambda found: st.session_state.update({PREVIEW_KEY: (_get_state(project), found)}),
            label="Looking for records that do not match …",
        )
        return
    st.markdown("**What the rules would do**")
    for effect in effects:
        reason = escape_markdown(keyword_rules.get_rule_reason(effect.rule))
        st.markdown(
            f"{reason}: {format_count(len(effect.marked), 'record')} excluded, "
            f"{len(effect.restored):,} returned to screening."
        )
        _render_titles(project, effect)
    st.caption(
        "Records that a reviewer has already judged stay as they are. You can undo each rule."
    )
    with st.container(horizontal=True):
        st.button("Apply rules", type="primary", on_click=_apply, args=(project,))
        st.button("Cancel", key="rules_cancel", on_click=_forget_preview)


def _render_titles(project: Project, effect: RuleEffect) -> None:
    numbers = list(effect.marked[:MAX_TITLES])
    if not numbers:
        return
    with project.store.read() as conn:
        stored = records.get_records(conn, numbers)
    titles = [stored[n].record.title or "(no title)" for n in numbers if n in stored]
    rest = len(effect.marked) - len(titles)
    with st.expander(
        f"The first {len(titles)} of them" if rest else "Records that would be excluded"
    ):
        st.markdown("\n".join(f"- {escape_markdown(title)}" for title in titles))


def _get_state(project: Project) -> tuple[str, str]:
    return str(project.folder), project.fingerprint


def _forget_preview() -> None:
    st.session_state.pop(PREVIEW_KEY, None)


def _apply(project: Project) -> None:
    _forget_preview()
    try:
        counts = keyword_rules.apply_rules(project, session.get_user().name)
    except ReviewError as error:
        keep_message(PLACE, str(error), "error")
        return
    marked = sum(count for count, _ in counts.values())
    restored = sum(count for _, count in counts.values())
    keep_message(
        PLACE,
        f"Rules applied: {format_count(marked, 'record')} excluded, "
        f"{restored:,} returned to screening.",
    )


def _undo(project: Project, rule_id: str) -> None:
    _forget_preview()
    try:
        count = keyword_rules.withdraw_rule(project, rule_id, session.get_user().name)
    except ReviewError as error:
        keep_message(PLACE, str(error), "error")
        return
    keep_message(
        PLACE,
        f"Undone: {format_count(count, 'record')} returned to screening.",
    )
