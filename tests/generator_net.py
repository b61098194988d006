"""A small generator with seeded weights, and a bundle of it: what the trained one does, in milliseconds."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LATENTS, LAYOUT, GLOBALS = 4, 3, 6
STYLES = ("abstract", "defocus", "sky", "soft", "texture")
WIDTHS = (12, 10, 8)
CELL_PX, CELL_MARGIN, NOISE_MARGINS = 8, 4, (3, 3, 2)
STREAM_LATENT, STREAM_LATENTS, STREAM_NOISE = 0, 1, 16
_FEATURES, _RGB = (2, 2, 1), (1, 1, 1)
"""Margins after each level: of its features, and of the picture so far."""

FACTS: dict[str, Any] = {
    "cell_px": CELL_PX,
    "cell_margin": CELL_MARGIN,
    "noise_margins": list(NOISE_MARGINS),
    "stream_latents": STREAM_LATENTS,
    "stream_noise": STREAM_NOISE,
}
"""What `Session.generate_tiled` is told of it."""


class _Graph:
    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, values: Any, kind: type = np.float32) -> str:
        name = f"constant_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def normal(self, *shape: int, scale: float = 1.0) -> str:
        return self.constant(self.rng.normal(0, scale, shape))

    def cropped(self, x: str, by: int) -> str:
        ends = [self.constant(part, np.int64) for part in ([by, by], [-by, -by], [2, 3])]
        return self.add("Slice", x, *ends) if by else x

    def doubled(self, x: str, mode: str) -> str:
        places = {"nearest": "asymmetric", "linear": "half_pixel"}
        scales = self.constant([1, 1, 2, 2])
        rounding = {"nearest_mode": "floor"} if mode == "nearest" else {}
        return self.add("Resize", x, "", scales, mode=mode, coordinate_transformation_mode=places[mode], **rounding)

    def styled(self, x: str, channels: int, out: int, vector: str, noise: str | None) -> str:
        scales = self.add("MatMul", vector, self.normal(8, channels, scale=0.3))
        ones = self.add("Add", scales, self.constant([1.0]))
        x = self.add("Mul", x, self.add("Reshape", ones, self.constant([1, channels, 1, 1], np.int64)))
        x = self.add("Conv", x, self.normal(out, channels, 3, 3, scale=(9 * channels) ** -0.5))
        if noise is not None:
            x = self.add("Add", x, self.add("Mul", noise, self.constant(np.full((1, out, 1, 1), 0.3))))
        return self.add("LeakyRelu", x, alpha=0.2)


def generator(seed: int = 5) -> bytes:
    """The graph: latents and layout at the cells, a global vector, weights of five styles, noise of three levels."""
    net = _Graph(seed)
    told = net.add("Concat", "latent", "style", axis=1)
    vector = net.add("Tanh", net.add("MatMul", told, net.normal(GLOBALS + len(STYLES), 8, scale=0.4)))
    x = net.add("Concat", "latents", "layout", axis=1)
    rgb = net.cropped("layout", CELL_MARGIN - _RGB[0])
    channels = LATENTS + LAYOUT
    for level, out in enumerate(WIDTHS):
        if level:
            x = net.cropped(net.doubled(x, "nearest"), 2 * _FEATURES[level - 1] - _FEATURES[level] - 2)
            rgb = net.cropped(net.doubled(rgb, "linear"), 2 * _RGB[level - 1] - _RGB[level])
        x = net.styled(x, channels, out, vector, f"noise_{level}")
        x = net.styled(x, out, out, vector, None)
        change = net.add("Conv", x, net.normal(3, out, 1, 1, scale=0.3 * out**-0.5))
        change = net.add("Mul", change, net.add("Reshape", "detail", net.constant([1, 1, 1, 1], np.int64)))
        rgb = net.add("Add", rgb, net.cropped(change, _FEATURES[level] - _RGB[level]))
        channels = out
    last = net.cropped(net.doubled(rgb, "linear"), 2)
    net.nodes.append(helper.make_node("Identity", [last], ["rgb"]))
    planes: dict[str, list[int | str]] = {
        "latents": [1, LATENTS, "h", "w"],
        "layout": [1, LAYOUT, "h", "w"],
        "latent": [1, GLOBALS],
        "style": [1, len(STYLES)],
        "detail": [1, 1],
    }
    planes |= {f"noise_{level}": [1, 1, f"h{level}", f"w{level}"] for level in range(len(WIDTHS))}
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in planes.items()]
    answer = [helper.make_tensor_value_info("rgb", TensorProto.FLOAT, [1, 3, "height", "width"])]
    graph = helper.make_graph(net.nodes, "generator", infos, answer, net.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def write_bundle(folder: Path, **settings: object) -> Path:
    """Writes the bundle "background" into a folder for SCUMBLE_BUNDLES, settings changed as told; returns it."""
    place = folder / "background"
    place.mkdir(parents=True)
    graph = generator()
    (place / "model.onnx").write_bytes(graph)
    sizes = {"latents": LATENTS, "layout": LAYOUT, "latent": GLOBALS, "style": len(STYLES), "detail": 1}
    sizes |= {f"noise_{level}": 1 for level in range(len(WIDTHS))}
    said: dict[str, object] = {
        "styles": " ".join(STYLES),
        "cell_px": CELL_PX,
        "cell_margin": CELL_MARGIN,
        "noise_margins": " ".join(map(str, NOISE_MARGINS)),
        "stream_latent": STREAM_LATENT,
        "stream_latents": STREAM_LATENTS,
        "stream_noise_0": STREAM_NOISE,
        "mood_energy": "1 -2 3 0.5 0 -1",
    } | settings
    lines = [
        'name = "background"\nversion = "0.0.1"\nsummary = "A net for tests."',
        f'[model]\nfile = "model.onnx"\nsha256 = "{hashlib.sha256(graph).hexdigest()}"',
        'opset = 18\nprecision = "float32"\nparameters = 4000',
        *(f'[[inputs]]\nname = "{n}"\nmeaning = "m"\nchannels = {c}\nrange = [-3.5, 3.5]' for n, c in sizes.items()),
        '[[outputs]]\nname = "rgb"\nmeaning = "sRGB"\nchannels = 3\nrange = [-1.0, 1.0]',
        '[tiling]\nmode = "exact"\nreceptive_field = 9\nstride = 1\nhalo = 4\ncontext_halo = 4\nmin_size = 1',
        'bytes_per_pixel = 200.0\n[licence]\nmodel = "Apache-2.0"\n[[licence.data]]\nlicence = "ours"\nsamples = 1',
        '[training]\nrecipe = "tests"\ncommit = "none"\nseed = 5\nsamples = 0\nsteps = 0\nminutes = 0.0',
        "[scores]\n[settings]",
        *(f'{name} = "{value}"' if isinstance(value, str) else f"{name} = {value}" for name, value in said.items()),
    ]
    (place / "manifest.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder
