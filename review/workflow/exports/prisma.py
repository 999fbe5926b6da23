"""The PRISMA flow of a review as files: SVG, PDF, PNG, Mermaid text, the R package's table."""

from collections.abc import Sequence

from review.figures import convert, prisma, prisma_text
from review.figures.prisma_words import is_in_progress
from review.prisma import Flow, format_conservation
from review.workflow.exports.display_names import DISPLAY_NAMES
from review.workflow.exports.snapshot import ReviewSnapshot
from review.workflow.exports.waiting import describe_waiting
from review.workflow.harvest.status import describe_incomplete_searches

DPIS = (300, 600)
"""Resolutions journals ask for (dots per inch)."""


def build_files(snapshot: ReviewSnapshot) -> dict[str, bytes]:
    """File name -> content of the flow in every form.

    Raises:
        FlowError: the boxes do not sum; names the records that make the difference.
    """
    return {
        **render_all_formats("prisma", draw_diagram(snapshot)),
        **build_text_files(snapshot.flow, list_notes(snapshot)),
    }


def draw_diagram(snapshot: ReviewSnapshot) -> str:
    """The diagram of a moment as SVG, with its notes."""
    title = snapshot.project.protocol.title
    return draw_flow_svg(snapshot.flow, day=snapshot.day, notes=list_notes(snapshot), title=title)


def list_incomplete_searches(snapshot: ReviewSnapshot) -> list[str]:
    """Notes for the diagram: a sentence for each source that was not searched in full then."""
    return list(describe_incomplete_searches(snapshot.project, until=snapshot.until))


def list_notes(snapshot: ReviewSnapshot, *, name_files: bool = True) -> list[str]:
    """All that a reader of the numbers must know: sources not searched in full, and what waits as a
    whole, by name; without the names of imported files if they are not wanted."""
    waiting = list_waiting(snapshot, name_files=name_files)
    return [*list_incomplete_searches(snapshot), *waiting]


def list_waiting(snapshot: ReviewSnapshot, *, name_files: bool = True) -> list[str]:
    """Sentences for what waits to be screened, and what was not compared for duplicates."""
    return describe_waiting(
        snapshot.project, snapshot.flow, snapshot.groups, snapshot.until, name_files=name_files
    )


def build_flow_files(
    flow: Flow, *, day: str | None, notes: Sequence[str] = (), title: str = ""
) -> dict[str, bytes]:
    """As files, for a flow made otherwise, such as that of an update."""
    svg = draw_flow_svg(flow, day=day, notes=notes, title=title)
    return {**render_all_formats("prisma", svg), **build_text_files(flow, notes)}


def draw_flow_svg(
    flow: Flow, *, day: str | None = None, notes: Sequence[str] = (), title: str = ""
) -> str:
    """The diagram as SVG; the day is printed below it while work is in progress."""
    full_title = f"PRISMA 2020 flow diagram: {title}" if title else "PRISMA 2020 flow diagram"
    as_of = day if is_in_progress(flow) else None
    return prisma.draw_flow_diagram(
        flow, names=DISPLAY_NAMES, notes=notes, as_of=as_of, title=full_title
    )


def build_text_files(flow: Flow, notes: Sequence[str] = ()) -> dict[str, bytes]:
    """The flow as Mermaid text and as the R package's table, which has no place for notes."""
    return {
        "prisma.mmd": prisma_text.format_mermaid(flow, names=DISPLAY_NAMES, notes=notes).encode(),
        "prisma.csv": prisma_text.format_prisma_table(flow, names=DISPLAY_NAMES).encode(),
    }


def render_all_formats(stem: str, svg: str) -> dict[str, bytes]:
    """A figure as SVG, PDF and PNG in each resolution."""
    images: dict[str, bytes] = {f"{stem}.svg": svg.encode(), f"{stem}.pdf": convert.render_pdf(svg)}
    for dpi in DPIS:
        name = f"{stem}.png" if dpi == DPIS[0] else f"{stem}-{dpi}dpi.png"
        images[name] = convert.render_png(svg, dpi)
    return images


def render_format(svg: str, form: str) -> bytes:
    """A figure in one form: svg, pdf, png, or png in another resolution as 'png 600'."""
    kind, _, dpi = form.partition(" ")
    if kind == "svg":
        return svg.encode()
    return (
        convert.render_pdf(svg) if kind == "pdf" else convert.render_png(svg, int(dpi or DPIS[0]))
    )


def describe_conservation(snapshot: ReviewSnapshot) -> str:
    """The line that shows records in equal records out."""
    return format_conservation(snapshot.flow)


def format_flow_lines(flow: Flow) -> list[str]:
    """The flow in a few lines for a terminal."""
    from review.tables import build_flow_table

    rows: Sequence[Sequence[object]] = build_flow_table(flow, DISPLAY_NAMES).rows
    width = max(len(f"{box}") for _, box, line, _ in rows) + 3
    return [_format_line(row, width) for row in rows]


def _format_line(row: Sequence[object], width: int) -> str:
    _, box, line, n = row
    number_text = f"{n:,}" if isinstance(n, int) else str(n)
    return f"  {box!s:<{width}}{number_text:>8}" if line is None else f"      {line}: {number_text}"
