"""The Bias page: flags with their sentence and page, verdicts that measure rules, data sets."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest
from support.papers import COMBINED, draw_paper, draw_pdf

from review.models import PrintedTable, Record
from review.pages import bias
from review.pages.widgets import table_list
from review.pages.widgets.highlighting import escape_markdown
from review.store import records
from review.store.timestamps import utc_now
from review.workflow.appraisal.instruments import get_checklist
from review.workflow.bias import flags
from review.workflow.fulltexts import attachments
from review.workflow.project.accounts import CurrentUser
from review.workflow.setup.loading import init_project, open_project

ADA = CurrentUser("ada", ("lead", "reviewer"))


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("review")
    init_project(folder)
    opened = open_project(folder)
    names = ("study.pdf", "scan.pdf")
    with opened.store.write() as conn:
        batch = records.add_batch(
            conn, utc_now(), "ada", kind="file", source="embase", name="e.ris"
        )
        given = [(n, Record("embase", title=name)) for n, name in enumerate(names, 1)]
        records.add_records(conn, batch, given, utc_now())
    for number, name in enumerate(names, 1):
        attachments.attach_pdf(opened, number, name, draw_pdf(name), "ada")
    return opened


def script(folder, person):
    import importlib
    from pathlib import Path

    import streamlit as st

    from review.workflow.setup.loading import open_project

    st.session_state["person"] = person
    importlib.import_module("review.pages.bias").render_page(open_project(Path(folder)))


def draw(folder):
    app = AppTest.from_function(script, args=(str(folder), ADA), default_timeout=300)
    return app.run()


def said(app):
    return " ".join(one.value for one in [*app.markdown, *app.caption, *app.info])


def test_flags_stand_under_their_question_and_dismissing_measures_the_rule(project):
    app = draw(project.folder)
    assert not app.exception
    words = said(app)
    assert "1.1** Were the data from an appropriate source" in words
    assert COMBINED in words
    assert "not found in the text" in words
    assert "Flags are prompts, not judgements" in words
    before = flags.get_rule_performance(project)
    button = next(b for b in app.button if str(b.key).startswith("bias_dismiss_combined-sets"))
    button.click().run()
    assert not app.exception
    after = flags.get_rule_performance(project)["combined-sets"]
    assert "combined-sets" not in before
    assert (after.right, after.wrong, after.precision) == (0, 1, 0.0)
    app.button(key=button.key.replace("dismiss", "confirm")).click().run()
    assert flags.get_rule_performance(project)["combined-sets"].precision == 1.0
    rules = next(f.value for f in app.dataframe if "Precision here" in f.value)
    row = rules[rules["Rule"] == "combined-sets"].iloc[0]
    assert (row["Confirmed here"], row["Precision here"]) == (1, 1.0)
    app.button(key=button.key.replace("dismiss", "confirm")).click().run()
    assert flags.get_rule_performance(project) == {}


def test_flags_and_places_to_look_at_stand_apart_and_other_matches_only_when_asked_for(project):
    found = flags.get_flags(project, 1)
    counts = {tier: sum(f.tier == tier for f in found) for tier in ("flag", "look", "other")}
    assert counts["look"] <= 9
    app = draw(project.folder)
    heads = [one.value for one in app.subheader]
    assert f"Flags ({counts['flag']})" in heads
    assert f"Look here ({counts['look']})" in heads
    assert not any(head.startswith("Other matches") for head in heads)
    app.toggle[0].set_value(True).run()
    assert f"Other matches ({counts['other']})" in [one.value for one in app.subheader]
    assert "right in" in said(app)


def test_verdicts_go_on_to_the_next_and_can_be_taken_back(project):
    app = draw(project.folder)
    shown = bias.order_as_listed(
        [f for f in flags.get_flags(project, 1) if f.tier != "other"],
        get_checklist(project, "probast-2019"),
    )
    words = said(app)
    cards = [f"{bias.STRENGTH_ICONS[f.strength]} {escape_markdown(f.text)}" for f in shown]
    places = [words.index(card) for card in cards]
    assert len(shown) > 3 and places == sorted(places)
    app.button(key="judging_confirm").click().run()
    app.button(key="judging_dismiss").click().run()
    assert not app.exception
    words = flags.get_flag_feedback(project, 1, "ada")
    keys = [flags.get_flag_key(flag) for flag in shown[:2]]
    assert [words[key].verdict for key in keys] == ["confirm", "dismiss"]
    app.button(key="judging_previous").click().run()
    assert "You dismissed this on" in said(app)
    for left in (1, 0):
        app.button(key="judging_undo").click().run()
        assert len(flags.get_flag_feedback(project, 1, "ada")) == left
    assert app.button(key="judging_undo").disabled
    with project.store.read() as conn:
        from sqlalchemy import func, select

        from review.store.tables.fulltexts import feedback

        rows = conn.execute(select(func.count()).where(feedback.c.kind == "flag")).scalar_one()
    assert rows >= 4


def test_claim_items_can_stand_beside_the_flags_instead(project):
    app = draw(project.folder)
    app.segmented_control[0].set_value("claim-2020").run()
    assert "**7** " in said(app)


def test_the_pages_sentence_is_shown_and_another_on_demand(project):
    app = draw(project.folder)
    app.button(key="judging_next").click().run()
    shown = next(one.value for one in app.markdown if one.value.startswith(("Page ", "Full text")))
    button = [b for b in app.button if str(b.key).startswith("bias_show_combined-sets")][-1]
    button.click().run()
    after = next(one.value for one in app.markdown if one.value.startswith("Page "))
    flag = [one for one in flags.get_flags(project, 1) if one.rule == "combined-sets"][-1]
    assert after.startswith(f"Page {flag.page} ")
    assert shown != after


def test_data_sets_of_a_study_can_be_taken_off_and_added(project):
    app = draw(project.folder)
    words = said(app)
    assert "**COVIDx CXR** and **RSNA Pneumonia Detection Challenge 2018** may share" in words
    assert "arXiv" in words or "doi:" in words
    app.button(key="bias_off_figure1_covid").click().run()
    assert "figure1_covid" not in flags.get_datasets(project, 1).used
    app.selectbox(key="bias_add").select("brixia").run()
    app.button(key="bias_add_now").click().run()
    assert "brixia" in flags.get_datasets(project, 1).used
    assert "name known public datasets, drawn from" in said(app)


def test_a_set_named_in_an_unclear_way_is_asked_once_with_its_sentence(tmp_path):
    asked = "We trained the network on the dataset of Cohen et al. as published."
    again = "We also validated the network on the dataset of Cohen et al. in a second run."
    init_project(tmp_path)
    review = open_project(tmp_path)
    with review.store.write() as conn:
        batch = records.add_batch(
            conn, utc_now(), "ada", kind="file", source="embase", name="e.ris"
        )
        records.add_records(conn, batch, [(1, Record("embase", title="A"))], utc_now())
    pdf = draw_paper("A network for COVID-19", ["# Methods", asked, again], "Journal")
    attachments.attach_pdf(review, 1, "a.pdf", pdf, "ada")
    assert len(flags.get_datasets(review, 1).unresolved) == 2
    app = draw(tmp_path)
    assert not app.exception
    words = said(app)
    assert words.count("Which data set does") == 1
    assert f"p. 1: {escape_markdown(asked)}" in words


def test_a_scan_says_why_there_is_nothing(project):
    app = draw(project.folder)
    app.selectbox(key="bias_study").select(2).run()
    assert not app.exception
    assert "no text layer" in said(app)


def test_a_review_without_pdfs_says_what_to_do(tmp_path):
    init_project(tmp_path)
    open_project(tmp_path)
    app = draw(tmp_path)
    assert not app.exception
    assert "Full texts page" in app.info[0].value


def test_a_flag_stands_beside_its_question_and_under_the_judgement_of_its_domain(project):
    from review.checklists import find_question, list_questions
    from review.workflow.appraisal.instruments import get_checklist

    for name, key, domain in (
        ("probast-2019", "1.1", "judgement:participants"),
        ("quadas-2", "1.2", "judgement:patient-selection"),
    ):
        one = get_checklist(project, name)
        found = flags.get_flags(project, 1)
        assert flags.find_related_items(one, find_question(one, key)) == (key,)
        here = flags.filter_flags(
            found, name, flags.find_related_items(one, find_question(one, key))
        )
        assert "frankenstein_dataset" in {flag.pitfall for flag in here}
        whole = flags.find_related_items(one, find_question(one, domain))
        assert key in whole
        assert len(flags.filter_flags(found, name, whole)) >= len(here)
        silent = [a for a in list_questions(one) if a.key.endswith(":overall") or not a.section]
        assert silent
        assert [flags.find_related_items(one, a) for a in silent] == [()] * len(silent)


def test_no_flag_is_lost_where_no_question_of_the_tool_asks_for_it(project):
    app = draw(project.folder)
    app.segmented_control[0].set_value("quadas-2").run()
    assert not app.exception
    words = said(app) + " ".join(one.value for one in app.subheader)
    assert "Not covered by QUADAS-2" in words


def test_tables_are_shown_as_tables(project):
    app = draw(project.folder)
    assert not app.exception
    [table] = [f.value for f in app.dataframe if "Network" in f.value]
    assert list(table.columns) == ["Network", "Normal", "Other", "Infection"]
    assert table["Network"].iloc[0] == "Plain"
    assert table["Infection"].iloc[0] == "58.5"


def test_a_sentence_that_is_printed_twice_is_judged_once(project):
    study_flags = [one for one in flags.get_flags(project, 1) if one.tier != "other"]
    again = [replace(one, page=9, sentence=900) for one in study_flags]
    tool = get_checklist(project, "probast-2019")
    assert bias.order_as_listed([*study_flags, *again], tool) == bias.order_as_listed(
        study_flags, tool
    )


def test_heads_that_repeat_are_told_apart():
    printed = ("n (3)", "n", "n", "n (3)")
    table = PrintedTable("Table 1", "", 3, printed, (("1", "2", "3", "4"),))
    assert len(set(table_list.build_frame(table).columns)) == 4
    table = PrintedTable("Table 2", "Table 2: Sizes.", 3, ("", "n", "n"), (("A", "1", "2"),))
    frame = table_list.build_frame(table)
    assert list(frame.columns) == ["Column 1", "n", "n (3)"]
    assert table_list.name_table(table) == "Table 2 (p. 3): Sizes."
    table = PrintedTable("Table 3", "TABLE 3 Sizes.", 3, ("", "n"), (("A", "1"),))
    assert table_list.name_table(table) == "Table 3 (p. 3): Sizes."


def test_who_only_reads_sees_flags_and_data_sets_and_changes_none(project):
    reader = CurrentUser("zoe", ("reader",))
    app = AppTest.from_function(script, args=(str(project.folder), reader), default_timeout=300)
    app.run()
    assert not app.exception
    writing = ("bias_confirm", "bias_dismiss", "judging_confirm", "judging_dismiss", "bias_off")
    buttons = [b for b in app.button if str(b.key).startswith((*writing, "bias_ask", "bias_add"))]
    assert {key for key in writing if any(b.key.startswith(key) for b in buttons)} == set(writing)
    assert all(button.disabled for button in buttons)
    assert not any(str(b.key).startswith(("fact_correct", "fact_add")) for b in app.button)
    assert not app.button(key="judging_next").disabled
