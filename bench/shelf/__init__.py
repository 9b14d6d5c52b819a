"""Beside onnxsim's pruner on the files of `make fetch-onnx`, and on `deepcaptcha`: `make bench-shelf`.

The same amount, the same calibration images, and answers on others. What is finished is kept in the store, so that a
run that was interrupted goes on where it stopped.
"""
