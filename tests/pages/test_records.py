"""The Records and Record details pages, with what their reader may see."""

import dataclasses

import pytest
from streamlit.testing.v1 import AppTest

from review.models import Decision, Record
from review.store import decisions, records
from review.store.timestamps import utc_now
from review.workflow.deduplication.run import (
    find_possible_duplicates,
    run_deduplication,
    settle_pair,
)
from review.workflow.fulltexts import attachments
from review.workflow.project.accounts import CurrentUser
from review.workflow.records import listing as workflow
from review.workflow.screening import status as standings
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import init_project, open_project


@pytest.fixture
def project(tmp_path):
    init_project(tmp_path)
    opened = open_project(tmp_path)
    with opened.store.write() as conn:
        batch = records.add_batch(
            conn, utc_now(), "ada", kind="file", source="embase", name="e.ris"
        )
        given = [
            (i, Record("embase", title=f"Radiograph study {i}", year=2000 + i % 3, doi=f"10.1/{i}"))
            for i in range(1, 121)
        ]
        records.add_records(conn, batch, given, utc_now())
    return opened


def draw(name, folder, person, key=None):
    def script(name, folder, person, key):
        import importlib
        from pathlib import Path

        import streamlit as st

        from review.workflow.setup.loading import open_project

        st.session_state["person"] = person
        if key:
            st.query_params["key"] = key
        importlib.import_module(f"review.pages.{name}").render_page(open_project(Path(folder)))

    args = (name, str(folder), person, key)
    return AppTest.from_function(script, args=args, default_timeout=300).run()


ADA, BEN = CurrentUser("ada", ("lead", "reviewer")), CurrentUser("ben", ("reviewer",))


def test_the_list_turns_pages_and_searches(project):
    app = draw("records", project.folder, ADA)
    assert not app.exception
    assert len(app.dataframe[0].value) == 50
    app.button[1].click().run()
    assert app.dataframe[0].value["Record"].iloc[0] == "record?key=R000051"
    app.button[0].click().run()
    assert app.dataframe[0].value["Record"].iloc[0] == "record?key=R000001"
    app.text_input(key="records_words").input("study 77").run()
    assert list(app.dataframe[0].value["Title"]) == ["Radiograph study 77"]
    app.text_input(key="records_words").input("nothing holds this").run()
    assert "No matching records" in app.info[0].value


def test_one_record_shows_its_source_and_history(project):
    app = draw("record", project.folder, ADA, "R000007")
    assert not app.exception
    assert app.title[0].value == "Radiograph study 7"
    shown = " ".join(m.value for m in app.markdown)
    assert "https://doi.org/10.1/7" in shown
    assert "was added from Embase (e.ris)" in shown


def test_what_a_source_wrote_is_shown_as_it_wrote_it(project):
    odd = "Cut by ~5% to ~10%, from $9 to $4 [*sic*] & <b>more</b> :red[so]"
    given = [
        (1, Record("embase", title=odd, abstract=odd, authors=("O, *A*",), doi="10.1/(a)_b_c"))
    ]
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="embase")
        (number,) = records.add_records(conn, batch, given, utc_now()).new
    app = draw("record", project.folder, ADA, records.format_record_key(number))
    assert not app.exception
    (title,) = app.title
    assert title.value == (
        r"Cut by \~5% to \~10%, from \$9 to \$4 \[\*sic\*\] \& \<b\>more\</b\> \:red\[so\]"
    )
    assert r"O, \*A\*" in app.caption[0].value
    assert r"[DOI 10.1/(a)\_b\_c](https://doi.org/10.1/%28a%29_b_c)" in app.markdown[0].value
    assert any("&lt;b&gt;more&lt;/b&gt;" in one.proto.body for one in app.get("html"))


def test_the_history_names_stages_rules_and_titles(project):
    settle_pair(project, ("R000007", "R000008"), "different", "ada")
    add_decision(project, NewDecision(7, "title-abstract", "ada", "unsure", note="see methods"))
    lines = [event.what for event in workflow.get_record_view(project, "R000007", ADA).history]
    assert "Title and abstract: maybe — see methods" in lines
    (linked,) = [line for line in lines if "not a duplicate" in line]
    assert linked.startswith("R000007 is not a duplicate of R000008 “Radiograph study 8”")


def test_the_list_shows_possible_duplicates_until_they_are_compared(project):
    one = Record(
        "pubmed",
        title="Deep learning for tuberculosis on chest radiographs of adults",
        authors=("Fox, Ann", "Hu, Bo"),
        year=2021,
        journal="Radiology",
        doi="10.1016/a",
    )
    other = dataclasses.replace(one, source="scopus", title="Wages in towns", journal=None)
    with project.store.write() as conn:
        batch = records.add_batch(conn, utc_now(), "ada", kind="file", source="embase")
        records.add_records(conn, batch, [(1, one), (2, other)], utc_now())
    run_deduplication(project, "ada")
    (found,) = find_possible_duplicates(project)
    keys = {stored.key for stored in found[1:]}
    app = draw("records", project.folder, ADA)
    app.text_input(key="records_words").input("Fox").run()
    table = app.dataframe[0].value
    assert set(table["Possible duplicate"]) == keys
    settle_pair(project, (found[1].key, found[2].key), "different", "ada")
    app.run()
    assert set(app.dataframe[0].value["Possible duplicate"]) == {""}


def test_an_unknown_record_is_one_calm_line(project):
    app = draw("record", project.folder, ADA, "R999999")
    assert "There is no record R999999" in app.warning[0].value


def test_the_history_hides_what_others_decided_until_it_is_settled(project):
    with project.store.write() as conn:
        decisions.add_decisions(
            conn, [Decision(7, "title-abstract", "ben", "include", utc_now(), note="mine")]
        )
    for person, sees in ((BEN, True), (ADA, False)):
        lines = workflow.get_record_view(project, "R000007", person).history
        assert any("ben" in one.who for one in lines) is sees
    with project.store.write() as conn:
        row = {"record": 7, "stage": "title-abstract", "status": "included", "votes": 2}
        decisions.write_statuses(conn, [{**row, "reason": None, "at": None}])
    assert any(
        "ben" in one.who for one in workflow.get_record_view(project, "R000007", ADA).history
    )


def test_a_full_text_is_put_on_the_record_and_offered_again(project):
    app = draw("record", project.folder, ADA, "R000005")
    assert any("Add the PDF" in one.proto.label for one in app.get("file_uploader"))
    reader = draw("record", project.folder, CurrentUser("rolf", ("reader",)), "R000005")
    assert not reader.get("file_uploader")
    assert any("No PDF attached" in one.value for one in reader.caption)
    attachments.attach_pdf(project, 5, "five.pdf", b"%PDF-1.4 made up", "ada")
    app = draw("record", project.folder, ADA, "R000005")
    assert not app.exception
    assert not app.get("file_uploader")
    assert [one.proto.label for one in app.get("download_button")] == ["Download PDF"]


def test_the_list_filters_counts_and_excludes_by_ones_own_vote(project):
    with project.store.write() as conn:
        standings.rebuild_statuses(project, conn)
    for who in ("ada", "ben"):
        add_decision(project, NewDecision(3, "title-abstract", who, "exclude"))
    app = draw("records", project.folder, ADA)
    assert not app.exception
    assert "1 to 50 of 120" in [one.value for one in app.caption]
    by_label = {one.label: one for one in app.selectbox}
    by_label["Status"].set_value("excluded").run()
    assert not app.exception
    table = app.dataframe[0].value
    assert list(table["Record"]) == ["record?key=R000003"]
    assert list(table["Status"]) == ["Title and abstract: excluded"]
    assert list(table["My decision"]) == ["exclude"]
    assert "1 to 1 of 1 (of 120 in all)" in [one.value for one in app.caption]


def table(app):
    return list(app.dataframe[0].value["Title"])


def find_button(app, label):
    return next(one for one in app.button if one.label == label)


def test_filters_are_saved_under_a_name_and_opened_again(project):
    app = draw("records", project.folder, BEN)
    app.text_input(key="records_words").input("study 77").run()
    app.text_input(key="records_year").input("2002").run()
    name = next(one for one in app.text_input if one.label == "Save these filters as")
    name.input("My <b> list")
    next(one for one in app.checkbox if one.label == "For the team").check()
    find_button(app, "Save list").click().run()
    assert not app.exception and app.success[0].value == "List saved."
    other = draw("records", project.folder, ADA)
    assert len(table(other)) == 50
    other.selectbox(key="records_saved_list").set_value(("ben", "My <b> list")).run()
    assert not other.exception
    assert table(other) == ["Radiograph study 77"]
    assert other.text_input(key="records_year").value == "2002"
    unused = {box.label: box.placeholder for box in other.selectbox}
    assert (unused["Stage"], unused["Source"]) == ("Any stage", "All sources")
    assert not [one for one in other.button if one.label == "Rename"]  # it is ben's
    app.selectbox(key="records_saved_list").set_value(("ben", "My <b> list")).run()
    find_button(app, r"Delete My \<b\> list").click().run()
    assert not app.exception and "List deleted" in app.success[0].value
    assert not [one for one in app.selectbox if one.key == "records_saved_list"]


def test_tags_are_a_column_a_filter_and_part_of_the_download(project):
    from review.workflow.records import annotations

    annotations.add_tag(project, "ada", 7, "background", shared=False)
    app = draw("records", project.folder, ADA)
    assert app.dataframe[0].value["Tags"].iloc[6] == "background"
    app.selectbox(key="records_tag").set_value("background").run()
    assert table(app) == ["Radiograph study 7"]
    captions = [one.value for one in app.caption]
    assert "1 to 1 of 1 (of 120 in all)" in captions
    assert app.selectbox(key="records_tag").options == ["Any", "background"]
    assert draw("records", project.folder, BEN).selectbox(key="records_tag").options == ["Any"]


def test_a_tag_is_added_and_removed_on_the_record(project):
    app = draw("record", project.folder, BEN, "R000007")
    next(one for one in app.text_input if one.label == "New tag").input("to *discuss*")
    find_button(app, "Add tag").click().run()
    assert not app.exception
    assert any(r"**to \*discuss\*** (only me)" in one.value for one in app.caption)
    find_button(app, r"Remove to \*discuss\* (only me)").click().run()
    assert not any("discuss" in one.value for one in app.caption)
    next(one for one in app.text_area if one.label == "Your note for the team").input("See $5")
    find_button(app, "Save team note").click().run()
    assert any(r"Your team note: See \$5" in one.value for one in app.caption)
    assert not any(
        "See" in one.value for one in draw("record", project.folder, ADA, "R000007").caption
    )
