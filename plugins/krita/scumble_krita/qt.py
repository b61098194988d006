"""Qt as this Krita has it: PyQt6 where Krita's own module brought that along, else PyQt5. Enumerations in full."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import krita  # noqa: F401 - it loads the binding that it was built with, and a process bears only one

_BINDING = "PyQt6" if "PyQt6.QtCore" in sys.modules else "PyQt5"
QtCore: Any = import_module(f"{_BINDING}.QtCore")
QtGui: Any = import_module(f"{_BINDING}.QtGui")
QtWidgets: Any = import_module(f"{_BINDING}.QtWidgets")
