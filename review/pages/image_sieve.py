"""Image sieve: images ranked by problem on sheets; a person rejects or keeps them by key."""

from functools import partial

import streamlit as st

from review.errors import ReviewError
from review.imaging.audit import SHEET_SIZE
from review.imaging.sieve import FEWEST_EXAMPLES, KINDS
from review.pages.widgets import image_findings, image_runs, image_sheets, session
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.messages import keep_message, show_messages, try_action
from review.pages.widgets.pending_work import ask_for_work
from review.text.wording import format_count
from review.workflow.imaging import archive_sieve, registered_sets
from review.workflow.imaging.archive_sieve import RankedImage, SieveRun
from review.workflow.imaging.registered_sets import RegisteredSet
from review.workflow.project.project import Project

PREFIX = "sieve_"
SHEET_PLACE = "sieve_sheet"
"""Where the page says what a key did on the sheet."""
RANKING_KEY = "sieve_asked"
ACTIONS = {
    "R": "reject",
    "K": "keep",
    "Z": "undo",
    "Enter": "rest",
    "ArrowLeft": "back",
    "ArrowRight": "forward",
}


def render_page(project: Project) -> None:
    """Draws the sheet in hand."""
    st.title("Image sieve")
    sets = {held.name: held for held in registered_sets.list_sets(project)}
    if not sets:
        st.info("No image sets yet. Add one on the page Image sets.")
        return
    name = st.selectbox("Image set", list(sets), key="sieve_set")
    image_set = sets[name]
    runs = {run.problem: run for run in archive_sieve.list_runs(project, image_set)}
    _render_run_buttons(project, image_set, ran=bool(runs))
    if not runs:
        st.info(
            "Nothing is ranked yet. The sieve learns from the folder itself: its images against "
            "copies that Funnel has rotated, inverted, mirrored or bordered."
        )
        return
    problem = st.segmented_control(
        "Problem",
        list(runs),
        default=next(iter(runs)),
        required=True,
        format_func=lambda key: _format_problem(runs[key]),
        key=f"sieve_problem_{image_set.id}",
    )
    run = runs[problem or next(iter(runs))]
    for warning in run.warnings:
        st.warning(escape_markdown(warning))
    _render_sheet(project, image_set, run)
    _render_rejects(project, image_set)


def _format_problem(run: SieveRun) -> str:
    name = run.problem.capitalize()
    return f"{name} (ranked)" if run.suspected is None else f"{name} ({run.suspected:,})"


def _render_run_buttons(project: Project, image_set: RegisteredSet, *, ran: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(
            "Rank images again" if ran else "Rank images",
            type="secondary" if ran else "primary",
            key="sieve_run",
            on_click=partial(ask_for_work, RANKING_KEY, (image_set.name, session.get_user().name)),
        )
    with st.expander("Teach another kind of problem"), st.form("teach", border=False):
        st.caption(
            f"Name the kind and mark at least {FEWEST_EXAMPLES} images of it, one path or file "
            "name a line. The detector then ranks all images, and your rejects teach it further."
        )
        st.text_input("Kind", placeholder="lateral", key="sieve_kind")
        st.text_area("Examples", height=100, key="sieve_examples")
        st.form_submit_button(
            "Teach and rank", on_click=partial(_teach, project, image_set, session.get_user().name)
        )
    show_messages("sieve_teaching")
    image_runs.run_pending(
        RANKING_KEY,
        partial(_rank, project),
        "Training the detectors and ranking every image",
    )


def _teach(project: Project, image_set: RegisteredSet, who: str) -> None:
    """Marks the examples of the form; the images are ranked by them when the page is drawn."""
    kind = str(st.session_state.get("sieve_kind") or "").strip()
    lines = str(st.session_state.get("sieve_examples") or "").splitlines()
    listed = dict.fromkeys(line.strip() for line in lines if line.strip())

    def mark() -> None:
        if kind in KINDS:
            raise ReviewError(f"{kind!r} has its own detector; choose another name")
        archive_sieve.mark_paths(project, image_set, who, kind, dict.fromkeys(listed, "reject"))
        ask_for_work(RANKING_KEY, (image_set.name, who, kind))

    try_action("sieve_teaching", mark)


def _rank(project: Project, wanted: tuple[str, ...]) -> None:
    """Ranks the images of a set, by the kind of problem that was taught if one was."""
    name, who, *kinds = wanted
    image_set = registered_sets.get_set(project, name)
    if kinds:
        archive_sieve.teach_kind(project, image_set, who, kinds[0])
    else:
        archive_sieve.run_sieve(project, image_set, who)


def _render_sheet(project: Project, image_set: RegisteredSet, run: SieveRun) -> None:
    sheet_key = f"sieve_sheet_{run.id}"
    last = (run.images - 1) // SHEET_SIZE
    number = min(st.session_state.setdefault(sheet_key, 0), last)
    ranked = archive_sieve.list_ranked(
        project, image_set, run, first=number * SHEET_SIZE + 1, most=SHEET_SIZE
    )
    chosen = image_sheets.get_chosen(PREFIX, len(ranked))
    st.markdown(
        f"**Sheet {number + 1:,} of {last + 1:,}**, the most suspect images first. A score is a "
        "rank, not a verdict: you decide, and no file is deleted."
    )
    if run.problem == "mirrored":
        st.caption("A mirrored film and situs inversus look alike.")
    with st.container(horizontal=True, key="keys"):
        for label, name in (("Reject (R)", "reject"), ("Keep (K)", "keep")):
            st.button(
                label,
                key=f"{PREFIX}{name}",
                on_click=partial(_mark, project, run, ranked, name),
            )
        st.button(
            image_sheets.format_button("Undo", "Z"),
            key=f"{PREFIX}undo",
            on_click=partial(_undo, project, image_set, run),
        )
        st.button(
            "Keep the rest, next (Enter)",
            type="primary",
            key=f"{PREFIX}rest",
            on_click=partial(_keep_rest, project, run, ranked, last),
        )
        st.button("Back", key=f"{PREFIX}back", on_click=partial(_turn, run, -1, last))
        st.button("Forward", key=f"{PREFIX}forward", on_click=partial(_turn, run, 1, last))
    show_messages(SHEET_PLACE)
    try:
        root = registered_sets.require_root(image_set)
    except ReviewError as error:
        st.warning(escape_markdown(str(error)))
        return
    image_sheets.render_sheet(
        root,
        [image.path for image in ranked],
        [_format_caption(image) for image in ranked],
        [image.verdict for image in ranked],
        chosen,
    )
    image_sheets.render_tile_buttons(PREFIX, len(ranked), chosen)
    st.caption(
        "Keys: 1–9 and a–i choose an image; R rejects it, K keeps it; Z undoes; Enter keeps the "
        "rest and turns the page."
    )
    if chosen is not None:
        image_sheets.render_zoom(root, ranked[chosen].path, key="sieve_zoom")
    marked = sum(image.verdict is not None for image in ranked)
    image_sheets.render_key_script(
        PREFIX, ACTIONS, len(ranked), f"{run.id} {number} {chosen} {marked}"
    )


def _format_caption(image: RankedImage) -> str:
    verdict = {"reject": "rejected", "keep": "kept", None: "not marked"}[image.verdict]
    return f"{image.score:.2f} {verdict} {image.path}"


def _mark(project: Project, run: SieveRun, ranked: list[RankedImage], verdict: str) -> None:
    place = image_sheets.get_chosen(PREFIX, len(ranked))
    if place is None:
        keep_message(SHEET_PLACE, "Choose an image first: press its key.", "caption")
        return
    _save(project, run, [ranked[place]], verdict)


def _keep_rest(project: Project, run: SieveRun, ranked: list[RankedImage], last: int) -> None:
    if _save(project, run, [image for image in ranked if image.verdict is None], "keep"):
        _turn(run, 1, last)


def _save(project: Project, run: SieveRun, images: list[RankedImage], verdict: str) -> bool:
    try:
        archive_sieve.mark_images(
            project,
            session.get_user().name,
            run.problem,
            {image.image: verdict for image in images},
            {image.image: image.score for image in images},
        )
    except ReviewError as error:
        keep_message(SHEET_PLACE, str(error), "warning")
        return False
    return True


def _undo(project: Project, image_set: RegisteredSet, run: SieveRun) -> None:
    count = archive_sieve.undo_marks(project, image_set, session.get_user().name, run.problem)
    message = f"Undone: {format_count(count, 'image')}." if count else "Nothing to undo."
    keep_message(SHEET_PLACE, message, "caption")


def _turn(run: SieveRun, offset: int, last: int) -> None:
    key = f"sieve_sheet_{run.id}"
    st.session_state[key] = min(max(st.session_state.get(key, 0) + offset, 0), last)
    st.session_state[f"{PREFIX}chosen"] = None


def _render_rejects(project: Project, image_set: RegisteredSet) -> None:
    marks = archive_sieve.list_marks(project, image_set)
    rejected = [mark for mark in marks if mark["verdict"] == "reject"]
    st.subheader(f"Rejected images ({len({mark['path'] for mark in rejected})})")
    if not rejected:
        return
    table = [
        {
            "Path": mark["path"],
            "Problem": mark["problem"],
            "Score": mark["score"],
            "Rejected by": mark["who"],
            "When": mark["at"][:10],
            "SHA-256": mark["sha256"],
        }
        for mark in rejected
    ]
    st.dataframe(table, hide_index=True)
    groups = archive_sieve.compare_rejected(project, image_set)
    if groups:
        st.markdown("**The rejected images beside the rest.** Rejecting can bias a set as well.")
        st.dataframe(
            [
                {
                    "Attribute": group.attribute,
                    "Value": group.value,
                    "Rejected": _round(group.rejected),
                    "Rest": _round(group.rest),
                    "Rejected, n": group.rejected_n,
                    "Rest, n": group.rest_n,
                }
                for group in groups
            ],
            hide_index=True,
        )
    image_findings.render_finding_form(
        project,
        dataset=image_set.dataset,
        kind="bad images",
        suggestion=archive_sieve.describe_rejects(project, image_set) or "",
        image_set=image_set.id,
        key=f"sieve_{escape_markdown(image_set.name)}",
    )


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
