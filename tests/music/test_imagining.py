"""What a net writes into the form: exact, whole, in key, the same again, and never in place of the form itself."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence

import pytest
from tests.music.fake_net import FakeNet
from tests.music.test_hearing import played

from scumble.errors import MediaError, ParamError
from scumble.music import STYLES, Score, Wishes, compose, findings_from_score, midi_from_score
from scumble.music import vocabulary as v
from scumble.music.hearing import heard_from_score
from scumble.music.imagining_score import Imagination, heard_from_midi, imagine
from scumble.music.theory import scale_from_key
from scumble.music.writing import Taste

FULL, TUNE = Imagination("full"), Imagination("melody")


@pytest.mark.parametrize("style", sorted(STYLES))
@pytest.mark.parametrize("share", ["melody", "full"])
def test_strict_pieces_are_in_key_whole_and_exactly_as_long(style: str, share: str) -> None:
    imagination = FULL if share == "full" else TUNE
    for mode, duration_s in (("major", 23.456), ("minor", 31.0)):
        wishes = Wishes(duration_s, style, strict=True, mode=mode)  # type: ignore[arg-type]  # one of them
        score = imagine(wishes, 5, imagination, FakeNet)
        assert score.length_samples == wishes.length_samples
        assert findings_from_score(score).in_key == 1.0
        for track in score.tracks:
            assert all(0 <= note.start_s < note.end_s <= duration_s for note in track.notes)
            for one, other in itertools.combinations(track.notes[:60], 2):
                assert one.pitch != other.pitch or one.end_s <= other.start_s
        bars = [bar for heard in heard_from_score(score, style, keyed=True) for bar in heard.measures]
        assert len(bars) == len(score.bars)


def test_the_same_seed_gives_the_same_notes_and_another_gives_others() -> None:
    for imagination in (TUNE, FULL):
        one, same, other = (imagine(Wishes(30, "lofi"), seed, imagination, FakeNet) for seed in (1, 1, 2))
        assert one == same
        assert one.track("melody").notes != other.track("melody").notes


def test_the_melody_alone_leaves_everything_else_as_it_was() -> None:
    ruled = compose(Wishes(40, "acoustic"), 3)
    score = imagine(Wishes(40, "acoustic"), 3, TUNE, FakeNet)
    assert score.track("melody").notes != ruled.track("melody").notes
    assert [track for track in score.tracks if track.role != "melody"] == [
        track for track in ruled.tracks if track.role != "melody"
    ]
    assert (score.chords, score.sections) == (ruled.chords, ruled.sections)


def test_full_pieces_have_chords_of_their_own_and_close_as_the_form_does() -> None:
    wishes = Wishes(60, "corporate", key="C", mode="major")
    ruled, score = compose(wishes, 3), imagine(wishes, 3, FULL, FakeNet)
    assert [chord.symbol for chord in score.chords] != [chord.symbol for chord in ruled.chords]
    assert score.chords[-1].symbol == "I"
    assert score.chords[-2][2:] == ruled.chords[-2][2:]
    assert score.chords[0].start_s == 0
    assert score.chords[-1].end_s == pytest.approx(60)
    assert all(one.end_s == two.start_s for one, two in itertools.pairwise(score.chords))


def test_sections_return_with_their_melody() -> None:
    score = imagine(Wishes(90, "corporate"), 3, TUNE, FakeNet)
    returns = [section for section in score.sections if section.name == "A"]
    assert len(returns) > 1

    def tune(first_bar: int) -> list[tuple[int, int]]:
        bar = score.bars[first_bar]
        beats = ((score.tempo.beat_from_seconds(note.start_s), note.pitch) for note in score.track("melody").notes)
        return [
            (round(4 * (beat - bar.start_beat)), pitch) for beat, pitch in beats if -0.1 <= beat - bar.start_beat < 7.9
        ]

    assert tune(returns[0].first_bar) == tune(returns[1].first_bar)


def test_a_full_memory_begins_anew_with_the_newest_bars() -> None:
    nets: list[FakeNet] = []

    def maker() -> FakeNet:
        nets.append(FakeNet(96))
        return nets[-1]

    score = imagine(Wishes(60, "waltz"), 1, TUNE, maker)
    assert score.track("melody").notes
    assert nets[0].begun > 2
    assert nets[0].most_told <= 96


def test_small_errors_of_the_net_change_no_note() -> None:
    wishes = Wishes(30, "lofi")
    one, other = (imagine(wishes, 4, TUNE, lambda error=error: FakeNet(error=error)) for error in (0.0, 1e-9))  # type: ignore[misc]  # a default
    assert one == other


def test_a_piece_goes_on_from_music_in_its_key_and_tempo() -> None:
    before = compose(Wishes(30, "lofi", key="Eb", mode="minor", tempo_bpm=80), 8)
    heard = heard_from_midi(midi_from_score(before))
    nets: list[FakeNet] = []

    def maker() -> FakeNet:
        nets.append(FakeNet(2048))
        return nets[-1]

    score = imagine(Wishes(30, "lofi"), 1, dataclasses.replace(TUNE, before=heard), maker)
    assert (score.key, score.mode) == (before.key, before.mode)
    assert score.tempo.bpm_at(0) == pytest.approx(80, rel=0.01)
    tune = dataclasses.replace(heard, heading=dataclasses.replace(heard.heading, parts=("melody",))).words_of_bars()
    assert nets[0].told[7 : 7 + len(tune)] == tune
    alone = imagine(Wishes(30, "lofi", key="Eb", mode="minor", tempo_bpm=80), 1, TUNE, FakeNet)
    assert alone.track("melody").notes != score.track("melody").notes
    own = imagine(Wishes(30, "lofi", key="A"), 1, dataclasses.replace(TUNE, before=heard), FakeNet)
    assert own.key == 9


def test_a_blend_lies_between_two_seeds() -> None:
    wishes = Wishes(40, "lofi", key="C", mode="major")

    def notes(imagination: Imagination) -> Score:
        return imagine(wishes, 1, imagination, FakeNet)

    own = notes(TUNE)
    assert notes(dataclasses.replace(TUNE, blend=9, blend_amount=0.0)) == own
    half = notes(dataclasses.replace(TUNE, blend=9, blend_amount=0.5))
    assert half == notes(dataclasses.replace(TUNE, blend=9, blend_amount=0.5))
    assert half != own
    assert half != notes(dataclasses.replace(TUNE, blend=10, blend_amount=0.5))


def test_daring_zero_needs_no_chance() -> None:
    score = imagine(Wishes(20, "piano"), 1, dataclasses.replace(TUNE, taste=Taste(0.0)), FakeNet)
    assert score.length_samples == 20 * 48_000


@pytest.mark.parametrize(("content", "code"), [(b"", "media.midi"), (b"RIFF" * 10, "media.midi")])
def test_what_is_no_music_cannot_be_continued(content: bytes, code: str) -> None:
    with pytest.raises(MediaError) as caught:
        heard_from_midi(content)
    assert caught.value.code == code


def test_music_that_cannot_be_notated_cannot_be_continued() -> None:
    triplets = played(grid=4 / 3)
    with pytest.raises(MediaError) as caught:
        heard_from_midi(midi_from_score(triplets))
    assert caught.value.hint


def test_without_a_melody_there_is_nothing_to_compose() -> None:
    with pytest.raises(ParamError) as caught:
        imagine(Wishes(20, "lofi", melody=False), 1, TUNE, FakeNet)
    assert caught.value.code == "param.composer"
    assert all(track.role != "melody" for track in imagine(Wishes(20, "lofi", melody=False), 1, FULL, FakeNet).tracks)


def test_free_pieces_stay_near_their_key() -> None:
    score = imagine(Wishes(60, "cinematic", mode="minor"), 2, FULL, FakeNet)
    scale = scale_from_key(score.key, score.mode)
    assert all(len(set(chord.pitch_classes) - set(scale)) <= 2 for chord in score.chords)


def test_the_lead_is_never_silent_for_long_and_chords_do_not_stand_still() -> None:
    class Sleepy(FakeNet):
        """Wants rests and the tonic, and nothing else."""

        def foretell(self, words: Sequence[int]) -> Sequence[float]:
            logits = list(super().foretell(words))
            for number in (v.number("tune", v.REST), v.number("chord", 0), v.number("until", 15)):
                logits[number] = 50.0
            return logits

    score = imagine(Wishes(60, "corporate", mode="major"), 1, FULL, Sleepy)
    (heard, *_) = heard_from_score(score, "corporate", keyed=True)
    for section in score.sections:
        if section.name in ("A", "B") and section.first_bar + section.bars < len(heard.measures):
            bars = heard.measures[section.first_bar : section.first_bar + section.bars]
            begun = [any(cell.value > v.HOLD for cell in bar.melody) for bar in bars]
            assert all(one or other for one, other in itertools.pairwise(begun))
            roots = [bar.chords[0].chord.root for bar in bars]
            assert all(len(set(roots[place : place + 3])) > 1 for place in range(len(roots) - 2))


def test_groove_moves_notes_but_no_section() -> None:
    stiff, loose = (compose(Wishes(40, "house", groove=groove), 1) for groove in (0.0, 2.0))
    kicks = [note for note in stiff.track("drums").notes if note.pitch == 36]
    late = next(part.late_s for part in STYLES["house"].parts if part.role == "drums")
    steps = [stiff.tempo.beat_from_seconds(note.start_s - late) * 4 for note in kicks]
    off = sum(abs(step - round(step)) > 1e-6 for step in steps)
    assert off <= len(stiff.sections)
    assert len({round(note.velocity, 6) for note in kicks}) < len(kicks) / 2
    assert stiff.sections == loose.sections
    for section in loose.sections[1:-1]:
        near = min(abs(note.start_s - section.start_s) for track in loose.tracks for note in track.notes)
        assert near < 1e-9
    moved = [
        abs(one.start_s - two.start_s)
        for one, two in zip(stiff.track("drums").notes, loose.track("drums").notes, strict=True)
    ]
    assert 0.0005 < sum(moved) / len(moved) < 0.04
