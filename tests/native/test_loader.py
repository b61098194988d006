"""The runtime library is checked before it is used; each way to fail has its own code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scumble import _native
from scumble.errors import RuntimeNotFound

FAKE = """
static const char *version(void) { return "%s"; }
static const void *api(unsigned int wanted) { return 0; }
static struct { const void *(*api)(unsigned int); const char *(*version)(void); } base = { api, version };
const void *OrtGetApiBase(void) { return &base; }
"""


def compiled(folder: Path, source: str) -> Path:
    library = folder / "libfake.so"
    (folder / "fake.c").write_text(source)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(folder / "fake.c")], check=True)
    return library


def code_of(path: Path) -> tuple[str, str]:
    with pytest.raises(RuntimeNotFound) as caught:
        _native.init_runtime(str(path))
    assert caught.value.hint
    return caught.value.code, caught.value.message


def test_a_missing_library_is_named(tmp_path: Path) -> None:
    code, message = code_of(tmp_path / "nothing.so")
    assert code == "runtime.missing"
    assert "nothing.so" in message


def test_a_folder_is_no_library(tmp_path: Path) -> None:
    assert code_of(tmp_path)[0] == "runtime.missing"


def test_a_text_file_is_no_library(tmp_path: Path) -> None:
    text = tmp_path / "libonnxruntime.so"
    text.write_text("not a library")
    assert code_of(text)[0] == "runtime.invalid"


def test_a_library_of_something_else_is_refused(tmp_path: Path) -> None:
    library = compiled(tmp_path, "int answer(void) { return 42; }")
    code, message = code_of(library)
    assert code == "runtime.invalid"
    assert "OrtGetApiBase" in message


@pytest.mark.parametrize("version", ["1.20.0", "0.99.1", "rubbish"])
def test_an_old_library_is_refused(tmp_path: Path, version: str) -> None:
    code, message = code_of(compiled(tmp_path, FAKE % version))
    assert code == "runtime.too_old"
    assert version in message


def test_a_new_version_without_our_api_is_refused(tmp_path: Path) -> None:
    assert code_of(compiled(tmp_path, FAKE % "1.99.0"))[0] == "runtime.too_old"


def test_loading_twice_is_harmless_and_another_library_is_refused(library: Path, runtime: str, tmp_path: Path) -> None:
    assert runtime.startswith("1.")
    assert _native.init_runtime(str(library)) == runtime
    assert _native.available_providers()[-1] == "CPUExecutionProvider"
    usable = (FAKE % "1.99.0").replace("return 0;", "return version;")
    assert code_of(compiled(tmp_path, usable))[0] == "runtime.already_loaded"


def test_a_session_before_the_runtime_is_an_error_and_exit_is_clean() -> None:
    program = (
        "from scumble import _native, errors\n"
        "for call in (lambda: _native.Session(b'x'), _native.available_providers):\n"
        "    try: call()\n"
        "    except errors.RuntimeNotFound as error: assert error.code == 'runtime.not_started'\n"
        "    else: raise SystemExit(1)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_process_that_used_sessions_exits_with_code_zero(library: Path) -> None:
    program = (
        "import numpy as np, threading\n"
        "from scumble import _native\n"
        "from tests import onnx_nets\n"
        f"_native.init_runtime({str(library)!r})\n"
        "session = _native.Session(onnx_nets.unet(), workers=2)\n"
        "x = np.zeros((1, 3, 32, 32), np.float32)\n"
        "threads = [threading.Thread(target=session.run, args=({'x': x},)) for _ in range(4)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", program], check=False, cwd=root, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
