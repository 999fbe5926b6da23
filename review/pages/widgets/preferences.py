"""How the app looks and answers to keys for one person: kept in a cookie of their browser."""

import re
from dataclasses import dataclass, replace

import streamlit as st

COOKIE = "funnel_display"
SIDEBAR_COOKIE = "funnel_sidebar"
"""Whether the side bar was folded last: folded or open; the page's script keeps it."""
TEXT_SIZES = {"Small": 90, "Normal": 100, "Large": 115, "Largest": 130}
"""Name -> size of all text (per cent)."""
_STATE_KEY, _UNSAVED_KEY = "preferences", "preferences_unsaved"
LIST_SIZES = (0, 25, 50)
"""Abstracts on one page of Screening; 0: one record at a time."""
HIGHLIGHT_KINDS = ("include", "exclude", "search", "own")
"""Lists of words that are marked in titles and abstracts; each can be switched off."""
_FORM = re.compile(
    r"(\d{2,3})\.([01])\.([a-z0-9?]{0,40})"
    r"(?:\.(\d{1,2})\.([ieso]{0,4})(?:\.([01])(?:\.((?:[a-z]{2}){0,26}))?)?)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """One person's settings on one computer."""

    text_size: int = 100
    auto_advance: bool = True
    """Whether an answer opens the next question."""
    keys_off: str = ""
    """Single keys that do nothing, each a character. Source: WCAG 2.1, 2.1.4."""
    list_size: int = 0
    """One of LIST_SIZES."""
    highlights_off: str = ""
    """Lists of words that are not marked, each by its first letter."""
    ranking_words: bool = True
    """Whether the words that rank a record higher are shown beside it."""
    keys_changed: str = ""
    """Pairs of letters: a usual key and the one that now does its work. Every letter that occurs is
    once on either side, so that no two keys of a page can meet."""

    def is_highlighted(self, kind: str) -> bool:
        """Whether the words of one of HIGHLIGHT_KINDS are marked."""
        return kind[0] not in self.highlights_off

    def get_key(self, usual: str) -> str:
        """The single key that now does the work of a usual one."""
        return _split_pairs(self.keys_changed).get(usual, usual)


def _split_pairs(pairs: str) -> dict[str, str]:
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def exchange_keys(pairs: str, usual: str, key: str) -> str:
    """The pairs after the work of a usual key has moved to another letter; what that letter did
    moves to the letter that has become free.

    Args:
        pairs: as in Preferences.keys_changed.
        usual: the usual key of the work.
        key: a letter from a to z.
    """
    changed = _split_pairs(pairs)
    before = changed.get(usual, usual)
    other = next((name for name, now in changed.items() if now == key), key)
    changed |= {other: before, usual: key}
    return "".join(name + now for name, now in sorted(changed.items()) if name != now)


def parse_preferences(text: str | None) -> Preferences:
    """The settings in a cookie; the usual ones where it is missing or not ours."""
    match = _FORM.fullmatch(text) if isinstance(text, str) else None
    if match is None or int(match.group(1)) not in TEXT_SIZES.values():
        return Preferences()
    size, advance, keys_off, list_size, highlights_off, words, pairs = match.groups()
    pairs = pairs or ""
    if sorted(pairs[::2]) != sorted(pairs[1::2]) or len(set(pairs[::2])) != len(pairs) // 2:
        pairs = ""
    return Preferences(
        text_size=int(size),
        auto_advance=advance == "1",
        keys_off=keys_off,
        list_size=number if (number := int(list_size or 0)) in LIST_SIZES else 0,
        highlights_off=highlights_off or "",
        ranking_words=words != "0",
        keys_changed=pairs,
    )


def format_preferences(preferences: Preferences) -> str:
    """The settings as text for a cookie."""
    parts = (
        preferences.text_size,
        int(preferences.auto_advance),
        preferences.keys_off,
        preferences.list_size,
        preferences.highlights_off,
        int(preferences.ranking_words),
        preferences.keys_changed,
    )
    return ".".join(map(str, parts))


def get_preferences() -> Preferences:
    """The settings of the person at this browser."""
    stored = st.session_state.get(_STATE_KEY)
    if isinstance(stored, Preferences):
        return stored
    preferences = parse_preferences(st.context.cookies.get(COOKIE))
    st.session_state[_STATE_KEY] = preferences
    return preferences


def change_preferences(**changes: int | bool | str) -> None:
    """Changes some settings, for this tab at once and for this browser from now on."""
    st.session_state[_STATE_KEY] = replace(get_preferences(), **changes)  # type: ignore[arg-type]
    st.session_state[_UNSAVED_KEY] = True


def get_shortcut(key: str | None) -> str | None:
    """A key for a button: the person's own in place of a usual single key, None for one that they
    have switched off."""
    if key is None or len(key) != 1:
        return key
    usual, settings = key.casefold(), get_preferences()
    return None if usual in settings.keys_off else settings.get_key(usual)


def get_single_keys(usual_keys: str) -> str:
    """The single keys that do the work of some usual ones, without those switched off."""
    return "".join(filter(None, map(get_shortcut, usual_keys)))


def format_key_hint(usual: str, purpose: str) -> str:
    """ "Press Z to undo."; empty where the key is switched off."""
    key = get_shortcut(usual)
    return f"Press {key.upper()} {purpose}." if key else ""


def get_sidebar_state() -> str:
    """How the side bar begins: folded where it was folded last."""
    return "collapsed" if st.context.cookies.get(SIDEBAR_COOKIE) == "folded" else "auto"


def render_display_settings() -> None:
    """Applies the text size, and keeps changed settings in the cookie."""
    preferences = get_preferences()
    if preferences.text_size != 100:
        st.html(f"<style>html {{font-size: {preferences.text_size}%;}}</style>")
    if st.session_state.pop(_UNSAVED_KEY, False):
        st.html(
            f'<i></i><script>document.cookie = "{COOKIE}={format_preferences(preferences)};path=/;'
            'max-age=31536000;samesite=lax"</script>',
            unsafe_allow_javascript=True,
        )
