"""The page Protocol: a lead changes the plan by a form and confirms what changes."""

from dataclasses import replace

import pytest
import yaml
from streamlit.testing.v1 import AppTest
from support.small import studies

from review.models import Record
from review.workflow.project.accounts import CurrentUser
from review.workflow.screening import keyword_rules
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup import form_versions, protocol_amendments
from review.workflow.setup.extraction_forms import ExtractionField
from review.workflow.setup.loading import list_amendments, open_project

LEAD, REVIEWER = CurrentUser("ada", ("lead", "reviewer")), CurrentUser("ben", ("reviewer",))


@pytest.fixture
def project(tmp_path):
    return studies(tmp_path, [Record("embase", title=f"Study {n}") for n in (1, 2, 3)])


def draw(folder, person=LEAD, section=None):
    def script(folder, person):
        from pathlib import Path

        import streamlit as st

        from review.pages import protocol
        from review.workflow.setup.loading import open_project

        st.session_state["person"] = person
        protocol.render_page(open_project(Path(folder), who="edited meanwhile"))

    page = AppTest.from_function(script, args=(str(folder), person), default_timeout=300).run()
    if section is not None:
        find(page.button, "Edit protocol").click().run()
        open_section(page, section)
    return page


def open_section(page, section):
    page.segmented_control[0].set_value(section).run()
    assert not page.exception


def find(widgets, label):
    return next(one for one in widgets if one.label.startswith(label))


def labels(page):
    return [one.label for one in page.button]


def read(project):
    return (project.folder / "protocol.yaml").read_text()


def told(page):
    return " ".join(one.value for one in [*page.markdown, *page.caption, *page.warning])


def test_a_reviewer_sees_the_plan_and_changes_nothing(project):
    page = draw(project.folder, REVIEWER)
    assert not page.exception
    shown = told(page)
    assert project.fingerprint[:12] in shown
    assert "A model that reads chest radiographs or CT" in shown
    assert "Only the lead can change the protocol." in shown
    assert "hybrid studies with RQS below 6" in shown
    assert "Edit protocol" not in labels(page) and not page.text_area
    assert any("[tiab]" in one.value for one in page.code)


def test_the_examples_of_the_starter_protocol_are_marked(project):
    page = draw(project.folder)
    assert "the title, the question, the query" in page.info[0].value
    find(page.button, "Edit protocol").click().run()
    assert sum("Example from the template" in one.value for one in page.caption) == 2
    find(page.text_input, "Title of the review").set_value("Ours").run()
    assert sum("Example from the template" in one.value for one in page.caption) == 1


def test_a_field_changes_its_key_and_nothing_else_in_the_file(project):
    before = read(project)
    page = draw(project.folder, section="Question")
    assert "Review changes" not in labels(page)
    find(page.text_input, "Title of the review").set_value("Deep learning for X").run()
    assert read(project) == before
    find(page.button, "Review changes").click().run()
    assert "Title: changed from “Machine learning for the diagnosis of X on chest imaging” to " in (
        told(page).replace("\\", "")
    )
    assert "-title: Machine" in page.code[0].value
    assert read(project) == before
    find(page.button, "Save change as version 2").click().run()
    assert page.success[0].value == "Saved as version 2."
    assert read(project) == before.replace(
        "title: Machine learning for the diagnosis of X on chest imaging",
        "title: Deep learning for X",
    )


def test_an_amendment_is_confirmed_with_a_reason(project):
    add_decision(project, NewDecision(1, "title-abstract", "ben", "include"))
    page = draw(project.folder, section="Stages")
    assert len(page.number_input) == 5
    page.number_input[0].set_value(1).run()
    find(page.button, "Review changes").click().run()
    shown = told(page)
    assert "reviewers per record: changed from “2” to “1”" in shown.replace("\\", "")
    assert "The status of every record at “Title and abstract” is computed again." in shown
    find(page.button, "Save amendment as version 2").click().run()
    assert "give a reason" in page.error[0].value
    page.text_input[0].set_value("too few hands").run()
    assert len(protocol_amendments.list_versions(project)) == 1  # Enter alone saves nothing
    find(page.button, "Save amendment as version 2").click().run()
    assert not page.exception and "Saved as version 2" in page.success[0].value
    (amendment,) = list_amendments(open_project(project.folder))
    assert amendment["why"] == "too few hands"
    assert "reviewers: 1                      # how many decide" in read(project)


def test_what_is_typed_stays_when_the_section_or_the_view_changes(project):
    page = draw(project.folder, section="Eligibility")
    find(page.text_area, "Include a study if").set_value("Adults only\n\n Adults only\n- CT").run()
    open_section(page, "Stages")
    find(page.button, "Close editor").click().run()
    find(page.button, "Continue editing").click().run()
    open_section(page, "Eligibility")
    assert find(page.text_area, "Include a study if").value == "Adults only\nCT"
    find(page.button, "Discard changes").click().run()
    assert "A model that reads" in find(page.text_area, "Include a study if").value
    assert "Review changes" not in labels(page)


def test_a_plan_that_does_not_hold_together_is_refused_at_its_field(project):
    page = draw(project.folder, section="Stages")
    page.number_input[0].set_value(5).run()
    said = [one.value for one in page.error]
    assert said[0].startswith("Cannot be saved yet") and "the team has 2" in said[0]
    assert "needs 5 reviewers, but the team has 2" in said[1]
    assert find(page.button, "Review changes").disabled
    page.number_input[0].set_value(2).run()
    assert not page.error
    open_section(page, "Question")
    find(page.text_area, "Question").set_value("  ").run()
    assert ["is empty" in one.value for one in page.error] == [True, True]


def test_the_question_is_taken_apart_and_put_together_again(project):
    before = read(project)
    page = draw(project.folder, section="Question")
    find(page.radio, "The question in parts").set_value("PIRD").run()
    find(page.text_input, "Population").set_value("Adults with suspected X: all").run()
    find(page.text_input, "Index test").set_value("Deep learning on CT").run()
    find(page.button, "Review changes").click().run()
    shown = told(page).replace("\\", "")
    assert "Population: set to “Adults with suspected X: all”" in shown
    find(page.button, "Save change").click().run()
    parts = open_project(project.folder).protocol.question_parts
    assert (parts.frame, parts.index_test) == ("PIRD", "Deep learning on CT")
    assert "Adults with suspected X" in told(page)
    open_again = draw(project.folder, section="Question")
    find(open_again.radio, "The question in parts").set_value("none").run()
    find(open_again.button, "Review changes").click().run()
    find(open_again.button, "Save change").click().run()
    assert read(project) == before


def test_a_stage_is_removed_and_added_again(project):
    before = read(project)
    (project.folder / "protocol.yaml").write_text(  # without the default number
        before.replace("    kind: quality ", "    name: Quality\n    kind: quality ").replace(
            "gates decide\n    reviewers: 2\n", "gates decide\n"
        )
    )
    page = draw(project.folder, section="Stages")
    assert page.number_input[-1].value == 2
    assert not any(label.startswith("Add a stage") for label in labels(page))
    page.button(key="protocol_0_remove_1").click().run()
    find(page.button, "Add a stage by full text").click().run()
    assert not page.exception and not page.error
    find(page.button, "Review changes").click().run()
    find(page.button, "Save change").click().run()
    stages = open_project(project.folder).protocol.stages
    assert [stage.id for stage in stages] == ["title-abstract", "full-text", "quality"]
    assert stages[1].reasons == ()


def test_shares_are_asked_for_where_records_are_shared_out(project):
    page = draw(project.folder, section="Stages")
    find(page.selectbox, "Allocation").set_value("shares").run()
    assert any("needs 'shares'" in one.value for one in page.error)
    find(page.number_input, "Share of ada").set_value(0.4).run()
    find(page.number_input, "Share of ben").set_value(0.6).run()
    assert not page.error
    find(page.button, "Review changes").click().run()
    find(page.button, "Save change").click().run()
    stage = open_project(project.folder).protocol.stages[0]
    assert (stage.allocation, stage.shares) == ("shares", {"ada": 0.4, "ben": 0.6})


def test_the_file_is_edited_with_the_line_of_a_fault_and_no_server_path(project):
    page = draw(project.folder, section="YAML (for experts)")
    text = page.text_area[0].value
    page.text_area[0].set_value(text.replace("reviewers: 2  ", "reviewers: two  ", 1)).run()
    said = page.error[-1].value.replace("\\", "")
    assert "line 27" in said and "expected a whole number" in said
    assert str(project.folder) not in " ".join(one.value for one in page.error)
    open_section(page, "Stages")
    assert "Correct it under YAML" in page.error[-1].value and not page.number_input
    open_section(page, "YAML (for experts)")
    page.text_area[0].set_value(text.replace("(covid*", "((covid*")).run()
    assert "line 12" in page.error[-1].value
    page.text_area[0].set_value(text + "# a note\n").run()
    assert page.success[0].value == "The protocol is valid."
    find(page.button, "Review changes").click().run()
    assert "Only comments or layout change" in told(page)
    assert page.code[0].value == "+# a note"


def save_elsewhere(project, old, new):
    text = read(project)
    assert old in text
    protocol_amendments.amend_protocol(
        project,
        text.replace(old, new, 1),
        "ada",
        "",
        seen=open_project(project.folder).fingerprint,
    )


def test_two_leads_at_once_see_both_changes_and_keep_both(project):
    page = draw(project.folder, section="Question")
    find(page.text_input, "Title of the review").set_value("Mine").run()
    find(page.button, "Review changes").click().run()
    save_elsewhere(project, "minimum: 6", "minimum: 7 # theirs")
    find(page.button, "Save change").click().run()
    assert not page.exception
    assert "ada saved version 2 while you were editing" in page.warning[0].value
    shown = told(page).replace("\\", "")
    assert "RQS below 7" in shown and "to “Mine”" in shown
    find(page.button, "Put my changes on version 2").click().run()
    find(page.button, "Save change as version 3").click().run()
    assert page.success[0].value == "Saved as version 3."
    data = yaml.safe_load(read(project))
    assert (data["title"], data["appraisal"]["gates"][1]["minimum"]) == ("Mine", 7)
    assert "# theirs" in read(project)


def test_where_both_changed_the_same_key_it_is_named(project):
    page = draw(project.folder, section="Question")
    find(page.text_input, "Title of the review").set_value("Mine").run()
    save_elsewhere(project, "title: Machine", "title: Theirs machine")
    page.run()
    assert "You both changed 1 key of the file: title" in told(page)
    find(page.button, "Discard my changes").click().run()
    assert find(page.text_input, "Title of the review").value.startswith("Theirs machine")


def test_a_version_saved_elsewhere_is_shown_where_nothing_was_typed(project):
    page = draw(project.folder, section="Question")
    save_elsewhere(project, "title: Machine", "title: Theirs machine")
    page.run()
    assert not page.warning
    assert find(page.text_input, "Title of the review").value.startswith("Theirs machine")


def test_the_query_is_counted_and_translated_as_it_is_typed(project):
    page = draw(project.folder, section="Search")
    shown = told(page)
    assert "9 different terms in 3 blocks" in shown
    field = find(page.text_area, "Query for all sources")
    assert field.value.count("\nAND ") == 2
    field.set_value("mesh:covid AND (ct OR cxr)").run()
    assert "3 different terms in 2 blocks" in told(page)
    assert any("[mh]" in one.value.lower() or "mesh" in one.value.lower() for one in page.code)
    assert any("cannot be asked" in one.label for one in page.expander)
    find(page.text_area, "Query for all sources").set_value("ct AND (cxr").run()
    assert any("cannot be read" in one.value for one in page.error)
    assert find(page.button, "Review changes").disabled
    find(page.text_area, "Query for all sources").set_value("ct AND cxr AND mri").run()
    find(page.text_area, "Your own query for PubMed").set_value("ct[ti]").run()
    find(page.text_area, "Key papers").set_value("10.1/abc\nA title").run()
    find(page.button, "Review changes").click().run()
    shown = told(page).replace("\\", "")
    assert "Search query: added" in shown and "Key papers: added “10.1/abc” and “A title”" in shown
    find(page.button, "Save change").click().run()
    search = open_project(project.folder).protocol.search
    assert search.query.strip() == "ct AND cxr AND mri"
    assert (search.native, search.key_papers) == ({"pubmed": "ct[ti]"}, ("10.1/abc", "A title"))
    assert "  # One query for all sources." in read(project)


def test_records_are_counted_for_each_term_of_the_draft(project):
    page = draw(project.folder, section="Search")
    find(page.text_area, "Query for all sources").set_value("study AND NOT mri").run()
    assert "3 of the 3 records in this review match the query" in told(page)
    table = next(one.value for one in page.dataframe if "Term" in one.value.columns)
    assert table.values.tolist() == [["study", 3], ["mri", 0]]
    assert "No record here matches: mri." in told(page)


def test_a_gate_is_built_in_words_and_another_one_removed(project):
    page = draw(project.folder, section="Instruments and gates")
    assert "hybrid studies with RQS below 6." in told(page)
    page.button(key="protocol_0_remove_gate_0").click().run()
    assert not page.exception
    find(page.selectbox, "Instrument").set_value("probast-2019").run()
    find(page.multiselect, "Excluded if judged").set_value(["high"]).run()
    assert find(page.button, "Add gate").disabled
    find_last(page.text_input, "Reason for exclusion").set_value("High risk of bias!").run()
    assert "Exclude studies of every kind with PROBAST judged high (overall)." in told(page)
    find(page.button, "Add gate").click().run()
    assert not page.exception and not page.error
    find(page.button, "Review changes").click().run()
    shown = told(page).replace("\\", "")
    assert "Quality gates: added “Exclude studies of every kind with PROBAST judged high" in shown
    assert "Quality gates: removed “Exclude deep learning and hybrid studies with any of CLAIM" in (
        shown
    )
    find(page.button, "Save change").click().run()
    gates = open_project(project.folder).protocol.appraisal.gates
    assert [(gate.id, gate.reason) for gate in gates] == [
        ("rqs-minimum", "RQS below 6"),
        ("high-risk-of-bias", "High risk of bias!"),
    ]
    assert gates[1].keep_out == {"overall": ("high",)}


def test_an_instrument_that_a_gate_needs_cannot_go(project):
    page = draw(project.folder, section="Instruments and gates")
    find(page.multiselect, "Instruments").set_value(["claim-2020", "probast-2019"]).run()
    assert any("gate 'rqs-minimum' uses 'rqs-1.0'" in one.value for one in page.error)
    assert find(page.button, "Review changes").disabled
    page.button(key="protocol_0_remove_gate_1").click().run()
    assert not page.error and not find(page.button, "Review changes").disabled


def find_last(widgets, label):
    return [one for one in widgets if one.label.startswith(label)][-1]


def test_the_forms_of_data_extraction_are_chosen(project):
    page = draw(project.folder, section="Data extraction")
    assert find(page.selectbox, "Data extraction form").value == "extraction-imaging-ai"
    find(page.selectbox, "Data extraction form").set_value("charms").run()
    find(page.checkbox, "Also extract 2×2 tables").check().run()
    find(page.button, "Review changes").click().run()
    shown = told(page).replace("\\", "")
    assert "Data extraction form: changed from “Data extraction after Roberts 2021" in shown
    assert "Form for 2×2 tables: set to “Accuracy of a model, 2×2 table and AUC”" in shown
    find(page.button, "Save change").click().run()
    appraisal = open_project(project.folder).protocol.appraisal
    assert (appraisal.extraction, appraisal.accuracy) == ("charms", "accuracy-2x2")


def click(page, label):
    find(page.button, label).click().run()
    assert not page.exception


def find_key(page, ending):
    return next(one.key for one in page.button if (one.key or "").endswith(ending))


def add_field(page, name, kind=None, **inputs):
    """Fills in the editor of a new field and adds it."""
    if "Add this field" not in labels(page):
        click(page, "Add a field")
    if kind is not None:
        find(page.selectbox, "Kind of answer").set_value(kind).run()
    find(page.text_input, "Name of the field").set_value(name).run()
    for label, value in inputs.items():
        widgets = page.text_area if label == "Choices" else page.text_input
        find(widgets, label).set_value(value).run()
    click(page, "Add this field")


def get_form_fields(project):
    name = open_project(project.folder).protocol.appraisal.extraction
    return name, form_versions.open_form_draft(project, name).form.fields


def test_an_extraction_form_is_built_previewed_and_saved(project):
    page = draw(project.folder, section="Data extraction")
    click(page, "Build a new form")
    assert "at least one field" in page.error[0].value  # it is used, and empty
    add_field(page, "Scanner: $ vendor", Hint="As printed")
    add_field(page, "Age", "number", Unit="years")
    add_field(page, "Modality", "one", Choices="CT\nMRI")
    click(page, "Add a field")
    add_field(page, "age")
    assert [one.value for one in page.error] == ["There is already a field “age”."]
    find(page.text_input, "Name of the field").set_value("Cases").run()
    find(page.selectbox, "Kind of answer").set_value("table").run()
    find(page.checkbox, "Ask for each data set").check().run()
    click(page, "Add this field")
    assert not page.error
    find(page.number_input, "Data sets asked for").set_value(2).run()
    find(page.text_input, "Title of the form").set_value("Our own form").run()
    page.button(key=find_key(page, "_1_up")).click().run()
    shown = told(page).replace("\\", "")
    assert "##### 1&ensp;Age" in shown and "Cases: true positives (data set 2)" in shown
    assert any(one.label == "Answer (years)" and one.disabled for one in page.text_input)
    click(page, "Review changes")
    shown = told(page).replace("\\", "")
    assert "Data extraction form: changed from “Data extraction after Roberts" in shown
    assert "“Our own form”: new, with 4 fields: “Age” (Number (years))" in shown
    click(page, "Save change as version 2")
    _, fields = get_form_fields(project)
    assert [field.name for field in fields] == ["Age", "Scanner: $ vendor", "Modality", "Cases"]
    assert "Versions of data extraction forms" in [one.value for one in page.subheader]
    click(page, "Edit protocol")
    open_section(page, "Data extraction")
    page.button(key=find_key(page, "_0_edit")).click().run()
    find(page.text_input, "Name of the field").set_value("Mean age").run()
    click(page, "Change this field")
    click(page, "Review changes")
    assert "“Age” is now called “Mean age”" in told(page).replace("\\", "")
    click(page, "Save change of the form")
    assert page.success[0].value == "Saved the data extraction form."
    assert get_form_fields(project)[1][0].id == "age"


def test_a_form_put_back_as_it_was_is_no_change(project):
    page = draw(project.folder, section="Data extraction")
    click(page, "Copy this form and change it")
    click(page, "Review changes")
    click(page, "Save change as version 2")
    click(page, "Edit protocol")
    open_section(page, "Data extraction")
    for way in ("down", "up"):
        number = 0 if way == "down" else 1
        key = find_key(page, f"_{number}_{way}")
        page.button(key=key).click().run()
        assert ("Review changes" in labels(page)) is (way == "down")


def test_unsaved_changes_wait_for_their_author_after_a_reload(project):
    page = draw(project.folder, section="Question")
    find(page.text_input, "Title of the review").set_value("Mine").run()
    open_section(page, "Data extraction")
    click(page, "Build a new form")
    add_field(page, "Vendor")
    other = draw(project.folder, CurrentUser("cleo", ("lead",)))
    assert "Edit protocol" in labels(other) and not other.info[1:]
    again = draw(project.folder)
    assert "changes of the protocol that are not saved, last changed 20" in again.info[0].value
    click(again, "Continue editing")
    assert find(again.text_input, "Title of the review").value == "Mine"
    open_section(again, "Data extraction")
    assert "**Vendor**: text" in told(again)
    save_elsewhere(project, "minimum: 6", "minimum: 7")
    late = draw(project.folder)
    click(late, "Continue editing")
    assert "ada saved version 2 while you were editing" in late.warning[0].value
    click(late, "Discard my changes")
    assert "Edit protocol" in labels(draw(project.folder))


def test_a_form_saved_by_another_lead_meanwhile_is_shown(project):
    page = draw(project.folder, section="Data extraction")
    click(page, "Build a new form")
    add_field(page, "Vendor")
    click(page, "Review changes")
    click(page, "Save change as version 2")
    name, fields = get_form_fields(project)
    click(page, "Edit protocol")
    open_section(page, "Data extraction")
    add_field(page, "Mine")
    theirs = form_versions.open_form_draft(project, name)
    form = replace(theirs.form, fields=(*fields, ExtractionField(name="Theirs")))
    protocol_amendments.amend_protocol(
        project,
        read(project),
        "ada",
        "",
        seen=open_project(project.folder).fingerprint,
        drafts={name: replace(theirs, form=form)},
    )
    page.run()
    assert "was saved by somebody else" in page.warning[0].value
    assert "removed “Theirs”" in told(page).replace("\\", "")
    click(page, "Take their form")
    assert "**Theirs**: text" in told(page) and "Review changes" not in labels(page)


def test_a_rule_is_written_previewed_applied_and_undone(project):
    page = draw(project.folder, section="Order and rules")
    find(page.checkbox, "Show reviewers the words").uncheck().run()
    click(page, "Add a rule")
    find(page.text_area, "A record is ineligible unless").set_value("(2 OR 3").run()
    assert page.error and find(page.button, "Review changes").disabled
    find(page.text_area, "A record is ineligible unless").set_value("2 OR 3").run()
    find(page.text_input, "Reason in the PRISMA diagram").set_value("No number").run()
    click(page, "Review changes")
    assert "Keyword rules: added “rule-1”" in told(page).replace("\\", "")
    click(page, "Save change as version 2")
    plan = open_project(project.folder).protocol
    assert (plan.rules[0].must_match, plan.ranking.show_words) == ("2 OR 3", False)

    click(page, "Preview rules")
    assert "No number: 1 record excluded, 0 returned to screening." in told(page)
    assert "- Study 1" in told(page) and "- Study 2" not in told(page)
    click(page, "Cancel")
    assert "Apply rules" not in labels(page)
    assert keyword_rules.count_marks(open_project(project.folder)) == {"rule-1": 0}
    click(page, "Preview rules")
    click(page, "Apply rules")
    assert page.success[0].value == r"Rules applied\: 1 record excluded, 0 returned to screening."
    assert keyword_rules.count_marks(open_project(project.folder)) == {"rule-1": 1}
    reviewers_page = draw(project.folder, REVIEWER)
    assert "1 record excluded by this rule" in told(reviewers_page)
    assert not [one for one in labels(reviewers_page) if one.startswith(("Undo", "Preview"))]


def test_a_rule_that_left_the_protocol_can_still_be_undone(project):
    text = read(project) + "rules:\n  - {id: rule-1, must_match: 2 OR 3}\n"
    protocol_amendments.amend_protocol(project, text, "ada", "", seen=project.fingerprint)
    keyword_rules.apply_rules(open_project(project.folder), "ada")
    page = draw(project.folder, section="Order and rules")
    click(page, "Remove rule")
    click(page, "Add a rule")  # under an id of its own: the marks of rule-1 are not its marks
    find(page.text_area, "A record is ineligible unless").set_value("Study").run()
    click(page, "Review changes")
    page.text_input[0].set_value("Delphi").run()
    find(page.button, "Save").click().run()
    assert [rule.id for rule in open_project(project.folder).protocol.rules] == ["rule-2"]
    assert "**rule-1** (no longer in the protocol)" in told(page).replace("\\", "")
    click(page, "Undo: return 1 record to screening")
    assert page.success[0].value == r"Undone\: 1 record returned to screening."
    assert keyword_rules.count_marks(open_project(project.folder)) == {"rule-2": 0}
