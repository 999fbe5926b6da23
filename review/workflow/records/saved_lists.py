"""A person's filters of the list of records, kept under a name for themselves or for the team."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, fields
from typing import Any

from review.errors import ReviewError
from review.store import Connection, saved_lists
from review.store.saved_lists import SavedList
from review.store.timestamps import utc_now
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project
from review.workflow.records.annotations import clean_line
from review.workflow.records.record_list import RecordFilter

MAX_NAME_LENGTH = 60
"""Most characters of a list's name."""


def list_saved(project: Project, name: str) -> list[SavedList]:
    """A person's own lists and those others share, their own first, by name."""
    with project.store.read() as conn:
        lists = saved_lists.list_lists(conn, name)
    return sorted(
        lists,
        key=lambda saved_list: (saved_list.who != name, saved_list.name.casefold(), saved_list.who),
    )


def save_list(
    project: Project, who: str, name: str, wanted: RecordFilter, *, shared: bool
) -> SavedList:
    """Keeps filters under a name; one's own list of that name is replaced.

    Raises:
        ReviewError: the name is empty or too long.
    """
    require_role(project, who, "contribute")
    clean = clean_line(name, "name of the list", MAX_NAME_LENGTH)
    saved = SavedList(who=who, name=clean, shared=shared, filters=_describe_filter(wanted))
    with project.store.write() as conn:
        saved_lists.add_list(conn, saved, utc_now())
    return saved


def rename_list(project: Project, who: str, name: str, new_name: str) -> str:
    """Gives one of one's own lists another name, as it was saved.

    Raises:
        ReviewError: there is no such list of this person, one of the new name exists, or the new
            name is empty or too long.
    """
    require_role(project, who, "contribute")
    clean = clean_line(new_name, "name of the list", MAX_NAME_LENGTH)
    with project.store.write() as conn:
        saved = _get_own(conn, who, name)
        if clean == name:
            return name
        if any(
            (saved_list.who, saved_list.name) == (who, clean)
            for saved_list in saved_lists.list_lists(conn, who)
        ):
            raise ReviewError(f"You already have a list named {clean!r}.")
        renamed = SavedList(who=who, name=clean, shared=saved.shared, filters=saved.filters)
        saved_lists.add_list(conn, saved, utc_now(), present=False)
        saved_lists.add_list(conn, renamed, utc_now())
    return clean


def delete_list(project: Project, who: str, name: str) -> None:
    """Deletes one of the person's own lists; the records in it stay as they are.

    Raises:
        ReviewError: there is no such list of this person.
    """
    require_role(project, who, "contribute")
    with project.store.write() as conn:
        saved_lists.add_list(conn, _get_own(conn, who, name), utc_now(), present=False)


def build_filter(
    filters: Mapping[str, Any], options: Mapping[str, Collection[Any]]
) -> tuple[RecordFilter, bool]:
    """The filters of a saved list as they can be applied now, and whether all of them can.

    A stage, source, reason or tag that the reader is not offered is left out: the protocol may
    have changed, and a tag may not be theirs to see yet.

    Args:
        options: name of a filter -> the values offered; filters that are not in it take any value.
    """
    usual = RecordFilter()
    values: dict[str, Any] = {}
    complete = True
    for field in fields(RecordFilter):
        if field.name not in filters:
            continue
        value, default = filters[field.name], getattr(usual, field.name)
        is_valid = (
            value in options[field.name]
            if field.name in options
            else isinstance(value, (str, int, bool, type(None)))
        )
        if value == default or is_valid:
            values[field.name] = value
        else:
            complete = False
    return RecordFilter(**values), complete


def _describe_filter(wanted: RecordFilter) -> dict[str, Any]:
    """The filters that limit something, and the order."""
    usual = asdict(RecordFilter())
    return {name: value for name, value in asdict(wanted).items() if value != usual[name]}


def _get_own(conn: Connection, who: str, name: str) -> SavedList:
    for saved in saved_lists.list_lists(conn, who):
        if (saved.who, saved.name) == (who, name):
            return saved
    raise ReviewError(f"You have no saved list named {name!r}.")
