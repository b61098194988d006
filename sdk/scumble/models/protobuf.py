"""A bounded reader of the protobuf wire format: enough to look into an ONNX file without trusting it."""

from __future__ import annotations

from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_VARINT_BYTES = 10

Value = int | memoryview


class WireError(ValueError):
    """The bytes are not a well-formed protobuf message."""


def varint(view: memoryview, at: int) -> tuple[int, int]:
    """Returns the unsigned integer at offset `at` and the offset behind it."""
    number = 0
    for index in range(_VARINT_BYTES):
        if at + index >= len(view):
            raise WireError("a number runs past the end")
        byte = view[at + index]
        number |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return number, at + index + 1
    raise WireError("a number is longer than ten bytes")


def fields(view: memoryview) -> Iterator[tuple[int, Value]]:
    """Yields each field's number and value: an int, or the bytes of a string, message or packed list."""
    at = 0
    while at < len(view):
        key, at = varint(view, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = varint(view, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            size, at = varint(view, at)
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
        else:
            raise WireError(f"wire type {kind} is not in use")
        if size > len(view) - at:
            raise WireError("a field runs past the end")
        yield key >> 3, view[at : at + size]
        at += size


def text(value: Value) -> str:
    """Returns a string field's text."""
    if isinstance(value, int):
        raise WireError("a text field holds a number")
    return bytes(value).decode("utf-8", "replace")


def message(value: Value) -> memoryview:
    """Returns an embedded message's bytes."""
    if isinstance(value, int):
        raise WireError("a message field holds a number")
    return value


def integers(value: Value) -> list[int]:
    """Returns a repeated integer field, packed or not."""
    if isinstance(value, int):
        return [value]
    numbers, at = [], 0
    while at < len(value):
        number, at = varint(value, at)
        numbers.append(number)
    return numbers
