"""Installs the third-party example as its users do, into a folder of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "third_party_effect"


@pytest.fixture(scope="session")
def installed_grade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which pip built and installed the example; needs no network."""
    target = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(target)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(EXAMPLE)], check=True)
    return target
