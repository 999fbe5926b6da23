"""Finds the folders that ship with the product: checklists/ and data/, in a wheel or a checkout."""

from pathlib import Path


def folder(name: str) -> Path:
    """The shipped folder or file 'checklists', 'data' or 'app.py'."""
    inside = Path(__file__).parent / "_shipped" / name
    return inside if inside.exists() else Path(__file__).parent.parent / name
