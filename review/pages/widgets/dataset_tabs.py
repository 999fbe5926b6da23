"""The tabs on public data sets of the Bias page: those of one study, and across studies."""

from functools import partial

import pandas as pd
import streamlit as st

from review.bias import datasets
from review.bias.datasets import Dataset, DatasetMatrix
from review.pages.widgets import session
from review.pages.widgets.highlighting import escape_markdown
from review.workflow.bias import flags, sample_sizes
from review.workflow.bias.flags import StudyDatasets
from review.workflow.fulltexts import reading as texts
from review.workflow.project.project import Project

CELL_SYMBOLS = {"named": "●", "held": "○", "possible": "?"}
"""Signs of the matrix."""


def choose_study(project: Project, studies: dict[int, str]) -> int:
    """The study in hand, the same on every tab."""
    titles = flags.get_titles(project, list(studies))
    return int(
        st.selectbox(
            "Study",
            list(studies),
            format_func=lambda number: f"{studies[number]} {titles[number]}",
            key="bias_study",
        )
    )


def render_study_datasets(project: Project, record: int) -> None:
    """The data sets one study used: what is known of them, what they share, what is asked."""
    study_datasets = flags.get_datasets(project, record)
    registry = flags.load_knowledge().registry
    for overlap in study_datasets.overlaps:
        claim = "share images" if overlap.certain else "may share images"
        names = f"**{registry[overlap.first].name}** and **{registry[overlap.second].name}**"
        render_message = st.warning if overlap.certain else st.info
        render_message(f"{names} {claim}: {datasets.format_overlap_path(registry, overlap)}")
    _render_unresolved(project, record, study_datasets)
    _render_unlisted(project, record, study_datasets)
    if not study_datasets.used:
        st.info("No known public data set was found in the text of this study.")
    for dataset_id in study_datasets.used:
        _render_dataset(project, record, registry[dataset_id], study_datasets)
    _render_add_dataset(project, record, study_datasets)
    _render_number_checks(project, record)


def _render_unlisted(project: Project, record: int, study_datasets: StudyDatasets) -> None:
    """Sets that the text names as its data and the registry does not describe."""
    for unlisted in study_datasets.unlisted:
        st.markdown(f"**Not in the registry:** {escape_markdown(unlisted.name)}")
        _render_sentence(project, record, unlisted.sentences[0])


def _render_sentence(project: Project, record: int, index: int) -> None:
    """The sentence of a mention with its page."""
    text = texts.get_record_text(project, record)
    if text and index < len(text.sentences):
        sentence = text.sentences[index]
        place = f"p. {sentence.page}: " if sentence.page else ""
        st.caption(f"{place}{escape_markdown(sentence.text)}")


def _render_unresolved(project: Project, record: int, study_datasets: StudyDatasets) -> None:
    """Mentions that may mean several sets, or one that the text does not name otherwise: each
    choice is asked once, with the first sentence."""
    registry = flags.load_knowledge().registry
    first_mentions = {mention.ids: mention for mention in reversed(study_datasets.unresolved)}
    for n, mention in enumerate(reversed(first_mentions.values())):
        with st.container(border=True):
            st.markdown(f"Which data set does “{escape_markdown(mention.words)}” refer to?")
            _render_sentence(project, record, mention.sentence)
            for dataset_id in mention.ids:
                st.button(
                    escape_markdown(registry[dataset_id].name),
                    key=f"bias_ask_{n}_{dataset_id}",
                    disabled=not session.may_contribute(),
                    on_click=partial(_save_verdict, project, record, dataset_id, "confirm"),
                )
            st.button(
                "None of these",
                key=f"bias_ask_{n}_none",
                disabled=not session.may_contribute(),
                type="tertiary",
                on_click=partial(_dismiss_all, project, record, mention.ids),
            )


def _dismiss_all(project: Project, record: int, ids: tuple[str, ...]) -> None:
    for dataset_id in ids:
        _save_verdict(project, record, dataset_id, "dismiss")


def _save_verdict(
    project: Project, record: int, dataset_id: str | None, verdict: str | None
) -> None:
    if dataset_id is None:
        return
    flags.settle_dataset(project, record, dataset_id, verdict, session.get_user().name)


def _render_dataset(
    project: Project, record: int, dataset: Dataset, study_datasets: StudyDatasets
) -> None:
    mentions = study_datasets.mentions.get(dataset.id, ())
    with st.expander(
        f"{dataset.name} · {_format_count(len(mentions), 'mention')}" if mentions else dataset.name
    ):
        unchecked = "" if "size" in dataset.checked else " (not checked)"
        st.markdown(
            f"{_format_kind(dataset.kind)}, {dataset.year or 'year unknown'}, "
            f"{', '.join(dataset.modality)} · "
            f"labels: {(dataset.labels or 'not known to us').replace('_', ' ')} · "
            f"population: {dataset.population.age}, "
            f"{', '.join(dataset.population.countries) or 'country unknown'} · "
            f"licence: {dataset.licence or 'unknown'}"
        )
        size = f"{dataset.size}{unchecked}" if dataset.size else "Size unknown"
        st.markdown(f"{size}. {escape_markdown(dataset.population.note or '')}")
        for issue in dataset.issues:
            doubt = "" if issue.checked else " *(not checked against the source)*"
            st.markdown(f"- {issue.text}{doubt}  \n  {issue.source}")
        st.markdown(dataset.url)
        st.button(
            "Not used by this study",
            key=f"bias_off_{dataset.id}",
            disabled=not session.may_contribute(),
            on_click=partial(_save_verdict, project, record, dataset.id, "dismiss"),
        )


def _render_add_dataset(project: Project, record: int, study_datasets: StudyDatasets) -> None:
    registry = flags.load_knowledge().registry
    choice_column, button_column = st.columns([5, 2], vertical_alignment="bottom")
    other_ids = [dataset_id for dataset_id in registry if dataset_id not in study_datasets.used]
    chosen_id = choice_column.selectbox(
        "Add a data set",
        other_ids,
        index=None,
        format_func=lambda dataset_id: registry[dataset_id].name,
        placeholder="Choose a data set",
        key="bias_add",
    )
    button_column.button(
        "Add",
        disabled=chosen_id is None or not session.may_contribute(),
        key="bias_add_now",
        on_click=partial(_save_verdict, project, record, chosen_id, "confirm"),
    )


def _render_number_checks(project: Project, record: int) -> None:
    """Figures of the text that do not agree."""
    text = texts.get_record_text(project, record)
    findings = flags.check_numbers(text) if text else []
    st.subheader("Reported numbers")
    contradictions = [finding for finding in findings if finding.problems]
    st.caption(
        f"{_format_count(len(findings), 'sentence')} with numbers that can be checked; "
        f"{len(contradictions)} inconsistent."
    )
    for finding in contradictions:
        sentence = text.sentences[finding.sentence] if text else None
        if sentence:
            message = " ".join(problem.text for problem in finding.problems)
            st.warning(
                f"p. {sentence.page}: "
                f"{escape_markdown(message)}\n\n{escape_markdown(sentence.text)}"
            )
    _render_size_concerns(project, record)


def _format_kind(kind: str) -> str:
    """The kind of a data set in words."""
    return (
        "how it was collected is not known to us" if kind == "unknown" else kind.replace("_", " ")
    )


def _format_count(number: int, thing: str) -> str:
    return f"{number} {thing}" + ("" if number == 1 else "s")


def _render_size_concerns(project: Project, record: int) -> None:
    """Sizes below what the protocol asks for."""
    settings = project.protocol.appraisal
    st.subheader("Sample sizes")
    size_concerns = sample_sizes.find_study_concerns(project, record, session.get_user().name)
    st.caption(
        f"The protocol asks for {settings.min_positives_test} positives (and negatives) in a test "
        f"set and {settings.min_events_per_variable:g} events for each candidate predictor. "
        f"{_format_count(len(size_concerns), 'concern')}, based on the extracted data and the "
        "text."
    )
    for concern in size_concerns:
        location = f"p. {concern.page}" if concern.page else concern.where
        st.info(
            f"{location}: {escape_markdown(concern.text)}"
            + (f"\n\n{escape_markdown(concern.sentence)}" if concern.sentence else "")
        )


def render_all_studies(project: Project) -> None:
    """All studies by data sets, the sentence for the report, the graph."""
    table = flags.build_matrix(project)
    st.markdown(f"**{flags.describe_matrix(table)}**")
    if not table.datasets:
        return
    svg = flags.draw_graph(table)
    st.image(
        svg,
        width="stretch",
        alt="Public data sets of the studies, and which of them contain images of others",
    )
    svg_column, png_column, csv_column = st.columns([1.2, 1.2, 5])
    svg_column.download_button("Graph as SVG", svg, "datasets.svg", "image/svg+xml")
    png_column.download_button(
        "Graph as PNG", partial(flags.render_png, svg), "datasets.png", "image/png"
    )
    frame = build_matrix_frame(table)
    csv_column.download_button("Matrix as CSV", frame.to_csv(), "datasets.csv", "text/csv")
    st.caption("● named by the study · ○ part of a data set it names · ? part of some releases")
    st.dataframe(frame, width="stretch")


def build_matrix_frame(table: DatasetMatrix) -> pd.DataFrame:
    """The matrix with signs, a row a study, a column a data set by its name."""
    registry = flags.load_knowledge().registry
    return pd.DataFrame(
        [
            [
                CELL_SYMBOLS.get(table.cells.get((study, dataset_id), ""), "")
                for dataset_id in table.datasets
            ]
            for study in table.studies
        ],
        index=pd.Index(table.studies, name="Study"),
        columns=[registry[dataset_id].name for dataset_id in table.datasets],
    )
