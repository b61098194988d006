"""Graphs in 8 bits are read, followed and tiled as others are; those that look at the whole picture are found out."""

from __future__ import annotations

import numpy as np
import pytest
from tests import foreign_nets
from tests.quantised_nets import How, quantised

from scumble.engine import Engine
from scumble.errors import ModelError
from scumble.media.arrays import array_from_image, image_from_array
from scumble.models.foreign import image_ports, read_model
from scumble.models.reach import reach_of_graph

RNG = np.random.default_rng(8)
ENGINE = Engine(device="cpu", workers=2)


def upscaler() -> bytes:
    """Convolutions and a pixel shuffle: the operators that the tool knows in both of its formats."""
    net = foreign_nets.Found(5)
    x = net.relu(net.conv(net.relu(net.conv("x", 3, 16)), 16, 16))
    return net.picture(net.add("DepthToSpace", [net.conv(x, 16, 12)], blocksize=2, mode="CRD"))


CASES: list[tuple[str, How, set[str]]] = [
    ("unet", "tensor", {"QuantizeLinear", "DequantizeLinear", "Conv"}),
    ("unet", "channel", {"QuantizeLinear", "DequantizeLinear", "Conv"}),
    ("upscaler", "operators", {"QLinearConv"}),
]
NETS = {"unet": (foreign_nets.unet_of_stride_8, 8, 40, 1), "upscaler": (upscaler, 1, 3, 2)}


@pytest.mark.parametrize(("name", "how", "operators"), CASES)
def test_a_net_in_8_bits_is_followed_and_tiled_to_the_last_bit(name: str, how: How, operators: set[str]) -> None:
    make, stride, halo, scale = NETS[name]
    content = quantised(make(), how)
    found = ENGINE.model(content)
    assert operators <= set(read_model(content).operators)
    facts = found.facts
    assert (facts.stride, facts.halo, facts.halo_by, facts.scale) == (stride, halo, "graph", scale)
    assert (facts.tiling, facts.largest_difference, facts.global_operators) == ("exact", 0.0, {})
    assert facts.weights_bytes < 0.4 * ENGINE.model(make()).facts.weights_bytes
    pixels = RNG.random((200, 296, 3)).astype(np.float32)
    image = image_from_array(pixels)
    assert len(found.plan(296, 200, tile=136).plan.tiles) > 2
    tiled = array_from_image(found(image, tile=136))
    (whole,) = ENGINE.session(content, facts.sha256).run({"x": pixels.transpose(2, 0, 1)[None].copy()}).values()
    assert np.array_equal(tiled, whole[0].transpose(1, 2, 0))
    exact = array_from_image(ENGINE.model(make())(image))
    error = float(np.sqrt(((exact - tiled) ** 2).mean()))
    assert 0 < error < 0.2 * exact.std()


def test_scales_taken_from_the_picture_make_a_net_global() -> None:
    content = quantised(foreign_nets.plain(), "dynamic")
    graph = read_model(content).graph
    assert "ConvInteger" in read_model(content).operators
    ports = image_ports(graph)
    found = reach_of_graph(graph, [ports.input], ports.output)
    assert (found.seen, list(found.whole)) == (None, ["DynamicQuantizeLinear"])
    model = ENGINE.model(content)
    assert model.facts.tiling == "none"
    with pytest.raises(ModelError, match="DynamicQuantizeLinear takes its scale from the whole picture") as caught:
        model.plan(400, 300, tile=128)
    assert caught.value.code == "model.needs_full_frame"
    assert model.plan(400, 300).mode == "full frame"
    # The reason is true: what is far away changes the scale, and with it a pixel's result.
    pixels = RNG.random((1, 3, 64, 96), np.float32)
    far = pixels.copy()
    far[:, :, :, 80:] *= 3
    session = ENGINE.session(content, model.facts.sha256)
    one, other = (session.run({"x": given})["y"][..., :32] for given in (pixels, far))
    assert not np.array_equal(one, other)
