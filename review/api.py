"""The Python API: opens a review and runs its steps from a script.

Every method calls the same action as the command line, with the same checks on roles, blinding
and counts. Nothing is imported until it is needed, so `import review` is quick.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from review.models import ParseResult, Verdict
    from review.protocol.models import Via
    from review.screening import ScreeningStatus
    from review.workflow.appraisal.forms import AppraisalForm
    from review.workflow.deduplication.run import DedupeResult
    from review.workflow.harvest.models import HarvestRun
    from review.workflow.project.project import Project
    from review.workflow.records.imports import RecordImportResult


class Review:
    """An open review, and the person in whose name actions are recorded."""

    def __init__(self, project: "Project", user: str) -> None:
        self.project = project
        self.user = user

    def import_file(
        self,
        path: Path | str,
        *,
        source: str | None = None,
        via: "Via | None" = None,
        searched: str | None = None,
    ) -> "RecordImportResult":
        """Add the records of a search export (RIS, BibTeX, NBIB, CSV, XLSX and others).

        Args:
            source: name of the database; guessed from the file where None.
            via: another route into the review than databases, as PRISMA 2020 names them.
            searched: day the search was run, "2026-03-12" or "2026-03-01..2026-03-12".

        Raises:
            SourceError: the file cannot be read, or entries are damaged; nothing was added.
        """
        from review.workflow.records.imports import import_file
        from review.workflow.records.search_dates import parse_search_date

        return import_file(
            self.project,
            Path(path),
            self.user,
            source=source,
            via=via,
            searched=parse_search_date(searched) if searched else None,
        )

    def harvest(self, *sources: str) -> "HarvestRun":
        """Fetch what is new from the named sources, or from all sources of the protocol.

        Raises:
            ReviewError: another harvest is running, or the protocol names no source.
        """
        from review.workflow.harvest import run_harvest

        return run_harvest(self.project, self.user, sources=sources)

    def deduplicate(self) -> "DedupeResult":
        """Compare new records with all others and group reports and studies."""
        from review.workflow.deduplication.run import run_deduplication

        return run_deduplication(self.project, self.user)

    def decide(
        self,
        record: str,
        verdict: "Verdict | None",
        *,
        stage: str,
        reason: str | None = None,
        note: str | None = None,
    ) -> "ScreeningStatus":
        """Record this person's decision on a record ("R000001"); a verdict of None withdraws it.

        The status returned is the one this person may see: of a record that is not resolved, their
        own decision alone.

        Args:
            verdict: "include", "exclude" or "unsure" (shown as Maybe).
            stage: id of the stage in the protocol, such as "title-abstract".

        Raises:
            ReviewError: no such record or stage, a reason is missing, or the person may not decide.
        """
        from review.store.records import parse_record_key
        from review.workflow.project.project import find_stage
        from review.workflow.screening import blinding
        from review.workflow.screening.decisions import NewDecision, add_decision

        number = parse_record_key(record)
        new_decision = NewDecision(
            record=number,
            stage=stage,
            reviewer=self.user,
            verdict=verdict,
            reason=reason,
            note=note,
        )
        report_status = add_decision(self.project, new_decision, self.user)
        return blinding.mask_new_status(
            self.project, self.user, find_stage(self.project.protocol, stage), number, report_status
        )

    def answer(
        self,
        record: str,
        checklist: str,
        item: str,
        answer: str | None,
        *,
        quote: str | None = None,
        page: int | None = None,
        comment: str | None = None,
    ) -> "AppraisalForm":
        """Enter this person's answer to one item of an appraisal form; None withdraws it.

        Raises:
            ReviewError: the report is not due for appraisal, or the item or answer does not exist.
        """
        from review.store.records import parse_record_key
        from review.workflow.appraisal.forms import AnswerInput, add_answer

        number = parse_record_key(record)
        entry = AnswerInput(
            record=number,
            checklist=checklist,
            key=item,
            answer=answer,
            quote=quote,
            page=page,
            comment=comment,
        )
        return add_answer(self.project, entry, self.user)

    def count(self, day: str | None = None) -> dict[str, Any]:
        """Every box of the PRISMA flow diagram at the end of a day (YYYY-MM-DD), or now.

        Raises:
            FlowError: the boxes do not add up; the message names the records responsible.
        """
        from review.prisma import flow_to_dict, validate
        from review.workflow.exports.snapshot import snapshot_at

        review_snapshot = snapshot_at(self.project, day, read_all=False, reader=self.user)
        return flow_to_dict(validate(review_snapshot.flow))

    def export(self, out: Path | str, *, day: str | None = None) -> list[Path]:
        """Write the full report (figures, tables, texts, references, log, manifest) to a folder.

        Returns:
            The files written.

        Raises:
            FlowError: the boxes do not add up, or a record would be lost on the way to a file.
            ReviewError: the person is in the team and not its lead.
        """
        from review.workflow.exports import bundle, folder
        from review.workflow.exports.snapshot import snapshot_at
        from review.workflow.project.accounts import require_role

        require_role(self.project, self.user, "export")
        review_snapshot = snapshot_at(self.project, day, reader=self.user)
        files = bundle.build_report_files(review_snapshot, reader=self.user)
        folder.write_files(files, Path(out))
        return sorted(Path(out) / name for name in files)


def open_review(folder: Path | str, *, user: str | None = None) -> Review:
    """Open the review in a folder, in the name of `user` (FUNNEL_USER or the login name if None).

    Raises:
        ReviewError: there is no protocol.yaml, it has mistakes, or the store cannot be opened.
    """
    from review.workflow.project.project import get_default_person
    from review.workflow.setup.loading import open_project

    name = user or get_default_person()
    return Review(open_project(Path(folder), who=name), name)


def read_file(path: Path | str, *, source: str | None = None) -> "ParseResult":
    """Read a search export without a review: its records, and what could not be read and why.

    Raises:
        SourceError: the file is empty, binary, or of a kind that holds no references.
    """
    from review.formats import read_file as read

    return read(Path(path), source)
