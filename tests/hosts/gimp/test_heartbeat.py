"""GIMP's window stays usable while a job of 12 megapixels runs: a pulse through its main loop tells the gaps."""

from __future__ import annotations

import threading
import time

from PIL import Image as Picture
from tests.hosts.gimp.conftest import Workplace
from tests.hosts.gimp.screen import Screen
from tests.hosts.harness import PHOTOS

MOST_MS = 200.0  # a freeze that anybody feels, on top of the machine's own; the figures themselves are printed
ATTEMPTS = 5  # a busy machine holds everybody up now and then; what the adapter did, it would do each time
# Each beat is a question that only GIMP's main loop can answer; a gap is the time from asking to the answer, without
# that for which the two were ready to run while others had the processors.
PULSE = """
import os, time
asker = [Path(f"/proc/{pid}/schedstat") for pid in (os.getppid(), os.getpid())]
def waited_ms():
    return sum(int(path.read_text().split()[1]) for path in asker) / 1e6
count, before, after, end = len(image.get_layers()), [0.0], [0.0], time.monotonic() + limit_s
gaps = before
while time.monotonic() < end:
    asked, waited = time.monotonic(), waited_ms()
    there = len(image.get_layers())
    gaps.append(1000 * (time.monotonic() - asked) - (waited_ms() - waited))
    if there != count and gaps is before:
        gaps, end = after, time.monotonic() + 2.0
    time.sleep(0.002)
answer = [max(before), max(after), len(before), len(after)]
"""
ALONE = """
layer = image.get_layers()[-1]
copy = Gimp.Layer.new_from_drawable(layer, image)
buffer = copy.get_buffer()
for top in range(0, 3000, 128):
    rect = Gegl.Rectangle.new(0, top, 4000, min(128, 3000 - top))
    strip = bytes(buffer.get(rect, 1.0, RGB, Gegl.AbyssPolicy.NONE))
    buffer.set(rect, RGB, strip[3:] + strip[:3])
buffer.flush()
image.insert_layer(copy, None, 0)
Gimp.displays_flush()
"""


def test_no_long_gap_is_the_adapters(screen: Screen, workplace: Workplace) -> None:
    large = workplace.folder / "twelve megapixels.png"
    with Picture.open(PHOTOS / "rocket.jpg") as picture:
        picture.convert("RGB").resize((4000, 3000)).save(large, compress_level=1)
    screen.show(large)
    time.sleep(2.0)
    idle = screen.gimp.run(PULSE, limit_s=2.0)[0]
    workplace.reference("colorize", large)  # the machine has read what it needs
    alone = [max(screen.gimp.run(ALONE + PULSE, limit_s=2.0)[:2]) for _ in range(3)]
    outside, during, after = [], [], []
    for _ in range(ATTEMPTS):
        other = threading.Thread(target=workplace.reference, args=("colorize", large))
        other.start()
        outside.append(screen.gimp.run(PULSE, limit_s=5.0)[0])
        other.join()
        window = screen.filter_dialog("Colorize")
        clicker = threading.Timer(0.3, screen.confirm, [window])
        clicker.start()
        worst_before, worst_after, beats, beats_after = screen.gimp.run(PULSE, limit_s=60.0)
        clicker.join()
        assert beats > 10  # the pulse was there; how fast it is, is the machine's matter
        assert beats_after > 3
        during.append(worst_before)
        after.append(worst_after)
        if worst_before <= max(outside) + MOST_MS and worst_after <= max(alone) + MOST_MS:
            break
    figures = (
        f"idle {idle:.0f}, the same work outside {outside}, while it runs {during}, GIMP's own redraw {alone}, "
        f"after a result {after} ms"
    )
    print(figures)  # noqa: T201 - figures for the reader
    # What keeps GIMP waiting while others work as hard is the machine's; nothing may come on top of that.
    assert min(during) <= max(outside) + MOST_MS, figures
    # A new layer of this size keeps GIMP busy with its own thumbnail and redraw; nothing may come on top of that.
    assert min(after) <= max(alone) + MOST_MS, figures
