"""Looks into one ONNX tensor: what it declares, what it holds, and its numbers where they may be a shape."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scumble.models.protobuf import Value, WireError, count_of, enumeration, fields, integers, message, text

MOST_DIMS = 64
_ITEM_BITS = {1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 14: 64, 15: 128}
_ITEM_BITS |= {16: 16, 17: 8, 18: 8, 19: 8, 20: 8, 21: 4, 22: 4, 23: 4, 24: 8, 25: 2, 26: 2, 27: 6, 28: 6}
_FLOAT, _INT64, _STRING = 1, 7, 8
_COMPLEX = (14, 15)
_EXTERNAL = 1
# Field numbers of typed data; bytes of one number, or 0 where it is a varint.
_TYPED = {4: 4, 5: 0, 7: 0, 10: 8, 11: 0}


@dataclass
class TensorFacts:
    """One tensor as it stands in the file; `values` only for whole numbers that may be a shape, `floats` for few."""

    name: str = ""
    kind: int = 0
    dims: list[int] = field(default_factory=list)
    raw_bytes: int | None = None
    items: int = 0
    text_bytes: int = 0
    external: bool = False
    values: list[int] = field(default_factory=list)
    floats: list[float] = field(default_factory=list)

    @property
    def elements(self) -> int:
        """Returns how many numbers the dims declare."""
        return math.prod(self.dims)

    @property
    def declared_bytes(self) -> int:
        """Returns the size that kind and dims declare; of texts, the size they have."""
        return self.text_bytes if self.kind == _STRING else -(-self.elements * _ITEM_BITS[self.kind] // 8)

    @property
    def is_long_list(self) -> bool:
        """True for whole numbers too many to be a shape, which are not in `values`."""
        return self.kind == _INT64 and not self.values and self.elements > 0

    @property
    def holds_what_it_declares(self) -> bool:
        """True if the data's length is that of kind and dims."""
        if self.raw_bytes is not None:
            return not self.items and self.kind != _STRING and self.raw_bytes == self.declared_bytes
        if _ITEM_BITS.get(self.kind, 8) < 8:  # several to a number, by rules of each version
            return self.elements <= 8 * self.items
        return self.items == self.elements * (2 if self.kind in _COMPLEX else 1)


def tensor_from_bytes(view: memoryview) -> TensorFacts:
    """Reads a TensorProto. Raises WireError if it is malformed, of an unknown kind or of negative size."""
    tensor = TensorFacts()
    raw: memoryview | None = None
    listed: list[Value] = []
    for number, value in fields(view):
        if number == 1:
            tensor.dims += integers(value)
            if len(tensor.dims) > MOST_DIMS:
                raise WireError(f"a tensor has more than {MOST_DIMS} dimensions")
        elif number == 2:
            tensor.kind = enumeration(value)
        elif number == 6:
            tensor.items += 1
            tensor.text_bytes += len(message(value))
        elif number in _TYPED:
            tensor.items += count_of(value, _TYPED[number])
            if number in (4, 7):
                listed.append(value)
        elif number == 8:
            tensor.name = text(value)
        elif number == 9:
            raw = message(value)
            tensor.raw_bytes = len(raw)
        elif number == 13 or (number == 14 and enumeration(value) == _EXTERNAL):
            tensor.external = True
    if tensor.kind != _STRING and tensor.kind not in _ITEM_BITS:
        raise WireError(f"a tensor has the unknown type {tensor.kind}")
    if any(side < 0 for side in tensor.dims):
        raise WireError("a tensor has a negative size")
    if tensor.kind == _INT64:
        if raw is not None and len(raw) <= 8 * MOST_DIMS and len(raw) % 8 == 0:
            tensor.values = list(struct.unpack(f"<{len(raw) // 8}q", raw))
        elif raw is None and tensor.items <= MOST_DIMS:
            tensor.values = [number for value in listed for number in integers(value)]
    elif tensor.kind == _FLOAT and tensor.elements <= MOST_DIMS:
        packed = raw if raw is not None else b"".join(bytes(value) for value in listed if not isinstance(value, int))
        if len(packed) == 4 * tensor.elements:
            tensor.floats = list(struct.unpack(f"<{tensor.elements}f", packed))
    return tensor


def floats_of_tensor(view: memoryview) -> NDArray[np.float32]:
    """Returns all numbers of a float32 tensor, in a row."""
    raw: memoryview | bytes | None = None
    listed = []
    for number, value in fields(view):
        if number == 9:
            raw = message(value)
        elif number == 4 and not isinstance(value, int):
            listed.append(bytes(value))
    return np.frombuffer(b"".join(listed) if raw is None else raw, "<f4")
