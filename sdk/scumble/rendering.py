"""From files to a file: reads clips, renders, writes whole or not at all, and leaves the record beside it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from scumble.effect import MAIN_CLIP, MASK_CLIP, Effect, Layer, LayeredEffect
from scumble.engine import Engine
from scumble.errors import MediaError, ParamError
from scumble.jobs import Progress
from scumble.media.arrays import mixed
from scumble.media.atomic import atomic_path
from scumble.media.audio import Audio
from scumble.media.files import format_from_name, read_image, write_image
from scumble.media.image import Image
from scumble.media.layers import flattened, widened
from scumble.media.sound import sound_format_from_name, write_audio
from scumble.models.store import find_bundle
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
    layers: Path | None = None,
) -> Rendered:
    """Renders `effect` on the files of `clips` (clip name to path) into `output` and its sidecar.

    With `layers`, a folder that is made if need be, each layer of a `LayeredEffect` is written there too, in the
    picture's size: 1-NAME.png is the lowest.

    Raises MediaError when a file cannot be read or written, ParamError when the output is one of the inputs,
    and whatever the effect raises; then nothing has been written.
    """
    for name, path in clips.items():
        if path.resolve() == output.resolve():
            message = f"The output {output} is the {name} itself"
            raise ParamError(message, "Name another file; Scumble never overwrites what it reads.", "param.same_file")
    check_place(output, effect.declaration().output.media)
    images: dict[str, Image] = {name: read_image(path, max_megapixels=max_megapixels) for name, path in clips.items()}
    inputs = {name: FileFact(str(path.resolve()), sha256_of_file(path)) for name, path in clips.items()}
    facts: dict[str, FileFact] = {}
    if layers is None:
        result = rendered(effect, images, engine=engine, progress=progress)
    else:
        made = _layered(effect).layered(engine=engine, progress=progress, **images)
        facts = _write_layers(layers, made)
        result = flattened(made)
    if isinstance(result, Image):
        write_image(output, result, most_bytes=effect.most_bytes())
    else:
        write_audio(output, result)
    record = Provenance(
        scumble=version("scumble"),
        effect=effect.id,
        params=effect.params_json(),
        inputs=inputs,
        output=FileFact(output.name, sha256_of_file(output)),
        layers=facts,
        models=[model_fact(name) for name in effect.bundles],
        provider=engine.provider if effect.bundles else "none",
        runtime=engine.runtime_version if effect.bundles else "none",
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )
    sidecar = sidecar_path(output)
    with atomic_path(sidecar) as temporary:
        temporary.write_bytes(bytes_from_provenance(record))
    return Rendered(output, sidecar, record)


def _layered(effect: Effect) -> LayeredEffect:
    if not isinstance(effect, LayeredEffect):
        raise ParamError(f"{effect.title} has no layers", "Leave out --layers.", "param.layers")
    return effect


def _write_layers(folder: Path, layers: tuple[Layer, ...]) -> dict[str, FileFact]:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        hint = "Name a folder that can be made, in one that is there."
        raise MediaError(f"The folder {folder} cannot be made: {error.strerror}", hint, "media.no_folder") from error
    facts: dict[str, FileFact] = {}
    lowest = layers[0].image
    for number, layer in enumerate(layers, 1):
        path = folder / f"{number}-{layer.name}.png"
        write_image(path, widened(layer, lowest.width, lowest.height))
        facts[layer.name] = FileFact(path.name, sha256_of_file(path))
    return facts


def rendered(effect: Effect, clips: Mapping[str, Image], *, engine: Engine, progress: Progress) -> Image | Audio:
    """Renders `effect` on clips by name. Raises whatever the effect raises."""
    return effect(engine=engine, progress=progress, **clips)


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


def check_place(output: Path, media: str = "image") -> None:
    """Raises MediaError, before any work is done, for an unknown suffix or a folder that is not there."""
    if media == "image":
        format_from_name(output)
    else:
        sound_format_from_name(output)
    if not output.parent.is_dir():
        hint = "Create the folder first, or name another place."
        raise MediaError(f"There is no folder {output.parent}", hint, "media.no_folder")


def model_fact(name: str) -> ModelFact:
    """Returns the facts of a bundle for the record."""
    manifest = find_bundle(name).manifest
    return ModelFact(manifest.name, manifest.version, manifest.model.sha256, manifest.licence.model)


def effect_from_record(record: Provenance, effects: Mapping[str, type[Effect]]) -> Effect:
    """Makes the recorded effect with its recorded values. Raises ParamError when it is not installed."""
    kind = effects.get(record.effect)
    if kind is None:
        hint = "Install the package that provides it; `scumble describe` lists what there is."
        raise ParamError(f"There is no effect called {record.effect!r} here", hint, "param.effect")
    return kind.from_params_json(record.params)


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
    clips = {name: Path(fact.path) for name, fact in record.inputs.items()}
    for name, fact in record.inputs.items():
        if sha256_of_file(clips[name]) != fact.sha256:
            message = f"The {name} {fact.path} is not the file that was used: its content has changed"
            raise MediaError(message, "Bring back the original file.", "provenance.input_changed")
    rendered = render_files(
        effect_from_record(record, effects),
        clips,
        target,
        engine=engine,
        progress=progress,
        max_megapixels=max_megapixels,
    )
    return rendered, rendered.record.output.sha256 == record.output.sha256
