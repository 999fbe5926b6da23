"""Every key of the protocol has a field on the page Protocol, apart from a few with a reason."""

from dataclasses import fields, is_dataclass
from typing import get_args, get_origin, get_type_hints

import pytest
from streamlit.testing.v1 import AppTest

from review.protocol.loading import parse_protocol
from review.protocol.models import Condition, Protocol
from review.workflow.project.accounts import CurrentUser
from review.workflow.setup.loading import init_project, open_project
from review.workflow.setup.protocol_draft import read_keys

LEAD = CurrentUser("ada", ("lead", "reviewer"))
EXPERT_ONLY = {
    "search.base_urls.*": "addresses of mirrors and test servers, which a server's keeper knows",
    "appraisal.model": "a spaCy package that the server's keeper installs",
    "backups.folder": "a folder of the server, which its keeper knows",
    "appraisal.gates.*.any_of": "an older way to write at_least: 1, which the form writes",
    "appraisal.gates.*.also": "conditions within a condition; the form shows them in words",
    "appraisal.gates.*.either": "conditions within a condition; the form shows them in words",
    "team.*.name": "page People",
    "team.*.roles": "page People",
    "team.*.email": "page People",
    "team.*.full_name": "page People",
}
"""Key -> why the form has no field for it."""
PLAN = """
title: T
question: Q
search: {query: ct, from: 2020-01-01, sources: [pubmed]}
stages:
  - {id: quality, kind: quality}
team:
  - {name: ada, roles: [lead, reviewer]}
  - {name: ben}
appraisal: {tools: [rqs-1.0, probast-2019]}
"""


def list_keys(kind=Protocol, path=()):
    """Every key that a file may state, as the form's fields name it; * is an entry."""
    hints = get_type_hints(kind)
    for spec in fields(kind):
        name = "from" if spec.name == "from_" else spec.name
        yield from list_keys_of_value(hints[spec.name], (*path, name))


def list_keys_of_value(hint, path):
    inner = [hint, *get_args(hint)]
    parts = [one for one in inner if is_dataclass(one)]
    if get_origin(hint) is dict:
        yield ".".join((*path, "*"))
    elif parts and parts[0] is not Condition:
        yield from list_keys(parts[0], (*path, "*") if get_origin(hint) is tuple else path)
    else:
        yield ".".join(path)


KEYS = sorted(list_keys())


def test_the_walk_finds_keys_of_every_depth():
    assert {
        "title",
        "search.from",
        "search.native.*",
        "search.imports.*.via",
        "stages.*.shares.*",
        "appraisal.gates.*.keep_out.*",
        "appraisal.gates.*.also",
        "assistant.consent.by",
        "assistant.budget.calls",
        "previous.studies",
    } <= set(KEYS)
    assert set(KEYS) >= set(EXPERT_ONLY)


def list_stated(value, path=()):
    """The keys that a draft states."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in entries:
        here = (*path, "on" if key is True else str(key))
        yield here
        if isinstance(inner, dict) or (
            isinstance(inner, list) and any(isinstance(one, dict) for one in inner)
        ):
            yield from list_stated(inner, here)


OPEN = {
    ("search", "native"),
    ("stages", "*", "shares"),
    ("appraisal", "gates", "*", "keep_out"),
}
"""Keys under which any name may be written."""


def name_key(path):
    path = tuple("*" if str(part).isdigit() else str(part) for part in path)
    return ".".join((*path[:-1], "*") if path[:-1] in OPEN else path)


class Form:
    """The page Protocol with its editor open, and the keys its fields were seen to hold."""

    def __init__(self, folder):
        def script(folder, person):
            from pathlib import Path

            import streamlit as st

            from review.pages import protocol
            from review.workflow.setup.loading import open_project

            st.session_state["person"] = person
            protocol.render_page(open_project(Path(folder), who="edited meanwhile"))

        self.page = AppTest.from_function(
            script, args=(str(folder), LEAD), default_timeout=300
        ).run()
        self.keys = set()
        self.before = None
        self.press("Edit protocol")

    def look(self):
        assert not self.page.exception
        state = self.page.session_state._state.filtered_state
        (draft,) = (value for key, value in state.items() if key.startswith("protocol_draft_"))
        stated = set(list_stated(read_keys(draft.text)))
        if self.before is None:
            self.before = stated
        self.keys |= {name_key(path) for path in stated - self.before}
        prefix = f"protocol_{draft.turn}_"
        self.keys |= {
            name_key(key.removeprefix(prefix).split("|")[0].split("."))
            for key in state
            if key.startswith(prefix)
        }
        self.draft = draft

    def find(self, kind, label):
        return next(one for one in getattr(self.page, kind) if one.label.startswith(label))

    def press(self, label):
        self.find("button", label).click().run()
        self.look()

    def set(self, kind, label, value):
        self.find(kind, label).set_value(value).run()
        self.look()

    def open(self, section):
        self.page.segmented_control[0].set_value(section).run()
        self.look()


@pytest.fixture
def form(tmp_path):
    init_project(tmp_path)
    (tmp_path / "embase.ris").write_text("TY  - JOUR\nTI  - A\nER  - \n")
    (tmp_path / "protocol.yaml").write_text(PLAN)
    open_project(tmp_path).store.close()
    return Form(tmp_path)


def add_gate(form, tool, asked, kind, label, value):
    form.set("selectbox", "Instrument", tool)
    form.set("radio", "Exclude a study if", asked)
    form.set(kind, label, value)
    last = [one for one in form.page.text_input if one.label == "Reason for exclusion"][-1]
    last.set_value(f"{tool} {asked}").run()


def test_every_key_has_a_field_or_a_reason(form):
    for frame in ("PICO", "PIRD"):
        form.set("radio", "The question in parts", frame)
    form.set("checkbox", "This review updates", True)
    form.set("number_input", "Studies that", 12)
    form.open("Eligibility")
    form.open("Search")
    form.press("List this file")
    form.set("selectbox", "PRISMA box", "registers")
    form.open("Stages")
    form.press("Add a stage by title and abstract")
    form.press("Add a stage by full text")
    form.set("selectbox", "Allocation", "shares")
    form.set("number_input", "Share of ada", 0.5)
    form.open("Order and rules")
    form.press("Add a rule")
    form.open("Instruments and gates")
    add_gate(form, "rqs-1.0", "minimum", "number_input", "Exclude below", 6)
    form.set("selectbox", "Score", "percent")
    form.press("Add gate")
    add_gate(form, "probast-2019", "keep_out", "multiselect", "Excluded if judged", ["high"])
    form.press("Add gate")
    add_gate(form, "rqs-1.0", "required", "multiselect", "Items that have", ["1", "2", "3"])
    form.set("number_input", "How many of them", 2)
    form.press("Add gate")
    form.open("Data extraction")
    form.open("Settings")
    form.set("checkbox", "Plan an assistant", True)
    form.set("checkbox", "I consent", True)
    plan = parse_protocol(form.draft.text)
    assert plan.assistant.consent.by == "ada"
    assert plan.appraisal.gates[2].at_least == 2
    assert (plan.previous.studies, plan.search.imports[0].via) == (12, "registers")
    assert sorted(set(KEYS) - form.keys - set(EXPERT_ONLY)) == []
    assert sorted(set(EXPERT_ONLY) & form.keys) == []  # a field has come: take it off the list
    form.set("text_input", "Address of the service", "https://llm.example.org/v1")
    assert parse_protocol(form.draft.text).assistant.consent is None
