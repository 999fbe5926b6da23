"""The protocol's keyword rules: what does not match is marked ineligible, reversibly."""

from review import query
from review.errors import ReviewError
from review.protocol import KeywordRule, stage_of
from review.store import acts, decisions, records
from review.store.moments import now
from review.workflow import standings
from review.workflow.decisions import Wanted, add
from review.workflow.project import Project


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
    done: dict[str, tuple[int, int]] = {}
    for rule in project.protocol.rules:
        holds = query.matcher(query.parse(rule.must_match))
        with project.store.write() as conn:
            found = standings.compute(project, conn)[stage.id]
            fresh = [n for n, one in found.items() if one.status == "pending"]
            made = decisions.every(conn, stage=stage.id, reviewer=name_of(rule))
            newest = {one.record: one.verdict for one in made}
            marked = [n for n, verdict in newest.items() if verdict is not None]
            added = records.edits_by_record(conn, "abstract")
            fits = {
                n: holds(one.record.title or "", one.record.abstract or added.get(n) or "")
                for n, one in records.many(conn, [*fresh, *marked]).items()
            }
            out = [n for n in sorted(fresh) if not fits[n]]
            back = [n for n in sorted(marked) if fits[n]]
            wanted = [_wanted(n, stage.id, rule, out=True) for n in out]
            wanted += [_wanted(n, stage.id, rule, out=False) for n in back]
            detail = {"query": rule.must_match, "marked": len(out), "back": len(back)}
            acts.add(conn, "rule", who, now(), subject=rule.id, detail=detail)
            add(project, conn, wanted, now(), who=who)
        done[rule.id] = (len(out), len(back))
    return done


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
        acts.add(conn, "rule withdrawn", who, now(), subject=rule_id, detail={"n": len(back)})
        add(project, conn, wanted, now(), who=who)
    return len(back)
