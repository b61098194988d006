"""Qt as a host has it: the binding that its process has loaded, and pictures between Qt and Scumble.

A process bears one binding only, so a host's own module must be imported before this one. Enumerations are written in
full, as PyQt6 wants them.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from scumble.media.image import ColorModel, Image

_BINDING = "PyQt6" if "PyQt6.QtCore" in sys.modules else "PyQt5"
QtCore: Any = import_module(f"{_BINDING}.QtCore")
QtGui: Any = import_module(f"{_BINDING}.QtGui")
QtWidgets: Any = import_module(f"{_BINDING}.QtWidgets")


def image_from_picture(picture: Any, model: ColorModel = ColorModel.RGBA) -> Image:
    """Returns the pixels of a QImage as 8-bit RGBA, or GRAY."""
    name = "Format_Grayscale8" if model is ColorModel.GRAY else "Format_RGBA8888"
    picture = picture.convertToFormat(getattr(QtGui.QImage.Format, name))
    bits = picture.constBits()
    bits.setsize(picture.sizeInBytes())
    return Image(bytes(bits), picture.width(), picture.height(), model, stride=picture.bytesPerLine())


def image_from_file(path: str) -> Image:
    """Returns a picture file that Qt reads as 8-bit RGBA."""
    return image_from_picture(QtGui.QImage(path))


def fitted(picture: Any, side: int) -> Any:
    """Returns a QImage, made smaller where one of its sides has more than `side` pixels; its shape stays."""
    keep, smooth = QtCore.Qt.AspectRatioMode.KeepAspectRatio, QtCore.Qt.TransformationMode.SmoothTransformation
    return picture if max(picture.width(), picture.height()) <= side else picture.scaled(side, side, keep, smooth)
