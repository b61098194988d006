"""Which layer is meant, and its pixels: out of Krita and into a new layer strip by strip, never in one go."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from krita import Krita

from scumble.errors import HostError
from scumble.hosts.adapter import clip_layer_name, painted_clips
from scumble.media.image import ColorModel, Image
from scumble.media.region import Region
from scumble.schema import EffectSchema
from scumble.worker.pixels import Pixels
from scumble_krita.spaces import Space, alpha_is_zero, kept_inside, native_from_samples, swapped
from scumble_krita.steps import Steps, aside

_STRIP_BYTES = 1 << 18


def source_of(document: Any, schema: EffectSchema) -> Any:
    """Returns the layer to work on: the active one or, where that is a mask, painted hints or the effect's own result,
    the layer that it lies on. Raises HostError.
    """
    node = document.activeNode() if document is not None else None
    while node is not None and node.type().endswith("mask"):
        node = node.parentNode()
    painted = [clip_layer_name(schema, clip) for clip in painted_clips(schema)]
    below = siblings_of(node)[0] if node is not None else []
    while node is not None and (node.name() in painted or (below and is_result(node, schema))):
        node = below.pop() if below else None
    if node is None:
        raise HostError("There is no picture to work on", "Open one, and choose its layer in Krita's list of layers.")
    if node.type() == "filterlayer":
        raise HostError(f"{node.name()} is a filter layer without pixels of its own", "Choose another layer.")
    return node


def siblings_of(node: Any) -> tuple[list[Any], list[Any]]:
    """Returns the layers below a node and those above it in the same group, bottom first."""
    siblings = node.parentNode().childNodes()
    place = [entry.uniqueId() for entry in siblings].index(node.uniqueId())
    return siblings[:place], siblings[place + 1 :]


def is_result(node: Any, schema: EffectSchema) -> bool:
    """Returns whether a layer's name is that of an earlier result of the effect."""
    return node.name() == schema.title or node.name().startswith(f"{schema.title} (")


def top_result(source: Any, schema: EffectSchema) -> Any:
    """Returns the layer to put the next result on: the source, or the last of its results that lie right on it."""
    for node in siblings_of(source)[1]:
        if not is_result(node, schema):
            break
        source = node
    return source


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
    scratch = Krita.instance().createDocument(1, 1, "", *space, 72.0)
    try:
        yield scratch
    finally:
        scratch.close()


@contextlib.contextmanager
def converter(origin: Space, target: Space, width: int) -> Iterator[Callable[[bytes, int], bytes]]:
    """Gives a function that takes rows of pixels from one space to another; in the user's own document Krita would
    make each conversion a step to undo.
    """
    if origin.is_like(target):
        yield lambda data, height: data
        return
    with home(None, origin) as scratch:

        def converted(data: bytes, height: int) -> bytes:
            node = scratch.createNode("", "paintlayer")
            node.setPixelData(data, 0, 0, width, height)
            node.setColorSpace(*target)
            return bytes(node.pixelData(0, 0, width, height))

        yield converted


def _strips(region: Region, pixel_bytes: int = 16) -> Iterator[tuple[int, int]]:
    height = max(1, _STRIP_BYTES // (region.width * pixel_bytes))
    return ((y, min(height, region.bottom - y)) for y in range(region.y, region.bottom, height))


def pixels_of(document: Any, node: Any) -> Steps[Any]:
    """Reads a layer within the document's bounds; the value is its Pixels, or None where nothing is painted."""
    origin, bounds, read, empty = Space.of(node), Region(0, 0, document.width(), document.height()), reader(node), True
    space = origin.rgb
    facts = {"model": space.color_model, "sample": space.sample, "transfer": space.transfer}
    pixels = yield from aside(lambda: Pixels.create(bounds.width, bounds.height, **facts), Pixels.close)
    with contextlib.ExitStack() as stack:
        stack.callback(pixels.close)
        convert = stack.enter_context(converter(origin, space, bounds.width))
        view, row = memoryview(pixels.image.data), pixels.image.row_bytes
        for y, height in _strips(bounds):
            data = convert(bytes(read(0, y, bounds.width, height)), height)
            empty = empty and alpha_is_zero(data, space)
            view[y * row : (y + height) * row] = swapped(data, space)
            yield 0
        return None if empty else stack.pop_all() and pixels


def selected(document: Any) -> tuple[Region, Any]:
    """Returns the part of the document that is selected, and the selection or None. Raises HostError for no pixel."""
    bounds, selection = Region(0, 0, document.width(), document.height()), document.selection()
    if selection is None:
        return bounds, None
    chosen = bounds.intersection(Region(selection.x(), selection.y(), selection.width(), selection.height()))
    if chosen.is_empty:
        raise HostError("The selection holds no pixel of the picture", "Select another part, or nothing.")
    return chosen, selection


def mask_of(document: Any, selection: Any, region: Region) -> Steps[tuple[Pixels, dict[int, bytes]]]:
    """Reads the selection; the value is the mask of the whole document, and the region's strips for `fill`."""
    width, height, strips = document.width(), document.height(), {}
    pixels = yield from aside(lambda: Pixels.create(width, height, model=ColorModel.GRAY), Pixels.close)
    view = memoryview(pixels.image.data)
    with contextlib.ExitStack() as stack:
        stack.callback(pixels.close)
        for y, rows in _strips(region):
            strips[y] = bytes(selection.pixelData(region.x, y, region.width, rows))
            for row in range(rows):
                start = (y + row) * width + region.x
                view[start : start + region.width] = strips[y][row * region.width : (row + 1) * region.width]
            yield 0
        stack.pop_all()
    return pixels, strips


def fill(node: Any, image: Image, origin: Space, region: Region, mask: dict[int, bytes]) -> Steps[None]:
    """Writes a region of a picture, whose numbers are those of `origin`, into a node; nothing where the mask is 0."""
    space = Space.of(node)
    with converter(origin, space, region.width) as convert:
        for y, rows in _strips(region):
            part = image.crop(Region(region.x, y, region.width, rows))
            data = b"".join(
                bytes(part.data[row * part.stride : row * part.stride + part.row_bytes]) for row in range(rows)
            )
            native = convert(native_from_samples(data, part.model, origin), rows)
            if mask:
                native = kept_inside(native, mask[y], space.pixel_bytes)
            node.setPixelData(native, region.x, y, region.width, rows)
            yield 0
