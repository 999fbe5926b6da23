"""Overview: the live funnel, progress by stage and reviewer, last imports, open alerts."""

import html
from typing import Any

import streamlit as st

from review.pages.widgets import alerts, session
from review.prisma import Flow, Stream, total
from review.workflow.exports import overview
from review.workflow.exports.overview import Progress
from review.workflow.project.project import Project
from review.workflow.records import listing
from review.workflow.screening import rescreening

BAR = """
<div style="display:grid;grid-template-columns:9.6rem 1fr;gap:.2rem .9rem;align-items:center;
margin:.18rem 0"><div style="text-align:right;color:#46505e">{label}</div>
<div style="display:flex;align-items:center;gap:.6rem"><div style="height:1.7rem;flex-shrink:0;
border-radius:5px;background:{colour};width:{width}%;min-width:3px"></div>
<div style="line-height:1.25"><b>{n}</b>
<span style="color:#6b7685;font-size:.86rem">{note}</span></div></div></div>
"""
"""One step of the funnel."""
DEEP, PALE = "#23507c", "#b9cbe0"
WORDS = {
    "pending": "not begun",
    "partial": "waiting for the second reviewer",
    "conflict": "in conflict",
    "open": "not settled yet",
    "included": "included",
    "excluded": "excluded",
}


def page(project: Project) -> None:
    """Draws the overview."""
    st.title(project.protocol.title)
    st.caption(project.protocol.question)
    alerts.draw(project)
    for preprint in rescreening.waiting(project):
        st.info(rescreening.told(preprint))
    with st.spinner("Counting", show_time=True):
        flow, counted = overview.flow_lately(
            project, _kept(str(project.folder), project.fingerprint)
        )
    if not total(flow.main.identified) and flow.other is None:
        st.info(
            "Nothing is here yet. The lead harvests the sources on the page Harvests, or imports "
            "search exports with: review import FILE"
        )
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("Funnel")
        st.html("".join(_steps(flow)))
        if counted:
            st.caption(
                f"Counted at {counted:%H:%M:%S} UTC; a review as large as this is not counted anew "
                "at each decision."
            )
    with right:
        st.subheader("Progress")
        for one in overview.progress(project, session.person()):
            _stage(one)
    st.subheader("Last imports and harvests")
    _imports(project)


@st.cache_resource(max_entries=4, show_spinner=False)
def _kept(folder: str, plan: str) -> overview.Kept:
    return overview.Kept()


def _steps(flow: Flow) -> list[str]:
    """The funnel's bars, widest first."""
    streams = [one for one in (flow.main, flow.other) if one is not None]
    top = _sum(streams, "identified")
    sources, studies = len(flow.main.identified), flow.new_studies.n
    of = f"{studies} {'study' if studies == 1 else 'studies'}"
    rows = [
        ("Identified", top, f"{sources} {'source' if sources == 1 else 'sources'}"),
        ("Screened", _sum(streams, "screened"), _note(streams)),
        ("Sought as full text", _sum(streams, "sought"), _parts(
            ("not retrieved", _sum(streams, "not_retrieved")),
            ("awaiting full text", _sum(streams, "waiting_eligibility")),
        )),
        ("Assessed in full text", _sum(streams, "assessed"), ""),
        ("Eligible", _sum(streams, "eligible"), _parts(
            ("out at the quality gate", total(flow.excluded_quality)),
            ("awaiting appraisal", flow.waiting_quality.n),
        )),
        ("Included reports", flow.new_reports.n, of),
    ]  # fmt: skip
    return [_bar(label, n, top, note) for label, n, note in rows]


def _sum(streams: list[Stream], name: str) -> int | None:
    parts = [total(getattr(one, name)) for one in streams]
    return None if None in parts else sum(n or 0 for n in parts)


def _parts(*given: tuple[str, int | None]) -> str:
    """What went or waits between a bar and the next, without what is none."""
    return ", ".join(f"{n:,} {word}" for word, n in given if n)


def _note(streams: list[Stream]) -> str:
    gone = sum((one.duplicates_tool.n or 0) + (one.duplicates_hand.n or 0) for one in streams)
    waiting = sum(one.waiting_screening.n or 0 for one in streams)
    otherwise = sum(
        total(lines) or 0 for one in streams for lines in (one.automation, one.removed_other)
    )
    told = [f"{gone:,} duplicates removed", _parts(("removed otherwise", otherwise))]
    return ", ".join(filter(None, [*told, f"{waiting:,} still to screen"]))


def _bar(label: str, n: int | None, top: int | None, note: str) -> str:
    width = 62 * (n or 0) / (top or 1)
    shown = "not published here" if n is None else f"{n:,}"
    colour = PALE if label == "Identified" else DEEP
    return BAR.format(
        label=html.escape(label), n=shown, note=html.escape(note), width=f"{width:.1f}",
        colour=colour,
    )  # fmt: skip


def _stage(one: Progress) -> None:
    st.markdown(
        f"**{one.stage.name or one.stage.id}** · {one.settled:,} of {one.reports:,} settled"
    )
    st.progress(one.settled / one.reports if one.reports else 0.0)
    forms = one.stage.kind == "quality"
    words = WORDS | {"pending": WORDS["open"]} if forms else WORDS  # the gates wait for whole forms
    shown = [f"{n:,} {words.get(word, word)}" for word, n in sorted(one.statuses.items()) if n]
    people = [f"{name} {n:,}" for name, n in one.by_reviewer.items()]
    did = "Finished forms of" if forms else "Judged"
    st.caption(" · ".join(shown) + (f"  \n{did}: {', '.join(people)}" if people else ""))


def _unmatched(one: dict[str, Any]) -> int | None:
    """Records of a harvest that were read and are neither new nor known; None for a file."""
    if one["kind"] != "harvest" or one["parsed"] is None:
        return None
    return int(one["parsed"]) - int(one["new"] or 0) - int(one["known"] or 0)


def _imports(project: Project) -> None:
    rows: list[dict[str, Any]] = [
        {
            "When": one["at"][:16].replace("T", " "),
            "Source": one["source"],
            "File or window": one["name"] or "",
            "In the file": one["announced"],
            "Read": one["parsed"],
            "Not readable": one["rejected"],
            "New": one["new"],
            "Known": one["known"],
            "Not matching": _unmatched(one),
            "By": one["who"],
        }
        for one in listing.imports(project)
    ]
    if rows:
        st.dataframe(rows, hide_index=True, placeholder="")
        if any(row["Not matching"] for row in rows):
            st.caption(
                "Not matching: a source that searches no words gives all records of its days; "
                "those that do not hold the query's words are left out."
            )
    else:
        st.caption("None yet.")
