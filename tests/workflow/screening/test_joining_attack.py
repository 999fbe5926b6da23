"""An attack on blinding by merging: a reviewer merges an open record with a resolved one, looks
everywhere they can and undoes it, and must have learned nothing."""

import json
from dataclasses import asdict

import pytest
from support.small import studies
from typer.testing import CliRunner

from review.cli import app
from review.errors import ReviewError
from review.models import Record
from review.prisma import flow_to_dict
from review.protocol.models import find_stage
from review.workflow.deduplication.run import settle_pair, undo_answer
from review.workflow.exports import bundle, changes, listings, overview, snapshot
from review.workflow.exports.prisma_inputs import compute_flow
from review.workflow.exports.records import ExportOptions, build_export
from review.workflow.project.accounts import CurrentUser
from review.workflow.records.listing import get_record_view
from review.workflow.screening import agreement, blinding, ranking, reviewing
from review.workflow.screening.decisions import NewDecision, add_decision
from review.workflow.setup.loading import open_project

TA = "title-abstract"
FIRST, SETTLED, LAST = 1, 2, 3
"""Records: FIRST and LAST are open to ada, SETTLED has both decisions."""


def make_review(folder, hidden, number, settled="include", adjudicator="cleo"):
    """ada and ben agreed on SETTLED; ben judged one more record, or has not."""
    project = studies(folder, [Record("embase", title=f"Study {n}") for n in (1, 2, 3)])
    path = folder / "protocol.yaml"
    path.write_text(path.read_text().replace("name: cleo", f"name: {adjudicator}"))
    project = open_project(folder, who="ada")
    for name in ("ada", "ben"):
        add_decision(project, NewDecision(SETTLED, TA, name, settled))
    if hidden:
        add_decision(project, NewDecision(number, TA, "ben", hidden, note="Ben's secret note"))
    return project


def look(project, number):
    """All that ada can be told of the review, by every way there is, without moments."""
    stage = find_stage(project.protocol, "screening")
    ada = CurrentUser("ada", ("reviewer", "lead"))
    views = {}
    for n in (FIRST, SETTLED, LAST):
        view = get_record_view(project, f"R{n:06d}", ada)
        views[n] = [(line.who, line.what) for line in view.history]
    progress = overview.get_progress(project, ada)
    snap = snapshot.snapshot_at(project, reader="ada")
    (record_files,) = [build_export(project, "json", ExportOptions(reader="ada")).data]
    seen = {
        "history": views,
        "progress": [(p.reports, p.settled, p.statuses, p.by_reviewer) for p in progress],
        "flow": flow_to_dict(compute_flow(project, reader="ada"), ids=True),
        "snapshot": flow_to_dict(snap.flow, ids=True),
        "included": list(snap.included),
        "export": json.loads(record_files),
        "changes": changes.compare_since(project, snap.day, reader="ada").decisions_by_stage,
        "agreement": [
            (pair.names, [(f.n, f.value) for f in pair.figures])
            for pair in agreement.compute_agreement(project, stage, reader="ada")
        ],
        "stopping": asdict(ranking.get_stopping_evidence(project, stage, reader="ada")[0]),
        "conflicts": reviewing.list_conflicts(project, stage, reader="ada"),
        "own": [
            asdict(reviewing.get_report_view(project, stage, "ada", f"R{n:06d}"))["note"]
            for n in (FIRST, SETTLED, LAST)
        ],
        "tables": [asdict(table) for table in listings.build_listings(snap)[2:]],
        "log": bundle._write_log(snap, "ada").decode().count("ben"),
    }
    return json.loads(json.dumps(seen, default=str, sort_keys=True))


@pytest.mark.parametrize(("number", "settled"), [(FIRST, "include"), (LAST, "exclude")])
def test_joining_and_looking_tells_nothing_of_an_open_record(tmp_path, new_store, number, settled):
    sights = {}
    for hidden in (None, "include", "exclude"):
        new_store()
        project = make_review(tmp_path / str(hidden), hidden, number, settled)
        before = look(project, number)
        settle_pair(project, (f"R{number:06d}", f"R{SETTLED:06d}"), "same", "ada")
        joined = look(project, number)
        undo_answer(project, "ada")
        sights[hidden] = (before, joined, look(project, number))
    assert "secret" not in json.dumps(sights)
    for hidden in ("include", "exclude"):
        for moment, (blank, told) in enumerate(zip(sights[None], sights[hidden], strict=True)):
            for way in blank:
                assert told[way] == blank[way], (hidden, moment, way)


def test_what_a_rule_joins_and_a_reviewer_parts_tells_nothing_either(tmp_path, new_store):
    """Records that came joined, each judged by one of the two, and parted afterwards."""
    project = studies(tmp_path, [Record("embase", title=f"Study {n}") for n in (1, 2, 3)])
    add_decision(project, NewDecision(1, TA, "ada", "include"))
    add_decision(project, NewDecision(2, TA, "ben", "exclude"))
    settle_pair(project, ("R000001", "R000002"), "same", "cleo")
    ada = CurrentUser("ada", ("reviewer",))
    for key in ("R000001", "R000002"):
        history = get_record_view(project, key, ada).history
        assert not any(line.who.startswith("ben") for line in history)
    add_decision(project, NewDecision(1, TA, "cleo", "include", role="adjudicator"))
    told = [
        [line.what for line in get_record_view(project, key, ada).history if "ben" in line.who]
        for key in ("R000001", "R000002")
    ]
    assert told == [[], []]  # R000002 is settled by no decision of its own


def test_what_was_judged_on_one_record_is_told_once_it_is_settled_by_it(tmp_path, new_store):
    project = make_review(tmp_path, "exclude", LAST)
    ada = CurrentUser("ada", ("reviewer",))
    settle_pair(project, ("R000002", "R000003"), "same", "ada")
    with project.store.read() as conn:
        reader = blinding.get_blinded_reader(project, conn, "ada")
    assert reader.hidden_records[TA] == {LAST}
    names = [line.who for line in get_record_view(project, "R000002", ada).history]
    assert names.count("ben (reviewer)") == 1  # of SETTLED, which both judged
    undo_answer(project, "ada")
    add_decision(project, NewDecision(LAST, TA, "ada", "exclude"))
    settle_pair(project, ("R000002", "R000003"), "same", "ada")
    names = [line.who for line in get_record_view(project, "R000002", ada).history]
    assert names.count("ben (reviewer)") == 2


def test_an_adjudicator_who_reviews_opens_no_conflict_they_made_by_joining(tmp_path, new_store):
    project = studies(tmp_path, [Record("embase", title=f"Study {n}") for n in (1, 2)])
    path = tmp_path / "protocol.yaml"
    path.write_text(
        path.read_text().replace(
            "  - {name: ben, roles: [reviewer]}\n",
            "  - {name: ben, roles: [reviewer]}\n  - {name: eve, roles: [reviewer, adjudicator]}\n",
        )
    )
    project = open_project(tmp_path, who="ada")
    stage = find_stage(project.protocol, "screening")
    add_decision(project, NewDecision(1, TA, "ada", "include"))
    add_decision(project, NewDecision(2, TA, "ben", "exclude"))
    settle_pair(project, ("R000001", "R000002"), "same", "eve")
    with pytest.raises(ReviewError, match="Another adjudicator must resolve this conflict"):
        reviewing.get_conflict(project, stage, "R000001", reader="eve")
    with pytest.raises(ReviewError, match="undo the merge first"):
        reviewing.settle_conflict(project, stage, "eve", 1, "include")
    assert len(reviewing.get_conflict(project, stage, "R000001", reader="cleo").votes) == 2


def run_command(project, user, *words):
    start = ["--review", str(project.folder), "--user", user]
    return CliRunner().invoke(app, [*start, *words]).stdout


def test_the_commands_tell_nothing_after_a_join(tmp_path, new_store):
    outputs = []
    for hidden in ("include", "exclude"):
        new_store()
        project = make_review(tmp_path / hidden, hidden, LAST)
        settle_pair(project, ("R000002", "R000003"), "same", "ada")
        day = snapshot.snapshot_at(project).day
        outputs.append(
            [
                run_command(project, "ada", "status", "--json", "--ids"),
                run_command(project, "ada", "stopping", "--json"),
                run_command(project, "ada", "diff", "--since", day, "--json"),
                run_command(project, "ada", "rank", "explain", "R000001", "--json"),
            ]
        )
    assert outputs[0] == outputs[1]
    assert all(outputs[0])
