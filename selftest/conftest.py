# SPDX-License-Identifier: GPL-2.0
"""Fixtures of the selftests."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

import runner_kit
from vm_kit import Box


@pytest.fixture
def scratch():
    with tempfile.TemporaryDirectory(prefix="hmm-coherent-selftest-",
                                     ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture
def box(scratch, monkeypatch):
    """An empty folder with a cache in it; see Box."""
    with ExitStack() as stack:
        yield Box(scratch, monkeypatch, stack.callback)


@pytest.fixture(scope="session", autouse=True)
def compiled():
    """The liar is compiled once, and removed at the end."""
    yield
    runner_kit.forget()
