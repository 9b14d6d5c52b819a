"""ONNX Runtime: sessions, providers, proof of placement, and the process that measures."""
