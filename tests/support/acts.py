"""Random acts of a team on a review, by a seed: decisions, undos, joins, notes and PDFs."""

import json
import random
from pathlib import Path

from review.errors import ReviewError
from review.protocol.models import find_stage
from review.store import decisions, links, log
from review.workflow.deduplication import run as deduplication
from review.workflow.exports import bundle, snapshot
from review.workflow.fulltexts.attachments import attach_pdf
from review.workflow.screening import reviewing, status
from review.workflow.screening.decisions import NewDecision, add_decision

ACTS = ("include", "include", "exclude", "unsure", "full", "undo", "join", "part")
RARE_ACTS = ("note", "abstract", "settle", "pdf", "retire", "return")


def act_at_random(project, count: int, seed: int) -> int:
    """So many acts, some of them refused; gives how many were taken."""
    dice = random.Random(seed)
    numbers = _list_numbers(project)
    taken = 0
    for _ in range(count):
        try:
            _act(project, dice, numbers)
            taken += 1
        except ReviewError:
            continue
    return taken


def _list_numbers(project) -> list[int]:
    from review.store import records

    with project.store.read() as conn:
        return sorted(records.list_numbers(conn))


def _act(project, dice, numbers) -> None:
    stage = find_stage(project.protocol, "screening")
    name, number, other = dice.choice(("ada", "ben")), dice.choice(numbers), dice.choice(numbers)
    what = dice.choice(RARE_ACTS if dice.random() < 0.15 else ACTS)
    key, other_key = f"R{number:06d}", f"R{other:06d}"
    if what in ("include", "exclude", "unsure"):
        add_decision(project, NewDecision(number, stage.id, name, what))
    elif what == "full":
        later = find_stage(project.protocol, "eligibility")
        verdict = dice.choice(("include", "exclude"))
        reason = later.reasons[0] if verdict == "exclude" else None
        add_decision(project, NewDecision(number, later.id, name, verdict, reason))
    elif what == "undo":
        reviewing.undo_decision(project, stage, name)
    elif what == "join":
        answer = dice.choice(("same", "different"))
        deduplication.settle_pair(project, (key, other_key), answer, name)
    elif what == "part":
        deduplication.undo_answer(project, name)
    elif what == "note":
        reviewing.add_note(project, stage, name, number, f"note {dice.random()}")
    elif what == "abstract":
        reviewing.add_abstract(project, name, number, f"abstract {dice.random()}")
    elif what == "settle":
        reviewing.settle_conflict(project, stage, "cleo", number, "include")
    elif what == "pdf":
        body = f"%PDF-1.4 {dice.random()}".encode() * 20
        attach_pdf(project, number, f"{key}.pdf", body, name)
    else:
        reviewing.retire_reviewer(project, "ben", "ada", returning=what == "return")


def read_state(project) -> dict:
    """Everything that a review's store says: entries, groups, standings kept and computed."""
    with project.store.read() as conn:
        computed = status.compute_statuses(project, conn)
        return {
            "entries": [json.dumps(row, default=str) for row in log.iter_events(conn)],
            "groups": links.list_groups(conn),
            "kept": {s.id: decisions.list_statuses(conn, s.id) for s in project.protocol.stages},
            "computed": {
                stage: {n: (one.status, one.reason, one.votes) for n, one in by_report.items()}
                for stage, by_report in computed.items()
            },
        }


def build_exports(project) -> dict[str, bytes]:
    """The files of `review export all` that hold data: tables, records, log; no pictures."""
    view = snapshot.snapshot_at(project)
    files = {
        **bundle._write_tables(view, None),
        **bundle._write_records(view),
        "log.jsonl": bundle._write_log(view, None),
    }
    return {
        name: data
        for name, data in files.items()
        if Path(name).suffix in (".csv", ".ris", ".jsonl", ".json", ".html", ".bib", ".md")
    }
