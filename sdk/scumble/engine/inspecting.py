"""What must be known of a model to tile it: read from its graph where that is exact, measured where it is not."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Literal

import msgspec

from scumble.engine.memory_probe import Memory, measured_memory
from scumble.engine.probe import MULTIPLES, Listener, Probe, doubled, not_a_picture
from scumble.errors import ModelError
from scumble.models.foreign import Axes, ForeignModel, ImagePorts, image_ports
from scumble.models.half import LARGEST
from scumble.models.reach import Reach, reach_of_graph

FORMAT = 1
_WIDEST_PROBE = 1024
_MOST_PIXELS = 1 << 14
"""Of a picture for a graph that was not followed: attention over it takes the square of that."""
_ROUNDING = 1e-5
"""Differences below it are float32's own, and less than a code of 16 bits."""
_PROBE_SECONDS = 4.0
_MEMORY_SIDES = (512, 384, 256, 192, 128)
_SMALL_SIDES = (48, 96)
_LARGEST_SCALE = 16
_WIDEST_PAD = 64
"""The largest number to whose multiples nets pad pictures."""

Tiling = Literal["exact", "rounding", "none"]
By = Literal["graph", "measured", "not known"]


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a model takes and gives, and how it may be tiled; lengths in pixels of its input."""

    format: int = FORMAT
    sha256: str
    parameters: int
    weights_bytes: int
    opset: int
    input: str
    output: str
    channels: tuple[int, int]
    """Of input and output."""
    axes: Axes
    fixed_size: tuple[int, int] | None
    """Width and height, where the graph takes no others."""
    scale: int
    """Side of the output to that of the input."""
    min_size: int
    multiple: int
    """Sides must be multiples of it."""
    stride: int
    """Tile origins and sizes are multiples of it."""
    stride_by: By
    halo: int | None
    """Pixels around a tile's core that make it exact; None where the whole picture is seen, or more than was tried."""
    halo_by: By
    receptive_field: int | None
    """Width of the square of pixels that can change one output pixel."""
    measured_reach: tuple[int, int] | None
    """How far left and right a dependence was seen to go, which float32 may cut short; None where it did not end."""
    global_operators: dict[str, str]
    """Operators that look at the whole picture, and how."""
    tiling: Tiling
    """exact: tiles are the full frame to the last bit; rounding: but for float32's own; none: they are not."""
    reason: str
    """Why tiles are not exact; empty where they are."""
    largest_difference: float | None
    """Of tiles and full frame on noise, 0 to 1; None where it was not tried."""
    memory: Memory
    """Of one worker, measured."""


def inspected(
    model: ForeignModel, library: Path, progress: Listener = None, *, watched: bytes | None = None
) -> ModelFacts:
    """Returns what the graph says of itself and what running it shows; the runtime must have been started.

    `watched` is a graph of the same input, all of whose outputs must be numbers that float16 holds. Raises ModelError
    where the model does not make a picture of a picture, fails, or leaves that range, and whatever `progress` raises.
    """
    ports = image_ports(model.graph)
    reach = reach_of_graph(model.graph, [ports.input], ports.output, ports.space)
    probe = Probe(model.content, ports, progress)
    if ports.fixed_size is not None:
        known: dict[str, Any] = _of_fixed_size(probe, ports, reach, ports.fixed_size)
    else:
        known = _of_any_size(probe, reach)
    if watched is not None:
        _check_range(Probe(watched, ports, progress), known)
    sizes = [ports.fixed_size] if ports.fixed_size is not None else _memory_sizes(probe, known)
    return ModelFacts(
        sha256=model.sha256,
        parameters=model.graph.parameters,
        weights_bytes=model.graph.weights_bytes,
        opset=model.graph.opset,
        input=ports.input,
        output=ports.output,
        axes=ports.axes,
        fixed_size=ports.fixed_size,
        memory=measured_memory(
            model.content,
            ports,
            library,
            sizes,
            channels=known["channels"],
            scale=known["scale"],
            progress=progress,
        ),
        **known,
    )


def _check_range(probe: Probe, known: dict[str, Any]) -> None:
    """Looks at all that is to be float16, on noise from 0 to 1."""
    side = -(-max(_SMALL_SIDES) // known["stride"]) * known["stride"]
    width, height = probe.ports.fixed_size or (max(side, known["min_size"]),) * 2
    largest = probe.largest(probe.noise(height, width))
    if not largest <= LARGEST:
        message = f"The model cannot be run in float16: its numbers grow to {largest:,.0f}, beyond {LARGEST:,.0f}"
        raise ModelError(message, "Run it in float32 (--precision float32).", "model.no_half")


def _of_any_size(probe: Probe, reach: Reach) -> dict[str, Any]:
    first = probe.first_side()
    output = probe.run(probe.noise(first, first))
    scale = output.shape[1] // first
    _check_output(output.shape[0], scale)
    multiple = probe.multiple(first)
    least = probe.least_side(multiple, -(-first // multiple) * multiple)
    known: dict[str, Any] = {"channels": (probe.ports.channels[0], output.shape[0]), "scale": scale}
    known |= {"multiple": multiple}
    seen = reach.seen
    if seen is not None and (seen.x.step * scale, seen.y.step * scale) == (1, 1):
        known |= _from_graph(probe, reach, math.lcm(reach.stride, multiple), least)
    elif reach.whole:
        known |= {"stride": math.lcm(reach.stride, multiple), "stride_by": "graph", "measured_reach": None}
        known |= _without_halo("it looks at the whole picture", reach.whole)
    else:
        known |= _from_measurement(probe, reach, multiple, least)
    stride = known["stride"]
    if known["halo"] is None:
        return {**known, "min_size": -(-least // stride) * stride}
    return _tried(probe, known, least, pads_itself="Pad" in reach.unfollowed)


def _check_output(channels: int, scale: int) -> None:
    if channels not in (1, 3):
        raise not_a_picture(f"its output has {channels} channels")
    if not 1 <= scale <= _LARGEST_SCALE:
        raise not_a_picture(f"its output is {scale} times as large as its input")


def _from_graph(probe: Probe, reach: Reach, stride: int, least: int) -> dict[str, Any]:
    """The graph was followed to its end; it is only looked whether what it does agrees with what it says."""
    assert reach.seen is not None  # noqa: S101 - the caller's own condition
    x, y = reach.seen.x, reach.seen.y
    halo, across = max(x.halo, y.halo), max(least, stride)
    along = -(-(2 * halo + 4 * stride + 16) // stride) * stride
    measured: tuple[int, int] | None = None
    if along <= 2 * _WIDEST_PROBE:
        found = [probe.sides_seen(max(along, least), across, stride, axis=axis) for axis in (1, 2)]
        ends = [pair for pair in found if pair is not None]
        measured = (max(left for left, _ in ends), max(right for _, right in ends)) if len(ends) == len(found) else None
        halo = max(halo, *(measured or (0, 0)))
    return {
        "stride": stride,
        "stride_by": "graph",
        "halo": halo,
        "halo_by": "graph",
        "receptive_field": max(x.width, y.width),
        "measured_reach": measured,
        "global_operators": {},
    }


def _from_measurement(probe: Probe, reach: Reach, multiple: int, least: int) -> dict[str, Any]:
    """The graph holds operators that were not followed: it is watched instead."""
    behind = ", ".join(sorted(reach.unfollowed))
    suspects = dict.fromkeys(reach.suspects, f"behind {behind}, where the trace was lost") | reach.whole
    grain = math.lcm(multiple, reach.stride)  # what was followed may be finer than the whole, never coarser
    unfollowed = behind or "its output"
    across = max(least, multiple)
    first = max(128, 2 * across)
    widest = max(first, min(_WIDEST_PROBE, _MOST_PIXELS // across))
    for along in doubled(first, widest):
        along = -(-along // multiple) * multiple
        found = [probe.sides_seen(along, across, multiple, axis=axis) for axis in (1, 2)]
        ends = [pair for pair in found if pair is not None]
        if len(ends) == len(found):
            break
    else:
        reason = f"an output pixel was seen to depend on pixels {widest // 2} away"
        return {"stride": multiple, "stride_by": "measured", "measured_reach": None} | _without_halo(
            reason, suspects or {unfollowed: "reaches further than was tried"}
        )
    measured = (max(left for left, _ in ends), max(right for _, right in ends))
    steps = [step for step in MULTIPLES if step % grain == 0]
    alike = (s for s in steps if all(probe.is_shifted_alike(s, max(measured), across, axis=axis) for axis in (1, 2)))
    stride = next(alike, None)
    if stride is None:
        known = {"stride": multiple, "stride_by": "not known", "measured_reach": measured}
        return known | _without_halo("what it gives for a pixel depends on where the pixel lies", suspects)
    return {
        "stride": stride,
        "stride_by": "measured",
        "halo": max(measured) + stride,
        "halo_by": "measured",
        "receptive_field": sum(measured) + 1,
        "measured_reach": measured,
        "global_operators": {},
    }


def _without_halo(reason: str, operators: dict[str, str]) -> dict[str, Any]:
    return {
        "halo": None,
        "halo_by": "not known",
        "receptive_field": None,
        "global_operators": operators,
        "tiling": "none",
        "reason": reason,
        "largest_difference": None,
    }


def _tried(probe: Probe, known: dict[str, Any], least: int, *, pads_itself: bool) -> dict[str, Any]:
    """Cuts noise into tiles and compares; a halo that was measured, not read, is widened where it was too short.

    A graph that pads the picture itself, to multiples of a number that is not said, wants tiles of such: the stride is
    doubled until they are.
    """
    scale, channels, halo, stride = known["scale"], known["channels"][1], known["halo"], known["stride"]
    halos = [halo] if known["halo_by"] == "graph" else list(doubled(halo, _WIDEST_PROBE))[:3]
    tries = [(halo, wide) for wide in doubled(stride, _WIDEST_PAD) if wide == stride or pads_itself]
    tries += [(wide, stride) for wide in halos[1:]]
    difference = math.inf
    for wide, step in tries:
        smallest = -(-least // step) * step
        difference = probe.difference(wide, step, smallest, channels, scale, ends=3 if pads_itself else 1)
        if difference <= _ROUNDING:
            tiling = "rounding" if difference else "exact"
            reason = "a tile's sums are added up in another order than the full frame's" if difference else ""
            known = known | {"halo": wide, "stride": step, "min_size": smallest}
            return known | {"tiling": tiling, "reason": reason, "largest_difference": difference}
    known = known | {"min_size": -(-least // stride) * stride}
    reason = "tiles with that halo differ from the full frame"
    return known | {"tiling": "none", "reason": reason, "largest_difference": difference}


def _of_fixed_size(probe: Probe, ports: ImagePorts, reach: Reach, size: tuple[int, int]) -> dict[str, Any]:
    """A graph of one size has no full frame to compare with: only what its file says of its reach counts."""
    width, height = size
    output = probe.run(probe.noise(height, width))
    scale = output.shape[2] // width
    if (output.shape[1], output.shape[2]) != (height * scale, width * scale):
        raise not_a_picture(f"of {width} by {height} pixels it makes {output.shape[2]} by {output.shape[1]}")
    _check_output(output.shape[0], scale)
    known: dict[str, Any] = {"channels": (ports.channels[0], output.shape[0]), "scale": scale}
    known |= {"multiple": 1, "min_size": 1, "stride": reach.stride, "stride_by": "graph", "measured_reach": None}
    seen = reach.seen
    if seen is None or (seen.x.step * scale, seen.y.step * scale) != (1, 1):
        reason = "it takes one size only, and what it sees could not be read from the graph"
        return known | _without_halo(reason, reach.whole)
    halo = max(seen.x.halo, seen.y.halo)
    known |= {"halo": halo, "halo_by": "graph", "receptive_field": max(seen.x.width, seen.y.width)}
    room = min(size) - 2 * -(-halo // reach.stride) * reach.stride
    if width % reach.stride or height % reach.stride or room < reach.stride:
        reason = f"its tiles of {width} by {height} pixels leave no room between halos of {halo}"
        return known | _without_halo(reason, {})
    return known | {"global_operators": {}, "tiling": "exact", "reason": "", "largest_difference": None}


def _memory_sizes(probe: Probe, known: dict[str, Any]) -> list[tuple[int, int]]:
    """Returns two small tiles, and one that is large enough to be measured well and small enough to be soon done."""
    step = math.lcm(known["stride"], known["multiple"])
    small = {max(-(-side // step) * step, known["min_size"]) for side in _SMALL_SIDES}
    probe.run(probe.noise(max(small), max(small)))
    large = next((s for s in _MEMORY_SIDES if probe.seconds_per_pixel * s * s <= _PROBE_SECONDS), _MEMORY_SIDES[-1])
    sides = small | {max(-(-large // step) * step, known["min_size"])}
    return [(side, side) for side in sorted(sides)]
