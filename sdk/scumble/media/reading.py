"""Picture files into memory, whole or not at all."""

from __future__ import annotations

import contextlib
import logging
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import OpenImageIO

from scumble.errors import MediaError, ParamError
from scumble.media.arrays import Array, image_from_array
from scumble.media.decoding import Room, check_decoder, decoded
from scumble.media.headers import FileFormat, damaged, header_from_file, truncated, unreadable
from scumble.media.image import ColorModel, Image, Transfer, model_of_channels
from scumble.media.metadata import is_unicode, metadata_from_spec
from scumble.media.orientation import UPRIGHT, upright_from_oriented
from scumble.media.profiles import inks_from_jpeg
from scumble.media.samples import straight_from_premultiplied
from scumble.media.spaces import colours_from_inks, is_for_reading_only, profile_of_file
from scumble.media.waiting import Listener, Tell, waited
from scumble.media.whole import check_whole

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

DEFAULT_MAX_MEGAPIXELS = 100.0

_log = logging.getLogger(__name__)

# Without this a file that its own reader refuses is offered to every other one, rare and unsafe formats included.
OpenImageIO.attribute("try_all_readers", 0)

_HARMLESS = re.compile(r"extraneous bytes before marker 0xd9")  # padding before a JPEG's end mark; pixels are whole
_CUT = re.compile(
    r"premature end|end of file|missing|error during reading|read error|got \d+ bytes|Couldn't decode", re.IGNORECASE
)

_TIFF_PHOTOMETRIC = {0, 1, 2, 3, 5, 6}  # the grays, RGB, palette, CMYK, YCbCr; not Lab, raw sensors, masks
_INKS = [0, 1, 2, 3]
_ANY_ROOM = Room()


def read_image(
    path: str | os.PathLike[str],
    *,
    max_megapixels: float = DEFAULT_MAX_MEGAPIXELS,
    heap_bytes: int | None = None,
    progress: Listener = None,
    decoder_bytes: int | None = None,
) -> Image:
    """Reads a PNG, JPEG, TIFF, EXR or WebP file, told by its content.

    The picture comes upright (EXIF orientation is applied), with straight alpha, in the file's own number format
    (8- and 16-bit, half, float; fewer bits become 8, double becomes float), and in its own colours: with its ICC
    profile, or one made of what else it says of them. Palettes become RGB or RGBA. CMYK becomes Adobe RGB by its
    profile; without one sRGB by the uncalibrated formula. EXR files are linear and fill their display window;
    channels beside R, G, B, A or Y, A are left out. Of several pages or frames the first is read. What is left out is
    said in the log `scumble.media`.

    Args:
        path: the file; its suffix does not matter.
        max_megapixels: limit on width times height as the header claims them, in millions; checked first.
        heap_bytes: how large a picture may be that stays in memory; a larger one is decoded strip by strip into a
            mapped file (`media.mapped`). None takes memory for any.
        progress: called with the share done, 20 times a second; what it raises is raised at once, wherever the
            decoder is.
        decoder_bytes: what decoding may take where strips cannot be read by themselves: of progressive JPEG,
            interlaced PNG, WebP and CMYK files, with the picture if that stays in memory. None takes what it takes.

    Raises:
        MediaError: media.missing, media.not_a_file, media.unreadable, media.empty_file, media.unknown_format,
            media.too_large, media.truncated, media.damaged, media.sample_type, media.channels,
            media.unsupported, media.no_space; whatever `progress` raises. A picture is never returned in part.
        MemoryBudgetTooSmall: `decoder_bytes` is not enough; nothing was decoded.
    """
    path = Path(path)
    header = header_from_file(path)
    _check_size(path, header.width, header.height, max_megapixels)
    try:
        room = Room(heap_bytes, decoder_bytes)
        return waited(lambda tell: _read(path, header.format, max_megapixels, room, tell), progress)
    except UnicodeDecodeError as error:  # names of channels, and reports that quote the file
        raise damaged(path, "it holds names that are no text") from error
    except OSError as error:
        raise unreadable(path, error) from error


def _read(path: Path, kind: FileFormat, max_megapixels: float, room: Room, tell: Tell) -> Image:
    check_whole(path, kind)
    with _opened(path, kind) as source:
        spec = source.spec()
        if "CMYK" in (spec.getattribute("jpeg:ColorSpace"), spec.getattribute("tiff:ColorSpace")):
            check_decoder(path, kind, spec, 0, room.decoder_bytes)
            return _read_inks(path, kind, spec, max_megapixels)
        _check_size(path, spec.width, spec.height, max_megapixels)
        if kind is FileFormat.EXR:
            _check_size(path, spec.full_width, spec.full_height, max_megapixels)
        model, channels = _channels(path, kind, spec)
        pixels = _decoded(path, kind, source, channels, room, tell)
        _tell_what_is_left_out(path, source, spec, channels)
    if model.has_alpha and not spec.getattribute("oiio:UnassociatedAlpha"):
        pixels = straight_from_premultiplied(pixels, room.heap_bytes)
    if kind is FileFormat.EXR:
        pixels = _on_display_window(pixels, spec)
    pixels = upright_from_oriented(pixels, spec.get_int_attribute("Orientation", UPRIGHT), room.heap_bytes)
    space = spec.get_string_attribute("oiio:ColorSpace", "")
    profile = profile_of_file(path, kind, spec, model)
    is_linear = kind is FileFormat.EXR or (profile is None and space.startswith("lin_"))
    if is_for_reading_only(profile) and pixels.dtype.kind != "f":
        colours, profile = colours_from_inks(path, pixels[..., :3], profile)
        pixels = np.dstack([colours, pixels[..., 3:]]) if model.has_alpha else colours
    image = image_from_array(pixels, transfer=Transfer.LINEAR if is_linear else Transfer.SRGB)
    return image.replace(icc_profile=profile, metadata=metadata_from_spec(spec))


def _read_inks(path: Path, kind: FileFormat, spec: OpenImageIO.ImageSpec, max_megapixels: float) -> Image:
    """Reads a CMYK file as it is, and makes its colours RGB by its profile."""
    _check_size(path, spec.width, spec.height, max_megapixels)
    if kind is FileFormat.JPEG:
        try:
            inks: Array = inks_from_jpeg(path.read_bytes(), round(max_megapixels * 1e6))
        except ParamError as error:
            raise damaged(path, error.message) from error
    else:
        with _opened(path, kind, as_inks=True) as source:
            if source.spec().nchannels < len(_INKS) or str(source.spec().format) not in ("uint8", "uint16"):
                message = f"{path} has inks that Scumble does not know"
                raise MediaError(message, "Save it as RGB, or as CMYK with 8 or 16 bits.", "media.unsupported")
            inks = _decoded(path, kind, source, _INKS)
            _tell_what_is_left_out(path, source, source.spec(), _INKS)
    embedded = spec.getattribute("ICCProfile")
    pixels, profile = colours_from_inks(path, inks, bytes(embedded) if embedded is not None else None)
    pixels = upright_from_oriented(pixels, spec.get_int_attribute("Orientation", UPRIGHT))
    return image_from_array(pixels).replace(icc_profile=profile, metadata=metadata_from_spec(spec))


def _check_size(path: Path, width: int, height: int, max_megapixels: float) -> None:
    megapixels = width * height / 1e6
    if megapixels > max_megapixels:
        message = f"{path} has {width} by {height} pixels, {megapixels:.0f} megapixels; the limit is {max_megapixels:g}"
        hint = "Scale it down, or raise the limit (--max-megapixels, max_megapixels=) if the file can be trusted."
        raise MediaError(message, hint, "media.too_large")


@contextlib.contextmanager
def _opened(path: Path, kind: FileFormat, *, as_inks: bool = False) -> Iterator[OpenImageIO.ImageInput]:
    """OpenImageIO chooses its reader by suffix; a file named otherwise is shown to it through a link."""
    wanted = OpenImageIO.ImageSpec()
    wanted.attribute("oiio:UnassociatedAlpha", 1)
    wanted.attribute("oiio:RawColor", int(as_inks))
    with contextlib.ExitStack() as stack:
        name = str(path)
        if path.suffix.lower() not in kind.suffixes or not is_unicode(name):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="scumble-"))
            link = Path(folder, "picture" + kind.suffixes[0])
            link.symlink_to(path.absolute())
            name = str(link)
        source = OpenImageIO.ImageInput.open(name, wanted)
        if source is None:
            raise _refused(path, OpenImageIO.geterror(), name)
        stack.callback(source.close)
        yield source


def _refused(path: Path, report: str, name: str = "") -> MediaError:
    reason = (report.strip().splitlines() or ["its decoder gave up"])[0].replace(name or str(path), path.name)
    return truncated(path) if _CUT.search(report) else damaged(path, reason)


def _channels(path: Path, kind: FileFormat, spec: OpenImageIO.ImageSpec) -> tuple[ColorModel, list[int]]:
    """Which of the file's channels make the picture, and what they are."""
    photometric = spec.getattribute("tiff:PhotometricInterpretation")
    if spec.deep or (photometric is not None and photometric not in _TIFF_PHOTOMETRIC):
        what = "deep pixels" if spec.deep else f"the TIFF colour space {photometric}"
        raise MediaError(f"{path} has {what}", "Save it as flat RGB or gray.", "media.unsupported")
    names = list(spec.channelnames)
    colour = ["R", "G", "B"] if {"R", "G", "B"} <= set(names) else ["Y"]
    wanted = [*colour, "A"] if "A" in names else colour
    is_other = not set(wanted) <= set(names) or {"RY", "BY"} & set(names)
    if is_other or (kind is not FileFormat.EXR and len(names) != len(wanted)):
        message = f"{path} has the channels {', '.join(names)}; R, G, B or Y, each with or without A, can be read"
        raise MediaError(message, "Save it as RGB or gray, with alpha or without.", "media.channels")
    return model_of_channels(len(wanted)), [names.index(name) for name in wanted]


def _decoded(
    path: Path,
    kind: FileFormat,
    source: OpenImageIO.ImageInput,
    channels: list[int],
    room: Room = _ANY_ROOM,
    tell: Tell = lambda _: None,
) -> Array:
    first, behind = min(channels), max(channels) + 1
    pixels = decoded(path, kind, source, (first, behind), room, tell)
    report = source.geterror()
    troubles = [line for line in report.splitlines() if line.strip() and not _HARMLESS.search(line)]
    if pixels is None or troubles:
        raise _refused(path, "\n".join(troubles))
    if channels != list(range(first, behind)):
        pixels = pixels[..., [channel - first for channel in channels]]
    return pixels


def _on_display_window(pixels: Array, spec: OpenImageIO.ImageSpec) -> Array:
    """An EXR's pixels may cover less or more than what is to be shown; what is not covered is 0."""
    left, top = spec.x - spec.full_x, spec.y - spec.full_y
    height, width, channels = pixels.shape
    if (left, top, width, height) == (0, 0, spec.full_width, spec.full_height):
        return pixels
    shown = np.zeros((spec.full_height, spec.full_width, channels), pixels.dtype)
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(spec.full_width, left + width), min(spec.full_height, top + height)
    if x0 < x1 and y0 < y1:
        shown[y0:y1, x0:x1] = pixels[y0 - top : y1 - top, x0 - left : x1 - left]
    return shown


def _tell_what_is_left_out(
    path: Path, source: OpenImageIO.ImageInput, spec: OpenImageIO.ImageSpec, channels: list[int]
) -> None:
    if source.seek_subimage(1, 0):
        _log.warning("%s holds several pictures; the first is read", path)
    source.geterror()  # there being no second one is no error
    if spec.nchannels > len(channels):
        _log.warning("%s has %d channels; %d are read", path, spec.nchannels, len(channels))
