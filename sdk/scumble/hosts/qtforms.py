"""Forms made from a schema's parameters, for hosts whose interface is Qt: a widget for every kind, out and in."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from scumble import params
from scumble.hosts.adapter import asked_params, never
from scumble.hosts.qt import QtCore, QtGui, QtWidgets
from scumble.schema import EffectSchema

_UNSET = "not set"
_MOST_PLACES = 1000  # on a slider: more could not be aimed at


class Picker(NamedTuple):
    """What a host has at hand for a form's buttons, as text; empty where there is nothing."""

    color: Callable[[], str]
    """The colour that the user paints with, "#rrggbb"."""
    region: Callable[[], str]
    """The bounds of what is selected, "x,y,width,height" in pixels."""


class Field(NamedTuple):
    """A parameter's widget; `get` may return what the parameter refuses, `put` takes what it allows."""

    widget: Any
    get: Callable[[], Any]
    put: Callable[[Any], Any]


class Form:
    """An effect's page: a row for everything that a user sets, at its default.

    Attributes:
        page: the widget.
        rows: its layout, to which a host may add rows of its own.
    """

    def __init__(self, schema: EffectSchema, changed: Callable[..., Any], picker: Picker) -> None:
        """Makes the page; `changed` is called after each change."""
        self.page, self._params = QtWidgets.QWidget(), asked_params(schema)
        self.rows = QtWidgets.QFormLayout(self.page)
        self.rows.setContentsMargins(0, 0, 0, 0)
        self._fields = {param.name: field_from_param(param, changed, picker) for param in self._params}
        for param in self._params:
            widget = self._fields[param.name].widget
            self.rows.addRow(param.title, widget)
            self.rows.labelForField(widget).setToolTip(widget.toolTip())

    def values(self) -> dict[str, Any]:
        """Returns what is set, as plain data by name. Raises ParamError, naming the parameter, for what it refuses."""
        return {param.name: param.to_json(param.check(self._fields[param.name].get())) for param in self._params}

    def reset(self) -> None:
        """Sets every value back."""
        for param in self._params:
            self._fields[param.name].put(param.default)


def field_from_param(param: params.Param, changed: Callable[..., Any], picker: Picker) -> Field:
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
        field = _line(param, changed, "+", "Add the foreground colour", partial(_add, picker.color))
    elif isinstance(param, params.RegionParam):
        field = _line(param, changed, "▣", "Take the bounds of the selection", partial(_take, picker.region))
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


def row_of(*widgets: Any, even: bool = False) -> Any:
    """Returns a layout without margins that has the widgets side by side, the first one as wide as can be."""
    layout = QtWidgets.QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget, even or widget is widgets[0])
    return layout


def label(name: str) -> Any:
    """Returns an empty text that can be selected, and breaks its lines."""
    selectable = QtCore.Qt.TextInteractionFlag.TextSelectableByMouse
    return QtWidgets.QLabel(objectName=f"scumble-{name}", wordWrap=True, textInteractionFlags=selectable)


def button(name: str, text: str, tip: str, pressed: Callable[[], Any]) -> Any:
    """Returns a push button."""
    made = QtWidgets.QPushButton(text, objectName=f"scumble-{name}", toolTip=tip, minimumWidth=20)
    made.clicked.connect(lambda _: pressed())
    return made


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
    filler = QtWidgets.QToolButton(text=sign, toolTip=tip)
    filler.clicked.connect(lambda: fill(edit))
    if isinstance(param, params.ColorParam):
        edit.textChanged.connect(lambda text: filler.setStyleSheet(f"background: {text}"))
    box.setLayout(row_of(edit, filler) if sign else row_of(edit))
    return Field(box, lambda: param.parse(edit.text()), lambda value: edit.setText(param.text(value)))


def _opened(dialog: Any, chosen: Any, edit: Any) -> None:
    """Shows a dialog that the host goes on behind; what is chosen goes into the line."""
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


def _add(picked: Callable[[], str], edit: Any) -> None:
    edit.setText(",".join(word for word in (edit.text(), picked()) if word))


def _take(picked: Callable[[], str], edit: Any) -> None:
    edit.setText(picked() or edit.text())
