"""What the tests call inside Krita, through the console: the docker as a user has it, documents and their pixels."""

# mypy: ignore-errors

import itertools
import threading
import time
from pathlib import Path

from krita import Krita, Selection
from PyQt5.QtCore import QEvent, QPoint, Qt, QTimer
from PyQt5.QtGui import QMouseEvent
from PyQt5.QtWidgets import (
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFileDialog,  # noqa: F401 - what tests send uses it
    QLineEdit,
    QMdiArea,
    QToolButton,  # noqa: F401 - what tests send uses it
    QWidget,
)

app = Krita.instance()
beats = []


def docker():
    return next(dock for dock in app.dockers() if dock.windowTitle() == "Scumble")


def arrange():
    """The docker alone at the right, the layers at the left: before any document, whose canvas it would resize."""
    window = app.activeWindow().qwindow()
    for dock in app.dockers():
        if dock.objectName() not in ("ToolBox", "KisLayerBox"):
            dock.setVisible(dock is docker())
    layers = next(dock for dock in app.dockers() if dock.objectName() == "KisLayerBox")
    window.addDockWidget(Qt.LeftDockWidgetArea, layers)
    window.resizeDocks([layers, docker()], [200, 380], Qt.Horizontal)


def parts(name):
    return [part for part in docker().findChildren(QWidget, f"scumble-{name}") if part.isVisible()]


def part(name):
    found = parts(name)
    assert len(found) == 1, f"{len(found)} visible parts are called {name}"
    return found[0]


def click(name):
    button = part(name)
    assert button.isEnabled(), f"{name} cannot be clicked"
    for kind in (QEvent.MouseButtonPress, QEvent.MouseButtonRelease):
        place = button.rect().center() if not button.inherits("QCheckBox") else QPoint(8, button.height() // 2)
        event = QMouseEvent(kind, place, button.mapToGlobal(place), Qt.LeftButton, Qt.LeftButton, Qt.NoModifier)
        QApplication.sendEvent(button, event)


def choose(title):
    chooser = part("effect")
    assert chooser.findText(title) >= 0, [chooser.itemText(place) for place in range(chooser.count())]
    chooser.setCurrentIndex(chooser.findText(title))
    click("reset")
    for name in ("preview", "suggest"):
        for box in parts(name):
            box.setChecked(False)


def put(name, value):
    """Sets a field as a user does: the spin box, the line or the list in it."""
    field = part(name)
    inner = [field, *field.findChildren(QWidget)]
    for widget in inner:
        if isinstance(widget, QAbstractSpinBox):
            return widget.setValue(value)
        if isinstance(widget, QComboBox):
            assert widget.findText(value) >= 0
            return widget.setCurrentIndex(widget.findText(value))
    return next(widget for widget in inner if isinstance(widget, QLineEdit)).setText(value)


def close_all():
    for document in app.documents():
        document.setModified(False)
        document.close()


def open_picture(path):
    document = app.openDocument(path)
    assert document is not None, path
    document.setBatchmode(True)
    app.activeWindow().addView(document)
    return state()


def layers_of(nodes):
    nodes = [node for node in nodes if not node.type().endswith("mask")]
    return [[node.name(), layers_of(node.childNodes())] if node.childNodes() else node.name() for node in nodes]


def state():
    document = app.activeDocument()
    return {
        "busy": bool(parts("cancel")),
        "message": part("message").text() if parts("message") else "",
        "layers": layers_of(document.topLevelNodes()) if document else [],
        "active": document.activeNode().name() if document and document.activeNode() else "",
        "undo": app.action("edit_undo").text(),
        "space": [document.colorModel(), document.colorDepth(), document.colorProfile()] if document else [],
        "documents": len(app.documents()),
        "waiting": QApplication.activeModalWidget() is not None,
    }


def dump(path, node=None):
    """Writes the raw pixels of a layer, what a group shows, or the whole picture, within the document's bounds."""
    document = app.activeDocument()
    document.waitForDone()
    thing = document if node is None else document.nodeByName(node)
    read = thing.projectionPixelData if node and thing.type() == "grouplayer" else thing.pixelData
    data = bytes(read(0, 0, document.width(), document.height()))
    Path(path).write_bytes(data)


def select(x, y, width, height, value=255):
    selection = Selection()
    selection.select(x, y, width, height, value)
    app.activeDocument().setSelection(selection)


def add_layer(name, kind="paintlayer", parent=None, color=None):
    """Adds a layer on top; with a colour, as native bytes of one pixel, filled with it."""
    document = app.activeDocument()
    node = document.createGroupLayer(name) if kind == "grouplayer" else document.createNode(name, kind)
    if color is not None:
        width, height = document.width(), document.height()
        node.setPixelData(bytes(color) * (width * height), 0, 0, width, height)
    (parent or document.rootNode()).addChildNode(node, None)
    document.waitForDone()
    return node


def activate(name):
    document = app.activeDocument()
    document.setActiveNode(document.nodeByName(name))


def box_of_docker(height=0):
    """Returns x, y, width and height of the docker on the display, or of its upper part."""
    corner = docker().mapToGlobal(QPoint(0, 0))
    return [corner.x(), corner.y(), docker().width(), height or docker().height()]


def canvas():
    frame = app.activeWindow().qwindow().centralWidget().findChild(QMdiArea)
    return frame.activeSubWindow().findChild(QAbstractScrollArea).viewport()


def start_heart():
    """Beats every 5 ms in the interface's own thread; the gaps tell when that was blocked.

    Each beat notes the time, and how long the thread has been ready to run while others had the processors.
    """
    global heart
    beats.clear()
    schedule = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")

    def beat():
        beats.append((time.perf_counter(), int(schedule.read_text().split()[1]) / 1e9))

    heart = QTimer(interval=5, timerType=Qt.PreciseTimer, timeout=beat)
    heart.start()


def watch_end():
    """Has `ended` tell when the result was written, right before its layer is added to the picture."""
    import scumble_krita.render as render

    fill = render.fill

    def watched(*words):
        global ended
        yield from fill(*words)
        ended = time.perf_counter()
        render.fill = fill

    render.fill = watched


def gaps_ms(moment=None, before=True):
    """Returns the longest gaps between beats, without the waits for a processor; of those before a moment or after."""
    heart.stop()
    pairs = [pair for pair in itertools.pairwise(beats) if moment is None or (pair[1][0] <= moment) is before]
    waits = (1000 * (late[0] - early[0] - (late[1] - early[1])) for early, late in pairs)
    return [round(wait, 1) for wait in sorted(waits, reverse=True)[:8]]
