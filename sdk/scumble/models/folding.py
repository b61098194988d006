"""Works out the few whole numbers that exporters leave to the graph to work out: pads, axes, starts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scumble.models.graph import Node
from scumble.models.tensors import MOST_DIMS, TensorFacts

Wholes = NDArray[np.int64]


def wholes_from_tensor(tensor: TensorFacts) -> Wholes | None:
    """Returns a constant of a few whole numbers as an array; None for any other."""
    if not tensor.values or len(tensor.values) != tensor.elements:
        return None
    return np.array(tensor.values, np.int64).reshape(tensor.dims)


def folded(node: Node, given: list[Wholes | None]) -> Wholes | None:
    """Returns what an operator makes of whole numbers; None where it is not one of the few, or they do not fit."""
    try:
        known = [array for array in given if array is not None]
        result = _folded(node, known) if len(known) == len(given) else None
    except (ValueError, IndexError, TypeError, ZeroDivisionError):
        return None
    return result if result is not None and result.size <= MOST_DIMS else None


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
        case "Gather", [data, places]:
            return data.take(places, node.whole("axis", 0))
    return None
