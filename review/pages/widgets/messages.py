"""What a press has to tell its reader: kept by the callback, shown once at the next drawing.

Streamlit runs a callback before it draws the page, and drops what a callback draws itself.
"""

from collections.abc import Callable
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from review.errors import ReviewError
from review.pages.widgets.highlighting import escape_markdown

MessageKind = Literal["success", "warning", "error", "caption"]


def keep_message(place: str, text: str, kind: MessageKind = "success") -> None:
    """Keeps a sentence for a place of a page until it is drawn.

    Args:
        place: name of the part of the page that shows it, as given to `show_messages`.
    """
    st.session_state.setdefault(f"messages_{place}", []).append((kind, text))


def show_messages(place: str) -> None:
    """Draws what was kept for a place, once."""
    for kind, text in take_messages(place):
        getattr(st, kind)(escape_markdown(text))


def take_messages(place: str) -> list[tuple[MessageKind, str]]:
    """What was kept for a place, for a page that draws it in a line of its own; it is taken out."""
    return st.session_state.pop(f"messages_{place}", [])  # type: ignore[no-any-return]


def has_messages(place: str) -> bool:
    """Whether something is kept for a place."""
    return f"messages_{place}" in st.session_state


def show_beside_keys(place: str, line: DeltaGenerator, always: str = "") -> None:
    """Draws what the last key did in a line that is there already, so that nothing below it moves,
    and problems below that line, once.

    Args:
        always: what the line has where no key did anything; nothing is drawn where it is empty.
    """
    messages = take_messages(place)
    effects = [escape_markdown(text) for kind, text in messages if kind in ("caption", "success")]
    if effects or always:
        line.caption(
            effects[-1] if effects else always, width="content" if not always else "stretch"
        )
    for kind, text in messages:
        if kind in ("warning", "error"):
            getattr(st, kind)(escape_markdown(text))


def try_action(place: str, action: Callable[[], str | None]) -> None:
    """Carries out what was pressed.

    Args:
        place: where the page says what came of it.
        action: gives the sentence to show, if any; a ReviewError of it becomes a warning.
    """
    try:
        text = action()
    except ReviewError as error:
        keep_message(place, str(error), "warning")
        return
    if text:
        keep_message(place, text)
