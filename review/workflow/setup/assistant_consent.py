"""The lead's consent to the assistant: given and withdrawn as a change of the protocol."""

from datetime import date

from review.errors import ProtocolError
from review.protocol.loading import fingerprint_text, parse_protocol
from review.protocol.models import Assistant
from review.store.timestamps import utc_now
from review.workflow.assistant.settings import describe_disclosure
from review.workflow.project.accounts import require_role
from review.workflow.project.project import PROTOCOL_FILE, Project
from review.workflow.setup.protocol_amendments import amend_protocol, read_protocol_text
from review.workflow.setup.protocol_draft import REMOVED, set_values

_CONSENT = ("assistant", "consent")


def describe_consent(project: Project) -> str:
    """What leaves the machine once the lead consents, in one sentence.

    Raises:
        ProtocolError: the protocol plans no assistant.
    """
    return describe_disclosure(_get_planned_assistant(read_protocol_text(project)))


def give_consent(project: Project, who: str, why: str = "", *, on: date | None = None) -> None:
    """Switches the planned assistant on: writes the lead's consent into the protocol, as a version
    of its own.

    Args:
        why: the reason, needed once somebody has decided on a record.
        on: the day of consent; by default today (UTC).

    Raises:
        AccountError: only a lead consents.
        ProtocolError: no assistant is planned, consent has been given, or a reason is missing.
    """
    require_role(project, who, "manage")
    text = read_protocol_text(project)
    consent = _get_planned_assistant(text).consent
    if consent is not None:
        raise ProtocolError(
            f"The assistant is on: {consent.by} consented on {consent.on.isoformat()}."
        )
    day = on or utc_now().date()
    changed = set_values(text, {_CONSENT: {"by": who, "on": day}})
    amend_protocol(project, changed, who, why, seen=fingerprint_text(text))


def withdraw_consent(project: Project, who: str, why: str = "") -> None:
    """Switches the assistant off: takes the consent out of the protocol, as a version of its own.
    Questions asked so far are kept. Any lead may withdraw it, whoever gave it.

    Raises:
        AccountError: only a lead withdraws it.
        ProtocolError: there is no consent, or a reason is missing.
    """
    require_role(project, who, "manage")
    text = read_protocol_text(project)
    if _get_planned_assistant(text).consent is None:
        raise ProtocolError("The assistant is off: nobody has consented to it.")
    changed = set_values(text, {_CONSENT: REMOVED})
    amend_protocol(project, changed, who, why, seen=fingerprint_text(text))


def _get_planned_assistant(text: str) -> Assistant:
    assistant = parse_protocol(text, PROTOCOL_FILE).assistant
    if assistant is None:
        raise ProtocolError(
            f"{PROTOCOL_FILE} plans no assistant. Add 'assistant' with an address and a model "
            "first, or plan it on the page Protocol, under Settings."
        )
    return assistant
