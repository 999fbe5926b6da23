"""A page of a paper as a picture, kept for the next drawing."""

from pathlib import Path

import streamlit as st

from review import fulltext

PICTURE_SCALE = 1.7
"""Dots of a page picture per point."""


@st.cache_data(max_entries=64, show_spinner="Loading the page …")
def render_cached_picture(
    path: Path, number: int, boxes: tuple[tuple[float, float, float, float], ...]
) -> bytes:
    """A page of a PDF with boxes highlighted, as PNG."""
    return fulltext.render_page(path, number, boxes, scale=PICTURE_SCALE)
