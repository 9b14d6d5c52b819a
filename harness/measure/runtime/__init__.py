"""ONNX Runtime: sessions, providers, proof of placement, and the process that measures.

From outside: `environment`, `session`, `placement`, `usable`, and `alone` for whatever measures; the rest is for the
protocol.
"""
