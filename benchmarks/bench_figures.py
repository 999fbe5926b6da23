"""Time to draw figures and write documents, by number of studies."""

import random
import time
from collections.abc import Callable

from review.figures import convert, judgements, prisma
from review.figures.judgements import JudgementColumn, StudyJudgements
from review.prisma import Flow, FlowEntry, FlowInputs, StageOutcome, count_flow
from review.tables.documents import TABLE_WRITERS
from review.tables.table import Table

SIZES = (3, 62, 400)
COLUMNS = [
    JudgementColumn(f"{group}{n}", f"Domain {n}", group)
    for group, most in (("Risk of bias", 5), ("Applicability", 4))
    for n in range(most)
]


def flow(size: int) -> Flow:
    """A flow with this number of included studies and 30 times as many records."""
    entries = [
        FlowEntry(f"R{n}", f"source {n % 5}", "databases", f"R{n}") for n in range(size * 30)
    ]
    said: list[StageOutcome] = []
    for n in range(size * 30):
        word = "included" if n < size * 4 else "excluded"
        said.append(StageOutcome(f"R{n}", "screening", word, ("not imaging",)))
        if n < size * 4:
            word = "included" if n < size else "excluded"
            said.append(StageOutcome(f"R{n}", "eligibility", word, (f"reason {n % 6} of several",)))
    return count_flow(FlowInputs(entries, said))


def rows(size: int) -> list[StudyJudgements]:
    rng = random.Random(1)
    levels = ("low", "high", "unclear", None)
    return [
        StudyJudgements(
            f"Study of somebody et al. {n}", {c.id: rng.choice(levels) for c in COLUMNS}
        )
        for n in range(size)
    ]


def table(size: int) -> Table:
    cells = tuple(
        (f"R{n:06d}", f"Study {n}", "a reason of some length " * 3, n) for n in range(size)
    )
    return Table("t", "Reports excluded", ("Record", "Study", "Reason", "Score"), cells)


def timed(work: Callable[[], object]) -> float:
    """Milliseconds of the faster of two runs."""
    best = float("inf")
    for _ in range(2):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best * 1000


def main() -> None:
    """Prints milliseconds by number of studies."""
    print(f"{'milliseconds for':34}" + "".join(f"{size:>10,}" for size in SIZES) + "  studies")
    made = {size: (flow(size), rows(size), table(size)) for size in SIZES}
    lines: dict[str, list[float]] = {}
    for one, judged, listed in made.values():
        drawn = prisma.draw_flow_diagram(one)
        pages = judgements.draw_traffic_lights(judged, COLUMNS)
        work: dict[str, Callable[[], object]] = {
            "PRISMA SVG": lambda one=one: prisma.draw_flow_diagram(one),
            "PRISMA PNG 300 dpi": lambda drawn=drawn: convert.render_png(drawn, 300),
            "PRISMA PDF": lambda drawn=drawn: convert.render_pdf(drawn),
            "traffic lights SVG, all pages": lambda j=judged: judgements.draw_traffic_lights(
                j, COLUMNS
            ),
            "traffic lights PNG, all pages": lambda p=pages: [
                convert.render_png(x, 300) for x in p
            ],
            "summary bars SVG": lambda j=judged: judgements.draw_summary(j, COLUMNS),
            **{f"table as {k}": (lambda w=w, t=listed: w(t)) for k, w in TABLE_WRITERS.items()},
        }
        for name, run in work.items():
            lines.setdefault(name, []).append(timed(run))
    for name, values in lines.items():
        print(f"{name:34}" + "".join(f"{value:>10.1f}" for value in values))


if __name__ == "__main__":
    main()
