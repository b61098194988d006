"""The events of a standard MIDI file, byte by byte and within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from scumble.errors import MediaError

_DATA_BYTES = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}


class Message(NamedTuple):
    """Tick, status, data; a meta event has status 0xFF and its kind first in the data."""

    tick: int
    status: int
    data: bytes


class _Bytes:
    """A reader of bytes that never reads beyond their end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    @property
    def is_empty(self) -> bool:
        return self._place >= len(self._data)

    def take(self, count: int) -> bytes:
        if count > len(self._data) - self._place:
            raise broken("it ends too early")
        self._place += count
        return self._data[self._place - count : self._place]

    def number(self) -> int:
        """A number of seven bits a byte, four bytes at most."""
        value = 0
        for _ in range(4):
            byte = self.take(1)[0]
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value
        raise broken("a number in it does not end")


def broken(why: str) -> MediaError:
    """Returns the error for a file that cannot be read."""
    return MediaError(
        f"The MIDI file cannot be read: {why}", "Export it again, as MIDI of format 0 or 1.", "media.midi"
    )


def tracks_from_midi(data: bytes) -> tuple[int, list[list[Message]]]:
    """Returns the ticks of a beat and each track's events. Raises MediaError for what is broken or not of beats."""
    reader = _Bytes(data)
    if reader.take(4) != b"MThd":
        raise broken("it does not begin as a MIDI file")
    header = reader.take(int.from_bytes(reader.take(4), "big"))
    if len(header) < 6:
        raise broken("its header is too short")
    kind, division = int.from_bytes(header[:2], "big"), int.from_bytes(header[4:6], "big")
    if kind > 1:
        raise broken(f"it is of format {kind}")
    if division & 0x8000 or not division:
        raise broken("its time is counted in film frames and not in beats")
    tracks = []
    while not reader.is_empty:
        name, size = reader.take(4), int.from_bytes(reader.take(4), "big")
        body = reader.take(size)
        if name == b"MTrk":
            tracks.append(list(_messages(_Bytes(body))))
    return division, tracks


def _messages(reader: _Bytes) -> Iterator[Message]:
    tick = running = 0
    while not reader.is_empty:
        tick += reader.number()
        status = reader.take(1)[0]
        first = b""
        if status < 0x80:
            if not running:
                raise broken("an event has no kind")
            status, first = running, bytes((status,))
        if status == 0xFF:
            kind = reader.take(1)
            yield Message(tick, status, kind + reader.take(reader.number()))
            if kind == b"\x2f":
                return
        elif status in (0xF0, 0xF7):
            reader.take(reader.number())
        elif status >> 4 in _DATA_BYTES:
            running = status
            data = first + reader.take(_DATA_BYTES[status >> 4] - len(first))
            if max(data) > 0x7F:
                raise broken("an event's value is beyond 127")
            yield Message(tick, status, data)
        else:
            raise broken(f"it has an event of kind {status:#x}")
