"""One run: pixels to the worker, its progress into GIMP's bar, its result into the document."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gi.repository import Gimp
from gimp_layers import painted_layer, place_above, place_into, unplaced_layer
from gimp_pixels import Report, facts_of, pixels_from_drawable

from scumble.errors import HostError
from scumble.hosts.adapter import Adapter, clip_layer_name, layer_files, layer_name, painted_clips
from scumble.hosts.gimpwords import MASK, SAMPLES, STROKES
from scumble.media.image import Image, Transfer
from scumble.media.region import Region
from scumble.schema import EffectSchema
from scumble.worker.pixels import Pixels
from scumble.worker.place import runtime_folder

_READ, _RENDERED = 0.05, 0.9  # where in the progress bar the pixels are read and the result is there


def filter_layer(
    adapter: Adapter, schema: EffectSchema, params: dict[str, Any], image: Gimp.Image, source: Gimp.Layer, into: bool
) -> Gimp.Layer:
    """Run a filter over a layer and return the layer that holds the result: a new one, or the source (`into`).

    The document changes at the very end. GIMP's Cancel button ends this process; the worker then misses its client
    and stops the job. Raises ScumbleError.
    """
    if into and source.is_group():
        raise HostError("A group has no pixels of its own to change", "Let the result be a new layer.", "gimp.layer")
    if into and source.get_lock_content():
        raise HostError("The layer's pixels are locked", "Unlock them, or let the result be a new layer.", "gimp.layer")
    selected = not Gimp.Selection.is_empty(image)
    if selected and not source.mask_intersect()[0]:
        raise HostError("The selection does not touch the layer", "Select a part of it, or nothing.", "gimp.selection")
    Gimp.progress_init(schema.title)
    report, folder = _bar(0, _READ), runtime_folder(adapter.setup.runtime)
    _, left, top = source.get_offsets()
    bounds, facts = Region(0, 0, source.get_width(), source.get_height()), facts_of(source)
    clips = {"source": pixels_from_drawable(source, bounds, facts, folder, report)}
    for clip in painted_clips(schema):
        layer = painted_layer(image, clip_layer_name(schema, clip))
        if layer is not None:
            _, x, y = layer.get_offsets()
            beside = bounds.translated(left - x, top - y)
            clips[clip.name] = pixels_from_drawable(layer, beside, STROKES, folder, report)
    there = bounds.translated(left, top)
    mask = pixels_from_drawable(image.get_selection(), there, MASK, folder, report) if selected else None
    result = _rendered(adapter, schema, params, clips, mask)
    if into and (result.width, result.height) != bounds[2:]:
        raise HostError("The result has another size than the layer", "Let it be a new layer.", "gimp.size")
    layer = unplaced_layer(image, source, result, facts, mask.image if mask else None, _bar(_RENDERED, 1))
    if into:
        place_into(image, source, result, layer)
        return source
    return place_above(image, source, result, layer, layer_name(schema, params))


def create(adapter: Adapter, schema: EffectSchema, params: dict[str, Any], image: Gimp.Image | None) -> Gimp.Layer:
    """Run a generator and return its result's layer, or group: on top of an image, or the only one of a new image."""
    Gimp.progress_init(schema.title)
    with adapter.layers_folder() as folder:
        result, home = _rendered(adapter, schema, params, {}, None, folder), image
        if home is None:
            base = Gimp.ImageBaseType.GRAY if result.model.is_gray else Gimp.ImageBaseType.RGB
            curve = "LINEAR" if result.transfer is Transfer.LINEAR else "NON_LINEAR"
            precision = getattr(Gimp.Precision, f"{SAMPLES[result.sample].upper()}_{curve}")
            home = Gimp.Image.new_with_precision(result.width, result.height, base, precision)
            home.undo_disable()  # a new image begins with its picture
        layer = unplaced_layer(home, None, result, None, None, _bar(_RENDERED, 1))
        layer = place_above(home, None, result, layer, layer_name(schema, params), layer_files(folder))
    if image is None:
        home.undo_enable()
    return layer


def _rendered(
    adapter: Adapter,
    schema: EffectSchema,
    params: Mapping[str, Any],
    clips: Mapping[str, Pixels],
    mask: Pixels | None,
    layers: Path | None = None,
) -> Image:
    job = adapter.submit(schema, params, clips, selection=mask, layers=layers)
    report = _bar(_READ, _RENDERED)
    try:
        while not job.wait(0.03):
            Gimp.progress_set_text(f"{schema.title}: {job.note}" if job.note else schema.title)
            report(job.fraction)
        result: Image = job.result()
    finally:
        for pixels in (*clips.values(), *([mask] if mask else [])):
            pixels.close()  # the client would, but this process may end before its threads come to it
    return result


def _bar(start: float, end: float) -> Report:
    return lambda fraction: Gimp.progress_update(start + (end - start) * fraction)
