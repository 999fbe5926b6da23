"""What a new review begins with: a shipped protocol, or that of a review one leads already."""

import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from review.errors import ProtocolError
from review.protocol.loading import parse_protocol
from review.protocol.models import Protocol
from review.resources import get_shipped_path as shipped
from review.text import yaml_edits
from review.workflow.appraisal.instruments import OWN_CHECKLISTS_FOLDER
from review.workflow.appraisal.wording import WORDING_FOLDER
from review.workflow.project.project import PROTOCOL_FILE, Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A shipped protocol that a review can begin with."""

    id: str
    label: str
    description: str
    path: str
    """The protocol's file, within the shipped folder 'data'."""


TEMPLATES = (
    Template(
        id="diagnostic-accuracy",
        label="Diagnostic accuracy of imaging AI",
        description="Two reviewers at each stage; CLAIM 2024 and QUADAS-2; criteria, reasons and a "
        "query to adapt.",
        path="templates/diagnostic-accuracy.yaml",
    ),
    Template(
        id="prediction-models",
        label="Prediction and radiomics models on images",
        description="Two reviewers at each stage; CLAIM 2020, RQS and PROBAST with quality gates.",
        path="templates/prediction-models.yaml",
    ),
    Template(
        id="blank",
        label="Blank",
        description="The three stages and nothing else: no source, no criteria, no checklist.",
        path="templates/blank.yaml",
    ),
    Template(
        id="demo",
        label="Demo",
        description="The made-up demo review, with two search exports to import.",
        path="demo/protocol.yaml",
    ),
    Template(
        id="replay",
        label="Replay of Roberts et al. 2021",
        description="The founding review with its published numbers: 2,212 records identified, 62 "
        "studies included. Most of its papers were never named.",
        path="roberts2021/protocol.yaml",
    ),
)
REPLAY = "replay"
"""The template that comes with records and decisions."""


def find_template(template_id: str) -> Template | None:
    """The template of this id; None where there is none."""
    return next((template for template in TEMPLATES if template.id == template_id), None)


def write_from_template(folder: Path, template: Template, title: str, question: str) -> None:
    """Writes a template's protocol into a folder, with its search exports where it lists some; of a
    replay, all the review."""
    path = shipped("data") / template.path
    if template.id == REPLAY:
        _replay(folder, path.parent, title, question)
        return
    text = path.read_text(encoding="utf-8")
    for search_import in parse_protocol(text, str(path)).search.imports:
        shutil.copyfile(path.parent / search_import.file, folder / search_import.file)
    _write(folder, _set_title(text, title, question))


def _replay(folder: Path, data: Path, title: str, question: str) -> None:
    from review.workflow.exports.replay import replay_review

    with tempfile.TemporaryDirectory(prefix="funnel-replay-") as scratch:
        copied = Path(scratch) / data.name
        shutil.copytree(data, copied)
        text = (copied / PROTOCOL_FILE).read_text(encoding="utf-8")
        _write(copied, _set_title(text, title, question))
        project, _ = replay_review(copied, folder)
        project.store.close()


def write_copy(folder: Path, original: Project, title: str, question: str) -> None:
    """Writes another review's protocol into a folder, with that review's own checklists and
    wording. Its search exports and registration stay behind.

    Raises:
        ProtocolError: the protocol is written in a way that cannot be changed here.
    """
    text = (original.folder / PROTOCOL_FILE).read_text(encoding="utf-8-sig")
    protocol = parse_protocol(text, PROTOCOL_FILE)
    try:
        text = _set_title(text, title, question)
        emptied = [("search", "imports")] if protocol.search.imports else []
        text = yaml_edits.empty_lists(text, emptied)
        if protocol.registration is not None:
            text = yaml_edits.remove_key(text, "registration")
    except ValueError as error:
        raise ProtocolError(f"The protocol cannot be copied ({error}).") from error
    if parse_protocol(text, PROTOCOL_FILE) != _plan_copy(protocol, title, question):
        raise ProtocolError(
            "The protocol is written in a way that Funnel cannot copy. Start from a template and "
            "paste it on the page Protocol."
        )
    for name in (OWN_CHECKLISTS_FOLDER, WORDING_FOLDER):
        if (original.folder / name).is_dir():
            shutil.copytree(original.folder / name, folder / name, dirs_exist_ok=True)
    _write(folder, text)


def _plan_copy(protocol: Protocol, title: str, question: str) -> Protocol:
    return replace(
        protocol,
        title=title,
        question=question or protocol.question,
        registration=None,
        search=replace(protocol.search, imports=()),
    )


def _set_title(text: str, title: str, question: str) -> str:
    changes = [(("title",), title)] + ([(("question",), question)] if question else [])
    return yaml_edits.replace_scalars(text, changes)


def _write(folder: Path, text: str) -> None:
    (folder / PROTOCOL_FILE).write_text(text, encoding="utf-8", newline="\n")
