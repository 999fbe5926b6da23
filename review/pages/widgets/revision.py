"""The state of the review as a key, for counts that are kept until something is entered."""

from review.workflow.exports.snapshot import compute_revision_key
from review.workflow.project.project import Project


def get_revision_stamp(project: Project) -> str:
    """Differs between reviews, and within one whenever anything is entered or the protocol
    changes."""
    return f"{project.folder} {compute_revision_key(project)}"
