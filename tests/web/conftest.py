"""Servers tell their pages by the environment which review they serve: put back after each test."""

import os

import pytest
from support.homes import open_copy, original

__all__ = ["open_copy", "original"]


@pytest.fixture(autouse=True)
def _restored_environment():
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)
