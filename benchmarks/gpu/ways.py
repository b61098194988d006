"""The ways to colour a photo on a card: Scumble's modes, torch on the full frame, and a plain ONNX Runtime tiler.

Each is made once, with its model loaded, and called for each run: photo in, picture out, both in the host's memory.
"""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[Any]
# As in benchmarks.ways, which is not imported: it imports onnxruntime, and two of its libraries in a process would
# share what the card's provider keeps for one.
BUNDLE = Path(__file__).resolve().parents[2] / "sdk" / "scumble" / "bundles" / "colorize"
VIVIDNESS = 0.6
TILE, HALO, STRIDE = 512, 128, 32


class Made(NamedTuple):
    """A way, ready to run."""

    colorize: Callable[[Pixels], Pixels]
    statistics: Callable[[], dict[str, float]] | None = None
    """What `Engine.statistics` says; none for peers."""
    facts: Callable[[], dict[str, Any]] = dict
    """What is to be said of it after a run."""


class Way(NamedTuple):
    """What a way is called in the table, its kind of work, and how it is made for a device ("cuda" or "cpu")."""

    title: str
    kind: str
    make: Callable[[str], Made]
    lacking: Callable[[], str] = str
    """Why it cannot be measured here; "" where it can."""


def scumble(detail: str, device: str, options: dict[str, str] | None = None, **engine: Any) -> Made:
    """Scumble, with options for the provider and for the engine."""
    from scumble import Colorize, Engine
    from scumble.media.arrays import array_from_image, image_from_array
    from scumble.models.store import find_bundle

    chosen = options if device == "cuda" else None
    made: Any = Engine(device=device, provider_options=chosen, **engine)  # type: ignore[arg-type]
    effect: Any = Colorize(detail=detail, vividness=VIVIDNESS)

    def colorize(photo: Pixels) -> Pixels:
        return array_from_image(effect(image_from_array(photo), engine=made))

    def facts() -> dict[str, Any]:
        found = find_bundle("colorize")
        captures = made.session(found.model_bytes, found.manifest.model.sha256).captures_graphs
        lost = "no CUDA graph could be captured" if chosen and GRAPHS.items() <= chosen.items() and not captures else ""
        return {"provider": made.provider, "note": "; ".join(filter(None, (made.provider_note, lost)))}

    return Made(colorize, made.statistics, facts)


def half_lacking() -> str:
    """Says why there is no float16, or nothing."""
    from scumble import Engine

    has_half = "precision" in inspect.signature(Engine).parameters
    return "" if has_half else "this Scumble has no float16"


def torch_frame(device: str, *, compiled: bool) -> Made:
    """The net as it was trained, in torch, on the whole frame at once, float32 without TF32.

    Its weights are those that torch starts with: the graph that ships has folded them away, and the time is the same.
    """
    import torch

    from scumble_export.colorize.net import Colorizer

    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    net: Any = Colorizer().eval().to(device)
    run: Any = torch.compile(net) if compiled else net

    @torch.inference_mode()
    def colorize(photo: Pixels) -> Pixels:
        height, width = photo.shape[:2]
        rgb = torch.from_numpy(photo).to(device).permute(2, 0, 1)[None].float() / 255
        lightness, xyz_rows = _torch_lightness(rgb)
        padded = torch.nn.functional.pad(lightness, (0, -width % STRIDE, 0, -height % STRIDE), mode="replicate")
        plain = torch.zeros_like(padded)
        small = torch.zeros((1, 7, 64, 64), device=device)
        small[:, :1] = torch.nn.functional.interpolate(padded, (64, 64), mode="area")
        planes = (plain.expand(-1, 2, -1, -1), plain, plain.expand(-1, 2, -1, -1), plain)
        ab, vivid, _ = run(padded, *planes, small, torch.zeros((1, 316), device=device))
        ab = (ab + VIVIDNESS * (vivid - ab))[..., :height, :width]
        codes = (_torch_rgb(lightness, ab, xyz_rows) * 255).round().byte()
        return np.asarray(codes[0].permute(1, 2, 0).contiguous().cpu().numpy())

    return Made(colorize)


def torch_lacking() -> str:
    """Says why torch cannot be measured, or nothing."""
    missing = [name for name in ("torch", "scumble_export") if importlib.util.find_spec(name) is None]
    return f"{' and '.join(missing)} not installed" if missing else ""


def onnxruntime_tiles(device: str) -> Made:
    """Fixed tiles, each cut, converted by OpenCV, run by onnxruntime's own Python API, converted back and placed."""
    import cv2
    import onnxruntime

    preload = getattr(onnxruntime, "preload_dlls", None)
    if device == "cuda" and preload is not None:
        preload(directory="")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    provider = "CUDAExecutionProvider" if device == "cuda" else "CPUExecutionProvider"
    session = onnxruntime.InferenceSession(BUNDLE / "model.onnx", options, providers=[provider])
    assert session.get_providers()[0] == provider, f"onnxruntime fell back to {session.get_providers()}"
    side = TILE + 2 * HALO
    feeds = {
        "hint_ab": np.zeros((1, 2, side, side), np.float32),
        "hint_mask": np.zeros((1, 1, side, side), np.float32),
        "spread_ab": np.zeros((1, 2, side, side), np.float32),
        "confidence": np.zeros((1, 1, side, side), np.float32),
        "statistics": np.zeros((1, 316), np.float32),
    }

    def colorize(photo: Pixels) -> Pixels:
        height, width = photo.shape[:2]
        result = np.empty_like(photo)
        whole = cv2.resize(photo, (64, 64), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        small = np.zeros((1, 7, 64, 64), np.float32)
        small[0, 0] = cv2.cvtColor(whole, cv2.COLOR_RGB2Lab)[..., 0]
        framed = cv2.copyMakeBorder(photo, HALO, HALO + TILE, HALO, HALO + TILE, cv2.BORDER_REFLECT_101)
        for top in range(0, height, TILE):
            for left in range(0, width, TILE):
                part = framed[top : top + side, left : left + side]
                lab = cv2.cvtColor(part.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
                told = {**feeds, "lightness": np.ascontiguousarray(lab[..., 0])[None, None], "small": small}
                ab, vivid = session.run(["ab", "ab_vivid"], told)
                mixed = (ab + np.float32(VIVIDNESS) * (vivid - ab))[0].transpose(1, 2, 0)
                lab[..., 1:] = mixed
                core = np.ascontiguousarray(lab[HALO : HALO + TILE, HALO : HALO + TILE])
                codes = np.clip(np.rint(cv2.cvtColor(core, cv2.COLOR_Lab2RGB) * 255), 0, 255).astype(np.uint8)
                room = result[top : top + TILE, left : left + TILE]
                room[:] = codes[: room.shape[0], : room.shape[1]]
        return result

    return Made(colorize, facts=lambda: {"provider": provider})


def onnxruntime_lacking() -> str:
    """Says why onnxruntime's Python API cannot be measured, or nothing."""
    return "" if importlib.util.find_spec("onnxruntime") else "onnxruntime not installed"


GRAPHS = {"enable_cuda_graph": "1"}
WAYS = {
    "fast": Way('Scumble, detail="fast" (the default)', "fast", lambda device: scumble("fast", device)),
    "full": Way('Scumble, detail="full" (tiled)', "full", lambda device: scumble("full", device)),
    "graphs": Way("the same, CUDA graphs", "full", lambda device: scumble("full", device, GRAPHS)),
    "tf32": Way("the same, TF32", "full", lambda device: scumble("full", device, {"use_tf32": "1"})),
    "half": Way("the same, float16", "full", lambda device: scumble("full", device, precision="float16"), half_lacking),
    "slots_1": Way("the same, 1 slot", "full", lambda device: scumble("full", device, workers=1)),
    "slots_2": Way("the same, 2 slots", "full", lambda device: scumble("full", device, workers=2)),
    "slots_6": Way("the same, 6 slots", "full", lambda device: scumble("full", device, workers=6)),
    "torch": Way(
        "torch, the full frame, eager", "full", lambda device: torch_frame(device, compiled=False), torch_lacking
    ),
    "torch_compiled": Way(
        "torch, the full frame, compiled", "full", lambda device: torch_frame(device, compiled=True), torch_lacking
    ),
    "onnxruntime": Way(
        f"onnxruntime in Python, tiles of {TILE}, halo {HALO}", "full", onnxruntime_tiles, onnxruntime_lacking
    ),
}

_XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
_EPSILON, _KAPPA = 216 / 24389, 24389 / 27


def _torch_lightness(rgb: Any) -> tuple[Any, Any]:
    """Returns L of sRGB codes 0 to 1, (1, 3, H, W), and the matrix from light to XYZ over the white (CIE 15)."""
    import torch

    rows = torch.tensor(_XYZ, device=rgb.device)
    rows = rows / rows.sum(1, keepdim=True)
    light = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    y = (light * rows[1].view(1, 3, 1, 1)).sum(1, keepdim=True)
    return torch.where(y > _EPSILON, 116 * y.clamp_min(1e-9) ** (1 / 3) - 16, _KAPPA * y), rows


def _torch_rgb(lightness: Any, ab: Any, rows: Any) -> Any:
    """Returns sRGB codes 0 to 1 of L and ab; what does not fit is cut off."""
    import torch

    fy = (lightness + 16) / 116
    f = torch.cat([fy + ab[:, :1] / 500, fy, fy - ab[:, 1:] / 200], 1)
    xyz = torch.where(f**3 > _EPSILON, f**3, (116 * f - 16) / _KAPPA)
    light = torch.einsum("ij,njhw->nihw", torch.linalg.inv(rows), xyz).clamp(0, 1)
    return torch.where(light <= 0.0031308, 12.92 * light, 1.055 * light.clamp_min(1e-9) ** (1 / 2.4) - 0.055)
