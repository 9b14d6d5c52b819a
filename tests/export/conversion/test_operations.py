"""What a file holds of known operations and blocks, and what is said where this project can't export one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import onnx
import onnxruntime
import pytest

from harness.base.errors import ExportError, ParityError
from harness.export import export, onnx_from_keras
from tests.export.nets import L, chain, examples, randomized, run

pytestmark = pytest.mark.filterwarnings("ignore:The structure of `inputs`")


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


def test_what_the_converter_leaves_half_converted(tmp_path: Path) -> None:
    """An operation of ONNX with inputs that it does not take: tf2onnx gave up on it, and Keras can't run it either."""
    layer = L.Conv2DTranspose(3, 2, padding="same", output_padding=0, name="odd")
    with pytest.raises(ExportError, match="of a ConvTranspose with these sizes and settings, which layer 'odd' uses"):
        onnx_from_keras(chain(layer, shape=(6, 6, 2)), tmp_path / "net.onnx")


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
