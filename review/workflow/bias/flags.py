"""Bias in a review's studies: flags with sentences, data sets with ancestry, number checks.

A flag never sets a judgement. Flags, data sets and words of reviewers are added rows; a change of
the rules or of the registry is another engine, and its flags are kept beside the older ones.
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
from review.bias.datasets import DatasetMatrix, Mention, Overlap, Registry, UnlistedName
from review.bias.facts import (
    Correction,
    Fact,
    FactCell,
    add_table_facts,
    correct_facts,
    list_reported,
)
from review.bias.pitfalls import PaperFigures, PitfallCatalog, PitfallRule
from review.bias.pitfalls import load_pitfalls as load_pitfalls
from review.bias.places import PlaceRanker, add_places, load_place_ranker
from review.bias.rules import Flag
from review.checklists import JUDGEMENT_PARTS, Checklist, FormQuestion
from review.errors import ReviewError
from review.figures import dataset_graph
from review.figures.convert import render_png as to_png
from review.fulltext import FullText
from review.models import PrintedTable, Sentence
from review.parallel import process_pool
from review.resources import get_shipped_path as shipped
from review.store import fact_corrections, feedback, flags, links, records
from review.store import files as stored_files
from review.store.fact_corrections import FactCorrection
from review.store.feedback import FeedbackEntry
from review.store.records import format_record_key
from review.store.timestamps import utc_now
from review.text.wording import format_count
from review.workflow.appraisal.forms import list_due_reports
from review.workflow.fulltexts import attachments
from review.workflow.fulltexts import reading as texts
from review.workflow.project.project import Project

ProgressCallback = Callable[[int, int, str], None]
_MIN_TEXTS_FOR_POOL = 3
"""Starting processes takes longer than flagging fewer papers."""


@dataclass(frozen=True, slots=True)
class BiasKnowledge:
    """The shipped rules, registry and weights, and the engine they make."""

    rules: PitfallCatalog
    registry: Registry
    engine: str
    """Version of the rules and the first letters of the digest of all files."""
    places: PlaceRanker
    """Weights that rank the places to look at."""


@cache
def load_knowledge() -> BiasKnowledge:
    """Loads rules and registry once. Raises ChecklistError where a file does not hold together."""
    paths = [shipped("data") / name for name in ("cues.yaml", "datasets.yaml", "place-ranker.json")]
    rules, registry = load_pitfalls(paths[0]), datasets.load_registry(paths[1])
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
    return BiasKnowledge(
        rules,
        registry,
        f"{rules.version}-{fulltext.EXTRACTION_VERSION}-{digest[:12]}",
        load_place_ranker(paths[2]),
    )


@cache
def _build_reader() -> cues.RuleSet:
    return cues.compile_rules(load_knowledge().rules, include_disabled=True)


def find_flags(
    sentences: Sequence[Sentence],
    *,
    include_disabled: bool = False,
    settled_datasets: Sequence[str] | None = None,
    facts: Sequence[Fact] | None = None,
) -> list[Flag]:
    """Flags of a full text at hand in reading order, then the places to look at, best first.

    Args:
        include_disabled: with the remaining matches of rules that are not precise enough.
        settled_datasets: ids of the data sets used, where a person has settled them.
        facts: of the paper, where a person has corrected some.
    """
    knowledge, rule_set = load_knowledge(), _build_reader()
    if facts is None:
        facts = cues.find_facts(sentences, knowledge.registry)
    matches = cues.find_flags(
        sentences, rule_set, knowledge.registry, confirmed_sets=settled_datasets, facts=facts
    )
    found = add_places(sentences, matches, rule_set, knowledge.places, facts=facts)
    return [flag for flag in found if include_disabled or flag.tier != "other"]


def find_facts(sentences: Sequence[Sentence], tables: Sequence[PrintedTable] = ()) -> list[Fact]:
    """The facts of a full text at hand, each with its sentences; of its tables too, if given."""
    found = cues.find_facts(sentences, load_knowledge().registry)
    return add_table_facts(found, tables, sentences) if tables else found


def get_fact_cells(project: Project, record: int) -> list[FactCell]:
    """The facts of a record's PDF with what people corrected; none without text."""
    text = texts.get_record_text(project, record)
    facts = _find_text_facts(text) if text else ()
    sentences = text.sentences if text else ()
    return correct_facts(facts, sentences, _list_corrections(project, record))


def find_file_cells(project: Project | None, text: FullText) -> list[FactCell]:
    """The facts of a file; if it is the PDF of a report of the review, with its corrections."""
    corrections: list[Correction] = []
    if project is not None and text.sha256:
        with project.store.read() as conn:
            attached = stored_files.list_current_files(conn)
        for record in sorted(attached):
            if attached[record]["sha256"] == text.sha256:
                corrections += _list_corrections(project, record)
    return correct_facts(_find_text_facts(text), text.sentences, corrections)


@lru_cache(maxsize=32)
def _find_text_facts(text: FullText) -> tuple[Fact, ...]:
    """The facts of a text and its tables; kept, since a page asks for them at every press."""
    return tuple(find_facts(text.sentences, fulltext.list_tables(text)))


def _list_corrections(project: Project, record: int) -> list[Correction]:
    """The newest word on each cell of the report, by anyone: it is a fact of the paper, not a
    judgement."""
    with project.store.read() as conn:
        members = list(links.get_report_groups(conn, [record]))
        newest = fact_corrections.list_newest_corrections(conn, members)
    return [to_correction(row) for row in newest]


def to_correction(entry: FactCorrection) -> Correction:
    """An entry of the store without who made it."""
    return Correction(
        field=entry.field,
        label=entry.label,
        found=entry.found,
        value=entry.value,
        sentence=entry.sentence,
        page=entry.page,
    )


def get_flags(project: Project, record: int) -> list[Flag]:
    """The flags of a record's PDF, places to look at and remaining matches, each with its tier.

    They are found once and kept.

    Where people put data sets on the study, took some off or corrected facts, the flags follow.
    None is raised for a record without a PDF or without text.
    """
    path = attachments.find_pdf(project, record)
    if path is None:
        return []
    engine = load_knowledge().engine
    with project.store.read() as conn:
        stored_flags = flags.get_file_flags(conn, record, path.stem, engine)
    if stored_flags is None:
        text = texts.get_record_text(project, record)
        new_flags = find_flags(text.sentences, include_disabled=True) if text else []
        _store_flags(project, record, path.stem, new_flags)
        stored_flags = [asdict(flag) for flag in new_flags]
    manual_verdicts = _get_manual_verdicts(project, record)
    corrections = _list_corrections(project, record)
    is_settled = bool(manual_verdicts or corrections)
    text = texts.get_record_text(project, record) if is_settled else None
    if text is None:
        return [_build_flag(flag_data) for flag_data in stored_flags]
    used = find_datasets(text.sentences, manual_verdicts).used if manual_verdicts else None
    return list(find_settled_flags(text, used, tuple(corrections)))


@lru_cache(maxsize=32)
def find_settled_flags(
    text: FullText, used: tuple[str, ...] | None, corrections: tuple[Correction, ...]
) -> tuple[Flag, ...]:
    """Flags by the data sets and facts that people settled; None for what was found."""
    sentences, facts = text.sentences, None
    if corrections:
        found = _find_correctable_facts(text, corrections)
        facts = list_reported(correct_facts(found, sentences, corrections))
    return tuple(find_flags(sentences, include_disabled=True, settled_datasets=used, facts=facts))


def _find_correctable_facts(text: FullText, corrections: Sequence[Correction]) -> list[Fact]:
    """The facts of the sentences, which the rules were measured on, and those cells of tables that
    a person corrected, each instead of what was read from its line."""
    corrected = {(entry.field, entry.label, entry.found) for entry in corrections}
    facts = find_facts(text.sentences)
    known = {(fact.field, fact.label, fact.value) for fact in facts}
    from_tables = [
        fact
        for fact in _find_text_facts(text)
        if (key := (fact.field, fact.label, fact.value)) in corrected and key not in known
    ]
    replaced = {(fact.field, fact.value, n) for fact in from_tables for n in fact.sentences}
    kept = [
        fact
        for fact in facts
        if replaced.isdisjoint((fact.field, fact.value, n) for n in fact.sentences)
    ]
    return [*kept, *from_tables]


def _store_flags(project: Project, record: int, sha256: str, new_flags: Sequence[Flag]) -> None:
    rows = [(flag.rule, asdict(flag)) for flag in new_flags]
    with project.store.write() as conn:
        flags.add_run(
            conn,
            record,
            sha256=sha256,
            engine=load_knowledge().engine,
            new_flags=rows,
            at=utc_now(),
        )


def _build_flag(data: Mapping[str, Any]) -> Flag:
    values = dict(data)
    values["boxes"] = tuple(tuple(box) for box in values["boxes"])
    values["informs"] = {key: tuple(numbers) for key, numbers in values["informs"].items()}
    return Flag(**values)


def get_pitfall_name(rule: PitfallRule) -> str:
    """The name of the pitfall a rule looks for."""
    return next(
        pitfall.name for pitfall in load_knowledge().rules.pitfalls if pitfall.id == rule.pitfall
    )


def get_titles(project: Project, numbers: Sequence[int]) -> dict[int, str]:
    """Record -> its title."""
    with project.store.read() as conn:
        stored_records = records.get_records(conn, numbers)
    return {
        number: stored.record.title or "(no title)" for number, stored in stored_records.items()
    }


def format_figures(measured: PaperFigures | None) -> str:
    """How often a rule was right on whole labelled papers, with the interval."""
    if measured is None:
        return "found by ranking"
    if not measured.judged:
        elsewhere = measured.read or [0, 0]
        read = (
            f"; right in {elsewhere[0]} of {sum(elsewhere)} other texts" if sum(elsewhere) else ""
        )
        return f"matched none of our labelled papers{read}"
    share = (
        _format_limits(*measured.interval)
        if measured.interval
        else _format_interval(measured.right, measured.judged)
    )
    return f"right in {measured.right} of {measured.judged} labelled papers ({share})"


def format_performance(performance: texts.RulePerformance | None) -> str:
    """How a rule does in this review, with the interval; empty before anybody judged a match."""
    if performance is None or performance.precision is None:
        return ""
    judged = performance.right + performance.wrong
    share = _format_interval(performance.right, judged)
    return f"confirmed in {performance.right} of {judged} here ({share})"


def _format_interval(right: int, judged: int) -> str:
    interval = number_checks.wilson(right, judged)
    assert interval is not None  # something was judged
    return _format_limits(interval.low, interval.high)


def _format_limits(low: float, high: float) -> str:
    return f"95% CI {low:.0%} to {high:.0%}"


def get_measured(rule: str) -> PaperFigures | None:
    """The published figures of a rule; None for a sentence found by ranking."""
    return next(
        (
            rule_entry.measured
            for rule_entry in load_knowledge().rules.rules
            if rule_entry.id == rule
        ),
        None,
    )


def list_enabled_rules() -> set[str]:
    """Ids of the rules whose matches are flags."""
    return {rule.id for rule in load_knowledge().rules.rules if rule.enabled}


def flag_all(
    project: Project, *, workers: int | None = None, progress: ProgressCallback | None = None
) -> dict[int, int | None]:
    """Flags every PDF of the review that was not flagged by these rules, in a process pool.

    Texts that were not read yet are read first. Each paper's flags are kept as they come, so a run
    that is stopped goes on where it was.

    Returns:
        Record -> number of flags raised now; None where the process ended on its text, which is
        tried again at the next run.
    """
    texts.read_all(project, workers=workers, progress=progress)
    engine = load_knowledge().engine
    with project.store.read() as conn:
        attached = {
            record: file_row["sha256"]
            for record, file_row in stored_files.list_current_files(conn).items()
        }
        finished = flags.list_runs(conn, engine, attached)
    pending = [
        (record, sha)
        for record, sha in attached.items()
        if (record, sha) not in finished and attachments.get_file_path(project, sha).exists()
    ]
    hashes = dict(pending)
    flag_counts: dict[int, int | None] = {}
    results = flag_many(_iter_texts(project, pending), workers=workers, total=len(pending))
    for number, (record, new_flags) in enumerate(results, 1):
        outcome = "could not be read; it will be tried again in the next run"
        if new_flags is not None:
            _store_flags(project, record, hashes[record], new_flags)
            outcome = format_count(count_flags(new_flags), "flag")
        flag_counts[record] = None if new_flags is None else count_flags(new_flags)
        if progress:
            progress(number, len(pending), f"{format_record_key(record)}: {outcome}")
    return flag_counts


def count_flags(flags: Iterable[Flag]) -> int:
    """How many are flags; places to look at do not count."""
    return sum(flag.tier == "flag" for flag in flags)


def _iter_texts(
    project: Project, pending: Iterable[tuple[int, str]]
) -> Iterator[tuple[int, Sequence[Sentence]]]:
    """(record, sentences) one after another; none at all for what could not be read."""
    for record, _ in pending:
        text = texts.get_record_text(project, record)
        yield record, text.sentences if text else ()


def flag_many(
    sentences: Iterable[tuple[int, Sequence[Sentence]]],
    *,
    workers: int | None = None,
    total: int | None = None,
) -> Iterator[tuple[int, list[Flag] | None]]:
    """(record, flags) of many full texts, in a process pool, in the order they end.

    None where a process died on a text. Fewer than three, or one worker, need no pool.
    """
    if workers == 1 or (total is not None and total < _MIN_TEXTS_FOR_POOL):
        for record, lines in sentences:
            yield record, find_flags(lines, include_disabled=True)
        return
    yield from process_pool.imap_unordered(_flag_sentences, sentences, workers=workers)


def _flag_sentences(sentences: Sequence[Sentence]) -> list[Flag]:
    return find_flags(sentences, include_disabled=True)


def judge_flag(project: Project, record: int, flag: Flag, verdict: str | None, who: str) -> None:
    """Keeps a reviewer's word on a flag: confirm, dismiss, or None to take it back."""
    sentence = flag.text[:2000]
    entry = FeedbackEntry(
        record=record,
        kind="flag",
        rule=flag.rule,
        item=None,
        sentence=sentence,
        page=flag.page,
        verdict=verdict,
        who=who,
        at=utc_now(),
    )
    texts.add_feedback(project, entry)


def get_flag_verdicts(project: Project, record: int, who: str) -> dict[tuple[str, str], str]:
    """One reviewer's words on the flags of a record: (rule, text) -> confirm or dismiss."""
    entries = get_flag_feedback(project, record, who)
    return {key: str(entry.verdict) for key, entry in entries.items()}


def get_flag_feedback(
    project: Project, record: int, who: str
) -> dict[tuple[str, str], FeedbackEntry]:
    """One reviewer's words on the flags of a record, with their time: (rule, text) -> entry."""
    return {
        (entry.rule, entry.sentence or ""): entry
        for entry in texts.reviewer_feedback(project, "flag", record, who)
    }


def get_rule_performance(
    project: Project, *, reader: str | None = None
) -> dict[str, texts.RulePerformance]:
    """How each rule does in this review: confirmed and dismissed flags.

    Args:
        reader: who asks; to who reviews, others' words on open reports are not counted.
    """
    return texts.get_rule_performance(project, "flag", reader=reader)


@dataclass(frozen=True, slots=True)
class StudyDatasets:
    """The data sets of one study."""

    used: tuple[str, ...]
    """Ids in order of first mention: found and not taken off, then those put on by hand."""
    mentions: Mapping[str, tuple[Mention, ...]]
    unresolved: tuple[Mention, ...]
    """Mentions a person has to settle."""
    overlaps: tuple[Overlap, ...]
    unlisted: tuple[UnlistedName, ...] = ()
    """Sets named as used that the registry does not describe."""


def find_datasets(
    sentences: Sequence[Sentence], by_hand: Mapping[str, str] | None = None
) -> StudyDatasets:
    """The data sets of a full text; by_hand maps ids to confirm or dismiss."""
    registry, manual_verdicts = load_knowledge().registry, by_hand or {}
    all_mentions = datasets.find_mentions(sentences, registry)
    used = datasets.select_used(all_mentions)
    ordered_ids = sorted(used, key=lambda dataset_id: used[dataset_id][0].sentence)
    added_ids = [
        dataset_id
        for dataset_id, verdict in manual_verdicts.items()
        if verdict == "confirm" and dataset_id not in used and dataset_id in registry
    ]
    ids = tuple(
        [dataset_id for dataset_id in ordered_ids if manual_verdicts.get(dataset_id) != "dismiss"]
        + added_ids
    )
    unresolved = tuple(
        mention
        for mention in datasets.select_unresolved(all_mentions)
        if not any(dataset_id in manual_verdicts or dataset_id in ids for dataset_id in mention.ids)
    )
    mentions = {dataset_id: tuple(used.get(dataset_id, ())) for dataset_id in ids}
    return StudyDatasets(
        used=ids,
        mentions=mentions,
        unresolved=unresolved,
        overlaps=tuple(datasets.find_overlaps(registry, ids)),
        unlisted=tuple(datasets.find_unlisted(sentences, all_mentions, registry)),
    )


def get_datasets(project: Project, record: int) -> StudyDatasets:
    """The data sets of a record's PDF, with what people settled."""
    text = texts.get_record_text(project, record)
    return find_datasets(text.sentences if text else (), _get_manual_verdicts(project, record))


def _get_manual_verdicts(project: Project, record: int) -> dict[str, str]:
    """Data set -> newest word on it for the report, by anyone: it is a fact of the paper, not a
    judgement."""
    with project.store.read() as conn:
        entries = [
            entry
            for member in links.get_report_groups(conn, [record])
            for entry in feedback.list_newest_entries(conn, "dataset", record=member)
        ]
    return {entry.rule: str(entry.verdict) for entry in sorted(entries, key=lambda e: e.at)}


def settle_dataset(
    project: Project, record: int, dataset: str, verdict: str | None, who: str
) -> None:
    """Puts a data set on a study (confirm), takes it off (dismiss), or goes back to what was found.

    Raises:
        ReviewError: no such data set or record.
    """
    if dataset not in load_knowledge().registry:
        raise ReviewError(
            f"'{dataset}' is not in the dataset registry. To list the registry: "
            "review datasets list"
        )
    texts.add_feedback(
        project,
        FeedbackEntry(
            record=record,
            kind="dataset",
            rule=dataset,
            item=None,
            sentence=None,
            page=None,
            verdict=verdict,
            who=who,
            at=utc_now(),
        ),
    )


def list_studies(project: Project) -> dict[int, str]:
    """The reports that count: included, else due for appraisal, else those with a PDF."""
    with project.store.read() as conn:
        due = list_due_reports(project, conn)
        included = {number: state for number, state in due.items() if state == "included"}
        if included or due:
            return {number: format_record_key(number) for number in sorted(included or due)}
        groups = links.list_groups(conn)
        attached = {groups.get(n, (n, n))[0] for n in stored_files.list_current_files(conn)}
    return {number: format_record_key(number) for number in sorted(attached)}


def list_reports_to_read(project: Project) -> dict[int, str]:
    """The reports with a PDF that were not excluded: those due for appraisal and those included;
    all with a PDF as long as none has come so far."""
    with project.store.read() as conn:
        groups = links.list_groups(conn)
        attached = {groups.get(n, (n, n))[0] for n in stored_files.list_current_files(conn)}
        due = list_due_reports(project, conn)
    if due:
        attached &= {number for number, state in due.items() if state != "excluded"}
    return {number: format_record_key(number) for number in sorted(attached)}


def build_matrix(project: Project) -> DatasetMatrix:
    """The review's studies by data sets, with shared ancestry."""
    datasets_by_study = {
        key: get_datasets(project, number).used for number, key in list_studies(project).items()
    }
    return datasets.build_matrix(load_knowledge().registry, datasets_by_study)


def describe_matrix(table: DatasetMatrix) -> str:
    """The sentence for the report."""
    return datasets.summarize_matrix(load_knowledge().registry, table)


def draw_graph(table: DatasetMatrix | None) -> str:
    """The graph of data sets as SVG: of a review's matrix, or of the whole registry."""
    return dataset_graph.draw_graph(load_knowledge().registry, table)


def check_numbers(text: FullText) -> list[number_checks.SentenceFigures]:
    """Sentences with two or more figures of one test, and what does not agree in them."""
    return number_checks.check_sentences(text.sentences, fulltext.list_tables(text))


def filter_flags(raised_flags: Iterable[Flag], edition: str, numbers: Iterable[str]) -> list[Flag]:
    """The flags that bear on these published item numbers of a checklist edition."""
    item_numbers = set(numbers)
    return [flag for flag in raised_flags if item_numbers & set(flag.informs.get(edition, ()))]


def find_related_items(checklist: Checklist, question: FormQuestion) -> tuple[str, ...]:
    """The numbers a flag must inform to be shown beside the question: the item's own, or for the
    judgement of a domain those of all its items; none for facts and what is overall."""
    if question.key.startswith(tuple(f"{part}:" for part in JUDGEMENT_PARTS)):
        return tuple(
            item.number
            for part in checklist.sections
            if part.id == question.section
            for item in part.items
        )
    return (question.number,) if question.section and question.number else ()


def get_flag_key(flag: Flag) -> tuple[str, str]:
    """What a reviewer's word on a flag is kept under: its rule and its text."""
    return flag.rule, flag.text[:2000]


def write_graph(table: DatasetMatrix | None, out: Path) -> None:
    """Writes the graph as .svg or .png.

    Raises:
        ReviewError: another ending, or the file cannot be written.
    """
    kind = out.suffix.lower()
    if kind not in (".svg", ".png"):
        raise ReviewError(f"{out}: the file name must end in .svg or .png.")
    svg = draw_graph(table)
    try:
        out.write_bytes(svg.encode() if kind == ".svg" else render_png(svg))
    except OSError as error:
        raise ReviewError(f"{out}: cannot be written ({error.strerror}).") from error


def render_png(svg: str) -> bytes:
    """A graph as PNG, 150 dots an inch."""
    return to_png(svg, dpi=150)
