"""Small nets such as are found elsewhere, one function each: picture in, picture out, seeded, without torch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from onnx import numpy_helper
from tests.onnx_nets import Net

Shape = list[int | str]


class Found(Net):
    """A graph under construction, with the operators of denoisers and upscalers."""

    def constant(self, values: list[int] | list[float]) -> str:
        name = f"constant_{len(self.weights)}"
        dtype = np.int64 if isinstance(values[0], int) else np.float32
        self.weights.append(numpy_helper.from_array(np.array(values, dtype), name))
        return name

    def separable(self, x: str, channels: int, out: int, *, stride: int = 1) -> str:
        kernel = self.weight((channels, 1, 3, 3), 1 / 3)
        x = self.add("Conv", [x, kernel], pads=[1] * 4, strides=[stride, stride], group=channels)
        return self.add("Clip", [self.conv(self.relu(x), channels, out, size=1), "", self.constant([6.0])])

    def unit_scale(self, x: str) -> str:
        return self.add("Sigmoid", [x])

    def picture(self, y: str, *, channels: int = 3, out: int = 3, size: tuple[int, int] | None = None) -> bytes:
        """Finishes the net "x" to "y", of any size or of one (width, height)."""
        sides: Shape = ["h", "w"] if size is None else [size[1], size[0]]
        return self.finish({"x": [1, channels, *sides]}, {"y": (y, [1, out, "oh", "ow"])})


def plain(*, channels: int = 3, size: tuple[int, int] | None = None) -> bytes:
    """Five convolutions and a sum with the input: sees 5 pixels far."""
    net = Found(1)
    x = net.relu(net.conv("x", channels, 16))
    for _ in range(3):
        x = net.relu(net.conv(x, 16, 16))
    return net.picture(net.add("Add", ["x", net.conv(x, 16, channels)]), channels=channels, out=channels, size=size)


def dilated() -> bytes:
    """Dilations of 1, 2, 4 and 8, mirrored at the border: sees 15 pixels far."""
    net = Found(2)
    x = net.relu(net.conv("x", 3, 8))
    for dilation in (2, 4, 8):
        padded = net.add("Pad", [x, net.constant([0, 0, dilation, dilation] * 2)], mode="reflect")
        x = net.relu(net.add("Conv", [padded, net.weight((8, 8, 3, 3), 0.12)], dilations=[dilation, dilation]))
    return net.picture(net.conv(x, 8, 3, size=1))


def unet_of_stride_8() -> bytes:
    """Three levels down by pooling and up by Resize, with skips."""
    net = Found(3)
    levels = [net.relu(net.conv("x", 3, 8))]
    for _ in range(3):
        pooled = net.add("MaxPool", [levels[-1]], kernel_shape=[2, 2], strides=[2, 2])
        levels.append(net.relu(net.conv(pooled, 8, 8)))
    x = levels.pop()
    while levels:
        scales = net.constant([1.0, 1.0, 2.0, 2.0])
        x = net.add("Resize", [x, "", scales], mode="linear", coordinate_transformation_mode="half_pixel")
        x = net.relu(net.conv(net.add("Concat", [x, levels.pop()], axis=1), 16, 8))
    return net.picture(net.conv(x, 8, 3))


def mobile() -> bytes:
    """Depthwise separable layers, down and up by 2 with a transposed convolution, as phones run them."""
    net = Found(4)
    x = net.separable(net.relu(net.conv("x", 3, 8)), 8, 16, stride=2)
    x = net.separable(net.separable(x, 16, 16), 16, 16)
    return net.picture(net.conv(net.grow(x, 16, 8), 8, 3))


def upscaler(scale: int, *, channels: int = 3) -> bytes:
    """Convolutions and a pixel shuffle."""
    net = Found(5 + scale)
    x = net.relu(net.conv(net.relu(net.conv("x", channels, 16)), 16, 16))
    return net.picture(
        net.add("DepthToSpace", [net.conv(x, 16, channels * scale**2)], blocksize=scale, mode="CRD"),
        channels=channels,
        out=channels,
    )


def channels_last() -> bytes:
    """A net of TensorFlow's order: (1, height, width, 3), transposed inside."""
    net = Found(6)
    x = net.relu(net.conv(net.add("Transpose", ["x"], perm=[0, 3, 1, 2]), 3, 8))
    y = net.add("Transpose", [net.conv(x, 8, 3)], perm=[0, 2, 3, 1])
    return net.finish({"x": [1, "h", "w", 3]}, {"y": (y, [1, "h", "w", 3])})


def shuffled_by_reshape() -> bytes:
    """An upscaler whose pixel shuffle is written as reshapes that the graph alone does not explain."""
    net = Found(7)
    x = net.conv(net.relu(net.conv("x", 3, 8)), 8, 12)
    shape = net.add("Shape", ["x"])
    sides = [net.add("Gather", [shape, net.constant([axis])], axis=0) for axis in (2, 3)]
    split = net.add(
        "Concat", [net.constant([1]), net.constant([3]), net.constant([2]), net.constant([2]), *sides], axis=0
    )
    mixed = net.add("Transpose", [net.add("Reshape", [x, split])], perm=[0, 1, 4, 2, 5, 3])
    grown = [net.add("Mul", [side, net.constant([2])]) for side in sides]
    joined = net.add("Concat", [net.constant([1]), net.constant([3]), *grown], axis=0)
    return net.picture(net.add("Reshape", [mixed, joined]))


def windowed(window: int = 8) -> bytes:
    """Attention within windows, by reshapes: sees its own window and one pixel around it."""
    net = Found(8)
    x = net.conv("x", 3, 4)
    shape = net.add("Shape", ["x"])
    one, four, side = net.constant([1]), net.constant([4]), net.constant([window])
    sides = [net.add("Gather", [shape, net.constant([axis])], axis=0) for axis in (2, 3)]
    counts = [net.add("Div", [number, side]) for number in sides]
    cut = net.add("Concat", [one, four, counts[0], side, counts[1], side], axis=0)
    cells = net.add("Transpose", [net.add("Reshape", [x, cut])], perm=[0, 2, 4, 3, 5, 1])
    tokens = net.add("Reshape", [cells, net.constant([-1, window * window, 4])])
    scores = net.add("MatMul", [tokens, net.add("Transpose", [tokens], perm=[0, 2, 1])])
    mixed = net.add("MatMul", [net.add("Softmax", [scores], axis=-1), tokens])
    back = net.add("Concat", [one, counts[0], counts[1], side, side, four], axis=0)
    whole = net.add("Transpose", [net.add("Reshape", [mixed, back])], perm=[0, 5, 1, 3, 2, 4])
    return net.picture(
        net.conv(net.add("Reshape", [whole, net.add("Concat", [one, four, *sides], axis=0)]), 4, 3, size=1)
    )


def with_level() -> bytes:
    """A denoiser that is told how much noise there is: one number, repeated over the picture, seen 2 pixels far."""
    net = Found(20)
    sides = net.add("Slice", [net.add("Shape", ["x"]), net.constant([2]), net.constant([4]), net.constant([0])])
    level = net.add("Tile", ["sigma", net.add("Concat", [net.constant([1, 1]), sides], axis=0)])
    x = net.relu(net.conv(net.add("Concat", ["x", level], axis=1), 4, 8))
    plane: Shape = [1, 3, "h", "w"]
    return net.finish({"x": plane, "sigma": [1, 1, 1, 1]}, {"y": (net.conv(x, 8, 3), plane)})


def padded_inside(multiple: int = 8) -> bytes:
    """A U-Net of stride 4 that takes any size: mirrored to a multiple inside, and cut to its size again."""
    net = Found(23)
    shape = net.add("Shape", ["x"])
    sides = [net.add("Gather", [shape, net.constant([axis])], axis=0) for axis in (2, 3)]
    whole = net.constant([multiple])
    beyond = [net.add("Mod", [net.add("Sub", [whole, net.add("Mod", [side, whole])]), whole]) for side in sides]
    pads = net.add("Concat", [net.constant([0] * 6), *beyond], axis=0)
    full = net.relu(net.conv(net.add("Pad", ["x", pads], mode="reflect"), 3, 8))
    small = net.add("MaxPool", [full], kernel_shape=[4, 4], strides=[4, 4])
    grown = net.grow(net.grow(net.relu(net.conv(small, 8, 8)), 8, 8), 8, 8)
    y = net.conv(net.add("Concat", [grown, full], axis=1), 16, 3)
    ends = net.add("Concat", sides, axis=0)
    return net.picture(net.add("Slice", [y, net.constant([0, 0]), ends, net.constant([2, 3])]))


def with_instance_norm() -> bytes:
    """Normalised by the statistics of the whole picture, as nets for styles are."""
    net = Found(9)
    x = net.conv("x", 3, 8)
    x = net.add("InstanceNormalization", [x, net.weight((8,), 1.0), net.weight((8,), 1.0)])
    return net.picture(net.unit_scale(net.conv(net.relu(x), 8, 3)))


def with_group_norm() -> bytes:
    """The same over groups of channels, as exporters of torch write it."""
    net = Found(15)
    x = net.conv("x", 3, 8)
    groups = net.add("Reshape", [x, net.constant([0, 2, -1])])
    ones, zeros = net.constant([1.0, 1.0]), net.constant([0.0, 0.0])
    normal = net.add("InstanceNormalization", [groups, ones, zeros])
    return net.picture(net.conv(net.add("Reshape", [normal, net.add("Shape", [x])]), 8, 3))


def with_global_pool() -> bytes:
    """Channels weighed by the mean of the whole picture (squeeze and excitation)."""
    net = Found(10)
    x = net.relu(net.conv("x", 3, 8))
    weights = net.unit_scale(net.conv(net.add("GlobalAveragePool", [x]), 8, 8, size=1))
    return net.picture(net.conv(net.add("Mul", [x, weights]), 8, 3))


def with_reduced_mean() -> bytes:
    """The same by ReduceMean over rows and columns."""
    net = Found(11)
    x = net.relu(net.conv("x", 3, 8))
    return net.picture(net.conv(net.add("Sub", [x, net.add("ReduceMean", [x], axes=[2, 3])]), 8, 3))


def with_attention() -> bytes:
    """Every pixel looks at every pixel of a picture made small by reshapes."""
    net = Found(12)
    x = net.conv("x", 3, 4)
    flat = net.add("Reshape", [x, net.constant([1, 4, -1])])
    tokens = net.add("Transpose", [flat], perm=[0, 2, 1])
    mixed = net.add("MatMul", [net.add("Softmax", [net.add("MatMul", [tokens, flat])], axis=-1), tokens])
    back = net.add("Reshape", [net.add("Transpose", [mixed], perm=[0, 2, 1]), net.add("Shape", [x])])
    return net.picture(net.conv(net.add("Add", [x, back]), 4, 3))


def with_fixed_resize() -> bytes:
    """A context of 32 by 32 pixels, whatever the picture's size, stretched over it again."""
    net = Found(13)
    x = net.relu(net.conv("x", 3, 8))
    small = net.add("Resize", [x, "", "", net.constant([1, 8, 32, 32])], mode="linear")
    again = net.add("Resize", [small, "", "", net.add("Shape", [x])], mode="linear")
    return net.picture(net.conv(net.add("Add", [x, again]), 8, 3))


def with_softmax_over_rows() -> bytes:
    """A softmax along one axis of the picture."""
    net = Found(14)
    return net.picture(net.add("Softmax", [net.conv("x", 3, 3)], axis=2))


EXACT: dict[str, tuple[Callable[[], bytes], int, int, int]] = {
    # net, stride, the furthest that an output pixel sees, scale
    "plain": (plain, 1, 5, 1),
    "dilated": (dilated, 1, 15, 1),
    "unet": (unet_of_stride_8, 8, 40, 1),
    "mobile": (mobile, 2, 9, 1),
    "upscaler x2": (lambda: upscaler(2), 1, 3, 2),
    "upscaler x4": (lambda: upscaler(4), 1, 3, 4),
    "channels last": (channels_last, 1, 2, 1),
}
GLOBAL: dict[str, tuple[Callable[[], bytes], str]] = {
    "instance norm": (with_instance_norm, "InstanceNormalization"),
    "global pool": (with_global_pool, "GlobalAveragePool"),
    "reduced mean": (with_reduced_mean, "ReduceMean"),
    "attention": (with_attention, "MatMul"),
    "group norm": (with_group_norm, "InstanceNormalization"),
    "fixed resize": (with_fixed_resize, "Resize"),
    "softmax": (with_softmax_over_rows, "Softmax"),
}
