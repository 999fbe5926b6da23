"""Funnel: systematic reviews of medical-imaging AI, one module per step of the review."""

from review.api import Review, open_review, read_file

__version__ = "0.1.0"
__all__ = ["Review", "__version__", "open_review", "read_file"]
