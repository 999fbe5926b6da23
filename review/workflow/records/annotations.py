"""Tags on records, for oneself or for the team, and notes for the team.

They lift no blind: what others share about a record is shown as their decisions are, once the
record is resolved at the stage they wrote it at, and never while it waits for the reader.
"""

import unicodedata
from collections.abc import Iterable, Mapping

from review.errors import ReviewError
from review.store import Connection, annotations, decisions, links, records
from review.store.annotations import Annotation
from review.store.timestamps import utc_now
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project
from review.workflow.screening import blinding

MAX_TAG_LENGTH = 40
"""Most characters of a tag."""
MAX_NOTE_LENGTH = 4000
"""Most characters of a note for the team."""


def add_tag(project: Project, who: str, number: int, name: str, *, shared: bool) -> str:
    """Tags a record, for oneself or for the team; gives the tag as it was saved.

    Raises:
        ReviewError: the tag is empty or too long, or there is no such record.
    """
    require_role(project, who, "contribute")
    tag = clean_line(name, "tag", MAX_TAG_LENGTH)
    with project.store.write() as conn:
        records.get_record(conn, number)
        own = _list_own(conn, who, number, "tag")
        if any((entry.text, entry.shared) == (tag, shared) for entry in own):
            return tag
        annotation = Annotation(
            record=number,
            stage=_find_visible_stage(project, conn, who, number),
            who=who,
            kind="tag",
            text=tag,
            shared=shared,
        )
        annotations.add_annotation(conn, annotation, utc_now())
    return tag


def remove_tag(project: Project, who: str, number: int, name: str, *, shared: bool) -> None:
    """Takes one of one's own tags off a record.

    Raises:
        ReviewError: the record has no such tag of this person.
    """
    require_role(project, who, "contribute")
    with project.store.write() as conn:
        for annotation in _list_own(conn, who, number, "tag"):
            if (annotation.text, annotation.shared) == (name, shared):
                annotations.add_annotation(conn, annotation, utc_now(), present=False)
                return
    raise ReviewError(
        f"{records.format_record_key(number)} has no tag {name!r} of yours. Only the person who "
        "added a tag can remove it."
    )


def save_team_note(project: Project, who: str, number: int, text: str) -> None:
    """Saves one's note for the team on a record in place of the one before; an empty one removes
    it.

    Raises:
        ReviewError: the note is too long, or there is no such record.
    """
    require_role(project, who, "contribute")
    note = text.strip()
    if len(note) > MAX_NOTE_LENGTH:
        raise ReviewError(
            f"The note has {len(note):,} characters; {MAX_NOTE_LENGTH:,} are allowed."
        )
    with project.store.write() as conn:
        records.get_record(conn, number)
        previous = next(iter(_list_own(conn, who, number, "note")), None)
        if note == (previous.text if previous else ""):
            return
        if previous and not note:
            annotations.add_annotation(conn, previous, utc_now(), present=False)
            return
        stage = _find_visible_stage(project, conn, who, number)
        annotation = Annotation(record=number, stage=stage, who=who, kind="note", text=note)
        annotations.add_annotation(conn, annotation, utc_now())


def clean_line(text: str, what: str, most: int) -> str:
    """A short text in its one form: composed characters, single spaces.

    Args:
        what: what the text is, for messages.
        most: most characters.

    Raises:
        ReviewError: it is empty or too long.
    """
    visible = "".join(
        " " if character.isspace() or unicodedata.category(character)[0] == "C" else character
        for character in unicodedata.normalize("NFC", text)
    )
    line = " ".join(visible.split())
    if not line:
        raise ReviewError(f"Enter a {what}.")
    if len(line) > most:
        raise ReviewError(f"The {what} has {len(line)} characters; {most} are allowed.")
    return line


def list_visible_annotations(
    project: Project, name: str, numbers: Iterable[int]
) -> dict[int, list[Annotation]]:
    """Record -> the tags and notes on its report that a person may see, oldest first."""
    wanted = list(numbers)
    with project.store.read() as conn:
        groups = links.get_report_groups(conn, wanted)
        reports = {number: groups.get(number, (number, number))[0] for number in wanted}
        members = {
            member: report for member, (report, _) in _get_members(conn, reports.values()).items()
        }
        reader = blinding.get_blinded_reader(project, conn, name, set(reports.values()))
        visible = filter_visible(conn, name, reader, members, sorted(members))
    return {
        number: [annotation for annotation in visible if members[annotation.record] == report]
        for number, report in reports.items()
    }


def _get_members(conn: Connection, reports: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Record -> (report, study), for all records of some reports."""
    members: dict[int, tuple[int, int]] = {}
    for report in set(reports):
        groups = links.get_study_groups(conn, report) or {report: (report, report)}
        members |= {n: group for n, group in groups.items() if group[0] == report}
    return members


def filter_visible(
    conn: Connection,
    name: str,
    reader: blinding.BlindedReader | None,
    reports: Mapping[int, int],
    among: Iterable[int] | None = None,
) -> list[Annotation]:
    """The tags and notes a person may see: their own, and what others share on records that are
    resolved for them.

    Args:
        reports: record -> report; records that are not in it represent themselves.
        among: limit to these records; None for all.
    """
    visible = []
    statuses: dict[tuple[int, str], str | None] = {}
    for annotation in annotations.list_annotations(conn, among):
        report = reports.get(annotation.record, annotation.record)
        place = (report, annotation.stage)
        if annotation.who != name and annotation.shared and place not in statuses:
            statuses[place] = decisions.get_status(conn, *place)
        if annotation.who == name or (
            annotation.shared
            and blinding.may_see(
                reader, annotation.stage, report, statuses[place], record=annotation.record
            )
        ):
            visible.append(annotation)
    return visible


def _list_own(conn: Connection, who: str, number: int, kind: str) -> list[Annotation]:
    return [
        annotation
        for annotation in annotations.list_annotations(conn, [number])
        if annotation.who == who and annotation.kind == kind
    ]


def _find_visible_stage(project: Project, conn: Connection, who: str, number: int) -> str:
    """The stage a record is at, as far as a person may see it: what they write reveals no more."""
    report = links.get_report_groups(conn, [number]).get(number, (number, number))[0]
    reader = blinding.get_blinded_reader(project, conn, who, [report])
    stages = project.protocol.stages
    stage_id = stages[0].id
    for stage in stages:
        status = blinding.get_joined_status(reader, stage.id, report) or decisions.get_status(
            conn, report, stage.id
        )
        if status is None or status == blinding.NOT_REACHED:
            break
        stage_id = stage.id
        if status != "included" or not blinding.may_see(reader, stage.id, report, status):
            break
    return stage_id
