"""Sheets of images as one picture, chosen by key, and a close look at one with window and level."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from review.imaging.contact_sheets import KEYS, Tile, draw_sheet
from review.imaging.files import ImageError, decode_image, locate_image, scale_to_bytes
from review.pages.widgets.highlighting import escape_markdown
from review.pages.widgets.preferences import get_preferences, get_shortcut

SHEET_WIDTH_TILES = 6
FRAMES = {
    "wrong": (229, 83, 75),
    "reject": (229, 83, 75),
    "doubtful": (240, 180, 60),
    "fine": (90, 190, 110),
    "keep": (90, 190, 110),
    "cannot tell": (150, 150, 150),
    "chosen": (90, 160, 255),
}
"""Colour of a tile's frame; the caption says the same in words."""
KEY_SCRIPT = """<i></i><script>/* {state} */
if (!window.funnelSheetKeys) {{
  window.funnelSheetKeys = true;
  window.addEventListener('keydown', event => {{
    const panel = document.querySelector('.sheet-keys');
    const field = event.composedPath()[0];
    if (!panel || event.ctrlKey || event.metaKey || event.altKey || event.repeat ||
        field.isContentEditable || field.getAttribute?.('role') === 'slider' ||
        ['INPUT', 'TEXTAREA', 'SELECT'].includes(field.tagName)) return;
    const key = event.key;
    const actions = JSON.parse(panel.dataset.actions);
    let name = actions[key] || null;
    if (!name && panel.dataset.tiles.includes(key) && key.length === 1) name = 'tile_' + key;
    if (!name) name = actions[key.toUpperCase()] || null;
    const button = name && document.querySelector('.st-key-' + panel.dataset.prefix + name +
      ' button');
    if (!button || button.disabled) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    button.click();
  }}, true);
}}
</script>"""
"""Small letters a to i and digits choose an image; capitals are actions, and so is any small letter
that chooses no image."""
TILE_STYLE = """<style>
[class*="st-key-{prefix}tile_"] {{width: auto;}}
[class*="st-key-{prefix}tile_"] button {{min-height: 1.7rem; padding: 0 .55rem;}}
</style>"""


@st.cache_data(max_entries=600, show_spinner=False)
def _load_small(root: str, path: str, stamp: int, side: int) -> Any:
    """Reduced pixels of an image; None if it cannot be read. `stamp` distinguishes versions."""
    try:
        pixels = decode_image(locate_image(Path(root), path)).pixels
    except (ImageError, OSError):
        return None
    step = max(1, min(pixels.shape[:2]) // (2 * side))
    return pixels[::step, ::step] if step > 1 else pixels


def load_pixels(root: Path, path: str, *, side: int = 256) -> Any:
    """Pixels of an image for a tile; None if it cannot be read."""
    try:
        stamp = (root / path).stat().st_mtime_ns
    except OSError:
        return None
    return _load_small(str(root), path, stamp, side)


def render_sheet(
    root: Path,
    paths: Sequence[str],
    captions: Sequence[str],
    marks: Sequence[str | None],
    chosen: int | None,
) -> None:
    """Draws up to 18 images as one picture, each with its key and a frame for its mark."""
    tiles = [
        Tile(
            pixels=load_pixels(root, path),
            caption=caption,
            key=KEYS[place],
            frame=FRAMES["chosen"] if place == chosen else FRAMES.get(mark or ""),
        )
        for place, (path, caption, mark) in enumerate(zip(paths, captions, marks, strict=True))
    ]
    sheet = draw_sheet(tiles, columns=SHEET_WIDTH_TILES, side=256)
    st.image(sheet, width="stretch", alt=f"Sheet of {len(tiles)} images")


def render_tile_buttons(prefix: str, count: int, chosen: int | None) -> None:
    """A small button for each image of the sheet, for who uses a mouse or a finger."""
    st.html(TILE_STYLE.format(prefix=prefix))
    with st.container(horizontal=True, gap="xxsmall"):
        for place in range(count):
            st.button(
                KEYS[place],
                key=f"{prefix}tile_{KEYS[place]}",
                type="primary" if place == chosen else "secondary",
                on_click=_choose_tile,
                args=(prefix, place),
            )


def _choose_tile(prefix: str, place: int) -> None:
    current = st.session_state.get(f"{prefix}chosen")
    st.session_state[f"{prefix}chosen"] = None if current == place else place


def get_chosen(prefix: str, count: int) -> int | None:
    """The place of the chosen image on the sheet."""
    place = st.session_state.get(f"{prefix}chosen")
    return place if place is not None and place < count else None


def format_button(label: str, key: str) -> str:
    """A button's words with the key that presses it, where it is on: "Undo (Z)"."""
    own = get_shortcut(key)
    return f"{label} ({own.upper()})" if own else label


def render_key_script(prefix: str, actions: dict[str, str], count: int, state: str) -> None:
    """Makes keys work: `actions` maps a key to the name of a button after `prefix`."""
    import html
    import json

    own = {get_shortcut(key): name for key, name in actions.items()}
    actions = {key.upper() if len(key) == 1 else key: name for key, name in own.items() if key}
    tiles = "".join(key for key in KEYS[:count] if key not in get_preferences().keys_off)
    st.html(
        f'<div class="sheet-keys" data-prefix="{prefix}" data-tiles="{tiles}" '
        f'data-actions="{html.escape(json.dumps(actions), quote=True)}"></div>'
        + KEY_SCRIPT.format(state=html.escape(state)),
        unsafe_allow_javascript=True,
    )


def render_zoom(root: Path, path: str, *, key: str) -> None:
    """One image large, with window and level in per cent of its grey values."""
    pixels = load_pixels(root, path, side=700)
    if pixels is None:
        st.warning(f"{escape_markdown(path)} can no longer be read.")
        return
    low, high = float(pixels.min()), float(pixels.max())
    span = max(high - low, 1.0)
    window = st.slider("Window (contrast), %", 5, 200, 100, 5, key=f"{key}_window")
    level = st.slider("Level (brightness), %", 0, 100, 50, 5, key=f"{key}_level")
    shown = scale_to_bytes(pixels, (low + span * level / 100, span * window / 100))
    st.image(shown, width="stretch", caption=path, alt=f"Image {path}")
