"""One piece of music that several tests look at."""

from __future__ import annotations

import pytest

from scumble.music import Score, Wishes, compose


@pytest.fixture(scope="session")
def score_of_lofi() -> Score:
    """Half a minute of lo-fi."""
    return compose(Wishes(30, "lofi"), 1)
