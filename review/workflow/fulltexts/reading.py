"""Full texts of a review: PDFs of folders taken in, read once, kept; evidence suggested.

The PDFs themselves are kept by workflow.files; here is what is in them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from review import fulltext
from review.bias import rules
from review.bias.rules import Suggestion
from review.checklists import Checklist
from review.errors import FullTextError
from review.fulltext import Candidate, FullText
from review.parallel import dask_client
from review.store import feedback, fulltexts, links, records
from review.store import files as stored_files
from review.store.feedback import Said
from review.store.records import number_of
from review.store.timestamps import now
from review.workflow.fulltexts import attachments
from review.workflow.project.project import Project

Progress = Callable[[int, int, str], None]
"""Called with (done, in all, name of the file and what came of it)."""

_FRONT = ("",)
"""Where titles stand: before any heading."""
_SECTIONS = {
    "title-abstract": ("abstract",),
    "introduction": ("introduction",),
    "methods": ("methods",),
    "results": ("results",),
    "discussion": ("discussion", "limitations", "conclusion"),
    "other": ("statements", "supplement"),
}
"""Section of a checklist, or a word its id begins with, to the sections its answers stand in."""


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of one PDF of a folder."""

    name: str
    state: str
    """attached, already there, ask (several records fit), unknown (none fits), or the state of a
    file that is not a readable PDF"""
    keys: tuple[str, ...]
    """The record it was attached to, or those to choose from."""
    how: str
    """file name, doi, arxiv, title, or why not"""


def text_of(project: Project, record: int) -> FullText | None:
    """The full text of a record's PDF, read once and kept; None where the record has no PDF."""
    path = attachments.pdf_of(project, record)
    return None if path is None else text_in(project, path)


def text_in(project: Project, path: Path) -> FullText:
    """The full text of a kept PDF, read once and kept."""
    with project.store.read() as conn:
        found = fulltexts.newest(conn, path.stem)
    if found is not None and _is_current(found["reader"]):
        return fulltext.from_dict(found["data"])
    text = fulltext.read(path)
    _keep(project, path.stem, text)
    return text


def _is_current(reader: str) -> bool:
    return reader.partition("/")[0] == fulltext.VERSION


def _keep(project: Project, sha256: str, text: FullText) -> None:
    reader = f"{fulltext.VERSION}/{text.reader or 'none'}"
    with project.store.write() as conn:
        fulltexts.add(
            conn, sha256, now(), state=text.state, reader=reader, pages=text.page_count,
            note=text.problem, data=fulltext.as_dict(text),
        )  # fmt: skip


def read_all(
    project: Project,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    client: Any = None,
) -> dict[str, str]:
    """Reads every attached PDF that was not read yet, side by side. SHA-256 -> state.

    Each text is kept as soon as it is read, so a run that is stopped goes on where it was.

    Args:
        client: a Dask client (see workflow.cluster) whose workers see the review's folder; they
            read then, instead of processes of this machine.
    """
    with project.store.read() as conn:
        attached = {one["sha256"] for one in stored_files.every(conn).values()}
        known = fulltexts.states(conn, attached)
    current = {sha for sha, (_, reader, _, _) in known.items() if _is_current(reader)}
    waiting = sorted(attached - current)
    paths = [path for sha in waiting if (path := attachments.path_of(project, sha)).exists()]

    def each(done: int, total: int, path: Path, text: FullText) -> None:
        _keep(project, path.stem, text)
        if progress:
            progress(done, total, f"{path.stem[:12]}: {fulltext.STATE_WORDS[text.state]}")

    if client is None:
        texts = fulltext.read_many(paths, workers=workers, progress=each)
    else:
        texts = dask_client.read_many(paths, client, progress=each)
    fresh = {path.stem: str(text.state) for path, text in zip(paths, texts, strict=True)}
    return {sha: known[sha][0] for sha in current} | fresh


def states(project: Project) -> dict[int, str]:
    """Record -> state of its PDF: unread, or one of the states of reading."""
    with project.store.read() as conn:
        attached = stored_files.every(conn)
        known = fulltexts.states(conn, {one["sha256"] for one in attached.values()})
    return {
        record: known[one["sha256"]][0] if one["sha256"] in known else "unread"
        for record, one in attached.items()
    }


def attach_folder(
    project: Project, folder: Path, who: str, *, progress: Progress | None = None
) -> list[Placed]:
    """Attaches the PDFs of a folder to the records they belong to; doubtful ones are asked.

    A file is matched by record key in its name, else by DOI, arXiv id or title on its first pages.

    Raises:
        FullTextError: no such folder.
    """
    if not folder.is_dir():
        raise FullTextError(f"{folder}: there is no such folder.")
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() == ".pdf" and p.is_file())
    texts = fulltext.read_many(
        paths,
        progress=lambda done, total, path, text: (
            progress(done, total, f"{path.name}: {fulltext.STATE_WORDS[text.state]}")
            if progress
            else None
        ),
    )
    candidates, report_of = _candidates(project)
    return [
        _place(project, path, text, candidates, report_of, who)
        for path, text in zip(paths, texts, strict=True)
    ]


def _candidates(project: Project) -> tuple[list[Candidate], dict[str, int]]:
    """Every record as a candidate, and the report each key belongs to."""
    with project.store.read() as conn:
        groups = links.all_groups(conn)
        every = list(records.every(conn))
    found = [
        Candidate(one.key, one.record.title, one.record.doi, one.record.arxiv_id) for one in every
    ]
    return found, {one.key: groups.get(one.id, (one.id, one.id))[0] for one in every}


def _place(
    project: Project,
    path: Path,
    text: FullText,
    candidates: Sequence[Candidate],
    report_of: Mapping[str, int],
    who: str,
) -> Placed:
    found = fulltext.match(text.front, candidates, file_name=path.name)
    reports = {report_of[key] for key in found.keys}
    if text.state in ("not_pdf", "missing") or (not found.keys and text.state != "ok"):
        return Placed(path.name, text.state, (), text.problem or fulltext.STATE_WORDS[text.state])
    if not reports:
        return Placed(path.name, "unknown", (), "no record has its DOI or title")
    if len(reports) > 1:
        return Placed(path.name, "ask", found.keys, f"several records fit by {found.how}")
    number = number_of(found.keys[0])
    with project.store.read() as conn:
        old = stored_files.newest(conn, number)
    if old is not None and old["sha256"] == text.sha256:
        return Placed(path.name, "already there", found.keys[:1], found.how)
    attachments.attach(project, number, path.name, path.read_bytes(), who, origin="folder")
    if text.state != "missing":
        _keep(project, text.sha256, text)
    return Placed(path.name, "attached", found.keys[:1], found.how)


def read_text(path: Path, password: str | None = None) -> FullText:
    """The full text of a file outside any review.

    Raises:
        FullTextError: it holds no text that can be read; the message names the state.
    """
    text = fulltext.read(path, password=password)
    if not text.sentences:
        why = f" ({text.problem})" if text.problem else ""
        raise FullTextError(f"{path.name}: {fulltext.STATE_WORDS[text.state]}{why}.")
    return text


def cues_of(checklist: Checklist) -> dict[str, tuple[str, ...]]:
    """The cue phrases of each item of a checklist."""
    return {item.id: item.cues for section in checklist.sections for item in section.items}


def prefer_of(checklist: Checklist) -> dict[str, tuple[str, ...]]:
    """The sections each item's answer usually stands in, by the checklist's own sections."""
    out: dict[str, tuple[str, ...]] = {}
    for section in checklist.sections:
        for start, wanted in _SECTIONS.items():
            if section.id.startswith(start):
                out |= {item.id: wanted for item in section.items}
        out |= {item.id: _FRONT for item in section.items if item.id.startswith("title")}
    return out


def suggest(
    project: Project, record: int, checklist: Checklist, *, most: int = 5, model: str | None = None
) -> dict[str, list[Suggestion]]:
    """For each item, the sentences of the record's PDF most likely to answer it, best first.

    They are possible evidence, never an answer. What a reviewer dismissed is in heard().

    Raises:
        ChecklistError: the spaCy model named is not installed.
    """
    text = text_of(project, record)
    if text is None or not text.sentences:
        return {item: [] for item in cues_of(checklist)}
    return suggest_from(text, checklist, most=most, model=model)


def suggest_from(
    text: FullText, checklist: Checklist, *, most: int = 5, model: str | None = None
) -> dict[str, list[Suggestion]]:
    """As suggest, from a full text at hand."""
    wanted = cues_of(checklist)
    return rules.suggest(
        text.sentences, wanted, prefer=prefer_of(checklist), most=most, model=model
    )


def hear(project: Project, said: Said) -> None:
    """Keeps what a reviewer made of a suggestion (use, dismiss, confirm; None withdraws)."""
    with project.store.write() as conn:
        records.get(conn, said.record)
        feedback.add(conn, said)


def heard(project: Project, kind: str, record: int, who: str) -> list[Said]:
    """What one reviewer made of the suggestions for a record; others' words are not read."""
    with project.store.read() as conn:
        return [said for said in feedback.newest(conn, kind, record=record) if said.who == who]


@dataclass(frozen=True, slots=True)
class InUse:
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


def in_use(project: Project, kind: str) -> dict[str, InUse]:
    """Each rule's record in this review: of every suggestion, the newest word on it counts."""
    with project.store.read() as conn:
        said = feedback.newest(conn, kind)
    newest = {(one.record, one.rule, one.item, one.sentence): one for one in said}
    return tally(newest.values())


def phrases_in_use(project: Project) -> list[tuple[str, InUse]]:
    """Checklist item and how each of its phrases does in this review: of the sentences it brought,
    how many were used and dismissed. A sentence several phrases brought counts for each."""
    with project.store.read() as conn:
        said = feedback.newest(conn, "evidence")
    newest = {(one.record, one.rule, one.item, one.sentence, one.who): one for one in said}
    by_item: dict[str, list[Said]] = {}
    for one in newest.values():
        for phrase in one.rule.split(rules.APART):
            by_item.setdefault(one.item or "", []).append(replace(one, rule=phrase))
    return [(item, use) for item, told in sorted(by_item.items()) for use in tally(told).values()]


def tally(said: Iterable[Said]) -> dict[str, InUse]:
    """Right and wrong for each rule."""
    counts: dict[str, list[int]] = {}
    for one in said:
        counts.setdefault(one.rule, [0, 0])[one.verdict == "dismiss"] += 1
    return {rule: InUse(rule, right, wrong) for rule, (right, wrong) in sorted(counts.items())}
