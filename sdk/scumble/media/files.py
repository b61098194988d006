"""Picture files: PNG, JPEG, TIFF, EXR and WebP, by content, within limits, whole or not at all."""

from __future__ import annotations

from scumble.media.headers import FileFormat, sniff
from scumble.media.reading import DEFAULT_MAX_MEGAPIXELS, read_image
from scumble.media.writing import format_from_name, write_image

__all__ = ["DEFAULT_MAX_MEGAPIXELS", "FileFormat", "format_from_name", "read_image", "sniff", "write_image"]
