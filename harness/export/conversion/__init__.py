"""From Keras to the first ONNX graph, by tf2onnx: the only place that imports TensorFlow.

Private to `export`.
"""
