"""A team installs an instrument's published text; answers keep their meaning."""

import pytest
from support.appraising import review_in
from typer.testing import CliRunner

from review.cli import app
from review.errors import ChecklistError, ReviewError
from review.workflow.appraisal import forms
from review.workflow.appraisal.forms import AnswerInput
from review.workflow.appraisal.instruments import get_checklist
from review.workflow.appraisal.wording import get_wording_path
from review.workflow.setup.install_wording import install_wording


@pytest.fixture
def project(tmp_path, database):
    return review_in(tmp_path)


def find_item(project, number):
    checklist = get_checklist(project, "claim-2020")
    return next(i for s in checklist.sections for i in s.items if i.number == number)


def test_the_command_shows_the_published_text_in_place_of_ours(project, tmp_path):
    before = get_checklist(project, "claim-2020")
    forms.add_answer(project, AnswerInput(2, "claim-2020", "deidentification", "partly"), "ada")
    path = tmp_path / "text.csv"
    path.write_text("Item;Question;Title\n12;How were data stripped?;Stripping\n2;Ordered?;\n")
    words = ["--review", str(project.folder), "--user", "ada", "checklist", "import"]
    done = CliRunner().invoke(app, [*words, "claim-2020", str(path)])
    assert done.exit_code == 0, done.output
    assert (
        "the published wording of 2 items is shown from now on; 40 keep Funnel's own" in done.output
    )
    after = get_checklist(project, "claim-2020")
    assert (after.shape, after.digest != before.digest) == (before.shape, True)
    item = find_item(project, "12")
    assert (item.name, item.question) == ("Stripping", "How were data stripped?")
    assert item.guidance and find_item(project, "2").name == "Structured summary"
    assert find_item(project, "13") == next(
        i for s in before.sections for i in s.items if i.number == "13"
    )
    assert forms.open_form(project, 2, "claim-2020", "ada").entries["deidentification"].answer == (
        "partly"
    )


def test_a_yaml_list_of_items_is_read_as_well(project, tmp_path):
    path = tmp_path / "text.yaml"
    path.write_text(
        'items:\n  - {item: sq-1.1, question: "Right source?"}\n'
        '  - {item: "4.9", question: "As fitted?", guidance: "Look twice."}\n'
    )
    install_wording(project, get_checklist(project, "probast-2019"), path, "ada")
    checklist = get_checklist(project, "probast-2019")
    by_number = {i.number: i for s in checklist.sections for i in s.items}
    assert by_number["1.1"].question == "Right source?"
    assert (by_number["4.9"].question, by_number["4.9"].guidance) == ("As fitted?", "Look twice.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("item,question\n43,What?\n3,\n4,A?\n4,B?\n", "line 2: CLAIM 2020 has no item '43'"),
        ("item,question\n43,What?\n3,\n4,A?\n4,B?\n", "line 3: item '3' has no question"),
        ("item,question\n43,What?\n3,\n4,A?\n4,B?\n", "line 5: item '4' is given a second time"),
        ("number,text\n1,What?\n", "the column 'item' is missing"),
    ],
)
def test_rows_that_fit_no_item_are_all_named_and_nothing_is_installed(
    project, tmp_path, text, said
):
    path = tmp_path / "text.csv"
    path.write_text(text)
    checklist = get_checklist(project, "claim-2020")
    with pytest.raises(ChecklistError) as caught:
        install_wording(project, checklist, path, "ada")
    assert said in str(caught.value)
    assert not get_wording_path(project.folder, "claim-2020").exists()


def test_only_a_lead_installs_wording(project, tmp_path):
    path = tmp_path / "text.csv"
    path.write_text("item,question\n1,What?\n")
    reviewer = next(m.name for m in project.protocol.team if "lead" not in m.roles)
    with pytest.raises(ReviewError, match="does not have permission"):
        install_wording(project, get_checklist(project, "claim-2020"), path, reviewer)
