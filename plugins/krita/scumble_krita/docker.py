"""The docker: an effect to choose, its parameters, a preview, and buttons that start tasks on the UI thread."""

from __future__ import annotations

from functools import partial
from typing import Any

from krita import DockWidget, Krita, ManagedColor

from scumble.hosts.adapter import Adapter, error_text, painted_clips, setup_from_file
from scumble.hosts.qt import QtCore, QtGui, QtWidgets
from scumble.hosts.qtforms import Form, Picker, button, label, row_of
from scumble.hosts.steps import Steps, Tasks, aside
from scumble.schema import EffectSchema
from scumble_krita.cursor import pixel_at_pointer
from scumble_krita.layers import clip_layer, foreground_text, selection_text
from scumble_krita.render import previewed, rendered, suggested

_SWATCHES, _DEBOUNCE_MS, _TICK_MS = 6, 300, 120
_NO_BUTTON = QtCore.Qt.MouseButton.NoButton


class ScumbleDocker(DockWidget):  # type: ignore[misc]
    """Everything that a user sees of Scumble in Krita."""

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("Scumble")
        self._adapter: Any = None
        self._schemas: tuple[EffectSchema, ...] = ()
        self._forms: list[Form] = []
        self._targets: list[Any] = []
        self._tasks = Tasks(QtCore.QTimer.singleShot, self._fail)
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
        self._tasks.start("effects", self._effects(), self._list)

    def _build(self) -> None:
        page = QtWidgets.QWidget()
        area = QtWidgets.QScrollArea(widgetResizable=True, frameShape=QtWidgets.QFrame.Shape.NoFrame)
        area.setWidget(page)
        self.setWidget(area)
        self.chooser = QtWidgets.QComboBox(objectName="scumble-effect", currentIndexChanged=self._choose)
        self.about, self.message, self.picture = map(label, ("about", "message", "picture"))
        self.reset = button("reset", "Reset", "Set every value back", self._reset)
        tip = "Rest the pointer on the canvas; a click on a colour makes it the foreground colour."
        self.suggesting = QtWidgets.QCheckBox("Suggest colours at pointer", objectName="scumble-suggest", toolTip=tip)
        self.swatches = [button(f"swatch-{place}", "", "", partial(self._take, place)) for place in range(_SWATCHES)]
        self.previewing = QtWidgets.QCheckBox("Preview", objectName="scumble-preview", toggled=self._changed)
        self.apply = button("apply", "Apply", "Make a new layer", self._apply)
        self.cancel = button("cancel", "Cancel", "Stop; nothing is changed", self._cancel)
        self.progress = QtWidgets.QProgressBar(objectName="scumble-progress", maximum=1000)
        column, self._column = QtWidgets.QVBoxLayout(page), QtWidgets.QVBoxLayout()
        column.addLayout(row_of(self.chooser, self.reset))
        column.addWidget(self.about)
        column.addLayout(self._column)
        column.addWidget(self.suggesting)
        column.addLayout(row_of(*self.swatches, even=True))
        for widget in (self.previewing, self.picture, self.apply, self.cancel, self.progress, self.message):
            column.addWidget(widget)
        column.addStretch(1)
        self._choose()

    def _asked_for(self, function: Any, *more: Any, document: Any = None) -> Steps[Any]:
        """Calls `function` with what is set here, within the task, so that what is wrong with it ends up there."""
        place = self.chooser.currentIndex()
        values = self._forms[place].values()
        return (yield from function(self._adapter, self._schemas[place], values, document, *more))

    def _effects(self) -> Steps[tuple[EffectSchema, ...]]:
        self._adapter = self._adapter or Adapter(setup_from_file(__file__))
        found = yield from aside(self._adapter.effects)
        return tuple(schema for schema in found if schema.output.media == "image")

    def _list(self, schemas: tuple[EffectSchema, ...]) -> None:
        """Shows the effects, each with a page of fields that keeps its values; nothing changes if the list is old."""
        if schemas == self._schemas:
            return
        chosen, self._schemas = self.chooser.currentText(), schemas
        for form in self._forms:
            form.page.deleteLater()
        self._targets = [QtWidgets.QComboBox(objectName="scumble-target") for _ in schemas]
        self._forms = [self._form(schema, target) for schema, target in zip(schemas, self._targets)]  # noqa: B905
        self.chooser.clear()
        self.chooser.addItems([schema.title for schema in schemas])
        self.chooser.setCurrentIndex(max(0, self.chooser.findText(chosen)))

    def _form(self, schema: EffectSchema, target: Any) -> Form:
        form = Form(schema, self._changed, Picker(foreground_text, selection_text))
        for clip in painted_clips(schema):
            paint = lambda clip=clip: self._tasks.start("layer", clip_layer(schema, clip), self._say)  # noqa: E731
            form.rows.addRow(clip.name.capitalize(), button(f"layer-{clip.name}", "Paint on a layer", clip.doc, paint))
        target.addItems(["New layer", "New document"])
        if schema.context == "generator":
            form.rows.addRow("Result", target)
        self._column.addWidget(form.page)
        return form

    def _choose(self, *_: Any) -> None:
        place = self.chooser.currentIndex()
        for number, form in enumerate(self._forms):
            form.page.setVisible(number == place)
        self.about.setText(self._schemas[place].doc.partition("\n")[0] if place >= 0 else "")
        for widget in (self.suggesting, *self.swatches):
            widget.setVisible(place >= 0 and bool(self._schemas[place].suggests))
        self.apply.setEnabled(place >= 0)
        self.reset.setEnabled(place >= 0)
        self._say("")
        self.canvasChanged(None)

    def _reset(self) -> None:
        self._forms[self.chooser.currentIndex()].reset()

    def _apply(self) -> None:
        elsewhere = self._targets[self.chooser.currentIndex()].currentIndex()
        document = None if elsewhere else Krita.instance().activeDocument()
        self._tasks.stop("preview")
        self._tasks.start("apply", self._asked_for(rendered, self._report, document=document), self._made)
        self._say("")

    def _made(self, text: str) -> None:
        self._say(text)
        self._later.start()  # the preview had to make way

    def _cancel(self) -> None:
        self._tasks.stop("apply")
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
        self._tasks.stop("preview")
        self.picture.setVisible(self.previewing.isChecked())
        self._later.start()

    def _preview(self) -> None:
        """Renders the preview anew, unless nobody sees it or something more important runs."""
        if self.picture.isVisible() and self._schemas and "apply" not in self._tasks:
            steps = self._asked_for(previewed, document=Krita.instance().activeDocument())
            self._tasks.start("preview", steps, self._show, lambda error: self.picture.setText(error_text(error)))

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
            self._tasks.start("suggest", self._asked_for(suggested, pointed, document=document), self._offer)

    def _offer(self, colors: list[tuple[str, float]]) -> None:
        for place, swatch in enumerate(self.swatches):
            color, weight = colors[place] if place < len(colors) else ("", 0.0)
            swatch.setAccessibleName(color)
            swatch.setStyleSheet(color and f"background: {color}")
            swatch.setToolTip(color and f"{color} ({weight:.0%})")

    def _take(self, place: int) -> None:
        view, color = Krita.instance().activeWindow().activeView(), self.swatches[place].accessibleName()
        if color and view is not None:
            view.setForeGroundColor(ManagedColor.fromQColor(QtGui.QColor(color), view.canvas()))
