"""Keras to ONNX: conversion, graph clean-up, and the proof that the file computes what Keras computes.

The only package that imports TensorFlow, and that inside its functions.
"""

from harness.base.verbs import make_verb
from harness.export.architecture import architecture_digest
from harness.export.exporting import export, onnx_from_keras
from harness.export.proof.agreement import parity, require_parity
from harness.export.proof.examples import random_examples

__all__ = ["architecture_digest", "export", "onnx_from_keras", "parity", "random_examples", "require_parity"]

make_verb(__name__)
