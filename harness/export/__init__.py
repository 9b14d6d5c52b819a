"""Keras to ONNX: conversion, graph clean-up, and the proof that the file computes what Keras computes.

- `exporting`: the file, and the proof with it; `elsewhere` has it made in a process with TensorFlow
- `interface`: what the file's inputs and outputs are called; `architecture`: what it computes, apart from its weights
- `conversion`: from Keras to the first graph; `cleanup`: from that to the one in the file; `proof`: whether both agree

The only package that imports TensorFlow, and that inside its functions.
"""

from harness.base.verbs import make_verb
from harness.export.architecture import architecture_digest
from harness.export.exporting import export, onnx_from_keras
from harness.export.proof.agreement import parity, require_parity
from harness.export.proof.examples import random_examples

__all__ = ["architecture_digest", "export", "onnx_from_keras", "parity", "random_examples", "require_parity"]

make_verb(__name__)
