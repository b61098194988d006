"""Every effect through the script: files as from the command line, sources that show them, and nothing in between."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image as Picture
from tests.hosts.harness import COLOURS, LOOKS, options_of
from tests.hosts.obs.conftest import Workplace
from tests.hosts.obs.studio import CANVAS, Studio

from scumble.provenance import sha256_of_file

_ABGR_RED = 0xFF0000FF


def _difference(studio: Studio, source: str, file: Path) -> int:
    """Returns by how much any sample of what OBS draws differs from the file, 0..255."""
    with Picture.open(file) as picture:
        expected = np.asarray(picture.convert("RGB"), np.int16)
    drawn = np.asarray(studio.picture(source, expected.shape[1], expected.shape[0]), np.int16)
    return int(np.abs(drawn - expected).max())


def test_a_photo_is_colorized_into_a_new_source(studio: Studio, workplace: Workplace) -> None:
    photo = workplace.photo("cat.jpg")
    file = studio.rendered("colorize", "Colorize (Scumble)", source=str(photo), strength=0.8, hint="20,20,#ff8800")
    expected = workplace.reference("colorize", ".png", photo, "--strength", "0.8", "--hint", "20,20,#ff8800")
    assert file.read_bytes() == expected
    assert studio.sources() == {"Colorize (Scumble)": "image_source"}
    assert _difference(studio, "Colorize (Scumble)", file) <= 1
    assert "[Python: scumble_obs.py] Colorize is done" in studio.log()
    record = json.loads(Path(f"{file}.scumble.json").read_text("utf-8"))
    assert record["inputs"]["source"]["path"] == str(photo)


@pytest.mark.parametrize(("photo", "values"), COLOURS, ids=[photo for photo, _ in COLOURS])
def test_a_colorized_photo_is_the_command_lines(
    studio: Studio, workplace: Workplace, photo: str, values: dict[str, object]
) -> None:
    """The values that GIMP's and Krita's tests give, too: so all of them have the same pixels."""
    source = workplace.photo(photo)
    file = studio.rendered("colorize", "Colorize (Scumble)", source=str(source), **values)
    assert file.read_bytes() == workplace.reference("colorize", ".png", source, *options_of(values))
    assert studio.sources() == {"Colorize (Scumble)": "image_source"}


def test_every_kind_of_parameter_arrives(studio: Studio, workplace: Workplace) -> None:
    photo = workplace.photo("rocket.jpg", (200, 120))
    note = workplace.folder / "ä note.txt"
    note.write_text("x")
    values = {
        "amount": 0.75, "steps": 5, "flip": True, "channel": "green", "tint": 0xFF20C0FF, "colors": "#112233,#aabbcc",
        "note": "Grüße, 世界", "seed": 2**31 - 1, "dots": "3,4,#00ff00 8,9,#0000ff", "frame": "5,6,70,20",
        "extra": str(note),
    }  # fmt: skip
    file = studio.rendered("kinds", "Kinds (Scumble)", source=str(photo), **values)
    text = {**values, "flip": None, "tint": "#ffc020"}
    options = [f"--{name}={value}" for name, value in text.items() if name not in ("flip", "dots")]
    options += ["--flip", "--dots", "3,4,#00ff00", "--dots", "8,9,#0000ff"]
    assert file.read_bytes() == workplace.reference("kinds", ".png", photo, *options)
    record = json.loads(Path(f"{file}.scumble.json").read_text("utf-8"))["params"]
    assert record["note"] == "Grüße, 世界"
    assert record["seed"] == 2**31 - 1
    assert record["colors"] == ["#112233", "#aabbcc"]


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look["style"])
def test_a_background_is_the_command_lines(studio: Studio, workplace: Workplace, look: dict[str, object]) -> None:
    file = studio.rendered("background", "Background (Scumble)", **look)
    assert file.read_bytes() == workplace.reference("background", ".png", None, *options_of(look))
    assert studio.sources() == {"Background (Scumble)": "image_source"}
    assert _difference(studio, "Background (Scumble)", file) <= 1


def test_the_layers_of_a_background_are_files_in_a_folder(studio: Studio, workplace: Workplace) -> None:
    parts = workplace.folder / "Ebenen 層"
    look = LOOKS[1]
    file = studio.rendered("background", "Background (Scumble)", **look, layers=str(parts))
    assert file.read_bytes() == workplace.reference("background", ".png", None, *options_of(look))
    names = ["1-background.png", "2-scrim.png", "3-subject.png"]
    assert sorted(path.name for path in parts.iterdir()) == names
    extras = json.loads(Path(f"{file}.scumble.json").read_text("utf-8"))["extras"]
    assert {Path(name).name: fact["sha256"] for name, fact in extras.items()} == {
        name: sha256_of_file(parts / name) for name in names
    }


def test_untouched_values_are_the_effects_own(studio: Studio, workplace: Workplace) -> None:
    file = studio.rendered("kinds", "Kinds (Scumble)", source=str(workplace.photo("rocket.jpg", (200, 120))))
    record = json.loads(Path(f"{file}.scumble.json").read_text("utf-8"))["params"]
    plain = workplace.reference("kinds", ".png", workplace.photo("rocket.jpg", (200, 120)))
    assert file.read_bytes() == plain
    assert record["frame"] is None
    assert record["tint"] == "#ffffff"


def test_a_generator_makes_a_background_below_what_is_there(studio: Studio, workplace: Workplace) -> None:
    studio.rendered("colorize", "Colorize (Scumble)", source=str(workplace.photo("cat.jpg", (64, 48))))
    file = studio.rendered("gradient", "Gradient (Scumble)", width=640, height=360, left=_ABGR_RED)
    expected = workplace.reference("gradient", ".png", None, "--width", "640", "--height", "360", "--left", "#ff0000")
    assert file.read_bytes() == expected
    items = studio.socket.get_scene_item_list("Scene").scene_items
    assert [item["sourceName"] for item in items] == ["Gradient (Scumble)", "Colorize (Scumble)"], "the lowest first"
    assert items[0]["sceneItemTransform"]["boundsType"] == "OBS_BOUNDS_SCALE_INNER"
    scene = np.asarray(studio.picture("Scene", *CANVAS), int)
    assert abs(scene[2, 2] - (255, 0, 0)).max() <= 2, "the background fills the canvas, up to its corner"
    assert abs(scene[CANVAS[1] - 3, CANVAS[0] - 3] - (240, 160, 64)).max() <= 2


def test_making_it_again_changes_the_same_source(studio: Studio) -> None:
    first = studio.rendered("gradient", "Hintergrund 背景", **{"/name": "Hintergrund 背景", "width": 160, "height": 90})
    item = studio.socket.get_scene_item_id("Scene", "Hintergrund 背景").scene_item_id
    studio.socket.set_scene_item_transform("Scene", item, {"positionX": 33.0})
    second = studio.rendered("gradient", "Hintergrund 背景", right=_ABGR_RED)
    assert first != second
    assert first.exists(), "no result is overwritten"
    studio.wait(lambda: _difference(studio, "Hintergrund 背景", second) <= 1)
    items = studio.socket.get_scene_item_list("Scene").scene_items
    assert [(row["sourceName"], row["sceneItemId"]) for row in items] == [("Hintergrund 背景", item)]
    assert items[0]["sceneItemTransform"]["positionX"] == 33.0


def test_the_picture_of_a_source_is_taken(studio: Studio, workplace: Workplace) -> None:
    photo = workplace.photo("coffee.jpg", (120, 80))
    studio.socket.create_input("Scene", "Kaffee ☕", "image_source", {"file": str(photo)}, True)
    shown = studio.page()
    assert shown["kinds/source"]["visible"]
    file = studio.rendered("kinds", "Kinds (Scumble)", **{"/from-source": "Kaffee ☕"})
    assert file.read_bytes() == workplace.reference("kinds", ".png", photo)
    assert not studio.page()["kinds/source"]["visible"], "no file is asked for then"
    second = studio.rendered("kinds", "Kinds (Scumble)", **{"/from-source": "Kinds (Scumble)"})
    with Picture.open(second) as picture, Picture.open(photo) as original:
        assert np.array_equal(np.asarray(picture), np.asarray(original)), "turned twice, from the result itself"


def _film(path: Path, photo: Path) -> Path:
    """Writes a second of film, without loss, that shows a photograph in gray."""
    with Picture.open(photo) as picture, av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", 30)
        stream.width, stream.height, stream.pix_fmt = *picture.size, "yuv444p"
        for _ in range(30):
            pixels = np.asarray(picture.convert("L").convert("RGB"))
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_what_a_media_source_shows_is_colorized_into_a_new_source(studio: Studio, workplace: Workplace) -> None:
    """A film, a camera, a window: OBS draws what it shows, and that picture is the effect's source.

    The button is pressed before the film has a frame to show, as it is in the moment when it begins to play.
    """
    photo = workplace.photo("rocket.jpg", (400, 300))
    film = _film(workplace.folder / "Film 映画.mkv", photo)
    studio.socket.create_input("Scene", "Film 🎞", "ffmpeg_source", {"local_file": "", "looping": True}, True)
    studio.choose("colorize", **{"/from-source": "Film 🎞"})
    studio.press("apply")
    studio.socket.set_input_settings("Film 🎞", {"local_file": str(film)}, True)
    assert "is done" in studio.finished()
    file = studio.file_of("Colorize (Scumble)")
    shot = file.with_name(f"{file.stem} source.png")
    assert file.read_bytes() == workplace.reference("colorize", ".png", shot)
    assert studio.sources() == {"Film 🎞": "ffmpeg_source", "Colorize (Scumble)": "image_source"}
    with Picture.open(shot) as drawn, Picture.open(photo) as original:
        assert drawn.size == original.size
        difference = np.abs(np.asarray(drawn.convert("L"), int) - np.asarray(original.convert("L"), int))
    assert difference.mean() < 3, "the film's own picture"
    assert _difference(studio, "Colorize (Scumble)", file) <= 1
    assert file.parent == shot.parent, "nothing stays among the recordings"
    assert not list(studio.recordings.glob("*.png"))


def test_a_source_that_shows_nothing_is_said(studio: Studio) -> None:
    studio.socket.create_input("Scene", "Leer", "ffmpeg_source", {"local_file": ""}, True)
    studio.choose("colorize", **{"/from-source": "Leer"})
    studio.press("apply")
    assert "The source “Leer” shows no picture" in studio.finished()
    studio.choose("colorize", **{"/from-source": "Gone"})
    studio.press("apply")
    assert "The source “Gone” is gone" in studio.finished()
    assert list(studio.sources()) == ["Leer"]


def test_two_sources_are_drawn_within_one_second(studio: Studio, workplace: Workplace) -> None:
    """OBS gives both pictures the same name, that of the second, since the first one was taken away."""
    sizes = {"Blau": (64, 48), "Rot": (31, 77)}
    for (name, (width, height)), color in zip(sizes.items(), (0xFFF0A040, 0xFF2040F0), strict=True):
        settings = {"color": color, "width": width, "height": height}
        studio.socket.create_input("Scene", name, "color_source_v3", settings, True)
    file = studio.rendered("kinds", "Kinds (Scumble)", **{"/from-source": "Blau", "/from-model": "Rot"})
    shots = {name: file.with_name(f"{file.stem} {name}.png") for name in ("source", "model")}
    for shot, size in zip(shots.values(), sizes.values(), strict=True):
        with Picture.open(shot) as drawn:
            assert drawn.size == size
    assert file.read_bytes() == workplace.reference("kinds", ".png", shots["source"], "--model", str(shots["model"]))
    assert not list(studio.recordings.glob("*.png")), "nothing stays among the recordings"


def test_a_picture_of_its_own_comes_from_a_file_or_a_source(studio: Studio, workplace: Workplace) -> None:
    photo, model = workplace.photo("coffee.jpg", (120, 80)), workplace.photo("rocket.jpg", (31, 77))
    expected = workplace.reference("kinds", ".png", photo, "--model", str(model))
    assert expected != workplace.reference("kinds", ".png", photo)
    shown = studio.page()
    assert shown["kinds//from-model"]["label"] == "Model"
    assert shown["kinds/model"]["doc"] == "The result is multiplied by its mean colour."
    file = studio.rendered("kinds", "Kinds (Scumble)", source=str(photo), model=str(model))
    assert file.read_bytes() == expected
    record = json.loads(Path(f"{file}.scumble.json").read_text("utf-8"))
    assert record["inputs"]["model"]["path"] == str(model)
    studio.socket.create_input("Scene", "Rakete 🚀", "image_source", {"file": str(model)}, True)
    again = studio.rendered("kinds", "Kinds (Scumble)", **{"model": "", "/from-model": "Rakete 🚀"})
    assert again.read_bytes() == expected


def test_a_new_effect_appears_without_a_restart(studio: Studio, workplace: Workplace) -> None:
    assert "grade/" not in studio.page()
    workplace.add_grade()
    shown = studio.wait(lambda: (page := studio.page()).get("grade/") and page)
    assert shown["grade/exposure_stops"]["label"] == "Exposure stops"
    assert shown["grade/exposure_stops"]["doc"] == "Each stop doubles the light; 0 keeps it."
    photo = workplace.photo("astronaut.jpg", (300, 300))
    file = studio.rendered("grade", "Grade (Scumble)", source=str(photo), exposure_stops=-1.0, warmth=0.25)
    expected = workplace.reference("grade", ".png", photo, "--exposure-stops", "-1", "--warmth", "0.25")
    assert file.read_bytes() == expected


def test_the_page_shows_the_chosen_effect_and_no_other(studio: Studio) -> None:
    studio.choose("gradient")
    shown = studio.page()
    groups = {name: row["visible"] for name, row in shown.items() if name.endswith("/")}
    assert [name for name, visible in groups.items() if visible] == ["gradient/"]
    assert len(groups) >= 8
    assert shown["apply"]["label"] == "Generate"
    assert not shown["cancel"]["visible"]
    assert shown["folder"]["visible"]
    studio.choose("kinds")
    shown = studio.page()
    assert shown["apply"]["label"] == "Apply"
    assert shown["kinds/amount"]["doc"] == "0 keeps the source."
    assert "leave it empty for none" in shown["kinds/frame"]["doc"]


def test_places_to_read_to_write_and_folders_are_chosen_as_such(studio: Studio) -> None:
    """OBS tells the kind of a path by a number: a file, a file to save, a folder."""
    kinds = {name.partition("/")[2]: row["path"] for name, row in studio.page().items() if "path" in row}
    assert kinds["soundfont"] == kinds["duck_under"] == kinds["mix_with"] == 0
    assert kinds["midi"] == kinds["plot"] == kinds["statement"] == 1
    assert kinds["stems"] == kinds["layers"] == 2


def test_the_dice_give_another_seed(studio: Studio) -> None:
    studio.choose("kinds")
    studio.press("kinds//dice-seed")
    seeds = {studio.run(_SEED)}
    studio.press("kinds//dice-seed")
    seeds.add(studio.run(_SEED))
    assert len(seeds) == 2
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_a_palettes_colours_are_chosen_in_obs_own_dialog(studio: Studio) -> None:
    """OBS has no list of colours: one is chosen at a time, and a button adds it to the text."""
    studio.choose("kinds")
    shown = studio.page()
    assert shown["kinds//add-colors"]["label"] == "Add to colors"
    for number in (0xFF332211, 0xFF0080FF):
        studio.choose("kinds", **{"/color-colors": number})
        studio.press("kinds//add-colors")
    settings = "sys.modules['scumble_obs']._session.settings"
    text = studio.run(f"answer = obs.obs_data_get_string({settings}, 'kinds/colors')")
    assert text == "#112233,#ff8000"


_SEED = "answer = obs.obs_data_get_int(sys.modules['scumble_obs']._session.settings, 'kinds/seed')"


@pytest.mark.parametrize(
    ("effect", "values", "words"),
    [
        ("kinds", {}, "Kinds needs a file for its source"),
        ("kinds", {"source": "PHOTO", "dots": "1,1,red"}, "dots cannot be"),
        ("kinds", {"source": "/gone/a.png"}, "/gone/a.png"),
        ("kinds", {"source": "PHOTO", "model": "/gone/b.png"}, "There is no file /gone/b.png"),
        ("kinds", {"source": "PHOTO", "model": "VIDEO"}, "VIDEO"),
        ("kinds", {"source": "PHOTO", "extra": "PHOTO"}, "extra takes the path of a file to read ending in .txt"),
        ("colorize", {"source": "VIDEO"}, "VIDEO"),
        ("background", {"text_area": "1200,10,300,80"}, "text area"),
        ("background", {"layers": "parts"}, "The path 'parts' is not absolute"),
        ("music-bed", {"energy": "loud"}, "loud"),
        ("music-bed", {"duck_under": "/gone/talk.wav"}, "/gone/talk.wav"),
        ("gradient", {"/name": "Scene"}, "“Scene” is a source of another kind"),
    ],
)
def test_what_cannot_be_is_said(
    studio: Studio, workplace: Workplace, effect: str, values: dict[str, str], words: str
) -> None:
    video = workplace.folder / "film.mp4"
    video.write_bytes(bytes.fromhex("00000018667479706d703432") + bytes(4000))
    places = {"PHOTO": str(workplace.photo("cat.jpg", (64, 48))), "VIDEO": str(video)}
    studio.choose(effect, **{name: places.get(value, value) for name, value in values.items()})
    studio.press("apply")
    said = studio.finished()
    assert places.get(words, words) in said
    assert "Traceback" not in said
    assert "Something went wrong" not in said
    assert "\n\n" in said, "message and hint"
    studio.wait(lambda: " ".join(said.split()) in studio.log())
    assert studio.sources() == {}


def test_results_go_where_the_user_wants(studio: Studio, workplace: Workplace) -> None:
    folder = workplace.folder / "Ergebnisse 結果" / "neu"
    studio.run("choose(folder=folder)", folder=str(folder))
    file = studio.rendered("gradient", "Gradient (Scumble)", width=50)
    assert file.parent == folder
    assert {path.name for path in folder.iterdir()} == {file.name, f"{file.name}.scumble.json"}
    assert _difference(studio, "Gradient (Scumble)", file) <= 1


def test_a_folder_that_cannot_be_made(studio: Studio, workplace: Workplace) -> None:
    taken = workplace.folder / "a file"
    taken.write_text("")
    studio.choose("gradient")
    studio.run("choose(folder=folder)", folder=str(taken / "below"))
    studio.press("apply")
    assert "There is no folder" in studio.finished()
    assert studio.sources() == {}
