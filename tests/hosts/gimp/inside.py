"""Helpers that the tests run inside GIMP, before their own text; `Gimp` and `Gegl` are GIMP's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gi.repository import Gegl, Gimp, Gio

RGB = "R'G'B' u8"
RGBA = "R'G'B'A u8"


def load(path: str) -> Any:
    """Opens a picture file as a GIMP image."""
    return Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(path))


def call(name: str, image: Any, drawables: list[Any], **values: Any) -> dict[str, Any]:
    """Runs a procedure through the PDB, as a script does; returns its status, message and the result layer's id."""
    procedure = Gimp.get_pdb().lookup_procedure(name)
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    config.set_property("image", image)
    config.set_core_object_array("drawables", drawables)
    for key, value in values.items():
        config.set_property(key.replace("_", "-"), value)
    values_back = procedure.run(config)
    status = values_back.index(0)
    worked = status == Gimp.PDBStatusType.SUCCESS
    layer = values_back.index(1) if worked and values_back.length() > 1 else None
    error = "" if worked else Gimp.get_pdb().get_last_error()
    return {"status": status.value_nick, "error": error, "layer": layer.get_id() if layer else None}


def pixels(drawable: Any, name: str | None = RGB) -> bytes:
    """Returns all of a drawable's pixels in one format; None takes the drawable's own."""
    rect = Gegl.Rectangle.new(0, 0, drawable.get_width(), drawable.get_height())
    return bytes(drawable.get_buffer().get(rect, 1.0, name, Gegl.AbyssPolicy.NONE))


def save(drawable: Any, path: str, name: str | None = RGB) -> str:
    """Writes a drawable's raw pixels to a file; returns the path."""
    Path(path).write_bytes(pixels(drawable, name))
    return path


def filled(image: Any, name: str, size: tuple[int, int], kind: Any, format_name: str, data: bytes) -> Any:
    """Makes a layer of raw pixels and puts it on top."""
    layer = Gimp.Layer.new(image, name, *size, kind, 100, Gimp.LayerMode.NORMAL)
    buffer = layer.get_buffer()
    buffer.set(Gegl.Rectangle.new(0, 0, *size), format_name, data)
    buffer.flush()
    image.insert_layer(layer, None, 0)
    return layer


def facts(image: Any) -> dict[str, Any]:
    """Returns what a document looks like: its kind, its layers from the top, their places."""
    layers = [[layer.get_name(), *layer.get_offsets()[1:], layer.type().value_nick] for layer in image.get_layers()]
    return {"base": image.get_base_type().value_nick, "layers": layers, "dirty": image.is_dirty()}


def selected(image: Any) -> bytes:
    """Returns the selection, one byte for each pixel of the image."""
    rect = Gegl.Rectangle.new(0, 0, image.get_width(), image.get_height())
    return bytes(image.get_selection().get_buffer().get(rect, 1.0, "Y u8", Gegl.AbyssPolicy.NONE))
