"""From files to a file: reads clips, renders, writes whole or not at all, and leaves the record beside it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import msgspec

from scumble.effect import MAIN_CLIP, MASK_CLIP, Effect, Extras, extra_places, read_places
from scumble.engine import Engine
from scumble.errors import MediaError, ParamError
from scumble.jobs import Progress
from scumble.media.arrays import mixed
from scumble.media.atomic import atomic_path
from scumble.media.audio import SAMPLE_FORMATS, Audio
from scumble.media.files import format_from_name, read_image, write_image
from scumble.media.image import Image
from scumble.media.sound import check_sample_format, sound_format_from_name, write_audio
from scumble.models.store import facts_of_bundle, holds_graph
from scumble.provenance import (
    FileFact,
    ModelFact,
    Provenance,
    bytes_from_provenance,
    provenance_from_file,
    sha256_of_file,
    sidecar_path,
)


@dataclass(frozen=True)
class Rendered:
    """What a rendering left on disk."""

    output: Path
    sidecar: Path
    record: Provenance


def render_files(
    effect: Effect,
    clips: dict[str, Path],
    output: Path,
    *,
    engine: Engine,
    progress: Progress,
    max_megapixels: float,
) -> Rendered:
    """Renders `effect` on the files of `clips` (clip name to path) into `output`, its extras and its sidecar.

    Raises MediaError when a file cannot be read or written, ParamError when the output is one of the inputs,
    and whatever the effect raises; then nothing has been written.
    """
    read = clips | read_places(effect)
    _check_places(read, output, extra_places(effect))
    check_place(output, effect.declaration().output.media)
    wanted = effect.params().get("sample_format")
    if wanted in SAMPLE_FORMATS:  # found out now rather than when half an hour of music is done
        check_sample_format(output, wanted)
    limits = engine.read_limits
    images: dict[str, Image] = {
        name: read_image(path, max_megapixels=max_megapixels, **limits) for name, path in clips.items()
    }
    inputs = {name: FileFact(str(path.resolve()), sha256_of_file(path)) for name, path in read.items()}
    extras = Extras()
    result = effect(engine=engine, progress=progress, extras=extras, **images)
    _check_extras(read, output, extras)
    sidecar = sidecar_path(output)
    with atomic_path(sidecar) as recorded, extras.written(progress.check) as written, atomic_path(output) as made:
        if isinstance(result, Image):
            room = engine.encoder_bytes(result)
            write_image(made, result, most_bytes=effect.most_bytes(), encoder_bytes=room)
        else:
            write_audio(made, result)
        record = _record(effect, inputs, FileFact(output.name, sha256_of_file(made)), engine)
        if extras.statement:
            record = msgspec.structs.replace(record, statement=_whole_statement(extras.statement, record))
        if extras.statement_path is not None:
            written[extras.statement_path].write_text(record.statement, "utf-8")
        beside = {str(path): FileFact(str(path.resolve()), sha256_of_file(file)) for path, file in written.items()}
        record = msgspec.structs.replace(record, extras=beside)
        recorded.write_bytes(bytes_from_provenance(record))
    return Rendered(output, sidecar, record)


def _record(effect: Effect, inputs: dict[str, FileFact], output: FileFact, engine: Engine) -> Provenance:
    graphs = effect.graph_files()
    runs_graphs = bool(graphs) or any(holds_graph(name) for name in effect.used_bundles())
    return Provenance(
        scumble=version("scumble"),
        effect=effect.id,
        params=effect.params_json() | {name: inputs[name].path for name in read_places(effect)},
        inputs=inputs,
        output=output,
        models=[*map(model_fact, effect.used_bundles()), *(_graph_fact(path) for path in graphs)],
        provider=engine.provider if runs_graphs else "none",
        runtime=engine.runtime_version if runs_graphs else "none",
        workers=engine.workers if runs_graphs else 0,
        memory_budget_mib=engine.budget_bytes >> 20 if runs_graphs else 0,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )


def _whole_statement(text: str, record: Provenance) -> str:
    """Returns what the effect says, and which file it says it of; so the record can name the statement's hash."""
    return f"{text}\n\nFile: {record.output.path}\nSHA-256: {record.output.sha256}\nMade: {record.created}\n"


def rendered(effect: Effect, clips: Mapping[str, Image], *, engine: Engine, progress: Progress) -> Image | Audio:
    """Renders `effect` on clips by name. Raises whatever the effect raises."""
    return effect(engine=engine, progress=progress, extras=None, **clips)


def render_selected(
    effect: Effect,
    clips: Mapping[str, Image],
    selection: Image | None,
    *,
    engine: Engine,
    progress: Progress,
) -> Image | Audio:
    """Renders `effect` where `selection` says, a gray picture of the source's size; everywhere without one.

    An effect that declares a clip called mask gets it there; else source and result are mixed. Where the selection
    is 0 the samples are the source's own. Raises ParamError when it does not fit the source.
    """
    if selection is None:
        return rendered(effect, clips, engine=engine, progress=progress)
    if any(clip.name == MASK_CLIP for clip in effect.declaration().clips):
        return rendered(effect, {**clips, MASK_CLIP: selection}, engine=engine, progress=progress)
    result = rendered(effect, clips, engine=engine, progress=progress)
    source = clips.get(MAIN_CLIP)
    if source is None or not isinstance(result, Image):
        return result
    return mixed(source, result, selection)


def _check_places(read: Mapping[str, Path], output: Path, extras: Mapping[str, Path]) -> None:
    """Raises ParamError for a file that would be written twice, or read and written."""
    taken = {path.resolve(): name for name, path in read.items()}
    for name, path in {"output": output, **extras}.items():
        if path.resolve() in taken:
            message = f"The {name} {path} is the {taken[path.resolve()]} itself"
            raise ParamError(message, "Name another file; Scumble never overwrites what it reads.", "param.same_file")
        taken[path.resolve()] = name
        _check_folder(path)


def _check_extras(read: Mapping[str, Path], output: Path, extras: Extras) -> None:
    """Raises ParamError where a file in a folder, whose name the effect chose, would be one that is read or written."""
    taken = {path.resolve(): name for name, path in read.items()} | {output.resolve(): "output"}
    for path in extras.paths:
        if path.resolve() in taken:
            message = f"A file beside the output, {path}, would be the {taken[path.resolve()]} itself"
            raise ParamError(message, "Name another folder.", "param.same_file")


def _check_folder(path: Path) -> None:
    if not path.parent.is_dir():
        hint = "Create the folder first, or name another place."
        raise MediaError(f"There is no folder {path.parent}", hint, "media.no_folder")


def check_place(output: Path, media: str = "image") -> None:
    """Raises MediaError, before any work is done, for an unknown suffix or a folder that is not there."""
    if media == "image":
        format_from_name(output)
    else:
        sound_format_from_name(output)
    _check_folder(output)


def model_fact(name: str) -> ModelFact:
    """Returns the facts of a bundle for the record."""
    return ModelFact(*facts_of_bundle(name))


def _graph_fact(path: Path) -> ModelFact:
    """Returns the facts of a graph that is no bundle: nobody states its version or its terms."""
    return ModelFact(path.name, "", sha256_of_file(path), "not stated")


def effect_from_record(record: Provenance, effects: Mapping[str, type[Effect]]) -> Effect:
    """Makes the recorded effect with its recorded values. Raises ParamError when it is not installed."""
    kind = effects.get(record.effect)
    if kind is None:
        hint = "Install the package that provides it; `scumble describe` lists what there is."
        raise ParamError(f"There is no effect called {record.effect!r} here", hint, "param.effect")
    return kind.from_params_json(record.params)


def without_extras(effect: Effect) -> Effect:
    """Returns the effect that makes the same output and nothing beside it."""
    return type(effect).from_params_json(effect.params_json() | dict.fromkeys(extra_places(effect)))


def replayed(
    sidecar: Path,
    output: Path | None,
    effects: Mapping[str, type[Effect]],
    *,
    engine: Engine,
    progress: Progress,
    max_megapixels: float,
) -> tuple[Rendered, bool]:
    """Renders a record again and tells whether the bytes are the recorded ones.

    Without `output` the recorded name beside the sidecar is used, if no file is there. Raises MediaError when
    an input is gone or has changed, or when the place is taken.
    """
    record = provenance_from_file(sidecar)
    target = output or sidecar.with_name(record.output.path)
    if output is None and target.exists():
        message = f"The file {target} is still there"
        raise MediaError(message, "Name another file for the replay to write.", "media.exists")
    effect = without_extras(effect_from_record(record, effects))
    for name, fact in record.inputs.items():
        if sha256_of_file(Path(fact.path)) != fact.sha256:
            message = f"The {name} {fact.path} is not the file that was used: its content has changed"
            raise MediaError(message, "Bring back the original file.", "provenance.input_changed")
    named = {clip.name for clip in effect.declaration().clips}
    clips = {name: Path(fact.path) for name, fact in record.inputs.items() if name in named}
    rendered = render_files(
        effect,
        clips,
        target,
        engine=engine,
        progress=progress,
        max_megapixels=max_megapixels,
    )
    return rendered, rendered.record.output.sha256 == record.output.sha256
