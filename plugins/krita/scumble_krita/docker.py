"""The docker: an effect to choose, its parameters, a preview, and buttons that start tasks on the UI thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from krita import DockWidget, Krita, ManagedColor

from scumble.errors import HostError
from scumble.hosts.adapter import Adapter, asked_params, clip_layer_name, error_text, painted_clips, setup_from_file
from scumble.hosts.steps import Steps, Task, aside
from scumble.schema import ClipSchema, EffectSchema
from scumble_krita.cursor import pixel_at_pointer
from scumble_krita.layers import source_of, top_result
from scumble_krita.qt import QtCore, QtGui, QtWidgets
from scumble_krita.render import previewed, rendered, suggested
from scumble_krita.widgets import Field, field_from_param, row_of

_SWATCHES, _DEBOUNCE_MS, _TICK_MS = 6, 300, 120
_NO_BUTTON = QtCore.Qt.MouseButton.NoButton


class ScumbleDocker(DockWidget):  # type: ignore[misc]
    """Everything that a user sees of Scumble in Krita."""

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("Scumble")
        self._adapter: Any = None
        self._schemas: tuple[EffectSchema, ...] = ()
        self._pages: list[Any] = []
        self._fields: list[dict[str, Field]] = []
        self._tasks: dict[str, Task] = {}
        self._seen: Any = (False, None)  # whether a button was down, and the pixel under the pointer
        self._asked: Any = None
        self._later = QtCore.QTimer(self, singleShot=True, interval=_DEBOUNCE_MS, timeout=self._preview)
        self._ticks = QtCore.QTimer(self, interval=_TICK_MS, timeout=self._tick)
        self._ticks.start()
        self._build()

    def canvasChanged(self, canvas: Any) -> None:  # noqa: N802 - Krita's name
        """Krita calls this when another picture comes to the front."""
        self.picture.clear()
        self._changed()

    def showEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Looks for effects each time the docker is shown: they come and go with what is installed."""
        super().showEvent(event)
        self._start("effects", self._effects(), self._list)

    def _build(self) -> None:
        page = QtWidgets.QWidget()
        area = QtWidgets.QScrollArea(widgetResizable=True, frameShape=QtWidgets.QFrame.Shape.NoFrame)
        area.setWidget(page)
        self.setWidget(area)
        self.chooser = QtWidgets.QComboBox(objectName="scumble-effect", currentIndexChanged=self._choose)
        self.about, self.message, self.picture = map(_label, ("about", "message", "picture"))
        self.reset = _button("reset", "Reset", "Set every value back", self._reset)
        tip = "Rest the pointer on the canvas; a click on a colour makes it the foreground colour."
        self.suggesting = QtWidgets.QCheckBox("Suggest colours at pointer", objectName="scumble-suggest", toolTip=tip)
        self.swatches = [_button(f"swatch-{place}", "", "", partial(self._take, place)) for place in range(_SWATCHES)]
        self.previewing = QtWidgets.QCheckBox("Preview", objectName="scumble-preview", toggled=self._changed)
        self.apply = _button("apply", "Apply", "Make a new layer", self._apply)
        self.cancel = _button("cancel", "Cancel", "Stop; nothing is changed", self._cancel)
        self.progress = QtWidgets.QProgressBar(objectName="scumble-progress", maximum=1000)
        column, self._form = QtWidgets.QVBoxLayout(page), QtWidgets.QVBoxLayout()
        column.addLayout(row_of(self.chooser, self.reset))
        column.addWidget(self.about)
        column.addLayout(self._form)
        column.addWidget(self.suggesting)
        column.addLayout(row_of(*self.swatches, even=True))
        for widget in (self.previewing, self.picture, self.apply, self.cancel, self.progress, self.message):
            column.addWidget(widget)
        column.addStretch(1)
        self._choose()

    def _start(self, name: str, steps: Steps[Any], done: Callable[[Any], Any], failed: Any = None) -> None:
        """Starts a task in the place of an earlier one of that name, which is cancelled."""
        self._stop(name)

        def ended(then: Callable[[Any], Any], outcome: Any) -> None:
            self._tasks.pop(name, None)
            then(outcome)

        later = QtCore.QTimer.singleShot
        self._tasks[name] = Task(later, steps, partial(ended, done), partial(ended, failed or self._fail))

    def _stop(self, name: str) -> None:
        if name in self._tasks:
            self._tasks.pop(name).cancel()

    def _asked_for(self, function: Any, *more: Any, document: Any = None) -> Steps[Any]:
        """Calls `function` with what is set here, within the task, so that what is wrong with it ends up there."""
        place, fields = self.chooser.currentIndex(), self._fields[self.chooser.currentIndex()]
        schema = self._schemas[place]
        values = {param.name: param.to_json(param.check(fields[param.name].get())) for param in asked_params(schema)}
        return (yield from function(self._adapter, schema, values, document, *more))

    def _effects(self) -> Steps[tuple[EffectSchema, ...]]:
        self._adapter = self._adapter or Adapter(setup_from_file(__file__))
        found = yield from aside(self._adapter.effects)
        return tuple(schema for schema in found if schema.output.media == "image")

    def _list(self, schemas: tuple[EffectSchema, ...]) -> None:
        """Shows the effects, each with a page of fields that keeps its values; nothing changes if the list is old."""
        if schemas == self._schemas:
            return
        chosen, self._schemas = self.chooser.currentText(), schemas
        for page in self._pages:
            page.deleteLater()
        self._fields = [{} for _ in schemas]
        self._pages = [self._page(schema, fields) for schema, fields in zip(schemas, self._fields)]  # noqa: B905
        self.chooser.clear()
        self.chooser.addItems([schema.title for schema in schemas])
        self.chooser.setCurrentIndex(max(0, self.chooser.findText(chosen)))

    def _page(self, schema: EffectSchema, fields: dict[str, Field]) -> Any:
        page = QtWidgets.QWidget()
        form = QtWidgets.QFormLayout(page)
        form.setContentsMargins(0, 0, 0, 0)
        for param in asked_params(schema):
            fields[param.name] = field_from_param(param, self._changed)
            form.addRow(param.title, fields[param.name].widget)
            form.labelForField(fields[param.name].widget).setToolTip(fields[param.name].widget.toolTip())
        for clip in painted_clips(schema):
            paint = lambda clip=clip: self._start("layer", _clip_layer(schema, clip), self._say)  # noqa: E731
            form.addRow(clip.name.capitalize(), _button(f"layer-{clip.name}", "Paint on a layer", clip.doc, paint))
        page.target = QtWidgets.QComboBox(objectName="scumble-target")
        page.target.addItems(["New layer", "New document"])
        if schema.context == "generator":
            form.addRow("Result", page.target)
        self._form.addWidget(page)
        return page

    def _choose(self, *_: Any) -> None:
        place = self.chooser.currentIndex()
        for number, page in enumerate(self._pages):
            page.setVisible(number == place)
        self.about.setText(self._schemas[place].doc.partition("\n")[0] if place >= 0 else "")
        for widget in (self.suggesting, *self.swatches):
            widget.setVisible(place >= 0 and bool(self._schemas[place].suggests))
        self.apply.setEnabled(place >= 0)
        self.reset.setEnabled(place >= 0)
        self._say("")
        self.canvasChanged(None)

    def _reset(self) -> None:
        for param in asked_params(self._schemas[self.chooser.currentIndex()]):
            self._fields[self.chooser.currentIndex()][param.name].put(param.default)

    def _apply(self) -> None:
        page = self._pages[self.chooser.currentIndex()]
        document = None if page.target.currentIndex() else Krita.instance().activeDocument()
        self._stop("preview")
        self._start("apply", self._asked_for(rendered, self._report, document=document), self._say)
        self._say("")

    def _cancel(self) -> None:
        self._stop("apply")
        self._say("Cancelled. Nothing was changed.")

    def _report(self, fraction: float, note: str) -> None:
        self.progress.setValue(int(1000 * fraction))
        self.progress.setFormat(f"{note} %p %".strip())

    def _say(self, text: str, color: str = "") -> None:
        busy = "apply" in self._tasks
        for widget, shown in ((self.apply, not busy), (self.cancel, busy), (self.progress, busy)):
            widget.setVisible(shown)
        self._report(0.0, "")
        self.message.setText(text)
        self.message.setStyleSheet(color and f"color: {color}")

    def _fail(self, error: BaseException) -> None:
        self._say(error_text(error), "#e8604f")

    def _changed(self, *_: Any) -> None:
        self._stop("preview")
        self.picture.setVisible(self.previewing.isChecked())
        self._later.start()

    def _preview(self) -> None:
        """Renders the preview anew, unless nobody sees it or something more important runs."""
        if self.picture.isVisible() and self._schemas and "apply" not in self._tasks:
            steps = self._asked_for(previewed, document=Krita.instance().activeDocument())
            self._start("preview", steps, self._show, lambda error: self.picture.setText(error_text(error)))

    def _show(self, image: Any) -> None:
        width, smooth = min(image.width(), self.picture.width()), QtCore.Qt.TransformationMode.SmoothTransformation
        self.picture.setPixmap(QtGui.QPixmap.fromImage(image).scaledToWidth(max(1, width), smooth))

    def _tick(self) -> None:
        """Sees strokes end, when the preview is out of date, and the pointer rest, when colours are wanted."""
        window, pressed = Krita.instance().activeWindow(), QtWidgets.QApplication.mouseButtons() != _NO_BUTTON
        pointed = pixel_at_pointer(window) if window is not None and self.isVisible() else None
        (was_pressed, was_pointed), self._seen = self._seen, (pressed, pointed)
        if was_pressed and not pressed and pointed:
            self._changed()
        rests = pointed and pointed == was_pointed and pointed != self._asked and not pressed
        if rests and self.suggesting.isChecked() and self.suggesting.isVisible() and "apply" not in self._tasks:
            self._asked, document = pointed, Krita.instance().activeDocument()
            self._start("suggest", self._asked_for(suggested, pointed, document=document), self._offer)

    def _offer(self, colors: list[tuple[str, float]]) -> None:
        for place, button in enumerate(self.swatches):
            color, weight = colors[place] if place < len(colors) else ("", 0.0)
            button.setAccessibleName(color)
            button.setStyleSheet(color and f"background: {color}")
            button.setToolTip(color and f"{color} ({weight:.0%})")

    def _take(self, place: int) -> None:
        view, color = Krita.instance().activeWindow().activeView(), self.swatches[place].accessibleName()
        if color and view is not None:
            view.setForeGroundColor(ManagedColor.fromQColor(QtGui.QColor(color), view.canvas()))


def _clip_layer(schema: EffectSchema, clip: ClipSchema) -> Steps[str]:
    """Makes the layer that a painted clip is read from, above the picture; or makes it the active one."""
    document, name = Krita.instance().activeDocument(), clip_layer_name(schema, clip)
    above = top_result(source_of(document, schema), schema)
    if document.colorModel() == "GRAYA":
        hint = "Choose RGB in Image > Convert Image Color Space."
        raise HostError("A grayscale document has no colours to paint with", hint)
    layer = document.nodeByName(name)
    if layer is None:
        above.parentNode().addChildNode(document.createNode(name, "paintlayer"), above)
    else:
        document.setActiveNode(layer)
    yield 0
    return f"Paint on the layer “{name}”, then apply."


def _label(name: str) -> Any:
    selectable = QtCore.Qt.TextInteractionFlag.TextSelectableByMouse
    return QtWidgets.QLabel(objectName=f"scumble-{name}", wordWrap=True, textInteractionFlags=selectable)


def _button(name: str, text: str, tip: str, pressed: Callable[[], Any]) -> Any:
    button = QtWidgets.QPushButton(text, objectName=f"scumble-{name}", toolTip=tip, minimumWidth=20)
    button.clicked.connect(lambda _: pressed())
    return button
