"""Full texts of a review: attaches folders of PDFs, reads them, suggests evidence.

The PDFs themselves are kept by workflow.files; here is what is in them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from review import fulltext, resources
from review.bias import rules
from review.bias.rules import EvidenceExample, EvidenceRanker, RankedItem, Suggestion
from review.checklists import Checklist
from review.errors import FullTextError
from review.fulltext import FullText, RecordCandidate, RecordMatch
from review.parallel import dask_client
from review.store import decisions, feedback, fulltexts, links, records
from review.store import files as stored_files
from review.store.feedback import FeedbackEntry
from review.store.records import parse_record_key
from review.store.timestamps import utc_now
from review.workflow.fulltexts import attachments
from review.workflow.project.accounts import require_role
from review.workflow.project.project import Project
from review.workflow.screening import blinding

ProgressCallback = Callable[[int, int, str], None]
"""Called with (done, in all, name of the file and what came of it)."""

_MAX_FEEDBACK = 400
"""Newest used or dismissed sentences from which the ranking is fitted again."""
_FRONT_SECTIONS = ("",)
"""Where titles are: before any heading."""
_ANSWER_SECTIONS = {
    "title-abstract": ("abstract",),
    "introduction": ("introduction",),
    "methods": ("methods",),
    "results": ("results",),
    "discussion": ("discussion", "limitations", "conclusion"),
    "other": ("statements", "supplement"),
}
"""Section of a checklist, or a word its id begins with, to the sections that contain its
answers."""


@dataclass(frozen=True, slots=True)
class AttachResult:
    """What became of one PDF of a folder."""

    name: str
    state: str
    """attached, already there, ask (several records fit), unknown (none fits), or the state of a
    file that is not a readable PDF"""
    keys: tuple[str, ...]
    """The record it was attached to, or those to choose from."""
    how: str
    """file name, doi, arxiv, title, or why not"""
    warning: str | None = None
    """Why the file may be another paper, although its name identifies the record."""


def get_record_text(project: Project, record: int) -> FullText | None:
    """The full text of a record's PDF, read once and kept; None where the record has no PDF."""
    path = attachments.find_pdf(project, record)
    return None if path is None else get_pdf_text(project, path)


def get_pdf_text(project: Project, path: Path) -> FullText:
    """The full text of a kept PDF, read once and kept."""
    with project.store.read() as conn:
        text_row = fulltexts.get_newest_fulltext(conn, path.stem)
    if text_row is not None and _is_current(text_row["reader"]):
        return fulltext.full_text_from_dict(text_row["data"])
    text = fulltext.read_full_text(path)
    _store_text(project, path.stem, text)
    return text


def _is_current(reader: str) -> bool:
    return reader.partition("/")[0] == fulltext.EXTRACTION_VERSION


def _store_text(project: Project, sha256: str, text: FullText) -> None:
    reader = f"{fulltext.EXTRACTION_VERSION}/{text.reader or 'none'}"
    with project.store.write() as conn:
        fulltexts.add_fulltext(
            conn,
            sha256,
            utc_now(),
            state=text.state,
            reader=reader,
            pages=text.page_count,
            note=text.problem,
            data=fulltext.full_text_to_dict(text),
        )


def read_all(
    project: Project,
    *,
    workers: int | None = None,
    progress: ProgressCallback | None = None,
    client: Any = None,
) -> dict[str, str]:
    """Reads every attached PDF that was not read yet, side by side. SHA-256 -> state.

    A file that exceeded the time limit is read again: the machine may have been busy. Each text
    is kept as soon as it is read, so a run that is stopped goes on where it was.

    Args:
        client: a Dask client (see workflow.cluster) whose workers see the review's folder; they
            read then, instead of processes of this machine.
    """
    with project.store.read() as conn:
        attached = {
            file_row["sha256"] for file_row in stored_files.list_current_files(conn).values()
        }
        known_states = fulltexts.list_states(conn, attached)
    current = {
        sha
        for sha, (state, reader, _, _) in known_states.items()
        if _is_current(reader) and state != "timeout"
    }
    pending = sorted(attached - current)
    paths = [path for sha in pending if (path := attachments.get_file_path(project, sha)).exists()]

    def report_progress(done: int, total: int, path: Path, text: FullText) -> None:
        _store_text(project, path.stem, text)
        if progress:
            progress(done, total, f"{path.stem[:12]}: {fulltext.STATE_MESSAGES[text.state]}")

    if client is None:
        texts = fulltext.read_full_texts(paths, workers=workers, progress=report_progress)
    else:
        texts = dask_client.read_many(paths, client, progress=report_progress)
    fresh = {path.stem: str(text.state) for path, text in zip(paths, texts, strict=True)}
    return {sha: known_states[sha][0] for sha in current} | fresh


def attach_folder(
    project: Project, folder: Path, who: str, *, progress: ProgressCallback | None = None
) -> list[AttachResult]:
    """Attaches the PDFs of a folder to the records they belong to; doubtful ones are asked.

    A file is matched by record key in its name, else by DOI, arXiv id or title on its first pages.

    Raises:
        FullTextError: no such folder.
    """
    require_role(project, who, "attach")
    if not folder.is_dir():
        raise FullTextError(f"{folder}: folder not found.")
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() == ".pdf" and p.is_file())
    texts = fulltext.read_full_texts(
        paths,
        progress=lambda done, total, path, text: (
            progress(done, total, f"{path.name}: {fulltext.STATE_MESSAGES[text.state]}")
            if progress
            else None
        ),
    )
    candidates, report_of = load_candidates(project)
    return [
        _attach_file(project, path, text=text, candidates=candidates, report_of=report_of, who=who)
        for path, text in zip(paths, texts, strict=True)
    ]


def load_candidates(project: Project) -> tuple[list[RecordCandidate], dict[str, int]]:
    """Every record as a candidate, and the report each key belongs to."""
    with project.store.read() as conn:
        groups = links.list_groups(conn)
        all_records = list(records.iter_records(conn))
    candidates = [
        RecordCandidate(stored.key, stored.record.title, stored.record.doi, stored.record.arxiv_id)
        for stored in all_records
    ]
    return candidates, {
        stored.key: groups.get(stored.id, (stored.id, stored.id))[0] for stored in all_records
    }


def _attach_file(
    project: Project,
    path: Path,
    *,
    text: FullText,
    candidates: Sequence[RecordCandidate],
    report_of: Mapping[str, int],
    who: str,
) -> AttachResult:
    result = fulltext.match_record(text.front, candidates, file_name=path.name)
    reports = {report_of[key] for key in result.keys}
    if text.state in ("not_pdf", "missing") or (not result.keys and text.state != "ok"):
        return AttachResult(
            path.name, text.state, (), text.problem or fulltext.STATE_MESSAGES[text.state]
        )
    if not reports:
        return AttachResult(path.name, "unknown", (), "no record matches its DOI or title")
    if len(reports) > 1:
        return AttachResult(
            path.name, "ask", result.keys, f"several records match by {result.method}"
        )
    number = parse_record_key(result.keys[0])
    with project.store.read() as conn:
        current_file = stored_files.get_current_file(conn, number)
    if current_file is not None and current_file["sha256"] == text.sha256:
        return AttachResult(path.name, "already there", result.keys[:1], result.method)
    attachments.attach_pdf(project, number, path.name, path.read_bytes(), who, origin="folder")
    if text.state != "missing":
        _store_text(project, text.sha256, text)
    warning = _find_belying_record(text, result, candidates, report_of)
    return AttachResult(path.name, "attached", result.keys[:1], result.method, warning)


def _find_belying_record(
    text: FullText,
    result: RecordMatch,
    candidates: Sequence[RecordCandidate],
    report_of: Mapping[str, int],
) -> str | None:
    """A warning where the first pages are not those of the record that the file's name says."""
    if result.method != "file name" or text.state != "ok":
        return None
    report = report_of[result.keys[0]]
    by_content = fulltext.match_record(text.front, candidates)
    if any(report_of[key] == report for key in by_content.keys):
        return None
    if not by_content.keys:
        own = [candidate for candidate in candidates if report_of[candidate.key] == report]
        if not any(entry.title for entry in own) or fulltext.match_record(text.front, own).keys:
            return None
        return f"its name says {result.keys[0]}, but that title is not on its first pages"
    return f"its name says {result.keys[0]}, but its first pages are those of {by_content.keys[0]}"


def read_text(path: Path, password: str | None = None) -> FullText:
    """The full text of a file outside any review: a PDF, an article in JATS XML, or plain text.

    What it is shows in its content, not in the ending of its name.

    Raises:
        FullTextError: it holds no text that can be read; the message names the state.
    """
    text = fulltext.read_markup(path) or fulltext.read_full_text(path, password=password)
    if not text.sentences:
        why = f" ({text.problem})" if text.problem else ""
        raise FullTextError(f"{path.name}: {fulltext.STATE_MESSAGES[text.state]}{why}.")
    return text


def get_cues(checklist: Checklist) -> dict[str, tuple[str, ...]]:
    """The cue phrases of each item of a checklist."""
    return {item.id: item.cues for section in checklist.sections for item in section.items}


def list_ranked_items(checklist: Checklist) -> list[RankedItem]:
    """The items of a checklist as the ranker of sentences wants them."""
    preferred = get_preferred_sections(checklist)
    return [
        RankedItem(
            id=item.id,
            key=f"{checklist.id} {item.id}",
            question=f"{item.name} {item.question}",
            guidance=item.guidance or "",
            cues=item.cues,
            preferred_sections=preferred.get(item.id, ()),
            is_in_front=preferred.get(item.id) == _FRONT_SECTIONS,
        )
        for section in checklist.sections
        for item in section.items
    ]


def get_preferred_sections(checklist: Checklist) -> dict[str, tuple[str, ...]]:
    """The sections that usually contain each item's answer, by the checklist's own sections."""
    preferred: dict[str, tuple[str, ...]] = {}
    for section in checklist.sections:
        for start, answer_sections in _ANSWER_SECTIONS.items():
            if section.id.startswith(start):
                preferred |= {item.id: answer_sections for item in section.items}
        preferred |= {
            item.id: _FRONT_SECTIONS for item in section.items if item.id.startswith("title")
        }
    return preferred


def suggest_evidence(
    project: Project,
    record: int,
    checklist: Checklist,
    *,
    most: int = 5,
    model: str | None = None,
    reader: str | None = None,
    keep_all: bool = False,
) -> dict[str, list[Suggestion]]:
    """For each item, the sentences of the record's PDF most likely to answer it, best first.

    They are possible evidence, never an answer. The order learns from sentences that were used or
    dismissed on other records.

    Args:
        reader: who asks; what others made of suggestions counts only where it may be seen.
        keep_all: also the best sentences of items that the paper most likely does not answer.

    Raises:
        ChecklistError: the spaCy model named is not installed.
    """
    text = get_record_text(project, record)
    if text is None or not text.sentences:
        return {item: [] for item in get_cues(checklist)}
    ranker = fit_review_ranker(project, record, checklist, reader=reader)
    return suggest_from_text(
        text, checklist, most=most, model=model, ranker=ranker, keep_all=keep_all
    )


def suggest_from_text(
    text: FullText,
    checklist: Checklist,
    *,
    most: int = 5,
    model: str | None = None,
    ranker: EvidenceRanker | None = None,
    keep_all: bool = False,
) -> dict[str, list[Suggestion]]:
    """As suggest_evidence, from a full text at hand and by the shipped weights, or others."""
    by_phrase = rules.suggest_evidence(
        text.sentences,
        get_cues(checklist),
        preferred_sections=get_preferred_sections(checklist),
        limit=len(text.sentences),
        model=model,
    )
    return rules.rank_evidence(
        text.sentences,
        list_ranked_items(checklist),
        by_phrase,
        ranker or get_shipped_ranker(),
        limit=most,
        keep_all=keep_all,
    )


@cache
def get_shipped_ranker() -> EvidenceRanker:
    """The weights that ship with Funnel."""
    return rules.load_ranker(resources.get_shipped_path("data") / "evidence-ranker.json")


def fit_review_ranker(
    project: Project, record: int, checklist: Checklist, *, reader: str | None = None
) -> EvidenceRanker:
    """The shipped weights, fitted again from the sentences that were used or dismissed.

    What was used on the record itself does not count, so that the order of its sentences stays the
    same while somebody works on it, and an open report tells nobody what others chose.

    Args:
        reader: others' words count only on reports whose appraisal this person may see.
    """
    ranker = rules.adopt_items(get_shipped_ranker(), list_ranked_items(checklist))
    entries = [
        entry
        for entry in _list_visible_entries(project, "evidence", reader)
        if entry.record != record and (entry.item or "").startswith(f"{checklist.id} ")
    ][-_MAX_FEEDBACK:]
    texts = {number: get_record_text(project, number) for number in {e.record for e in entries}}
    examples = []
    for entry in entries:
        text = texts[entry.record]
        sentences = text.sentences if text else ()
        place = next(
            (n for n, sentence in enumerate(sentences) if sentence.text == entry.sentence), None
        )
        if place is not None:  # else the file has been replaced, or read differently, since
            features = rules.build_features(sentences, place, ranker)
            used = entry.verdict != "dismiss"
            examples.append(EvidenceExample(key=str(entry.item), features=features, used=used))
    return rules.refit_ranker(ranker, examples)


def add_feedback(project: Project, entry: FeedbackEntry) -> None:
    """Keeps what a reviewer made of a suggestion (use, dismiss, confirm; None withdraws)."""
    require_role(project, entry.who, "contribute")
    with project.store.write() as conn:
        records.get_record(conn, entry.record)
        feedback.add_entry(conn, entry)


def reviewer_feedback(project: Project, kind: str, record: int, who: str) -> list[FeedbackEntry]:
    """What one reviewer made of the suggestions for a record; others' words are not read."""
    with project.store.read() as conn:
        return [
            entry
            for entry in feedback.list_newest_entries(conn, kind, record=record)
            if entry.who == who
        ]


@dataclass(frozen=True, slots=True)
class RulePerformance:
    """How a rule does in this review."""

    rule: str
    right: int
    """Suggestions used or confirmed."""
    wrong: int
    """Suggestions dismissed."""

    @property
    def precision(self) -> float | None:
        """Share right of those judged; None before any was."""
        judged = self.right + self.wrong
        return self.right / judged if judged else None


def _list_visible_entries(project: Project, kind: str, reader: str | None) -> list[FeedbackEntry]:
    """Everybody's words on suggestions of a kind, as a person may see them: to who reviews,
    others' only on reports whose appraisal is settled."""
    with project.store.read() as conn:
        entries = feedback.list_newest_entries(conn, kind)
        blinded_reader = blinding.get_blinded_reader(project, conn, reader)
        if blinded_reader is None:
            return entries
        groups = links.list_groups(conn)
        stages = blinding.find_deciding_stages(project, {"event": "feedback"})
        statuses = {stage: decisions.list_statuses(conn, stage) for stage in stages}
    reports = {entry.record: groups.get(entry.record, (entry.record, 0))[0] for entry in entries}
    return [
        entry
        for entry in entries
        if entry.who == reader
        or any(
            blinding.may_see(
                blinded_reader,
                stage,
                reports[entry.record],
                statuses[stage].get(reports[entry.record]),
                record=entry.record,
            )
            for stage in stages
        )
    ]


def get_rule_performance(
    project: Project, kind: str, *, reader: str | None = None
) -> dict[str, RulePerformance]:
    """Each rule's record in this review: of every suggestion, the newest word on it counts.

    Args:
        reader: who asks; to who reviews, others' words on open reports are not counted.
    """
    entries = _list_visible_entries(project, kind, reader)
    newest = {(entry.record, entry.rule, entry.item, entry.sentence): entry for entry in entries}
    return count_outcomes(newest.values())


def get_phrase_performance(
    project: Project, *, reader: str | None = None
) -> list[tuple[str, RulePerformance]]:
    """Checklist item and how each of its phrases does in this review: of the sentences it brought,
    how many were used and dismissed. A sentence several phrases brought counts for each."""
    entries = _list_visible_entries(project, "evidence", reader)
    newest = {
        (entry.record, entry.rule, entry.item, entry.sentence, entry.who): entry
        for entry in entries
    }
    by_item: dict[str, list[FeedbackEntry]] = {}
    for entry in newest.values():
        for phrase in entry.rule.split(rules.PHRASE_SEPARATOR):
            by_item.setdefault(entry.item or "", []).append(replace(entry, rule=phrase))
    return [
        (item, performance)
        for item, phrase_entries in sorted(by_item.items())
        for performance in count_outcomes(phrase_entries).values()
    ]


def count_outcomes(entries: Iterable[FeedbackEntry]) -> dict[str, RulePerformance]:
    """Right and wrong for each rule."""
    counts: dict[str, list[int]] = {}
    for entry in entries:
        counts.setdefault(entry.rule, [0, 0])[entry.verdict == "dismiss"] += 1
    return {
        rule: RulePerformance(rule, right, wrong) for rule, (right, wrong) in sorted(counts.items())
    }
