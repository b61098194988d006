"""`scumble install` and `uninstall` in throw-away homes: complete, idempotent, careful, and gone without a trace."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.hosts.harness import REPO, Home, cli

from scumble.errors import HostError
from scumble.hosts import install as installer
from scumble.hosts.adapter import setup_from_file
from scumble.hosts.layout import HOSTS, Machine, chosen

GIMPS = (".config/GIMP/3.0", ".config/GIMP/3.2", ".var/app/org.gimp.GIMP/config/GIMP/3.0")
COLLECTION = (
    '{\n  "name": "Zoë",\t"current_scene":"Scene", "x": 1.50,\n "modules": {"scripts-tool":[{"path":"a.lua"}]}}\n'
)
KRITARC = "ToolBox=1\n\n[python]\nenable_tenscripts=true\n\n[theme]\nTheme=Krita däark\n"


@pytest.fixture
def hosts(home: Home) -> Home:
    """A home in which every host was started before, GIMP in three variants."""
    for name in GIMPS:
        (home.path / name).mkdir(parents=True)
    (home.config / "kritarc").write_text(KRITARC)
    scenes = home.config / "obs-studio/basic/scenes"
    scenes.mkdir(parents=True)
    (scenes / "Zoë.json").write_text(COLLECTION)
    (scenes / "Zoë.json.bak").write_text(COLLECTION)
    return home


def machine(home: Home) -> Machine:
    return Machine("linux", home.path, home.environment())


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Returns every file and folder below a folder: content and rights."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes() if path.is_file() else b"", path.stat().st_mode)
        for path in folder.rglob("*")
    }


def run(home: Home, *arguments: str, code: int = 0) -> dict[str, object]:
    done = cli([*arguments, "--json"], home.environment())
    assert done.returncode == code, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return answer


def statuses(answer: dict[str, object]) -> list[tuple[str, str, str]]:
    rows = answer["hosts"]
    assert isinstance(rows, list)
    return [(row["host"], row["variant"], row["status"]) for row in rows]


ALL = [("gimp", "3.0"), ("gimp", "3.2"), ("gimp", "flatpak-3.0"), ("krita", "native"), ("obs", "native")]


def test_install_all_then_again_then_uninstall_leaves_every_byte_as_it_was(hosts: Home) -> None:
    before = tree(hosts.path)
    assert statuses(run(hosts, "install", "all")) == [(*entry, "installed") for entry in ALL]
    installed = tree(hosts.path)
    assert statuses(run(hosts, "install", "all")) == [(*entry, "unchanged") for entry in ALL]
    assert tree(hosts.path) == installed
    assert statuses(run(hosts, "uninstall", "all")) == [(*entry, "removed") for entry in ALL]
    assert tree(hosts.path) == before
    assert statuses(run(hosts, "uninstall", "all")) == [(*entry, "absent") for entry in ALL]
    assert tree(hosts.path) == before


def test_the_plug_in_has_its_files_rights_and_set_up(hosts: Home) -> None:
    run(hosts, "install", "all")
    folder = hosts.path / GIMPS[0] / "plug-ins/scumble_gimp"
    assert (folder / "scumble_gimp.py").stat().st_mode & 0o777 == 0o755
    for source in (REPO / "plugins/gimp").glob("*.py"):
        assert (folder / source.name).read_bytes() == source.read_bytes()
    setup = setup_from_file(str(folder / "scumble_gimp.py"))
    assert setup.host == "gimp"
    assert setup.python == os.path.abspath(sys.executable)  # noqa: PTH100 - not resolved: it is the environment's
    assert setup.prefix == ("/bin/sh", *setup.prefix[1:3], "sh"), "a Flatpak shares this folder"
    assert setup.watch
    assert all(Path(entry).is_dir() for entry in setup.watch)
    flatpak = setup_from_file(str(hosts.path / GIMPS[2] / "plug-ins/scumble_gimp/scumble_gimp.py"))
    assert flatpak.prefix == ("flatpak-spawn", "--host")
    krita = hosts.data / "krita/pykrita"
    assert (krita / "scumble_krita.desktop").read_bytes() == (REPO / "plugins/krita/scumble_krita.desktop").read_bytes()
    assert (krita / "scumble_krita/docker.py").is_file()
    assert setup_from_file(str(krita / "scumble_krita/docker.py")).prefix == ()


@pytest.mark.parametrize("host", HOSTS)
def test_the_part_of_scumble_that_travels_is_enough_for_a_bare_python(hosts: Home, host: str) -> None:
    run(hosts, "install", host)
    folder = chosen(HOSTS[host], machine(hosts))[0].folder
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from scumble.hosts.adapter import Adapter, setup_from_file;"
        "adapter = Adapter(setup_from_file(sys.argv[2])); import scumble; print(scumble.__file__, adapter.setup.host);"
        "print(*sorted(name for name in sys.modules if name.partition('.')[0] in ('numpy', 'msgspec', 'typer')))"
    )
    command = [sys.executable, "-I", "-S", "-c", code, str(folder / "lib"), str(folder / "any.py")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"{folder / 'lib/scumble/__init__.py'} {host}", ""]


def test_krita_and_obs_are_told_and_the_rest_of_their_files_stays(hosts: Home) -> None:
    run(hosts, "install", "all")
    rc = (hosts.config / "kritarc").read_text()
    assert rc == KRITARC.replace("[python]\n", "[python]\nenable_scumble_krita=true\n")
    scene = hosts.config / "obs-studio/basic/scenes/Zoë.json"
    script = hosts.config / "obs-studio/scripts/scumble_obs/scumble_obs.py"
    entry = json.dumps({"path": str(script), "settings": {}}, ensure_ascii=False, separators=(",", ":"))
    assert scene.read_text() == COLLECTION.replace('"a.lua"}', '"a.lua"},' + entry)
    assert script.is_file()
    assert (scene.parent / "Zoë.json.bak").read_text() == COLLECTION


def test_what_the_user_changed_since_stays_when_scumble_goes(hosts: Home) -> None:
    run(hosts, "install", "all")
    rc = hosts.config / "kritarc"
    rc.write_text(rc.read_text().replace("Krita däark", "Blender"))
    scene = hosts.config / "obs-studio/basic/scenes/Zoë.json"
    data = json.loads(scene.read_text())
    data["modules"]["scripts-tool"][1]["settings"] = {"effect": "x"}
    data["name"] = "New"
    scene.write_text(json.dumps(data))
    own = hosts.path / GIMPS[0] / "plug-ins/scumble_gimp/my notes.txt"
    own.write_text("mine")
    answer = run(hosts, "uninstall", "all")
    assert rc.read_text() == KRITARC.replace("Krita däark", "Blender")
    data["modules"]["scripts-tool"] = [{"path": "a.lua"}]
    assert json.loads(scene.read_text()) == data
    assert [path.name for path in own.parent.iterdir()] == ["my notes.txt"]
    rows = answer["hosts"]
    assert isinstance(rows, list)
    assert rows[0]["notes"] == [f"{own.parent} stays: it holds files that are not Scumble's."]


def test_a_kritarc_that_was_changed_and_mended_again_does_not_come_back_from_an_old_copy(hosts: Home) -> None:
    run(hosts, "install", "krita")
    rc = hosts.config / "kritarc"
    rc.write_text("New=1\n")
    assert statuses(run(hosts, "install", "krita")) == [("krita", "native", "repaired")]
    assert rc.read_text() == "New=1\n\n[python]\nenable_scumble_krita=true\n"
    run(hosts, "uninstall", "krita")
    assert rc.read_text() == "New=1\n"


def test_an_older_or_damaged_plug_in_is_replaced_and_foreign_files_stay(hosts: Home) -> None:
    run(hosts, "install", "gimp", "--variant", "3.0")
    folder = hosts.path / GIMPS[0] / "plug-ins/scumble_gimp"
    record = folder / "scumble-files.json"
    whole = tree(folder)
    (folder / "old_module.py").write_text("gone in the new version")
    data = json.loads(record.read_text())
    data["version"] = "0.0.1"
    data["files"]["scumble_gimp/old_module.py"] = "0"
    record.write_text(json.dumps(data))
    (folder / "scumble_gimp.py").chmod(0o600)
    (folder / "gimp_run.py").unlink()
    (folder / "mine.txt").write_text("mine")
    (folder / "__pycache__").mkdir()
    answer = run(hosts, "install", "gimp", "--variant", "3.0")
    assert statuses(answer) == [("gimp", "3.0", "updated")]
    assert tree(folder) == {**whole, "mine.txt": (b"mine", (folder / "mine.txt").stat().st_mode)}
    (folder / "scumble_gimp.py").chmod(0o644)
    assert statuses(run(hosts, "install", "gimp", "--variant", "3.0")) == [("gimp", "3.0", "repaired")]
    assert (folder / "scumble_gimp.py").stat().st_mode & 0o777 == 0o755
    assert [path.name for path in folder.parent.iterdir()] == ["scumble_gimp"], "nothing temporary is left"


def test_a_folder_that_is_not_ours_is_never_touched(hosts: Home) -> None:
    folder = hosts.path / GIMPS[0] / "plug-ins/scumble_gimp"
    folder.mkdir(parents=True)
    (folder / "scumble_gimp.py").write_text("somebody's own")
    before = tree(hosts.path)
    for command in ("install", "uninstall"):
        answer = run(hosts, command, "gimp", code=6)
        assert answer["error"] == {
            "code": "host.not_ours",
            "message": f"The folder {folder} was not made by `scumble install`",
            "hint": "Move it away or remove it, then try again.",
        }
    assert tree(hosts.path) == before


def test_what_cannot_be_written_is_a_typed_error_and_changes_nothing(hosts: Home) -> None:
    plugins = hosts.path / GIMPS[1] / "plug-ins"
    plugins.write_text("a file where the folder should be")
    error = run(hosts, "install", "gimp", "--variant", "3.2", code=6)["error"]
    assert isinstance(error, dict)
    assert error["code"] == "host.not_writable"
    assert error["message"].startswith(f"{plugins}")
    assert "--folder PATH" in error["hint"]
    assert plugins.read_text() == "a file where the folder should be"


@pytest.fixture
def read_only(hosts: Home) -> Iterator[Path]:
    """A folder for plug-ins that cannot be written: for the superuser, that takes a read-only file system."""
    plugins = hosts.path / GIMPS[0] / "plug-ins"
    plugins.mkdir(mode=0o555)
    if os.getuid() == 0:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", str(plugins)], check=True)
    yield plugins
    if os.getuid() == 0:
        subprocess.run(["umount", str(plugins)], check=True)
    plugins.chmod(0o755)


def test_a_read_only_folder_is_a_typed_error(hosts: Home, read_only: Path) -> None:
    error = run(hosts, "install", "gimp", "--variant", "3.0", code=6)["error"]
    assert isinstance(error, dict)
    assert error["code"] == "host.not_writable"
    reason = "Read-only file system" if os.getuid() == 0 else "Permission denied"
    assert error["message"].startswith(str(read_only))
    assert error["message"].endswith(f" cannot be used: {reason}")


def test_an_installation_that_breaks_off_leaves_the_one_before(hosts: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    installer.install("gimp", variant="3.0", machine=machine(hosts))
    folder = hosts.path / GIMPS[0] / "plug-ins/scumble_gimp"
    (folder / "gimp_run.py").write_text("damaged")
    before = tree(hosts.path)
    moved: list[Path] = []
    rename = Path.rename

    def full(path: Path, target: Path) -> Path:
        moved.append(path)
        if path.name == "new":
            raise OSError(28, "No space left on device", str(target))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(HostError, match="No space left on device"):
        installer.install("gimp", variant="3.0", machine=machine(hosts))
    assert [path.name for path in moved] == ["scumble_gimp", "new", "old"]
    assert tree(hosts.path) == before


def test_links_to_settings_stay_links(hosts: Home) -> None:
    real = hosts.folder / "dot files" / "kritarc"
    real.parent.mkdir()
    shutil.move(hosts.config / "kritarc", real)
    real.chmod(0o600)
    (hosts.config / "kritarc").symlink_to(real)
    run(hosts, "install", "krita")
    assert (hosts.config / "kritarc").is_symlink()
    assert "enable_scumble_krita=true" in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o600
    run(hosts, "uninstall", "krita")
    assert real.read_text() == KRITARC


def test_obs_without_a_collection_says_what_to_do(home: Home) -> None:
    (home.config / "obs-studio").mkdir()
    rows = run(home, "install", "obs")["hosts"]
    assert isinstance(rows, list)
    script = home.config / "obs-studio/scripts/scumble_obs/scumble_obs.py"
    wanted = f"OBS has no scene collection yet: start it once and install again, or add {script} in Tools > Scripts."
    assert wanted in rows[0]["notes"]


def test_obs_that_runs_is_refused_and_another_users_obs_is_not(hosts: Home, tmp_path: Path) -> None:
    program = tmp_path / "obs"
    shutil.copy("/bin/sleep", program)
    before = tree(hosts.path)
    ours = subprocess.Popen([program, "60"], env=hosts.environment())
    try:
        error = run(hosts, "install", "obs", code=6)["error"]
        assert isinstance(error, dict)
        assert error["code"] == "host.running"
        assert error["message"] == "OBS Studio is running"
        assert error["hint"].startswith("Close OBS, then try again")
        assert tree(hosts.path) == before
    finally:
        ours.kill()
        ours.wait()
    other = subprocess.Popen([program, "60"], env={**hosts.environment(), "XDG_CONFIG_HOME": str(tmp_path)})
    try:
        assert statuses(run(hosts, "install", "obs")) == [("obs", "native", "installed")]
    finally:
        other.kill()
        other.wait()


def test_a_named_folder_and_words_for_people(home: Home) -> None:
    folder = home.folder / "portable GIMP’s"
    done = cli(["install", "gimp", "--folder", str(folder)], home.environment())
    assert done.returncode == 0, done.stderr
    target = folder / "plug-ins/scumble_gimp"
    assert done.stdout.splitlines() == [
        f"Scumble installed in GIMP 3 (folder): {target}", "  Restart GIMP 3 to see it."
    ]  # fmt: skip
    again = cli(["install", "gimp", "--folder", str(folder)], home.environment())
    assert again.stdout == f"Scumble is up to date in GIMP 3 (folder): {target}\n"
    gone = cli(["uninstall", "gimp", "--folder", str(folder)], home.environment())
    assert gone.stdout == f"Scumble removed from GIMP 3 (folder): {target}\n"
    assert not folder.exists()


def test_sandboxes_get_a_word_about_rights(hosts: Home) -> None:
    (hosts.path / "snap/gimp/current/.config/GIMP/3.0").mkdir(parents=True)
    rows = run(hosts, "install", "gimp")["hosts"]
    assert isinstance(rows, list)
    notes = {row["variant"]: " ".join(row["notes"]) for row in rows}
    override = "flatpak override --user --talk-name=org.freedesktop.Flatpak --filesystem=xdg-run/scumble:create"
    assert f"{override} org.gimp.GIMP" in notes["flatpak-3.0"]
    assert f"-m scumble.worker --runtime {hosts.path}/snap/gimp/common/scumble" in notes["snap-3.0"]


def test_the_adapters_travel_in_what_is_built(tmp_path: Path) -> None:
    """The source distribution is what a wheel is built from; both take the same pattern."""
    with (REPO / "pyproject.toml").open("rb") as stream:
        patterns = tomllib.load(stream)["tool"]["maturin"]["include"]
    assert {"path": "sdk/scumble/plugins/**/*", "format": ["sdist", "wheel"]} in patterns
    command = [str(Path(sys.executable).parent / "maturin"), "sdist", "--out", str(tmp_path)]
    subprocess.run(
        command, cwd=REPO, check=True, capture_output=True, timeout=300, env={**os.environ, "CARGO_NET_OFFLINE": "true"}
    )
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        names = packed.getnames()
        top = names[0].partition("/")[0]
        for source in (REPO / "plugins").rglob("*"):
            if not source.is_file() or "__pycache__" in source.parts:
                continue
            member = packed.extractfile(f"{top}/sdk/scumble/plugins/{source.relative_to(REPO / 'plugins').as_posix()}")
            assert member is not None
            assert member.read() == source.read_bytes()
    assert not [name for name in names if "__pycache__" in name]
