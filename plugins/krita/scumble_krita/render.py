"""What the docker starts: render into a new layer or document, preview, suggest colours; all of it in steps."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from krita import Krita

from scumble.errors import HostError
from scumble.hosts.adapter import Adapter, clip_layer_name, layer_files, layer_name, painted_clips, scaled_params
from scumble.hosts.kritaspaces import SCREEN, Space
from scumble.hosts.qt import QtGui, fitted, image_from_picture
from scumble.hosts.steps import Steps, finished
from scumble.media.image import ColorModel, Image
from scumble.media.strips import every_nth, opaque_pixel
from scumble.schema import EffectSchema
from scumble_krita.layers import (
    Mask,
    fill,
    grouped,
    home,
    mask_of,
    pixels_of,
    reader,
    selected,
    source_of,
    top_result,
)

Values = dict[str, Any]
Report = Callable[[float, str], None]

SIDE = 384
"""The longer side of the pictures that previews and suggestions are made from."""
_TILE = 64


def clip_nodes(document: Any, schema: EffectSchema) -> dict[str, Any]:
    """Returns the layer of each clip that there is one for: the source's, and those that the user painted."""
    if schema.context != "filter":
        return {}
    nodes = {"source": source_of(document, schema)}
    for clip in painted_clips(schema):
        node = document.nodeByName(clip_layer_name(schema, clip))
        if node is not None and node.visible():
            nodes[clip.name] = node
    return nodes


def rendered(adapter: Adapter, schema: EffectSchema, params: Values, document: Any, report: Report) -> Steps[str]:
    """Renders into one new layer or group, a filter's above its source; or a new document where `document` is None.

    A gray document cannot hold colours: they too go into a new one. The value says what was made; until the last step
    nothing is.
    """
    nodes, clips, region, mask, selection = clip_nodes(document, schema), {}, None, Mask(), None
    with contextlib.ExitStack() as stack:
        for name, node in nodes.items():
            report(0.0, f"Reading {node.name()}")
            clips[name] = yield from pixels_of(document, node, stack)
            if name == "source" and clips[name] is None:
                raise HostError(f"The layer {node.name()} is empty", "Choose the picture's layer, or show the group.")
        if nodes:
            region, chosen = selected(document)
            if chosen is not None:
                selection, mask = yield from mask_of(document, chosen, region, stack)
        folder = stack.enter_context(adapter.layers_folder())
        job = adapter.submit(schema, params, clips, selection=selection, layers=folder)
        image = yield from finished(job, lambda done, note: report(0.05 + 0.9 * done, note))
        report(0.95, "Writing")
        name, parts = layer_name(schema, params), layer_files(folder)
        space = Space.of_samples(image.sample, image.transfer)
        if nodes and Space.of(nodes["source"]).rgb.holds(image):
            space = Space.of(nodes["source"]).rgb
        if document is None or (document.colorModel() == "GRAYA" and space.model != "GRAYA"):
            made = yield from _new_document(image, name, space, parts)
            return made if document is None else f"{made} The grayscale one cannot hold its colours."
        below = top_result(nodes["source"], schema) if nodes else document.activeNode()
        fits = not nodes or (document.width(), document.height()) == (image.width, image.height)
        layer = document.createNode(name, "paintlayer") if fits else None
        if layer is None or below is None:
            raise HostError("The document was closed or changed its size meanwhile", "Apply the effect again.")
        if parts:
            layer = yield from grouped(document, name, parts)
        else:
            yield from fill(layer, image, space, region or image.bounds, mask)
        below.parentNode().addChildNode(layer, below)
        if parts:
            document.refreshProjection()  # Krita would show an empty group
    return f"Made the {'group' if parts else 'layer'} “{name}”."


def _new_document(image: Image, name: str, space: Space, parts: list[tuple[str, str]]) -> Steps[str]:
    document = Krita.instance().createDocument(image.width, image.height, name, *space, 300.0)
    with contextlib.ExitStack() as stack:
        stack.callback(document.close)
        layer = document.topLevelNodes()[0]
        layer.setName(name)
        yield from fill(layer, image, space, image.bounds, Mask())
        if parts:
            document.rootNode().addChildNode((yield from grouped(document, name, parts)), layer)
            layer.remove()
        stack.pop_all()
    document.refreshProjection()
    Krita.instance().activeWindow().addView(document)
    return f"Made the document “{name}”."


def previewed(adapter: Adapter, schema: EffectSchema, params: Values, document: Any) -> Steps[Any]:
    """Renders small versions of the clips; the value is a QImage of at most `SIDE` pixels a side."""
    clips, selection, scale = yield from _small_clips(document, schema)
    params = scaled_params(schema, params, scale)
    image = yield from finished(adapter.submit(schema, params, clips, selection=selection))
    space = Space.of_samples(image.sample, image.transfer)

    read = lambda x, y, *_: space.native(image.data[y * image.stride :][: image.row_bytes], image.model)  # noqa: E731
    return (yield from _small(document, space, (image.width, image.height), read))


def suggested(adapter: Adapter, schema: EffectSchema, params: Values, document: Any, place: Any) -> Steps[Any]:
    """Asks for colours at a pixel (x, y) of the document: ("#rrggbb", weight 0..1), best first."""
    clips, _, scale = yield from _small_clips(document, schema)
    x, y = (int(number * scale) for number in place)
    return (yield from finished(adapter.suggest(schema, scaled_params(schema, params, scale), clips, x, y)))


def _small_clips(document: Any, schema: EffectSchema) -> Steps[tuple[dict[str, Image], Any, float]]:
    """Reads the clips at most `SIDE` pixels large; the value is the clips, the selection and the scale."""
    nodes, clips, selection = clip_nodes(document, schema), {}, None
    if not nodes:
        return {}, None, 1.0
    size, chosen = (document.width(), document.height()), selected(document)[1]
    for name, node in nodes.items():
        small = yield from _small(document, Space.of(node), size, reader(node))
        clips[name] = image_from_picture(small)
    if chosen is not None:
        gray = lambda *bounds: SCREEN.native(bytes(chosen.pixelData(*bounds)), ColorModel.GRAY)  # noqa: E731
        small = yield from _small(document, SCREEN, size, gray)
        selection = image_from_picture(small, ColorModel.GRAY)
    return clips, selection, clips["source"].width / size[0]


def _small(document: Any, space: Space, size: tuple[int, int], read: Callable[..., Any]) -> Steps[Any]:
    """Reads every n-th pixel; the value is a QImage of at most `SIDE` pixels a side, in the screen's colours."""
    every, rows = max(1, max(size) // (2 * SIDE)), bytearray()
    for y in range(0, size[1], every):
        rows += every_nth(bytes(read(0, y, size[0], 1)), every, space.channels, space.sample)
        yield 0
    width, height = (-(-length // every) for length in size)
    if space.is_like(SCREEN):
        image = QtGui.QImage(bytes(rows), width, height, 4 * width, QtGui.QImage.Format.Format_ARGB32).copy()
    else:
        with home(document, space) as place:  # a thumbnail is the one conversion that leaves no step to undo
            node = place.createNode("", "paintlayer")
            right, bottom = ((length // _TILE + 1) * _TILE for length in (width, height))  # it shows whole tiles
            node.setPixelData(bytes(rows), 0, 0, width, height)
            node.setPixelData(opaque_pixel(space.channels, space.sample), right - 1, bottom - 1, 1, 1)
            image = node.thumbnail(right, bottom).copy(0, 0, width, height)
    return fitted(image, SIDE)
