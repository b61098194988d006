"""Turns a float32 graph into one that keeps its weights, and computes, in float16: half the memory, for graphics cards.

Ports stay float32. What float16 is too coarse or too narrow for stays float32 inside too, between Casts: sums over many
numbers, exponentials, roots and quotients, constants beyond its range, and whatever is not known here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scumble.errors import ModelError
from scumble.models.draft import Draft, DraftNode, draft_from_bytes, made_node, port_bytes, read_whole, tensor_bytes
from scumble.models.graph import FLOAT, FLOAT16, attributes_of
from scumble.models.kinds import kinds_of_outputs
from scumble.models.tensors import TensorFacts, floats_of_tensor, tensor_from_bytes

_HALF = "scumble/float16/"
_HEAVY = frozenset(["Conv", "ConvTranspose", "MatMul", "Gemm"])
"""Where the work and the weights are: always float16, if the weights fit it."""
_FOLLOWING = frozenset(
    """
    Abs Add AveragePool Clip Concat DepthToSpace Dropout Elu Expand Flatten Gather Gelu HardSigmoid HardSwish Identity
    LeakyRelu Max MaxPool Min Mish Mul Neg PRelu Pad Relu Reshape Resize Selu Sigmoid Slice Softsign SpaceToDepth Split
    Squeeze Sub Sum Swish Tanh ThresholdedRelu Tile Transpose Unsqueeze Upsample Where
    """.split()  # noqa: SIM905
)
"""Float16 where what they are given is."""
_ONLY_FLOAT32 = {"Resize": (1, 2), "Upsample": (1,)}
"""Inputs that ONNX wants in float32 whatever the others are: roi and scales."""
LARGEST, _SMALLEST = 65504.0, 2.0**-14
"""Of float16's normal numbers. A smaller constant, such as what keeps a quotient finite, would lose its digits."""
_WIDEST_POOL = 64
_FEW = 64
_NO_TENSORS = "Sequence"


def half_from_graph(data: bytes) -> bytes:
    """Returns a graph that `lint` has passed in float16 inside; graphs inside its operators stay in float32.

    Raises ModelError model.no_half where it holds sequences, or nothing that float16 would help.
    """
    change = _Change(draft_from_bytes(data))
    change.run()
    if not change.heavy:
        raise _refusal("it has no convolution or product in float32 whose weights float16 can hold")
    return change.draft.to_bytes()


def watched_graph(data: bytes) -> bytes:
    """Returns a float32 graph whose outputs are the tensors that `half_from_graph` makes float16.

    A processor computes in float32 whatever the file says, so that only this shows what float16 would have to hold.
    """
    change = _Change(draft_from_bytes(data))
    change.run()
    draft = draft_from_bytes(data)
    draft.outputs = {name: port_bytes(name, FLOAT, None) for name in sorted(change.is_half)}
    return draft.to_bytes()


class _Change:
    """One way through a graph: each tensor is float32 under its own name, float16 under another one, or both."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.tensors = {name: tensor_from_bytes(memoryview(view)) for name, view in draft.constants.items()}
        self.kinds: dict[str, int] = {name: tensor.kind for name, tensor in self.tensors.items()}
        self.kinds |= draft.kinds_of_ports()
        self.given: set[str] = set(self.tensors)
        self.is_half: set[str] = set()
        """Tensors whose operator makes them in float16."""
        self.exists: set[str] = {*self.kinds}
        self.is_dequantized: set[str] = set()
        self.nodes: list[DraftNode] = []
        self.heavy = 0

    def run(self) -> None:
        with read_whole():
            self._all()

    def _all(self) -> None:
        for node in self.draft.nodes:
            self._node(node)
        for name in self.draft.outputs:
            self._in_float32(name)
        self.draft.nodes = self.nodes
        used = set(self.draft.outputs).union(*(node.reads for node in self.nodes))
        for name in self.given & self.draft.constants.keys():
            if name in used and not self._is_kept_once(name):
                continue
            if name in used:
                self.draft.nodes.insert(0, made_node("Cast", [_HALF + name], [name], to=FLOAT))
            del self.draft.constants[name]  # only float16 is left of it
            self.draft.inputs.pop(name, None)  # old files list weights as inputs
        made = {name for node in self.nodes for name in node.outputs}
        self.draft.known = {name: view for name, view in self.draft.known.items() if name in made}

    def _node(self, node: DraftNode) -> None:
        if node.operator.startswith(_NO_TENSORS) or node.operator in ("SplitToSequence", "ConcatFromSequence"):
            raise _refusal(f"it holds sequences of tensors ({node.operator})")
        kinds = kinds_of_outputs(node, [self.kinds.get(name, 0) for name in node.inputs])
        self.kinds |= dict(zip(node.outputs, kinds, strict=False))
        if node.operator == "DequantizeLinear":
            self.is_dequantized.update(node.outputs)
        if node.operator == "Constant" and node.outputs:
            held = attributes_of(node.rest).get("value")
            if isinstance(held, TensorFacts):
                self.tensors[node.outputs[0]] = held
        places = [at for at, name in enumerate(node.inputs) if name and self.kinds.get(name) == FLOAT]
        places = [at for at in places if at not in _ONLY_FLOAT32.get(node.operator, ())]
        if self._wants_half(node, [node.inputs[at] for at in places]):
            self.heavy += node.operator in _HEAVY
            node.inputs = [self._in_float16(name) if at in places else name for at, name in enumerate(node.inputs)]
            made = {name for name in node.outputs if self.kinds.get(name) == FLOAT}
            node.outputs = [_HALF + name if name in made else name for name in node.outputs]
            self.is_half |= made
            self.exists |= set(node.outputs)
        else:
            for name in node.reads:
                self._in_float32(name)
            self.exists |= set(node.outputs)
        self.nodes.append(node)

    def _is_kept_once(self, name: str) -> bool:
        """Tells whether weights that both precisions read are kept in float16 alone."""
        return _HALF + name in self.draft.constants and self.tensors[name].elements > _FEW

    def _wants_half(self, node: DraftNode, floats: list[str]) -> bool:
        is_known = all(self.kinds.get(name) for name in node.inputs if name)
        if not floats or not is_known or list(node.graphs) or not all(map(self._fits, floats)):
            return False
        if self.is_dequantized.intersection(floats):
            return False  # the runtime makes one operator of integers of it
        if node.operator in _HEAVY:
            return True
        attributes = attributes_of(node.rest)
        kernel = attributes.get("kernel_shape")
        if node.operator == "AveragePool" and isinstance(kernel, list) and np.prod(kernel) > _WIDEST_POOL:
            return False
        return node.operator in _FOLLOWING and any(name in self.is_half for name in floats)

    def _fits(self, name: str) -> bool:
        """Tells whether float16 holds a tensor: all but constants of too large, or alone of too small, numbers."""
        tensor = self.tensors.get(name)
        if tensor is None:
            return True
        numbers = np.abs(self._numbers(name, tensor))
        if not np.isfinite(numbers).all() or numbers.max(initial=0) > LARGEST:
            return False
        return tensor.elements > 1 or not 0 < numbers.max(initial=0) < _SMALLEST

    def _numbers(self, name: str, tensor: TensorFacts) -> NDArray[np.float32]:
        view = self.draft.constants.get(name)
        return floats_of_tensor(memoryview(view)) if view is not None else np.array(tensor.floats, np.float32)

    def _in_float16(self, name: str) -> str:
        other = _HALF + name
        if other not in self.exists:
            self.exists.add(other)
            view = self.draft.constants.get(name)
            if view is not None and name in self.given:
                tensor = self.tensors[name]
                raw = floats_of_tensor(memoryview(view)).astype("<f2").tobytes()
                self.draft.constants[other] = tensor_bytes(other, FLOAT16, tensor.dims, raw)
            else:
                self.nodes.append(made_node("Cast", [name], [other], to=FLOAT16))
        return other

    def _in_float32(self, name: str) -> None:
        if name in self.is_half and name not in self.exists:
            self.exists.add(name)
            self.nodes.append(made_node("Cast", [_HALF + name], [name], to=FLOAT))


def _refusal(reason: str) -> ModelError:
    hint = "Run it in float32 (--precision float32)."
    return ModelError(f"The model cannot be run in float16: {reason}", hint, "model.no_half")
