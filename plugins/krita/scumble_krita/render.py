"""What the docker starts: render into a new layer or document, preview, suggest colours; all of it in steps."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from krita import Krita

from scumble.errors import HostError
from scumble.hosts.adapter import Adapter, clip_layer_name, layer_name, painted_clips
from scumble.media.image import ColorModel, Image
from scumble.media.region import Region
from scumble.params import PointsParam, RegionParam
from scumble.schema import EffectSchema
from scumble_krita.layers import fill, home, mask_of, pixels_of, reader, selected, source_of, top_result
from scumble_krita.qt import QtCore, QtGui
from scumble_krita.spaces import SCREEN, Space, every_nth, native_from_samples
from scumble_krita.steps import Steps, finished

Values = Mapping[str, Any]

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


def rendered(
    adapter: Adapter,
    schema: EffectSchema,
    params: Values,
    document: Any,
    report: Callable[[float, str], None],
) -> Steps[str]:
    """Renders into one new layer, above the source of a filter, or into a new document where `document` is None or
    cannot hold the result's colours. The value says what was made; until the last step nothing is.
    """
    nodes, clips, region, mask, selection = clip_nodes(document, schema), {}, None, {}, None
    with contextlib.ExitStack() as stack:
        for name, node in nodes.items():
            report(0.0, f"Reading {node.name()}")
            clips[name] = yield from pixels_of(document, node)
            if clips[name] is not None:
                stack.callback(clips[name].close)
            elif name == "source":
                raise HostError(f"The layer {node.name()} is empty", "Choose the picture's layer, or show the group.")
        if nodes:
            region, chosen = selected(document)
            if chosen is not None:
                selection, mask = yield from mask_of(document, chosen, region)
                stack.callback(selection.close)
        job = adapter.client.submit(schema.id, params, clips, selection=selection)
        image = yield from finished(job, lambda done, note: report(0.05 + 0.9 * done, note or schema.title))
    report(0.95, "Writing")
    name, space = layer_name(schema, dict(params)), Space.of_image(image)
    if nodes and Space.of(nodes["source"]).rgb.holds(image):
        space = Space.of(nodes["source"]).rgb
    if document is None or (document.colorModel() == "GRAYA" and space.model != "GRAYA"):
        return (yield from _new_document(image, name, space))
    below = top_result(nodes["source"], schema) if nodes else document.activeNode()
    layer = document.createNode(name, "paintlayer")
    if (
        layer is None
        or below is None
        or (nodes and (document.width(), document.height()) != (image.width, image.height))
    ):
        raise HostError("The document was closed or changed its size meanwhile", "Apply the effect again.")
    yield from fill(layer, image, space, region or image.bounds, mask)
    below.parentNode().addChildNode(layer, below)
    return f"Made the layer “{name}”."


def _new_document(image: Image, name: str, space: Space) -> Steps[str]:
    document = Krita.instance().createDocument(image.width, image.height, name, *space, 300.0)
    try:
        layer = document.topLevelNodes()[0]
        layer.setName(name)
        yield from fill(layer, image, space, image.bounds, {})
    except BaseException:
        document.close()
        raise
    document.refreshProjection()
    Krita.instance().activeWindow().addView(document)
    return f"Made the document “{name}”."


def previewed(adapter: Adapter, schema: EffectSchema, params: Values, document: Any, side: int) -> Steps[Any]:
    """Renders small versions of the clips; the value is a QImage of at most `side` pixels a side."""
    clips, selection, params, _ = yield from _small_clips(document, schema, params, side)
    image = yield from finished(adapter.client.submit(schema.id, params, clips, selection=selection), lambda *_: None)
    space = Space.of_image(image)

    def read(x: int, y: int, width: int, height: int) -> bytes:
        return native_from_samples(image.crop(Region(x, y, width, height)).data, image.model, space)

    return (yield from _small(document, space, (image.width, image.height), read, side))


def suggested(
    adapter: Adapter, schema: EffectSchema, params: Values, document: Any, place: tuple[int, int], side: int
) -> Steps[list[tuple[str, float]]]:
    """Asks for colours at a pixel of the document: ("#rrggbb", weight 0..1), best first."""
    clips, _, params, scale = yield from _small_clips(document, schema, params, side)
    x, y = (int(number * scale) for number in place)
    return (yield from finished(adapter.client.suggest(schema.id, params, clips, x, y), lambda *_: None))


def _small_clips(document: Any, schema: EffectSchema, params: Values, side: int) -> Steps[Any]:
    """Reads the clips at most `side` pixels large; the value is clips, selection, params that fit, and the scale."""
    nodes, clips, selection = clip_nodes(document, schema), {}, None
    if not nodes:
        return clips, selection, params, 1.0
    size, chosen = (document.width(), document.height()), selected(document)[1]
    for name, node in nodes.items():
        small = yield from _small(document, Space.of(node), size, reader(node), side)
        clips[name] = _image(small.convertToFormat(QtGui.QImage.Format.Format_RGBA8888), ColorModel.RGBA)
    if chosen is not None:

        def read(*region: int) -> bytes:
            return native_from_samples(bytes(chosen.pixelData(*region)), ColorModel.GRAY, SCREEN)

        small = yield from _small(document, SCREEN, size, read, side)
        selection = _image(small.convertToFormat(QtGui.QImage.Format.Format_Grayscale8), ColorModel.GRAY)
    scale, fitting = clips["source"].width / size[0], dict(params)
    for param in schema.params:
        value = params[param.name]
        if isinstance(param, PointsParam) and value:
            fitting[param.name] = [[int(x * scale), int(y * scale), color] for x, y, color in value]
        elif isinstance(param, RegionParam) and value:
            fitting[param.name] = [max(least, int(n * scale)) for n, least in zip(value, (0, 0, 1, 1))]
    return clips, selection, fitting, scale


def _small(document: Any, space: Space, size: tuple[int, int], read: Any, side: int) -> Steps[Any]:
    """Reads every n-th pixel; the value is a QImage of at most `side` pixels a side, in the screen's colours."""
    every, rows = max(1, max(size) // (2 * side)), bytearray()
    for y in range(0, size[1], every):
        rows += every_nth(read(0, y, size[0], 1), every, space)
        yield 0
    width, height = (-(-length // every) for length in size)
    if space.is_like(SCREEN):
        image = QtGui.QImage(bytes(rows), width, height, 4 * width, QtGui.QImage.Format.Format_ARGB32).copy()
    else:
        with home(document, space) as place:  # a node's thumbnail is the one conversion that leaves no step to undo
            node = place.createNode("", "paintlayer")
            right, bottom = ((length // _TILE + 1) * _TILE for length in (width, height))  # it comes in whole tiles
            node.setPixelData(bytes(rows), 0, 0, width, height)
            node.setPixelData(space.opaque_pixel, right - 1, bottom - 1, 1, 1)
            image = node.thumbnail(right, bottom).copy(0, 0, width, height)
    keep, smooth = QtCore.Qt.AspectRatioMode.KeepAspectRatio, QtCore.Qt.TransformationMode.SmoothTransformation
    return image if max(width, height) <= side else image.scaled(side, side, keep, smooth)


def _image(picture: Any, model: ColorModel) -> Image:
    bits = picture.constBits()
    bits.setsize(picture.sizeInBytes())
    return Image(bytes(bits), picture.width(), picture.height(), model, stride=picture.bytesPerLine())
