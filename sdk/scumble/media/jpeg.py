"""ICC profiles in JPEG files: OpenImageIO spoils those above 64 KB when it writes, so they are put in afterwards."""

from __future__ import annotations

_SEGMENT_BYTES = 65519  # 65533 less the 14 of the label, the number and the count
_MOST_SEGMENTS = 255


def jpeg_with_profile(data: bytes, profile: bytes) -> bytes:
    """Returns a JPEG file's bytes with an ICC profile added, in as many segments as it takes (ICC.1, annex B.4).

    A profile too long for the 255 segments that there can be, 16.7 MB, is left out.
    """
    parts = [profile[at : at + _SEGMENT_BYTES] for at in range(0, len(profile), _SEGMENT_BYTES)]
    if len(parts) > _MOST_SEGMENTS:
        return data
    segments = b"".join(
        b"\xff\xe2" + (len(part) + 16).to_bytes(2, "big") + b"ICC_PROFILE\0" + bytes([number, len(parts)]) + part
        for number, part in enumerate(parts, start=1)
    )
    at = 2
    while data[at] == 0xFF and data[at + 1] in (0xE0, 0xE1):  # JFIF and EXIF come first
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return data[:at] + segments + data[at:]
