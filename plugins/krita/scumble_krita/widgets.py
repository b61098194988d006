"""One field for every kind of parameter: a widget, and how its value comes out and goes in."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from krita import Krita

from scumble import params
from scumble.hosts.adapter import never
from scumble_krita.qt import QtCore, QtGui, QtWidgets

_UNSET = "not set"
_MOST_PLACES = 1000  # on a slider: more could not be aimed at


class Field(NamedTuple):
    """A parameter's widget; `get` may return what the parameter refuses, `put` takes what it allows."""

    widget: Any
    get: Callable[[], Any]
    put: Callable[[Any], Any]


def field_from_param(param: params.Param, changed: Callable[..., Any]) -> Field:
    """Returns the field for a parameter, at its default; `changed` is called after each change."""
    if isinstance(param, (params.FloatParam, params.IntParam)):
        field = _scale(param, param.step, changed)
    elif isinstance(param, params.SeedParam):
        field = _scale(param, 1, changed)
    elif isinstance(param, params.BoolParam):
        field = _choice({"Yes": True, "No": False}, param, changed)
    elif isinstance(param, params.ChoiceParam):
        field = _choice({choice: choice for choice in param.choices}, param, changed)
    elif isinstance(param, params.ColorParam):
        field = _line(param, changed, "◕", "Choose a colour", _choose_color)
    elif isinstance(param, params.PaletteParam):
        field = _line(param, changed, "+", "Add Krita's foreground colour", _add_foreground)
    elif isinstance(param, params.RegionParam):
        field = _line(param, changed, "▣", "Take the bounds of the selection", _take_selection)
    elif isinstance(param, params.FileParam):
        field = _line(param, changed, "…", "Choose a file", partial(_choose_file, param))
    elif isinstance(param, (params.TextParam, params.PointsParam)):
        field = _line(param, changed)
    else:
        never(param)
    field.put(param.default)
    field.widget.setObjectName(f"scumble-{param.name}")
    field.widget.setToolTip(f"<p>{param.doc}</p><p>Takes {param.allowed()}.</p>")
    return field


def _scale(param: Any, step: float, changed: Callable[..., Any]) -> Field:
    """A spin box, whose step below the range means "not set" where that is allowed; a slider where it can be aimed."""
    spin = QtWidgets.QDoubleSpinBox() if isinstance(param, params.FloatParam) else QtWidgets.QSpinBox()
    low, box = param.min - step if param.optional else param.min, QtWidgets.QWidget()
    if isinstance(param, params.FloatParam):
        spin.setDecimals(max(2, len(f"{step:.8f}".rstrip("0").partition(".")[2])))
    spin.setRange(low, param.max)
    spin.setSingleStep(step)
    spin.setSuffix(param.unit and f" {param.unit}")
    spin.setSpecialValueText(_UNSET if param.optional else "")
    slider = QtWidgets.QSlider(QtCore.Qt.Orientation.Horizontal)
    place_of: Any = lambda value: round((value - low) / step)  # noqa: E731
    slides = place_of(param.max) <= _MOST_PLACES
    if slides:
        slider.setRange(0, place_of(param.max))
        slider.valueChanged.connect(
            lambda at: place_of(spin.value()) == at or spin.setValue(type(low)(low + at * step))
        )
        spin.valueChanged.connect(lambda value: slider.setValue(place_of(value)))
    box.setLayout(row_of(slider, spin) if slides else row_of(spin))
    spin.valueChanged.connect(changed)
    get = lambda: None if param.optional and place_of(spin.value()) == 0 else spin.value()  # noqa: E731
    return Field(box, get, lambda value: spin.setValue(low if value is None else value))


def _choice(choices: dict[str, Any], param: params.Param, changed: Callable[..., Any]) -> Field:
    box = QtWidgets.QComboBox()
    for text in ([_UNSET] if param.optional else []) + list(choices):
        box.addItem(text, choices.get(text))
    box.currentIndexChanged.connect(changed)
    return Field(box, box.currentData, lambda value: box.setCurrentIndex(box.findData(value)))


def _line(param: params.Param, changed: Callable[..., Any], sign: str = "", tip: str = "", fill: Any = None) -> Field:
    """Text as the command line takes it, and a button by which `fill` writes into it."""
    box, unset = QtWidgets.QWidget(), _UNSET if param.optional else ""
    edit = QtWidgets.QLineEdit(placeholderText=unset, clearButtonEnabled=param.optional)
    edit.textChanged.connect(changed)
    button = QtWidgets.QToolButton(text=sign, toolTip=tip)
    button.clicked.connect(lambda: fill(edit))
    if isinstance(param, params.ColorParam):
        edit.textChanged.connect(lambda text: button.setStyleSheet(f"background: {text}"))
    box.setLayout(row_of(edit, button) if sign else row_of(edit))
    return Field(box, lambda: param.parse(edit.text()), lambda value: edit.setText(param.text(value)))


def row_of(*widgets: Any, even: bool = False) -> Any:
    """Returns a layout without margins that has the widgets side by side, the first one as wide as can be."""
    layout = QtWidgets.QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget, even or widget is widgets[0])
    return layout


def _opened(dialog: Any, chosen: Any, edit: Any) -> None:
    """Shows a dialog that Krita goes on behind; what is chosen goes into the line."""
    dialog.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
    chosen.connect(lambda value: edit.setText(value if isinstance(value, str) else value.name()))
    dialog.open()


def _choose_color(edit: Any) -> None:
    dialog = QtWidgets.QColorDialog(QtGui.QColor(edit.text() or "#808080"), edit)
    _opened(dialog, dialog.colorSelected, edit)


def _choose_file(param: params.FileParam, edit: Any) -> None:
    modes, reads = QtWidgets.QFileDialog, param.role == "read"
    dialog = modes(edit, param.title, edit.text(), " ".join(f"*{suffix}" for suffix in param.suffixes))
    dialog.setFileMode(modes.FileMode.ExistingFile if reads else modes.FileMode.AnyFile)
    dialog.setAcceptMode(modes.AcceptMode.AcceptOpen if reads else modes.AcceptMode.AcceptSave)
    _opened(dialog, dialog.fileSelected, edit)


def _add_foreground(edit: Any) -> None:
    view = Krita.instance().activeWindow().activeView()
    if view is not None and view.document() is not None:
        color = view.foregroundColor().colorForCanvas(view.canvas()).name()
        edit.setText(f"{edit.text()},{color}".lstrip(","))


def _take_selection(edit: Any) -> None:
    document = Krita.instance().activeDocument()
    selection = document.selection() if document is not None else None
    if selection is not None:
        edit.setText(f"{selection.x()},{selection.y()},{selection.width()},{selection.height()}")
