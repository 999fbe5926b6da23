"""The query: parsing, translation and matching, small and huge, compared with regular expressions.

The records are those of the stand-in server (20,000 works, about 760 characters each). Seconds are
processor time of this process. The comparison is the usual way to do it: one regular expression per
term, all of them applied to the lower-case text.
"""

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from standin import make  # noqa: E402

from review.protocol.loading import load_protocol  # noqa: E402
from review.query import Node, build_text_matcher, iter_terms, parse  # noqa: E402
from review.query.ast import split_term  # noqa: E402
from review.sources.arxiv.query import compile_arxiv  # noqa: E402
from review.sources.pubmed.query import compile_pubmed  # noqa: E402

T = TypeVar("T")
PEER_RECORDS = 2_000  # the peer is too slow for all of them


def main() -> None:
    """Prints the table."""
    corpus = make(20_000)
    records = [
        (version.title, version.abstract)
        for server in ("arxiv", "medrxiv", "biorxiv")
        for _, version in corpus.rows(server)
    ]
    records += [(one.title, one.abstract) for one in corpus.articles]
    founding = load_protocol(ROOT / "data/roberts2021/protocol.yaml").search.query
    huge = " OR ".join([f"zq{n}*" for n in range(2_500)] + [f'"word {n}"' for n in range(2_500)])
    print(f"{len(records):,} records, {sum(len(a) + len(b) for a, b in records):,} characters")
    head = f"{'query':<22}{'terms':>7}{'read ms':>9}{'compile ms':>12}"
    print(f"{head}{'records/s':>11}{'peer':>9}{'ratio':>8}")
    for name, text in (("founding review", founding), ("5,000 terms", f"{huge} OR covid*")):
        line(name, text, records)


def line(name: str, text: str, records: list[tuple[str, str]]) -> None:
    """One row of the table."""
    reading, node = timed(lambda: parse(text))
    compiling, _ = timed(lambda: (compile_pubmed(node), compile_arxiv(node)))
    holds = build_text_matcher(node)
    matching, found = timed(lambda: [holds(*one) for one in records])
    few = records[:PEER_RECORDS] if len(list(iter_terms(node))) < 100 else records[:20]
    peer = naive(node)
    plain, seen = timed(lambda: [peer(*one) for one in few])
    apart = sum(a != b for a, b in zip(found, seen, strict=False))
    ours, theirs = len(records) / matching, len(few) / plain
    count = len(set(iter_terms(node)))
    print(
        f"{name:<22}{count:>7,}{reading * 1e3:>9.1f}{compiling * 1e3:>12.1f}"
        f"{ours:>11,.0f}{theirs:>9,.0f}{ours / theirs:>7.0f}x   {apart} of {len(few)} apart"
    )


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Processor seconds, and the result of the work."""
    start = time.process_time()
    made = work()
    return time.process_time() - start, made


def naive(node: Node) -> Callable[[str, str], bool]:
    """The comparison: the groups of the founding query, one regular expression per term."""
    from review.query.ast import And, Not, Or, Term

    def pattern(term: Term) -> re.Pattern[str]:
        words = r"[\W_]+".join(map(re.escape, split_term(term)))
        return re.compile(rf"(?<!\w){words}" + ("" if term.stem else r"(?!\w)"))

    compiled = {term: pattern(term) for term in iter_terms(node)}

    def holds(part: Node, text: str) -> bool:
        if isinstance(part, Term):
            return compiled[part].search(text) is not None
        if isinstance(part, Not):
            return not holds(part.part, text)
        if isinstance(part, And):
            return all(holds(one, text) for one in part.parts)
        assert isinstance(part, Or)
        return any(holds(one, text) for one in part.parts)

    return lambda title, abstract: holds(node, f"{title}\n|\n{abstract}".lower())


if __name__ == "__main__":
    main()
