"""Pictures: buffers, rectangles and files."""
