"""Works out the few whole numbers that exporters leave to the graph to work out: pads, axes, starts, sides."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scumble.models.fields import Seen
from scumble.models.graph import Node
from scumble.models.tensors import MOST_DIMS, TensorFacts

Wholes = NDArray[Any]
"""Whole numbers; sides of the picture among them are `Extent`, and what is not known is None."""


@dataclass(frozen=True)
class Extent:
    """A side of the picture's, divided by `step`."""

    step: Fraction

    def __mul__(self, factor: int) -> Extent:
        return Extent(self.step / int(factor))

    __rmul__ = __mul__

    def __floordiv__(self, divisor: int) -> Extent:
        return Extent(self.step * int(divisor))


def sides_of_plane(node: Node, seen: Seen) -> Wholes:
    """Returns the shape of a plane of four axes, as a Shape operator tells it."""
    sides: list[Extent | None] = [None] * 4
    sides[seen.rows], sides[seen.columns] = Extent(seen.y.step), Extent(seen.x.step)
    told = np.empty(4, object)
    told[:] = sides
    return told[slice(node.whole("start", 0), node.whole("end", 4))]


def wholes_from_tensor(tensor: TensorFacts) -> Wholes | None:
    """Returns a constant of a few whole numbers as an array; None for any other."""
    if not tensor.values or len(tensor.values) != tensor.elements:
        return None
    return np.array(tensor.values, np.int64).reshape(tensor.dims)


def folded(node: Node, given: list[Wholes | None]) -> Wholes | None:
    """Returns what an operator makes of whole numbers; None where it is not one of the few, or they do not fit."""
    try:
        known = [array for array in given if array is not None]
        found = _folded(node, known) if len(known) == len(given) else None
    except (ValueError, IndexError, TypeError, ZeroDivisionError):
        return None
    result = np.asarray(found)  # of a single object numpy makes no array
    return result if found is not None and result.size <= MOST_DIMS else None


def _folded(node: Node, given: list[Wholes]) -> Wholes | None:
    match node.operator, given:
        case "ConstantOfShape", [shape]:
            held = node.attributes.get("value")
            filled = held.values[0] if isinstance(held, TensorFacts) and held.values else 0
            return np.full(shape.tolist(), filled) if np.prod(shape) <= MOST_DIMS else None
        case "Concat", _:
            return np.concatenate(given, node.whole("axis", 0))
        case "Reshape", [data, shape]:
            return data.reshape(shape)
        case "Transpose", [data]:
            return data.transpose(node.wholes("perm"))
        case (("Cast" | "Identity"), [data]):
            return data
        case "Unsqueeze", [data, axes]:
            return np.expand_dims(data, tuple(axes.ravel().tolist()))
        case "Squeeze", [data, *_]:
            return data.squeeze()
        case "Slice", [data, starts, ends, axes, *steps]:
            where = [slice(None)] * data.ndim
            step = steps[0].ravel().tolist() if steps else [1] * starts.size
            for axis, first, last, every in zip(*(a.ravel().tolist() for a in (axes, starts, ends)), step, strict=True):
                beyond = last < -data.shape[axis]  # "to the very front", where steps go backwards
                where[axis] = slice(first, None if beyond else last, every)
            return data[tuple(where)]
        case (("Add" | "Sub" | "Mul"), [one, other]):
            return {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply}[node.operator](one, other)
        case "Div", [one, other]:
            return one // other
        case "Gather", [data, places]:
            return data.take(places, node.whole("axis", 0))
    return None
