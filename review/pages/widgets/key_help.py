"""The list of keys, opened with ? on every page: each can be switched off; text size beside it."""

from functools import partial

import streamlit as st

from review.pages.widgets import preferences, record_text, session
from review.pages.widgets.messages import show_messages, try_action
from review.pages.widgets.preferences import TEXT_SIZES
from review.workflow.project.accounts import is_allowed

KEYS_BY_PAGE: dict[str, tuple[tuple[str, str], ...]] = {
    "Screening": (
        ("I", "Include"),
        ("E", "Exclude"),
        ("M", "Maybe"),
        ("N", "Add a note"),
        ("T", "Tags and team notes"),
        ("D", "Mark as a duplicate"),
        ("Z", "Undo the last decision"),
        ("← →", "Back through your decisions, and forward again"),
        ("↑ ↓", "In a list: choose another record"),
        ("→", "In a list: the next list"),
    ),
    "Duplicates": (
        ("Y", "Same"),
        ("N", "Different"),
        ("P", "Preprint of"),
        ("L", "Later"),
        ("Z", "Undo"),
    ),
    "Conflicts and consensus": (
        ("1 to 9", "Accept an answer, or choose a reason for exclusion"),
        ("0", "Exclude without a reason"),
    ),
    "Appraisal": (
        ("Y", "Yes"),
        ("N", "No"),
        ("P", "Partly, or probably yes"),
        ("O", "Probably no"),
        ("I", "No information"),
        ("A", "Not applicable"),
        ("U", "Unsure"),
        ("Q", "Use the selected text of the paper as quote"),
        ("← →", "Previous and next question"),
        ("Ctrl+Enter", "Next unanswered question"),
        ("Alt+Q", "Use the first suggested sentence as quote"),
        ("Ctrl+Shift+Enter", "Finish the form"),
        ("PageUp PageDown", "Turn the pages of the paper"),
    ),
    "Bias": (
        ("Y", "Confirm the flag"),
        ("N", "Dismiss the flag"),
        ("Z", "Take back the last verdict"),
        ("← →", "Previous and next flag"),
    ),
    "Label audit and image sieve": (
        ("1 to 9, a to i", "Choose an image"),
        ("W", "Wrong"),
        ("D", "Doubtful"),
        ("F", "Fine"),
        ("X", "Cannot tell"),
        ("S", "Stratum"),
        ("R", "Reject"),
        ("K", "Keep"),
        ("Z", "Undo"),
    ),
    "Everywhere": (("?", "Show this list"), ("Esc", "Close a box")),
}
"""Page -> keys and what they do. Other answers show their own key on the button."""
OWN_WORDS_PLACE = "own_words"
DIGITS = "123456789"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
ALL_KEYS = f"{LETTERS}0{DIGITS}?"
"""Every single key; all are off where the person works without them."""
HIGHLIGHT_LABELS = {
    "include": "Mark the protocol's words for inclusion (green)",
    "exclude": "Mark the protocol's words for exclusion (red)",
    "search": "Mark the words of the search query (blue)",
    "own": "Mark my own words (violet)",
}
"""Each of preferences.HIGHLIGHT_KINDS -> its switch."""


def get_switchable_keys(name: str) -> str:
    """The single characters behind an entry, which can be switched off; empty for other keys."""
    if name == "1 to 9":
        return DIGITS
    return name.casefold() if len(name) == 1 and name.isascii() else ""


def render_key_help() -> None:
    """Draws the small button in the corner that opens the list; ? presses it."""
    with st.container(key="show_keys"):
        st.button(
            "?",
            help="Keys, text size and marked words",
            on_click=_open_help,
            key="show_keys_button",
        )
    if st.session_state.get("key_help_open"):
        _show_help()


def _open_help() -> None:
    st.session_state["key_help_open"] = True


def _close_help() -> None:
    st.session_state["key_help_open"] = False


@st.dialog("Keys, text size and marked words", width="medium", on_dismiss=_close_help)
def _show_help() -> None:
    settings = preferences.get_preferences()
    sizes = list(TEXT_SIZES)
    current = next((n for n in sizes if TEXT_SIZES[n] == settings.text_size), "Normal")
    st.segmented_control(
        "Text size",
        sizes,
        default=current,
        required=True,
        key="help_text_size",
        on_change=_save_text_size,
    )
    st.caption("Colours follow your system: light or dark.")
    st.checkbox(
        "Show the words that rank a record higher while I screen",
        value=settings.ranking_words,
        key="help_ranking_words",
        on_change=_switch_ranking_words,
    )
    for kind, label in HIGHLIGHT_LABELS.items():
        st.checkbox(
            label,
            value=settings.is_highlighted(kind),
            key=f"help_highlight_{kind}",
            on_change=partial(_switch_highlight, kind),
        )
    _render_own_words()
    st.checkbox(
        "Single keys work: letters, digits and ?",
        value=settings.keys_off != ALL_KEYS,
        key="help_all_keys",
        on_change=_switch_all_keys,
    )
    if settings.keys_off != ALL_KEYS:
        _render_key_change()
        st.caption("Untick a key to switch it off.")
    for page, entries in KEYS_BY_PAGE.items():  # a key of several pages has a switch on each
        st.markdown(f"**{page}**")
        for name, meaning in entries:
            characters = get_switchable_keys(name)
            label = f"`{_name_key(name)}` {meaning}"
            if not characters:
                st.markdown(label)
                continue
            switch = f"help_key_{page}_{name}"
            st.session_state[switch] = characters[0] not in settings.keys_off
            st.checkbox(label, key=switch, on_change=partial(_switch_key, switch, characters))
    preferences.render_display_settings()


def _render_own_words() -> None:
    """The words that a person marks for themselves in the review that is open."""
    if not is_allowed(session.get_user(), "read"):
        return
    project = session.load_project()
    st.text_area(
        "My own words to mark (one per line)",
        value="\n".join(record_text.load_own_words(project)),
        help="A trailing * marks every word with that stem. Only you see them, in this review.",
        height=96,
        key="help_own_words",
        on_change=_save_own_words,
    )
    show_messages(OWN_WORDS_PLACE)


def _save_own_words() -> None:
    text = str(st.session_state["help_own_words"])
    try_action(OWN_WORDS_PLACE, lambda: record_text.save_own_words(session.load_project(), text))


def _name_key(name: str) -> str:
    """The key that does the work of an entry: the person's own, where they changed it."""
    usual = get_switchable_keys(name)
    if len(usual) != 1:
        return name
    return preferences.get_preferences().get_key(usual).upper()


def _list_changeable_keys() -> dict[str, str]:
    """Usual letter -> what it does, page by page."""
    meanings: dict[str, list[str]] = {}
    for entries in KEYS_BY_PAGE.values():
        for name, meaning in entries:
            usual = get_switchable_keys(name)
            if usual and usual in LETTERS and meaning not in meanings.setdefault(usual, []):
                meanings[usual].append(meaning)
    return {usual: " / ".join(listed) for usual, listed in meanings.items()}


def _render_key_change() -> None:
    """Puts another letter in the place of one; the two exchange what they do."""
    changeable = _list_changeable_keys()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        usual = st.selectbox(
            "Change a key",
            list(changeable),
            index=None,
            placeholder="Choose a key",
            format_func=lambda action: f"{_name_key(action)} · {changeable[action]}",
            key="help_change_from",
            width=260,
        )
        st.selectbox(
            "New key",
            [letter.upper() for letter in LETTERS],
            index=None,
            placeholder="Letter",
            key="help_change_to",
            width=110,
        )
        st.button("Change", disabled=usual is None, on_click=_change_key, key="help_change")
        if preferences.get_preferences().keys_changed:
            st.button("Usual keys again", on_click=_restore_keys, key="help_change_back")
    st.caption("What the new letter did before moves to the old one.")


def _change_key() -> None:
    usual, letter = st.session_state.get("help_change_from"), st.session_state.get("help_change_to")
    if usual and letter:
        pairs = preferences.exchange_keys(
            preferences.get_preferences().keys_changed, usual, letter.casefold()
        )
        preferences.change_preferences(keys_changed=pairs)
        st.session_state["help_change_from"] = st.session_state["help_change_to"] = None


def _restore_keys() -> None:
    preferences.change_preferences(keys_changed="")


def _switch_all_keys() -> None:
    is_on = bool(st.session_state["help_all_keys"])
    preferences.change_preferences(keys_off="" if is_on else ALL_KEYS)


def _save_text_size() -> None:
    preferences.change_preferences(text_size=TEXT_SIZES[st.session_state["help_text_size"]])


def _switch_ranking_words() -> None:
    preferences.change_preferences(ranking_words=bool(st.session_state["help_ranking_words"]))


def _switch_highlight(kind: str) -> None:
    kept = preferences.get_preferences().highlights_off.replace(kind[0], "")
    is_on = bool(st.session_state[f"help_highlight_{kind}"])
    preferences.change_preferences(highlights_off=kept if is_on else kept + kind[0])


def _switch_key(widget: str, characters: str) -> None:
    kept = "".join(c for c in preferences.get_preferences().keys_off if c not in characters)
    is_on = bool(st.session_state[widget])
    preferences.change_preferences(keys_off=kept if is_on else kept + characters)
