"""Reads an ONNX graph, sends names through it by a rule for each operator, and cuts it. Needs no Keras.

From outside: `read_onnx`, `trace` and `remove`, and what they give.
"""
