"""Column mappings from earlier imports, kept for the next import from the same source."""

from collections.abc import Mapping

from review.errors import SourceError
from review.formats.tabular.columns import MAPPABLE_FIELDS
from review.store import Connection, audit_events
from review.store.timestamps import utc_now

MAPPING_EVENT = "columns mapped"
"""The act by which a person says what columns hold; the subject is the source, the detail holds
the mapping."""

_FIELD_NAMES = {"author": "authors", "keyword": "keywords", "url": "urls", "type": "types"}


def parse_mappings(words: list[str]) -> dict[str, str]:
    """Column -> field of 'First author=authors' and the like.

    Raises:
        SourceError: a word without '=', without a column, or with a field that does not exist.
    """
    mapping: dict[str, str] = {}
    for word in words:
        column, mark, field = word.rpartition("=")
        field = field.strip().lower().replace(" ", "_")
        field = _FIELD_NAMES.get(field, field)
        if not mark or not column.strip() or field not in MAPPABLE_FIELDS:
            raise SourceError(
                f"--map {word!r}: expected COLUMN=FIELD, for example 'First author=authors'. "
                f"Fields: {', '.join(MAPPABLE_FIELDS)}."
            )
        mapping[column.strip()] = field
    return mapping


def list_mappings(conn: Connection) -> dict[str, dict[str, str]]:
    """The newest mapping of each source."""
    return {
        str(event["subject"]): dict((event["detail"] or {}).get("mapping", {}))
        for event in audit_events.list_events(conn, kind=MAPPING_EVENT)
    }


def keep_mapping(conn: Connection, source: str, mapping: Mapping[str, str], who: str) -> None:
    """Keeps the mapping for the next import from the source."""
    detail = {"mapping": dict(mapping)}
    audit_events.add_event(conn, MAPPING_EVENT, who, utc_now(), subject=source, detail=detail)
