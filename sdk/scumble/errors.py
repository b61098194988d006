"""The one tree of errors; each has a code for programs, a message for people and a hint for the next click.

    ScumbleError                      exit 1
    ├── ParamError                    exit 2     a value, name or schema that an effect cannot take
    ├── MediaError                    exit 3     a file or buffer that cannot be read, held or written
    ├── ModelError                    exit 4     a bundle that cannot be trusted or used
    │   ├── BundleNotFound
    │   ├── HashMismatch
    │   ├── UnsafeModel
    │   └── LicenceRefused
    ├── DeviceError                   exit 5     the machine, its runtime or its memory
    │   ├── DeviceOutOfMemory
    │   ├── RuntimeNotFound
    │   ├── ProviderUnavailable
    │   └── MemoryBudgetTooSmall
    ├── HostError                     exit 6     the editor or the worker between us and it
    │   ├── WorkerUnreachable
    │   └── HostNotFound
    └── JobCancelled                  exit 130   somebody asked for it; nothing was written

The native core raises these very classes, so this module imports nothing but the standard library.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "BundleNotFound",
    "DeviceError",
    "DeviceOutOfMemory",
    "HashMismatch",
    "HostError",
    "HostNotFound",
    "JobCancelled",
    "LicenceRefused",
    "MediaError",
    "MemoryBudgetTooSmall",
    "ModelError",
    "ParamError",
    "ProviderUnavailable",
    "RuntimeNotFound",
    "ScumbleError",
    "UnsafeModel",
    "WorkerUnreachable",
]


class ScumbleError(Exception):
    """Anything that Scumble refuses or fails to do.

    Attributes:
        message: what went wrong, one sentence for people, without a trailing full stop.
        hint: what to do about it; empty when there is nothing to do.
        code: dotted name for programs (``media.truncated``); stable between releases.
    """

    default_code: ClassVar[str] = "scumble"
    exit_code: ClassVar[int] = 1

    message: str
    hint: str
    code: str

    def __init__(self, message: str, hint: str = "", code: str | None = None) -> None:
        super().__init__(message, hint, code)
        self.message = message
        self.hint = hint
        self.code = self.default_code if code is None else code

    def __str__(self) -> str:
        """Return the message and, when there is one, the hint on a line of its own."""
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message

    def __reduce__(self) -> tuple[type[ScumbleError], tuple[str, str, str]]:
        """Pickle by the three public attributes, so that an error survives a process boundary."""
        return type(self), (self.message, self.hint, self.code)

    def as_dict(self) -> dict[str, str]:
        """Return the three attributes as plain data: what the wire and ``--json`` carry."""
        return {"code": self.code, "message": self.message, "hint": self.hint}


class ParamError(ScumbleError):
    """A parameter, clip or schema is unknown, missing, of the wrong kind or out of range."""

    default_code = "param"
    exit_code = 2


class MediaError(ScumbleError):
    """A picture or sound, in memory or in a file, cannot be read, held or written."""

    default_code = "media"
    exit_code = 3


class ModelError(ScumbleError):
    """A model bundle cannot be used."""

    default_code = "model"
    exit_code = 4


class BundleNotFound(ModelError):
    """No bundle of that name is installed."""

    default_code = "model.not_found"


class HashMismatch(ModelError):
    """A model's bytes are not those that its manifest names."""

    default_code = "model.hash_mismatch"


class UnsafeModel(ModelError):
    """A graph holds something that Scumble never loads: external data, custom domains, deep nesting."""

    default_code = "model.unsafe"


class LicenceRefused(ModelError):
    """A model's licence, or that of its training data, is missing or not accepted."""

    default_code = "model.licence"


class DeviceError(ScumbleError):
    """The machine, its inference runtime or its memory cannot do what was asked."""

    default_code = "device"
    exit_code = 5


class DeviceOutOfMemory(DeviceError):
    """The device ran out of memory even with the smallest tiles."""

    default_code = "device.out_of_memory"


class RuntimeNotFound(DeviceError):
    """ONNX Runtime is missing, doubled, too old or not loadable."""

    default_code = "device.runtime_not_found"


class ProviderUnavailable(DeviceError):
    """The device that was asked for by name is not there."""

    default_code = "device.provider_unavailable"


class MemoryBudgetTooSmall(DeviceError):
    """The smallest plan does not fit the memory budget; nothing was run."""

    default_code = "device.memory_budget"


class HostError(ScumbleError):
    """The host editor, or the worker that serves it, cannot be reached or used."""

    default_code = "host"
    exit_code = 6


class WorkerUnreachable(HostError):
    """The worker process does not answer."""

    default_code = "host.worker_unreachable"


class HostNotFound(HostError):
    """That host is not installed on this machine."""

    default_code = "host.not_found"


class JobCancelled(ScumbleError):
    """The job was cancelled; the document and the output are as they were."""

    default_code = "job.cancelled"
    exit_code = 130
