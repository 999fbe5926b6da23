"""Whether the assistant is on in a review, and what it is sent."""

from urllib.parse import urlsplit

from review.protocol.models import Assistant
from review.workflow.project.project import Project


def get_settings(project: Project) -> Assistant | None:
    """The assistant of the protocol in force; None where it is off."""
    settings = project.protocol.assistant
    return settings if settings is not None and settings.consent is not None else None


def describe_plan(settings: Assistant) -> list[str]:
    """What the protocol plans with the assistant, so that the lead reads it before it is saved."""
    if settings.consent is None:
        return [f"assistant: {settings.model}, off until the lead consents"]
    consent = f"{settings.consent.by}, {settings.consent.on.isoformat()}"
    return [
        f"assistant: {settings.model}, on with the consent of {consent}",
        describe_disclosure(settings),
    ]


def describe_disclosure(settings: Assistant) -> str:
    """What leaves the machine, in one sentence."""
    host = urlsplit(settings.address).hostname or settings.address
    return (
        f"Each question sends one checklist item and at most {settings.sentences} sentences of the "
        f"paper to {settings.model} at {host}, with the name of the appraised model if the form is "
        "about one. Nothing else is sent: no names of people, no answers, no file."
    )
