"""One run: pixels to the worker, its progress into GIMP's bar, its result into the document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gi.repository import Gimp
from gimp_layers import new_image, painted_layer, place_above, place_into, place_on_top, unplaced_layer
from gimp_pixels import MASK, STROKES, Report, facts_of, pixels_from_drawable
from scumble.errors import HostError
from scumble.hosts.adapter import Adapter, clip_layer_name, layer_name, painted_clips
from scumble.jobs import Job
from scumble.media.image import Image
from scumble.media.region import Region
from scumble.schema import EffectSchema
from scumble.worker.pixels import Pixels
from scumble.worker.place import runtime_folder

POLL_S = 0.03
_READ, _RENDER = 0.05, 0.85  # their parts of the progress bar; writing has the rest


def filter_layer(
    adapter: Adapter,
    schema: EffectSchema,
    params: Mapping[str, Any],
    image: Gimp.Image,
    source: Gimp.Layer,
    *,
    in_place: bool,
) -> Gimp.Layer:
    """Run a filter over a layer and return the layer that holds the result; the document changes at the very end.

    GIMP's Cancel button ends this process; the worker then misses its client and stops the job.
    """
    if in_place and source.is_group():
        raise HostError("A group has no pixels of its own to change", "Let the result be a new layer.", "gimp.layer")
    if in_place and source.get_lock_content():
        raise HostError("The layer's pixels are locked", "Unlock them, or let the result be a new layer.", "gimp.layer")
    everywhere = Gimp.Selection.is_empty(image)
    if not everywhere and not source.mask_intersect()[0]:
        raise HostError("The selection does not touch the layer", "Select a part of it, or nothing.", "gimp.selection")
    Gimp.progress_init(schema.title)
    report, folder = _bar(0, _READ), runtime_folder(adapter.setup.runtime)
    _, left, top = source.get_offsets()
    width, height = source.get_width(), source.get_height()
    facts = facts_of(source)
    clips = {"source": pixels_from_drawable(source, Region(0, 0, width, height), facts, folder, report)}
    for clip in painted_clips(schema):
        layer = painted_layer(image, clip_layer_name(schema, clip))
        if layer is not None:
            _, x, y = layer.get_offsets()
            region = Region(left - x, top - y, width, height)
            clips[clip.name] = pixels_from_drawable(layer, region, STROKES, folder, report)
    mask = None
    if not everywhere:
        region = Region(left, top, width, height)
        mask = pixels_from_drawable(image.get_selection(), region, MASK, folder, report)
    result = _rendered(adapter, schema, params, clips, mask)
    same = (result.width, result.height) == (width, height)
    if in_place and not same:
        raise HostError("The result has another size than the layer", "Let it be a new layer.", "gimp.size")
    report = _bar(_READ + _RENDER, 1 - _READ - _RENDER)
    marks = mask.image if mask and same else None
    layer = unplaced_layer(image, source, result, facts, marks, report)
    if in_place:
        place_into(image, source, result, layer, report)
        return source
    return place_above(image, source, result, layer, layer_name(schema, params))


def create(adapter: Adapter, schema: EffectSchema, params: Mapping[str, Any], image: Gimp.Image | None) -> Gimp.Layer:
    """Run a generator and return its result: on top of an image, or alone in a new one."""
    Gimp.progress_init(schema.title)
    result = _rendered(adapter, schema, params, {}, None)
    name, report = layer_name(schema, params), _bar(_READ + _RENDER, 1 - _READ - _RENDER)
    return new_image(result, name, report) if image is None else place_on_top(image, result, name, report)


def _rendered(
    adapter: Adapter, schema: EffectSchema, params: Mapping[str, Any], clips: Mapping[str, Pixels], mask: Pixels | None
) -> Image:
    job: Job[Any] = adapter.client.submit(schema.id, params, clips, selection=mask)
    shown = ""
    while not job.wait(POLL_S):
        if job.note and job.note != shown:
            shown = job.note
            Gimp.progress_set_text(f"{schema.title}: {shown}")
        Gimp.progress_update(_READ + _RENDER * job.fraction)
    result: Image = job.result()
    return result


def _bar(start: float, length: float) -> Report:
    return lambda fraction: bool(Gimp.progress_update(start + length * fraction)) and None
