"""Runs inside GIMP: waits on a socket for Python text, runs it, and sends back what it put in `answer`, as JSON."""

from __future__ import annotations

import json
import os
import socket
import traceback
from typing import Any

server = socket.socket(socket.AF_UNIX)
server.bind(os.environ["SCUMBLE_TEST_SOCKET"])
server.listen(1)
names: dict[str, Any] = {}
running = True
while running:
    link, _ = server.accept()
    with link, link.makefile("rw", encoding="utf-8") as stream:
        request = json.loads(stream.readline())
        names.update(request["names"], answer=None)
        reply: dict[str, Any] = {}
        try:
            exec(request["code"], names)  # noqa: S102 - the test's own text
            reply["answer"] = names["answer"]
        except SystemExit:
            running = False
        except BaseException:
            reply["error"] = traceback.format_exc()
        stream.write(json.dumps(reply) + "\n")
        stream.flush()
