"""The bias room's tabs on public data sets: those of one study, and all studies together."""

from functools import partial

import pandas as pd
import streamlit as st

from review.bias import datasets
from review.bias.datasets import Dataset, Matrix
from review.pages.widgets import session
from review.pages.widgets.highlighting import plain
from review.workflow.bias import flags, sample_sizes
from review.workflow.bias.flags import Named
from review.workflow.fulltexts import reading as texts
from review.workflow.project.project import Project

CELLS = {"named": "●", "held": "○", "possible": "?"}
"""Signs of the matrix."""


def choose_study(project: Project, studies: dict[int, str]) -> int:
    """The study in hand, the same on every tab."""
    named = flags.titles(project, list(studies))
    return int(
        st.selectbox(
            "Study",
            list(studies),
            format_func=lambda number: f"{studies[number]} {named[number]}",
            key="bias_study",
        )
    )


def study_sets(project: Project, record: int) -> None:
    """The data sets one study used: what is known of them, what they share, what is asked."""
    named = flags.datasets_of(project, record)
    registry = flags.knowledge().registry
    for overlap in named.overlaps:
        sure = "hold the same images" if overlap.certain else "may hold the same images"
        both = f"**{registry[overlap.first].name}** and **{registry[overlap.second].name}**"
        show = st.warning if overlap.certain else st.info
        show(f"{both} {sure}: {datasets.drawn(registry, overlap)}")
    _ask(project, record, named)
    if not named.used:
        st.info("No registered data set was found in the text of this study.")
    for one in named.used:
        _set(project, record, registry[one], named)
    _add(project, record, named)
    _numbers(project, record)


def _ask(project: Project, record: int, named: Named) -> None:
    """Mentions that may mean several sets, or one that the text does not name otherwise."""
    registry = flags.knowledge().registry
    for n, mention in enumerate(named.asked):
        with st.container(border=True):
            st.markdown(f"Which data set is meant by “{mention.words}”?")
            for one in mention.ids:
                st.button(
                    registry[one].name,
                    key=f"bias_ask_{n}_{one}",
                    on_click=partial(_settle, project, record, one, "confirm"),
                )
            st.button(
                "Another one, or none of these",
                key=f"bias_ask_{n}_none",
                type="tertiary",
                on_click=partial(_none_of, project, record, mention.ids),
            )


def _none_of(project: Project, record: int, ids: tuple[str, ...]) -> None:
    for one in ids:
        _settle(project, record, one, "dismiss")


def _settle(project: Project, record: int, one: str, verdict: str | None) -> None:
    flags.settle_dataset(project, record, one, verdict, session.person().name)


def _set(project: Project, record: int, one: Dataset, named: Named) -> None:
    mentions = named.mentions.get(one.id, ())
    with st.expander(f"{one.name} · {_n(len(mentions), 'mention')}" if mentions else one.name):
        unchecked = "" if "size" in one.checked else " (not checked)"
        st.markdown(
            f"{one.kind.replace('_', ' ')}, {one.year}, {', '.join(one.modality)} · "
            f"labels: {one.labels.replace('_', ' ')} · people: {one.population.age}, "
            f"{', '.join(one.population.countries)}"
        )
        st.markdown(f"{one.size}{unchecked}. {one.population.note or ''}")
        for issue in one.issues:
            doubt = "" if issue.checked else " *(not checked against the source)*"
            st.markdown(f"- {issue.text}{doubt}  \n  {issue.source}")
        st.markdown(one.url)
        st.button(
            "This study did not use it",
            key=f"bias_off_{one.id}",
            on_click=partial(_settle, project, record, one.id, "dismiss"),
        )


def _add(project: Project, record: int, named: Named) -> None:
    registry = flags.knowledge().registry
    left, right = st.columns([5, 2], vertical_alignment="bottom")
    others = [one for one in registry if one not in named.used]
    chosen = left.selectbox(
        "Used as well",
        others,
        index=None,
        format_func=lambda one: registry[one].name,
        placeholder="A data set the text names in other words",
        key="bias_add",
    )
    if right.button("Add", disabled=chosen is None, key="bias_add_now") and chosen:
        _settle(project, record, chosen, "confirm")
        st.rerun()


def _numbers(project: Project, record: int) -> None:
    """Figures of the text that do not agree."""
    text = texts.text_of(project, record)
    found = flags.numbers_in(text.sentences) if text else []
    st.subheader("Stated figures")
    wrong = [one for one in found if one.problems]
    st.caption(
        f"{_n(len(found), 'sentence')} with figures that can be checked, {len(wrong)} disagree."
    )
    for one in wrong:
        sentence = text.sentences[one.sentence] if text else None
        if sentence:
            said = " ".join(problem.text for problem in one.problems)
            st.warning(f"p. {sentence.page}: {plain(said)}\n\n{plain(sentence.text)}")
    _sizes(project, record)


def _n(number: int, thing: str) -> str:
    return f"{number} {thing}" + ("" if number == 1 else "s")


def _sizes(project: Project, record: int) -> None:
    """Sizes below what the protocol asks for."""
    asked = project.protocol.appraisal
    st.subheader("Sample sizes")
    found = sample_sizes.concerns(project, record, session.person().name)
    st.caption(
        f"The protocol asks for {asked.min_positives_test} positives (and negatives) in a test set "
        f"and {asked.min_events_per_variable:g} events for each candidate predictor. "
        f"{_n(len(found), 'concern')}, from what was extracted and what the text states."
    )
    for one in found:
        place = f"p. {one.page}" if one.page else one.where
        st.info(
            f"{place}: {plain(one.text)}" + (f"\n\n{plain(one.sentence)}" if one.sentence else "")
        )


def across(project: Project) -> None:
    """All studies by data sets, the sentence for the report, the graph."""
    table = flags.matrix_of(project)
    st.markdown(f"**{flags.matrix_sentence(table)}**")
    if not table.datasets:
        return
    svg = flags.graph(table)
    st.image(svg, width="stretch")
    left, right, rest = st.columns([1.2, 1.2, 5])
    left.download_button("Graph as SVG", svg, "datasets.svg", "image/svg+xml")
    right.download_button("Graph as PNG", partial(flags.png, svg), "datasets.png", "image/png")
    frame = matrix_frame(table)
    rest.download_button("Matrix as CSV", frame.to_csv(), "datasets.csv", "text/csv")
    st.caption("● named by the study · ○ held by a set it names · ? held in some releases")
    st.dataframe(frame, width="stretch")


def matrix_frame(table: Matrix) -> pd.DataFrame:
    """The matrix with signs, a row a study, a column a data set by its name."""
    registry = flags.knowledge().registry
    return pd.DataFrame(
        [
            [CELLS.get(table.cells.get((study, one), ""), "") for one in table.datasets]
            for study in table.studies
        ],
        index=pd.Index(table.studies, name="Study"),
        columns=[registry[one].name for one in table.datasets],
    )
