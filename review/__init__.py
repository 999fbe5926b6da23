"""Funnel: systematic reviews of medical-imaging AI, from search to report."""

from review.api import Review, open_review, read_file

__version__ = "0.1.0"
__all__ = ["Review", "__version__", "open_review", "read_file"]
