"""Channels carry names: ids, which are the same, the groups they form, and how many of each go.

From outside: all of it, by what knows a graph. It knows neither Keras nor ONNX, and needs NumPy alone.
"""
