"""The team as the protocol lists it: people join it, change in it and leave its list by versions of
the protocol, which keep everything else in the file as it is."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from review.errors import ProtocolError
from review.protocol.loading import fingerprint_text, load_protocol, parse_protocol
from review.protocol.models import Person, Protocol, Stage
from review.resources import get_shipped_path as shipped
from review.store import Connection, people
from review.text import yaml_edits
from review.workflow.project.project import PROTOCOL_FILE, Project
from review.workflow.setup import staged_files
from review.workflow.setup.protocol_amendments import read_protocol_text, save_version


def change_team(
    project: Project,
    conn: Connection,
    *,
    changed: Mapping[str, Person | None] | None = None,
    added: Sequence[Person] = (),
    who: str,
    why: str,
) -> Project:
    """Saves a version of the protocol with another team, within a transaction that writes.

    Args:
        changed: name of a member -> who takes their place, under another name where that is
            given (also wherever a stage names them); None takes them off the list.
        added: people who follow the last member.

    Raises:
        ProtocolError: the protocol would not hold together, for example because a stage had too
            few reviewers; or its file is written in a way that cannot be changed here.
    """
    staged_files.finish_changes(project.folder, conn)
    text = read_protocol_text(project)
    if fingerprint_text(text) != project.fingerprint:
        raise ProtocolError(
            f"{PROTOCOL_FILE} was changed in the meantime. Reload this page (or start the app "
            "again) and make your change once more."
        )
    protocol = project.protocol
    plan = _build_plan(protocol, changed or {}, added)
    if plan == protocol:
        return project
    new_text = _edit_team(text, protocol, changed or {}, added)
    if parse_protocol(new_text, PROTOCOL_FILE) != plan:
        raise ProtocolError(
            f"{PROTOCOL_FILE}: the team is written in a way that Funnel cannot change here; edit "
            "'team' on the page Protocol."
        )
    return save_version(project, conn, new_text, who, why)


def _build_plan(
    protocol: Protocol, changed: Mapping[str, Person | None], added: Sequence[Person]
) -> Protocol:
    """The protocol as it is meant to be. Raises ProtocolError where it does not hold together."""
    team = [changed.get(member.name, member) for member in protocol.team]
    names = {name: person.name for name, person in changed.items() if person is not None}
    try:
        return replace(
            protocol,
            team=(*(member for member in team if member is not None), *added),
            stages=tuple(_rename_reviewers(stage, names) for stage in protocol.stages),
        )
    except ValueError as error:
        raise ProtocolError(str(error)) from error


def _rename_reviewers(stage: Stage, names: Mapping[str, str]) -> Stage:
    return replace(
        stage,
        who=tuple(names.get(name, name) for name in stage.who),
        shares={names.get(name, name): share for name, share in stage.shares.items()},
    )


def _edit_team(
    text: str, protocol: Protocol, changed: Mapping[str, Person | None], added: Sequence[Person]
) -> str:
    """The file's text with the team changed. Raises ProtocolError where it cannot be."""
    places = {member.name: place for place, member in enumerate(protocol.team)}
    renamed: list[tuple[tuple[Any, ...], str]] = []
    for name, person in changed.items():
        if person is not None and person.name != name:
            renamed += [(path, person.name) for path in _list_mentions(protocol, name)]
    try:
        text = yaml_edits.replace_scalars(text, renamed)
        return yaml_edits.edit_list(
            text,
            "team",
            changed={
                places[name]: None if person is None else _format_person(person)
                for name, person in changed.items()
            },
            added=[_format_person(person) for person in added],
        )
    except ValueError as error:
        raise ProtocolError(f"{PROTOCOL_FILE}: the team cannot be changed ({error}).") from error


def _list_mentions(protocol: Protocol, name: str) -> list[tuple[Any, ...]]:
    """Where the stages name a member."""
    paths: list[tuple[Any, ...]] = []
    for number, stage in enumerate(protocol.stages):
        paths += [
            ("stages", number, "who", n) for n, person in enumerate(stage.who) if person == name
        ]
        paths += [("stages", number, "shares", "key", name)] if name in stage.shares else []
    return paths


def _format_person(person: Person) -> str:
    return yaml_edits.format_flow_mapping(
        {
            "name": person.name,
            "full_name": person.full_name,
            "roles": list(person.roles),
            "email": person.email,
        }
    )


def list_example_members(project: Project, conn: Connection) -> list[str]:
    """Members who are still those of the starter protocol, word for word, and who have done
    nothing in this review: examples, in whose place the real people come."""
    starter = load_protocol(shipped("data") / "starter-protocol.yaml").team
    examples = [member.name for member in project.protocol.team if member in starter]
    active = people.list_active_names(conn) if examples else set()
    return [name for name in examples if name not in active]
