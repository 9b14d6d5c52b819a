"""ONNX files on the same core: read, named, cut, proved and reconstructed, without Keras.

From outside: `files`, and `onnx_rule` of `graph`.
"""
