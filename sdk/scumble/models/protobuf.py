"""A bounded reader of the protobuf wire format: enough to look into an ONNX file without trusting it."""

from __future__ import annotations

from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_VARINT_BYTES = 10
_LARGEST_KEY = 2**32 - 1
_NOT_LAST = bytes(range(0x80, 0x100))

Value = int | bytes | memoryview
"""A varint (unsigned, 64 bits), the bytes of a fixed number, or those of a string, message or packed list."""


class WireError(ValueError):
    """The bytes are not a well-formed protobuf message."""


def varint(view: memoryview, at: int) -> tuple[int, int]:
    """Returns the unsigned integer at offset `at`, of 64 bits, and the offset behind it."""
    number = 0
    for index in range(_VARINT_BYTES):
        if at + index >= len(view):
            raise WireError("a number runs past the end")
        byte = view[at + index]
        number |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return number & (2**64 - 1), at + index + 1
    raise WireError("a number is longer than ten bytes")


def fields(view: memoryview) -> Iterator[tuple[int, Value]]:
    """Yields each field's number and value."""
    at = 0
    while at < len(view):
        key, at = varint(view, at)
        if key > _LARGEST_KEY:  # other readers drop the upper bits, and would see a field that we did not
            raise WireError("a field's number is too large")
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
        content = view[at : at + size]
        yield key >> 3, content if kind == _BYTES else bytes(content)
        at += size


def text(value: Value) -> str:
    """Returns a string field's text."""
    return bytes(message(value)).decode("utf-8", "replace")


def message(value: Value) -> memoryview:
    """Returns the bytes of an embedded message, a string or a packed list."""
    if not isinstance(value, memoryview):
        raise WireError("a number is where text, a message or a list should be")
    return value


def enumeration(value: Value) -> int:
    """Returns an int32 or enum field, whose upper 32 bits readers drop."""
    if not isinstance(value, int):
        raise WireError("a number is missing")
    return value & 0xFFFFFFFF


def integers(value: Value) -> list[int]:
    """Returns a repeated int64 field, packed or not; negative ones are two's complement on the wire."""
    numbers = []
    if isinstance(value, int):
        numbers.append(value)
    else:
        view, at = message(value), 0
        while at < len(view):
            number, at = varint(view, at)
            numbers.append(number)
    return [number - 2**64 if number >= 2**63 else number for number in numbers]


def count_of(value: Value, fixed_bytes: int = 0) -> int:
    """Returns how many numbers a repeated field holds, packed or not; `fixed_bytes` is 0 for varints."""
    if not isinstance(value, memoryview):
        return 1
    return len(value) // fixed_bytes if fixed_bytes else len(bytes(value).translate(None, _NOT_LAST))
