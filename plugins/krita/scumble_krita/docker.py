"""The docker: an effect to choose, its parameters, a preview, and buttons that start tasks on the UI thread."""

from __future__ import annotations

from functools import partial
from typing import Any

from krita import DockWidget, Krita, ManagedColor

from scumble.errors import HostError
from scumble.hosts.adapter import Adapter, clip_layer_name, error_text, painted_clips, setup_from_file
from scumble.schema import ClipSchema, EffectSchema
from scumble_krita.cursor import pixel_at_pointer
from scumble_krita.layers import source_of, top_result
from scumble_krita.qt import QtCore, QtGui, QtWidgets
from scumble_krita.render import previewed, rendered, suggested
from scumble_krita.steps import Steps, Task, aside
from scumble_krita.widgets import Field, field_from_param, row_of

_PREVIEW_SIDE, _SWATCHES, _DEBOUNCE_MS, _TICK_MS = 384, 6, 300, 120


class ScumbleDocker(DockWidget):  # type: ignore[misc]
    """Everything that a user sees of Scumble in Krita."""

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("Scumble")
        self._tasks: dict[str, Task] = {}
        self._schemas: tuple[EffectSchema, ...] = ()
        self._pages: dict[str, Any] = {}
        self._fields: dict[str, dict[str, Field]] = {}
        self._adapter: Adapter | None = None
        self._pointed: Any = None
        self._asked: Any = None
        self._pressed = False
        self._later = QtCore.QTimer(self, singleShot=True, interval=_DEBOUNCE_MS, timeout=self._preview)
        self._ticks = QtCore.QTimer(self, interval=_TICK_MS, timeout=self._tick)
        self._build()

    def canvasChanged(self, canvas: Any) -> None:  # noqa: N802 - Krita's name
        """Krita calls this when another picture comes to the front."""
        self._later.start()

    def showEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Looks for effects each time the docker is shown: they come and go with what is installed."""
        super().showEvent(event)
        self._start("effects", self._effects(), self._list)
        self._ticks.start()

    def hideEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Nothing is previewed or suggested while nobody sees it."""
        super().hideEvent(event)
        self._ticks.stop()

    @property
    def _schema(self) -> EffectSchema:
        if self.chooser.currentIndex() < 0:
            raise HostError("There is no effect yet", "Show the docker again, or run `scumble doctor` in a terminal.")
        return self._schemas[self.chooser.currentIndex()]

    def _build(self) -> None:
        page, area = QtWidgets.QWidget(), QtWidgets.QScrollArea(widgetResizable=True)
        area.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        area.setWidget(page)
        self.setWidget(area)
        self.chooser = QtWidgets.QComboBox(objectName="scumble-effect")
        self.chooser.currentIndexChanged.connect(lambda _: self._choose())
        self.about, self.message, self.picture = _label("about"), _label("message"), _label("picture")
        self.picture.setAlignment(QtCore.Qt.AlignmentFlag.AlignCenter)
        self.reset = _button("reset", "Reset", "Set every value back", self._reset)
        self.suggesting = QtWidgets.QCheckBox("Suggest colours at the pointer", objectName="scumble-suggest")
        self.suggesting.setToolTip(
            "Rest the pointer on the canvas; a click on a colour makes it the foreground colour."
        )
        self.previewing = QtWidgets.QCheckBox("Preview", objectName="scumble-preview")
        self.previewing.toggled.connect(lambda _: self._changed())
        self.apply = _button("apply", "Apply", "Make a new layer", self._apply)
        self.cancel = _button("cancel", "Cancel", "Stop; nothing is changed", self._cancel)
        self.progress = QtWidgets.QProgressBar(objectName="scumble-progress", maximum=1000)
        self.swatches = [
            _button(f"swatch-{number}", "", "", partial(self._take, number)) for number in range(_SWATCHES)
        ]
        column, self._form = QtWidgets.QVBoxLayout(page), QtWidgets.QVBoxLayout()
        column.addLayout(row_of(self.chooser, self.reset))
        column.addWidget(self.about)
        column.addLayout(self._form)
        column.addWidget(self.suggesting)
        column.addLayout(row_of(*self.swatches))
        column.addWidget(self.previewing)
        column.addWidget(self.picture)
        column.addLayout(row_of(self.apply, self.cancel))
        column.addWidget(self.progress)
        column.addWidget(self.message)
        column.addStretch(1)
        self._busy(False)
        self._choose()

    def _start(self, name: str, steps: Steps[Any], done: Any, failed: Any = None) -> None:
        """Starts a task in the place of an earlier one of that name, which is cancelled."""
        self._stop(name)

        def ended(then: Any, outcome: Any) -> None:
            self._tasks.pop(name, None)
            then(outcome)

        self._tasks[name] = Task(self, steps, partial(ended, done), partial(ended, failed or self._fail))

    def _stop(self, name: str) -> None:
        if name in self._tasks:
            self._tasks.pop(name).cancel()

    def _effects(self) -> Steps[tuple[EffectSchema, ...]]:
        if self._adapter is None:
            self._adapter = Adapter(setup_from_file(__file__))
        found = yield from aside(self._adapter.effects)
        return tuple(schema for schema in found if schema.output.media == "image")

    def _list(self, schemas: tuple[EffectSchema, ...]) -> None:
        """Shows the effects; the values of those that stay as they were are kept."""
        if schemas == self._schemas:
            return
        chosen, self._schemas = self.chooser.currentText(), schemas
        for page in self._pages.values():
            page.deleteLater()
        self._pages, self._fields = {}, {}
        for schema in schemas:
            self._pages[schema.id] = self._page(schema)
            self._form.addWidget(self._pages[schema.id])
        self.chooser.blockSignals(True)
        self.chooser.clear()
        self.chooser.addItems([schema.title for schema in schemas])
        self.chooser.setCurrentIndex(max(0, self.chooser.findText(chosen)))
        self.chooser.blockSignals(False)
        self._say("")
        self._choose()

    def _page(self, schema: EffectSchema) -> Any:
        page = QtWidgets.QWidget()
        form = QtWidgets.QFormLayout(page)
        form.setContentsMargins(0, 0, 0, 0)
        fields = self._fields[schema.id] = {}
        for param in schema.params:
            fields[param.name] = field_from_param(param, self._changed)
            form.addRow(param.title, fields[param.name].widget)
            form.labelForField(fields[param.name].widget).setToolTip(fields[param.name].widget.toolTip())
        for clip in painted_clips(schema):
            paint = lambda clip=clip: self._start("layer", self._clip_layer(schema, clip), self._say)  # noqa: E731
            form.addRow(clip.name.capitalize(), _button(f"layer-{clip.name}", "Paint on a layer", clip.doc, paint))
        if schema.context == "generator":
            page.target = QtWidgets.QComboBox(objectName="scumble-target")
            page.target.addItems(["New layer", "New document"])
            form.addRow("Result", page.target)
        return page

    def _choose(self) -> None:
        schema = self._schemas[self.chooser.currentIndex()] if self._schemas else None
        for name, page in self._pages.items():
            page.setVisible(schema is not None and name == schema.id)
        self.about.setText(schema.doc.partition("\n")[0] if schema else "")
        for widget in (self.suggesting, *self.swatches):
            widget.setVisible(bool(schema and schema.suggests))
        self.apply.setEnabled(schema is not None)
        self._changed()

    def _values(self) -> dict[str, Any]:
        fields = self._fields[self._schema.id]
        return {param.name: param.to_json(param.check(fields[param.name].get())) for param in self._schema.params}

    def _reset(self) -> None:
        for param in self._schema.params:
            self._fields[self._schema.id][param.name].put(param.default)

    def _clip_layer(self, schema: EffectSchema, clip: ClipSchema) -> Steps[str]:
        """Makes the layer that a painted clip is read from, above the picture; or makes it the active one."""
        document, name = Krita.instance().activeDocument(), clip_layer_name(schema, clip)
        layer = document and document.nodeByName(name)
        if layer:
            document.setActiveNode(layer)
        else:
            above = top_result(source_of(document, schema), schema)
            above.parentNode().addChildNode(document.createNode(name, "paintlayer"), above)
        yield 0
        return f"Paint on the layer “{name}”, then apply."

    def _apply(self) -> None:
        def steps() -> Steps[str]:
            generates = self._schema.context == "generator"
            apart = generates and self._pages[self._schema.id].target.currentIndex() == 1
            document = None if apart else Krita.instance().activeDocument()
            return (yield from rendered(self._adapter, self._schema, self._values(), document, self._report))

        self._stop("preview")
        self._busy(True)
        self._say("")
        self._start("apply", steps(), self._say)

    def _cancel(self) -> None:
        self._stop("apply")
        self._say("Cancelled. Nothing was changed.")

    def _busy(self, busy: bool) -> None:
        self.apply.setVisible(not busy)
        self.cancel.setVisible(busy)
        self.progress.setVisible(busy)
        self.progress.setValue(0)

    def _report(self, fraction: float, note: str) -> None:
        self.progress.setValue(int(1000 * fraction))
        self.progress.setFormat(f"{note} %p %" if note else "%p %")

    def _say(self, text: str, error: bool = False) -> None:
        self._busy("apply" in self._tasks)
        self.message.setText(text)
        self.message.setStyleSheet("color: #e0584a" if error else "")

    def _fail(self, error: BaseException) -> None:
        self._say(error_text(error), error=True)

    def _changed(self) -> None:
        self._stop("preview")
        self._later.start()
        self.picture.setVisible(self.previewing.isChecked())

    def _preview(self) -> None:
        """Renders the preview anew, unless nobody sees it or something more important runs."""
        if self.previewing.isChecked() and self.isVisible() and self._schemas and "apply" not in self._tasks:
            document = Krita.instance().activeDocument()
            steps = lambda: previewed(self._adapter, self._schema, self._values(), document, _PREVIEW_SIDE)  # noqa: E731
            self._start("preview", _late(steps), self._show, lambda error: self.picture.setText(error_text(error)))

    def _show(self, image: Any) -> None:
        width = min(image.width(), self.picture.width())
        smooth = QtCore.Qt.TransformationMode.SmoothTransformation
        self.picture.setPixmap(QtGui.QPixmap.fromImage(image).scaledToWidth(max(1, width), smooth))

    def _tick(self) -> None:
        """Sees strokes end (the preview is out of date then) and the pointer rest (time for colours)."""
        pressed = QtWidgets.QApplication.mouseButtons() != QtCore.Qt.MouseButton.NoButton
        pointed = pixel_at_pointer(Krita.instance().activeWindow())
        if self._pressed and not pressed and pointed:
            self._later.start()
        rests = pointed is not None and pointed == self._pointed and pointed != self._asked and not pressed
        self._pressed, self._pointed = pressed, pointed
        if rests and self.suggesting.isChecked() and self.suggesting.isVisible() and "apply" not in self._tasks:
            self._asked, document = pointed, Krita.instance().activeDocument()
            steps = lambda: suggested(  # noqa: E731
                self._adapter, self._schema, self._values(), document, pointed, _PREVIEW_SIDE
            )
            self._start("suggest", _late(steps), self._offer)

    def _offer(self, colors: list[tuple[str, float]]) -> None:
        for button, (color, weight) in zip(self.swatches, [*colors, *[("", 0.0)] * _SWATCHES]):
            button.setProperty("color", color)
            button.setStyleSheet(f"background: {color}" if color else "")
            button.setToolTip(f"{color} ({weight:.0%})" if color else "")

    def _take(self, number: int) -> None:
        view, name = Krita.instance().activeWindow().activeView(), self.swatches[number].property("color")
        if name and view is not None:
            view.setForeGroundColor(ManagedColor.fromQColor(QtGui.QColor(name), view.canvas()))


def _late(steps: Any) -> Steps[Any]:
    return (yield from steps())


def _label(name: str) -> Any:
    label = QtWidgets.QLabel(objectName=f"scumble-{name}", wordWrap=True)
    label.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _button(name: str, text: str, tip: str, pressed: Any) -> Any:
    button = QtWidgets.QPushButton(text, objectName=f"scumble-{name}", toolTip=tip)
    button.clicked.connect(lambda _: pressed())
    return button
