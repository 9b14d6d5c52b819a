"""The names by which an ONNX file's inputs and outputs are called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.base.errors import ExportError

if TYPE_CHECKING:
    import keras

BATCH = "batch"
Dimension = int | str


@dataclass(frozen=True)
class Port:
    """An input or output: its name, and its shape with symbols such as `batch` for what is not fixed."""

    name: str
    shape: tuple[Dimension, ...]


@dataclass(frozen=True)
class Interface:
    """A model's inputs and outputs, in the order in which Keras flattens them."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]


def describe(model: keras.Model) -> Interface:
    """The names and shapes of a model's inputs and outputs.

    One input is `input`, one output `output`. Several are called by their key where the model takes or gives a
    dict, else by the name given to `keras.Input` or to the layer. A name that Keras made up (`dense_7`) depends on
    what was built before; it becomes `input_0`, `output_1` and so on.

    Raises:
        ExportError: the model has no defined inputs, or takes text.
    """
    import keras

    try:
        inputs, outputs = model.inputs, model.outputs
    except AttributeError:
        inputs = outputs = None
    if not inputs or not outputs:
        raise ExportError(
            f"model '{model.name}' has no defined inputs; make it a Sequential that starts with keras.Input, or "
            "keras.Model(inputs, outputs)"
        )
    texts = [str(tensor.name) for tensor in inputs if tensor.dtype == "string"]
    if texts:
        raise ExportError(
            f"model '{model.name}' takes text in its input '{texts[0]}', which can't be exported; give it numbers, and "
            "look up what they stand for before the model"
        )
    output = outputs[0] if isinstance(model, keras.Sequential) else model.output
    input_names = _names("input", _keys(input_structure(model)), [_made_by(tensor) for tensor in inputs])
    output_names = _names("output", _keys(output), [_made_by(tensor) for tensor in outputs], input_names)
    shapes = [[tuple(tensor.shape) for tensor in keras.tree.flatten(tensors)] for tensors in (inputs, outputs)]
    return Interface(
        tuple(Port(name, _dimensions(name, shape)) for name, shape in zip(input_names, shapes[0], strict=True)),
        tuple(Port(name, _dimensions(name, shape)) for name, shape in zip(output_names, shapes[1], strict=True)),
    )


def with_output_shapes(interface: Interface, shapes: Sequence[Any]) -> Interface:
    """The interface with the sizes that TensorFlow found where Keras, which may be mistaken, says another.

    `Activation("glu")` says that its output has the shape of its input, and halves it.

    Args:
        interface: what Keras says.
        shapes: a `tf.TensorShape` for each output.
    """
    outputs = []
    for port, shape in zip(interface.outputs, shapes, strict=True):
        found = shape.as_list() if shape.rank else []
        if len(found) == len(port.shape):
            rest = [port.shape[axis] if size is None else size for axis, size in enumerate(found)][1:]
            outputs.append(Port(port.name, (*port.shape[:1], *rest)))
        else:
            outputs.append(Port(port.name, _dimensions(port.name, tuple(found))) if found else port)
    return Interface(interface.inputs, tuple(outputs))


def as_asked(interface: Interface, batch: int | None, turned: Sequence[int]) -> Interface:
    """The interface for batches of one size (None: of any), with channels first in the inputs that are turned."""
    inputs = [_channels_first(port) if index in turned else port for index, port in enumerate(interface.inputs)]
    return Interface(*(tuple(_with_batch(port, batch) for port in ports) for ports in (inputs, interface.outputs)))


def _channels_first(port: Port) -> Port:
    batch, height, width, channels = port.shape
    return Port(port.name, (batch, channels, height, width))


def _with_batch(port: Port, batch: int | None) -> Port:
    sizes = tuple(batch if size == BATCH and batch is not None else size for size in port.shape[:1])
    return Port(port.name, (*sizes, *port.shape[1:]))


def turned_inputs(model: keras.Model, interface: Interface, layout: str | None) -> tuple[int, ...]:
    """The inputs that a file takes channels first, where the model takes them last, by their places.

    Raises:
        ExportError: no input holds images, or the model takes channels first and the file shall not.
    """
    import keras

    images = tuple(index for index, port in enumerate(interface.inputs) if len(port.shape) == 4)
    if layout is None:
        return ()
    if not images:
        ports = ", ".join(f"{port.name} {port.shape}".replace("'", "") for port in interface.inputs)
        raise ExportError(f"layout = '{layout}': is for images, and model '{model.name}' takes {ports}; leave it out")
    own = [layer.data_format for layer in model._flatten_layers() if hasattr(layer, "data_format")]
    own = (own or [keras.config.image_data_format()])[0]
    if own == "channels_first" and layout == "nhwc":
        raise ExportError(f"layout = 'nhwc': model '{model.name}' takes channels first; leave it out")
    return images if layout == "nchw" and own == "channels_last" else ()


def input_structure(model: keras.Model) -> Any:
    """What the model is called with: a tensor, or a list or dict of tensors."""
    import keras

    return model.inputs[0] if isinstance(model, keras.Sequential) else model.input


def _names(kind: str, keys: Sequence[str] | None, layers: Sequence[Any], taken: Sequence[str] = ()) -> list[str]:
    """A name for each; `layers` are the layers that made the tensors, `taken` the names not to use."""
    if len(layers) == 1:
        return [kind]
    names: list[str] = []
    for index, layer in enumerate(layers):
        name = keys[index] if keys else layer.name
        automatic = not keys and is_automatic(layer)
        names.append(f"{kind}_{index}" if automatic or name in {*names, *taken} else name)
    return names


def is_automatic(layer: keras.layers.Layer) -> bool:
    """Whether a layer's name is its class and a counter, as Keras makes up: `dense_7`."""
    stem = re.sub(r"_\d+$", "", str(layer.name))
    return stem.replace("_", "").lower() == type(layer).__name__.lower()


def _keys(structure: Any) -> list[str] | None:
    """The key of each tensor of a dict, in the order in which Keras flattens it; `a_0`, `a_1` where `a` has two."""
    import keras

    if not isinstance(structure, dict):
        return None
    return ["_".join(str(part) for part in path) for path, _ in keras.tree.flatten_with_path(structure)]


def _made_by(tensor: Any) -> Any:
    return tensor._keras_history.operation


def _dimensions(name: str, shape: tuple[int | None, ...]) -> tuple[Dimension, ...]:
    rest = [f"{name}_{axis}" if size is None else size for axis, size in enumerate(shape[1:], start=1)]
    return (BATCH, *rest) if shape else ()
