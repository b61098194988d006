"""The device, its memory budget and its sessions: the only room that speaks to the native core."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping
from typing import Literal

from scumble import _native  # noqa: TID251 - this is the room
from scumble.engine.coloring import Coloring, HintField, Session, SpreadHints
from scumble.engine.cuda import preload_cuda
from scumble.engine.generating import Generating
from scumble.engine.inspecting import ModelFacts
from scumble.engine.ladder import Ladder
from scumble.engine.machine import cores, runtime_library
from scumble.engine.modelling import ImageModel, Modelling
from scumble.engine.planning import Fitted
from scumble.engine.resident import default_budget_mib
from scumble.engine.telling import Telling
from scumble.errors import DeviceOutOfMemory, ParamError, ProviderUnavailable
from scumble.media.waiting import waited

Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["float32", "float16"]
__all__ = [
    "Device",
    "Engine",
    "Fitted",
    "HintField",
    "ImageModel",
    "ModelFacts",
    "Precision",
    "Session",
    "SpreadHints",
    "TilePlan",
]

TilePlan = _native.TilePlan

_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
_DEVICES = ("auto", "cpu", "cuda")
_GPU_SLOTS = 3
_PRECISIONS = ("float32", "float16")
_MIB = 1 << 20


class Engine(Coloring, Generating, Modelling, Telling):
    """Runs models on one device within one memory budget, and converts colours; safe to share between threads.

    Args:
        device: "cpu"; "cuda", which never falls back; or "auto": the graphics card if it works, else the processor.
        workers: tiles that run at a time; None takes one for each core, or three on a card.
        memory_budget_mib: memory of this process, in MiB; None takes a quarter of what is free. Pictures that it has
            no room for are decoded, coloured and encoded strip by strip in mapped files.
        allocate: gives writable memory of so many bytes for each result, such as shared memory; None takes the heap.
        provider_options: for ONNX Runtime's CUDA provider, by its own names, over Scumble's: "enable_cuda_graph",
            "gpu_mem_limit", "use_tf32"; of no account on the processor.
        precision: "float16" halves weights and tensors, for graphics cards; a processor computes in float32 anyway.

    Raises ParamError for another device or precision, or a worker count or budget below 1. The runtime is looked for
    when the first model is loaded: colour functions do without it.

    Attributes:
        fallback_reason: why "auto" did not take the graphics card that the runtime is made for, or None.
    """

    _default: Engine | None = None
    _default_lock = threading.Lock()

    def __init__(
        self,
        device: Device = "auto",
        workers: int | None = None,
        memory_budget_mib: int | None = None,
        allocate: Callable[[int], memoryview] | None = None,
        provider_options: Mapping[str, str] | None = None,
        precision: Precision = "float32",
    ) -> None:
        if precision not in _PRECISIONS:
            hint = f"Choose one of {', '.join(_PRECISIONS)}."
            raise ParamError(f"There is no precision {precision!r}", hint, "param.precision")
        if device not in _DEVICES:
            raise ParamError(f"There is no device {device!r}", f"Choose one of {', '.join(_DEVICES)}.", "param.device")
        for name, value in (("workers", workers), ("memory_budget_mib", memory_budget_mib)):
            if value is not None and value < 1:
                raise ParamError(
                    f"{name} is {value}", "Give 1 or more, or nothing to choose by itself.", f"param.{name}"
                )
        self.device: Device = device
        self.precision: Precision = precision
        self.fallback_reason: str | None = None
        self._workers = workers
        self._allocate = allocate
        self._provider_options = dict(provider_options or {})
        self._ladder = Ladder((memory_budget_mib or default_budget_mib()) * _MIB)
        self._lock = threading.RLock()
        self._loading = threading.Lock()
        self._sessions: dict[str, Session] = {}
        self._known: dict[str, ModelFacts] = {}
        self._runtime_version: str | None = None
        self._provider: str | None = None

    def at(self, precision: Precision) -> Engine:
        """Returns this engine, or one like it of another precision."""
        if precision == self.precision:
            return self
        budget_mib = self.budget_bytes // _MIB
        return Engine(self.device, self._workers, budget_mib, self._allocate, self._provider_options, precision)

    @classmethod
    def default(cls) -> Engine:
        """Returns the engine of this process that is used where none is given."""
        with cls._default_lock:
            if cls._default is None:
                cls._default = cls()
            return cls._default

    @property
    def runtime_version(self) -> str:
        """ONNX Runtime's version. Raises RuntimeNotFound when there is none, two, or one that cannot be used."""
        with self._lock:
            if self._runtime_version is None:
                self._runtime_version = _native.init_runtime(str(runtime_library()))
            return self._runtime_version

    @property
    def provider(self) -> str:
        """ONNX Runtime's name of the provider in use: what a session got, or would be given. Raises as `session`."""
        with self._lock:
            return self._provider or self._wanted_provider()

    @property
    def device_used(self) -> str:
        """The device in use, "cpu" or "cuda"."""
        return "cuda" if self.provider == _CUDA else "cpu"

    @property
    def workers(self) -> int:
        """Tiles that run at a time."""
        return self._workers or (_GPU_SLOTS if self._provider == _CUDA else cores())

    def session(
        self, model_bytes: bytes | Callable[[], bytes], key: str, progress: Callable[[float], object] | None = None
    ) -> Session:
        """Returns the session of a model, loading it at the first call with this key (its hash).

        `model_bytes` may be a function that reads and checks the model: only that first call does. The engine's
        precision is the session's. `progress` is called while it loads; when it raises, loading goes on for the next
        call.

        Raises ModelError when the graph cannot be loaded or turned to float16, RuntimeNotFound without a usable
        runtime, ProviderUnavailable when "cuda" was asked for and does not work, and whatever `progress` raises.
        """

        def load(_: object) -> Session:
            with self._loading:
                found = self._sessions.get(key)
                if found is None:
                    content = model_bytes() if callable(model_bytes) else model_bytes
                    found = self._loaded(self.at_precision(content))
                    with self._lock:
                        self._sessions[key] = found
                return found

        return self._sessions.get(key) or waited(load, progress)

    def unload(self) -> None:
        """Drops every session; memory is given back once the last user of a session is done."""
        with self._lock:
            self._sessions.clear()

    def _memory_key(self, session: Session) -> Hashable:
        """Names the session's model and its device: what was learnt of their memory outlives the session."""
        with self._lock:
            keys = [key for key, kept in self._sessions.items() if kept is session]
        return (keys[0], session.provider, self.precision) if keys else session

    def _loaded(self, model_bytes: bytes) -> Session:
        if self.provider == _CUDA:
            try:
                preload_cuda()
                slots, options = self._workers or _GPU_SLOTS, self._provider_options
                session = Session(model_bytes, device="cuda", workers=slots, options=options)
            except (ProviderUnavailable, DeviceOutOfMemory) as error:
                if self.device == "cuda":
                    raise
                self.fallback_reason = f"{error.message} ({error.hint})" if error.hint else error.message
            else:
                self._provider = session.provider
                return session
        session = Session(model_bytes, device="cpu", workers=self._workers or cores())
        self._provider = session.provider
        return session

    def _wanted_provider(self) -> str:
        built_in = _native.available_providers() if self.runtime_version else []
        if self.device == "cuda" and _CUDA not in built_in:
            hint = "pip uninstall -y onnxruntime && pip install 'scumble[gpu]', or use --device cpu."
            raise ProviderUnavailable("The installed ONNX Runtime is the one without CUDA", hint)
        return _CUDA if self.device != "cpu" and _CUDA in built_in else _CPU
