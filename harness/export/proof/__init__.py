"""Whether an ONNX file computes what its Keras model computes.

Private to `export`.
"""
