"""A home for each test."""

from support.homes import open_copy, original

__all__ = ["open_copy", "original"]
