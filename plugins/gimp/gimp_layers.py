"""The document's side: which layer is meant, which are painted hints, and how a result becomes a layer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from gi.repository import Gegl, Gimp, Gio
from gimp_pixels import Report, facts_of, write_image

from scumble.errors import HostError
from scumble.hosts.adapter import clip_layer_name, painted_clips
from scumble.hosts.gimpwords import Facts
from scumble.media.image import Image
from scumble.schema import EffectSchema

_SOURCE_NOTE = "scumble-source"


def source_layer(image: Gimp.Image, drawables: list[Gimp.Drawable], schema: EffectSchema) -> Gimp.Layer:
    """Return the layer to work on: the one that is chosen or, if that holds hints, the one they are meant for.

    Raises HostError (gimp.layer) when that is no single layer.
    """
    if len(drawables) != 1:
        raise HostError(f"{schema.title} works on one layer at a time", "Choose one layer first.", "gimp.layer")
    chosen = drawables[0]
    if not chosen.is_layer():
        hint = "Choose the layer itself in the Layers dialog: click its picture rather than its mask."
        raise HostError(f"{schema.title} works on layers, not on masks or channels", hint, "gimp.layer")
    if image.get_floating_sel() is not None:
        raise HostError("A floating selection is in the way", "Anchor it with Layer > Anchor first.", "gimp.layer")
    if not any(_is_named(chosen, clip_layer_name(schema, clip)) for clip in painted_clips(schema)):
        return chosen
    note = chosen.get_parasite(_SOURCE_NOTE)
    meant = image.get_layer_by_tattoo(int(bytes(note.get_data()))) if note else None
    if meant is None:
        raise HostError("This layer holds hints, not a picture", "Choose the layer with the picture.", "gimp.layer")
    return meant


def selected_region(image: Gimp.Image | None, source: Gimp.Layer | None) -> tuple[int, ...]:
    """Return x, y, width and height of what is selected, as the source counts pixels; nothing where nothing is."""
    if image is None or Gimp.Selection.is_empty(image):
        return ()
    left, top, right, bottom = Gimp.Selection.bounds(image)[2:]
    _, x, y = source.get_offsets() if source else (True, 0, 0)
    return left - x, top - y, right - left, bottom - top


def painted_layer(image: Gimp.Image, name: str) -> Gimp.Layer | None:
    """Return the topmost layer of that name, hidden or not: hints are often hidden to see the result."""
    return next((layer for layer in _all_layers(image.get_layers()) if _is_named(layer, name)), None)


def add_painted_layer(image: Gimp.Image, source: Gimp.Layer, name: str) -> Gimp.Layer:
    """Put a transparent layer over the source to paint on, and choose it; one undo step."""
    with _undo_group(image):
        if image.get_base_type() != Gimp.ImageBaseType.RGB:
            image.convert_rgb()  # nobody can paint colours on gray
        size = source.get_width(), source.get_height()
        layer = Gimp.Layer.new(image, name, *size, Gimp.ImageType.RGBA_IMAGE, 100, Gimp.LayerMode.NORMAL)
        layer.set_offsets(*source.get_offsets()[1:])
        layer.attach_parasite(Gimp.Parasite.new(_SOURCE_NOTE, 1, str(source.get_tattoo()).encode()))
        image.insert_layer(layer, source.get_parent(), image.get_item_position(source))
    return layer


def unplaced_layer(
    image: Gimp.Image, source: Gimp.Layer | None, result: Image, facts: Facts | None, mask: Image | None, report: Report
) -> Gimp.Layer:
    """Return the result as a layer that no image shows yet: the document stays as it is, whatever happens now.

    A copy of the source is written over, so that its offsets, mode and mask, and what is not selected, are the
    source's. In gray and indexed documents a colour result waits in a hidden document of its own.
    """
    home = image
    if _needs_colour(image, result):
        home = Gimp.Image.new_with_precision(1, 1, Gimp.ImageBaseType.RGB, image.get_precision())
    same = source and (source.get_width(), source.get_height()) == (result.width, result.height)
    if source is not None and same and not source.is_group():
        layer = Gimp.Layer.new_from_drawable(source, home)
        if result.model.has_alpha and not layer.has_alpha():
            layer.add_alpha()
    else:
        mask = None
        base = "GRAY" if home.get_base_type() == Gimp.ImageBaseType.GRAY else "RGB"
        kind = getattr(Gimp.ImageType, f"{base}{'A' if result.model.has_alpha else ''}_IMAGE")
        layer = Gimp.Layer.new(home, "", result.width, result.height, kind, 100, image.get_default_new_layer_mode())
        if source is not None:
            layer.set_offsets(*source.get_offsets()[1:])
    write_image(layer, result, facts or facts_of(layer), None if facts and facts.exact else mask, report)
    return layer


def place_above(
    image: Gimp.Image, source: Any, result: Image, layer: Gimp.Layer, name: str, parts: Sequence[tuple[str, str]] = ()
) -> Gimp.Layer:
    """Put the layer directly above the source, or on top if that is None: one undo step, all conversions included.

    Where the result has parts, the lowest first, each a name and a picture file, a group of these takes its place.
    """
    with _undo_group(image):
        chosen = image.get_selected_layers()
        layer = _at_home(image, result, layer)
        loaded = [(part, _layer_from_file(image, path)) for part, path in parts]
        if loaded:
            layer.delete()
            layer = Gimp.GroupLayer.new(image, "")
        layer.set_name(name)
        layer.set_visible(True)
        parent, position = (source.get_parent(), image.get_item_position(source)) if source else (None, 0)
        image.insert_layer(layer, parent, position)
        for part, below in loaded:
            image.insert_layer(below, layer, 0)
            below.set_name(part)
        if source and source.get_id() not in [item.get_id() for item in chosen]:
            image.set_selected_layers(chosen)  # the user goes on painting hints
    return layer


def _layer_from_file(image: Gimp.Image, path: str) -> Gimp.Layer:
    """Return a picture file as a layer of the image that is not shown yet; it is mixed in sRGB's codes."""
    layer = Gimp.file_load_layer(Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path(path))
    for choose in (layer.set_blend_space, layer.set_composite_space):
        choose(Gimp.LayerColorSpace.RGB_PERCEPTUAL)  # whatever the image is in, light or codes
    return layer


def place_into(image: Gimp.Image, source: Gimp.Layer, result: Image, layer: Gimp.Layer) -> None:
    """Give the source the layer's pixels: one undo step. What is not selected is the same in both already."""
    with _undo_group(image):
        layer = _at_home(image, result, layer)
        if layer.has_alpha() and not source.has_alpha():
            source.add_alpha()
        rect = Gegl.Rectangle.new(0, 0, source.get_width(), source.get_height())
        shadow = source.get_shadow_buffer()
        layer.get_buffer().copy(rect, Gegl.AbyssPolicy.NONE, shadow, rect)
        shadow.flush()
        # GIMP would mix once more by the selection, and half-selected pixels twice: it is put aside meanwhile.
        chosen, selection = image.get_selected_layers(), Gimp.Selection.save(image)
        Gimp.Selection.none(image)
        source.merge_shadow(True)
        source.update(0, 0, rect.width, rect.height)
        image.select_item(Gimp.ChannelOps.REPLACE, selection)
        image.remove_channel(selection)
        image.set_selected_layers(chosen)
        layer.delete()


@contextmanager
def _undo_group(image: Gimp.Image) -> Iterator[None]:
    image.undo_group_start()
    try:
        yield
    finally:
        image.undo_group_end()


def _needs_colour(image: Gimp.Image, result: Image) -> bool:
    base = image.get_base_type()
    return bool(base == Gimp.ImageBaseType.INDEXED or (base == Gimp.ImageBaseType.GRAY and not result.model.is_gray))


def _at_home(image: Gimp.Image, result: Image, layer: Gimp.Layer) -> Gimp.Layer:
    """Return the layer as one of this image, which becomes RGB if the layer needs that."""
    if not _needs_colour(image, result):
        return layer
    image.convert_rgb()
    moved = Gimp.Layer.new_from_drawable(layer, image)
    layer.get_image().delete()
    return moved


def _all_layers(layers: Iterable[Gimp.Layer]) -> Iterator[Gimp.Layer]:
    """Yield layers and the layers in their groups, from the top of the stack down."""
    for layer in layers:
        yield layer
        if layer.is_group():
            yield from _all_layers(layer.get_children())


def _is_named(layer: Gimp.Layer, name: str) -> bool:
    return re.fullmatch(re.escape(name) + r"( #\d+)?", layer.get_name()) is not None
