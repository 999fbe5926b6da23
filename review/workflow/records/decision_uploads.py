"""A file of decisions given in the app, with the lines left out as a file to correct."""

from collections.abc import Mapping
from dataclasses import dataclass

from review.formats.tabular.decisions import DecisionDefaults
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project
from review.workflow.records.import_decisions import (
    DecisionFileError,
    DecisionImportResult,
    DecisionPreview,
    import_decisions,
    preview_decisions,
)
from review.workflow.records.temporary_files import save_temporarily


@dataclass(frozen=True, slots=True)
class ImportedDecisions:
    """What a file of decisions did, and the lines left out as a CSV file to correct."""

    result: DecisionImportResult
    problem: str | None
    """Why nothing was imported; None if something was."""
    corrections: bytes | None = None


def preview_decisions_upload(
    project: Project,
    name: str,
    data: bytes,
    who: str,
    *,
    defaults: DecisionDefaults,
    names: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> DecisionPreview:
    """What an import of the file would add; nothing is written.

    Raises:
        SourceError: the file cannot be read.
    """
    with save_temporarily(name, data) as path:
        return preview_decisions(project, path, who, defaults=defaults, names=names, sheet=sheet)


def import_decisions_upload(
    project: Project,
    name: str,
    data: bytes,
    who: str,
    *,
    defaults: DecisionDefaults,
    names: Mapping[str, str] | None = None,
    keep_good: bool = False,
    sheet: str | None = None,
) -> ImportedDecisions:
    """Imports decisions as `review import-decisions` does.

    Raises:
        SourceError: the file cannot be read.
    """
    require_role(project, who, "import decisions")
    with save_temporarily(name, data) as path:
        problem = None
        try:
            result = import_decisions(
                project,
                path,
                who,
                defaults=defaults,
                names=names,
                keep_good=keep_good,
                sheet=sheet,
            )
        except DecisionFileError as error:
            result = error.result
            problem = (
                f"{name}: {len(result.rejected)} of its decisions cannot be imported. Nothing was "
                "imported."
            )
        rejected_path = result.rejected_path
        corrections = rejected_path.read_bytes() if rejected_path else None
    return ImportedDecisions(result, problem, corrections)
