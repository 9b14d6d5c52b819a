"""ONNX Runtime: sessions, providers, proof of placement, and the process that measures.

From outside: `environment`, `session`, `placement` and `usable`; the rest is for the protocol.
"""
