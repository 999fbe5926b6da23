"""Full-text extraction in pages per second, compared with plain pdfplumber in the same run.

Also measures reading order, by sentences that must come out complete, and reads and flags 1,000
papers in process pools with a progress bar (--papers, --quick for fewer).
"""

import argparse
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import pairwise
from pathlib import Path

from review import fulltext
from review.fulltext.models import Limits
from review.fulltext.reader import read_in_process
from review.workflow.bias.flags import find_flags

ROOT = Path(__file__).parents[1]
PDFS = Path(os.environ.get("CORPORA", ROOT.parent / "shared")) / "reference" / "pdfs"
PAPERS = (
    "acl-two-column.pdf",
    "arxiv-0908.0054.pdf",
    "covid-xray-poster.pdf",
    "covidnet-cxr-v2.pdf",
    "covidnet-cxr-v3.pdf",
    "icml-two-column-maths.pdf",
    "plosone-wheat-one-column.pdf",
)
TWO_COLUMNS = (
    "acl-two-column.pdf",
    "covidnet-cxr-v2.pdf",
    "covidnet-cxr-v3.pdf",
    "icml-two-column-maths.pdf",
    "lorem-two-column.pdf",
)


def plain_plumber(path: Path) -> int:
    """Extracts all text with pdfplumber; returns the number of pages."""
    import pdfplumber

    with pdfplumber.open(path) as document:
        for page in document.pages:
            page.extract_text()
        return len(document.pages)


def ours(path: Path) -> int:
    """Extracts pages, sections and sentences with boxes; returns the number of pages."""
    return read_in_process(path, None, Limits(), lambda page: None).page_count


def rate(reader, paths: list[Path]) -> float:  # type: ignore[no-untyped-def]
    reader(paths[0])  # loads the libraries
    start = time.perf_counter()
    pages = sum(reader(path) for path in paths)
    return pages / (time.perf_counter() - start)


def order(path: Path) -> tuple[int, int]:
    """Neighbouring lines of the left column that stay together, and all of them, in a paper.

    The lines are pdfplumber's words cut at the middle of the page, so the measure is independent of
    Funnel.
    """
    import pdfplumber

    text = fulltext.read_full_text(path)
    stream = {page.number: "".join(_letters(w.text) for w in page.words) for page in text.pages}
    kept = total = 0
    with pdfplumber.open(path) as document:
        for page in document.pages[1:-1]:
            half = page.crop((0, 0.08 * page.height, page.width / 2, 0.92 * page.height))
            lines = [_letters(x) for x in (half.extract_text() or "").splitlines()]
            long = [line for line in lines if len(line) > 25]
            for first, second in pairwise(long):
                total += 1
                kept += first[-12:] + second[:12] in stream.get(page.page_number, "")
    return kept, total


def _letters(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())


def many(count: int) -> None:
    """Reads and flags `count` papers (the same ones repeatedly), with a progress bar."""
    paths = [PDFS / PAPERS[n % len(PAPERS)] for n in range(count)]
    bar = Bar(count, "read")
    start = time.perf_counter()
    texts = fulltext.read_full_texts(paths, progress=lambda done, total, path, text: bar.to(done))
    spent = time.perf_counter() - start
    pages = sum(text.page_count for text in texts)
    states = {text.state for text in texts}
    print(f"\nread {count} papers, {pages} pages in {spent:.1f} s: {pages / spent:.0f} pages/s")
    print(f"states: {', '.join(sorted(states))}")
    words = sum(len(s.text.split()) for text in texts for s in text.sentences)
    bar = Bar(count, "flag")
    start = time.perf_counter()
    found = 0
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting = [pool.submit(find_flags, text.sentences, every=True) for text in texts]
        for done, future in enumerate(as_completed(waiting), 1):
            found += len(future.result())
            bar.to(done)
    spent = time.perf_counter() - start
    print(f"\nflagged {count} papers, {words:,} words in {spent:.1f} s, {found:,} flags: ", end="")
    print(f"{words / spent:,.0f} words/s")


class Bar:
    """A progress bar on standard error."""

    def __init__(self, total: int, name: str) -> None:
        self.total, self.name = total, name

    def to(self, done: int) -> None:
        """Draws the bar at `done`."""
        if done % max(1, self.total // 100) and done != self.total:
            return
        filled = 40 * done // self.total
        sys.stderr.write(f"\r{self.name} [{'#' * filled}{'.' * (40 - filled)}] {done}/{self.total}")
        sys.stderr.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=int, default=1000)
    parser.add_argument("--quick", action="store_true", help="20 papers only")
    given = parser.parse_args()
    paths = [PDFS / name for name in PAPERS]
    mine, theirs = rate(ours, paths), rate(plain_plumber, paths)
    print(f"extraction with sections, sentences and boxes: {mine:.1f} pages/s")
    print(f"plain pdfplumber, text only, same run:         {theirs:.1f} pages/s")
    print(f"ratio: {mine / theirs:.1f}")
    for name in TWO_COLUMNS:
        kept, total = order(PDFS / name)
        print(f"{name}: {kept} of {total} neighbouring left-column lines kept ({kept / total:.2f})")
    many(20 if given.quick else given.papers)


if __name__ == "__main__":
    main()
