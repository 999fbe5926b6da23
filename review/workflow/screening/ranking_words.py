"""The words that rank a record higher, shown beside it while it is screened.

They come from a model of the question, the key papers and the decisions that the reader may see,
made with each new order and kept in a file of the review's folder: whatever others thought of a
record that is open to a reader, the reader is shown the same words. The file can be deleted at any
time; the next order makes it again.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from review import ranking
from review.protocol.models import Stage, find_stage
from review.store import links, records, screening_queue
from review.workflow.project.project import Project

WORDS_FILE = "rank.words.json"
"""In the review's folder: stage -> reviewer -> word -> what one occurrence adds to the score."""

PullingWords = dict[str, float]


def save_words(
    project: Project, stage: Stage, words_by_reviewer: Mapping[str, PullingWords]
) -> None:
    """Keeps each reviewer's words for a stage, in place of those of the order before."""
    path = project.folder / WORDS_FILE
    stages = {**_read_words(path), stage.id: dict(words_by_reviewer)}
    descriptor, name = tempfile.mkstemp(prefix=WORDS_FILE, dir=project.folder)  # for us alone
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(stages, file, ensure_ascii=False)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def name_words(
    project: Project,
    stage: Stage,
    number: int,
    reviewer: str,
    *,
    title: str | None,
    abstract: str | None,
) -> tuple[str, ...]:
    """The few words that rank a record higher, spelt as the record spells them; none for a pilot
    record, in a random order, or where the protocol has switched them off."""
    settings = project.protocol.ranking
    if stage.kind != "screening" or settings.model == "random" or not settings.show_words:
        return ()
    with project.store.read() as conn:
        report = links.get_study_groups(conn, number).get(number, (number, number))[0]
        placement = screening_queue.get_position(conn, stage.id, report)
    if placement is None or placement[0].pilot:
        return ()
    # Whether the place has a score does not matter: it has none if a colleague decided on the
    # record before the first order was made.
    words = _read_words(project.folder / WORDS_FILE).get(stage.id, {}).get(reviewer, {})
    return ranking.name_pulling_words(words, ranking.build_text(title, abstract))


def list_words(
    project: Project, reports: Mapping[int, int], reviewer: str
) -> dict[int, tuple[str, ...]]:
    """Record -> the words that rank it higher at title and abstract, as `name_words` names them.

    Args:
        reports: record -> its report, for the records asked about.
    """
    stage, settings = find_stage(project.protocol, "screening"), project.protocol.ranking
    if stage is None or settings.model == "random" or not settings.show_words:
        return {}
    words = _read_words(project.folder / WORDS_FILE).get(stage.id, {}).get(reviewer, {})
    if not words:
        return {}
    with project.store.read() as conn:
        ranked = screening_queue.list_ranked_reports(conn, stage.id, set(reports.values()))
        stored = records.get_records(conn, [n for n, report in reports.items() if report in ranked])
    return {
        number: ranking.name_pulling_words(
            words, ranking.build_text(stored_record.record.title, stored_record.record.abstract)
        )
        for number, stored_record in stored.items()
    }


def _read_words(path: Path) -> dict[str, dict[str, PullingWords]]:
    """What the file holds; nothing if it is missing or cannot be read."""
    try:
        return _parse_file(path, path.stat().st_mtime_ns)
    except (OSError, ValueError):
        return {}


@lru_cache(maxsize=8)
def _parse_file(path: Path, _changed_at: int) -> dict[str, dict[str, PullingWords]]:
    stages = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(stages, dict):
        raise ValueError(f"{path.name} holds no table")
    return stages
