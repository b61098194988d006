"""Qt as this Krita has it: PyQt5, or PyQt6 where Krita itself is built on Qt 6. Enumerations are written in full."""

from __future__ import annotations

try:
    from PyQt5 import QtCore, QtGui, QtWidgets
except ImportError:
    from PyQt6 import QtCore, QtGui, QtWidgets  # noqa: F401 - what the other modules import

Signal = QtCore.pyqtSignal
