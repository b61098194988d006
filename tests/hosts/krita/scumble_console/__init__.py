"""For tests only: runs Python that comes through a socket in Krita's own thread, and answers with its `result`."""

# mypy: ignore-errors

import json
import os
import socket
import traceback

from krita import Extension, Krita
from PyQt5.QtCore import QSocketNotifier


class Console(Extension):
    """One request per connection: source up to its end; the answer is JSON."""

    def setup(self):
        self.names = {"app": Krita.instance()}
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(os.environ["SCUMBLE_CONSOLE"])
        self.server.listen()
        self.notifier = QSocketNotifier(self.server.fileno(), QSocketNotifier.Read)
        self.notifier.activated.connect(self.answer)

    def createActions(self, window):  # noqa: N802 - Krita's name
        pass

    def answer(self, *_):
        connection, _ = self.server.accept()
        with connection, connection.makefile("rb") as stream:
            source = stream.read().decode()
            self.names.pop("result", None)
            try:
                exec(source, self.names)  # noqa: S102 - that is what a console is for
                said = {"result": self.names.get("result")}
            except BaseException:
                said = {"error": traceback.format_exc()}
            connection.sendall(json.dumps(said, default=repr).encode())


Krita.instance().addExtension(Console(Krita.instance()))
