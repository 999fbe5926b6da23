"""One question at a time: guidance, answer keys, quote, page, comment; shared by two pages."""

import html
from collections.abc import Mapping
from functools import partial

import streamlit as st

from review.checklists import (
    JOIN,
    NONE,
    OVERALL,
    PARTS,
    UNSURE,
    Asked,
    Option,
    label_of,
    parts,
)
from review.errors import ReviewError
from review.models import Answer
from review.pages.widgets import pdf_viewer, session
from review.scoring import Judgement
from review.workflow.appraisal import forms
from review.workflow.appraisal.forms import Form, Given, asked_now
from review.workflow.project.project import Project

CHIP = {
    "low": ("#2e7d32", "Low"),
    "unclear": ("#a06a00", "Unclear"),
    "high": ("#b3261e", "High"),
    "at-risk": ("#b3261e", "At risk"),
    "not-judged": ("#666", "Not judged"),
    None: ("#767676", "open"),
}
"""Judgement -> colour with a contrast of 4.5 to 1 on white, and word; never colour alone."""
GRID = {"answered": "#3a7d44", "unsure": "#c88a12", "open": "#d5d5d5", "optional": "#efefef"}

Words = tuple[str | None, int | None, str | None]
"""Quote, page, comment."""
SLIM = """<style>
:is([class*="st-key-answer_"], [class*="st-key-filling_"], [class*="st-key-paper_"],
[class*="st-key-evidence_"], .st-key-appraisal_back) button {
padding-left: .35rem; padding-right: .35rem; gap: .25rem;}
[class*="st-key-filling_jump"] {min-width: 7rem;}
</style>"""
"""Room for the words on buttons of a small screen, beside their keys."""
SQUARE = "display:inline-block;width:.62rem;height:.62rem;margin:0 .14rem;border-radius:2px"


def wanted_keys(form: Form) -> list[str]:
    """Keys of the form in the order they are asked."""
    return [asked.key for asked in asked_now(form.checklist, form.entries)]


def place_name(form: Form) -> str:
    """Session key that holds which question of this form is open."""
    return f"at_{form.report}_{form.checklist.id}"


def current(form: Form) -> Asked:
    """The question that is open: the one chosen, else the first unanswered."""
    every = {asked.key: asked for asked in asked_now(form.checklist, form.entries)}
    chosen = st.session_state.get(place_name(form))
    if chosen not in every:
        chosen = next_open(form, None) or next(iter(every))
        st.session_state[place_name(form)] = chosen
    return every[chosen]


def next_open(form: Form, after: str | None) -> str | None:
    """The next unanswered question after one, going round; then the next unsure; None if none."""
    every = asked_now(form.checklist, form.entries)
    keys = [asked.key for asked in every]
    start = keys.index(after) + 1 if after in keys else 0
    turned = every[start:] + every[:start]
    for asked in turned:
        if asked.key not in form.entries and not asked.optional:
            return asked.key
    unsure = [a.key for a in turned if _said(form, a.key) == UNSURE and a.key != after]
    return unsure[0] if unsure else None


def _said(form: Form, key: str) -> str | None:
    entry = form.entries.get(key)
    return entry.answer if entry else None


def draw(project: Project, form: Form) -> None:
    """Draws the open question of a form."""
    st.html(SLIM)
    asked = current(form)
    _load(form, asked)
    if any(section.judgement for section in form.checklist.sections):
        _judgements(form)
    _grid(form, asked)
    _question(form, asked)
    _problem()
    if form.finished:
        st.info("This form is finished. Open it again to change it.")
    _answers(project, form, asked)
    _words(project, form, asked)
    _turn(form, asked)


def _load(form: Form, asked: Asked) -> None:
    """Fills the boxes with what is stored, when another question is opened."""
    now = _place(form, asked)
    entry = _kept(form, asked.key)
    if st.session_state.get("filling_open") == now and not _changed_elsewhere(entry):
        return
    st.session_state["filling_open"] = now
    st.session_state["filling_quote"] = (entry.quote if entry else None) or ""
    st.session_state["filling_page"] = entry.page if entry else None
    st.session_state["filling_comment"] = (entry.comment if entry else None) or ""
    st.session_state["filling_typed"] = _typed(asked, entry)
    _loaded(entry)
    st.session_state.pop("filling_waits", None)
    if entry and entry.page:
        pdf_viewer.go_to(entry.page)


def _place(form: Form, asked: Asked) -> tuple[int, str, str]:
    """Names a question of a form: report, checklist, key."""
    return form.report, form.checklist.id, asked.key


def _kept(form: Form, key: str) -> Answer | None:
    """What is stored for a question: its answer, or the words kept without one."""
    return form.entries.get(key) or form.drafts.get(key)


def _boxes() -> Words:
    """Quote, page and comment as they stand in the boxes."""
    state = st.session_state
    return (
        state.get("filling_quote") or None, state.get("filling_page"),
        state.get("filling_comment") or None,
    )  # fmt: skip


def _loaded(entry: Answer | None) -> None:
    """Notes which stored row the boxes show, so that words of another tab are not undone."""
    st.session_state["filling_row"] = (entry.id if entry else None, _boxes())


def _changed_elsewhere(entry: Answer | None) -> bool:
    """Whether another tab has stored something newer while nothing was typed into these boxes."""
    row, words = st.session_state.get("filling_row", (None, None))
    return bool((entry.id if entry else None) != row and words == _boxes())


def _typed(asked: Asked, entry: Answer | None) -> str:
    if entry is None or entry.answer is None or asked.choose not in ("text", "number"):
        return ""
    return "" if entry.answer in (UNSURE, *(o.id for o in asked.options)) else entry.answer


def _grid(form: Form, asked: Asked) -> None:
    """Progress by section: one small square a question."""
    every = asked_now(form.checklist, form.entries)
    titles = {"": "About the study"} | {s.id: s.title for s in form.checklist.sections}
    groups: dict[str, list[str]] = {}
    for one in every:
        said = _said(form, one.key)
        word = "unsure" if said == UNSURE else "answered" if said else "open"
        word = "optional" if word == "open" and one.optional else word
        ring = "outline:2px solid #1f4e9c;outline-offset:1px;" if one.key == asked.key else ""
        tip = html.escape(f"{one.number} {one.name}: {word}".strip(), quote=True)
        square = f'<span title="{tip}" style="{SQUARE};background:{GRID[word]};{ring}"></span>'
        groups.setdefault(one.section, []).append(square)
    shown = "".join(
        '<span style="margin-right:.7rem;white-space:nowrap" '
        f'title="{html.escape(titles.get(section, ""), quote=True)}">{"".join(squares)}</span>'
        for section, squares in groups.items()
    )
    st.html(f'<div style="line-height:1.5">{shown}</div>')


def _question(form: Form, asked: Asked) -> None:
    titles = {s.id: s.title for s in form.checklist.sections}
    given, total = forms.counted(form.checklist, form.entries)
    part = titles.get(asked.section, "About the study" if not asked.section else "Overall")
    here = [a for a in asked_now(form.checklist, form.entries) if a.section == asked.section]
    done = sum(a.key in form.entries for a in here)
    st.caption(f"{part}: {done} of {len(here)} · {given} of {total} answered")
    number = f"{asked.number}&ensp;" if asked.number else ""
    st.markdown(f"#### {number}{asked.name}")
    st.markdown(asked.question)
    if asked.guidance:
        st.caption(asked.guidance)


def _judgements(form: Form) -> None:
    """The domains side by side, those of bias before those of applicability; both overall below."""
    titles = {s.id: s.title for s in form.checklist.sections}
    cells, overall = [], []
    for part, name in PARTS.items():
        for one in form.result.judgements:
            if one.part == part and one.section == OVERALL:
                overall.append(f"{name} overall: {_word(one)}")
            elif one.part == part:
                cells.append(_chip(name, titles.get(one.section, one.section), one))
    st.html(
        '<div style="display:grid;grid-auto-flow:column;grid-auto-columns:minmax(0,1fr);gap:.3rem;'
        f'font-size:.74rem">{"".join(cells)}</div>'
        f'<div style="font-size:.8rem;margin-top:.35rem">{" · ".join(overall)}</div>'
    )


def _word(one: Judgement) -> str:
    """A judgement as a coloured word, with what it rests on."""
    colour, word = CHIP.get(one.final, CHIP[None])
    note = "proposed" if one.given is None and one.final is not None else ""
    note = "changed" if one.overridden else note
    return f'<b style="color:{colour}">{word}</b> <i style="color:#666">{note}</i>'


def _chip(part: str, title: str, one: Judgement) -> str:
    colour, word = CHIP.get(one.final, CHIP[None])
    why = html.escape(f"{part}, {title}: {word}. {one.reason or ''}", quote=True)
    kind = "Bias" if one.part == "judgement" else "Applicability"
    return (
        f'<div title="{why}" style="border-top:4px solid {colour};padding-top:.2rem;'
        'line-height:1.25;overflow:hidden;text-overflow:ellipsis">'
        f'<div style="color:#666;overflow:hidden;text-overflow:ellipsis">{kind}</div>'
        f'<div style="overflow:hidden;text-overflow:ellipsis">{html.escape(title)}</div>'
        f"{_word(one)}</div>"
    )


def _problem() -> None:
    said = st.session_state.pop("filling_problem", None)
    if said:
        st.warning(said)


def _answers(project: Project, form: Form, asked: Asked) -> None:
    """The answer buttons with their keys; a typed answer above them."""
    said = _said(form, asked.key)
    proposed = next((j.proposed for j in form.result.judgements if j.key == asked.key), None)
    if proposed is not None and said is None:
        st.caption(f"The answers propose **{CHIP[proposed][1].lower()}**.")
    if asked.choose in ("text", "number"):
        label = f"Answer ({asked.unit})" if asked.unit else "Answer"
        save = partial(_save_typed, project, form, asked)
        st.text_input(label, key="filling_typed", on_change=save, disabled=form.finished)
    chosen = () if said in (None, UNSURE) else parts(said)
    options = [*asked.options, Option(id=UNSURE, label="Unsure", key="U")]
    if asked.choose == "many":
        options.insert(-1, Option(id=NONE, label="None of these", key="0"))
    widest = max(len(option.label) + (4 if option.points is not None else 0) for option in options)
    columns = next(n for most, n in ((8, 4), (16, 3), (24, 2), (999, 1)) if widest <= most)
    columns = min(columns, len(options))
    rows = [options[n : n + columns] for n in range(0, len(options), columns)]
    for row in rows:
        for place, option in zip(st.columns(columns), row, strict=False):
            on = option.id in chosen or option.id == said
            mark = "" if option.points is None else f"{option.points:+d} · ".replace("+0", "0")
            place.button(
                f"{mark}{option.label}",
                key=f"answer_{asked.key}_{option.id}",  # a late click never meets the next question
                shortcut=option.key.lower() if option.key else None,
                type="primary" if on else "secondary",
                on_click=partial(_pick, project, form, asked, option.id),
                disabled=form.finished,
                width="stretch",
            )


def _pick(project: Project, form: Form, asked: Asked, option: str) -> None:
    """Takes an answer to the question that is open; a button of the one before, pressed while the
    page changes, does nothing. Picking the answer that is given already, and shown so, withdraws
    it."""
    if st.session_state.get("filling_open") not in (None, _place(form, asked)):
        return
    seen, stored = _said(form, asked.key), _fresh(project, form)
    said = _said(stored, asked.key)
    if asked.choose == "many" and option not in (UNSURE, NONE):
        shown, before = (set(parts(a)) if a not in (None, UNSURE) else set() for a in (seen, said))
        after = before - {option} if option in shown else before | {option}
        order = [o.id for o in asked.options if o.id in after]
        _save(project, stored, asked, JOIN.join(order) or None)
        return
    _save(project, stored, asked, None if option == seen == said else option)
    if asked.choose in ("text", "number"):
        st.session_state["filling_typed"] = ""


def _fresh(project: Project, form: Form) -> Form:
    """A form as it is stored now: a second tab, or a key pressed before the page was drawn anew,
    may have changed it since it was shown."""
    return forms.open_form(project, form.report, form.checklist.id, form.reviewer)


def _save_typed(project: Project, form: Form, asked: Asked) -> None:
    _save(project, _fresh(project, form), asked, st.session_state["filling_typed"])


def _save(project: Project, form: Form, asked: Asked, answer: str | None) -> None:
    """Saves an answer with its words over the form as it is stored."""
    state = st.session_state
    stored = _kept(form, asked.key)
    words = _merged(stored)
    if answer is None and stored is None and not any(words):
        return
    try:
        given = Given(form.report, form.checklist.id, asked.key, answer, *words)
        after = forms.answer(project, given, session.person().name)
    except ReviewError as error:
        state["filling_problem"] = str(error)
        if asked.key.split(":")[0] in PARTS:
            state["filling_waits"] = answer
        return
    state.pop("filling_waits", None)
    if words == _boxes():
        _loaded(_kept(after, asked.key))
    else:
        state.pop("filling_open", None)
    if answer is not None and state.get("filling_on") and asked.choose != "many":
        go_on(after, asked.key)


def _merged(stored: Answer | None) -> Words:
    """The words to save: a box nobody touched keeps what another tab stored meanwhile."""
    row, before = st.session_state.get("filling_row", (None, None))
    if stored is None or before is None or stored.id == row:
        return _boxes()
    quote, page, comment = _boxes()
    return (
        stored.quote if quote == before[0] else quote,
        stored.page if page == before[1] else page,
        stored.comment if comment == before[2] else comment,
    )


def _words(project: Project, form: Form, asked: Asked) -> None:
    """Quote, page and comment; saved as soon as they change, before an answer or after it."""
    waits = st.session_state.get("filling_waits")
    save = partial(_save_words, project, form, asked)
    st.text_area(
        "Quote", key="filling_quote", height=76, disabled=form.finished,
        placeholder="Copy from the page and paste here, or take a sentence below",
        on_change=partial(_quoted, project, form, asked),
    )  # fmt: skip
    narrow, wide = st.columns([1, 4])
    narrow.number_input(
        "Page", key="filling_page", min_value=1, step=1, on_change=save, disabled=form.finished
    )
    wide.text_input(
        f"Why {CHIP[waits][1].lower()}? One sentence" if waits in CHIP and waits else "Comment",
        key="filling_comment", on_change=save, disabled=form.finished,
    )  # fmt: skip


def _quoted(project: Project, form: Form, asked: Asked) -> None:
    found = pdf_viewer.place_of(project, form.report, st.session_state["filling_quote"])
    if found:
        st.session_state["filling_page"] = found[0]
        pdf_viewer.go_to(found[0])
    _save_words(project, form, asked)


def _save_words(project: Project, form: Form, asked: Asked) -> None:
    """Saves the words, with the answer where there is one; without, they wait for it."""
    form = _fresh(project, form)
    answer = st.session_state.get("filling_waits") or _said(form, asked.key)
    on, st.session_state["filling_on"] = st.session_state.get("filling_on"), False
    _save(project, form, asked, answer)
    st.session_state["filling_on"] = on


def take_quote(project: Project, form: Form, asked: Asked, text: str, page: int | None) -> None:
    """Puts a sentence into the quote box, and saves it where the question is answered."""
    if form.finished:
        return
    st.session_state["filling_quote"] = text
    st.session_state["filling_page"] = page
    if page:
        pdf_viewer.go_to(page)
    _save_words(project, form, asked)


def go_on(form: Form, key: str) -> None:
    """Opens the next unanswered question."""
    following = next_open(form, key)
    if following:
        st.session_state[place_name(form)] = following


def _go(form: Form, key: str) -> None:
    st.session_state[place_name(form)] = key


def _turn(form: Form, asked: Asked) -> None:
    """Before, after, any question, and on to the next open one."""
    keys = wanted_keys(form)
    at = keys.index(asked.key)
    names = {a.key: f"{a.number} {a.name}".strip() for a in asked_now(form.checklist, form.entries)}
    marks = {UNSURE: "?", None: "○"}
    back, pick, forth, on = st.columns([1.2, 3.6, 1.2, 4], vertical_alignment="bottom")
    back.button(
        "", shortcut="Left", key="filling_back", width="stretch",
        on_click=partial(_go, form, keys[at - 1]), disabled=at == 0, help="Question before",
    )  # fmt: skip
    forth.button(
        "", shortcut="Right", key="filling_forth",
        on_click=partial(_go, form, keys[min(at + 1, len(keys) - 1)]), width="stretch",
        disabled=at == len(keys) - 1, help="Question after",
    )  # fmt: skip
    jump = f"filling_jump_{form.report}_{form.checklist.id}_{asked.key}"
    pick.selectbox(
        "Go to", keys, index=at, key=jump, label_visibility="collapsed",
        format_func=lambda key: f"{marks.get(_said(form, key), '✓')} {names[key]}",
        on_change=lambda: _go(form, st.session_state[jump]),
    )  # fmt: skip
    following = next_open(form, asked.key)
    on.button(
        "Next", help="Next open question", shortcut="Ctrl+Enter", key="filling_next",
        on_click=partial(go_on, form, asked.key), disabled=following is None, width="stretch",
    )  # fmt: skip


def quotes_taken(own: Mapping[str, Form]) -> list[tuple[str, int | None, str]]:
    """Quotes of one's own forms for a report, newest first: text, page, where it was used."""
    found: dict[str, tuple[int, int | None, list[str]]] = {}
    for form in own.values():
        names = {a.key: a.number or a.name for a in asked_now(form.checklist, form.entries)}
        for key, entry in form.entries.items():
            if entry.quote:
                used = f"{form.checklist.short} {names.get(key, key)}"
                newest, page, where = found.get(entry.quote, (0, entry.page, []))
                found[entry.quote] = (max(newest, entry.id), page, [*where, used])
    ranked = sorted(found.items(), key=lambda one: -one[1][0])
    return [(quote, page, ", ".join(where)) for quote, (_, page, where) in ranked]


def told(asked: Asked, entry: Answer | None) -> str:
    """An answer in words."""
    return label_of(asked, entry.answer if entry else None)
