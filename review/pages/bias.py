"""Bias: flags of a study with their sentence on the page, beside the questions they inform."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import streamlit as st

from review import fulltext
from review.bias.rules import Flag
from review.checklists import Checklist, Item, Section
from review.errors import FullTextError
from review.pages.widgets import bias_flags, dataset_tabs, session
from review.pages.widgets.highlighting import plain
from review.workflow.appraisal.instruments import checklist
from review.workflow.bias import flags as bias
from review.workflow.fulltexts import attachments
from review.workflow.fulltexts.reading import InUse
from review.workflow.project.project import Project

TOOLS = {"probast-2019": "PROBAST", "quadas-2": "QUADAS-2", "claim-2020": "CLAIM 2020"}
"""Editions whose questions the flags inform, with the word for the switch."""
STRENGTHS = {
    "strong": ":material/flag:",
    "fair": ":material/outlined_flag:",
    "weak": ":material/question_mark:",
}
HEIGHT = 1000
"""Height of the list of flags (pixels); the page stays beside it."""
SCALE = 1.7
"""Dots of a page picture per point."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What was said on the flags of a study."""

    mine: Mapping[tuple[str, str], str]
    """(rule, text) -> this reviewer's confirm or dismiss."""
    use: Mapping[str, InUse]
    """Rule -> how it does in the whole review."""


def page(project: Project) -> None:
    """Draws the room: one study's flags, its data sets, all studies, and the rules."""
    st.title("Bias")
    studies = bias.studies(project)
    if not studies:
        st.info("No study has a PDF yet. Add PDFs on a record's page, or: review attach FOLDER")
        return
    record = dataset_tabs.choose_study(project, studies)
    one, sets, across, rules = st.tabs(["Flags", "Data sets", "Across studies", "Rules"])
    with one:
        _flags(project, record)
    with sets:
        dataset_tabs.study_sets(project, record)
    with across:
        dataset_tabs.across(project)
    with rules:
        _rules(project)


def _flags(project: Project, record: int) -> None:
    left, right = st.columns(2, vertical_alignment="bottom")
    edition = left.segmented_control(
        "Questions of",
        list(TOOLS),
        default="probast-2019",
        required=True,
        format_func=lambda key: TOOLS[key],
    )
    every = right.toggle(
        "Also rules that are not measured yet",
        value=False,
        help="A rule is on when it was measured on papers its author did not write and held.",
    )
    path = attachments.pdf_of(project, record)
    if path is None:
        st.info("This study has no PDF yet.")
        return
    found = _raised(project, record, every=every)
    if not found:
        state = fulltext.STATE_WORDS[_state(project, record)]
        st.info(f"Nothing was flagged. The PDF: {state}.")
        return
    st.caption(
        "A flag is a sign, never a judgement. Confirm it or dismiss it: that measures the rule. "
        "What was not found may stand in a supplement."
    )
    text, picture = st.columns(2)
    with text, st.container(height=HEIGHT, border=False):
        _by_question(project, record, found, checklist(project, edition or "probast-2019"))
    with picture:
        _picture(path, found)


def _raised(project: Project, record: int, *, every: bool) -> list[Flag]:
    with st.spinner("Reading the paper ..."):
        found = bias.flags_of(project, record)
    on = bias.enabled()
    return [flag for flag in found if every or flag.rule in on]


def _state(project: Project, record: int) -> fulltext.State:
    from review.workflow.fulltexts.reading import text_of

    text = text_of(project, record)
    return text.state if text else "missing"


def _by_question(project: Project, record: int, found: Sequence[Flag], tool: Checklist) -> None:
    """Pitfalls under the first question they inform, each with its flags."""
    said = _Said(bias.judged(project, record, session.person().name), bias.in_use(project))
    shown: set[str] = set()
    for section in tool.sections:
        fresh = [f for f in found if _in_section(f, tool.id, section) and f.pitfall not in shown]
        if not fresh:
            continue
        st.subheader(_heading(section))
        for item in section.items:
            here = [f for f in fresh if _informs(f, tool.id, item) and f.pitfall not in shown]
            if not here:
                continue
            st.markdown(f"**{item.number}** {item.question}")
            for pitfall in dict.fromkeys(flag.pitfall for flag in here):
                shown.add(pitfall)
                flags = [flag for flag in found if flag.pitfall == pitfall]
                _pitfall(project, record, flags, said, tool)
    rest = [flag for flag in found if flag.pitfall not in shown]
    if rest:
        st.subheader(f"No question of {tool.short} asks this")
        for pitfall in dict.fromkeys(flag.pitfall for flag in rest):
            flags = [flag for flag in rest if flag.pitfall == pitfall]
            _pitfall(project, record, flags, said, tool)


def _informs(flag: Flag, edition: str, item: Item) -> bool:
    return item.number in flag.informs.get(edition, ())


def _in_section(flag: Flag, edition: str, section: Section) -> bool:
    return any(_informs(flag, edition, item) for item in section.items)


def _heading(section: Section) -> str:
    return f"{section.number} {section.title}".strip()


def _pitfall(
    project: Project,
    record: int,
    flags: Sequence[Flag],
    said: _Said,
    tool: Checklist,
) -> None:
    """One pitfall: why it matters, then each flag of it."""
    first = flags[0]
    with st.container(border=True):
        numbers = ", ".join(first.informs.get(tool.id, ()))
        informs = f"Informs {numbers}. " if numbers else ""
        st.markdown(f"**{first.name}**")
        st.caption(f"{first.why} {informs}{first.source}")
        for place, flag in enumerate(flags):
            _flag(project, record, flag, said, f"{flag.rule}_{place}")


def _flag(project: Project, record: int, flag: Flag, said: _Said, key: str) -> None:
    """One flag: its sentence, where it stands, and what the reviewer makes of it."""
    verdict = said.mine.get(bias.key_of_flag(flag))
    where = f"p. {flag.page}" if flag.page else "whole text"
    part = f", {flag.section}" if flag.section else ""
    st.markdown(f"{STRENGTHS[flag.strength]} {plain(flag.text)}")
    st.caption(
        f"{where}{part} · {bias_flags.MODES[flag.mode]} · {flag.strength} · rule {flag.rule}"
        + _in_use(said.use.get(flag.rule))
    )
    show, yes, no, _ = st.columns([1.7, 2.2, 2.2, 2])
    show.button(
        "Show", key=f"bias_show_{key}", disabled=flag.page is None, width="stretch",
        on_click=partial(st.session_state.__setitem__, "bias_shown", bias.key_of_flag(flag)),
    )  # fmt: skip
    for place, word, done in ((yes, "confirm", "Confirmed"), (no, "dismiss", "Dismissed")):
        chosen = verdict == word
        place.button(
            done if chosen else word.capitalize(),
            key=f"bias_{word}_{key}", width="stretch", type="primary" if chosen else "secondary",
            on_click=partial(_judge, project, record, flag, None if chosen else word),
        )  # fmt: skip


def _in_use(use: InUse | None) -> str:
    """How the rule does in this review, behind its name; nothing before anyone judged a flag."""
    if use is None or use.precision is None:
        return ""
    return f", right in {use.right} of {use.right + use.wrong} judged here"


def _judge(project: Project, record: int, flag: Flag, verdict: str | None) -> None:
    bias.judge(project, record, flag, verdict, session.person().name)
    if flag.page is not None:
        st.session_state["bias_shown"] = bias.key_of_flag(flag)


@st.cache_data(max_entries=64, show_spinner="Drawing the page ...")
def _drawn(path: Path, number: int, boxes: tuple[tuple[float, float, float, float], ...]) -> bytes:
    return fulltext.render_page(path, number, boxes, scale=SCALE)


def _picture(path: Path, found: Sequence[Flag]) -> None:
    """The page of the flag in hand, its sentence highlighted."""
    placed = [flag for flag in found if flag.page is not None]
    if not placed:
        st.info("These flags are about the whole text, so there is no sentence to show.")
        return
    wanted = st.session_state.get("bias_shown")
    flag = next((one for one in placed if bias.key_of_flag(one) == wanted), placed[0])
    st.markdown(f"Page {flag.page} · **{flag.name}**")
    try:
        st.image(_drawn(path, flag.page or 1, flag.boxes), width="stretch")
    except FullTextError as error:
        st.warning(str(error))


def _rules(project: Project) -> None:
    """Every rule: whether it is on, how it did on labelled papers, and how it does here."""
    here = bias.in_use(project)
    st.caption(
        "On: measured on labelled papers with a precision of 0.8 or more. Here: what reviewers of "
        "this review confirmed and dismissed."
    )
    rows = []
    for rule in bias.knowledge().rules.rules:
        use = here.get(rule.id)
        precision = use.precision if use else None
        rows.append(
            {
                "Rule": rule.id,
                "Pitfall": bias.pitfall_name(rule),
                "How": bias_flags.MODES[rule.mode],
                "On": rule.enabled,
                "Confirmed here": use.right if use else 0,
                "Dismissed here": use.wrong if use else 0,
                "Precision here": precision,
                "Measured": rule.measured or "not yet",
            }
        )
    st.dataframe(
        rows,
        hide_index=True,
        placeholder="",
        width="stretch",
        height=620,
        column_config={
            "Rule": st.column_config.TextColumn(width=150),
            "Pitfall": st.column_config.TextColumn(width=190),
            "Confirmed here": st.column_config.NumberColumn("Confirmed", width=80),
            "Dismissed here": st.column_config.NumberColumn("Dismissed", width=80),
            "Precision here": st.column_config.NumberColumn("Precision here", format="%.2f"),
        },
    )
