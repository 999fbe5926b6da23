"""Where the public page of a review will be, which its feed names in full."""

from review.errors import ReviewError
from review.site.html import is_web_address
from review.store import audit_events
from review.store.timestamps import utc_now
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project

ADDRESS_EVENT = "page address set"


def check_page_address(address: str) -> str:
    """The address with a slash at its end. Raises ReviewError if it is not http or https."""
    trimmed = address.strip()
    if not is_web_address(trimmed):
        raise ReviewError(
            f"{address!r} is not an address of a web page; write it as https://example.org/review/"
        )
    return trimmed if trimmed.endswith("/") else f"{trimmed}/"


def get_page_address(project: Project) -> str | None:
    """The address given last; None where there is none."""
    with project.store.read() as conn:
        events = audit_events.list_events(conn, kind=ADDRESS_EVENT)
    return (events[-1]["detail"] or {}).get("address") if events else None


def set_page_address(project: Project, address: str | None, who: str) -> str | None:
    """Keeps the address for later editions, and gives it; None or an empty text takes it away.

    Raises:
        ReviewError: it is no web address, or the person may not export.
    """
    require_role(project, who, "export")
    checked = check_page_address(address) if address and address.strip() else None
    if checked != get_page_address(project):
        with project.store.write() as conn:
            audit_events.add_event(conn, ADDRESS_EVENT, who, utc_now(), detail={"address": checked})
    return checked
