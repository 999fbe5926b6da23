"""Models of a report: each has its own blinded forms, consensus and gates; nothing is lost."""

import pytest
from support import appraising
from support.appraising import fill, full, kind, review_in, standing
from typer.testing import CliRunner

from review.cli import app
from review.errors import ReviewError
from review.store import answers
from review.store.log import iter_events
from review.store.report_models import ModelDetails
from review.workflow.appraisal import (
    adjudication,
    forms,
    model_changes,
    results,
    spreadsheets,
    tasks,
)
from review.workflow.appraisal.agreement import compute_agreement
from review.workflow.appraisal.forms import AnswerInput
from review.workflow.appraisal.instruments import get_checklist
from review.workflow.exports import appraisals, methods_text
from review.workflow.exports.snapshot import snapshot_at

GATE = """\
    - {id: bias, checklist: probast-2019, keep_out: {participants: [high]}, reason: high risk}
"""


@pytest.fixture
def project(tmp_path):
    return review_in(tmp_path)


def gated(folder, monkeypatch, rule):
    """A review whose only gate is PROBAST's participants, with a rule for several models."""
    plan = appraising.PROTOCOL
    head, _, _ = plan.partition("  gates:\n")
    plan = (
        f"{head}  gates:\n{GATE}"
        if rule is None
        else f"{head}  model_rule: {rule}\n  gates:\n{GATE}"
    )
    monkeypatch.setattr(appraising, "PROTOCOL", plan)
    return review_in(folder)


def add(project, *names, record=1, who="ada", **details):
    return [
        model_changes.add_model(project, record, ModelDetails(name=name, **details), who)
        for name in names
    ]


def form_of(model):
    return f"probast-2019@{model.id}"


def probast(project, participants):
    """A PROBAST form with one judgement of the participants and low risk elsewhere."""
    form = full(project, "probast-2019", **{"about:evaluation": "both"})
    form |= {
        f"{part}:{domain}": "low"
        for part, domains in (
            ("judgement", ("participants", "predictors", "outcome", "analysis")),
            ("applicability", ("participants", "predictors", "outcome")),
        )
        for domain in domains
    }
    if participants == "high":
        form |= {"sq-1.1": "no", "sq-1.2": "no", "judgement:participants": "high"}
    return form


def appraise(project, form_id, participants, record=1, who=("ada", "ben")):
    for name in who:
        fill(project, record, form_id, name, probast(project, participants))


def test_each_model_has_its_own_form_and_reviewers_stay_blind(project):
    first, second = add(project, "DenseNet", "U-Net")
    fill(project, 1, form_of(first), "ada", {"sq-1.1": "yes"}, finish=False)
    fill(project, 1, form_of(second), "ada", {"sq-1.1": "no"}, finish=False)
    for model, answer in ((first, "yes"), (second, "no")):
        own = forms.open_form(project, 1, form_of(model), "ada")
        assert own.entries["sq-1.1"].answer == answer
        assert forms.open_form(project, 1, form_of(model), "ben").entries == {}
        with pytest.raises(ReviewError, match="cannot be adjudicated until"):
            adjudication.load_comparison(project, 1, form_of(model), "cleo")


def test_a_model_that_is_finished_by_both_is_settled_while_the_other_waits(project):
    first, second = add(project, "DenseNet", "U-Net")
    appraise(project, form_of(first), "high")
    fill(project, 1, form_of(second), "ada", probast(project, "low"))
    assert adjudication.load_comparison(project, 1, form_of(first), "cleo").settled
    with pytest.raises(ReviewError, match="cannot be adjudicated until"):
        adjudication.load_comparison(project, 1, form_of(second), "cleo")
    listed = results.list_adjudication_tasks(project, "cleo")
    assert [(task.checklist, task.model) for task in listed] == [(form_of(first), "DenseNet")]


def test_an_adjudicator_who_appraises_sees_no_model_before_finishing_all(tmp_path, monkeypatch):
    """The other model's form is as much a form of the gate as the one that is open."""
    project = gated(tmp_path, monkeypatch, None)
    first, second = add(project, "DenseNet", "U-Net")
    for who in ("dan", "ben"):
        fill(project, 1, form_of(first), who, probast(project, "low"))
    with pytest.raises(ReviewError, match="you have completed your own forms"):
        adjudication.load_comparison(project, 1, form_of(first), "dan")
    assert results.list_adjudication_tasks(project, "dan") == []
    fill(project, 1, form_of(second), "dan", probast(project, "low"))
    assert adjudication.load_comparison(project, 1, form_of(first), "dan").settled


def test_a_form_begun_before_any_model_is_that_of_the_first_model(project):
    fill(project, 1, "probast-2019", "ada", {"sq-1.1": "yes"}, finish=False)
    first, second = add(project, "DenseNet", "U-Net")
    assert (first.takes_over, second.takes_over) == (True, False)
    listed = next(task for task in tasks.list_tasks(project, "ada") if task.report == 1)
    kind(project, 1, "deep-learning", "ada")
    listed = next(task for task in tasks.list_tasks(project, "ada") if task.report == 1)
    named = {form.checklist: form.model for form, *_ in listed.forms if form.model}
    assert named == {"probast-2019": "DenseNet", form_of(second): "U-Net"}
    own = forms.open_form(project, 1, "probast-2019", "ada")
    assert own.entries["sq-1.1"].answer == "yes"


def test_the_form_of_the_whole_report_is_refused_where_models_have_their_own(project):
    first, second = add(project, "DenseNet", "U-Net")
    with pytest.raises(ReviewError, match=rf"model by model.*{form_of(first)} \(DenseNet\)"):
        forms.add_answer(project, AnswerInput(1, "probast-2019", "sq-1.1", "yes"), "ada")
    with pytest.raises(ReviewError, match="it has no models"):
        forms.add_answer(project, AnswerInput(2, form_of(second), "sq-1.1", "yes"), "ada")
    with pytest.raises(ReviewError, match="once for each report"):
        forms.add_answer(project, AnswerInput(1, f"claim-2020@{first.id}", "title", "yes"), "ada")
    with pytest.raises(ReviewError, match="number of a model after the '@'"):
        get_checklist(project, "probast-2019@DenseNet")


def test_names_are_told_apart_as_papers_do(project):
    add(project, "U-Net", "U-Net++")
    for name, fault in (
        ("u-net", "already has a model"),
        ("  ", "needs a name"),
        ("x" * 101, "at most"),
    ):
        with pytest.raises(ReviewError, match=fault):
            add(project, name)
    with pytest.raises(ReviewError, match="Unknown validation 'outside'"):
        add(project, "ResNet", validation="outside")
    model_changes.change_model(project, 1, "U-Net", ModelDetails(name="UNet", kind="CNN"), "ben")
    found = model_changes.get_models(project, 1)
    assert [(model.name, model.details.kind) for model in found] == [
        ("UNet", "CNN"),
        ("U-Net++", None),
    ]
    with pytest.raises(ReviewError, match="no model called 'ResNet'"):
        model_changes.remove_model(project, 1, "ResNet", "ada")


def test_a_removed_model_keeps_its_answers_and_comes_back_with_them(project):
    _, second = add(project, "DenseNet", "U-Net")
    appraise(project, form_of(second), "high")
    with pytest.raises(ReviewError, match="only the lead or an adjudicator can remove it"):
        model_changes.remove_model(project, 1, "U-Net", "ben")
    model_changes.remove_model(project, 1, "U-Net", "ada")
    assert results.list_adjudication_tasks(project, "cleo") == []
    with pytest.raises(ReviewError, match="model by model"):
        forms.open_form(project, 1, form_of(second), "ada")
    with project.store.read() as conn:
        assert answers.list_all_answers(conn, [1], form_of(second))
    (again,) = add(project, "u-net", who="ben")
    assert again.id == second.id
    assert forms.open_form(project, 1, form_of(second), "ada").finished


@pytest.mark.parametrize(
    ("rule", "judged", "status"),
    [
        (None, ("low", "high"), "excluded"),
        ("worst", ("low", "low"), "included"),
        ("best", ("low", "high"), "included"),
        ("best", ("high", "high"), "excluded"),
        ("main", ("low", "high"), "excluded"),
        ("main", ("high", "low"), "included"),
    ],
)
def test_the_protocols_rule_makes_one_decision_of_several_models(
    tmp_path, monkeypatch, rule, judged, status
):
    project = gated(tmp_path, monkeypatch, rule)
    models = add(project, "DenseNet", "U-Net")
    model_changes.mark_main_model(project, 1, "U-Net", "ada")
    for model, participants in zip(models, judged, strict=True):
        appraise(project, form_of(model), participants)
    assert standing(project, 1)[0] == status
    outcomes = adjudication.load_gate_outcomes(project, 1)
    if status == "excluded" and rule is None:
        assert outcomes[0].why[0].startswith("U-Net: ")


def test_a_gate_waits_for_the_models_that_can_still_change_it(tmp_path, monkeypatch):
    project = gated(tmp_path, monkeypatch, "worst")
    first, second = add(project, "DenseNet", "U-Net")
    appraise(project, form_of(first), "low")
    assert standing(project, 1)[0] != "included"
    model_changes.remove_model(project, 1, "U-Net", "ada")
    assert standing(project, 1)[0] == "included"
    add(project, "U-Net")
    assert standing(project, 1)[0] not in ("included", "excluded")
    appraise(project, form_of(second), "high")
    assert standing(project, 1) == ("excluded", "high risk")


def test_agreement_and_tables_count_each_model_and_figures_each_study(tmp_path, monkeypatch):
    project = gated(tmp_path, monkeypatch, "best")
    first, second = add(project, "DenseNet", "U-Net")
    appraise(project, form_of(first), "high")
    appraise(project, form_of(second), "low")
    appraise(project, "probast-2019", "low", record=2)
    assert compute_agreement(project, "probast-2019").reports == 3
    snapshot = snapshot_at(project)
    (instrument,) = [
        one for one in appraisals.list_instruments(snapshot) if one.checklist.id == "probast-2019"
    ]
    assert [form.model for form in instrument.forms] == ["DenseNet", "U-Net", None]
    assert [form.model for form in instrument.studies] == ["U-Net", None]
    labels = [row.study for row in appraisals.build_rows(snapshot, instrument)]
    assert labels[0].endswith(", DenseNet")
    assert labels[1].endswith(", U-Net")
    built = {table.name: table for table in appraisals.build_tables(snapshot, instrument)}
    assert len(built["probast-2019-judgements"].rows) == 3
    by_study = built["probast-2019-judgements-studies"]
    assert [row[2] for row in by_study.rows] == ["low", "low"]
    assert "counted by the best model" in by_study.notes[-1]
    paragraph = methods_text.write_methods(snapshot)
    assert "PROBAST was completed for each of 2 models in 1 report" in paragraph
    assert "judged by its best model" in paragraph


def test_a_spreadsheet_holds_each_model_and_comes_back(project, tmp_path):
    first, second = add(project, "DenseNet", "U-Net")
    fill(project, 1, form_of(second), "ada", {"sq-1.1": "no"}, finish=False)
    path = tmp_path / "forms.xlsx"
    count = spreadsheets.write_template(project, path, ["probast-2019"], ["R000001"], "ada")
    assert count == 2
    result = spreadsheets.read_template(project, path, "ada")
    assert (result.new, result.same) == (0, 1)
    table = tmp_path / "own.csv"
    table.write_text("record,model,item,answer\nR000001,densenet,1.1,yes\nR000001,U-Net,1.2,no\n")
    result = spreadsheets.read_template(project, table, "ada", checklist_id="probast-2019")
    assert result.new == 2
    assert forms.open_form(project, 1, form_of(first), "ada").entries["sq-1.1"].answer == "yes"
    assert forms.open_form(project, 1, form_of(second), "ada").entries["sq-1.2"].answer == "no"
    table.write_text("record,model,item,answer\nR000001,,1.1,yes\nR000001,ResNet,1.2,no\n")
    with pytest.raises(ReviewError, match="name the model in a column 'model'") as caught:
        spreadsheets.read_template(project, table, "ada", checklist_id="probast-2019")
    assert "no model called 'ResNet'; its models are DenseNet, U-Net" in str(caught.value)


def test_the_log_tells_what_was_done_to_models(project):
    add(project, "DenseNet", kind="CNN", task="pneumonia", validation="external")
    model_changes.remove_model(project, 1, "DenseNet", "ada")
    with project.store.read() as conn:
        rows = [row for row in iter_events(conn) if row["event"] == "report_models"]
    assert [(row["record"], row["name"], row["state"]) for row in rows] == [
        ("R000001", "DenseNet", "present"),
        ("R000001", "DenseNet", "removed"),
    ]


def test_the_commands_list_add_change_and_remove_models(project, tmp_path):
    def run(*words):
        result = CliRunner().invoke(app, ["-r", str(tmp_path), "-u", "ada", "models", *words])
        assert result.exit_code == 0, result.output
        return result.output

    assert "No report has models" in run("list")
    run("add", "R000001", "DenseNet", "--kind", "CNN", "--validation", "internal")
    run("add", "R000001", "Radiomics")
    run("change", "R000001", "DenseNet", "--name", "DenseNet-121", "--validation", "")
    run("main", "R000001", "Radiomics")
    assert run("list", "R000001").splitlines() == [
        "R000001  DenseNet-121 · CNN",
        "R000001  Radiomics (main)",
    ]
    run("remove", "R000001", "Radiomics")
    assert '"name": "DenseNet-121"' in run("list", "--json")
