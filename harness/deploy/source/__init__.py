"""Where what is bundled comes from: a run of a study (`from_run`), or an ONNX file by itself (`from_file`).

From outside: those two.
"""
