"""Funnel: systematic reviews of medical-imaging AI, one module per step of the review."""

__version__ = "0.1.0"
