"""Music bed: original instrumental music of an exact length, mastered, and ducked under a voice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from scumble.effect import AudioEffect, Bool, Choice, File, Float, Int, Output, RenderContext, Seed, Text
from scumble.effects.music_bed.composing import COMPOSERS, EngineNet, imagination_from
from scumble.effects.music_bed.playing import Played, played, preset_of
from scumble.effects.music_bed.speech import duck_points, speech_regions
from scumble.effects.music_bed.statement import statement
from scumble.effects.music_bed.timbre.voicing import TIMBRES, Voicing, voicing_of, wish_from
from scumble.effects.music_bed.voice import add_sound, length_of
from scumble.effects.music_bed.wishing import energy_from_text, times_from_text
from scumble.engine.sound import (
    RATE_HZ,
    Frames,
    SoundFont,
    apply_gains,
    empty_frames,
    font_from_cache,
    master_sound,
)
from scumble.errors import MediaError, ParamError
from scumble.media.audio import SAMPLE_FORMATS, Audio
from scumble.music import MOODS, STYLES, Score, Wishes, compose, midi_from_score, picture_from_score
from scumble.music.imagining_score import imagine
from scumble.music.wishes import KEY_NAMES
from scumble.provenance import sha256_of_file

if TYPE_CHECKING:
    from scumble.models.asset import Asset

ALONE_LUFS, UNDER_SPEECH_LUFS = -14.0, -28.0
LOUDEST_LUFS = -6.0
CEILING_DBTP = -1.0
DEFAULT_S = 30.0
_LARGEST_FONT = 2 << 30


class MusicBed(
    AudioEffect,
    id="music-bed",
    title="Music bed",
    context="generator",
    bundles=("instruments", "speech", "composer", "timbre"),
):
    """Composes and plays original instrumental music, exactly as long as asked for, mastered and ready to publish.

    Under a voice it goes down where somebody speaks. The record beside the file holds what is needed to make the same
    bytes again, and a statement in plain words for answers to mistaken copyright claims.
    """

    bed: Audio = Output(doc="The music: stereo, 48 kHz.")
    duration: float | None = Float(
        default=None, min=1, max=1800, step=0.1, unit="s", doc="Length; that of the voice when not given, else 30 s."
    )
    style: str = Choice(default="lofi", choices=tuple(STYLES), doc="What kind of music.")
    mood: str | None = Choice(default=None, choices=tuple(MOODS), doc="How it feels; the style's own when not given.")
    energy: str = Text(default="", doc="0 calm to 1 full; steady, rise, fall, arc, drop or waves; or 0:0.3,0.5:1.")
    valence: float | None = Float(default=None, min=0, max=1, doc="0 sad to 1 happy; the mood's when not given.")
    tempo: float | None = Float(default=None, min=40, max=240, step=1, unit="bpm", doc="The style's when not given.")
    key: str | None = Choice(default=None, choices=KEY_NAMES, doc="Tonic; drawn when not given.")
    mode: str | None = Choice(
        default=None, choices=("major", "minor", "dorian", "mixolydian"), doc="By mood when not given."
    )
    markers: str = Text(default="", doc="Times in seconds at which a bar is to begin, as in 3.2,10.5.")
    melody: bool = Bool(default=True, doc="With a leading melody; without it there is more room for a voice.")
    strict: bool = Bool(default=False, doc="Only tones of the key.")
    loop: bool = Bool(default=False, doc="The end flows into the beginning.")
    seed: int = Seed(default=0, doc="Another seed is another piece.")
    composer: str = Choice(
        default="off",
        choices=COMPOSERS,
        doc="What a trained net writes into the form: nothing, the melody, or chords, bass, melody and drums.",
    )
    temperature: float = Float(
        default=0.95, min=0, max=1.5, step=0.05, doc="How daring the net is; at 0 it takes what is likeliest."
    )
    continue_midi: Path | None = File(
        default=None, role="read", suffixes=(".mid", ".midi"), doc="Music that the net goes on from, in its key."
    )
    blend: int | None = Seed(default=None, doc="A second seed, whose theme the net has in mind too.")
    blend_amount: float = Float(default=0.5, min=0, max=1, step=0.05, doc="How much the second seed's theme counts.")
    groove: float = Float(default=1, min=0, max=2, step=0.05, doc="How human timing and touch are; 0 is a machine's.")
    loudness: float | None = Float(
        default=None,
        min=-60,
        max=-9,
        step=0.5,
        unit="LUFS",
        doc="-14 when not given, under a voice -28 while it speaks.",
    )
    soundfont: Path | None = File(
        default=None,
        role="read",
        suffixes=(".sf2", ".sf3"),
        doc="Instruments of your own instead of the built-in ones.",
    )
    timbre: str | None = Choice(
        default=None,
        choices=TIMBRES,
        doc="An instrument drawn by a net for the melody, and for arpeggios or pads as it suits; the style's without.",
    )
    timbre_seed: int = Int(default=0, min=0, max=999_999, doc="Another number is another instrument of its kind.")
    timbre_blend: str | None = Choice(default=None, choices=TIMBRES, doc="A second kind to blend the instrument with.")
    timbre_amount: float = Float(default=0.5, min=0, max=1, step=0.05, doc="How much of the second kind there is.")
    duck_under: Path | None = File(default=None, role="read", doc="Sound or video with the voice to go down under.")
    duck_depth: float = Float(default=12, min=0, max=40, step=0.5, unit="dB", doc="How far it goes down.")
    duck_attack: float = Float(default=0.12, min=0, max=2, unit="s", doc="Time it takes down, before the voice begins.")
    duck_release: float = Float(default=0.6, min=0, max=5, unit="s", doc="Time it takes up, after the voice ends.")
    mix_with: Path | None = File(
        default=None, role="read", doc="Sound or video to mix with: what is written is the finished mix."
    )
    sample_format: str = Choice(default="24-bit", choices=SAMPLE_FORMATS, doc="For WAV; FLAC has no float.")
    midi: Path | None = File(default=None, role="write", suffixes=(".mid", ".midi"), doc="Also write the notes.")
    stems: Path | None = File(
        default=None, role="folder", doc="Also write each instrument; together they are the mix before the limiter."
    )
    plot: Path | None = File(
        default=None, role="write", suffixes=(".png",), doc="Also draw the notes and the waveform."
    )
    statement: Path | None = File(
        default=None, role="write", suffixes=(".txt",), doc="Also write the statement for copyright claims."
    )

    def used_bundles(self) -> tuple[str, ...]:
        """Returns the built-in instruments unless there are others, the detector for a voice, the net if it writes."""
        named = {"instruments": self.soundfont is None, "speech": self.duck_under is not None}
        named["composer"] = self.composer != "off"
        named["timbre"] = self.timbre is not None
        return tuple(name for name in self.bundles if named[name])

    def render(self, ctx: RenderContext) -> Audio:
        """Returns the bed, or the finished mix: stereo, 48 kHz, exactly as long as asked for."""
        score = self._score(ctx)
        points = self._duck_points(score, ctx)
        ctx.progress.report(0.1, "Instruments")
        font, instruments, font_sha256 = self._font(score, ctx)
        voicing = self._voicing(score, ctx)
        playing = ctx.progress.sub(0.2, 0.45)
        sound = played(score, font, voicing, stems=self.stems is not None, progress=playing)
        bed, gain_db = self._mastered(score, sound, ctx)
        if points is not None:
            apply_gains(bed, points)
        if self.mix_with is not None:
            bed = self._mixed(bed, self.mix_with, ctx)
        audio = Audio(bed.data, 2, RATE_HZ, self.sample_format)
        self._hand_over(score, sound, gain_db, audio, ctx)
        composer = None if self.composer == "off" else ctx.asset("composer")
        text = statement(score, midi_from_score(score), instruments, font_sha256, composer, self.mix_with)
        ctx.state(text + voicing.said, self.statement)
        return audio

    def _score(self, ctx: RenderContext) -> Score:
        energy, curve = energy_from_text(self.energy)
        if self.loop and (self.duck_under is not None or self.mix_with is not None):
            raise ParamError("A loop has no place of its own under a voice", "Leave out one of them.", "param.loop")
        wishes = Wishes(
            duration_s=self._duration_s(),
            style=self.style,
            mood=self.mood or "",
            valence=self.valence,
            energy=energy,
            curve=curve,
            markers_s=times_from_text(self.markers),
            tempo_bpm=self.tempo,
            key=self.key or "",
            mode=cast(Any, self.mode),
            loop=self.loop,
            strict=self.strict,
            melody=self.melody,
            groove=self.groove,
        )
        imagination = imagination_from(
            self.composer, self.continue_midi, self.blend, self.blend_amount, self.temperature
        )
        if imagination is None:
            return compose(wishes, self.seed)
        return imagine(wishes, self.seed, imagination, lambda: EngineNet(ctx), ctx.progress.sub(0.0, 0.1).report)

    def _duration_s(self) -> float:
        voice = self.mix_with or self.duck_under
        if self.duration is not None or voice is None:
            return DEFAULT_S if self.duration is None else self.duration
        length_s = length_of(voice)
        declared = next(param for param in self.declaration().params if param.name == "duration")
        try:
            return cast(float, declared.check(length_s))
        except ParamError as error:
            message = f"{voice} is {length_s:.1f} s long, which no music bed can be"
            raise MediaError(message, f"Give a duration. {error.hint}.", "media.length") from error

    def _duck_points(self, score: Score, ctx: RenderContext) -> Any:
        if self.duck_under is None:
            return None
        self._target_lufs()
        part = RenderContext({}, ctx.progress.sub(0.0, 0.1), ctx.engine)
        regions = speech_regions(self.duck_under, score.length_s, part)
        return duck_points(regions, self.duck_depth, self.duck_attack, self.duck_release)

    def _target_lufs(self) -> float:
        """Returns the loudness to master to: under a voice, what is wanted there before it goes down."""
        if self.duck_under is None:
            return ALONE_LUFS if self.loudness is None else self.loudness
        target = (UNDER_SPEECH_LUFS if self.loudness is None else self.loudness) + self.duck_depth
        if target > LOUDEST_LUFS:
            message = f"Without the voice the bed would be at {target:g} LUFS, which is too loud"
            raise ParamError(message, "Lower the loudness or the depth.", "param.loudness")
        return target

    def _font(self, score: Score, ctx: RenderContext) -> tuple[SoundFont, Asset | None, str]:
        presets = [preset_of(track) for track in score.tracks]
        if self.soundfont is None:
            asset = ctx.asset("instruments")
            sha256 = asset.manifest.asset.sha256
            return font_from_cache(sha256, asset.content(), presets), asset, sha256
        if not self.soundfont.is_file():
            raise MediaError(f"There is no file {self.soundfont}", "Check the path.", "media.missing")
        if self.soundfont.stat().st_size > _LARGEST_FONT:
            raise MediaError(f"{self.soundfont} is larger than 2 GiB", "Choose a smaller SoundFont.", "media.soundfont")
        sha256 = sha256_of_file(self.soundfont)
        try:
            return font_from_cache(sha256, str(self.soundfont), presets), None, sha256
        except MediaError as error:
            raise MediaError(f"{self.soundfont}: {error.message}", error.hint, error.code) from error

    def _voicing(self, score: Score, ctx: RenderContext) -> Voicing:
        wish = wish_from(self.timbre, self.timbre_seed, self.timbre_blend, self.timbre_amount)
        part = RenderContext({}, ctx.progress.sub(0.1, 0.1), ctx.engine)
        return voicing_of(score, wish, part)

    def _mastered(self, score: Score, sound: Played, ctx: RenderContext) -> tuple[Frames, float]:
        bed = empty_frames(score.length_samples)
        report = ctx.progress.sub(0.65, 0.25).report
        gain_db = master_sound(
            sound.mix,
            bed,
            target_lufs=self._target_lufs(),
            ceiling_db=CEILING_DBTP,
            cyclic=score.loop,
            progress=report,
        )
        return bed, gain_db

    def _mixed(self, bed: Frames, voice: Path, ctx: RenderContext) -> Frames:
        add_sound(bed, voice, ctx.progress.sub(0.9, 0.05))
        mix = empty_frames(len(bed))
        master_sound(bed, mix, target_lufs=None, ceiling_db=CEILING_DBTP, progress=ctx.progress.sub(0.95, 0.04).report)
        return mix

    def _hand_over(self, score: Score, sound: Played, gain_db: float, audio: Audio, ctx: RenderContext) -> None:
        """Hands over what is to be written beside the bed."""
        for name, stem in sound.stems.items():
            ctx.progress.report(0.99)
            apply_gains(stem, np.array([[0.0, 10 ** (gain_db / 20)]]))
            ctx.also_write(cast(Path, self.stems) / f"{name}.wav", Audio(stem.data, 2, RATE_HZ, "float"))
        if self.midi is not None:
            ctx.also_write(self.midi, midi_from_score(score))
        if self.plot is not None:
            ctx.also_write(self.plot, picture_from_score(score, audio))
