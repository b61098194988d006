"""`scumble doctor` on good and broken installations: its words, its exit status, and the real hosts' answers."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from tests.hosts.gimp.tree import tree_folder
from tests.hosts.harness import REPO, Display, Home, cli, missing, program

from scumble.hosts import probe, selfcheck
from scumble.hosts.doctor import examined
from scumble.hosts.install import install
from scumble.hosts.layout import Machine
from scumble.worker.place import Place

ENTER = """#!/bin/sh
exec unshare --mount --propagation private sh -c '
    mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && mount --bind /tmp "$0/tmp" &&
    exec chroot "$0" gimp-console-3.0 "$@"' {root} "$@"
"""
AGAIN = "Run: scumble install "
Checks = list[tuple[str, str, str]]


def doctor(home: Home, *arguments: str, code: int = 0, **variables: str) -> Checks:
    """Runs the command; returns the checks that are not about the machine: (name, state, text)."""
    done = cli(["doctor", *arguments, "--json"], {**home.environment(), **variables})
    assert done.returncode == code, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["well"] is (code == 0)
    return [(check["name"], check["state"], check["text"]) for check in report["checks"]]


def bad(checks: Checks) -> Checks:
    return [check for check in checks if check[1] in ("problem", "unproved")]


@pytest.fixture
def gimp_program(home: Home) -> str:
    """A command that runs GIMP's console inside its Debian tree."""
    root = tree_folder() or missing("there is no Debian tree with GIMP 3 in it")
    script = home.folder / "gimp in its tree.sh"
    script.write_text(ENTER.format(root=shlex.quote(str(root))))
    script.chmod(0o755)
    return str(script)


@pytest.fixture
def gimp(home: Home) -> Path:
    """The adapter's folder in a home with GIMP 3.0."""
    (home.config / "GIMP/3.0").mkdir(parents=True)
    assert cli(["install", "gimp"], home.environment()).returncode == 0
    return home.config / "GIMP/3.0/plug-ins/scumble_gimp"


@pytest.fixture
def krita(home: Home) -> Path:
    """The adapter's folder in a home with Krita."""
    (home.config / "kritarc").touch()
    assert cli(["install", "krita"], home.environment()).returncode == 0
    return home.data / "krita/pykrita/scumble_krita"


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_gimp_is_started_and_names_every_procedure(home: Home, gimp: Path, gimp_program: str) -> None:
    before = contents(home.config)
    done = cli(["doctor", "gimp", "--program", gimp_program], home.environment())
    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.splitlines()[-3:]
    assert last[0] == f"  ok        The plug-in is complete, of this version, and switched on: {gimp}"
    start = "  ok        GIMP 3, version 3."
    assert last[1].startswith(start)
    names = last[1].partition(" was started and has registered: ")[2].split(", ")
    image_effects = ("colorize", "crash", "gradient", "hog", "kinds", "slow", "stuck")
    assert {f"scumble-{name}" for name in image_effects} | {"scumble-colorize-hints-layer"} <= set(names)
    assert "scumble-tone" not in names, "a sound has no place in GIMP"
    assert last[2] == "All is well."
    assert contents(home.config) == before, "the user's own settings are not touched"


def test_a_plug_in_that_may_not_be_run_is_not_registered_and_the_doctor_says_why(
    home: Home, gimp: Path, gimp_program: str
) -> None:
    (gimp / "scumble_gimp.py").chmod(0o644)
    found = bad(doctor(home, "gimp", "--program", gimp_program, code=6))
    text = f"{gimp}/scumble_gimp.py has mode 644 instead of 755: GIMP 3 passes over it"
    assert found[0] == ("mode", "problem", text)
    assert found[1][:2] == ("registered", "problem")
    assert found[1][2].endswith("did not register the plug-in")
    assert cli(["install", "gimp"], home.environment()).returncode == 0
    assert bad(doctor(home, "gimp", "--program", gimp_program)) == []


def test_krita_is_started_and_makes_the_docker(home: Home, krita: Path) -> None:
    program("kritarunner")
    before = contents(home.config)
    checks = doctor(home, "krita")
    assert bad(checks) == []
    name, state, text = checks[-1]
    assert (name, state) == ("registered", "ok")
    assert text.startswith("Krita, version 5.")
    assert text.endswith(" was started and has registered: Scumble")
    assert contents(home.config) == before


def test_an_activated_environment_does_not_mislead_the_host(home: Home, krita: Path) -> None:
    own = Path(sys.executable).parent
    path = f"{own}{os.pathsep}{home.environment()['PATH']}"
    done = cli(["doctor", "krita", "--json"], home.environment(PATH=path, VIRTUAL_ENV=str(own.parent)))
    assert krita.is_dir()
    assert json.loads(done.stdout)["well"], done.stdout


def test_an_adapter_that_breaks_inside_krita_is_reported_with_kritas_own_words(home: Home, krita: Path) -> None:
    program("kritarunner")
    (krita / "docker.py").write_text("import a_module_that_is_gone\n")
    done = cli(["doctor", "krita"], home.environment())
    assert done.returncode == 6
    assert f"  problem   {krita}/docker.py was changed since it was installed\n" in done.stdout
    assert f"            what to do: {AGAIN}krita\n" in done.stdout
    assert "did not register the plug-in" in done.stdout
    assert "No module named 'a_module_that_is_gone'" in done.stdout
    assert done.stdout.endswith("Not all is well: see what to do above.\n")


def with_collection(home: Home) -> None:
    scenes = home.config / "obs-studio/basic/scenes"
    scenes.mkdir(parents=True)
    (scenes / "Szene 日本.json").write_text('{"name": "Szene 日本"}')


def test_obs_is_started_on_a_display_that_nobody_sees(home: Home, xvfb: Display) -> None:
    program("obs")
    with_collection(home)
    assert cli(["install", "obs"], home.environment()).returncode == 0
    before = contents(home.config)
    checks = doctor(home, "obs")
    assert bad(checks) == []
    assert checks[-1][2].startswith("OBS Studio, version ")
    assert checks[-1][2].endswith(" was started and has registered: scumble_obs")
    assert contents(home.config) == before


def test_without_a_display_obs_is_not_proved_and_all_else_is_looked_at(home: Home, tmp_path: Path) -> None:
    with_collection(home)
    for name in ("obs", "true"):
        (tmp_path / name).symlink_to(shutil.which("true") or "/bin/true")
    assert cli(["install", "obs"], home.environment()).returncode == 0
    found = doctor(home, "obs", code=6, PATH=str(tmp_path))
    assert bad(found) == [("registered", "unproved", "OBS needs a display, and there is no Xvfb")]
    assert found[-2][0] == "adapter"


def test_hosts_that_were_not_asked_for_may_be_absent(home: Home) -> None:
    checks = doctor(home, PATH="/nonexistent")
    assert [check for check in checks if check[0] in ("host", "adapter")] == [
        ("host", "note", "GIMP 3 was not found"),
        ("host", "note", "Krita was not found"),
        ("host", "note", "OBS Studio was not found"),
    ]
    (home.config / "GIMP/3.0").mkdir(parents=True)
    text = f"Scumble is not installed in it: there is no {home.config}/GIMP/3.0/plug-ins/scumble_gimp"
    assert ("adapter", "note", text) in doctor(home, PATH="/nonexistent")
    assert bad(doctor(home, "gimp", code=6)) == [("adapter", "problem", text)]
    assert bad(doctor(home, "krita", code=6, PATH="/nonexistent")) == [("host", "problem", "Krita was not found")]


def test_a_host_that_cannot_be_started_is_said_to_be_unproved(home: Home, gimp: Path) -> None:
    broken = home.folder / "broken gimp"
    broken.write_text("#!/bin/sh\necho 'libgimp.so: no such file' >&2\nexit 3\n")
    broken.chmod(0o755)
    done = cli(["doctor", "gimp", "--program", str(broken)], home.environment())
    assert done.returncode == 6
    words = "Start it by hand and look at its messages. It said: libgimp.so: no such file"
    assert f"  unproved  GIMP 3 ended without an answer\n            what to do: {words}\n" in done.stdout
    checks = doctor(home, "gimp", "--program", "/nonexistent/gimp --flag", code=6)
    words = "/nonexistent/gimp cannot be started: No such file or directory"
    assert bad(checks) == [("registered", "unproved", words)]
    assert bad(doctor(home, "gimp", code=6, PATH="/nonexistent")) == [
        ("registered", "unproved", "The program of GIMP 3 (3.0) was not found")
    ]


FLATPAK = """#!/bin/sh
for word; do
    case $word in --env=SCUMBLE_PROBE=*) probe=${word#--env=SCUMBLE_PROBE=};; esac
done
printf '%s\\n' "$@" >"$HOME/../words"
case $probe in */.var/app/org.*/cache/scumble-doctor-*) ;; *) exit 1;; esac
echo '{"version": "9", "names": ["a", "b"], "reason": ""}' >"$probe"
"""


@pytest.mark.parametrize(
    ("host", "app", "config", "start"),
    [
        ("gimp", "org.gimp.GIMP", "config/GIMP/3.0", ["run", "--command=gimp", "--env=GIMP3_DIRECTORY="]),
        ("krita", "org.kde.krita", "data/krita", ["run", "--command=kritarunner", "--env=PYTHONPATH="]),
    ],
)
def test_a_flatpak_is_started_with_settings_that_it_can_see(
    home: Home, host: str, app: str, config: str, start: list[str]
) -> None:
    (home.path / ".var/app" / app / config).mkdir(parents=True)
    programs = home.folder / "bin"
    programs.mkdir()
    (programs / "flatpak").write_text(FLATPAK.replace("$HOME/..", str(home.folder)))
    (programs / "flatpak").chmod(0o755)
    path = f"{programs}:/bin"
    variant = ["--variant", "flatpak-3.0" if host == "gimp" else "flatpak"]
    assert cli(["install", host, *variant], home.environment()).returncode == 0
    checks = doctor(home, host, *variant, PATH=path)
    assert checks[-1][2].endswith(", version 9, was started and has registered: a, b")
    words = (home.folder / "words").read_text().splitlines()
    assert all(word.startswith(wanted) for word, wanted in zip(words, start, strict=False))
    assert app in words


@pytest.fixture
def here(home: Home, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """This very process, in that home."""
    for name in [name for name in os.environ if name not in home.environment()]:
        monkeypatch.delenv(name)
    for name, value in home.environment(SCUMBLE_EFFECTS="").items():
        monkeypatch.setenv(name, value)
    return Machine("linux", home.path, dict(os.environ))


def test_a_host_that_hangs_is_ended(here: Machine, gimp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "TIMEOUT_S", 0.5)
    checks = [finding.check for finding in examined("gimp", program="sh -c 'sleep 86399'", machine=here)]
    assert (checks[-1].state, checks[-1].text) == ("unproved", "GIMP 3 did not answer in time and was ended")


def test_an_environment_that_was_moved_away_is_noticed(
    here: Machine, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home.config / "GIMP/3.0").mkdir(parents=True)
    python = home.folder / "old environment/bin/python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    with monkeypatch.context() as context:
        context.setattr(sys, "executable", str(python))
        install("gimp", machine=here)
    found = [finding.check.text for finding in examined("gimp", program="false", machine=here)]
    assert f"The plug-in starts another Python, {python}, and this is {sys.executable}" in found
    python.unlink()
    found = [finding.check.text for finding in examined("gimp", program="false", machine=here)]
    assert f"The Python that the plug-in starts is gone: {python}" in found


DAMAGES: list[tuple[str, Callable[[Path], object], str]] = [
    ("files", lambda folder: (folder / "gimp_run.py").unlink(), "{folder}/gimp_run.py is missing"),
    ("files", lambda folder: (folder / "lib/scumble/errors.py").write_text(""),
     "{folder}/lib/scumble/errors.py was changed since it was installed"),
    ("adapter", lambda folder: (folder / "scumble-files.json").unlink(),
     "The folder {folder} was not made by `scumble install`"),
    ("version", lambda folder: (folder / "scumble-files.json").write_text(
        (folder / "scumble-files.json").read_text().replace('"version": "', '"version": "0.')),
     "The plug-in is of Scumble 0.{version}, and this is {version}"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "damage", "text"), DAMAGES)
def test_damage_is_named(here: Machine, gimp: Path, name: str, damage: Callable[[Path], object], text: str) -> None:
    damage(gimp)
    found = [finding.check for finding in examined("gimp", program="false", machine=here)]
    wanted = text.format(folder=gimp, version=version("scumble"))
    (check,) = [check for check in found if check.text == wanted]
    assert (check.name, check.state) == (name, "problem")
    assert check.hint.endswith(f"{AGAIN}gimp")


def test_a_docker_that_was_switched_off_is_named(here: Machine, home: Home, krita: Path) -> None:
    (home.config / "kritarc").write_text("[python]\nenable_scumble_krita=false\n")
    found = [finding.check for finding in examined("krita", program="false", machine=here)]
    text = f"{home.config}/kritarc does not tell Krita of the plug-in"
    assert [(check.state, check.hint) for check in found if check.text == text] == [("problem", f"{AGAIN}krita")]


def test_safe_mode_is_explained_and_ended(home: Home) -> None:
    place = Place(home.worker_runtime)
    for number in range(3):
        place.record_crash(f"the worker stopped while it ran crash {number}", 100 + number)
    found = bad(doctor(home, PATH="/nonexistent", code=6))
    reason = "the worker stopped while it ran crash 2"
    text = f"The worker stopped 3 times in ten minutes, so it was not started any more (safe mode): {reason}"
    assert found == [("safe-mode", "problem", text)]
    assert bad(doctor(home, PATH="/nonexistent")) == []


def test_crashes_and_errors_in_the_log_are_shown(home: Home) -> None:
    Place(home.worker_runtime).record_crash("it did not answer", 100)
    log = home.state / "scumble/worker.log"
    log.parent.mkdir()
    log.write_text("2026-01-01 00:00:00,000 7 INFO fine\n2026-01-01 00:00:01,000 7 ERROR Colorize failed for gimp\n")
    notes = [check for check in doctor(home, PATH="/nonexistent") if check[1] == "note" and check[0] != "host"]
    assert notes == [
        ("crashes", "note", "The worker stopped in the last ten minutes, 1 of 3 times to safe mode: it did not answer"),
        ("log", "note", f"The last errors in the log {log}:\n2026-01-01 00:00:01,000 7 ERROR Colorize failed for gimp"),
    ]


def test_a_damaged_model_is_named(home: Home) -> None:
    bundles = home.folder / "bundles"
    shutil.copytree(REPO / "sdk/scumble/bundles/colorize", bundles / "colorize")
    model = bundles / "colorize/model.onnx"
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    text = f"The model file {model} is not the one its manifest describes: it was damaged or changed"
    assert ("models", "problem", text) in doctor(home, PATH="/nonexistent", code=6, SCUMBLE_BUNDLES=str(bundles))


def test_a_runtime_folder_that_is_a_file_is_named_and_hosts_are_not_started(home: Home, gimp: Path) -> None:
    file = home.folder / "no folder"
    file.touch()
    found = bad(doctor(home, "gimp", code=6, SCUMBLE_RUNTIME=str(file)))
    assert found[0][:2] == ("runtime-folder", "problem")
    assert str(file) in found[0][2]
    words = "GIMP 3 was not started, since the worker does not answer"
    assert found[1] == ("registered", "unproved", words)


def test_an_effect_that_cannot_be_loaded_is_named(home: Home) -> None:
    effects = home.folder / "effects"
    information = effects / "bad_effect-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: bad-effect\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[scumble.effects]\nbad = bad_effect:Bad\n")
    found = bad(doctor(home, PATH="/nonexistent", code=6, SCUMBLE_EFFECTS=str(effects)))
    words = "The effect bad cannot be used: ModuleNotFoundError: No module named 'bad_effect'"
    assert found == [("effects", "problem", words)]


def test_a_full_disk_is_named(here: Machine, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=5 << 20))
    (check,) = [check for check in selfcheck.checks_of_scumble() if check.name == "disk"]
    assert check.state == "problem"
    assert f"5 MiB free for pixels in {home.worker_runtime}" in check.text
    assert check.hint == "Free some space: at least 256 MiB are needed."


def test_a_broken_native_core_still_gets_a_doctor(home: Home) -> None:
    (home.folder / "sitecustomize.py").write_text(
        "import sys\n"
        "class Broken:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'scumble._native':\n"
        "            raise ImportError('libonnx.so: wrong ELF class')\n"
        "sys.meta_path.insert(0, Broken())\n"
    )
    done = cli(["doctor"], home.environment(PYTHONPATH=str(home.folder)))
    assert done.returncode == 6
    assert "Traceback" not in done.stderr
    first, *rest = done.stderr.splitlines()
    assert first == "scumble: the command line cannot be loaded: libonnx.so: wrong ELF class"
    assert "  problem   The native core cannot be loaded: libonnx.so: wrong ELF class" in rest


def test_a_host_that_does_not_exist_and_options_without_a_host_are_refused(home: Home) -> None:
    done = cli(["doctor", "photoshop", "--json"], home.environment())
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["message"] == "There is no host called 'photoshop'"
    done = cli(["doctor", "--program", "gimp"], home.environment())
    assert done.returncode == 2
    assert "A variant, a folder and a program belong to one host [param.host]" in done.stderr
