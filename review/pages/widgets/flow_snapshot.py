"""The flow of a review and its diagram, counted once for the pages Results and Reports."""

import streamlit as st

from review.workflow.exports import prisma, snapshot
from review.workflow.exports.snapshot import ReviewSnapshot
from review.workflow.project.project import Project

FlowKey = tuple[str, str | None, str]
"""Folder of the review, the day it is shown as of, and what changes with its content; the content's
part names the reader too."""


def build_key(project: Project, day: str | None, reader: str | None) -> FlowKey:
    """What the counts and the diagram are kept under.

    Args:
        reader: who asks, where blinding.find_own_view names them.
    """
    revision = snapshot.compute_revision_key(project)
    return str(project.folder), day, f"{revision} {reader or ''}"


@st.cache_resource(max_entries=8, show_spinner="Counting records …")
def load_flow_snapshot(
    _project: Project, folder: str, day: str | None, stamp: str, *, _reader: str | None
) -> ReviewSnapshot:
    """The review with the records that came past title and abstract alone. Raises FlowError if the
    boxes do not add up."""
    del folder, stamp  # part of the cache's key
    return snapshot.snapshot_at(_project, day, read_all=False, reader=_reader)


@st.cache_resource(max_entries=8, show_spinner="Drawing the flow diagram …")
def draw_flow(_snapshot: ReviewSnapshot, folder: str, day: str | None, stamp: str) -> str:
    """The PRISMA 2020 flow diagram as SVG."""
    del folder, day, stamp  # part of the cache's key
    return prisma.draw_diagram(_snapshot)
