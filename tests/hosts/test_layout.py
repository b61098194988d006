"""Where hosts keep their plug-ins, on each system, in each package; in throw-away folders."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from scumble.errors import HostNotFound, ParamError
from scumble.hosts.layout import EITHER_PREFIX, FLATPAK_PREFIX, HOSTS, Machine, chosen, roots, variants

LINUX, MAC, WINDOWS = "linux", "darwin", "win32"


@pytest.fixture
def user(tmp_path: Path) -> Path:
    home = tmp_path / "Zoë’s hôme 日本"
    home.mkdir()
    return home


def machine(user: Path, platform: str = LINUX, **variables: str) -> Machine:
    return Machine(platform, user, variables)


def relative(paths: dict[str, tuple[Path, Path]], user: Path) -> dict[str, tuple[str, str]]:
    return {
        kind: (root.relative_to(user).as_posix(), settings.relative_to(user).as_posix())
        for kind, (root, settings) in paths.items()
    }


@pytest.mark.parametrize(
    ("host", "platform", "expected"),
    [
        ("gimp", LINUX, {"native": ".config/GIMP", "flatpak": ".var/app/org.gimp.GIMP/config/GIMP",
                         "snap": "snap/gimp/current/.config/GIMP"}),
        ("gimp", MAC, {"native": "Library/Application Support/GIMP"}),
        ("gimp", WINDOWS, {"native": "AppData/Roaming/GIMP"}),
        ("krita", LINUX, {"native": ".local/share/krita", "flatpak": ".var/app/org.kde.krita/data/krita",
                          "snap": "snap/krita/current/.local/share/krita"}),
        ("krita", MAC, {"native": "Library/Application Support/krita"}),
        ("krita", WINDOWS, {"native": "AppData/Roaming/krita"}),
        ("obs", LINUX, {"native": ".config/obs-studio", "flatpak": ".var/app/com.obsproject.Studio/config/obs-studio",
                        "snap": "snap/obs-studio/current/.config/obs-studio"}),
        ("obs", MAC, {"native": "Library/Application Support/obs-studio"}),
        ("obs", WINDOWS, {"native": "AppData/Roaming/obs-studio"}),
    ],
)  # fmt: skip
def test_each_host_has_its_folder_on_each_system(
    user: Path, host: str, platform: str, expected: dict[str, str]
) -> None:
    found = relative(roots(HOSTS[host], machine(user, platform)), user)
    assert {kind: root for kind, (root, _) in found.items()} == expected


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        (LINUX, [".config/kritarc", ".var/app/org.kde.krita/config/kritarc", "snap/krita/current/.config/kritarc"]),
        (MAC, ["Library/Preferences/kritarc"]),
        (WINDOWS, ["AppData/Local/kritarc"]),
    ],
)
def test_krita_keeps_its_settings_elsewhere(user: Path, platform: str, expected: list[str]) -> None:
    found = relative(roots(HOSTS["krita"], machine(user, platform)), user)
    assert [settings for _, settings in found.values()] == expected


def test_the_systems_own_variables_count(user: Path) -> None:
    moved = machine(user, XDG_CONFIG_HOME=str(user / "c"), XDG_DATA_HOME=str(user / "d"))
    assert roots(HOSTS["gimp"], moved)["native"][0] == user / "c" / "GIMP"
    assert roots(HOSTS["krita"], moved)["native"] == (user / "d" / "krita", user / "c" / "kritarc")
    windows = machine(user, WINDOWS, APPDATA=str(user / "r"), LOCALAPPDATA=str(user / "l"))
    assert roots(HOSTS["krita"], windows)["native"] == (user / "r" / "krita", user / "l" / "kritarc")
    own = machine(user, GIMP3_DIRECTORY=str(user / "my gimp"))
    assert [(entry.name, entry.root) for entry in variants(HOSTS["gimp"], own)] == [("own", user / "my gimp")]


def test_every_series_of_gimp_3_is_a_variant_and_older_ones_are_none(user: Path) -> None:
    for name in ("2.10", "3.0", "3.2", "3.x", "themes"):
        (user / ".config/GIMP" / name).mkdir(parents=True)
    (user / ".var/app/org.gimp.GIMP/config/GIMP/3.0").mkdir(parents=True)
    (user / "snap/gimp/current/.config/GIMP/3.0").mkdir(parents=True)
    found = variants(HOSTS["gimp"], machine(user))
    assert [(entry.name, entry.prefix) for entry in found] == [
        ("3.0", EITHER_PREFIX), ("3.2", EITHER_PREFIX), ("flatpak-3.0", FLATPAK_PREFIX), ("snap-3.0", ()),
    ]  # fmt: skip
    assert found[0].folder == user / ".config/GIMP/3.0/plug-ins/scumble_gimp"
    assert found[3].runtime == str(user / "snap/gimp/common/scumble")
    assert [entry.name for entry in chosen(HOSTS["gimp"], machine(user), "flatpak-3.0")] == ["flatpak-3.0"]
    with pytest.raises(ParamError, match=r"There is no GIMP 3 called '3\.9'") as caught:
        chosen(HOSTS["gimp"], machine(user), "3.9")
    assert caught.value.hint == "There are: 3.0, 3.2, flatpak-3.0, snap-3.0."


def test_a_gimp_that_was_never_started_is_found_by_its_program(user: Path) -> None:
    programs = user / "bin"
    programs.mkdir()
    gimp = programs / "gimp"
    gimp.write_text("#!/bin/sh\necho 'GNU Image Manipulation Program version 3.2.1'\n")
    gimp.chmod(0o755)
    assert [entry.name for entry in variants(HOSTS["gimp"], machine(user, PATH=str(programs)))] == ["3.2"]
    (programs / "gimp-3.0").symlink_to(gimp)
    assert [entry.name for entry in variants(HOSTS["gimp"], machine(user, PATH=str(programs)))] == ["3.0"]
    gimp.write_text("#!/bin/sh\necho 'GNU Image Manipulation Program version 2.10.34'\n")
    (programs / "gimp-3.0").unlink()
    assert variants(HOSTS["gimp"], machine(user, PATH=str(programs))) == []


@pytest.mark.parametrize("word", EITHER_PREFIX[:1])
def test_the_prefix_for_a_folder_that_two_gimps_share_starts_the_worker_outside_a_flatpak(word: str) -> None:
    done = subprocess.run([*EITHER_PREFIX, "printf", "%s|", "a b", "c’"], capture_output=True, text=True, check=True)
    assert word == "/bin/sh"
    assert done.stdout == "a b|c’|"


def test_krita_and_obs_are_found_by_folder_settings_program_or_flatpak(user: Path) -> None:
    krita, obs = HOSTS["krita"], HOSTS["obs"]
    assert variants(krita, machine(user)) == variants(obs, machine(user)) == []
    (user / ".config").mkdir()
    (user / ".config/kritarc").touch()
    (user / ".var/app/com.obsproject.Studio").mkdir(parents=True)
    assert [(entry.name, entry.prefix) for entry in variants(krita, machine(user))] == [("native", ())]
    found = variants(obs, machine(user))
    assert [(entry.name, entry.prefix) for entry in found] == [("flatpak", FLATPAK_PREFIX)]
    assert found[0].folder == user / ".var/app/com.obsproject.Studio/config/obs-studio/scripts/scumble_obs"
    programs = user / "bin"
    programs.mkdir()
    (programs / "obs").touch(mode=0o755)
    assert [entry.name for entry in variants(obs, machine(user, PATH=f"{os.pathsep}{programs}"))] == [
        "native",
        "flatpak",
    ]


def test_krita_may_have_been_told_another_folder(user: Path) -> None:
    own = user / "Künstler Ressourcen"
    own.mkdir()
    (user / ".config").mkdir()
    rc = user / ".config/kritarc"
    rc.write_text(f"ResourceDirectory={own}\n\n[python]\nResourceDirectory=/nowhere\n")
    assert [entry.folder for entry in variants(HOSTS["krita"], machine(user))] == [own / "pykrita/scumble_krita"]
    rc.write_text("ResourceDirectory=/gone\n")
    assert variants(HOSTS["krita"], machine(user))[0].root == user / ".local/share/krita"


def test_a_host_that_is_not_there_is_an_error_that_says_where_was_looked(user: Path) -> None:
    with pytest.raises(HostNotFound, match="GIMP 3 was not found") as caught:
        chosen(HOSTS["gimp"], machine(user))
    assert caught.value.code == "host.not_found"
    for words in (
        str(user / ".config/GIMP"),
        "org.gimp.GIMP",
        "gimp-console-3.*",
        "scumble install gimp --folder PATH",
    ):
        assert words in caught.value.hint
    forced = chosen(HOSTS["gimp"], machine(user), folder=user / "else")
    assert [entry.folder for entry in forced] == [user / "else/plug-ins/scumble_gimp"]
