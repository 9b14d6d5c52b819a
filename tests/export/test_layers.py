"""Every Keras activation and every layer with weights comes out as Keras computes it, alone and in a batch."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import keras
import numpy as np
import onnx
import onnxruntime
import pytest

from harness.errors import ExportError, ParityError
from harness.export import export, onnx_from_keras, parity
from tests.export.nets import L, chain, examples, randomized, run

pytestmark = pytest.mark.filterwarnings("ignore:The structure of `inputs`")

Layers = Mapping[str, Callable[[], keras.layers.Layer]]

VECTORS: Layers = {
    "dense": lambda: L.Dense(4),
    "einsum": lambda: L.EinsumDense("ab,bc->ac", 5, bias_axes="c"),
    "prelu": L.PReLU,
    "discretization": lambda: L.Discretization([0.2, 0.5, 0.7]),
}
SEQUENCES: Layers = {
    "conv": lambda: L.Conv1D(4, 3, padding="same", dilation_rate=2),
    "causal": lambda: L.Conv1D(4, 3, padding="causal"),
    "grouped": lambda: L.Conv1D(8, 3, groups=2),
    "grouped causal": lambda: L.Conv1D(4, 3, groups=4, padding="causal", dilation_rate=2),
    "transposed": lambda: L.Conv1DTranspose(3, 3, strides=2, padding="same"),
    "depthwise": lambda: L.DepthwiseConv1D(3, depth_multiplier=2),
    "separable": lambda: L.SeparableConv1D(5, 3),
    "spectrum": lambda: L.STFTSpectrogram(frame_length=4, frame_step=2, fft_length=4),
    "shared prelu": lambda: L.PReLU(shared_axes=[1]),
    "gelu of each": lambda: L.TimeDistributed(L.Dense(5, activation="gelu")),
}
IMAGES: Layers = {
    "conv": lambda: L.Conv2D(4, 3, strides=2, padding="same", activation="gelu"),
    "grouped": lambda: L.Conv2D(8, 3, groups=2, activation="celu"),
    "grouped same": lambda: L.Conv2D(4, 3, groups=4, strides=2, padding="same"),
    "grouped dilated": lambda: L.Conv2D(8, (1, 3), groups=2, dilation_rate=2, use_bias=False),
    "transposed": lambda: L.Conv2DTranspose(3, 3, strides=2),
    "depthwise": lambda: L.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2),
    "separable": lambda: L.SeparableConv2D(5, 3),
    "batch": L.BatchNormalization,
    "layer": L.LayerNormalization,
    "layer, all axes": lambda: L.LayerNormalization(axis=[1, 2, 3]),
    "root mean square": L.RMSNormalization,
    "group": lambda: L.GroupNormalization(2),
    "instance": lambda: L.GroupNormalization(-1),
    "spectral": lambda: L.SpectralNormalization(L.Conv2D(4, 3)),
    "statistics": L.Normalization,
}
VOLUMES: Layers = {
    "conv": lambda: L.Conv3D(4, 3),
    "grouped": lambda: L.Conv3D(8, 3, groups=2),
    "grouped same": lambda: L.Conv3D(4, 3, groups=4, strides=2, padding="same"),
    "transposed": lambda: L.Conv3DTranspose(3, 3, strides=2, padding="same"),
}
FILMS: Layers = {
    "each": lambda: L.TimeDistributed(L.Conv2D(4, 3, groups=2)),
    "recurrent": lambda: L.ConvLSTM2D(4, 3),
    "both ways": lambda: L.Bidirectional(L.ConvLSTM2D(3, 3, padding="same", return_sequences=True)),
}
GROUPS: Mapping[str, tuple[tuple[int | None, ...], Layers]] = {
    "vectors": ((6,), VECTORS),
    "sequences": ((9, 4), SEQUENCES),
    "images": ((9, 9, 4), IMAGES),
    "volumes": ((6, 6, 6, 4), VOLUMES),
    "films": ((3, 7, 7, 4), FILMS),
    "rows of films": ((3, 8, 4), {"recurrent": lambda: L.ConvLSTM1D(4, 3, return_sequences=True)}),
    "films of volumes": ((2, 4, 4, 4, 2), {"recurrent": lambda: L.ConvLSTM3D(2, 3, padding="same")}),
}


def recurrent(kind: type[keras.layers.Layer]) -> Layers:
    """The last step; every step, both ways; and one on the other."""
    return {
        f"{kind.__name__}": lambda: kind(4),
        f"{kind.__name__} both ways": lambda: L.Bidirectional(kind(4, return_sequences=True), merge_mode="ave"),
        f"{kind.__name__} stacked": lambda: keras.Sequential(
            [L.Bidirectional(kind(4, return_sequences=True)), kind(3, go_backwards=True, activation="gelu")]
        ),
    }


RECURRENT: Layers = {
    **recurrent(L.GRU),
    **recurrent(L.SimpleRNN),
    **recurrent(L.LSTM),
    "masked": lambda: keras.Sequential([L.Masking(0.5), L.LSTM(3)]),
    "reset before": lambda: L.GRU(4, reset_after=False),
    "cells": lambda: L.RNN([L.GRUCell(4), L.LSTMCell(3), L.SimpleRNNCell(2)]),
    "two kinds": lambda: L.Bidirectional(L.LSTM(4), backward_layer=L.GRU(4, go_backwards=True)),
    "of each": lambda: keras.Sequential([L.Reshape((1, 7, 5)), L.TimeDistributed(L.GRU(3))]),
}
IN_A_TEST_OF_THEIR_OWN = {
    "AdditiveAttention", "Attention", "Embedding", "GroupQueryAttention", "GroupedQueryAttention",
    "MultiHeadAttention", "ReversibleEmbedding",
}  # fmt: skip
NO_ARRAYS = {"FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"}


def branches(shape: tuple[int | None, ...], layers: Layers) -> keras.Model:
    """One input, and an output for each layer, called by its name."""
    inputs = keras.Input(shape)
    return randomized(keras.Model(inputs, {name.replace(" ", "_"): make()(inputs) for name, make in layers.items()}))


def require_agreement(model: keras.Model, path: Path) -> None:
    """Parity over all outputs; where it fails, the outputs that differ are named."""
    images = examples(model, 6)
    onnx_from_keras(model, path)
    found = parity(model, path, images)
    if found.largest_difference <= 1e-4:
        return
    expected = keras.tree.flatten(model(images[0] if len(images) == 1 else images, training=False))
    names = [output.name for output in onnx.load(path).graph.output]
    pairs = zip(names, expected, run(path, *images), strict=True)
    pytest.fail(str({name: float(np.abs(np.asarray(one) - two).max()) for name, one, two in pairs}))


@pytest.mark.parametrize("name", GROUPS)
def test_layers(name: str, tmp_path: Path) -> None:
    """Several layers on one input, each an output."""
    require_agreement(branches(*GROUPS[name]), tmp_path / "net.onnx")


@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent_layers(name: str, tmp_path: Path) -> None:
    """One a file: tf2onnx takes long over many loops in one."""
    require_agreement(chain(RECURRENT[name](), shape=(7, 5)), tmp_path / "net.onnx")


def test_every_layer_with_weights_is_tried() -> None:
    """A layer that a new version of Keras brings is missed here."""
    tried: set[str] = set(IN_A_TEST_OF_THEIR_OWN)
    for layers in (*(layers for _, layers in GROUPS.values()), RECURRENT):
        for make in layers.values():
            tried |= set(_classes(make()))
    with_weights = {
        name
        for name, kind in vars(L).items()
        if inspect.isclass(kind) and issubclass(kind, L.Layer) and _adds_weights(kind)
    }
    assert {vars(L)[name].__name__ for name in with_weights} - tried - NO_ARRAYS == set()
    assert len(with_weights) > 40


def _classes(layer: keras.layers.Layer) -> list[str]:
    """The classes of a layer and of those inside it."""
    return [type(layer).__name__, *(name for inner in layer._flatten_layers(False) for name in _classes(inner))]


def _adds_weights(kind: type) -> bool:
    """Whether the file of a layer's class, or of one that it is made from, makes a weight."""
    files = {inspect.getfile(base) for base in inspect.getmro(kind) if base.__module__.startswith("keras.src.layers")}
    return any("self.add_weight(" in _text(file) for file in files - {inspect.getfile(L.Layer)})


@cache
def _text(file: str) -> str:
    return Path(file).read_text(encoding="utf-8")


def test_every_activation(tmp_path: Path) -> None:
    """All of keras.activations on one Dense layer, on inputs of both signs."""
    functions = {
        name: function
        for name, function in vars(keras.activations).items()
        if inspect.isfunction(function) and name not in {"get", "serialize", "deserialize", "threshold"}
    }
    assert len(functions) > 25
    inputs = keras.Input((6,))
    x = L.Dense(6)(inputs)
    outputs = {name: L.Activation(function)(x) for name, function in functions.items()}
    outputs["threshold"] = keras.ops.threshold(x, 0.3, 7.0)
    require_agreement(randomized(keras.Model(inputs, outputs)), tmp_path / "net.onnx")


def test_attention_and_embeddings(tmp_path: Path) -> None:
    """Queries and keys of one length and of two, masks among them, and tokens."""
    one, two, tokens = keras.Input((6, 8)), keras.Input((5, 8)), keras.Input((5,), dtype="int32")
    embedded = L.Embedding(16, 6, mask_zero=True)(tokens)
    reversible = L.ReversibleEmbedding(16, 6)
    outputs = {
        "heads": L.MultiHeadAttention(2, 4)(one, one),
        "heads_over": L.MultiHeadAttention(2, 4, value_dim=3, output_shape=5)(one, two),
        "causal": L.MultiHeadAttention(2, 4)(one, one, use_causal_mask=True),
        "grouped": L.GroupQueryAttention(4, 4, 2)(one, two),
        "dot": L.Attention(use_scale=True)([one, two]),
        "concat": L.Attention(use_scale=True, score_mode="concat")([one, two]),
        "additive": L.AdditiveAttention()([one, two]),
        "masked": L.GlobalAveragePooling1D()(L.MultiHeadAttention(2, 3)(embedded, embedded)),
        "masked_steps": L.GRU(3)(embedded),
        "tokens": reversible(L.Dense(6)(reversible(tokens)), reverse=True),
    }
    model = randomized(keras.Model([one, two, tokens], outputs))
    onnx_from_keras(model, tmp_path / "net.onnx")
    generator = np.random.default_rng(0)
    arrays = [generator.random((6, *tensor.shape[1:])) for tensor in (one, two)]
    found = parity(model, tmp_path / "net.onnx", [*arrays, generator.integers(0, 16, (6, 5))])
    assert found.largest_difference <= 1e-4


def test_sequences_of_any_length(tmp_path: Path) -> None:
    """The length of the sequence stays open where Keras leaves it open."""
    model = branches((None, 5), {"gru": lambda: L.GRU(4), "lstm": lambda: L.LSTM(4, return_sequences=True)})
    onnx_from_keras(model, tmp_path / "net.onnx")
    for steps in (1, 4, 11):
        x = np.random.default_rng(steps).random((3, steps, 5), np.float32)
        for expected, found in zip(keras.tree.flatten(model(x)), run(tmp_path / "net.onnx", x), strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-5)


def test_groups_are_a_convolutions_own(tmp_path: Path) -> None:
    """A grouped convolution is one Conv with `group`, whatever XLA makes of it."""
    layers = [L.Conv2D(8, 3, groups=4), L.Conv2D(8, 3, groups=8), L.Conv2D(6, 1, groups=2)]
    onnx_from_keras(chain(*layers, shape=(9, 9, 4)), tmp_path / "net.onnx")
    nodes = [node for node in onnx.load(tmp_path / "net.onnx").graph.node if node.op_type == "Conv"]
    assert [onnx.helper.get_node_attr_value(node, "group") for node in nodes] == [4, 8, 2]


def test_gelu_is_written_so_that_the_runtime_fuses_it(tmp_path: Path) -> None:
    """The exact gelu becomes one operation in ONNX Runtime."""
    onnx_from_keras(chain(L.Dense(8, activation="gelu"), L.Dense(3), shape=(6,)), tmp_path / "net.onnx")
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "fused.onnx")
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    onnxruntime.InferenceSession(tmp_path / "net.onnx", options, providers=["CPUExecutionProvider"])
    operations = Counter(node.op_type for node in onnx.load(tmp_path / "fused.onnx").graph.node)
    assert (operations["Gelu"] + operations["BiasGelu"], operations["Erf"]) == (1, 0)


def test_augmentation_is_gone(tmp_path: Path) -> None:
    """In inference these layers do nothing: no random operation, and the same bytes every time."""
    moved = L.RandomFlip(), L.RandomRotation(0.1), L.RandomZoom(0.1), L.RandomTranslation(0.1, 0.1)
    noisy = L.RandomContrast(0.1), L.RandomBrightness(0.1), L.GaussianNoise(0.1), L.SpatialDropout2D(0.1)
    augmentation = keras.Sequential([*moved, *noisy, L.GaussianDropout(0.1)])
    model = chain(augmentation, L.Rescaling(1 / 255), L.Conv2D(4, 3), L.Flatten(), L.AlphaDropout(0.1), L.Dense(3))
    files = [tmp_path / "first.onnx", tmp_path / "second.onnx"]
    for path in files:
        export(model, path, examples(model))
    assert files[0].read_bytes() == files[1].read_bytes()
    operations = {node.op_type for node in onnx.load(files[0]).graph.node}
    assert operations <= {"Mul", "Transpose", "Conv", "Reshape", "Gemm", "MatMul", "Add"}


def convnext(x: keras.KerasTensor) -> keras.KerasTensor:
    """A block of ConvNeXt: depthwise, LayerNormalization, gelu, a scale for each channel."""
    y = L.LayerNormalization(epsilon=1e-6)(L.DepthwiseConv2D(7, padding="same")(x))
    return L.Add()([x, L.Dense(8)(L.Dense(16, activation="gelu")(y))])


def resnext(x: keras.KerasTensor) -> keras.KerasTensor:
    """A block of ResNeXt, with RegNet's squeeze and excitation."""
    y = L.ReLU()(L.BatchNormalization()(L.Conv2D(8, 3, padding="same", groups=4, use_bias=False)(L.Conv2D(8, 1)(x))))
    gate = L.Conv2D(8, 1, activation="sigmoid")(L.GlobalAveragePooling2D(keepdims=True)(y))
    return L.ReLU()(L.Add()([x, L.Conv2D(8, 1)(L.Multiply()([y, gate]))]))


def transformer(x: keras.KerasTensor) -> keras.KerasTensor:
    """A block of ViT on the patches of an image, with learned positions."""
    patches = L.Reshape((16, 8))(L.Conv2D(8, 2, strides=2)(x))
    patches = L.Add()([patches, L.Embedding(16, 8)(keras.ops.expand_dims(keras.ops.arange(16), 0))])
    y = L.LayerNormalization(epsilon=1e-6)(patches)
    y = L.Add()([patches, L.MultiHeadAttention(2, 4)(y, y)])
    return L.Add()([y, L.Dense(8)(L.Dense(16, activation="gelu")(L.LayerNormalization()(y)))])


@pytest.mark.parametrize("block", [convnext, resnext, transformer])
def test_blocks_of_known_networks(block: Callable[[keras.KerasTensor], keras.KerasTensor], tmp_path: Path) -> None:
    """What ConvNeXt, ResNeXt, RegNet and ViT are made of, with a classifier behind it."""
    inputs = keras.Input((8, 8, 3))
    x = L.Flatten()(block(L.Conv2D(8, 3, padding="same")(inputs)))
    model = randomized(keras.Model(inputs, L.Dense(5, activation="softmax")(x)))
    export(model, tmp_path / "net.onnx", examples(model))


@pytest.mark.parametrize(
    ("interpolation", "sizes"), [("nearest", (7, 13)), ("bilinear", (7, 20)), ("bicubic", (20, 40))]
)
def test_resizing(interpolation: str, sizes: tuple[int, int], tmp_path: Path) -> None:
    """10 x 10 → 7 x 13: a scale of 0.7 is less as float32, and yet the sizes that ONNX infers are those of Keras."""
    model = chain(L.Resizing(*sizes, interpolation=interpolation), L.Conv2D(2, 1), shape=(10, 10, 3))
    export(model, tmp_path / "net.onnx", examples(model))
    onnx.shape_inference.infer_shapes(onnx.load(tmp_path / "net.onnx"), strict_mode=True, data_prop=True)


def test_branches_that_give_out_what_lies_outside(tmp_path: Path) -> None:
    """An If whose branch does nothing is valid for ONNX Runtime."""
    model = chain(L.Resizing(7, 13, pad_to_aspect_ratio=True), shape=(10, 10, 3))
    export(model, tmp_path / "net.onnx", examples(model))


def test_argmax(tmp_path: Path) -> None:
    """Keras reads the sign bit of zeros; the class comes out all the same."""
    inputs = keras.Input((6,))
    scores = L.Dense(4)(inputs)
    outputs = {"scores": scores, "best": keras.ops.argmax(scores, axis=-1)}
    model = randomized(keras.Model(inputs, outputs))
    export(model, tmp_path / "net.onnx", examples(model))
    zeros = np.array([[-0.0, 0.0, -0.0, -1.0]], np.float32)
    plain = keras.Sequential([keras.Input((4,)), L.Lambda(lambda x: keras.ops.argmax(x, axis=-1))])
    onnx_from_keras(plain, tmp_path / "plain.onnx")
    np.testing.assert_array_equal(run(tmp_path / "plain.onnx", zeros)[0], np.asarray(plain(zeros)))


@pytest.mark.parametrize(
    "layer",
    [L.UpSampling2D(2, interpolation="lanczos3", name="odd"), L.Resizing(5, 5, interpolation="bicubic", name="odd")],
    ids=["lanczos", "bicubic"],
)
def test_what_this_project_can_not_export(layer: keras.layers.Layer, tmp_path: Path) -> None:
    """The message is about this project, and names the layer, inside another model too."""
    inner = keras.Sequential([keras.Input((9, 9, 3)), layer], name="inner")
    wanted = r"this project has no conversion to ONNX of the operation \w+, which layer 'odd' uses"
    with pytest.raises(ExportError, match=wanted):
        onnx_from_keras(chain(inner, L.Conv2D(2, 1), shape=(9, 9, 3)), tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())


def test_outputs_that_mix_the_examples(tmp_path: Path) -> None:
    """A file for any batch size can't be compared where an output has no row for each example."""
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.ops.mean(L.Dense(3)(inputs)))
    with pytest.raises(ParityError, match=r"its output has shape \(\) for 40 examples, so it mixes them; export a mod"):
        export(model, tmp_path / "net.onnx", examples(model))


def test_layers_that_keep_a_state(tmp_path: Path) -> None:
    """What a stateful layer remembers is in no file; the layer is named, with what can be done."""
    model = keras.Sequential([keras.Input((5, 3), batch_size=6), L.GRU(3, stateful=True, name="memory")])
    with pytest.raises(ExportError, match="layer 'memory' keeps its state from one batch to the next"):
        onnx_from_keras(model, tmp_path / "net.onnx")


class OnlyTraced(L.Layer):
    """Can be traced, and not be run."""

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        import tensorflow as tf

        if tf.executing_eagerly():
            raise ValueError("only in a graph.")
        return x + 1.0

    def compute_output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return shape


def test_model_that_keras_can_not_run(tmp_path: Path) -> None:
    """What Keras says is in the one line, with the layer's class."""
    model = chain(OnlyTraced(), L.Dense(2), shape=(4,))
    with pytest.raises(ParityError, match=r"Keras itself can't run it .* \(OnlyTraced\.call\(\): only in a graph\)"):
        export(model, tmp_path / "net.onnx", examples(model))


def test_shape_that_keras_has_wrong(tmp_path: Path) -> None:
    """Keras says that glu keeps the shape; the file says what comes out."""
    onnx_from_keras(chain(L.Dense(6), L.Activation("glu"), shape=(4,)), tmp_path / "net.onnx")
    (output,) = onnx.load(tmp_path / "net.onnx").graph.output
    assert [size.dim_param or size.dim_value for size in output.type.tensor_type.shape.dim] == ["batch", 3]


def test_two_outputs_of_one_value(tmp_path: Path) -> None:
    """Dropout does nothing, so two outputs are the same; both are there, under their names."""
    inputs = keras.Input((4,))
    x = L.Dense(3)(inputs)
    model = randomized(keras.Model(inputs, {"plain": x, "dropped": L.Dropout(0.5)(x), "pair": [x, L.ReLU()(x)]}))
    export(model, tmp_path / "net.onnx", examples(model))
    assert [output.name for output in onnx.load(tmp_path / "net.onnx").graph.output] == [
        "dropped", "pair_0", "pair_1", "plain",
    ]  # fmt: skip


def test_shared_dense_kernel_is_written_once(tmp_path: Path) -> None:
    """An encoder that sees two images: its kernel, reordered for both, is in the file once."""
    encoder = keras.Sequential([keras.Input((12, 12, 3)), L.Conv2D(8, 3, activation="relu"), L.Flatten(), L.Dense(32)])
    pair = keras.Input((12, 12, 3)), keras.Input((12, 12, 3))
    model = randomized(keras.Model(pair, L.Dense(1)(keras.ops.abs(encoder(pair[0]) - encoder(pair[1])))))
    found = export(model, tmp_path / "net.onnx", examples(model))
    weights = sum(int(np.prod(weight.dims)) for weight in onnx.load(tmp_path / "net.onnx").graph.initializer)
    assert model.count_params() <= weights < model.count_params() + 20
    assert found.size_bytes < 4 * model.count_params() + 4000
