"""The proof for ONNX: the cut graph against the original with the same channels masked, both in onnxruntime.

From outside: `prove`, `judge` and `Comparison`.
"""
