"""What an engine tells of itself: where its models ran, and on what its workers spent their time."""

from __future__ import annotations

import threading

from scumble import _native  # noqa: TID251 - this is the room


class Telling:
    """What an engine says of its sessions."""

    fallback_reason: str | None
    _sessions: dict[str, _native.Session]
    _lock: threading.RLock

    @property
    def provider_note(self) -> str:
        """What there is to say of the provider in plain words: why it is not the card, or what a card left undone."""
        with self._lock:
            if self.fallback_reason:
                return f"not on the card: {self.fallback_reason}"
            notes = {note_of(session.nodes, session.provider) for session in self._sessions.values()}
        return "; ".join(sorted(notes - {""}))

    def statistics(self) -> dict[str, float]:
        """Returns what the workers of all loaded models did, summed up as `Session.statistics` tells it."""
        with self._lock:
            found = [session.statistics() for session in self._sessions.values()]
        return {name: sum(one[name] for one in found) for name in ("runs", "model_seconds", "busy_seconds")}


def note_of(nodes: dict[str, list[str]], provider: str) -> str:
    """Returns in plain words what a card left to the processor, or "" where that is nothing."""
    others = sorted({operator for name, operators in nodes.items() if name != provider for operator in operators})
    if provider not in nodes or not others:
        return ""
    count = sum(len(operators) for name, operators in nodes.items() if name != provider)
    total = sum(map(len, nodes.values()))
    return f"the processor ran {count} of {total} operators: {', '.join(others)}"
