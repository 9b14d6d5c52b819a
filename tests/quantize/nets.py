"""Small networks to quantize, and examples of which they get all right, since their labels are their own answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import helper

from tests.onnx_files import save, tensor, weight

SIZE, CLASSES = 12, 4


def network(path: Path, filters: int = 16, seed: int = 0) -> Path:
    """Conv → Relu → MaxPool → Conv → Relu → Flatten → Gemm → Softmax, on `image` (N, 12, 12, 1) to `scores`."""
    nodes = [
        helper.make_node("Transpose", ["image"], ["planes"], name="planes", perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["planes", "k1", "b1"], ["c1"], name="conv_1", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c1"], ["r1"], name="relu_1"),
        helper.make_node("MaxPool", ["r1"], ["p1"], name="pool", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["p1", "k2"], ["c2"], name="conv_2", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c2"], ["r2"], name="relu_2"),
        helper.make_node("Flatten", ["r2"], ["flat"], name="flatten"),
        helper.make_node("Gemm", ["flat", "rows", "offsets"], ["logits"], name="dense"),
        helper.make_node("Softmax", ["logits"], ["scores"], name="softmax"),
    ]
    half = SIZE // 2
    weights = [
        weight("k1", (filters, 1, 3, 3), seed),
        weight("b1", (filters,), seed + 1),
        weight("k2", (filters, filters, 3, 3), seed + 2),
        weight("rows", (filters * half * half, CLASSES), seed + 3),
        weight("offsets", (CLASSES,), seed + 4),
    ]
    return save(path, nodes, [tensor("image", ["N", SIZE, SIZE, 1])], [tensor("scores", ["N", CLASSES])], weights)


def images(count: int = 300, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).random((count, SIZE, SIZE, 1), np.float32)


def answers(path: Path, taken: NDArray[np.float32]) -> NDArray[np.int64]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.asarray(session.run(None, {name: taken})[0]).argmax(axis=1)


def run(path: Path, taken: NDArray[np.float32]) -> NDArray[np.float32]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {session.get_inputs()[0].name: taken})[0])


def labelled(path: Path, target: Path, count: int = 300) -> Path:
    """An `.npz` of images in two parts, labelled by a network's own answers."""
    train, test = images(count), images(count // 2, seed=1)
    arrays = {"train_images": train, "train_labels": answers(path, train)}
    arrays |= {"test_images": test, "test_labels": answers(path, test)}
    np.savez(target, **arrays, class_names=np.array([f"class {number}" for number in range(CLASSES)]))
    return target
