"""Duplicates in a review: found, settled by people, undone, explained. All of it is added links.

A run compares what is new with what is there; what was read of the records is kept beside the
store and can be thrown away at any time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from review import dedupe
from review.dedupe import Columns, Explanation, Groups
from review.errors import ReviewError
from review.models import Link, LinkVerdict, StoredRecord
from review.store import Connection, audit_events, links, records
from review.store.records import key_of, number_of
from review.store.timestamps import now
from review.workflow.deduplication.groups import apart, flat, regroup, regroup_around
from review.workflow.project.project import Project
from review.workflow.screening import keyword_rules, rescreening, status
from review.workflow.screening.rescreening import Reopened

KEPT = Path("cache") / "dedupe.npz"
"""What was read of the records, in the review's folder."""
RUN = "deduplicated"
SETTLED: Mapping[str, LinkVerdict] = {
    "same": "duplicate",
    "different": "distinct",
    "preprint": "study",
}
"""The person's word -> the link's verdict."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run did."""

    records: int
    compared: int
    """Records that were not compared before."""
    links: int
    """Links added."""
    reports: int
    studies: int
    doubtful: int
    """Pairs left to a person."""
    reopened: tuple[Reopened, ...]
    """Preprints judged before that are open again, because their article has come."""


def columns(project: Project, conn: Connection) -> Columns:
    """The columns of all records, reading only those that came since they were last kept."""
    path = project.folder / KEPT
    kept = dedupe.unpacked(path.read_bytes()) if path.is_file() else None
    here = records.numbers(conn)
    if kept is None or not _still_true(kept, conn, here):
        return dedupe.read((one.id, one.record) for one in records.every(conn))
    last = int(kept.ids[-1]) if len(kept) else 0
    more = dedupe.read((one.id, one.record) for one in records.every(conn, after=last))
    return dedupe.extended(kept, more)


def _still_true(kept: Columns, conn: Connection, here: set[int]) -> bool:
    """Whether the kept columns are of this store: no gaps, and the ends read as they did."""
    if not len(kept):
        return True
    last = int(kept.ids[-1])
    if {n for n in here if n <= last} != set(kept.ids.tolist()):
        return False
    ends = [int(kept.ids[0]), last]
    again = dedupe.read((n, records.get(conn, n).record) for n in dict.fromkeys(ends))
    return set(again.mark.tolist()) == {int(kept.mark[0]), int(kept.mark[-1])}


def _informed(conn: Connection, given: Columns) -> Columns:
    """The columns with what registries have stated since the records came."""
    later = links.stated_later(conn)
    dated = [int(given.ids[row]) for row in given.relations]
    return dedupe.told(given, later, links.read_on(conn, (*dated, *later)))


def _keep(project: Project, given: Columns) -> None:
    path = project.folder / KEPT
    path.parent.mkdir(exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(dedupe.packed(given))
    part.replace(path)


def run(project: Project, who: str) -> Ran:
    """Compares the records that are new with all others, adds what was found, and groups anew.

    Running it again adds nothing. With other rules than the last run's, all are compared again.
    """
    at = now()
    with project.store.read() as conn:
        given, log = columns(project, conn), links.every(conn)
        before, new = links.all_groups(conn), _new(conn, given)
        informed = _informed(conn, given)
    found = dedupe.stated_links(informed, at=at)
    if new:
        ruled = dedupe.find_links(informed, at=at, new=new)
        all_anew = ruled if len(new) == len(given) else None
        found += [*dedupe.stale(given, log, at=at, found=all_anew), *ruled]
    fresh = _unsaid(log, found)
    with project.store.write() as conn:
        links.add(conn, fresh, engine=dedupe.ENGINE)
        after, reopened = before, list[Reopened]()
        if new or fresh or apart(before, flat(dedupe.groups(given, log))):
            after = flat(regroup(project, conn, given))
            reopened = rescreening.note(conn, project.protocol, (before, after), who, at)
        if reopened:
            status.rebuild(project, conn)
        if new or fresh:
            keyword_rules.take_back(project, conn, who)
        detail = {"engine": dedupe.ENGINE, "records": len(given), "last": _last(given)}
        audit_events.add(conn, RUN, who, at, detail=detail)
    if new:
        _keep(project, given)
    asked = dedupe.doubts(given, log + fresh)
    reports, studies = (len({both[at] for both in after.values()}) for at in (0, 1))
    return Ran(len(given), len(new), len(fresh), reports, studies, len(asked), tuple(reopened))


def uncompared(project: Project) -> int:
    """How many records no run has compared yet."""
    with project.store.read() as conn:
        runs = audit_events.every(conn, kind=RUN)
        done = (runs[-1]["detail"] or {}) if runs else {}
        return sum(1 for n in records.numbers(conn) if n > done.get("last", 0))


def stamp(project: Project) -> tuple[int, int, int]:
    """Changes whenever records, links or comparisons were added: what was read before is old."""
    with project.store.read() as conn:
        return records.count(conn), links.last(conn), len(audit_events.every(conn, kind=RUN))


def _last(given: Columns) -> int:
    return int(given.ids[-1]) if len(given) else 0


def _new(conn: Connection, given: Columns) -> set[int]:
    """Records no run with these rules has compared."""
    runs = audit_events.every(conn, kind=RUN)
    done = (runs[-1]["detail"] or {}) if runs else {}
    ids = given.ids.tolist()
    old = [n for n in ids if n <= done.get("last", 0)]
    if done.get("engine") != dedupe.ENGINE or len(old) != done.get("records"):
        return set(ids)
    return set(ids) - set(old)


def _unsaid(log: list[Link], found: list[Link]) -> list[Link]:
    """The links that say something the log does not say last."""
    said: dict[tuple[int, int, str], tuple[object, ...]] = {}
    for one in log:
        if one.who == dedupe.TOOL:
            said[_place(one)] = _words(one)
    kept = []
    for one in found:
        place = _place(one)
        if said.get(place) != _words(one):
            kept.append(one)
            said[place] = _words(one)
    return kept


def _place(one: Link) -> tuple[int, int, str]:
    """What a later link of the tool takes the place of: a statement, or the rules' word."""
    return one.a, one.b, one.rule if one.rule.startswith(dedupe.STATED) else ""


def _words(one: Link) -> tuple[object, ...]:
    return one.verdict, one.rule, None if one.score is None else round(one.score, 3), one.note


def keep_judged(project: Project, key: str, who: str) -> str:
    """Lets earlier decisions on a re-opened preprint stand; gives a line that says what follows.

    Raises:
        ReviewError: the preprint was not opened again.
    """
    with project.store.write() as conn:
        key = records.get(conn, number_of(key)).key
        rescreening.keep(conn, key, who, now())
        status.keep(project, conn, status.family(conn, [number_of(key)]))
    return f"The earlier decisions on {key} stand. `review dedupe reopen {key}` takes this back."


def open_again(project: Project, key: str, who: str) -> str:
    """Takes the word of keep_judged back. Raises ReviewError where nothing was kept."""
    with project.store.write() as conn:
        key = records.get(conn, number_of(key)).key
        rescreening.again(conn, key, who, now())
        status.keep(project, conn, status.family(conn, [number_of(key)]))
    return f"{key} is open again."


def settle(
    project: Project, pair: tuple[str, str], word: str, who: str, note: str | None = None
) -> str:
    """Adds a person's word on a pair and groups anew; gives a line that says what follows.

    Args:
        pair: keys of two records, in either order.
        word: a key of SETTLED.

    Raises:
        ReviewError: unknown record or word, or the same record twice.
    """
    if word not in SETTLED:
        raise ReviewError(f"{word!r} settles nothing; say one of {', '.join(SETTLED)}.")
    a, b = _numbers(pair)
    link = Link(a, b, SETTLED[word], dedupe.BY_HAND, who, now(), None, note)
    groups = _add(project, link)
    return f"{key_of(a)} and {key_of(b)}: {word}, by {who}; now {_together(flat(groups), a, b)}."


def undo(project: Project, who: str, pair: tuple[str, str] | None = None) -> str:
    """Takes back this person's word on a pair, or their last one; the rest of the log stands.

    Raises:
        ReviewError: this person has said nothing of the pair, or nothing at all.
    """
    with project.store.read() as conn:
        log = links.every(conn)
    mine = {place: one for place, one in dedupe.words_of(log, who).items()}
    if pair is None:
        last = max(mine.values(), key=lambda one: one.at, default=None)
    else:
        last = mine.get(_numbers(pair))
    if last is None:
        what = "of this pair" if pair else "yet"
        raise ReviewError(f"{who} has settled nothing {what} that could be undone.")
    _add(project, Link(last.a, last.b, None, dedupe.WITHDRAWN, who, now()))
    return f"{key_of(last.a)} and {key_of(last.b)}: {who}'s word was taken back."


def _numbers(pair: tuple[str, str]) -> tuple[int, int]:
    a, b = sorted(number_of(key) for key in pair)
    if a == b:
        raise ReviewError(f"{key_of(a)} is one record; name two.")
    return a, b


def _add(project: Project, link: Link) -> Groups:
    with project.store.write() as conn:
        for number in (link.a, link.b):
            records.get(conn, number)
        links.add(conn, [link], engine=dedupe.ENGINE)
        before = links.groups_of(conn, links.around(conn, (link.a, link.b)))
        groups = regroup_around(project, conn, (link.a, link.b))
        keyword_rules.take_back(project, conn, link.who, groups.report)
        change = (before, flat(groups))
        if rescreening.note(conn, project.protocol, change, link.who, link.at):
            status.keep(project, conn, status.family(conn, groups.report))
    return groups


def explain(project: Project, first: str, second: str) -> Explanation:
    """Why two records are, are not, or may be one.

    Raises:
        StoreError: a record is unknown.
        ReviewError: the same record twice.
    """
    a, b = _numbers((first, second))
    with project.store.read() as conn:
        one, other = records.get(conn, a), records.get(conn, b)
        said = [x for x in links.of_records(conn, [a]) if (x.a, x.b) == (a, b)]
        groups = links.all_groups(conn)
        later = links.stated_later(conn)
    left, right = (
        replace(x.record, relations=(*x.record.relations, *later.get(x.id, ())))
        for x in (one, other)
    )
    return dedupe.explain(left, right, said, together=_together(groups, a, b))


def _together(groups: Mapping[int, tuple[int, int]], a: int, b: int) -> str:
    left, right = groups.get(a, (a, a)), groups.get(b, (b, b))
    if left[0] == right[0]:
        return "one report"
    return "two reports of one study" if left[1] == right[1] else "two studies"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a report's merged view, and the record it comes from."""

    name: str
    value: str
    key: str
    source: str


def merged(project: Project, key: str) -> list[Field]:
    """The merged view of the report a record belongs to: each field from the first source that
    gives it, in the order of dedupe's SOURCE_ORDER, with where it comes from.

    Raises:
        StoreError: there is no such record.
    """
    with project.store.read() as conn:
        number = records.get(conn, number_of(key)).id
        report = links.all_groups(conn).get(number, (number, number))[0]
        held = records.many(conn, links.members(conn, [report])[report])
    view = dedupe.merge(list(held.values()))
    return [
        Field(name, _shown(getattr(view.record, name)), held[origin].key,
              held[origin].record.source)
        for name, origin in view.origin.items()
        if name != "relations"
    ]  # fmt: skip


def _shown(value: object) -> str:
    return "; ".join(map(str, value)) if isinstance(value, tuple) else str(value)


Asked = list[tuple[Link, StoredRecord, StoredRecord]]
"""Doubtful pairs with their records."""


def still_open(project: Project, asked: Asked) -> Asked:
    """Of pairs asked before, those that words spoken since have left open; quick for long lists.

    None that doubts would give is lost; one it would not give any more may stay until it is asked.
    """
    numbers = {n for link, *_ in asked for n in (link.a, link.b)}
    with project.store.read() as conn:
        groups = links.groups_of(conn, numbers)
        said = dedupe.spoken_of(links.of_records(conn, groups))
    apart = {
        frozenset(groups.get(n, (n, n))[0] for n in pair)
        for pair, word in said.items()
        if word.verdict == "distinct"
    }
    return [
        one
        for one in asked
        if groups[one[0].a][1] != groups[one[0].b][1]
        and frozenset((groups[one[0].a][0], groups[one[0].b][0])) not in apart
    ]


def doubts(project: Project) -> Asked:
    """The pairs that wait for a person, surest first, with their records."""
    with project.store.read() as conn:
        asked = dedupe.doubts(columns(project, conn), links.every(conn))
        held = records.many(conn, {n for one in asked for n in (one.a, one.b)})
    return [(one, held[one.a], held[one.b]) for one in asked]


def waiting(project: Project) -> list[dict[str, Any]]:
    """The pairs that wait for a person as plain rows."""
    return [
        {"a": key_of(link.a), "b": key_of(link.b), "rule": link.rule, "score": link.score,
         "why": link.note, "title_a": one.record.title, "title_b": other.record.title}
        for link, one, other in doubts(project)
    ]  # fmt: skip


def lines(done: Ran) -> list[str]:
    """What a run did, for people."""
    found = [
        f"{done.compared} of {done.records} records were new; {done.links} links added.",
        f"{done.reports} reports of {done.studies} studies; {done.doubtful} pairs wait for you.",
    ]
    found += [rescreening.told(one) for one in done.reopened]
    return found
