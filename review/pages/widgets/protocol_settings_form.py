"""Settings of a protocol as a form: small samples, daily backups and the assistant."""

from typing import Any

import streamlit as st

from review.pages.widgets import session
from review.pages.widgets.protocol_draft import (
    ProtocolForm,
    bind_field,
    change_draft,
    render_field_notes,
)
from review.protocol.models import Appraisal, Assistant, AssistantBudget, Backups
from review.store.timestamps import utc_now
from review.workflow.setup.protocol_draft import REMOVED, KeyPath

WIDTH = 820
"""Width of the fields (pixels); on a narrower screen they fill the page."""
ASSISTANT: KeyPath = ("assistant",)
CONSENT: KeyPath = ("assistant", "consent")
NEW_ASSISTANT = {"address": "http://localhost:11434/v1", "model": "llama3.1"}
"""A service on the same machine, so that nothing leaves it unless the lead writes another one."""
BUDGET_LABELS = {
    "calls": "Questions in the review, at most",
    "calls_per_day": "Questions in one day, at most",
    "characters": "Characters of one question, at most",
    "reply_tokens": "Tokens of one answer, at most",
    "seconds": "Time limit of one question (seconds)",
}


def render_settings(form: ProtocolForm) -> None:
    """Thresholds of the flags on small samples, backups, and the assistant."""
    with st.container(width=WIDTH):
        st.markdown("#### Small samples")
        first, second = st.columns(2)
        appraisal = Appraisal()
        with first:
            _render_number(
                form,
                ("appraisal", "min_events_per_variable"),
                "Flag samples with fewer events per variable than",
                appraisal.min_events_per_variable,
            )
        with second:
            _render_number(
                form,
                ("appraisal", "min_positives_test"),
                "Flag test sets with fewer positives than",
                appraisal.min_positives_test,
            )
        st.markdown("#### Backups")
        _render_number(form, ("backups", "keep"), "Daily backups kept (0: none)", Backups().keep)
        st.markdown("#### Assistant")
        _render_assistant(form)


def _render_number(form: ProtocolForm, path: KeyPath, label: str, default: float) -> None:
    """A number of a key; a whole one stays whole in the file."""
    stated = form.get(path, default)
    seed = stated if isinstance(stated, int | float) else default
    kind = float if isinstance(default, float) else int
    st.number_input(
        label,
        min_value=kind(0),
        step=kind(1),
        **bind_field(form, path, kind(seed), lambda value: int(value) if value % 1 == 0 else value),
    )
    render_field_notes(form, path)


def _render_assistant(form: ProtocolForm) -> None:
    st.caption(
        "A language model that suggests answers to checklist items. Reviewers see it only with a "
        "lead's consent. The key of the service is no part of the protocol."
    )
    is_planned = bool(form.get(ASSISTANT))
    st.checkbox(
        "Plan an assistant",
        **bind_field(
            form, ASSISTANT, is_planned, lambda is_on: dict(NEW_ASSISTANT) if is_on else REMOVED
        ),
    )
    if not is_planned:
        return
    _render_service(form, "address", "Address of the service")
    _render_service(form, "model", "Name of the model there")
    path: KeyPath = ("assistant", "sentences")
    most = Assistant("", "").sentences
    _render_number(form, path, "Sentences of the paper sent with each question, at most", most)
    path = ("assistant", "after_own_answer")
    st.checkbox(
        "Show a suggestion only after the reviewer's own answer",
        **bind_field(form, path, bool(form.get(path, True)), bool),
    )
    budget = AssistantBudget()
    for name, label in BUDGET_LABELS.items():
        _render_number(form, ("assistant", "budget", name), label, getattr(budget, name))
    _render_consent(form)


def _render_service(form: ProtocolForm, name: str, label: str) -> None:
    """Where questions go; consent was given to the service as it was, so a change takes it back."""
    path: KeyPath = ("assistant", name)
    key = f"protocol_{form.draft.turn}_{'.'.join(map(str, path))}"
    if key not in st.session_state:
        st.session_state[key] = str(form.get(path, ""))

    def store() -> None:
        values: dict[KeyPath, Any] = {path: st.session_state[key].strip()}
        if form.get(CONSENT):
            values[CONSENT] = REMOVED
        change_draft(form.draft, values, refill=CONSENT in values)

    st.text_input(label, key=key, on_change=store)
    render_field_notes(form, path)


def _render_consent(form: ProtocolForm) -> None:
    consent = form.get(CONSENT)
    by = consent.get("by") if isinstance(consent, dict) else None
    who = session.get_user().name
    st.checkbox(
        "I consent that items and sentences of papers are sent to this service",
        help="A change of the address or the model takes the consent back.",
        **bind_field(
            form,
            CONSENT,
            bool(consent),
            lambda agrees: {"by": who, "on": utc_now().date()} if agrees else REMOVED,
        ),
    )
    if by and by != who:
        st.caption(f"Consent was given by {by}.")
    render_field_notes(form, CONSENT)
