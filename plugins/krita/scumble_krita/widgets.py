"""One field for every kind of parameter: a widget, and how its value comes out and goes in."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from krita import Krita

from scumble.hosts.adapter import never
from scumble.params import (
    BoolParam,
    ChoiceParam,
    ColorParam,
    FileParam,
    FloatParam,
    IntParam,
    PaletteParam,
    Param,
    PointsParam,
    RegionParam,
    SeedParam,
    TextParam,
)
from scumble_krita.qt import QtCore, QtGui, QtWidgets

_UNSET = "not set"


class Field(NamedTuple):
    """A parameter's widget; `get` may return what the parameter refuses, `put` takes what it allows."""

    widget: Any
    get: Callable[[], Any]
    put: Callable[[Any], Any]


def field_from_param(param: Param, changed: Callable[[], Any]) -> Field:
    """Returns the field for a parameter, at its default; `changed` is called after each change."""
    if isinstance(param, (FloatParam, IntParam)):
        field = _scale(param, param.step, changed)
    elif isinstance(param, SeedParam):
        field = _scale(param, 1, changed)
    elif isinstance(param, BoolParam):
        field = _choice({"Yes": True, "No": False}, param, changed) if param.optional else _switch(changed)
    elif isinstance(param, ChoiceParam):
        field = _choice({choice: choice for choice in param.choices}, param, changed)
    elif isinstance(param, ColorParam):
        field = _line(param, changed, "◕", "Choose a colour", _pick_color)
    elif isinstance(param, PaletteParam):
        field = _line(param, changed, "+", "Add Krita's foreground colour", _add_foreground)
    elif isinstance(param, RegionParam):
        field = _line(param, changed, "▣", "Take the bounds of the selection", _take_selection)
    elif isinstance(param, FileParam):
        field = _line(param, changed, "…", "Choose a file", partial(_choose_file, param))
    elif isinstance(param, (TextParam, PointsParam)):
        field = _line(param, changed)
    else:
        never(param)
    field.put(param.default)
    field.widget.setObjectName(f"scumble-{param.name}")
    field.widget.setToolTip(f"<p>{param.doc}</p><p>Takes {param.allowed()}.</p>")
    return field


def _scale(param: Any, step: float, changed: Callable[[], Any]) -> Field:
    """A spin box, whose step below the range means "not set" where that is allowed; a slider where it can be aimed."""
    whole, box = not isinstance(param, FloatParam), QtWidgets.QWidget()
    spin, slider = QtWidgets.QSpinBox() if whole else QtWidgets.QDoubleSpinBox(), None
    low = param.min - step if param.optional else param.min
    if not whole:
        spin.setDecimals(max(2, len(f"{step:.8f}".rstrip("0").partition(".")[2])))
    spin.setRange(low, param.max)
    spin.setSingleStep(step)
    spin.setSuffix(f" {param.unit}" if param.unit else "")
    spin.setSpecialValueText(_UNSET if param.optional else "")
    spin.setKeyboardTracking(False)
    if (param.max - low) / step <= 1000:
        slider = QtWidgets.QSlider(QtCore.Qt.Orientation.Horizontal)
        slider.setRange(0, round((param.max - low) / step))
        slider.valueChanged.connect(lambda place: slider.hasFocus() and spin.setValue(type(low)(low + place * step)))
        spin.valueChanged.connect(lambda value: slider.hasFocus() or slider.setValue(round((value - low) / step)))
    box.setLayout(row_of(slider, spin) if slider else row_of(spin))
    spin.valueChanged.connect(lambda _: changed())
    unset = lambda: param.optional and spin.value() < param.min - step / 2  # noqa: E731
    return Field(
        box, lambda: None if unset() else spin.value(), lambda value: spin.setValue(low if value is None else value)
    )


def _switch(changed: Callable[[], Any]) -> Field:
    box = QtWidgets.QCheckBox()
    box.toggled.connect(lambda _: changed())
    return Field(box, box.isChecked, box.setChecked)


def _choice(choices: dict[str, Any], param: Param, changed: Callable[[], Any]) -> Field:
    box = QtWidgets.QComboBox()
    for text, value in {**({_UNSET: None} if param.optional else {}), **choices}.items():
        box.addItem(text, value)
    box.currentIndexChanged.connect(lambda _: changed())
    return Field(box, box.currentData, lambda value: box.setCurrentIndex(box.findData(value)))


def _line(param: Param, changed: Callable[[], Any], sign: str = "", tip: str = "", filled: Any = None) -> Field:
    """Text as the command line takes it, and a button: `filled` makes the new text from the old, or None."""
    box, edit = QtWidgets.QWidget(), QtWidgets.QLineEdit()
    edit.setPlaceholderText(_UNSET if param.optional else "")
    edit.textChanged.connect(lambda _: changed())
    box.setLayout(row_of(edit))
    if sign:
        button = QtWidgets.QToolButton(text=sign, toolTip=tip)
        button.clicked.connect(lambda: filled(edit))
        box.layout().addWidget(button)
    return Field(box, lambda: param.parse(edit.text()), lambda value: edit.setText(param.text(value)))


def row_of(*widgets: Any) -> Any:
    """Returns a layout without margins that has the widgets side by side, the first one as wide as can be."""
    layout = QtWidgets.QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget, widget is widgets[0])
    return layout


def _pick_color(edit: Any) -> None:
    dialog = QtWidgets.QColorDialog(QtGui.QColor(edit.text() or "#808080"), edit)
    dialog.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.colorSelected.connect(lambda color: edit.setText(color.name()))
    dialog.open()


def _add_foreground(edit: Any) -> None:
    view = Krita.instance().activeWindow().activeView()
    color = view.foregroundColor().colorForCanvas(view.canvas()).name()
    edit.setText(f"{edit.text()},{color}".lstrip(","))


def _take_selection(edit: Any) -> None:
    document = Krita.instance().activeDocument()
    selection = document and document.selection()
    if selection:
        edit.setText(f"{selection.x()},{selection.y()},{selection.width()},{selection.height()}")


def _choose_file(param: FileParam, edit: Any) -> None:
    dialog = QtWidgets.QFileDialog(edit, param.title, edit.text())
    modes = QtWidgets.QFileDialog
    dialog.setFileMode(modes.FileMode.ExistingFile if param.role == "read" else modes.FileMode.AnyFile)
    dialog.setAcceptMode(modes.AcceptMode.AcceptOpen if param.role == "read" else modes.AcceptMode.AcceptSave)
    dialog.setNameFilter(" ".join(f"*{suffix}" for suffix in param.suffixes) or "*")
    dialog.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(edit.setText)
    dialog.open()
