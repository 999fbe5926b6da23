"""The PRISMA flow of a review as files: SVG, PDF, PNG, Mermaid text, the R package's table."""

from collections.abc import Sequence

from review.figures import convert, prisma, prisma_text
from review.figures.prisma_words import in_progress
from review.prisma import Flow, conservation
from review.workflow.exports.snapshot import NAMES, Moment
from review.workflow.harvest import open_windows

DPIS = (300, 600)
"""Resolutions journals ask for (dots per inch)."""


def files(moment: Moment) -> dict[str, bytes]:
    """File name -> content of the flow in every form.

    Raises:
        FlowError: the boxes do not sum; names the records that make the difference.
    """
    return {**pictures("prisma", figure(moment)), **texts_of(moment.flow)}


def figure(moment: Moment) -> str:
    """The diagram of a moment as SVG, with its notes."""
    title = moment.project.protocol.title
    return svg_of(moment.flow, day=moment.day, notes=notes(moment), title=title)


def notes(moment: Moment) -> list[str]:
    """What stands under the diagram: every search that was not whole then."""
    missing = open_windows(moment.project, until=moment.until)
    return [f"Search not complete: {one.rstrip('.')}." for one in missing]


def drawn(
    flow: Flow, *, day: str | None, notes: Sequence[str] = (), title: str = ""
) -> dict[str, bytes]:
    """As files, for a flow made otherwise, such as that of an update."""
    picture = svg_of(flow, day=day, notes=notes, title=title)
    return {**pictures("prisma", picture), **texts_of(flow)}


def svg_of(
    flow: Flow, *, day: str | None = None, notes: Sequence[str] = (), title: str = ""
) -> str:
    """The diagram as SVG; the day stands under it while work is in progress."""
    shown = f"PRISMA 2020 flow diagram: {title}" if title else "PRISMA 2020 flow diagram"
    stamp = day if in_progress(flow) else None
    return prisma.draw(flow, names=NAMES, notes=notes, as_of=stamp, title=shown)


def texts_of(flow: Flow) -> dict[str, bytes]:
    """The flow as Mermaid text and as the R package's table."""
    return {
        "prisma.mmd": prisma_text.mermaid(flow, names=NAMES).encode(),
        "prisma.csv": prisma_text.table(flow, names=NAMES).encode(),
    }


def pictures(stem: str, svg: str) -> dict[str, bytes]:
    """A figure as SVG, PDF and PNG in each resolution."""
    made: dict[str, bytes] = {f"{stem}.svg": svg.encode(), f"{stem}.pdf": convert.pdf(svg)}
    for dpi in DPIS:
        name = f"{stem}.png" if dpi == DPIS[0] else f"{stem}-{dpi}dpi.png"
        made[name] = convert.png(svg, dpi)
    return made


def picture(svg: str, form: str) -> bytes:
    """A figure in one form: svg, pdf, png, or png in another resolution as 'png 600'."""
    kind, _, dpi = form.partition(" ")
    if kind == "svg":
        return svg.encode()
    return convert.pdf(svg) if kind == "pdf" else convert.png(svg, int(dpi or DPIS[0]))


def sums(moment: Moment) -> str:
    """The line that shows records in equal records out."""
    return conservation(moment.flow)


def funnel(flow: Flow) -> list[str]:
    """The flow in a few lines for a terminal."""
    from review.tables import boxes

    rows: Sequence[Sequence[object]] = boxes(flow, NAMES).rows
    width = max(len(f"{box}") for _, box, line, _ in rows) + 3
    return [_line(row, width) for row in rows]


def _line(row: Sequence[object], width: int) -> str:
    _, box, line, n = row
    shown = f"{n:,}" if isinstance(n, int) else str(n)
    return f"  {box!s:<{width}}{shown:>8}" if line is None else f"      {line}: {shown}"
