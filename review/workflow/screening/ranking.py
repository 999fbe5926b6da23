"""The learned order of a stage, and the evidence for stopping."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from review import ranking, stopping
from review.errors import ReviewError
from review.models import Decision
from review.protocol import Stage
from review.screening import Standing
from review.stopping import Evidence
from review.store import Connection, audit_events, decisions, links, records, screening_queue
from review.store.records import number_of
from review.store.screening_queue import Place
from review.store.timestamps import from_text, now, to_text
from review.workflow.project.project import Project
from review.workflow.screening import blinding
from review.workflow.screening import status as standings
from review.workflow.screening.decisions import Wanted, add
from review.workflow.screening.record_texts import texts_of
from review.workflow.screening.reviewing import lay_out

NEW_DECISIONS = 10
"""A new order is made after so many new labels at least, or after NEW_SHARE more."""
NEW_SHARE = 0.05
STOPPED = "Not screened: screening was stopped"
"""The rule that unscreened records are marked with, by the lead's act."""

_BUSY: dict[tuple[Path, str], subprocess.Popen[bytes]] = {}
_GUARD = threading.Lock()


@dataclass(frozen=True, slots=True)
class Ordered:
    """What a new order was made from."""

    model: str
    labels: int
    """Reports that were learned from; 0 while the order is random."""
    relevant: int
    ranked: int
    """Reports not screened, in their new order."""


def labels_of(found: dict[int, Standing]) -> dict[int, int]:
    """Report -> 1 (somebody would go on reading it) or 0, for reports somebody has judged.

    A settled report counts as settled; else any include or unsure makes it 1.
    """
    labels = {}
    for report, one in found.items():
        if one.settled_by == "automation":
            continue
        if one.status in ("included", "excluded"):
            labels[report] = int(one.status == "included")
        elif one.decisions:
            labels[report] = int(any(d.verdict != "exclude" for d in one.decisions))
    return labels


def retrain(project: Project, stage: Stage) -> Ordered:
    """Makes the stage's order anew from the decisions so far; random until there are enough.

    Raises:
        ReviewError: the protocol names a model that is not there.
    """
    with project.store.write() as conn:
        lay_out(project, conn, stage)
    with project.store.read() as conn:
        found = standings.compute(project, conn)[stage.id]
        texts = _texts(conn, found)
        places = screening_queue.places(conn, stage.id)
    labels = labels_of(found)
    settings = project.protocol.ranking
    relevant = sum(labels.values())
    enough = relevant >= settings.min_included
    enough = enough and len(labels) - relevant >= settings.min_excluded
    if settings.model == "random" or not enough:
        return Ordered("random", 0, relevant, len(places) - len(labels))
    numbers = sorted(place.record for place in places if place.record in texts)
    row = {number: at for at, number in enumerate(numbers)}
    question = _question(project)
    try:
        ready = ranking.prepare([texts[n] for n in numbers], question, model=settings.model)
    except ValueError as error:
        raise ReviewError(f"ranking.model in protocol.yaml: {error}.") from error
    labelled = sorted(labels)
    values = ranking.scores(
        ready, [row[n] for n in labelled], [labels[n] for n in labelled], settings.seed
    )
    free = [row[p.record] for p in places if p.record in row and _free(p, found, labels)]
    ordered = ranking.order(
        values, free, settings.seed + len(labels), random_share=settings.random_share
    )
    _keep(project, stage, [(numbers[at], float(values[at]), drawn) for at, drawn in ordered],
          (settings.model, len(labels)))  # fmt: skip
    return Ordered(settings.model, len(labels), relevant, len(ordered))


def _free(place: Place, found: dict[int, Standing], labels: dict[int, int]) -> bool:
    """A place that may move: not a pilot record, and nobody has judged it yet."""
    return not place.pilot and place.record not in labels


def _keep(
    project: Project,
    stage: Stage,
    ranked: Sequence[tuple[int, float, bool]],
    run: tuple[str, int],
) -> None:
    """Puts the new order in place: what does not move stays in front, in its old order; nor does
    what was judged while the order was learned, which keeps the score it was shown for."""
    with project.store.write() as conn:
        judged = decisions.voted_on(conn, stage.id)
        ranked = [one for one in ranked if one[0] not in judged]
        moved = {number for number, _, _ in ranked}
        before = {place.record: place for place in screening_queue.places(conn, stage.id)}
        still = [place for place in before.values() if place.record not in moved]
        fresh = [
            replace(before[number], score=score, drawn=drawn, run=None)
            for number, score, drawn in ranked
            if number in before
        ]
        places = [replace(place, position=at) for at, place in enumerate([*still, *fresh])]
        seed = project.protocol.ranking.seed
        screening_queue.put(
            conn, stage.id, places, now(), model=run[0], seed=seed, trained_on=run[1]
        )


def _texts(conn: Connection, numbers: Iterable[int]) -> dict[int, str]:
    """Report -> what is learned from, as a reviewer is shown it."""
    read = texts_of(conn, numbers)
    return {n: ranking.text_of(*given[0]) for n, given in read.items() if given}


def _question(project: Project) -> str:
    protocol = project.protocol
    return " ".join((protocol.question, protocol.title, *protocol.criteria.include))


def due(project: Project, stage: Stage) -> bool:
    """Whether enough was decided since the newest order to make a new one."""
    if project.protocol.ranking.model == "random":
        return False
    with project.store.read() as conn:
        run = screening_queue.newest(conn, stage.id)
        judged = decisions.judged_count(conn, stage.id)
    trained = int(run["trained_on"]) if run else 0
    return judged - trained >= max(NEW_DECISIONS, int(NEW_SHARE * judged))


def retrain_behind(project: Project, stage: Stage) -> bool:
    """Starts making a new order in a process of its own where one is due; nobody waits for it.

    Gives whether one was started: not while another is under way.
    """
    key = (project.folder, stage.id)
    with _GUARD:
        running = _BUSY.get(key)
        if (running is not None and running.poll() is None) or not due(project, stage):
            return False
        words = [sys.executable, "-m", "review.cli", "--review", str(project.folder)]
        words += ["rank", "train", "--stage", stage.id]
        around = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        with (project.folder / "rank.log").open("ab") as log:
            _BUSY[key] = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=around,
                preexec_fn=_quietly,
            )
    return True


def _quietly() -> None:
    """Lets the app go first."""
    os.nice(10)


@dataclass(frozen=True, slots=True)
class Explained:
    """Where a report stands in the order, what put it there, and the words that pull at it."""

    key: str
    place: int | None
    """1 and up among the reports that wait; None where it does not wait, or has no place yet."""
    waiting: int
    model: str
    """What put it there; random while too few are judged."""
    learned_from: int
    """Judged reports its model had learned from; 0 for a random place."""
    score: float | None
    by_lot: bool
    words: tuple[tuple[str, float], ...]
    """Word and its part (-1 to 1) of all the pull of the report's words, by the decisions so far;
    positive ones pull to the front, the strongest come first."""


def explain(
    project: Project, stage: Stage, key: str, most: int = 12, *, reader: str | None = None
) -> Explained:
    """Why a record stands where it does in the stage's order.

    Args:
        most: so many words.
        reader: who asks; to who reviews too, what only others have judged waits still.

    Raises:
        ReviewError: the record has not reached the stage.
    """
    number = number_of(key)
    with project.store.read() as conn:
        records.get(conn, number)
        report = links.group_of(conn, number).get(number, (number, number))[0]
        found = standings.compute(project, conn)[stage.id]
        told = blinding.standings_for(blinding.reader(project, conn, reader), stage.id, found)
        texts = _texts(conn, found)
        at = screening_queue.place_of(conn, stage.id, report)
        places = screening_queue.places(conn, stage.id)
    if report not in texts:
        raise ReviewError(f"{key} has not reached stage {stage.id!r}.")
    waiting = [n for one in places if (n := one.record) in told and told[n].status == "pending"]
    parts = _words(project, texts, labels_of(found), report)
    pull = sum(abs(part) for _, part in parts) or 1.0
    place, model, learned_from = at or (None, "random", 0)
    learned = place is not None and place.score is not None
    return Explained(
        key,
        waiting.index(report) + 1 if report in waiting else None,
        len(waiting),
        model if learned else "random",
        learned_from if learned else 0,
        place.score if place else None,
        bool(place and place.drawn),
        tuple((word, part / pull) for word, part in parts[:most]),
    )


def _words(
    project: Project, texts: dict[int, str], labels: dict[int, int], report: int
) -> list[tuple[str, float]]:
    numbers = sorted(texts)
    row = {one: at for at, one in enumerate(numbers)}
    ready = ranking.prepare([texts[n] for n in numbers], _question(project))
    labelled = sorted(labels)
    return ranking.explain(
        ready,
        [row[n] for n in labelled],
        [labels[n] for n in labelled],
        project.protocol.ranking.seed,
        row[report],
    )


def stopping_now(
    project: Project, stage: Stage, *, reader: str | None = None
) -> tuple[Evidence, list[tuple[int, int]]]:
    """The evidence for stopping at a stage, and the recall curve so far.

    Drawn at random is only what our own order drew from all that is there now: neither what a file
    brought with its decision, nor what was drawn before the newest records came.

    Args:
        reader: who asks; to who reviews too, what only others have judged is not screened yet.
    """
    with project.store.read() as conn:
        found = _told(project, conn, stage, reader)
        lots = _lots(project, conn, stage, found)
    labels = labels_of(found)
    begun = sorted(labels, key=lambda report: (_first(found[report].decisions), report))
    given = [labels[report] for report in begun]
    drawn = [report in lots for report in begun]
    left = len(found) - len(labels) - sum(_ruled(one) for one in found.values())
    target = project.protocol.ranking.target_recall
    return stopping.evidence(given, drawn, left, target=target), stopping.curve(given)


def _ruled(one: Standing) -> bool:
    """Whether a rule marked a report; what a stop left unscreened is unscreened still."""
    return one.settled_by == "automation" and one.reason != STOPPED


def _told(
    project: Project, conn: Connection, stage: Stage, reader: str | None
) -> dict[int, Standing]:
    """The stage's standings, as the reader may be told them."""
    found = standings.compute(project, conn)[stage.id]
    return blinding.standings_for(blinding.reader(project, conn, reader), stage.id, found)


def _lots(project: Project, conn: Connection, stage: Stage, found: dict[int, Standing]) -> set[int]:
    """Judged reports that our order drew at random from all that is there now."""
    names = [one.id for one in project.protocol.stages]
    earlier = names[: names.index(stage.id)]
    arrived = (
        decisions.newest_moment(conn, earlier) if earlier else records.newest_moment(conn, found)
    )
    since = screening_queue.whole_since(conn, stage.id, arrived)
    if since is None:
        return set()
    brought = decisions.from_files(conn, stage.id)
    return {
        place.record
        for place in screening_queue.places(conn, stage.id)
        if place.drawn
        and place.record in found
        and found[place.record].decisions
        and to_text(min(one.at for one in found[place.record].decisions)) >= since
        and not any(one.id in brought for one in found[place.record].decisions)
    }


def _first(made: Sequence[Decision]) -> tuple[str, int]:
    first = min(made, key=lambda one: (one.at, one.id))
    return first.at.isoformat(), first.id


def stop(project: Project, stage: Stage, who: str, why: str) -> int:
    """The lead's recorded act: reports nobody has judged are marked ineligible by automation.

    Gives how many. Reversible with resume.

    Raises:
        ReviewError: no reason was given, or the stage is not screening by title and abstract: at
            full text a report is read, or not retrieved.
    """
    if stage.kind != "screening":
        raise ReviewError(
            f"Only screening by title and abstract can stop early, not {stage.name or stage.id!r}."
        )
    if not why.strip():
        raise ReviewError("Say in a sentence why screening stops here.")
    with project.store.write() as conn:
        found = standings.compute(project, conn)[stage.id]
        left = [report for report, one in found.items() if one.status == "pending"]
        audit_events.add(
            conn, "stop", who, now(), subject=stage.id, detail={"why": why, "n": len(left)}
        )
        wanted = [
            Wanted(n, stage.id, "stopping", "exclude", STOPPED, None, "automation")
            for n in sorted(left)
        ]
        add(project, conn, wanted, now(), who=who)
    return len(left)


@dataclass(frozen=True, slots=True)
class Stopped:
    """The lead's act that holds at a stage."""

    who: str
    at: datetime
    why: str
    reports: int
    """Reports it left unscreened."""


def stops(project: Project, stage: Stage, *, until: datetime | None = None) -> list[Stopped]:
    """The acts by which screening was stopped at a stage and that hold (at a moment), oldest first;
    more than one where newcomers were left unscreened too."""
    with project.store.read() as conn:
        made = [*audit_events.every(conn, kind="stop", until=until),
                *audit_events.every(conn, kind="resume", until=until)]  # fmt: skip
    held: list[Stopped] = []
    for one in sorted(made, key=lambda act: int(act["id"])):
        if one["subject"] != stage.id:
            continue
        if one["kind"] == "resume":
            held = []
            continue
        told = one["detail"] or {}
        n, why = int(told.get("n", 0)), str(told.get("why", ""))
        held.append(Stopped(one["who"], from_text(one["at"]), why, n))
    return [one for one in held if one.reports]


def resume(project: Project, stage: Stage, who: str) -> int:
    """Takes the lead's stop back: its reports are to be screened again. Gives how many."""
    with project.store.write() as conn:
        made = decisions.every(conn, stage=stage.id, reviewer="stopping")
        open_ones = {one.record: one for one in made}
        back = [n for n, one in open_ones.items() if one.verdict is not None]
        audit_events.add(conn, "resume", who, now(), subject=stage.id, detail={"n": len(back)})
        wanted = [Wanted(n, stage.id, "stopping", None, role="automation") for n in sorted(back)]
        add(project, conn, wanted, now(), who=who)
    return len(back)
