"""The document's side: which layer is meant, which are painted hints, and how a result becomes a layer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gi.repository import Gimp
from gimp_pixels import Facts, Report, copy_to_shadow, facts_of, write_image, write_selected
from scumble.errors import HostError
from scumble.hosts.adapter import clip_layer_name, painted_clips
from scumble.media.image import ColorModel, Image, SampleType, Transfer
from scumble.schema import EffectSchema

_SOURCE_NOTE = "scumble-source"
_TYPES = {
    ColorModel.GRAY: Gimp.ImageType.GRAY_IMAGE,
    ColorModel.GRAY_ALPHA: Gimp.ImageType.GRAYA_IMAGE,
    ColorModel.RGB: Gimp.ImageType.RGB_IMAGE,
    ColorModel.RGBA: Gimp.ImageType.RGBA_IMAGE,
}
_PRECISIONS = {SampleType.U8: "U8", SampleType.U16: "U16", SampleType.F16: "HALF", SampleType.F32: "FLOAT"}


def source_layer(image: Gimp.Image, drawables: list[Gimp.Drawable], schema: EffectSchema) -> Gimp.Layer:
    """Return the layer to work on: the one that is chosen or, if that holds hints, the one they are meant for.

    Raises HostError (gimp.layer) when that is no single layer.
    """
    if len(drawables) != 1:
        raise HostError(f"{schema.title} works on one layer at a time", "Choose one layer, then try again.", "gimp.layer")
    chosen = drawables[0]
    if not chosen.is_layer():
        hint = "Choose the layer itself in the Layers dialog: click its picture rather than its mask."
        raise HostError(f"{schema.title} works on layers, not on masks or channels", hint, "gimp.layer")
    if image.get_floating_sel() is not None:
        raise HostError("A floating selection is in the way", "Anchor it (Layer > Anchor), then try again.", "gimp.layer")
    if not any(_is_named(chosen, clip_layer_name(schema, clip)) for clip in painted_clips(schema)):
        return chosen
    note = chosen.get_parasite(_SOURCE_NOTE)
    meant = image.get_layer_by_tattoo(int(bytes(note.get_data()))) if note else None
    if meant is None:
        layers = list(all_layers(image.get_layers()))
        numbers = [layer.get_id() for layer in layers]
        meant = next(iter(layers[numbers.index(chosen.get_id()) + 1 :]), None)
    if meant is None:
        message = f"“{chosen.get_name()}” holds hints, and there is no layer below it to work on"
        raise HostError(message, "Choose the layer with the picture.", "gimp.layer")
    return meant


def all_layers(layers: Iterable[Gimp.Layer]) -> Iterator[Gimp.Layer]:
    """Yield layers and the layers in their groups, from the top of the stack down."""
    for layer in layers:
        yield layer
        if layer.is_group():
            yield from all_layers(layer.get_children())


def painted_layer(image: Gimp.Image, name: str) -> Gimp.Layer | None:
    """Return the topmost layer of that name, hidden or not: hints are often hidden to see the result."""
    return next((layer for layer in all_layers(image.get_layers()) if _is_named(layer, name)), None)


def add_painted_layer(image: Gimp.Image, source: Gimp.Layer, name: str) -> Gimp.Layer:
    """Put a transparent layer over the source to paint on, and choose it; one undo step."""
    image.undo_group_start()
    try:
        if image.get_base_type() != Gimp.ImageBaseType.RGB:
            image.convert_rgb()  # nobody can paint colours on gray
        size = source.get_width(), source.get_height()
        layer = Gimp.Layer.new(image, name, *size, Gimp.ImageType.RGBA_IMAGE, 100, Gimp.LayerMode.NORMAL)
        _, x, y = source.get_offsets()
        layer.set_offsets(x, y)
        layer.attach_parasite(Gimp.Parasite.new(_SOURCE_NOTE, 1, str(source.get_tattoo()).encode()))
        image.insert_layer(layer, source.get_parent(), image.get_item_position(source))
        image.set_selected_layers([layer])
    finally:
        image.undo_group_end()
    return layer


def unplaced_layer(
    image: Gimp.Image, source: Gimp.Layer, result: Image, facts: Facts, mask: Image | None, report: Report
) -> Gimp.Layer:
    """Return the result as a layer that no image shows yet: the document stays as it is, whatever happens now.

    A copy of the source is written over, so that its offsets, mode and mask, and what is not selected, are the
    source's. In gray and indexed documents a colour result waits in a hidden document of its own.
    """
    home = image
    if _needs_colour(image, result):
        precision = image.get_precision()
        home = Gimp.Image.new_with_precision(result.width, result.height, Gimp.ImageBaseType.RGB, precision)
    if source.is_group() or (source.get_width(), source.get_height()) != (result.width, result.height):
        layer = _new_layer(home, result, "")
        _, x, y = source.get_offsets()
        layer.set_offsets(x, y)
    else:
        layer = Gimp.Layer.new_from_drawable(source, home)
        if result.model.has_alpha and not layer.has_alpha():
            layer.add_alpha()
    if mask is None or facts.exact or source.is_group():
        write_image(layer, result, facts, report)
    else:
        write_selected(layer, result, facts, mask, report)
    return layer


def place_above(image: Gimp.Image, source: Gimp.Layer, result: Image, layer: Gimp.Layer, name: str) -> Gimp.Layer:
    """Put the layer directly above the source: one undo step, colour conversion included."""
    image.undo_group_start()
    try:
        chosen = image.get_selected_layers()
        layer = _at_home(image, result, layer)
        layer.set_name(name)
        layer.set_visible(True)
        image.insert_layer(layer, source.get_parent(), image.get_item_position(source))
        if source.get_id() not in [item.get_id() for item in chosen]:
            image.set_selected_layers(chosen)  # the user goes on painting hints
    finally:
        image.undo_group_end()
    return layer


def place_into(image: Gimp.Image, source: Gimp.Layer, result: Image, layer: Gimp.Layer, report: Report) -> None:
    """Give the source the layer's pixels: one undo step. What is not selected is the same in both already."""
    image.undo_group_start()
    try:
        layer = _at_home(image, result, layer)
        if layer.has_alpha() and not source.has_alpha():
            source.add_alpha()
        copy_to_shadow(layer, source, report)
        chosen, selection = image.get_selected_layers(), None
        if not Gimp.Selection.is_empty(image):  # GIMP would mix once more by it, and half-selected pixels twice
            selection = Gimp.Selection.save(image)
            Gimp.Selection.none(image)
        source.merge_shadow(True)
        source.update(0, 0, source.get_width(), source.get_height())
        if selection is not None:
            image.select_item(Gimp.ChannelOps.REPLACE, selection)
            image.remove_channel(selection)
            image.set_selected_layers(chosen)
        layer.delete()
    finally:
        image.undo_group_end()


def new_image(result: Image, name: str, report: Report) -> Gimp.Layer:
    """Return the only layer of a new image that holds the result, in the result's own precision."""
    base = Gimp.ImageBaseType.GRAY if result.model.is_gray else Gimp.ImageBaseType.RGB
    curve = "LINEAR" if result.transfer is Transfer.LINEAR else "NON_LINEAR"
    precision = getattr(Gimp.Precision, f"{_PRECISIONS[result.sample]}_{curve}")
    image = Gimp.Image.new_with_precision(result.width, result.height, base, precision)
    image.undo_disable()
    layer = _new_layer(image, result, name)
    write_image(layer, result, facts_of(layer), report)
    image.insert_layer(layer, None, 0)
    image.undo_enable()
    return layer


def place_on_top(image: Gimp.Image, result: Image, name: str, report: Report) -> Gimp.Layer:
    """Put the result over everything in an open image, at its top left; one undo step."""
    home = image
    if _needs_colour(image, result):
        home = Gimp.Image.new_with_precision(1, 1, Gimp.ImageBaseType.RGB, image.get_precision())
    layer = _new_layer(home, result, name)
    write_image(layer, result, facts_of(layer), report)
    image.undo_group_start()
    try:
        layer = _at_home(image, result, layer)
        layer.set_name(name)
        image.insert_layer(layer, None, 0)
    finally:
        image.undo_group_end()
    return layer


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


def _new_layer(image: Gimp.Image, result: Image, name: str) -> Gimp.Layer:
    model = result.model
    if image.get_base_type() == Gimp.ImageBaseType.RGB and model.is_gray:
        model = ColorModel.RGBA if model.has_alpha else ColorModel.RGB
    mode = image.get_default_new_layer_mode()
    return Gimp.Layer.new(image, name, result.width, result.height, _TYPES[model], 100, mode)


def _is_named(layer: Gimp.Layer, name: str) -> bool:
    return re.fullmatch(re.escape(name) + r"( #\d+)?", layer.get_name()) is not None
