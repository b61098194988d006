"""Which layer is meant, and its pixels: out of Krita and into a new layer strip by strip, never in one go."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from krita import Krita

from scumble.errors import HostError
from scumble.hosts.adapter import clip_layer_name, result_place, source_place
from scumble.hosts.kritaspaces import SCREEN, Space
from scumble.hosts.qt import image_from_file
from scumble.hosts.steps import Steps, aside
from scumble.media.image import ColorModel, Image
from scumble.media.region import Region
from scumble.media.strips import is_clear, kept_inside
from scumble.schema import ClipSchema, EffectSchema
from scumble.worker.pixels import Pixels

_STRIP_PIXELS = 1 << 15
Mask = dict[int, bytes]  # strips of the selection by their top


def source_of(document: Any, schema: EffectSchema) -> Any:
    """Returns the layer to work on: the active one, or the one that it belongs to as mask, hints or earlier result.

    Raises HostError.
    """
    node = document.activeNode() if document is not None else None
    while node is not None and node.type().endswith("mask"):
        node = node.parentNode()
    siblings, active = siblings_of(node) if node is not None else ([], -1)
    place = source_place(schema, [sibling.name() for sibling in siblings], active)
    if place is None:
        raise HostError("There is no picture to work on", "Open one, and choose its layer in Krita's list of layers.")
    if siblings[place].type() == "filterlayer":
        raise HostError(f"{siblings[place].name()} is a filter layer without pixels", "Choose another layer.")
    return siblings[place]


def clip_layer(schema: EffectSchema, clip: ClipSchema) -> Steps[str]:
    """Makes the layer that a painted clip is read from, above the picture; or makes it the active one."""
    document, name = Krita.instance().activeDocument(), clip_layer_name(schema, clip)
    above = top_result(source_of(document, schema), schema)
    if document.colorModel() == "GRAYA":
        hint = "Choose RGB in Image > Convert Image Color Space."
        raise HostError("A grayscale document has no colours to paint with", hint)
    layer = document.nodeByName(name)
    if layer is None:
        above.parentNode().addChildNode(document.createNode(name, "paintlayer"), above)
    else:
        document.setActiveNode(layer)
    yield 0
    return f"Paint on the layer “{name}”, then apply."


def siblings_of(node: Any) -> tuple[list[Any], int]:
    """Returns the layers of a node's group, bottom first, and its place among them. Raises HostError."""
    if node.parentNode() is None:
        raise HostError(f"The layer {node.name()} is gone", "Apply the effect again.")
    siblings = node.parentNode().childNodes()
    return siblings, [sibling.uniqueId() for sibling in siblings].index(node.uniqueId())


def top_result(source: Any, schema: EffectSchema) -> Any:
    """Returns the layer to put the next result on: the source, or the last of its results that lie right on it."""
    siblings, place = siblings_of(source)
    return siblings[result_place(schema, [sibling.name() for sibling in siblings], place)]


def reader(node: Any) -> Callable[[int, int, int, int], Any]:
    """Returns the function that reads a node's pixels: the layer's own, or what a group or masked layer comes to."""
    plain = node.type() == "paintlayer" and not node.childNodes()
    return node.pixelData if plain else node.projectionPixelData  # type: ignore[no-any-return]


@contextlib.contextmanager
def home(document: Any, space: Space) -> Iterator[Any]:
    """Gives a document whose new nodes are in `space`: this one, or one that nobody sees and that is closed again."""
    if document is not None and Space.of(document).is_like(space):
        yield document
        return
    with contextlib.closing(Krita.instance().createDocument(1, 1, "", *space, 72.0)) as scratch:
        yield scratch


@contextlib.contextmanager
def converter(origin: Space, target: Space, width: int) -> Iterator[Callable[[bytes, int], bytes]]:
    """Gives a function that takes rows of pixels from one space to another; Krita does it.

    In the user's own document it would make each conversion a step to undo.
    """
    if origin.is_like(target):
        yield lambda data, rows: data
        return
    with home(None, origin) as scratch:

        def converted(data: bytes, rows: int) -> bytes:
            node = scratch.createNode("", "paintlayer")
            node.setPixelData(data, 0, 0, width, rows)
            node.setColorSpace(*target)
            return bytes(node.pixelData(0, 0, width, rows))

        yield converted


def strips(region: Region) -> Iterator[tuple[int, int]]:
    """Yields top and height of each of the strips that a region is moved in."""
    rows = max(1, _STRIP_PIXELS // region.width)
    return ((y, min(rows, region.bottom - y)) for y in range(region.y, region.bottom, rows))


def pixels_of(document: Any, node: Any, stack: contextlib.ExitStack) -> Steps[Any]:
    """Reads a layer within the document's bounds; the value is its Pixels, closed by `stack`, or None for no paint."""
    origin, bounds, read, clear = Space.of(node), Region(0, 0, document.width(), document.height()), reader(node), True
    space = origin.rgb
    facts: Any = {"model": space.color_model, "sample": space.sample, "transfer": space.transfer}
    pixels = yield from aside(lambda: Pixels.create(bounds.width, bounds.height, **facts), Pixels.close)
    stack.callback(pixels.close)
    with converter(origin, space, bounds.width) as convert:
        view, row = memoryview(pixels.image.data), pixels.image.row_bytes
        for y, rows in strips(bounds):
            data = convert(bytes(read(0, y, bounds.width, rows)), rows)
            clear = clear and is_clear(data, space.channels, space.sample)
            view[y * row : (y + rows) * row] = space.swapped(data)
            yield 0
    return None if clear else pixels


def selected(document: Any) -> tuple[Region, Any]:
    """Returns the part of the document that is selected, and the selection or None. Raises HostError for no pixel."""
    bounds, selection = Region(0, 0, document.width(), document.height()), document.selection()
    if selection is None:
        return bounds, None
    chosen = bounds.intersection(Region(selection.x(), selection.y(), selection.width(), selection.height()))
    if chosen.is_empty:
        raise HostError("The selection holds no pixel of the picture", "Select another part, or nothing.")
    return chosen, selection


def selection_text() -> str:
    """Returns the bounds of what is selected in the active document, as a form's line takes them."""
    document = Krita.instance().activeDocument()
    chosen = document.selection() if document is not None else None
    return f"{chosen.x()},{chosen.y()},{chosen.width()},{chosen.height()}" if chosen is not None else ""


def foreground_text() -> str:
    """Returns the colour that the user paints with, #rrggbb; empty where nothing is open."""
    view = Krita.instance().activeWindow().activeView()
    there = view is not None and view.document() is not None
    return str(view.foregroundColor().colorForCanvas(view.canvas()).name()) if there else ""


def mask_of(document: Any, selection: Any, region: Region, stack: contextlib.ExitStack) -> Steps[tuple[Pixels, Mask]]:
    """Reads the selection; the value is the mask of the whole document, which `stack` closes, and strips for `fill`."""
    width, height, parts = document.width(), document.height(), Mask()
    pixels = yield from aside(lambda: Pixels.create(width, height, model=ColorModel.GRAY), Pixels.close)
    stack.callback(pixels.close)
    view = memoryview(pixels.image.data)
    for y, rows in strips(region):
        parts[y] = bytes(selection.pixelData(region.x, y, region.width, rows))
        for row in range(rows):
            start = (y + row) * width + region.x
            view[start : start + region.width] = parts[y][row * region.width : (row + 1) * region.width]
        yield 0
    return pixels, parts


def fill(node: Any, image: Image, origin: Space, region: Region, mask: Mask) -> Steps[None]:
    """Writes a region of a picture, whose numbers are those of `origin`, into a node; nothing where the mask is 0."""
    with converter(origin, Space.of(node), region.width) as convert:
        for y, rows in strips(region):
            part = image.crop(Region(region.x, y, region.width, rows))
            starts = range(0, rows * part.stride, part.stride)
            data = b"".join(bytes(part.data[start : start + part.row_bytes]) for start in starts)
            native = convert(origin.native(data, part.model), rows)
            node.setPixelData(kept_inside(native, mask[y]) if mask else native, region.x, y, region.width, rows)
            yield 0


def grouped(document: Any, name: str, parts: Sequence[tuple[str, str]]) -> Steps[Any]:
    """Makes a group of pictures, the lowest first, each a name and a file; the value is no part of a document yet.

    In the user's own document it would make each of them a step to undo.
    """
    with home(None, Space.of(document)) as scratch:
        group = scratch.createGroupLayer(name)
        for part, path in parts:
            picture = yield from aside(partial(image_from_file, path))
            node = scratch.createNode(part, "paintlayer")
            yield from fill(node, picture, SCREEN, picture.bounds, Mask())
            group.addChildNode(node, None)
        return group.clone()
