"""Kernels of a pruned ONNX graph solved again in closed form, on unlabelled examples, by the solver of Keras models.

From outside: `reconstruct_onnx`.
"""
