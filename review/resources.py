"""Finds the folders shipped with Funnel, checklists/ and data/, in a wheel or a checkout."""

from pathlib import Path


def get_shipped_path(name: str) -> Path:
    """The shipped folder or file 'checklists', 'data' or 'app.py'."""
    wheel_path = Path(__file__).parent / "_shipped" / name
    return wheel_path if wheel_path.exists() else Path(__file__).parent.parent / name
