"""The Overview page: the live funnel, progress, and what only the lead may see."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from support.appraising import RQS_GOOD, fill, full, kind, review_in

from review.checklists import list_questions
from review.models import Decision, Record
from review.store import audit_events, decisions, records
from review.store.timestamps import utc_now
from review.workflow.appraisal import tasks
from review.workflow.appraisal.instruments import get_checklist
from review.workflow.exports import overview
from review.workflow.project.accounts import CurrentUser
from review.workflow.screening import reviewing
from review.workflow.screening import status as standings
from review.workflow.setup.loading import init_project, open_project


@pytest.fixture
def project(tmp_path):
    init_project(tmp_path)
    opened = open_project(tmp_path, who="ada")
    with opened.store.write() as conn:
        batch = records.add_batch(
            conn, utc_now(), "ada", kind="file", source="embase", name="e.ris"
        )
        given = [(n, Record("embase", title=f"Study {n}")) for n in range(1, 31)]
        added = records.add_records(conn, batch, given, utc_now())
        records.close_batch(conn, batch, announced=30, parsed=30, new=len(added.new), known=0)
        standings.rebuild_statuses(opened, conn)
    return opened


def draw(folder, person):
    def script(folder, person):
        from pathlib import Path

        import streamlit as st

        from review.pages import overview as home
        from review.workflow.setup.loading import open_project

        st.session_state["person"] = person
        home.render_page(open_project(Path(folder)))

    return AppTest.from_function(script, args=(str(folder), person), default_timeout=300).run()


@pytest.fixture
def counted_at_once(monkeypatch):
    """The flow is counted anew at each change, on a slow machine as well."""
    monkeypatch.setattr(overview, "QUICK_SECONDS", 1e9)


@pytest.mark.usefixtures("counted_at_once")
def test_what_waits_as_a_whole_is_named_under_the_funnel_until_it_is_screened(project):
    lead = CurrentUser("ada", ("lead", "reviewer"))
    captions = [one.value.replace("\\", "") for one in draw(project.folder, lead).caption]
    assert "All records of Embase (30 records) still await screening." in captions
    assert any("not been compared for duplicates yet" in text for text in captions)
    stage = project.protocol.stages[0]
    for name in ("ada", "ben"):
        reviewing.save_decision(project, stage, name, 1, "exclude")
    captions = [one.value for one in draw(project.folder, lead).caption]
    assert not any("still await screening" in text for text in captions)


@pytest.mark.usefixtures("counted_at_once")
def test_the_funnel_is_live(project):
    lead = CurrentUser("ada", ("lead", "reviewer"))
    app = draw(project.folder, lead)
    assert not app.exception
    funnel = app.get("html")[0].proto.body
    assert "<b>30</b>" in funnel
    stage = project.protocol.stages[0]
    for name in ("ada", "ben"):
        one = reviewing.get_next_record(project, stage, name)
        reviewing.save_decision(project, stage, name, one.number, "exclude")
    again = draw(project.folder, lead)
    assert "29 still to screen" in again.get("html")[0].proto.body
    assert any("ada 1, ben 1" in one.value for one in again.caption)


def test_who_screens_is_led_to_what_waits_for_them_and_a_guest_is_not(project):
    def list_links(person):
        return [block.proto.body for block in draw(project.folder, person).get("html")]

    assert any('href="my-work"' in link for link in list_links(CurrentUser("ben", ("reviewer",))))
    assert not any("my-work" in link for link in list_links(CurrentUser("gil", ("guest",))))


def test_a_file_of_decisions_is_not_listed_as_a_source_called_funnel(project):
    with project.store.write() as conn:
        batch = records.add_batch(
            conn, utc_now(), "ada", kind="file", source="funnel", name="decisions.xlsx"
        )
        records.close_batch(conn, batch, announced=None, parsed=0, new=0, known=0)
    (table,) = draw(project.folder, CurrentUser("ada", ("lead",))).dataframe
    assert list(table.value["Source"]) == ["Decisions", "Embase"]


def test_a_reviewer_sees_only_their_own_progress(project):
    stage = project.protocol.stages[0]
    one = reviewing.get_next_record(project, stage, "ada")
    reviewing.save_decision(project, stage, "ada", one.number, "include")
    app = draw(project.folder, CurrentUser("ben", ("reviewer",)))
    assert any("Screened: ben 0" in one.value for one in app.caption)
    assert not any("ada" in one.value for one in app.caption)


def test_what_waits_between_two_bars_stands_beside_them(tmp_path):
    project = review_in(tmp_path / "quality")
    with project.store.write() as conn:
        decisions.add_decisions(conn, [Decision(3, "full-text", "ada", None, utc_now())])
        standings.rebuild_statuses(project, conn)
    funnel = draw(project.folder, CurrentUser("ada", ("lead",))).get("html")[0].proto.body
    assert "1 source<" in funnel
    assert "1 awaiting full text" in funnel
    assert "2 awaiting appraisal" in funnel
    assert "quality gate" not in funnel


def test_finished_forms_count_as_progress_of_the_quality_stage(tmp_path):
    project = review_in(tmp_path / "quality")
    lead = CurrentUser("ada", ("lead", "reviewer"))
    kind(project, 1, "traditional", "ada", "ben")
    kind(project, 2, "traditional", "ada")
    asked = list_questions(get_checklist(project, "probast-2019"))
    low = {one.key: one.options[0].id for one in asked if not one.optional}
    for number, who in ((1, "ada"), (1, "ben"), (2, "ada")):
        fill(project, number, "rqs-1.0", who, full(project, "rqs-1.0") | RQS_GOOD)
        fill(project, number, "probast-2019", who, low | full(project, "probast-2019"))
    app = draw(project.folder, lead)
    told = [one.value for one in app.caption]
    assert any("Completed forms: ada 2, ben 1, dan 0" in one for one in told)
    seen = draw(project.folder, CurrentUser("cleo", ("adjudicator",)))
    assert not any("not started" in one.value for one in seen.caption[-4:])
    done = {one.stage.id: one.by_reviewer for one in overview.get_progress(project, lead)}
    assert done["quality"]["ada"] == sum(
        tasks.is_appraisal_finished(
            [(tool, word == "finished") for tool, word, _, _ in one.forms], one.status
        )
        for one in tasks.list_tasks(project, "ada")
    )


def test_an_alert_stands_on_top(project):
    with project.store.write() as conn:
        audit_events.add_event(
            conn, "alert", "tool", utc_now(), subject="R000003", detail={"text": "retracted"}
        )
    app = draw(project.folder, CurrentUser("ada", ("lead",)))
    assert app.error[0].value.startswith("[R000003](record?key=R000003): retracted (raised 20")
    assert any(one.label == "Save and close" for one in app.button)
    reader = draw(project.folder, CurrentUser("ben", ("reviewer",)))
    assert len(reader.error) == 1
    assert not any(one.label == "Save and close" for one in reader.button)


def test_the_lead_closes_an_alert_with_words_that_stay(project):
    with project.store.write() as conn:
        audit_events.add_event(
            conn, "alert", "tool", utc_now(), subject="R000003", detail={"text": "retracted"}
        )
    app = draw(project.folder, CurrentUser("ada", ("lead",)))
    close = next(one for one in app.button if one.label == "Save and close")
    close.click().run()
    assert "State briefly" in app.warning[0].value
    app.text_area[0].set_value("Excluded; notice checked")
    next(one for one in app.button if one.label == "Save and close").click().run()
    assert not app.error
    assert app.expander[0].label == "Closed alerts (1)"
    assert any(
        "Closed by ada" in one.value and "notice checked" in one.value for one in app.markdown
    )


def test_an_import_says_what_a_harvest_left_out(project):
    with project.store.write() as conn:
        batch = records.add_batch(
            conn, utc_now(), "ada", kind="harvest", source="medrxiv", name="w"
        )
        records.add_records(
            conn, batch, [(n, Record("medrxiv", title=f"New {n}")) for n in range(3)], utc_now()
        )
        records.close_batch(conn, batch, announced=40, parsed=40, new=3, known=2)
    app = draw(project.folder, CurrentUser("ada", ("lead",)))
    table = app.dataframe[0].value
    assert table["Not matching"].iloc[0] == 35
    assert table["Not matching"].isna().iloc[1]
    assert any("cannot search by keyword" in one.value for one in app.caption)


def test_the_tab_s_icon_comes_from_no_other_host():
    from streamlit.commands import page_config

    from review.pages.widgets.icon import ICON

    assert page_config._get_favicon_string(ICON).startswith("data:image/svg+xml")
    assert "page_icon=ICON" in (Path(__file__).parents[2] / "app.py").read_text()


def exclude_one(project):
    stage = project.protocol.stages[0]
    number = reviewing.get_next_record(project, stage, "ada").number
    for name in ("ada", "ben"):
        reviewing.save_decision(project, stage, name, number, "exclude")


def test_a_flow_that_takes_long_to_count_rests_and_says_so(project):
    times = iter([0.0, 2.0, 2.0])  # begins, has taken 2 s, rests from then on
    kept = overview.FlowCache()
    flow, counted = overview.get_recent_flow(project, kept, clock=lambda: next(times))
    assert (flow.main.waiting_screening.n, counted) == (30, None)
    exclude_one(project)
    flow, counted = overview.get_recent_flow(project, kept, clock=lambda: 41.9)
    assert flow.main.waiting_screening.n == 30 and counted == kept.at
    flow, counted = overview.get_recent_flow(project, kept, clock=lambda: 42.0)
    assert (flow.main.waiting_screening.n, counted) == (29, None)


def test_a_flow_that_is_counted_quickly_is_counted_at_each_change(project):
    kept = overview.FlowCache()
    overview.get_recent_flow(project, kept, clock=lambda: 1.0)
    exclude_one(project)
    flow, counted = overview.get_recent_flow(project, kept, clock=lambda: 1.0)
    assert (flow.main.waiting_screening.n, counted) == (29, None)


def test_the_overview_counts_the_key_papers_found(project):
    lead = CurrentUser("ada", ("lead", "reviewer"))
    assert not any("Key papers" in one.value for one in draw(project.folder, lead).caption)
    path = project.folder / "protocol.yaml"
    papers = "search:\n  key_papers: [study 7, Study 77]"
    path.write_text(path.read_text().replace("search:", papers, 1))
    told = [one.value for one in draw(project.folder, lead).caption]
    assert "Key papers found: 1 of 2. Details are on the Searches page." in told
