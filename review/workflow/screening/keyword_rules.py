"""Applies the protocol's keyword rules: records that do not match are ineligible, reversibly."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from review import query
from review.errors import ReviewError
from review.models import Decision
from review.protocol.models import KeywordRule, find_stage
from review.store import Connection, audit_events, decisions
from review.store.timestamps import utc_now
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project, follow_plan
from review.workflow.screening import status as standings
from review.workflow.screening.decisions import NewDecision, add_decisions
from review.workflow.screening.record_texts import load_texts


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleEffect:
    """What applying a rule does, or would do."""

    rule: KeywordRule
    marked: tuple[int, ...]
    """Reports that are marked as ineligible, by record number in ascending order."""
    restored: tuple[int, ...]
    """Reports that it marked before and that match now, so that they return to screening."""


def get_rule_name(rule: KeywordRule) -> str:
    """The name under which a rule's decisions are kept."""
    return f"rule {rule.id}"


def get_rule_reason(rule: KeywordRule) -> str:
    """What the PRISMA box says of a rule's records."""
    return rule.reason or f"No word of rule '{rule.id}'"


def apply_rules(project: Project, who: str) -> dict[str, tuple[int, int]]:
    """Holds every rule against the title and abstract of each report nobody has judged.

    What does not match is marked; what a rule marked before and now matches (the protocol has
    changed, or an abstract was added) is taken back. Running it again changes nothing.

    Returns:
        Rule id -> how many reports were marked, how many taken back.

    Raises:
        ReviewError: the review has no screening stage or no rules.
        QueryError: a rule's query cannot be read.
    """
    require_role(project, who, "manage")
    with project.store.write() as conn:
        effects = _apply(project, conn, who)
    return {effect.rule.id: (len(effect.marked), len(effect.restored)) for effect in effects}


def preview_rules(project: Project, who: str) -> list[RuleEffect]:
    """What apply_rules would do now, rule by rule in the order of the protocol. It only reads, so
    that nobody waits for it, and apply_rules does what is found here.

    Raises:
        ReviewError: the review has no screening stage or no rules.
        QueryError: a rule's query cannot be read.
    """
    require_role(project, who, "manage")
    with project.store.read() as conn:
        return _find_effects(project, conn)


def _apply(project: Project, conn: Connection, who: str) -> list[RuleEffect]:
    project = follow_plan(project, conn)
    effects = _find_effects(project, conn)
    for effect in effects:
        _add_rule_decisions(project, conn, who, effect.rule, effect.restored, exclude=False)
    for effect in effects:
        _add_rule_decisions(project, conn, who, effect.rule, effect.marked, exclude=True)
    return effects


def _find_effects(project: Project, conn: Connection) -> list[RuleEffect]:
    """What applying the rules one after the other does; a record that one of them marks is no
    longer pending when the next one is applied."""
    stage = find_stage(project.protocol, "screening")
    if stage is None or not project.protocol.rules:
        raise ReviewError("The protocol has no 'rules', or no screening stage to which they apply.")
    restored = _find_restored(project, conn, stage.id, None)
    planned = [
        _build_decision(number, stage.id, rule, exclude=False)
        for rule in project.protocol.rules
        for number in restored[rule.id]
    ]
    effects = []
    for rule in project.protocol.rules:
        report_statuses = standings.compute_statuses(
            project, conn, planned=_number_decisions(conn, planned)
        )[stage.id]
        pending = [
            n for n, report_status in report_statuses.items() if report_status.status == "pending"
        ]
        matching = _find_matches(conn, rule, pending)
        marked = sorted(n for n in pending if n not in matching)
        planned += [_build_decision(n, stage.id, rule, exclude=True) for n in marked]
        effects.append(RuleEffect(rule=rule, marked=tuple(marked), restored=restored[rule.id]))
    return effects


def _number_decisions(conn: Connection, planned: Sequence[NewDecision]) -> list[Decision]:
    """Planned decisions as they would be entered now."""
    now, last = utc_now(), decisions.get_last_id(conn)
    return [
        Decision(
            record=new_decision.record,
            stage=new_decision.stage,
            reviewer=new_decision.reviewer,
            verdict=new_decision.verdict,
            at=now,
            reason=new_decision.reason,
            role=new_decision.role,
            id=number,
        )
        for number, new_decision in enumerate(planned, last + 1)
    ]


def count_marks(project: Project) -> dict[str, int]:
    """Rule id -> how many reports it marks as ineligible now. A rule that has left the protocol is
    named as long as its marks remain."""
    stage = find_stage(project.protocol, "screening")
    counts = {rule.id: 0 for rule in project.protocol.rules}
    if stage is None:
        return counts
    with project.store.read() as conn:
        by_reviewer = decisions.count_current(conn, stage.id, "automation")
    prefix = "rule "
    for reviewer, count in by_reviewer.items():
        rule_id = reviewer.removeprefix(prefix)
        if reviewer.startswith(prefix) and (count or rule_id in counts):
            counts[rule_id] = count
    return counts


def withdraw_matches(
    project: Project, conn: Connection, who: str, among: Iterable[int] | None = None
) -> dict[str, int]:
    """Takes back what a rule marked and now matches; asked after every merge, for a record that a
    rule marked may turn out to be the twin of one that matches. Gives how many by rule.

    Args:
        among: only these records; all that are marked where None.
    """
    stage = find_stage(project.protocol, "screening")
    if stage is None:
        return {}
    restored = _find_restored(project, conn, stage.id, among)
    for rule in project.protocol.rules:
        _add_rule_decisions(project, conn, who, rule, restored[rule.id], exclude=False)
    return {rule_id: len(numbers) for rule_id, numbers in restored.items()}


def _find_restored(
    project: Project, conn: Connection, stage: str, among: Iterable[int] | None
) -> dict[str, tuple[int, ...]]:
    """Rule id -> the reports that it has marked and that match now."""
    numbers = None if among is None else sorted(among)
    restored = {}
    for rule in project.protocol.rules:
        rule_decisions = decisions.list_decisions(
            conn, stage=stage, reviewer=get_rule_name(rule), records=numbers
        )
        newest = {decision.record: decision.verdict for decision in rule_decisions}
        marked = [n for n, verdict in newest.items() if verdict is not None]
        restored[rule.id] = tuple(sorted(_find_matches(conn, rule, marked)))
    return restored


def _find_matches(conn: Connection, rule: KeywordRule, numbers: Sequence[int]) -> set[int]:
    """Those that match: a report does where any of its records does, whichever represents it."""
    if not numbers:
        return set()
    is_match = query.build_text_matcher(query.parse(rule.must_match))
    return {
        n
        for n, record_texts in load_texts(conn, numbers).items()
        if any(is_match(*text) for text in record_texts)
    }


def _add_rule_decisions(
    project: Project,
    conn: Connection,
    who: str,
    rule: KeywordRule,
    numbers: Sequence[int],
    *,
    exclude: bool,
) -> None:
    """Marks reports as ineligible by a rule, or takes its marks back."""
    stage = find_stage(project.protocol, "screening")
    if stage is None or not numbers:
        return
    kind = "rule" if exclude else "rule taken back"
    detail = {"query": rule.must_match, "n": len(numbers)}
    audit_events.add_event(conn, kind, who, utc_now(), subject=rule.id, detail=detail)
    new_decisions = [_build_decision(n, stage.id, rule, exclude=exclude) for n in sorted(numbers)]
    add_decisions(project, conn, new_decisions, utc_now(), who=who)


def _build_decision(number: int, stage: str, rule: KeywordRule, *, exclude: bool) -> NewDecision:
    name = get_rule_name(rule)
    if exclude:
        return NewDecision(
            record=number,
            stage=stage,
            reviewer=name,
            verdict="exclude",
            reason=get_rule_reason(rule),
            note=None,
            role="automation",
        )
    return NewDecision(number, stage, name, None, role="automation")


def withdraw_rule(project: Project, rule_id: str, who: str) -> int:
    """Takes back all that a rule marked; gives how many reports.

    Raises:
        ReviewError: no rule of this name ever marked anything.
    """
    require_role(project, who, "manage")
    stage = find_stage(project.protocol, "screening")
    name = f"rule {rule_id}"
    with project.store.write() as conn:
        project = follow_plan(project, conn)
        rule_decisions = (
            decisions.list_decisions(conn, stage=stage.id, reviewer=name) if stage else []
        )
        if not rule_decisions or stage is None:
            raise ReviewError(f"No records have been marked by a rule {rule_id!r}.")
        newest = {decision.record: decision.verdict for decision in rule_decisions}
        marked_numbers = sorted(n for n, verdict in newest.items() if verdict is not None)
        new_decisions = [
            NewDecision(n, stage.id, name, None, role="automation") for n in marked_numbers
        ]
        audit_events.add_event(
            conn,
            "rule withdrawn",
            who,
            utc_now(),
            subject=rule_id,
            detail={"n": len(marked_numbers)},
        )
        add_decisions(project, conn, new_decisions, utc_now(), who=who)
    return len(marked_numbers)
