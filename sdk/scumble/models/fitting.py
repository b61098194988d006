"""Makes a graph of one picture in and one picture out, in float32, of one that asks for more than that.

Further inputs that were given a value become constants of the graph, ports of other precision get a Cast, and of
several outputs one is kept. The file itself stays as it is: its hash is what a record names.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scumble.errors import ModelError, ParamError
from scumble.models.draft import Draft, DraftNode, draft_from_bytes, made_node, port_bytes, read_whole, tensor_bytes
from scumble.models.foreign import ForeignModel, axes_of, channels_of, told_shape
from scumble.models.graph import FLOAT, FLOAT16, Graph, Port, graph_from_bytes

Given = bool | int | float | Sequence[bool | int | float] | NDArray[np.generic]
"""A number, or the numbers of a list, that an input of a model is set to."""

_FLOAT64, _BOOL = 11, 9
_DTYPES = {1: "<f4", 2: "u1", 3: "i1", 6: "<i4", 7: "<i8", _BOOL: "?", FLOAT16: "<f2", _FLOAT64: "<f8"}
KINDS = {1: "float32", 2: "uint8", 3: "int8", 6: "int32", 7: "int64", _BOOL: "bool", FLOAT16: "float16"}
KINDS |= {_FLOAT64: "float64", 8: "text", 16: "bfloat16"}
_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_INT64 = 7
_MOST_KEPT = 64
"""Equal numbers beyond these are not written out, but spread by the graph itself."""
_OWN = "scumble/"


def given_from_text(lines: Sequence[str]) -> dict[str, Given]:
    """Reads NAME=VALUE: a number, true or false, or several with commas. Raises ParamError for anything else."""
    found: dict[str, Given] = {}
    for line in lines:
        name, sign, words = (part.strip() for part in line.partition("="))
        try:
            values = [_number(word) for word in words.split(",")]
        except ValueError:
            values = []
        if not (name and sign and values) or name in found:
            message = f"{name!r} is set twice" if name in found else f"{line!r} sets no input of a model"
            raise ParamError(message, "Write NAME=VALUE: sigma=0.06, or 1,2,3 for several numbers.", "param.inputs")
        found[name] = values[0] if len(values) == 1 else values
    return found


def fitted(model: ForeignModel, inputs: Mapping[str, Given] | None = None, keep: str | None = None) -> ForeignModel:
    """Returns the model with one picture in and one out; the same one where nothing is to be changed.

    Args:
        model: what was read.
        inputs: values of all inputs but the picture: one number for all of a tensor, or all of its numbers. An input of
            four axes, two of them of any size, gets a plane of the picture's size.
        keep: the output that is the picture; None takes the first that may be one.

    Raises ModelError model.needs_inputs where an input has no value, ParamError param.inputs for values that are none
    of the graph's or do not fit, and param.keep for an output that there is not.
    """
    given = dict(inputs or {})
    picture = _picture(model.graph, given)
    output = _output(model.graph, picture, keep)
    if picture is None or output is None:
        return model  # `image_ports` says why
    casts = [port for port in (picture, output) if port.kind in (FLOAT16, _FLOAT64)]
    if not given and not casts and len(model.graph.outputs) == 1:
        return model
    draft = draft_from_bytes(model.content)
    draft.outputs = {output.name: draft.outputs[output.name]}
    with read_whole():
        for port in model.graph.inputs:
            if port.name in given:
                _set(draft, port, given[port.name], picture)
        draft.prune()
        for port in casts:
            _cast(draft, port, is_input=port is picture)
    content = draft.to_bytes()
    key = hashlib.sha256(content).hexdigest()
    return replace(model, content=content, graph=graph_from_bytes(content), key=key)


def _picture(graph: Graph, given: Mapping[str, Given]) -> Port | None:
    """Returns the input that is left for the picture; None where none may be one."""
    listed = _listed(graph.inputs)
    names = {port.name for port in graph.inputs}
    for name in given.keys() - names:
        raise ParamError(f"The model has no input {name!r}", f"Its inputs are {listed}.", "param.inputs")
    left = [port for port in graph.inputs if port.name not in given]
    if not left:
        message = "Every input of the model is set: none is left for the picture"
        raise ParamError(message, f"Set all but one of {listed}.", "param.inputs")
    likely = [port for port in left if channels_of(port) in (1, 3) and port.shape[1:].count(1) < 3]
    picture = next((port for port in likely if channels_of(port) == 3), likely[0] if likely else None)
    others = [port for port in left if port is not picture]
    if picture is None or not others:
        return picture
    message = f"The model has {len(graph.inputs)} inputs; besides the picture it needs {_listed(others)}"
    options = " ".join(f"--set {port.name}=VALUE" for port in others)
    raise ModelError(message, f"Give each a value: {options}. Its maker says which.", "model.needs_inputs")


def _output(graph: Graph, picture: Port | None, keep: str | None) -> Port | None:
    if keep:
        found = next((port for port in graph.outputs if port.name == keep), None)
        if found is None:
            hint = f"Its outputs are {_listed(graph.outputs)}."
            raise ParamError(f"The model has no output {keep!r}", hint, "param.keep")
        return found
    if picture is None or not graph.outputs:
        return None
    last = axes_of(picture) == "nhwc"
    shapes = [port.shape[3 if last else 1] if len(port.shape) == 4 else port.shape for port in graph.outputs]
    likely = [shape in (1, 3) for shape in shapes]
    unsaid = [shape in (None, ()) or isinstance(shape, str) for shape in shapes]
    at = next((index for what in (likely, unsaid) for index, is_one in enumerate(what) if is_one), 0)
    return graph.outputs[at]


def _set(draft: Draft, port: Port, value: Given, picture: Port) -> None:
    """Makes an input a constant."""
    array = _array(port, value)
    del draft.inputs[port.name]
    known = [side for side in port.shape if isinstance(side, int)]
    rows = (1, 2) if axes_of(picture) == "nhwc" else (2, 3)
    if len(port.shape) == 4 and not any(isinstance(port.shape[axis], int) for axis in rows):
        channels = port.shape[3 if rows == (1, 2) else 1]
        if array.size != 1 or not isinstance(channels, int):
            raise _misfit(port, "it is as large as the picture, and takes one number for all of it")
        _spread(draft, port, array, rows, channels, picture)
        return
    missing = len(port.shape) - len(known)
    share = array.size // math.prod(known) if array.size > 1 and known and missing else array.size
    sides = [side if isinstance(side, int) else max(1, share) if missing == 1 else 1 for side in port.shape]
    if array.size != 1 and array.size != math.prod(sides):
        wanted = f"{math.prod(sides):,} numbers, or one for all of them" if math.prod(sides) > 1 else "one number"
        raise _misfit(port, f"it takes {wanted}, not {array.size}")
    if math.prod(sides) > _MOST_KEPT and array.size == 1:
        shape = _constant(draft, f"{_OWN}{port.name}/shape", np.array(sides, "<i8"))
        _at_front(draft, port.name, array, shape, [])
        return
    whole = np.ascontiguousarray(np.broadcast_to(array, sides) if array.size == 1 else array.reshape(sides))
    draft.constants[port.name] = tensor_bytes(port.name, port.kind, sides, whole.tobytes())


def _spread(
    draft: Draft, port: Port, array: NDArray[np.generic], rows: tuple[int, int], channels: int, picture: Port
) -> None:
    """Makes an input a plane of the picture's size, with one number everywhere."""
    own = f"{_OWN}{port.name}/"
    at = _constant(draft, f"{own}axes", np.array(rows, "<i8"))
    sides = [_constant(draft, f"{own}{what}", np.array([count], "<i8")) for what, count in (("n", 1), ("c", channels))]
    order = [sides[0], f"{own}sides", sides[1]] if rows == (1, 2) else [*sides, f"{own}sides"]
    nodes = [
        made_node("Shape", [picture.name], [f"{own}picture"]),
        made_node("Gather", [f"{own}picture", at], [f"{own}sides"], axis=0),
        made_node("Concat", order, [f"{own}shape"], axis=0),
    ]
    _at_front(draft, port.name, array, f"{own}shape", nodes)


def _at_front(draft: Draft, name: str, array: NDArray[np.generic], shape: str, nodes: list[DraftNode]) -> None:
    value = _constant(draft, f"{_OWN}{name}/value", array.reshape(()))
    draft.nodes[:0] = [*nodes, made_node("Expand", [value, shape], [name])]


def _constant(draft: Draft, name: str, array: NDArray[np.generic]) -> str:
    kind = next(kind for kind, dtype in _DTYPES.items() if np.dtype(dtype) == array.dtype)
    draft.constants[name] = tensor_bytes(name, kind, array.shape, array.tobytes())
    return name


def _cast(draft: Draft, port: Port, *, is_input: bool) -> None:
    """Makes a port float32; inside, the graph goes on in its own precision."""
    inner = f"{_OWN}{port.name}/{KINDS[port.kind]}"
    draft.rename({port.name: inner})
    if is_input:
        draft.inputs[port.name] = port_bytes(port.name, FLOAT, port.shape)
        draft.nodes.insert(0, made_node("Cast", [port.name], [inner], to=port.kind))
    else:
        draft.outputs[port.name] = port_bytes(port.name, FLOAT, port.shape)
        draft.nodes.append(made_node("Cast", [inner], [port.name], to=FLOAT))


def _array(port: Port, value: Given) -> NDArray[np.generic]:
    """Returns a value in the port's own type. Raises ParamError where that would change it."""
    if port.kind not in _DTYPES:
        raise _misfit(port, "no number can be set there")
    try:
        array = np.asarray(value)
        with np.errstate(over="ignore", invalid="ignore"):  # what is lost is found below
            wanted = array.astype(_DTYPES[port.kind])
    except (TypeError, ValueError, OverflowError) as error:
        raise _misfit(port, f"{value!r} is no number") from error
    if array.dtype.kind not in "biuf" or not array.size or not np.isfinite(array).all():
        raise _misfit(port, f"{value!r} is no number")
    is_exact = array.astype("f8") == wanted.astype("f8")
    if wanted.dtype.kind != "f" and not is_exact.all():
        raise _misfit(port, f"it takes {'true or false' if port.kind == _BOOL else 'whole numbers'}, not {value!r}")
    if not np.isfinite(wanted.astype("f8")).all():
        raise _misfit(port, f"{value!r} is beyond its range")
    return wanted


def _number(word: str) -> bool | int | float:
    word = word.strip()
    if word.lower() in _WORDS:
        return _WORDS[word.lower()]
    try:
        return int(word)
    except ValueError:
        return float(word)


def _misfit(port: Port, reason: str) -> ParamError:
    message = f"The model's input {port.name!r} cannot be set so: {reason}"
    return ParamError(message, f"It is {_listed([port])}.", "param.inputs")


def _listed(ports: Sequence[Port]) -> str:
    return ", ".join(f"{port.name!r}: {KINDS.get(port.kind, port.kind)} {told_shape(port)}" for port in ports) or "none"
