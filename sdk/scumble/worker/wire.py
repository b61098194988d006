"""The wire between a host and its worker: frames of JSON with a length, a version and a limit.

A frame is 8 bytes of header, ``b"Sc"``, one byte of protocol version, one zero byte and the payload's length
(unsigned 32-bit, little endian), then the payload: one JSON object in UTF-8. Pixels never travel here; see
`scumble.worker.pixels`.
"""

from __future__ import annotations

import json
import struct
from typing import Any, NoReturn, TypeVar

from scumble import errors
from scumble.errors import HostError, ScumbleError

PROTOCOL = 1
"""Version of frames and messages; raised when an older reader could misread a newer writer."""

RETIRED = "host.retired"
"""Code of the error by which a worker that is about to end sends a request on to the next one."""

MOST_PAYLOAD_BYTES = 4 * 2**20
_MAGIC = b"Sc"
_HEADER = struct.Struct("<2sBBI")

Message = dict[str, Any]
T = TypeVar("T")


class WireError(HostError):
    """The other side does not speak this protocol, or not properly; the connection cannot be used any more."""

    default_code = "host.wire"


def frame_from_message(message: Message) -> bytes:
    """Returns the frame that carries `message`. Raises WireError when it is too long or no plain data."""
    try:
        payload = json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        _refuse(f"a message is no plain data: {error}")
    if len(payload) > MOST_PAYLOAD_BYTES:
        _refuse(f"a message has {len(payload)} bytes, more than {MOST_PAYLOAD_BYTES}")
    return _HEADER.pack(_MAGIC, PROTOCOL, 0, len(payload)) + payload


class FrameReader:
    """Takes bytes as they come and gives whole messages; holds at most one frame and what came behind it."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """Returns the messages that are whole now. Raises WireError, after which the reader is of no more use."""
        self._held += data
        messages = []
        while len(self._held) >= _HEADER.size:
            length = _checked_length(self._held)
            end = _HEADER.size + length
            if len(self._held) < end:
                break
            messages.append(_message(bytes(self._held[_HEADER.size : end])))
            del self._held[:end]
        return messages


def _checked_length(head: bytearray) -> int:
    magic, version, zero, length = _HEADER.unpack_from(head)
    if magic != _MAGIC or zero != 0:
        _refuse("it does not begin with a frame")
    if version != PROTOCOL:
        _refuse(f"it speaks version {version} of the protocol, not {PROTOCOL}", "host.protocol")
    if length > MOST_PAYLOAD_BYTES:
        _refuse(f"a frame of {length} bytes is announced, more than {MOST_PAYLOAD_BYTES}")
    return int(length)


def _message(payload: bytes) -> Message:
    try:
        message = json.loads(payload.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        _refuse(f"a payload is no JSON: {error}")
    if not isinstance(message, dict):
        _refuse("a payload is no JSON object")
    return message


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _refuse(reason: str, code: str = "host.wire") -> NoReturn:
    hint = "Install the plug-in again with `scumble install`, so that both sides are of one version."
    raise WireError(f"The worker and the plug-in do not understand each other: {reason}", hint, code)


def field(message: Message, name: str, kind: type[T]) -> T:
    """Returns a field of a message; raises WireError when it is missing or of another type (a bool is no int)."""
    value = message.get(name)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        _refuse(f"the field {name!r} is {type(value).__name__}, not {kind.__name__}")
    return value


def error_as_message(error: BaseException) -> Message:
    """Returns an error as plain data: its class in the tree of `scumble.errors`, code, message and hint."""
    if isinstance(error, ScumbleError):
        kind = next(base.__name__ for base in type(error).__mro__ if base.__name__ in errors.__all__)
        return {"kind": kind, **error.as_dict()}
    if isinstance(error, MemoryError):
        hint = "Close other programs, or use a smaller picture."
        return error_as_message(errors.DeviceOutOfMemory("The worker has not enough memory for this", hint))
    hint = "This is a fault of the effect or of Scumble; `scumble doctor` shows the worker's log."
    return error_as_message(ScumbleError(f"Something went wrong: {type(error).__name__}: {error}"[:400], hint, "fault"))


def error_from_message(message: Message) -> ScumbleError:
    """Returns the error that `error_as_message` wrote. Raises WireError when it is none."""
    kind = field(message, "kind", str)
    if kind not in errors.__all__:
        _refuse(f"there is no error called {kind!r}")
    words = (field(message, name, str) for name in ("message", "hint", "code"))
    error: ScumbleError = getattr(errors, kind)(*words)
    return error
