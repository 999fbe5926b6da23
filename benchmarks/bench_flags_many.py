"""Flags 1,000 papers of a review in a process pool, with one process killed on the way.

The papers are copies of the PDFs in CORPORA, each with a word of its own, so that every file has a
different hash. Their texts are added to the review as already read; bench_fulltext.py measures
reading.
"""

import argparse
import hashlib
import os
import signal
import sys
import tempfile
import threading
import time
from dataclasses import replace
from multiprocessing import active_children
from pathlib import Path

from review import fulltext
from review.cli.base import show_bar
from review.fulltext import FullText, read_full_texts
from review.models import Record
from review.store import fulltexts, records
from review.store.timestamps import utc_now
from review.workflow.bias import flags
from review.workflow.fulltexts import attachments
from review.workflow.project.project import Project
from review.workflow.setup.loading import init_project, open_project

ROOT = Path(__file__).parents[1]
PDFS = Path(os.environ.get("CORPORA", ROOT.parent / "shared")) / "reference" / "pdfs"


def variant(text: FullText, number: int) -> FullText:
    """The same paper with an extra word in every sentence."""
    lines = tuple(replace(s, text=f"{s.text} Copy {number}.") for s in text.sentences)
    return replace(text, sentences=lines)


def fill(project: Project, size: int) -> int:
    """Attaches papers with their texts; returns the number of words."""
    paths = sorted(PDFS.glob("*.pdf"))
    texts = read_full_texts(paths)
    given = [(n, Record("embase", title=f"Paper {n}")) for n in range(1, size + 1)]
    with project.store.write() as conn:
        batch = records.add_batch(
            conn, utc_now(), "ada", kind="file", source="embase", name="e.ris"
        )
        records.add_records(conn, batch, given, utc_now())
    words = 0
    for number in range(1, size + 1):
        path, text = paths[number % len(paths)], texts[number % len(paths)]
        data = path.read_bytes() + f"\n% copy {number}\n".encode()
        attachments.attach_pdf(project, number, path.name, data, "ada")
        one = replace(variant(text, number), sha256=hashlib.sha256(data).hexdigest())
        words += sum(len(s.text.split()) for s in one.sentences)
        with project.store.write() as conn:
            fulltexts.add_fulltext(
                conn,
                one.sha256,
                utc_now(),
                state=one.state,
                reader=f"{fulltext.EXTRACTION_VERSION}/{one.reader or 'none'}",
                pages=one.page_count,
                note=one.problem,
                data=fulltext.full_text_to_dict(one),
            )
    return words


def kill_one_after(seconds: float, killed: list[int]) -> None:
    """Kills a process of the pool, as the system does when memory runs out."""
    time.sleep(seconds)
    for child in active_children()[:1]:
        if child.pid:
            os.kill(child.pid, signal.SIGKILL)
            killed.append(child.pid)


def of_texts(size: int, kill_after: float) -> int:
    """The pool alone, on texts in memory."""
    texts = read_full_texts(sorted(PDFS.glob("*.pdf")))
    papers = [(n, variant(texts[n % len(texts)], n).sentences) for n in range(1, size + 1)]
    words = sum(len(s.text.split()) for _, lines in papers for s in lines)
    killed: list[int] = []
    if kill_after:
        threading.Thread(target=kill_one_after, args=(kill_after, killed), daemon=True).start()
    start, lost, raised, done = time.perf_counter(), 0, 0, 0
    for done, (_, found) in enumerate(flags.flag_many(papers), 1):  # noqa: B007
        lost += found is None
        raised += len(found or ())
    took = time.perf_counter() - start
    print(
        f"{done:,} papers, {words:,} words, {os.cpu_count()} processes: {took:.1f} s, "
        f"{words / took:,.0f} words/s, {raised:,} flags; {len(killed)} process killed on the way, "
        f"{lost} papers lost; load of the machine {os.getloadavg()[0]:.1f}"
    )
    return 1 if lost or done != size else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=int, default=1000)
    parser.add_argument("--kill-after", type=float, default=10.0, help="seconds; 0 kills none")
    parser.add_argument("--texts", action="store_true", help="texts in memory, no review")
    asked = parser.parse_args()
    if asked.texts:
        return of_texts(asked.papers, asked.kill_after)
    with tempfile.TemporaryDirectory() as folder:
        init_project(Path(folder))
        project = open_project(Path(folder))
        words = fill(project, asked.papers)
        killed: list[int] = []
        if asked.kill_after:
            threading.Thread(
                target=kill_one_after, args=(asked.kill_after, killed), daemon=True
            ).start()
        start = time.perf_counter()
        with show_bar("Looking for signs of bias") as progress:
            raised = flags.flag_all(project, progress=progress)
        took = time.perf_counter() - start
    lost = sum(count is None for count in raised.values())
    print(
        f"{len(raised):,} papers, {words:,} words, {os.cpu_count()} processes: {took:.1f} s, "
        f"{words / took:,.0f} words/s, {sum(c or 0 for c in raised.values()):,} flags; "
        f"{len(killed)} process killed on the way, {lost} papers lost; "
        f"load of the machine {os.getloadavg()[0]:.1f}"
    )
    return 1 if lost or len(raised) != asked.papers else 0


if __name__ == "__main__":
    sys.exit(main())
