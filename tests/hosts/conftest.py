"""Fixtures of the host tests: a display for the session, a throw-away home for a test or for a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.hosts.harness import Display, Home, throw_away_home


@pytest.fixture(scope="session")
def xvfb() -> Iterator[Display]:
    """An X server for all tests of this run."""
    display = Display()
    yield display
    display.stop()


@pytest.fixture
def home() -> Iterator[Home]:
    """A home for one test."""
    with throw_away_home() as home:
        yield home


@pytest.fixture(scope="module")
def module_home() -> Iterator[Home]:
    """A home for all tests of a module, for hosts that are started once."""
    with throw_away_home() as home:
        yield home
