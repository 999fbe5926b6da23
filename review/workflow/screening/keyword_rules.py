"""The protocol's keyword rules: what does not match is marked ineligible, reversibly."""

from collections.abc import Iterable, Sequence

from review import query
from review.errors import ReviewError
from review.protocol import KeywordRule, stage_of
from review.store import Connection, audit_events, decisions
from review.store.timestamps import now
from review.workflow.project.project import Project
from review.workflow.screening import status as standings
from review.workflow.screening.decisions import Wanted, add
from review.workflow.screening.record_texts import texts_of


def name_of(rule: KeywordRule) -> str:
    """The name a rule's decisions stand under."""
    return f"rule {rule.id}"


def reason_of(rule: KeywordRule) -> str:
    """What the PRISMA box says of a rule's records."""
    return rule.reason or f"No word of rule '{rule.id}'"


def apply(project: Project, who: str) -> dict[str, tuple[int, int]]:
    """Holds every rule against the title and abstract of each report nobody has judged.

    What does not match is marked; what a rule marked before and now matches (the protocol has
    changed, or an abstract was added) is taken back. Running it again changes nothing.

    Returns:
        Rule id -> how many reports were marked, how many taken back.

    Raises:
        ReviewError: the review has no screening stage or no rules.
        QueryError: a rule's query cannot be read.
    """
    stage = stage_of(project.protocol, "screening")
    if stage is None or not project.protocol.rules:
        raise ReviewError("The protocol has no 'rules', or no screening stage to apply them at.")
    with project.store.write() as conn:
        back = take_back(project, conn, who)
        done = {}
        for rule in project.protocol.rules:
            found = standings.compute(project, conn)[stage.id]
            asked = [n for n, one in found.items() if one.status == "pending"]
            fits = _matching(conn, rule, asked)
            out = [n for n in asked if n not in fits]
            _enter(project, conn, rule, who, [_wanted(n, stage.id, rule, out=True) for n in out])
            done[rule.id] = (len(out), back[rule.id])
    return done


def take_back(
    project: Project, conn: Connection, who: str, among: Iterable[int] | None = None
) -> dict[str, int]:
    """Takes back what a rule marked and now matches; asked after every merge, for a record that a
    rule marked may turn out to be the twin of one that matches. Gives how many by rule.

    Args:
        among: only these records; all that are marked where None.
    """
    asked = None if among is None else sorted(among)
    stage = stage_of(project.protocol, "screening")
    if stage is None:
        return {}
    done = {}
    for rule in project.protocol.rules:
        made = decisions.every(conn, stage=stage.id, reviewer=name_of(rule), records=asked)
        newest = {one.record: one.verdict for one in made}
        marked = [n for n, verdict in newest.items() if verdict is not None]
        back = _matching(conn, rule, marked)
        _enter(project, conn, rule, who, [_wanted(n, stage.id, rule, out=False) for n in back])
        done[rule.id] = len(back)
    return done


def _matching(conn: Connection, rule: KeywordRule, asked: Sequence[int]) -> set[int]:
    """Those that match: a report does where any of its records does, whichever it stands under."""
    if not asked:
        return set()
    holds = query.matcher(query.parse(rule.must_match))
    return {n for n, read in texts_of(conn, asked).items() if any(holds(*one) for one in read)}


def _enter(
    project: Project, conn: Connection, rule: KeywordRule, who: str, wanted: list[Wanted]
) -> None:
    if not wanted:
        return
    kind = "rule" if wanted[0].verdict else "rule taken back"
    detail = {"query": rule.must_match, "n": len(wanted)}
    audit_events.add(conn, kind, who, now(), subject=rule.id, detail=detail)
    add(project, conn, sorted(wanted, key=lambda one: one.record), now(), who=who)


def _wanted(number: int, stage: str, rule: KeywordRule, *, out: bool) -> Wanted:
    name = name_of(rule)
    if out:
        return Wanted(number, stage, name, "exclude", reason_of(rule), None, "automation")
    return Wanted(number, stage, name, None, role="automation")


def withdraw(project: Project, rule_id: str, who: str) -> int:
    """Takes back all that a rule marked; gives how many reports.

    Raises:
        ReviewError: no rule of this name ever marked anything.
    """
    stage = stage_of(project.protocol, "screening")
    name = f"rule {rule_id}"
    with project.store.write() as conn:
        made = decisions.every(conn, stage=stage.id, reviewer=name) if stage else []
        if not made or stage is None:
            raise ReviewError(f"No rule {rule_id!r} has marked anything.")
        newest = {one.record: one.verdict for one in made}
        back = sorted(n for n, verdict in newest.items() if verdict is not None)
        wanted = [Wanted(n, stage.id, name, None, role="automation") for n in back]
        audit_events.add(
            conn, "rule withdrawn", who, now(), subject=rule_id, detail={"n": len(back)}
        )
        add(project, conn, wanted, now(), who=who)
    return len(back)
