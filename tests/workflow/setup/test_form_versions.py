"""Extraction forms change while answers are there: nothing is lost, each change is a version."""

from dataclasses import replace

import pytest
from support.appraising import fill, kind, review_in

from review.errors import ProtocolError, ReviewError
from review.store import answers
from review.workflow.appraisal import forms
from review.workflow.exports import bundle
from review.workflow.exports.snapshot import snapshot_at
from review.workflow.setup import form_versions, protocol_draft
from review.workflow.setup.extraction_forms import ExtractionField, FieldChoice
from review.workflow.setup.form_versions import FormDraft, list_form_versions, load_answers
from review.workflow.setup.loading import list_amendments, open_project
from review.workflow.setup.protocol_amendments import amend_protocol, read_protocol_text
from review.workflow.setup.protocol_preview import preview_change

VENDOR = ExtractionField(name="Vendor")
MODALITY = ExtractionField(
    name="Modality", kind="one", choices=(FieldChoice("CT"), FieldChoice("MRI"))
)
AGE = ExtractionField(name="Age", kind="number", unit="years", is_required=False)


def start(project, *fields):
    """Builds a form and puts it in force; gives the review and the form's id."""
    draft = form_versions.start_form(project, None, [])
    form = replace(draft.form, title="Ours", fields=fields)
    return save(project, FormDraft(form), named=True), form.id


def save(project, draft, why="more to extract", *, named=False, who="ada"):
    text = seen = read_protocol_text(project)
    if named:
        text = protocol_draft.set_values(text, {("appraisal", "extraction"): draft.form.id})
    amend_protocol(
        project,
        text,
        who,
        why,
        seen=open_project(project.folder).fingerprint,
        drafts={draft.form.id: draft},
    )
    assert (text == seen) is not named
    return open_project(project.folder)


def change(project, form_id, *fields, **rest):
    draft = form_versions.open_form_draft(project, form_id)
    return replace(draft, form=replace(draft.form, fields=fields, **rest))


def get_fields(project, form_id):
    return form_versions.open_form_draft(project, form_id).form.fields


def preview(project, draft):
    text = read_protocol_text(project)
    return preview_change(project, text, text, {draft.form.id: draft})


def count_answers(project, form_id):
    with project.store.read() as conn:
        return load_answers(conn, form_id)


def test_a_new_form_is_a_file_in_the_folder_and_reviewers_fill_it_in(tmp_path):
    project, form_id = start(review_in(tmp_path), VENDOR, MODALITY)
    assert form_id == "ours-data-extraction"
    assert (tmp_path / "checklists" / f"{form_id}.yaml").read_text().startswith("# Built")
    assert project.protocol.appraisal.extraction == form_id
    fill(project, 1, form_id, "ada", {"vendor": "GE", "modality": "CT"})
    assert forms.open_form(project, 1, form_id, "ada").finished
    with project.store.read() as conn:
        (version,) = list_form_versions(conn)
    assert (version.edition, version.who, version.why) == ("1", "ada", "more to extract")
    assert version.text == (tmp_path / "checklists" / f"{form_id}.yaml").read_text()
    assert any("new, with 2 fields" in str(one["what"]) for one in list_amendments(project))


def test_answers_stay_where_a_field_is_renamed_moved_added_and_removed(tmp_path):
    project, form_id = start(review_in(tmp_path), VENDOR, MODALITY, AGE)
    for who in ("ada", "ben"):
        kind(project, 1, "deep-learning", who)
        fill(project, 1, form_id, who, {"vendor": "GE", "modality": "ct", "age": "61"})
    _, modality, age = get_fields(project, form_id)
    changed = change(
        project,
        form_id,
        replace(age, name="Mean age"),
        replace(modality, choices=(*modality.choices, FieldChoice("US"))),
        ExtractionField(name="Country"),
    )
    shown = preview(project, changed)
    said, effects = " ".join(shown.sentences), " ".join(shown.effects)
    assert "“Age” is now called “Mean age”" in said and "removed “Vendor”" in said
    assert "added “Country” (Text)" in said
    assert "2 answers to “Vendor” stay in the store" in effects
    assert "2 answers to “Age” are kept and appear under “Mean age”" in effects
    assert "2 forms finished already have no answer to “Country”" in effects
    project = save(project, changed)
    form = forms.open_form(project, 1, form_id, "ada")
    assert form.entries["age"].answer == "61" and form.entries["modality"].answer == "ct"
    assert form.result.unanswered == ("country",)
    with project.store.read() as conn:
        kept = answers.list_all_answers(conn, [1], form_id)
        versions = list_form_versions(conn)
    assert [row.answer for row in kept if row.item == "vendor"] == ["GE", "GE"]
    assert [version.edition for version in versions] == ["1", "2"]
    files = bundle.build_report_files(snapshot_at(project))
    tables = [data.decode() for name, data in files.items() if name.endswith(".csv")]
    assert any("Mean age" in table for table in tables)
    assert not any("Vendor" in table for table in tables)
    fill(project, 2, form_id, "ada", {"age": "5", "modality": "us", "country": "NL"})


def test_a_removed_field_that_comes_back_under_its_name_has_no_old_answers(tmp_path):
    project, form_id = start(review_in(tmp_path), VENDOR, AGE)
    fill(project, 1, form_id, "ada", {"vendor": "GE"}, finish=False)
    project = save(project, change(project, form_id, get_fields(project, form_id)[1]))
    project = save(
        project,
        change(project, form_id, *get_fields(project, form_id), replace(VENDOR, kind="date")),
    )
    assert [field.id for field in get_fields(project, form_id)] == ["age", "vendor-2"]
    assert "vendor-2" not in forms.open_form(project, 1, form_id, "ada").entries


@pytest.mark.parametrize(
    ("number", "changes", "words"),
    [
        (0, {"kind": "number"}, "its kind cannot change"),
        (0, {"per_data_set": True}, "between report and data set"),
        (1, {"choices": (FieldChoice("MRI", "mri"), FieldChoice("US"))}, "The choice “CT”"),
    ],
)
def test_a_field_with_answers_keeps_what_they_mean(tmp_path, number, changes, words):
    project, form_id = start(review_in(tmp_path), VENDOR, MODALITY)
    fields = list(get_fields(project, form_id))
    fields[number] = replace(fields[number], **changes)
    draft = change(project, form_id, *fields)
    text = read_protocol_text(project)
    assert protocol_draft.find_fault(project, text, {form_id: draft}) is None  # no answers yet
    fill(project, 1, form_id, "ada", {"vendor": "GE", "modality": "ct"})
    assert words in protocol_draft.find_fault(project, text, {form_id: draft}).problem
    before = (tmp_path / "checklists" / f"{form_id}.yaml").read_text()
    with pytest.raises(ProtocolError, match=words):
        save(project, draft)
    assert (tmp_path / "checklists" / f"{form_id}.yaml").read_text() == before


def test_a_form_with_answers_is_not_moved_from_report_to_model(tmp_path):
    project, form_id = start(review_in(tmp_path), VENDOR)
    fill(project, 1, form_id, "ada", {"vendor": "GE"})
    draft = change(project, form_id, *get_fields(project, form_id), per_model=True)
    with pytest.raises(ProtocolError, match="stays as it is filled in"):
        save(project, draft)


def test_an_unused_choice_and_a_withdrawn_answer_hold_nothing_back(tmp_path):
    project, form_id = start(review_in(tmp_path), VENDOR, MODALITY)
    fill(project, 1, form_id, "ada", {"vendor": "GE", "modality": "ct"}, finish=False)
    fill(project, 1, form_id, "ada", {"vendor": None}, finish=False)
    assert count_answers(project, form_id).counts == {"modality": 1}
    vendor, modality = get_fields(project, form_id)
    kept = replace(modality, choices=(modality.choices[0], FieldChoice("US")))
    project = save(project, change(project, form_id, replace(vendor, kind="date"), kept))
    assert get_fields(project, form_id)[0].kind == "date"


def test_a_reason_is_needed_and_a_version_saved_meanwhile_is_not_overwritten(tmp_path):
    project, form_id = start(review_in(tmp_path), VENDOR)
    mine = change(project, form_id, *get_fields(project, form_id), AGE)
    with pytest.raises(ProtocolError, match="give a reason"):
        save(project, mine, "  ")
    theirs = change(project, form_id, *get_fields(project, form_id), MODALITY)
    project = save(project, theirs)
    assert form_versions.is_outdated(project, form_id, mine)
    with pytest.raises(ProtocolError, match="changed in the meantime"):
        save(project, mine)
    assert [field.name for field in get_fields(project, form_id)] == ["Vendor", "Modality"]
    with pytest.raises(ReviewError):
        save(project, change(project, form_id, VENDOR), who="ben")


def test_a_new_form_that_the_plan_does_not_use_is_not_written(tmp_path):
    project = review_in(tmp_path)
    draft = form_versions.start_form(project, None, [])
    draft = replace(draft, form=replace(draft.form, fields=(VENDOR,)))
    with pytest.raises(ProtocolError, match="no changes to save"):
        save(project, draft)
    assert not (tmp_path / "checklists").exists()


def test_the_fields_of_another_form_are_a_start(tmp_path):
    from review.workflow.appraisal.instruments import get_checklist

    project = review_in(tmp_path)
    draft = form_versions.start_form(project, get_checklist(project, "extraction-imaging-ai"), [])
    packed = form_versions.pack_drafts({draft.form.id: draft})
    assert form_versions.unpack_drafts(packed) == {draft.form.id: draft}
    project = save(project, draft, named=True)
    assert "positives-test" in {field.id for field in get_fields(project, draft.form.id)}
    with pytest.raises(ReviewError, match="cannot be read"):
        form_versions.unpack_drafts({"x": {"form": {"nonsense": 1}, "base": None}})
