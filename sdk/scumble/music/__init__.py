"""Music as notes: form, harmony, melody and accompaniment from a few wishes; no sound is made here."""

from scumble.music.composing import compose, pieces, plan_from_wishes, score_from_plan
from scumble.music.examining import Findings, findings_from_score
from scumble.music.midi import midi_from_score
from scumble.music.midi_reading import score_from_midi
from scumble.music.picture import picture_from_score
from scumble.music.score import SAMPLE_RATE_HZ, Note, Score, Track
from scumble.music.styles import STYLES
from scumble.music.wishes import CURVES, MOODS, Wishes

__all__ = [
    "CURVES",
    "MOODS",
    "SAMPLE_RATE_HZ",
    "STYLES",
    "Findings",
    "Note",
    "Score",
    "Track",
    "Wishes",
    "compose",
    "findings_from_score",
    "midi_from_score",
    "picture_from_score",
    "pieces",
    "plan_from_wishes",
    "score_from_midi",
    "score_from_plan",
]
