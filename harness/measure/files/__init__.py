"""What an ONNX file is: its bytes, work, weights, and what it alone shows to be slow.

From outside: all of it; none runs the file.
"""
