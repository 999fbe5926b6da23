"""Trains the ranking of a stage, and gathers the evidence for stopping."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from review import query, ranking, screening, stopping
from review.errors import QueryError, ReviewError
from review.models import Decision
from review.protocol.models import Ranking, Stage, format_stage_name, list_stage_reviewers
from review.ranking import PlannedOrder, RankingFeatures, RankingPolicy, TrainingLabel
from review.screening import ScreeningStatus
from review.stopping import STOPPED_REASON, CheckResult, StoppingEvidence
from review.store import (
    Connection,
    decisions,
    leases,
    links,
    records,
    screening_queue,
)
from review.store.records import parse_record_key
from review.store.screening_queue import QueuePosition
from review.store.timestamps import utc_now
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project
from review.workflow.screening import (
    blinding,
    key_papers,
    random_checks,
    ranking_features,
    ranking_words,
)
from review.workflow.screening import status as standings
from review.workflow.screening.assignment import enqueue
from review.workflow.screening.key_papers import KeyPaper
from review.workflow.screening.record_texts import load_texts

QUESTION_MODEL = "question"
"""Name of the model of an order that rests on the question, before anything is learned."""
CONFLICT_WEIGHT = 0.5
"""How much a report in conflict, or marked Maybe, counts beside a resolved one."""
FIRST_ORDER_LIMIT = 5_000
"""So many reports (about five seconds) are ordered while the first reader waits."""
JUDGED_MARK = "judged"
"""Key of an order run's detail: records judged when it was made."""
TRAINING_SECONDS = 900.0
"""After so long (seconds) an order that was never finished may be learned by another process."""

_TRAINING_PROCESSES: dict[tuple[Path, str], subprocess.Popen[bytes]] = {}
_GUARD = threading.Lock()


@dataclass(frozen=True, slots=True)
class RankingResult:
    """What a new order was made from."""

    model: str
    labels: int
    """Reports that were learned from; 0 while the order is random."""
    relevant: int
    ranked: int
    """Reports not screened, in their new order."""


def get_labels(report_statuses: dict[int, ScreeningStatus]) -> dict[int, int]:
    """Report -> 1 (somebody would go on reading it) or 0, for reports somebody has judged.

    A settled report counts as settled; else any include or unsure makes it 1.
    """
    labels = {}
    for report, report_status in report_statuses.items():
        if report_status.resolved_by == "automation":
            continue
        if report_status.status in ("included", "excluded"):
            labels[report] = int(report_status.status == "included")
        elif report_status.decisions:
            labels[report] = int(any(d.verdict != "exclude" for d in report_status.decisions))
    return labels


def get_training_labels(
    report_statuses: dict[int, ScreeningStatus], needed: int
) -> dict[int, TrainingLabel]:
    """Report -> what its decisions teach, for reports somebody has judged.

    A resolved report counts in full, one in conflict half, and an open one by the share of its
    reviewers who have decided, but at least half.

    Args:
        needed: reviewers per report.
    """
    labels = {}
    for report, relevant in get_labels(report_statuses).items():
        report_status = report_statuses[report]
        weight = 1.0
        if report_status.status not in ("included", "excluded"):
            verdicts = {decision.verdict for decision in report_status.decisions}
            agreed = verdicts in ({"include"}, {"exclude"})
            weight = max(CONFLICT_WEIGHT, min(1.0, report_status.votes / needed))
            weight = weight if agreed else CONFLICT_WEIGHT
        labels[report] = TrainingLabel(bool(relevant), weight)
    return labels


def retrain_ranking(project: Project, stage: Stage, who: str | None = None) -> RankingResult:
    """Makes the stage's order anew from the decisions so far; random until there are enough.

    When it is over, well or not, the stage's order counts as learned by nobody.

    Args:
        who: who asks for it; None where the app does, after enough new decisions.

    Raises:
        ReviewError: the protocol names a model that is not there, or who asks is not the lead.
    """
    if who is not None:
        require_role(project, who, "manage")
    try:
        result = _learn_order(project, stage)
    finally:
        with project.store.write() as conn:
            leases.end_training(conn, stage.id)
    return result if who is None else _mask_result(project, stage, who, result)


def _mask_result(project: Project, stage: Stage, who: str, result: RankingResult) -> RankingResult:
    """The result as a person may be told it: to a lead who also reviews, one relevant record more
    after a colleague's decision would tell that decision."""
    with project.store.read() as conn:
        reader = blinding.get_blinded_reader(project, conn, who)
        if reader is None or stage.id not in reader.stages:
            return result
        report_statuses = standings.compute_statuses(project, conn)[stage.id]
    labels = get_labels(blinding.mask_statuses(reader, stage.id, report_statuses))
    settings, relevant = project.protocol.ranking, sum(labels.values())
    has_enough = (
        relevant >= settings.min_included and len(labels) - relevant >= settings.min_excluded
    )
    model = settings.model if has_enough else QUESTION_MODEL
    return RankingResult(
        model="random" if result.model == "random" else model,
        labels=len(labels) if has_enough else 0,
        relevant=relevant,
        ranked=len(report_statuses) - len(labels),
    )


def _learn_order(project: Project, stage: Stage) -> RankingResult:
    with project.store.write() as conn:
        enqueue(project, conn, stage)
    with project.store.read() as conn:
        report_statuses = standings.compute_statuses(project, conn)[stage.id]
        texts = _load_texts(conn, report_statuses)
        positions = screening_queue.list_positions(conn, stage.id)
        papers = key_papers.find_key_papers(project.protocol, conn)
        judged = decisions.count_judged_records(conn, stage.id)
        check_reports = random_checks.list_drawn_reports(conn, stage.id)
        visible_labels = _list_visible_labels(project, conn, stage, report_statuses)
    labels = get_training_labels(report_statuses, stage.reviewers)
    settings = project.protocol.ranking
    relevant = sum(label.relevant for label in labels.values())
    if settings.model == "random":
        return RankingResult("random", 0, relevant, len(positions) - len(labels))
    numbers = sorted(position.record for position in positions if position.record in texts)
    row_by_number = {number: index for index, number in enumerate(numbers)}
    features = _prepare_features(project, [texts[n] for n in numbers], settings.model)
    movable = [
        position.record
        for position in positions
        if position.record in row_by_number
        and position.record not in check_reports
        and _is_movable(position, labels)
    ]
    movable_rows = [row_by_number[n] for n in screening.shuffle_records(movable, settings.seed)]
    key_rows = _list_rows(papers, row_by_number)
    order = ranking.plan_order(
        features,
        _label_rows(labels, row_by_number),
        movable_rows,
        _build_policy(settings),
        key_papers=key_rows,
    )
    if order.basis == "random":
        ranking_words.save_words(project, stage, {})
        return RankingResult("random", 0, relevant, len(movable_rows))
    model = settings.model if order.basis == "decisions" else QUESTION_MODEL
    trained_on = len(labels) if order.basis == "decisions" else 0
    _save_order(
        project,
        stage,
        _list_ranked(numbers, order),
        (model, trained_on),
        judged=judged,
    )
    words_by_reviewer = _list_words_by_reviewer(
        features, visible_labels, row_by_number, _build_policy(settings), key_rows
    )
    ranking_words.save_words(project, stage, words_by_reviewer)
    return RankingResult(model, trained_on, relevant, len(order.positions))


def _list_words_by_reviewer(
    features: RankingFeatures,
    visible_labels: Mapping[str, Mapping[int, TrainingLabel]],
    row_by_number: Mapping[int, int],
    policy: RankingPolicy,
    key_rows: Sequence[int],
) -> dict[str, dict[str, float]]:
    """Reviewer -> the words that pull records to the front; learned once for all who see the
    same decisions."""
    found: dict[str, dict[str, float]] = {}
    for reviewer, labels_seen in visible_labels.items():
        alike = next((name for name in found if visible_labels[name] == labels_seen), None)
        if alike is None:
            found[reviewer] = ranking.list_pulling_words(
                features, _label_rows(labels_seen, row_by_number), policy, key_papers=key_rows
            )
        else:
            found[reviewer] = found[alike]
    return found


def _list_ranked(numbers: Sequence[int], order: PlannedOrder) -> list[tuple[int, float, bool]]:
    """Report, score and whether it was drawn at random, first to be screened first."""
    import numpy as np

    ranked_numbers = np.asarray(numbers)[order.positions].tolist()
    scores = order.scores[order.positions].tolist()
    return list(zip(ranked_numbers, scores, order.drawn.tolist(), strict=True))


def _label_rows(
    labels: Mapping[int, TrainingLabel], row_by_number: Mapping[int, int]
) -> dict[int, TrainingLabel]:
    return {row_by_number[n]: label for n, label in labels.items() if n in row_by_number}


def _list_visible_labels(
    project: Project, conn: Connection, stage: Stage, report_statuses: dict[int, ScreeningStatus]
) -> dict[str, dict[int, TrainingLabel]]:
    """Reviewer -> what the decisions they may see teach; none where words are switched off."""
    if not project.protocol.ranking.show_words:
        return {}
    return {
        reviewer: get_training_labels(
            blinding.mask_statuses(
                blinding.get_blinded_reader(project, conn, reviewer), stage.id, report_statuses
            ),
            stage.reviewers,
        )
        for reviewer in list_stage_reviewers(project.protocol, stage)
    }


def _list_rows(papers: list[KeyPaper], row_by_number: dict[int, int]) -> list[int]:
    """Rows of the key papers that are among the texts."""
    return [row_by_number[n] for n in key_papers.iter_reports(papers) if n in row_by_number]


def _build_policy(settings: Ranking) -> RankingPolicy:
    return RankingPolicy(
        seed=settings.seed,
        min_included=settings.min_included,
        min_excluded=settings.min_excluded,
        random_share=settings.random_share,
    )


def _prepare_features(project: Project, texts: Sequence[str], model: str) -> RankingFeatures:
    try:
        return ranking_features.prepare_features(
            project.folder,
            texts,
            _build_question(project),
            query_terms=_list_query_terms(project),
            model=model,
        )
    except ValueError as error:
        raise ReviewError(f"ranking.model in protocol.yaml: {error}.") from error


def _is_movable(position: QueuePosition, labels: Mapping[int, TrainingLabel]) -> bool:
    """A place that may move: not a pilot record, and nobody has judged it yet."""
    return not position.pilot and position.record not in labels


@dataclass(frozen=True, slots=True)
class _NewPlaces:
    """Every report of a stage in its new place."""

    positions: tuple[QueuePosition, ...]
    unchanged: int
    """How many of the first positions are as they were."""


def _save_order(
    project: Project,
    stage: Stage,
    ranked: Sequence[tuple[int, float, bool]],
    run: tuple[str, int],
    *,
    judged: int,
) -> None:
    """Puts the new order in place: what does not move stays in front, in its old order; nor does
    what was judged while the order was learned, which keeps the score it was shown for.

    It is made ready before the store is locked, for everybody's key presses wait for the lock; what
    was judged or ordered since is then looked at again.
    """
    with project.store.read() as conn:
        known_run = screening_queue.get_newest_run_id(conn, stage.id)
        order = screening_queue.list_positions(conn, stage.id)
        known_fixed = _list_fixed_reports(conn, stage)
    places = _place_reports(order, ranked, known_fixed)
    with project.store.write() as conn:
        is_reordered = screening_queue.get_newest_run_id(conn, stage.id) != known_run
        if is_reordered:
            order = screening_queue.list_positions(conn, stage.id)
        fixed = _list_fixed_reports(conn, stage)
        if is_reordered or fixed != known_fixed:
            places = _place_reports(order, ranked, fixed)
        screening_queue.move_reports(
            conn,
            stage.id,
            places.positions,
            utc_now(),
            model=run[0],
            seed=project.protocol.ranking.seed,
            trained_on=run[1],
            detail={JUDGED_MARK: judged},
            unchanged=places.unchanged,
        )


def _list_fixed_reports(conn: Connection, stage: Stage) -> set[int]:
    """Reports that keep their place: those somebody has judged, and those of a random check."""
    voted = decisions.list_voted_reports(conn, stage.id)
    return voted | random_checks.list_drawn_reports(conn, stage.id)


def _place_reports(
    order: Sequence[QueuePosition],
    ranked: Sequence[tuple[int, float, bool]],
    fixed_reports: Collection[int],
) -> _NewPlaces:
    """The order with the ranked reports behind the others and behind those that stay."""
    old_positions = {position.record: position for position in order}
    moving = [
        (number, score, drawn)
        for number, score, drawn in ranked
        if number in old_positions and number not in fixed_reports
    ]
    moved = {number for number, _, _ in moving}
    fixed = [position for position in order if position.record not in moved]
    positions = (
        *(
            position if position.position == index else replace(position, position=index)
            for index, position in enumerate(fixed)
        ),
        *(
            _move_position(old_positions[number], index, score, drawn)
            for index, (number, score, drawn) in enumerate(moving, len(fixed))
        ),
    )
    return _NewPlaces(positions, _count_unchanged(order, positions))


def _move_position(old: QueuePosition, index: int, score: float, drawn: bool) -> QueuePosition:
    """The same report in a new place; quicker than dataclasses.replace."""
    return QueuePosition(
        record=old.record,
        position=index,
        score=score,
        drawn=drawn,
        pilot=old.pilot,
        assignees=old.assignees,
    )


def _count_unchanged(old: Sequence[QueuePosition], new: Sequence[QueuePosition]) -> int:
    """How many of the first positions are the same in both; later ones are elsewhere."""
    count = 0
    for index, (before, after) in enumerate(zip(old, new, strict=False)):
        if before != after or before.position != index:
            break
        count = index + 1
    return count if all(position.position >= count for position in old[count : count + 1]) else 0


def _load_texts(conn: Connection, numbers: Iterable[int]) -> dict[int, str]:
    """Report -> what is learned from, as a reviewer is shown it."""
    texts = load_texts(conn, numbers)
    return {
        n: ranking.build_text(*record_texts[0]) for n, record_texts in texts.items() if record_texts
    }


def _build_question(project: Project) -> str:
    protocol = project.protocol
    return " ".join((protocol.question, protocol.title, *protocol.criteria.include))


def _list_query_terms(project: Project) -> list[str]:
    """What the search looks for; nothing if the protocol's query cannot be read."""
    try:
        node = query.parse(project.protocol.search.query)
    except QueryError:
        return []
    return list(dict.fromkeys(term.text for term in query.iter_positive_terms(node)))


def is_retraining_due(project: Project, stage: Stage) -> bool:
    """Whether enough was decided since the newest order to make a new one."""
    if project.protocol.ranking.model == "random":
        return False
    with project.store.read() as conn:
        run = screening_queue.get_newest_run(conn, stage.id)
        judged_count = decisions.count_judged_records(conn, stage.id)
    detail = screening_queue.read_detail(run)
    judged_then = int(detail.get(JUDGED_MARK, run["trained_on"])) if run else 0
    return ranking.is_order_due(judged_count, judged_then)


def place_new_reports(project: Project, stage: Stage) -> None:
    """Gives reports that have newly reached a stage a place in its order.

    The first order of title and abstract screening is made from the question at once; where that
    would keep the reader waiting, records come in random order until it is ready.
    """
    with project.store.write() as conn:
        is_first = not screening_queue.get_newest_run_id(conn, stage.id)
        enqueue(project, conn, stage)
        count = len(screening_queue.list_positions(conn, stage.id)) if is_first else 0
    model = project.protocol.ranking.model
    if stage.kind != "screening" or not count or model == "random":
        return
    if count <= FIRST_ORDER_LIMIT and model == ranking.DEFAULT_MODEL:
        _learn_order(project, stage)
    else:
        retrain_in_background(project, stage, is_due=True)


def retrain_in_background(project: Project, stage: Stage, *, is_due: bool = False) -> bool:
    """Starts making a new order in a process of its own where one is due; nobody waits for it.

    Gives whether one was started: not while another is under way, in any process of the review.

    Args:
        is_due: make it even if nothing was decided since the newest one.
    """
    key = (project.folder, stage.id)
    with _GUARD:
        process = _TRAINING_PROCESSES.get(key)
        if process is not None and process.poll() is None:
            return False
        if process is not None and process.returncode != 0:
            _end_training(project, stage)  # it died before it could say so
            del _TRAINING_PROCESSES[key]
        if not (is_due or is_retraining_due(project, stage)):
            return False
        if not _start_training(project, stage):
            return False
        command = [sys.executable, "-m", "review.cli", "--review", str(project.folder)]
        command += ["--user", "tool", "rank", "train", "--stage", stage.id]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        with (project.folder / "rank.log").open("ab") as log:
            _TRAINING_PROCESSES[key] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                preexec_fn=_lower_priority,
            )
    return True


def _start_training(project: Project, stage: Stage) -> bool:
    with project.store.write() as conn:
        return leases.start_training(conn, stage.id, _get_holder(), TRAINING_SECONDS)


def _end_training(project: Project, stage: Stage) -> None:
    with project.store.write() as conn:
        leases.end_training(conn, stage.id, _get_holder())


def _get_holder() -> str:
    """This process, as other processes and machines can tell it."""
    return f"{socket.gethostname()}:{os.getpid()}"


def _lower_priority() -> None:
    """Lets the app go first."""
    os.nice(10)


@dataclass(frozen=True, slots=True)
class RankExplanation:
    """A report's place in the order, what put it there, and the words that move it."""

    key: str
    place: int | None
    """1 and up among the reports that wait; None where it does not wait, or has no place yet."""
    waiting: int
    model: str
    """What put it there; random while too few are judged."""
    learned_from: int
    """Judged reports its model had learned from; 0 for a random place."""
    score: float | None
    """None for a random place, and for who reviews where several judge: it was learned from all
    decisions, those of others on open records as well."""
    by_lot: bool
    words: tuple[tuple[str, float], ...]
    """Word and its part (-1 to 1) of all the pull of the report's words, by the decisions so far;
    positive ones pull to the front, the strongest come first."""
    because: tuple[str, ...]
    """The few words and phrases that pull it to the front most, spelt as the record spells them."""


def explain_position(
    project: Project, stage: Stage, key: str, most: int = 12, *, reader: str | None = None
) -> RankExplanation:
    """Why a record has its place in the stage's order.

    Args:
        most: so many words.
        reader: who asks; to who reviews too, what only others have judged waits still, the words
            are weighed by the decisions they may see, and the score stays hidden.

    Raises:
        ReviewError: the record has not reached the stage.
    """
    number = parse_record_key(key)
    with project.store.read() as conn:
        records.get_record(conn, number)
        report = links.get_study_groups(conn, number).get(number, (number, number))[0]
        report_statuses = standings.compute_statuses(project, conn)[stage.id]
        blinded_reader = blinding.get_blinded_reader(project, conn, reader)
        visible_statuses = blinding.mask_statuses(blinded_reader, stage.id, report_statuses)
        texts = _load_texts(conn, report_statuses)
        placement = screening_queue.get_position(conn, stage.id, report)
        positions = screening_queue.list_positions(conn, stage.id)
        papers = key_papers.find_key_papers(project.protocol, conn)
    if report not in texts:
        raise ReviewError(f"{key} has not reached the stage {format_stage_name(stage)!r}.")
    waiting = [
        n
        for queued in positions
        if (n := queued.record) in visible_statuses and visible_statuses[n].status == "pending"
    ]
    labels = get_training_labels(visible_statuses, stage.reviewers)
    parts = _explain_words(project, texts, labels, report, papers)
    pull = sum(abs(part) for _, part in parts) or 1.0
    position, model, learned_from = placement or (None, "random", 0)
    hides_score = blinded_reader is not None and stage.reviewers > 1
    is_ordered = position is not None and position.score is not None
    if not is_ordered:
        model, learned_from = "random", 0
    elif hides_score:  # that others have included something shows in neither model nor number
        is_learned = ranking.can_learn(labels, _build_policy(project.protocol.ranking))
        model = project.protocol.ranking.model if is_learned else QUESTION_MODEL
        learned_from = len(labels) if is_learned else 0
    return RankExplanation(
        key=key,
        place=waiting.index(report) + 1 if report in waiting else None,
        waiting=len(waiting),
        model=model,
        learned_from=learned_from,
        score=position.score if position and not hides_score else None,
        by_lot=bool(position and position.drawn),
        words=tuple((word, part / pull) for word, part in parts[:most]),
        because=ranking.name_main_words(parts, texts[report]),
    )


def _explain_words(
    project: Project,
    texts: dict[int, str],
    labels: dict[int, TrainingLabel],
    report: int,
    papers: list[KeyPaper],
) -> list[tuple[str, float]]:
    numbers = sorted(texts)
    row_by_number = {number: index for index, number in enumerate(numbers)}
    features = _prepare_features(project, [texts[n] for n in numbers], ranking.DEFAULT_MODEL)
    return ranking.explain_score(
        features,
        {row_by_number[n]: label for n, label in labels.items()},
        _build_policy(project.protocol.ranking),
        row_by_number[report],
        key_papers=_list_rows(papers, row_by_number),
    )


def get_stopping_evidence(
    project: Project, stage: Stage, *, reader: str | None = None
) -> tuple[StoppingEvidence, list[tuple[int, int]]]:
    """The evidence for stopping at a stage, and the recall curve so far.

    Drawn at random is only what our own order drew from all that is there now: neither what a file
    brought with its decision, nor what was drawn before the newest records came.

    Args:
        reader: who asks; to who reviews too, what only others have judged is not screened yet.
    """
    with project.store.read() as conn:
        report_statuses = _get_visible_statuses(project, conn, stage, reader)
        drawn_reports = _find_drawn_reports(project, conn, stage, report_statuses)
    labels = get_labels(report_statuses)
    judged_reports = sorted(
        labels, key=lambda report: (_get_first_decision(report_statuses[report].decisions), report)
    )
    ordered_labels = [labels[report] for report in judged_reports]
    drawn_flags = [report in drawn_reports for report in judged_reports]
    remaining = (
        len(report_statuses)
        - len(labels)
        - sum(_is_rule_decision(report_status) for report_status in report_statuses.values())
    )
    target = project.protocol.ranking.target_recall
    return stopping.gather_evidence(
        ordered_labels, drawn_flags, remaining, target=target
    ), stopping.build_recall_curve(ordered_labels)


def get_check_result(
    project: Project, stage: Stage, *, reader: str | None = None
) -> CheckResult | None:
    """What the stage's random check has shown so far; None where none was drawn.

    Args:
        reader: who asks; to who reviews too, what only others have judged is not screened yet.
    """
    with project.store.read() as conn:
        check = random_checks.get_random_check(conn, stage.id)
        if check is None:
            return None
        report_statuses = _get_visible_statuses(project, conn, stage, reader)
        groups = links.get_report_groups(conn, check.reports)
    return random_checks.summarize_check(
        check, report_statuses, get_labels(report_statuses), groups
    )


def _is_rule_decision(report_status: ScreeningStatus) -> bool:
    """Whether a rule marked a report; what a stop left unscreened is unscreened still."""
    return report_status.resolved_by == "automation" and report_status.reason != STOPPED_REASON


def _get_visible_statuses(
    project: Project, conn: Connection, stage: Stage, reader: str | None
) -> dict[int, ScreeningStatus]:
    """The stage's standings, as the reader may see them."""
    report_statuses = standings.compute_statuses(project, conn)[stage.id]
    return blinding.mask_statuses(
        blinding.get_blinded_reader(project, conn, reader), stage.id, report_statuses
    )


def _find_drawn_reports(
    project: Project, conn: Connection, stage: Stage, report_statuses: dict[int, ScreeningStatus]
) -> set[int]:
    """Judged reports that our order drew at random from all that is there now."""
    stage_ids = [protocol_stage.id for protocol_stage in project.protocol.stages]
    earlier = stage_ids[: stage_ids.index(stage.id)]
    if earlier:
        newest_decision = decisions.get_last_id_of_stages(conn, earlier)
        last_before = screening_queue.find_complete_run(
            conn, stage.id, newest_decision=newest_decision
        )
    else:
        last_before = screening_queue.find_complete_run(
            conn, stage.id, newest_record=max(report_statuses, default=0)
        )
    if last_before is None:
        return set()
    imported_ids = decisions.list_imported_ids(conn, stage.id)
    return {
        position.record
        for position in screening_queue.list_positions(conn, stage.id)
        if position.drawn
        and position.record in report_statuses
        and report_statuses[position.record].decisions
        and _get_first_decision(report_statuses[position.record].decisions) > last_before
        and not any(
            decision.id in imported_ids for decision in report_statuses[position.record].decisions
        )
    }


def _get_first_decision(report_decisions: Sequence[Decision]) -> int:
    first_decision = min(report_decisions, key=lambda decision: decision.id)
    return first_decision.id
