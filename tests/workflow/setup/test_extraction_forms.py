"""Extraction forms built in the app: fields to a checklist file and back."""

from dataclasses import replace

import pytest

from review.checklists import list_items, list_questions, load_checklist, read_answer
from review.checklists.loading import parse_checklist
from review.errors import ChecklistError
from review.resources import get_shipped_path
from review.workflow.setup.extraction_forms import (
    ExtractionField,
    ExtractionForm,
    FieldChoice,
    assign_ids,
    check_field,
    describe_field,
    find_form_problem,
    format_form,
    is_built,
    list_item_ids,
    order_fields,
    read_form,
    split_item,
    update_choices,
)

FIELDS = (
    ExtractionField(name="Vendor: of the scanner", guidance="As printed: “GE, 1.5 T”"),
    ExtractionField(name="Age", kind="number", unit="years", is_required=False),
    ExtractionField(
        name="yes", kind="many", choices=(FieldChoice("CT, 64 rows"), FieldChoice("no"))
    ),
    ExtractionField(name="Last scan", kind="date"),
    ExtractionField(name="Counts", kind="table", unit="patients"),
    ExtractionField(name="年龄", kind="one", choices=(FieldChoice("Öl"), FieldChoice("是"))),
    ExtractionField(name="Country", per_data_set=True),
    ExtractionField(name="Cases", kind="table", per_data_set=True, is_required=False),
)


def build(*fields, **rest):
    return assign_ids(ExtractionForm(id="ours", title="Our form", fields=fields or FIELDS, **rest))


def test_a_form_is_written_as_a_checklist_and_read_back_as_it_was():
    form = build(data_sets=2, edition=3, per_model=True)
    checklist = parse_checklist(format_form(form), "ours.yaml")
    assert (checklist.unit, checklist.kind, checklist.edition) == ("model", "extraction", "3")
    assert read_form(checklist) == form
    assert is_built(checklist)
    items = {item.id: item for item in list_items(checklist)}
    assert items["age"].unit == "years" and items["age"].optional
    assert not items["country-set-1"].optional and items["country-set-2"].optional
    assert items["data-set-1"].name == "Data set 1" and items["data-set-2"].optional
    assert [i for i in items if i.startswith("cases")] == list_item_ids(form.fields[-1], 2)
    assert items["counts-tp"].unit == "patients"
    questions = {q.key: q for q in list_questions(checklist)}
    assert read_answer(questions["vendor-of-the-scanner"], "Not reported") == "not-reported"
    assert read_answer(questions["yes"], "1") == "ct-64-rows"


def test_every_item_leads_back_to_its_field():
    form = build()
    for field in form.fields:
        for item in list_item_ids(field, 3):
            assert split_item(item) == field.id


def test_a_form_that_holds_more_than_fields_is_not_changed_by_the_builder():
    shipped = load_checklist(get_shipped_path("checklists") / "extraction-imaging-ai.yaml")
    assert not is_built(shipped)
    copied = replace(read_form(shipped), id="ours-copy")
    assert len(copied.fields) == shipped.item_count
    assert find_form_problem(copied) is None
    assert is_built(parse_checklist(format_form(copied), "ours-copy.yaml"))
    built = format_form(build(ExtractionField(name="A")))
    with_cues = built.replace("choose: text,", "choose: text, cues: [x],")
    assert with_cues != built
    assert not is_built(parse_checklist(with_cues, "ours.yaml"))


def test_a_new_field_never_takes_over_the_answers_of_one_that_is_gone():
    form = build(ExtractionField(name="Age"), ExtractionField(name="age?"))
    assert [field.id for field in form.fields] == ["age", "age-2"]
    again = assign_ids(
        ExtractionForm(id="ours", title="", fields=(ExtractionField(name="Age"),)),
        ["age", "age-2-tp-set-1"],
    )
    assert again.fields[0].id == "age-3"
    strange = build(
        *(ExtractionField(name=name) for name in ("TP", "x tp", "Data set 1", "a set 2"))
    )
    assert all(split_item(field.id) == field.id for field in strange.fields)


def test_a_choice_keeps_its_id_where_it_is_reworded_or_moved():
    old = (FieldChoice("CT", "ct"), FieldChoice("MRI", "mri"))
    assert update_choices(["CT", "MR imaging"], old)[1] == FieldChoice("MR imaging", "mri")
    assert update_choices(["MRI", "CT"], old) == (old[1], old[0])
    assert update_choices(["US", "CT", "MRI"], old)[0].id == ""
    assert update_choices(
        ["CT", "CT scan"], (FieldChoice("CT scan", "x"), FieldChoice("B", "b"))
    ) == (
        FieldChoice("CT", ""),
        FieldChoice("CT scan", "x"),
    )


@pytest.mark.parametrize(
    ("field", "part", "words"),
    [
        (ExtractionField(name=" "), "name", "Give the field a name"),
        (ExtractionField(name="AGE"), "name", "already a field"),
        (ExtractionField(name="x", kind="one"), "choices", "at least two"),
        (
            ExtractionField(name="x", kind="one", choices=(FieldChoice("a"), FieldChoice("A"))),
            "choices",
            "appears twice",
        ),
        (
            ExtractionField(
                name="x", kind="one", choices=(FieldChoice("a"), FieldChoice("Unsure"))
            ),
            "choices",
            "always there",
        ),
        (
            ExtractionField(name="x", kind="many", choices=(FieldChoice("a"), FieldChoice("b+c"))),
            "choices",
            "must not contain",
        ),
    ],
)
def test_a_mistake_is_named_at_its_input(field, part, words):
    problem = check_field(field, [ExtractionField(name="Age")])
    assert problem.part == part and words in problem.message


def test_what_the_checks_let_through_makes_a_file_that_loads():
    one = ExtractionField(name="x", kind="one", choices=(FieldChoice("b+c"), FieldChoice("none x")))
    assert check_field(one, []) is None
    parse_checklist(format_form(build(one)), "ours.yaml")
    assert find_form_problem(build()) is None
    assert "at least one field" in find_form_problem(ExtractionForm(id="a", title="A"))
    assert "title" in find_form_problem(ExtractionForm(id="a", title=" "))


def test_a_field_is_described_in_words():
    assert describe_field(FIELDS[1]) == "Number (years), optional"
    assert describe_field(FIELDS[2]) == "Several choices (CT, 64 rows, no)"
    assert describe_field(FIELDS[6]) == "Text, for each data set"
    assert order_fields([FIELDS[6], FIELDS[0]]) == (FIELDS[0], FIELDS[6])


def test_a_date_is_a_year_a_month_or_a_day():
    checklist = parse_checklist(format_form(build(FIELDS[3])), "ours.yaml")
    (question,) = list_questions(checklist)
    accepted = {
        "2024": "2024",
        "2024-3": "2024-03",
        "2024/03/31": "2024-03-31",
        "2024-02-29 00:00:00": "2024-02-29",
        2024: "2024",
        "not reported": "not-reported",
    }
    assert {value: read_answer(question, value) for value in accepted} == accepted
    for wrong in ("2023-02-29", "2024-13", "March 2024", "24", "31-03-2024"):
        with pytest.raises(ChecklistError, match="2024-03-31"):
            read_answer(question, wrong)
