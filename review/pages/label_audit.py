"""Label audit: two readers look at images of one label, by key and blind to each other."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from review.errors import ReviewError
from review.imaging.audit import DEFAULT_SAMPLE, SHEET_SIZE, LabelAudit
from review.pages.widgets import image_findings, image_sheets, session
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.messages import keep_message, show_messages, try_action
from review.pages.widgets.preferences import get_shortcut
from review.text.wording import format_count
from review.workflow.imaging import label_reading, registered_sets
from review.workflow.imaging.label_reading import LabelReading, ReadingRequest, ReadingResult
from review.workflow.imaging.outcome import format_share
from review.workflow.project.accounts import is_allowed
from review.workflow.project.project import Project

PREFIX = "audit_"
SHEET_PLACE = "audit_sheet"
"""Where the page says what a key did on the sheet."""
ACTIONS = {
    "W": "wrong",
    "D": "doubtful",
    "F": "fine",
    "X": "cannot_tell",
    "S": "stratum",
    "Z": "undo",
    "Enter": "rest",
    "ArrowLeft": "back",
    "ArrowRight": "forward",
}
BUTTONS = (
    ("Wrong", "W", "wrong"),
    ("Doubtful", "D", "doubtful"),
    ("Fine", "F", "fine"),
    ("Cannot tell", "X", "cannot tell"),
)


def render_page(project: Project) -> None:
    """Draws the audit in hand."""
    st.title("Label audit")
    readings = label_reading.list_readings(project)
    if is_allowed(session.get_user(), "manage"):
        _render_new_form(project, expanded=not readings)
    if not readings:
        st.info("No label audit yet. The lead draws a sample of a label and chooses its readers.")
        return
    names = {reading.id: reading for reading in readings}
    number = st.selectbox(
        "Audit",
        list(names),
        format_func=lambda key: (
            f"{names[key].label} in {names[key].set_name}, {len(names[key].drawn)} images "
            f"(audit {key})"
        ),
        key="audit_choice",
    )
    reading = names[number]
    progress = label_reading.get_progress(project, reading)
    if progress.finished:
        _render_result(project, reading)
    elif session.get_user().name in reading.readers:
        _render_reading(project, reading)
    else:
        done = ", ".join(
            f"{escape_markdown(reader)} {count} of {progress.drawn}"
            for reader, count in progress.marked.items()
        )
        st.info(f"The readers are at work: {done}. Figures appear once all are done.")


def _render_new_form(project: Project, *, expanded: bool) -> None:
    sets = [held for held in registered_sets.list_sets(project) if held.has_labels]
    with st.expander("New audit", expanded=expanded):
        if not sets:
            st.caption("Add an image set with a table of labels first.")
            return
        by_name = {held.name: held for held in sets}
        name = st.selectbox("Image set", list(by_name), key="audit_new_set")
        labels = registered_sets.list_labels(project, by_name[name])
        team = [member.name for member in project.protocol.team]
        with st.form("new_audit", border=False):
            st.selectbox(
                "Label",
                list(labels),
                format_func=lambda key: f"{key} ({labels[key]:,} images)",
                key=f"audit_new_label_{name}",
            )
            st.multiselect("Readers", team, max_selections=2, key="audit_new_readers")
            st.number_input("Images", 1, 2000, DEFAULT_SAMPLE, key="audit_new_size")
            st.number_input("Seed", 0, 2**31 - 1, 2017, key="audit_new_seed")
            st.text_area("Definition of the label", height=70, key="audit_new_definition")
            st.number_input(
                "Claimed PPV, %",
                0.0,
                100.0,
                value=None,
                step=0.1,
                placeholder="if published",
                key="audit_new_claim",
            )
            st.text_input(
                "Source of the claim", placeholder="Wang 2017, table 18", key="audit_new_source"
            )
            st.form_submit_button(
                "Draw sample",
                type="primary",
                on_click=partial(
                    try_action, "audit_new", partial(_draw_sample, project, image_set=name)
                ),
            )
        show_messages("audit_new")


def _draw_sample(project: Project, image_set: str) -> None:
    """Draws the sample as the form asks for it."""
    state = st.session_state
    claim = state["audit_new_claim"]
    request = ReadingRequest(
        image_set=image_set,
        label=str(state[f"audit_new_label_{image_set}"]),
        readers=tuple(state["audit_new_readers"]),
        n=int(state["audit_new_size"]),
        seed=int(state["audit_new_seed"]),
        definition=state["audit_new_definition"],
        claim=None if claim is None else claim / 100,
        claim_source=state["audit_new_source"],
    )
    label_reading.draw_reading(project, request, session.get_user().name)


def _render_reading(project: Project, reading: LabelReading) -> None:
    """The reader's own sheet."""
    who = session.get_user().name
    marks = label_reading.get_own_marks(project, reading, who)
    strata = label_reading.get_own_strata(project, reading, who)
    sheets = [
        reading.drawn[start : start + SHEET_SIZE]
        for start in range(0, len(reading.drawn), SHEET_SIZE)
    ]
    sheet_key = f"audit_sheet_{reading.id}"
    first_open = next(
        (n for n, sheet in enumerate(sheets) if any(image not in marks for image, _ in sheet)),
        len(sheets) - 1,
    )
    number = min(st.session_state.setdefault(sheet_key, first_open), len(sheets) - 1)
    sheet = sheets[number]
    chosen = image_sheets.get_chosen(PREFIX, len(sheet))
    st.markdown(
        f"**{escape_markdown(reading.label)}**: "
        + escape_markdown(reading.definition or "no definition was given")
    )
    st.markdown(
        f"**Sheet {number + 1} of {len(sheets)}** · {len(marks)} of {len(reading.drawn)} images "
        "marked"
    )
    st.progress(len(marks) / len(reading.drawn))
    if len(marks) == len(reading.drawn):
        st.success("You have marked every image. The figures appear once the other reader is done.")
    _render_buttons(project, reading, sheet, chosen)
    show_messages(SHEET_PLACE)
    root = registered_sets.require_root(registered_sets.get_set_by_id(project, reading.set_id))
    held = [marks.get(image) for image, _ in sheet]
    image_sheets.render_sheet(
        root,
        [path for _, path in sheet],
        [
            " · ".join([mark.verdict if mark else "not marked", *sorted(strata.get(image, ()))])
            for mark, (image, _) in zip(held, sheet, strict=True)
        ],
        [mark.verdict if mark else None for mark in held],
        chosen,
    )
    image_sheets.render_tile_buttons(PREFIX, len(sheet), chosen)
    st.caption(
        "Keys: 1–9 and a–i choose an image; capital W, D, F, X mark it; S notes the stratum; "
        "Z undoes; Enter marks the rest as fine and turns the page."
    )
    st.text_input(
        "Stratum that S notes", key="audit_named_stratum", placeholder="chest drain present"
    )
    if chosen is not None:
        image_sheets.render_zoom(root, sheet[chosen][1], key="audit_zoom")
    image_sheets.render_key_script(
        PREFIX, ACTIONS, len(sheet), f"{reading.id} {number} {chosen} {len(marks)}"
    )


def _render_buttons(
    project: Project,
    reading: LabelReading,
    sheet: tuple[tuple[int, str], ...],
    chosen: int | None,
) -> None:
    with st.container(horizontal=True, key="keys"):
        for label, key, verdict in BUTTONS:
            st.button(
                image_sheets.format_button(label, key),
                key=f"{PREFIX}{verdict.replace(' ', '_')}",
                on_click=partial(_mark, project, reading, sheet, verdict),
            )
        st.button(
            image_sheets.format_button("Stratum", "S"),
            key=f"{PREFIX}stratum",
            on_click=partial(_note, project, reading, sheet),
        )
        st.button(
            image_sheets.format_button("Undo", "Z"),
            key=f"{PREFIX}undo",
            on_click=partial(_undo, project, reading),
        )
        st.button(
            "Rest is fine, next (Enter)",
            key=f"{PREFIX}rest",
            type="primary",
            on_click=partial(_finish_sheet, project, reading, sheet),
        )
        st.button("Back", key=f"{PREFIX}back", on_click=partial(_turn, reading, -1))
        st.button("Forward", key=f"{PREFIX}forward", on_click=partial(_turn, reading, 1))


def _find_chosen(sheet: tuple[tuple[int, str], ...]) -> int | None:
    """The image chosen when the key was pressed."""
    place = image_sheets.get_chosen(PREFIX, len(sheet))
    if place is None:
        keep_message(SHEET_PLACE, "Choose an image first: press its key.", "caption")
        return None
    return sheet[place][0]


def _mark(
    project: Project, reading: LabelReading, sheet: tuple[tuple[int, str], ...], verdict: str
) -> None:
    image = _find_chosen(sheet)
    if image is None:
        return
    strata = label_reading.get_own_strata(project, reading, session.get_user().name)
    _save(project, reading, {image: {"verdict": verdict, "strata": strata.get(image, ())}})


def _note(project: Project, reading: LabelReading, sheet: tuple[tuple[int, str], ...]) -> None:
    """Notes the stratum on the chosen image, or takes it off."""
    name = str(st.session_state.get("audit_named_stratum") or "").strip()
    if not name:
        message = "Type the name of the stratum in the box below the sheet first."
        keep_message(SHEET_PLACE, message, "caption")
        return
    image = _find_chosen(sheet)
    if image is None:
        return
    who = session.get_user().name
    mark = label_reading.get_own_marks(project, reading, who).get(image)
    strata = set(label_reading.get_own_strata(project, reading, who).get(image, ())) ^ {name}
    _save(project, reading, {image: {"verdict": mark.verdict if mark else None, "strata": strata}})


def _finish_sheet(
    project: Project, reading: LabelReading, sheet: tuple[tuple[int, str], ...]
) -> None:
    """Marks what is left of the sheet as fine and goes to the next."""
    who = session.get_user().name
    marks = label_reading.get_own_marks(project, reading, who)
    strata = label_reading.get_own_strata(project, reading, who)
    rest = {
        image: {"verdict": "fine", "strata": strata.get(image, ())}
        for image, _ in sheet
        if image not in marks
    }
    if _save(project, reading, rest):
        _turn(reading, 1)


def _save(
    project: Project, reading: LabelReading, marks: Mapping[int, Mapping[str, object]]
) -> bool:
    try:
        label_reading.save_marks(project, reading, session.get_user().name, marks)
    except ReviewError as error:
        keep_message(SHEET_PLACE, str(error), "warning")
        return False
    return True


def _settle(project: Project, reading: LabelReading, image: int, verdict: str) -> None:
    _save(project, reading, {image: {"verdict": verdict, "strata": ()}})


def _undo(project: Project, reading: LabelReading) -> None:
    try:
        count = label_reading.undo_marks(project, reading, session.get_user().name)
    except ReviewError as error:
        keep_message(SHEET_PLACE, str(error), "warning")
        return
    message = f"Undone: {format_count(count, 'image')}." if count else "Nothing to undo."
    keep_message(SHEET_PLACE, message, "caption")
    st.session_state.pop(f"audit_sheet_{reading.id}", None)


def _turn(reading: LabelReading, offset: int) -> None:
    key = f"audit_sheet_{reading.id}"
    last = (len(reading.drawn) - 1) // SHEET_SIZE
    st.session_state[key] = min(max(st.session_state.get(key, 0) + offset, 0), last)
    st.session_state[f"{PREFIX}chosen"] = None


def _render_result(project: Project, reading: LabelReading) -> None:
    result = label_reading.get_result(project, reading)
    assert result is not None
    if reading.definition:
        st.markdown(f"**{escape_markdown(reading.label)}**: {escape_markdown(reading.definition)}")
    final = result.final
    ppv, claim = st.columns(2)
    strict = final.ppv_strict
    ppv.metric(
        "PPV, doubtful counted as wrong",
        "not known" if strict.value is None else f"{100 * strict.value:.1f} %",
    )
    ppv.caption(
        f"95 % interval {format_share(strict.value, strict.low, strict.high)}; with doubtful "
        "counted as right "
        + format_share(final.ppv_lenient.value, final.ppv_lenient.low, final.ppv_lenient.high)
    )
    if reading.claim is not None:
        claim.metric("Claimed PPV", f"{100 * reading.claim.value:.1f} %")
        verdict = {True: "within", False: "outside", None: "not comparable with"}
        claim.caption(
            f"{escape_markdown(reading.claim.source)}; {verdict[final.claim_holds]} the intervals"
        )
    st.dataframe(
        [
            _build_row(name, audit)
            for name, audit in (*result.by_reader.items(), ("consensus", final))
        ],
        hide_index=True,
    )
    _render_agreement(project, reading, result)
    for stratum in final.strata:
        st.markdown(
            f"- {escape_markdown(stratum.stratum)}: {stratum.share.count} images, PPV "
            f"{format_share(stratum.within.value, stratum.within.low, stratum.within.high)}; "
            "without it "
            f"{format_share(stratum.without.value, stratum.without.low, stratum.without.high)}"
        )
    if result.estimate is not None:
        st.markdown(
            f"Of {reading.images:,} images with the label, about {result.estimate.wrong:,.0f} "
            f"({result.estimate.low:,.0f} to {result.estimate.high:,.0f}) are likely wrong."
        )
    image_findings.render_finding_form(
        project,
        dataset=reading.dataset,
        kind="labels",
        suggestion=label_reading.describe_result(reading, result),
        image_set=reading.set_id,
        key=f"audit_{reading.id}",
    )


def _build_row(name: str, audit: LabelAudit) -> dict[str, object]:
    strict = audit.ppv_strict
    return {
        "Reader": name,
        "Fine": audit.counts.fine,
        "Doubtful": audit.counts.doubtful,
        "Wrong": audit.counts.wrong,
        "Cannot tell": audit.counts.cannot_tell,
        "PPV": format_share(strict.value, strict.low, strict.high),
    }


def _render_agreement(project: Project, reading: LabelReading, result: ReadingResult) -> None:
    if result.comparison is None:
        return
    kappa = result.comparison.kappa.value
    shown = "not defined" if kappa is None else f"{kappa:.2f}"
    st.markdown(
        f"Readers agree on {result.comparison.both - len(result.comparison.disagreements)} of "
        f"{result.comparison.both} images; kappa {shown}."
    )
    if not result.open_images:
        return
    user = session.get_user()
    count = len(result.open_images)
    if not is_allowed(user, "adjudicate") or user.name in reading.readers:
        st.info(f"{count} images are open until an adjudicator settles them.")
        return
    st.subheader(f"Images to settle ({count})")
    image = result.open_images[0]
    image_set = registered_sets.get_set_by_id(project, reading.set_id)
    with st.container(horizontal=True, key="keys"):
        for label, key, verdict in BUTTONS:
            st.button(
                label,
                shortcut=get_shortcut(key),
                key=f"settle_{verdict}_{image}",
                on_click=partial(_settle, project, reading, image, verdict),
            )
    show_messages(SHEET_PLACE)
    image_sheets.render_zoom(
        registered_sets.require_root(image_set), reading.paths[image], key="settle_zoom"
    )
