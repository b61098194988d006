"""Seconds and memory of Scumble beside plain ONNX Runtime and OpenCV programs for the same job."""
