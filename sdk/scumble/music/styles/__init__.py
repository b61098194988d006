"""The styles that the engine knows, one room each."""

from scumble.music.style import Style
from scumble.music.styles.acoustic import ACOUSTIC
from scumble.music.styles.ambient import AMBIENT
from scumble.music.styles.bossa import BOSSA
from scumble.music.styles.cinematic import CINEMATIC
from scumble.music.styles.corporate import CORPORATE
from scumble.music.styles.hiphop import HIPHOP
from scumble.music.styles.house import HOUSE
from scumble.music.styles.lofi import LOFI
from scumble.music.styles.piano import PIANO
from scumble.music.styles.playful import PLAYFUL
from scumble.music.styles.synthwave import SYNTHWAVE
from scumble.music.styles.trailer import TRAILER
from scumble.music.styles.waltz import WALTZ

STYLES: dict[str, Style] = {
    style.name: style
    for style in (
        LOFI,
        AMBIENT,
        ACOUSTIC,
        CORPORATE,
        CINEMATIC,
        HOUSE,
        SYNTHWAVE,
        TRAILER,
        PIANO,
        HIPHOP,
        BOSSA,
        PLAYFUL,
        WALTZ,
    )
}
"""Every style by its name."""
