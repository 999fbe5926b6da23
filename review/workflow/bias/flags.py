"""Bias of a review's studies: flags with their sentences, data sets with their ancestry, figures.

A flag never sets a judgement. Flags, data sets and words of reviewers are added rows; a change of
the rules or of the registry is another engine, and its flags stand beside the older ones.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from review import fulltext
from review.bias import datasets, number_checks
from review.bias import rules as cues
from review.bias.datasets import Matrix, Mention, Overlap, Registry
from review.bias.pitfalls import Pitfalls, Rule
from review.bias.pitfalls import load as load_pitfalls
from review.bias.rules import Flag
from review.checklists import PARTS, Asked, Checklist
from review.errors import ReviewError
from review.figures import dataset_graph
from review.figures.convert import png as to_png
from review.models import Sentence
from review.parallel import process_pool
from review.resources import folder as shipped
from review.store import feedback, flags, links, records
from review.store import files as stored_files
from review.store.feedback import Said
from review.store.records import key_of
from review.store.timestamps import now
from review.workflow.appraisal.forms import reports_due
from review.workflow.fulltexts import attachments
from review.workflow.fulltexts import reading as texts
from review.workflow.project.project import Project

Progress = Callable[[int, int, str], None]
_FEWEST_FOR_A_POOL = 3
"""Starting processes takes longer than flagging fewer papers."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The shipped rules and registry, and the engine they make."""

    rules: Pitfalls
    registry: Registry
    engine: str
    """Version of the rules and the first letters of what both files hold."""


@cache
def knowledge() -> Knowledge:
    """Loads rules and registry once. Raises ChecklistError where a file does not hold together."""
    paths = (shipped("data") / "cues.yaml", shipped("data") / "datasets.yaml")
    rules, registry = load_pitfalls(paths[0]), datasets.load(paths[1])
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
    return Knowledge(rules, registry, f"{rules.version}-{fulltext.VERSION}-{digest[:12]}")


@cache
def _reader(every: bool) -> cues.Reader:
    return cues.reader(knowledge().rules, every=every)


def flags_in(
    sentences: Sequence[Sentence], *, every: bool = False, settled: Sequence[str] | None = None
) -> list[Flag]:
    """Flags of a full text at hand.

    Args:
        every: with the rules that are off by default, because they were not measured yet.
        settled: ids of the data sets used, where a person has settled them.
    """
    return cues.flags(sentences, _reader(every), knowledge().registry, settled=settled)


def flags_of(project: Project, record: int) -> list[Flag]:
    """The flags of a record's PDF, raised once and kept. Every rule runs; shown are those on.

    Where people put data sets on the study or took some off, the flags follow their word. None is
    raised for a record without a PDF or without text.
    """
    path = attachments.pdf_of(project, record)
    if path is None:
        return []
    engine = knowledge().engine
    with project.store.read() as conn:
        kept = flags.of_file(conn, record, path.stem, engine)
    if kept is None:
        text = texts.text_of(project, record)
        found = flags_in(text.sentences, every=True) if text else []
        _keep(project, record, path.stem, found)
        kept = [asdict(flag) for flag in found]
    hand = _by_hand(project, record)
    text = texts.text_of(project, record) if hand else None
    if text is None:
        return [_flag(one) for one in kept]
    sentences = tuple(text.sentences)
    return list(_with_sets(sentences, datasets_in(sentences, hand).used))


@lru_cache(maxsize=32)
def _with_sets(sentences: tuple[Sentence, ...], used: tuple[str, ...]) -> tuple[Flag, ...]:
    return tuple(flags_in(sentences, every=True, settled=used))


def _keep(project: Project, record: int, sha256: str, found: Sequence[Flag]) -> None:
    rows = [(flag.rule, asdict(flag)) for flag in found]
    with project.store.write() as conn:
        flags.add(conn, record, sha256, knowledge().engine, rows, now())


def _flag(data: Mapping[str, Any]) -> Flag:
    values = dict(data)
    values["boxes"] = tuple(tuple(box) for box in values["boxes"])
    values["informs"] = {key: tuple(numbers) for key, numbers in values["informs"].items()}
    return Flag(**values)


def pitfall_name(rule: Rule) -> str:
    """The name of the pitfall a rule looks for."""
    return next(one.name for one in knowledge().rules.pitfalls if one.id == rule.pitfall)


def titles(project: Project, numbers: Sequence[int]) -> dict[int, str]:
    """Record -> its title."""
    with project.store.read() as conn:
        found = records.many(conn, numbers)
    return {number: one.record.title or "(no title)" for number, one in found.items()}


def enabled() -> set[str]:
    """Ids of the rules that are on by default."""
    return {rule.id for rule in knowledge().rules.rules if rule.enabled}


def flag_all(
    project: Project, *, workers: int | None = None, progress: Progress | None = None
) -> dict[int, int | None]:
    """Flags every PDF of the review that was not flagged by these rules, in a process pool.

    Texts that were not read yet are read first. Each paper's flags are kept as they come, so a run
    that is stopped goes on where it was.

    Returns:
        Record -> number of flags raised now; None where the process ended on its text, which is
        tried again at the next run.
    """
    texts.read_all(project, workers=workers, progress=progress)
    engine = knowledge().engine
    with project.store.read() as conn:
        attached = {record: one["sha256"] for record, one in stored_files.every(conn).items()}
        done = flags.ran(conn, engine, attached)
    waiting = [
        (record, sha)
        for record, sha in attached.items()
        if (record, sha) not in done and attachments.path_of(project, sha).exists()
    ]
    hashes = dict(waiting)
    out: dict[int, int | None] = {}
    found_in = flag_many(_kept_texts(project, waiting), workers=workers, total=len(waiting))
    for number, (record, found) in enumerate(found_in, 1):
        said = "its process ended; the next run tries again"
        if found is not None:
            _keep(project, record, hashes[record], found)
            said = f"{len(found)} flags"
        out[record] = None if found is None else len(found)
        if progress:
            progress(number, len(waiting), f"{key_of(record)}: {said}")
    return out


def _kept_texts(
    project: Project, waiting: Iterable[tuple[int, str]]
) -> Iterator[tuple[int, Sequence[Sentence]]]:
    """(record, sentences) one after another; none at all for what could not be read."""
    for record, _ in waiting:
        text = texts.text_of(project, record)
        yield record, text.sentences if text else ()


def flag_many(
    sentences: Iterable[tuple[int, Sequence[Sentence]]],
    *,
    workers: int | None = None,
    total: int | None = None,
) -> Iterator[tuple[int, list[Flag] | None]]:
    """(record, flags) of many full texts, in a process pool, in the order they end.

    None stands where a process ended on a text. Fewer than three, or one worker, need no pool.
    """
    if workers == 1 or (total is not None and total < _FEWEST_FOR_A_POOL):
        for record, lines in sentences:
            yield record, flags_in(lines, every=True)
        return
    yield from process_pool.each(_flag_one, sentences, workers=workers)


def _flag_one(sentences: Sequence[Sentence]) -> list[Flag]:
    return flags_in(sentences, every=True)


def judge(project: Project, record: int, flag: Flag, verdict: str | None, who: str) -> None:
    """Keeps a reviewer's word on a flag: confirm, dismiss, or None to take it back."""
    sentence = flag.text[:2000]
    said = Said(record, "flag", flag.rule, None, sentence, flag.page, verdict, who, now())
    texts.hear(project, said)


def judged(project: Project, record: int, who: str) -> dict[tuple[str, str], str]:
    """One reviewer's words on the flags of a record: (rule, text) -> confirm or dismiss."""
    return {
        (said.rule, said.sentence or ""): str(said.verdict)
        for said in texts.heard(project, "flag", record, who)
    }


def in_use(project: Project) -> dict[str, texts.InUse]:
    """How each rule does in this review: confirmed and dismissed flags."""
    return texts.in_use(project, "flag")


@dataclass(frozen=True, slots=True)
class Named:
    """The data sets of one study."""

    used: tuple[str, ...]
    """Ids in order of first mention: found and not taken off, then those put on by hand."""
    mentions: Mapping[str, tuple[Mention, ...]]
    asked: tuple[Mention, ...]
    """Mentions a person has to settle."""
    overlaps: tuple[Overlap, ...]


def datasets_in(sentences: Sequence[Sentence], by_hand: Mapping[str, str] | None = None) -> Named:
    """The data sets of a full text; by_hand maps ids to confirm or dismiss."""
    registry, hand = knowledge().registry, by_hand or {}
    found = datasets.find(sentences, registry)
    used = datasets.used(found)
    first = sorted(used, key=lambda one: used[one][0].sentence)
    added = [one for one, verdict in hand.items() if verdict == "confirm" and one not in used]
    ids = tuple([one for one in first if hand.get(one) != "dismiss"] + added)
    open_ = tuple(
        mention
        for mention in datasets.asked(found)
        if not any(one in hand or one in ids for one in mention.ids)
    )
    mentions = {one: tuple(used.get(one, ())) for one in ids}
    return Named(ids, mentions, open_, tuple(datasets.overlaps(registry, ids)))


def datasets_of(project: Project, record: int) -> Named:
    """The data sets of a record's PDF, with what people settled."""
    text = texts.text_of(project, record)
    return datasets_in(text.sentences if text else (), _by_hand(project, record))


def _by_hand(project: Project, record: int) -> dict[str, str]:
    """Data set -> newest word on it, by anyone: it is a fact of the paper, not a judgement."""
    with project.store.read() as conn:
        said = feedback.newest(conn, "dataset", record=record)
    return {one.rule: str(one.verdict) for one in said}


def settle_dataset(
    project: Project, record: int, dataset: str, verdict: str | None, who: str
) -> None:
    """Puts a data set on a study (confirm), takes it off (dismiss), or goes back to what was found.

    Raises:
        ReviewError: no such data set or record.
    """
    if dataset not in knowledge().registry:
        raise ReviewError(f"'{dataset}' is no data set of the registry; see: review datasets list")
    texts.hear(project, Said(record, "dataset", dataset, None, None, None, verdict, who, now()))


def studies(project: Project) -> dict[int, str]:
    """The reports that count: included, else due for appraisal, else those with a PDF."""
    with project.store.read() as conn:
        due = reports_due(project, conn)
        included = {number: state for number, state in due.items() if state == "included"}
        if included or due:
            return {number: key_of(number) for number in sorted(included or due)}
        groups = links.all_groups(conn)
        attached = {groups.get(n, (n, n))[0] for n in stored_files.every(conn)}
    return {number: key_of(number) for number in sorted(attached)}


def matrix_of(project: Project) -> Matrix:
    """The review's studies by data sets, with shared ancestry."""
    named = {key: datasets_of(project, number).used for number, key in studies(project).items()}
    return datasets.matrix(knowledge().registry, named)


def matrix_sentence(table: Matrix) -> str:
    """The sentence for the report."""
    return datasets.sentence(knowledge().registry, table)


def graph(table: Matrix | None) -> str:
    """The graph of data sets as SVG: of a review's matrix, or of the whole registry."""
    return dataset_graph.draw(knowledge().registry, table)


def numbers_in(sentences: Sequence[Sentence]) -> list[number_checks.Found]:
    """Sentences with two or more figures of one test, and what does not agree in them."""
    return number_checks.find(sentences)


def flags_for(found: Iterable[Flag], edition: str, numbers: Iterable[str]) -> list[Flag]:
    """The flags that bear on these published item numbers of a checklist edition."""
    wanted = set(numbers)
    return [flag for flag in found if wanted & set(flag.informs.get(edition, ()))]


def bearing(one: Checklist, asked: Asked) -> tuple[str, ...]:
    """The numbers a flag must inform to stand beside what is asked: the item's own, or for the
    judgement of a domain those of all its items; none for facts and what is overall."""
    if asked.key.startswith(tuple(f"{part}:" for part in PARTS)):
        return tuple(
            item.number for part in one.sections if part.id == asked.section for item in part.items
        )
    return (asked.number,) if asked.section and asked.number else ()


def key_of_flag(flag: Flag) -> tuple[str, str]:
    """What a reviewer's word on a flag is kept under: its rule and its text."""
    return flag.rule, flag.text[:2000]


def write_graph(table: Matrix | None, out: Path) -> None:
    """Writes the graph as .svg or .png.

    Raises:
        ReviewError: another ending, or the file cannot be written.
    """
    kind = out.suffix.lower()
    if kind not in (".svg", ".png"):
        raise ReviewError(f"{out}: give a name that ends in .svg or .png.")
    svg = graph(table)
    try:
        out.write_bytes(svg.encode() if kind == ".svg" else png(svg))
    except OSError as error:
        raise ReviewError(f"{out}: cannot be written ({error.strerror}).") from error


def png(svg: str) -> bytes:
    """A graph as PNG, 150 dots an inch."""
    return to_png(svg, dpi=150)
