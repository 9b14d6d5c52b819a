"""Channels carry names: ids, which are the same, the groups they form, and how many of each go.

It knows neither Keras nor ONNX, and imports NumPy alone. From outside: all of it, by whatever can name the channels of
a graph.
"""
