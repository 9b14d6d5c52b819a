"""Prune Keras networks, prove it, and measure in ONNX Runtime what it cost and what it bought."""
