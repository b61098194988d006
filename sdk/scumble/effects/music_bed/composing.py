"""The composer's net in the engine: one step at a time, with what it keeps from step to step in one array."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from scumble.errors import MediaError, ModelError, ParamError
from scumble.music.imagining_score import Imagination, heard_from_midi
from scumble.music.vocabulary import SIZE, fingerprint
from scumble.music.writing import Taste

if TYPE_CHECKING:
    from scumble.effect import RenderContext

COMPOSERS = ("off", "melody", "full")
_LARGEST_MIDI = 8 << 20
_MOST = 1 << 16
"""Words that a net may remember, and numbers that it may keep of each, at most."""
_HINT = "Install scumble and its bundles again, in versions that belong together."


def imagination_from(
    composer: str, midi: Path | None, blend: int | None, blend_amount: float, temperature: float
) -> Imagination | None:
    """Returns what the effect's parameters ask of the net, or None when it is off.

    Raises ParamError for what only the net can do when it is off, and MediaError for a MIDI file that cannot be read
    or continued.
    """
    if composer == "off":
        for value, name in ((midi, "continue_midi"), (blend, "blend")):
            if value is not None:
                message = f"Without the composer {name.replace('_', '-')} does nothing"
                raise ParamError(message, "Choose the composer melody or full.", f"param.{name}")
        return None
    before = None
    if midi is not None:
        try:
            with midi.open("rb") as stream:
                content = stream.read(_LARGEST_MIDI + 1)
        except OSError as error:
            raise MediaError(f"The MIDI file {midi} cannot be read", "Check the path.", "media.missing") from error
        before = heard_from_midi(content)
    share: Literal["melody", "full"] = "full" if composer == "full" else "melody"
    return Imagination(share, before, blend, blend_amount, Taste(temperature))


class EngineNet:
    """A net of the bundle `composer` that is told words and foretells the next.

    Raises ModelError when the bundle speaks another vocabulary than this version (bundle.vocabulary), or its graph is
    none of this kind.
    """

    def __init__(self, ctx: RenderContext) -> None:
        asset = ctx.asset("composer")
        settings: dict[str, Any] = asset.manifest.settings
        if settings.get("vocabulary") != fingerprint():
            raise ModelError("The composer was trained with other words than are used here", _HINT, "bundle.vocabulary")
        self.context = _size(settings, "context")
        self._memory: NDArray[np.float32] = np.zeros((self.context, _size(settings, "kept")), np.float32)
        self._session = ctx.engine.session(asset.content, asset.manifest.asset.sha256, lambda _: ctx.progress.check())
        self._known = 0

    def begin(self) -> None:
        """Forgets all."""
        self._known = 0

    def foretell(self, words: Sequence[int]) -> Sequence[float]:
        """Takes some words, at least one, and returns the logits of the next. Raises ModelError."""
        end = self._known + len(words)
        told = np.array(words, np.float32)
        outputs = self._session.run({"words": told, "past": self._memory[: self._known]})
        try:
            self._memory[self._known : end] = outputs["kept"]
            logits = outputs["logits"]
        except (KeyError, ValueError) as error:
            raise ModelError("The composer's graph does not fit its manifest", _HINT, "model.outputs") from error
        if logits.shape != (SIZE,) or not np.isfinite(logits).all():
            raise ModelError("The composer's graph does not foretell words", _HINT, "model.outputs")
        self._known = end
        found: list[float] = logits.tolist()
        return found


def _size(settings: dict[str, Any], name: str) -> int:
    size = settings.get(name)
    if not isinstance(size, int) or not 0 < size <= _MOST:
        raise ModelError(f"The composer's manifest has {name} = {size!r}", _HINT, "bundle.bad_manifest")
    return size
