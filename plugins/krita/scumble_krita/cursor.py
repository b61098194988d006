"""Where on the picture the pointer is; Krita 5 does not tell, so it is worked out from scroll bars and zoom."""

from __future__ import annotations

from typing import Any

from scumble.hosts.qt import QtCore, QtGui, QtWidgets


def pixel_at_pointer(window: Any) -> tuple[int, int] | None:
    """Returns the pixel of the active document under the pointer; None when the pointer is elsewhere."""
    view = window.activeView()
    frame = window.qwindow().centralWidget().findChild(QtWidgets.QMdiArea)
    frame = frame and frame.activeSubWindow()
    area = frame and frame.findChild(QtWidgets.QAbstractScrollArea)
    if not area or view is None or view.document() is None:
        return None
    port, canvas, document = area.viewport(), view.canvas(), view.document()
    pointer = QtGui.QCursor.pos()
    point, under = QtCore.QPointF(port.mapFromGlobal(pointer)), QtWidgets.QApplication.widgetAt(pointer)
    if under is None or not port.isAncestorOf(under):
        return None
    bounds = QtCore.QRectF(0, 0, document.width(), document.height())
    zoom = canvas.zoomLevel() * 72 / document.resolution()
    turned = QtGui.QTransform().rotate(canvas.rotation()).scale(-zoom if canvas.mirror() else zoom, zoom)
    shown = turned.mapRect(bounds)
    # the top left corner of what is shown lies where the scroll bars say; a slack canvas is centred besides
    origin = shown.topLeft() + QtCore.QPointF(area.horizontalScrollBar().value(), area.verticalScrollBar().value())
    place = turned.inverted()[0].map(point + origin)
    x, y = int(place.x() // 1), int(place.y() // 1)
    return (x, y) if bounds.contains(place) else None
