"""What every host adapter shares: the recorded set-up, the list of effects, names of layers, words for errors."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from scumble.errors import HostError, ScumbleError
from scumble.params import BoolParam, FileParam, Param, PointsParam, RegionParam
from scumble.schema import ClipSchema, EffectSchema
from scumble.worker.client import Client, Clip, Picture, RemoteJob
from scumble.worker.launch import Launch
from scumble.worker.place import LAYERS_PREFIX, cache_folder, log_path, make_private, runtime_folder

SETUP_FILE = "scumble-host.json"
FORMAT = 1
EFFECTS_VARIABLE = "SCUMBLE_EFFECTS"
_CACHE_FILE = "effects.json"
_SELECTION_CLIP = "mask"
_LAYERS_DOC = "Makes a group of the layers that the picture consists of."


@dataclasses.dataclass(frozen=True)
class Setup:
    """What `scumble install` recorded beside an adapter.

    Attributes:
        host: "gimp", "krita" or "obs".
        python: interpreter of Scumble's own environment, absolute.
        prefix: words before it, such as ``("flatpak-spawn", "--host")``.
        version: Scumble's version.
        runtime: folder of socket and pixels; empty for the session's own.
        watch: folders whose time of change tells that effects came or went.
    """

    host: str
    python: str
    prefix: tuple[str, ...] = ()
    version: str = ""
    runtime: str = ""
    watch: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Returns the set-up as plain data; `setup_from_json` inverts it."""
        return {"format": FORMAT, **dataclasses.asdict(self)}


def setup_from_json(data: Any) -> Setup:
    """Reads what `Setup.to_json` wrote. Raises HostError."""
    try:
        fields = dict(data)
        if fields.pop("format") != FORMAT:
            raise ValueError("it has another format")
        fields.update({name: tuple(map(str, fields.get(name, ()))) for name in ("prefix", "watch")})
        return Setup(**fields)
    except (KeyError, TypeError, ValueError) as error:
        raise HostError(f"The plug-in's set-up cannot be read: {error}", _INSTALL, "host.setup") from error


def setup_from_file(adapter_file: str) -> Setup:
    """Reads the set-up in the folder of an adapter's file. Raises HostError when it is missing or malformed."""
    path = Path(adapter_file).resolve().parent / SETUP_FILE
    try:
        return setup_from_json(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise HostError(f"The plug-in's set-up {path} cannot be read: {error}", _INSTALL, "host.setup") from error


_INSTALL = "Run `scumble install` for this program again; it writes the plug-in anew."


class Adapter:
    """One host process: its set-up, its line to the worker, and the effects that there are."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        launch = Launch(setup.python, setup.prefix, setup.runtime, setup.version)
        self.client = Client(launch, setup.host)

    def effects(self) -> tuple[EffectSchema, ...]:
        """Returns the effects by title: from the cache while nothing was installed or removed, else from the worker.

        The cached way takes a few calls of stat; the other one starts the worker and blocks about a second. When the
        worker cannot be started, an old list is better than none. Raises HostError where there is none.
        """
        stamp = self._stamp()
        cached = self._cached()
        if cached is not None and cached[0] == stamp:
            return cached[1]
        try:
            found = self.client.effects()
        except ScumbleError:
            if cached is None:
                raise
            return cached[1]
        entry = {"stamp": stamp, "effects": [schema.to_json() for schema in found]}
        path = make_private(cache_folder()) / _CACHE_FILE
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.write_text(json.dumps(entry), "utf-8")
        temporary.replace(path)
        return found

    def submit(
        self,
        schema: EffectSchema,
        values: Mapping[str, Any],
        clips: Mapping[str, Clip | None],
        *,
        selection: Picture | None = None,
        layers: Path | None = None,
    ) -> RemoteJob:
        """Starts a rendering as `Client.submit` does; `values` are those of `asked_params`, plain data.

        Where these ask for the picture's layers, they are in the folder `layers` when the job is done; without one
        there are none.
        """
        params, files = _told_apart(schema, values, layers)
        return self.client.submit(schema.id, params, {**clips, **files}, selection=selection)

    def suggest(
        self, schema: EffectSchema, values: Mapping[str, Any], clips: Mapping[str, Clip | None], x: int, y: int
    ) -> RemoteJob:
        """Asks for colours as `Client.suggest` does; `values` are those of `asked_params`, plain data."""
        params, files = _told_apart(schema, values)
        return self.client.suggest(schema.id, params, {**clips, **files}, x, y)

    @contextlib.contextmanager
    def layers_folder(self) -> Iterator[Path]:
        """Gives an empty folder for `submit` to write layers into; at the end it is gone. Raises HostError."""
        home = make_private(runtime_folder(self.setup.runtime))
        with tempfile.TemporaryDirectory(prefix=LAYERS_PREFIX, dir=home) as name:
            yield Path(name)

    def _stamp(self) -> list[Any]:
        """Returns what changes whenever the list of effects may have: versions and times of the watched folders."""
        named = [folder for folder in os.environ.get(EFFECTS_VARIABLE, "").split(os.pathsep) if folder]
        times: list[Any] = [self.setup.python, self.setup.version]
        for folder in (*self.setup.watch, *named):
            try:
                times.append([folder, Path(folder).stat().st_mtime_ns])
            except OSError:
                times.append([folder, 0])
        return times

    def _cached(self) -> tuple[Any, tuple[EffectSchema, ...]] | None:
        try:
            entry = json.loads((cache_folder() / _CACHE_FILE).read_text("utf-8"))
            return entry["stamp"], tuple(EffectSchema.from_json(schema) for schema in entry["effects"])
        except (OSError, ValueError, KeyError, TypeError, ScumbleError):
            return None


def separate_clips(schema: EffectSchema) -> tuple[ClipSchema, ...]:
    """Returns the clips that are pictures of their own: of any size, and chosen as files."""
    return tuple(clip for clip in schema.clips if clip.separate and clip.media == "image")


def asked_params(schema: EffectSchema) -> tuple[Param, ...]:
    """Returns what a user sets, in the order of the dialog: the parameters, then a file for each separate clip.

    This is for hosts that have layers. A generator's picture can be had as the layers that it is made of; other files
    that an effect writes beside its result have no place there and are left out.
    """
    params: list[Param] = []
    for param in schema.params:
        if not (isinstance(param, FileParam) and param.writes):
            params.append(param)
        elif param.role == "layers" and schema.context == "generator":
            params.append(BoolParam(False, _LAYERS_DOC, param.title, param.name))
    return (*params, *map(_file_param, separate_clips(schema)))


def layer_files(folder: Path) -> list[tuple[str, str]]:
    """Returns the layers that were written into a folder, the lowest first: name and path; empty where none were."""
    found = sorted(folder.iterdir(), key=lambda path: int(path.stem.partition("-")[0]))
    return [(path.stem.partition("-")[2].capitalize(), str(path)) for path in found]


def layer_name(schema: EffectSchema, values: dict[str, Any]) -> str:
    """Returns the result's name: the effect's title and what differs from its defaults; a file by its name alone.

    `values` are those of `asked_params`, plain data. Whether there are layers is seen, and not said.
    """
    changed = []
    for param in asked_params(schema):
        if param.name in values.keys() - _layers_names(schema) and values[param.name] != param.to_json(param.default):
            text = param.text(param.from_json(values[param.name]))
            text = Path(text).name if isinstance(param, FileParam) else text
            changed.append(f"{param.title.lower()} {text if len(text) <= 24 else text[:23] + '…'}")
    return f"{schema.title} ({', '.join(changed)})" if changed else schema.title


def painted_clips(schema: EffectSchema) -> tuple[ClipSchema, ...]:
    """Returns the clips that a user paints on layers of their own: optional pictures that lie over the source.

    The selection's is none of them.
    """
    clips = (clip for clip in schema.clips if clip.optional and clip.media == "image" and not clip.separate)
    return tuple(clip for clip in clips if clip.name != _SELECTION_CLIP)


def clip_layer_name(schema: EffectSchema, clip: ClipSchema) -> str:
    """Returns the name of the layer that is read for a painted clip."""
    return f"{schema.title}: {clip.name}"


def source_place(schema: EffectSchema, names: Sequence[str], active: int) -> int | None:
    """Returns the place of the layer to work on among `names`, bottom first: that of the active one or one below it.

    Painted clips are no source, nor is the effect's own earlier result while another layer lies below it. None where
    there is no layer left.
    """
    painted = {clip_layer_name(schema, clip) for clip in painted_clips(schema)}
    while active >= 0 and (names[active] in painted or (active > 0 and _is_result(schema, names[active]))):
        active -= 1
    return active if active >= 0 else None


def result_place(schema: EffectSchema, names: Sequence[str], source: int) -> int:
    """Returns the place of the layer that the next result goes right above: the source's, or its last result's."""
    while source + 1 < len(names) and _is_result(schema, names[source + 1]):
        source += 1
    return source


def _is_result(schema: EffectSchema, name: str) -> bool:
    return name == schema.title or name.startswith(f"{schema.title} (")


def scaled_params(schema: EffectSchema, params: dict[str, Any], scale: float) -> dict[str, Any]:
    """Returns `params`, plain data, for a picture `scale` times as large: what counts its pixels changes."""
    scaled = dict(params)
    for param in schema.params:
        value = params.get(param.name)
        if isinstance(param, PointsParam) and value:
            scaled[param.name] = [[int(x * scale), int(y * scale), color] for x, y, color in value]
        elif isinstance(param, RegionParam) and value:
            x, y, width, height = (int(number * scale) for number in value)
            scaled[param.name] = [x, y, max(1, width), max(1, height)]
    return scaled


def _file_param(clip: ClipSchema) -> FileParam:
    doc = f"{clip.doc} A picture file, of any size.".lstrip()
    return FileParam(None, doc, clip.name.replace("_", " ").capitalize(), clip.name)


def _told_apart(
    schema: EffectSchema, values: Mapping[str, Any], layers: Path | None = None
) -> tuple[dict[str, Any], dict[str, str | None]]:
    """Returns the values of the parameters, layers wanted being the folder for them, and the separate clips' files."""
    files = {clip.name: values.get(clip.name) for clip in separate_clips(schema)}
    params = {name: value for name, value in values.items() if name not in files}
    for name in _layers_names(schema) & params.keys():
        params[name] = str(layers) if layers and params[name] else None
    return params, files


def _layers_names(schema: EffectSchema) -> set[str]:
    return {param.name for param in schema.params if isinstance(param, FileParam) and param.role == "layers"}


def error_text(error: BaseException) -> str:
    """Returns an error in words for people: what happened, and what to do about it; never a traceback."""
    if isinstance(error, ScumbleError):
        return f"{error.message}.\n\n{error.hint}" if error.hint else f"{error.message}."
    return f"Something went wrong in the plug-in: {type(error).__name__}: {error}.\n\nThe log is {log_path()}."


def never(value: NoReturn) -> NoReturn:
    """Closes a chain over the kinds of a closed set, so that type checkers name every chain that lacks one."""
    raise HostError(f"The plug-in does not know {type(value).__name__}", _INSTALL, "host.unknown_kind")
