"""Bias: flags of a study with their sentence on the page, beside the questions they inform."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from review import fulltext
from review.bias.rules import Flag
from review.checklists import Checklist, ChecklistSection, Item, list_items
from review.pages.widgets import (
    bias_flags,
    dataset_tabs,
    fact_list,
    flag_judging,
    session,
    table_list,
)
from review.pages.widgets.highlighting import escape_markdown
from review.workflow.appraisal.instruments import get_checklist
from review.workflow.bias import flags as bias
from review.workflow.fulltexts import attachments
from review.workflow.fulltexts.reading import RulePerformance
from review.workflow.project.project import Project

TOOLS = {"probast-2019": "PROBAST", "quadas-2": "QUADAS-2", "claim-2020": "CLAIM 2020"}
"""Editions whose questions the flags inform, with the word for the switch."""
STRENGTH_ICONS = {
    "strong": ":material/flag:",
    "fair": ":material/outlined_flag:",
    "weak": ":material/question_mark:",
}
LIST_HEIGHT = 1000
"""Height of the list of flags (pixels); the page stays beside it."""


@dataclass(frozen=True, slots=True)
class _FlagVerdicts:
    """Reviewers' verdicts on the flags of a study."""

    own_verdicts: Mapping[tuple[str, str], str]
    """(rule, text) -> this reviewer's confirm or dismiss."""
    rule_performance: Mapping[str, RulePerformance]
    """Rule -> its performance in the review."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _PitfallGroup:
    """The flags of one pitfall, and where they are listed."""

    heading: str
    """The section of the tool, or that it does not cover the pitfall."""
    question: str
    """The first question that the pitfall informs, with its number; empty if there is none."""
    flags: list[Flag]


def render_page(project: Project) -> None:
    """Draws the flags and data sets of one study, all studies, and the rules."""
    st.title("Bias")
    studies = bias.list_reports_to_read(project)
    if not studies:
        st.info(
            "No study has a PDF yet. Add PDFs on the Full texts page, many at once if you like."
        )
        return
    record = dataset_tabs.choose_study(project, studies)
    flags_tab, facts_tab, tables_tab, datasets_tab, studies_tab, rules_tab = st.tabs(
        ["Flags", "Facts", "Tables", "Data sets", "Across studies", "Rules"]
    )
    with flags_tab:
        _render_flags(project, record)
    with facts_tab:
        fact_list.render_facts(project, record, bias.get_fact_cells(project, record))
    with tables_tab:
        table_list.render_tables(project, record)
    with datasets_tab:
        dataset_tabs.render_study_datasets(project, record)
    with studies_tab:
        dataset_tabs.render_all_studies(project)
    with rules_tab:
        _render_rules(project)


def _render_flags(project: Project, record: int) -> None:
    edition_column, toggle_column = st.columns(2, vertical_alignment="bottom")
    edition = edition_column.segmented_control(
        "Group by questions of",
        list(TOOLS),
        default="probast-2019",
        required=True,
        format_func=lambda key: TOOLS[key],
    )
    include_disabled = toggle_column.toggle(
        "Include other matches",
        value=False,
        help="Also show the remaining matches of rules that are often wrong or not yet measured.",
    )
    path = attachments.find_pdf(project, record)
    if path is None:
        st.info("This study has no PDF yet.")
        return
    study_flags = _get_study_flags(project, record, include_disabled=include_disabled)
    if not study_flags:
        state = fulltext.STATE_MESSAGES[_get_text_state(project, record)]
        st.info(f"No flags. PDF: {state}.")
        return
    st.caption(
        "Flags are prompts, not judgements. Confirm or dismiss each one; your feedback improves "
        "the rules. Missing items may be in the supplement."
    )
    verdicts = _FlagVerdicts(
        bias.get_flag_verdicts(project, record, session.get_user().name),
        bias.get_rule_performance(project, reader=session.get_user().name),
    )
    text_column, judging_column = st.columns(2)
    tool = get_checklist(project, edition or "probast-2019")
    with text_column, st.container(height=LIST_HEIGHT, border=False):
        _render_tiers(project, record, study_flags, verdicts, tool)
    with judging_column:
        listed = order_as_listed(study_flags, tool)
        flag_judging.render_judging(project, record, listed, path, verdicts.rule_performance)


def _render_tiers(
    project: Project,
    record: int,
    study_flags: Sequence[Flag],
    verdicts: _FlagVerdicts,
    tool: Checklist,
) -> None:
    """Flags by question, then the places to look at by rank, then other matches if asked for."""
    flags = [flag for flag in study_flags if flag.tier == "flag"]
    places = [flag for flag in study_flags if flag.tier == "look"]
    others = [flag for flag in study_flags if flag.tier == "other"]
    st.subheader(f"Flags ({len(flags)})")
    st.caption("Matches of rules that were right in at least 9 of 10 labelled papers.")
    _render_by_question(project, record, flags, verdicts, tool)
    st.subheader(f"Look here ({len(places)})")
    st.caption("Sentences worth checking, the most likely first. They do not count as flags.")
    for index, place in enumerate(places):
        item = _find_item(place, tool)
        if item is not None:
            st.markdown(f"**{item.number}** {item.question}")
        _render_pitfall(
            project, record, flags=[place], verdicts=verdicts, tool=tool, part=f"look{index}"
        )
    if others:
        st.subheader(f"Other matches ({len(others)})")
        for pitfall in dict.fromkeys(flag.pitfall for flag in others):
            pitfall_flags = [flag for flag in others if flag.pitfall == pitfall]
            _render_pitfall(
                project,
                record,
                flags=pitfall_flags,
                verdicts=verdicts,
                tool=tool,
                part=f"other_{pitfall}",
            )


def _get_study_flags(project: Project, record: int, *, include_disabled: bool) -> list[Flag]:
    with st.spinner("Reading the paper …"):
        all_flags = bias.get_flags(project, record)
    return [flag for flag in all_flags if include_disabled or flag.tier != "other"]


def _get_text_state(project: Project, record: int) -> fulltext.FullTextState:
    from review.workflow.fulltexts.reading import get_record_text

    text = get_record_text(project, record)
    return text.state if text else "missing"


def _render_by_question(
    project: Project,
    record: int,
    study_flags: Sequence[Flag],
    verdicts: _FlagVerdicts,
    tool: Checklist,
) -> None:
    """Pitfalls under the first question they inform, each with its flags."""
    heading = question = ""
    for group in _group_by_question(study_flags, tool):
        if group.heading != heading:
            heading = group.heading
            st.markdown(f"#### {heading}")
        if group.question and group.question != question:
            st.markdown(group.question)
        question = group.question
        _render_pitfall(project, record, flags=group.flags, verdicts=verdicts, tool=tool)


def _group_by_question(study_flags: Sequence[Flag], tool: Checklist) -> list[_PitfallGroup]:
    """The pitfalls in the order of the tool's questions, each under the first that it informs; at
    the end those that no question asks for."""
    groups: dict[str, _PitfallGroup] = {}
    for section in tool.sections:
        for item in section.items:
            for flag in study_flags:
                if flag.pitfall not in groups and _informs_item(flag, tool.id, item):
                    groups[flag.pitfall] = _PitfallGroup(
                        heading=_format_heading(section),
                        question=f"**{item.number}** {item.question}",
                        flags=[other for other in study_flags if other.pitfall == flag.pitfall],
                    )
    for flag in study_flags:
        if flag.pitfall not in groups:
            groups[flag.pitfall] = _PitfallGroup(
                heading=f"Not covered by {tool.short}",
                question="",
                flags=[other for other in study_flags if other.pitfall == flag.pitfall],
            )
    return list(groups.values())


def order_as_listed(study_flags: Sequence[Flag], tool: Checklist) -> list[Flag]:
    """The flags in the order of the cards, so that the first on the right is the first card.

    A sentence that a paper prints twice is one flag here, as one verdict counts for both.
    """
    flags = [flag for flag in study_flags if flag.tier == "flag"]
    others = [flag for flag in study_flags if flag.tier == "other"]
    pitfalls = list(dict.fromkeys(flag.pitfall for flag in others))
    in_order = [
        *(flag for group in _group_by_question(flags, tool) for flag in group.flags),
        *(flag for flag in study_flags if flag.tier == "look"),
        *sorted(others, key=lambda flag: pitfalls.index(flag.pitfall)),
    ]
    by_key: dict[tuple[str, str], Flag] = {}
    for flag in in_order:
        by_key.setdefault(bias.get_flag_key(flag), flag)
    return list(by_key.values())


def _informs_item(flag: Flag, edition: str, item: Item) -> bool:
    return item.number in flag.informs.get(edition, ())


def _find_item(flag: Flag, tool: Checklist) -> Item | None:
    """The first question of a tool that a flag informs."""
    return next((i for i in list_items(tool) if _informs_item(flag, tool.id, i)), None)


def _format_heading(section: ChecklistSection) -> str:
    return f"{section.number} {section.title}".strip()


def _render_pitfall(
    project: Project,
    record: int,
    *,
    flags: Sequence[Flag],
    verdicts: _FlagVerdicts,
    tool: Checklist,
    part: str = "flag",
) -> None:
    """One pitfall: why it matters, then each flag of it."""
    first_flag = flags[0]
    with st.container(border=True):
        numbers = ", ".join(first_flag.informs.get(tool.id, ()))
        informs = f"Informs {numbers}. " if numbers else ""
        st.markdown(f"**{first_flag.name}**")
        st.caption(f"{first_flag.why} {informs}{first_flag.source}")
        for index, flag in enumerate(flags):
            key = f"{flag.rule.replace(' ', '-')}_{part}_{index}"
            _render_flag(project, record, flag, verdicts, key)


def _render_flag(
    project: Project, record: int, flag: Flag, verdicts: _FlagVerdicts, key: str
) -> None:
    """Draws one flag: its sentence, its location and the reviewer's verdict."""
    verdict = verdicts.own_verdicts.get(bias.get_flag_key(flag))
    location = f"p. {flag.page}" if flag.page else "full text"
    part = f", {escape_markdown(flag.section)}" if flag.section else ""
    st.markdown(f"{STRENGTH_ICONS[flag.strength]} {escape_markdown(flag.text)}")
    figures = [
        f"rule {flag.rule}",
        bias.format_performance(verdicts.rule_performance.get(flag.rule)),
        bias.format_figures(bias.get_measured(flag.rule)),
    ]
    st.caption(
        f"{location}{part} · {bias_flags.MODE_LABELS[flag.mode]} · {flag.strength} · "
        + ", ".join(filter(None, figures))
    )
    show_column, confirm_column, dismiss_column, _ = st.columns([1.7, 2.2, 2.2, 2])
    show_column.button(
        "Show",
        key=f"bias_show_{key}",
        width="stretch",
        on_click=partial(
            st.session_state.__setitem__, flag_judging.SHOWN_KEY, bias.get_flag_key(flag)
        ),
    )
    bias_flags.render_verdict_buttons(
        confirm_column,
        dismiss_column,
        verdict,
        partial(flag_judging.judge, project, record, flag),
        prefix="bias",
        suffix=key,
    )


def _render_rules(project: Project) -> None:
    """Draws every rule: whether it is on, its validation, and its performance in this review."""
    performance_by_rule = bias.get_rule_performance(project, reader=session.get_user().name)
    st.caption(
        "The matches of a rule are flags if it was right in at least 9 of 10 labelled papers, "
        "counting rules that matched in three papers or more (two for known facts); else places "
        "to look at. Confirmed, Dismissed and Precision here: feedback from reviewers of this "
        "review."
    )
    rows = []
    for rule in bias.load_knowledge().rules.rules:
        performance = performance_by_rule.get(rule.id)
        precision = performance.precision if performance else None
        rows.append(
            {
                "Rule": rule.id,
                "Pitfall": bias.get_pitfall_name(rule),
                "Type": bias_flags.MODE_LABELS[rule.mode],
                "Tier": "Flag" if rule.enabled else "Look here",
                "Confirmed here": performance.right if performance else 0,
                "Dismissed here": performance.wrong if performance else 0,
                "Precision here": precision,
                "In this review": bias.format_performance(performance),
                "On whole papers": bias.format_figures(rule.measured),
                "Missed": rule.measured.missed if rule.measured else None,
                "On single sentences": rule.on_sentences or "not yet",
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
