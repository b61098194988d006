"""Keeps what the programs of export set for their whole process from the tests that follow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True)
def subnormal_numbers_stay() -> Iterator[None]:
    """Programs flush subnormal numbers to zero, which is faster; other tests count on them."""
    yield
    torch.set_flush_denormal(False)
