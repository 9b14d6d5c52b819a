"""A copy of the user's network that can be looked into and trained, so that the original is never touched.

The copy is one flat chain of calls: models inside models are unfolded, and an activation inside a layer becomes a call
of its own, so that a Dense layer with a ReLU reads as two steps. Everything here is Keras's public interface, but for
which of a layer's outputs a model ends in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import keras

from harness.base.errors import ModelError
from harness.diagnose.network.calls import Call, Network, is_tensor
from harness.diagnose.network.layers import FUSED, activation_name

_SCOPE = re.compile(r"[A-Za-z0-9_.\\/>-]*")  # TensorFlow trains no layer whose name does not match


@dataclass(frozen=True)
class Edit:
    """A change of the architecture, by layer name.

    Attributes:
        drop: activations left out, and layers of one input without a kernel.
        softmax_last: whether a Softmax is put at the very end.
        activations: functions in place of activations, or of none.
        options: of layers, in place of those in their configuration.
        penalties: what every regularizer is multiplied by.
    """

    drop: frozenset[str] = frozenset()
    softmax_last: bool = False
    penalties: float = 1.0
    activations: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class CallFailedError(Exception):
    """A layer can't take what comes before it."""

    def __init__(self, name: str, layer: Any, shape: tuple[int, ...], reason: str) -> None:
        super().__init__(reason)
        self.name, self.layer, self.shape, self.reason = name, layer, shape, reason


def copy_network(
    model: keras.Model, input_shape: tuple[int, ...], *, edit: Edit | None = None, seed: int | None = None
) -> Network:
    """Copy a model, with its weights, or with fresh initial ones drawn from `seed`. It has the model's penalties.

    `model` is functional or Sequential, of one input and one output. `input_shape` is that of one image, which decides
    where the model leaves a length open.

    Raises:
        CallFailedError: a layer can't take what the one before it makes of such images.
        ModelError: a layer can't be copied.
    """
    copier = _Copier(edit or Edit(), seed)
    inputs = keras.Input(input_shape, dtype=model.inputs[0].dtype, name="image")
    output = copier.run(model, inputs)
    if copier.edit.softmax_last:
        output = copier.record("softmax_last", keras.layers.Softmax(name="softmax_last"), "softmax", (output,), {})
    return Network(keras.Model(inputs, output), tuple(copier.calls))


@dataclass
class _Copier:
    edit: Edit
    seed: int | None
    calls: list[Call] = field(default_factory=list)
    copies: dict[int, Any] = field(default_factory=dict)
    sources: dict[int, Any] = field(default_factory=dict)
    prefix: str = ""
    last: Any = None

    def run(self, model: Any, tensor: Any) -> Any:
        """Call copies of a model's layers, one after the other, beginning with `tensor`; return what comes out."""
        self.last = tensor

        def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
            self.last = self.call(layer, args, kwargs)
            return self.last

        view = keras.Model(model.inputs[0], model.outputs[0])
        keras.models.clone_model(view, input_tensors=tensor, clone_function=self.copy, call_function=call)
        # Keras runs the call that makes a model's output after all others.
        return keras.tree.flatten(self.last)[model.outputs[0]._keras_history.tensor_index]

    def copy(self, layer: Any) -> Any:
        """The copy of a layer, the same one however often it is used; a model inside is unfolded later."""
        if _is_nested(layer):
            return layer
        if id(layer) not in self.copies:
            copied = self._copied(layer)
            self.copies[id(layer)] = copied
            self.sources[id(copied)] = layer
        return self.copies[id(layer)]

    def call(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a copied layer, as one call or, with its activation, two; return what comes out."""
        source = self.sources.get(id(layer), layer)
        name = self.prefix + source.name
        if _is_nested(layer):
            with self._inside(name):
                return self.run(layer, args[0])
        function = activation_name(source)
        if name in self.edit.drop and not isinstance(source, FUSED):
            return next(x for x in keras.tree.flatten((args, kwargs)) if is_tensor(x))
        replaced = self.edit.activations.get(name)
        if function is not None and replaced is not None:
            layer, function, args, kwargs = keras.layers.Activation(replaced), replaced, args[:1], {}
        output = self.record(name, layer, function, args, kwargs)
        self._take_weights(layer, source)
        fused = _fused_activation(source)
        penalty = None if fused is None else self._scaled(source.activity_regularizer)
        if replaced is not None and isinstance(source, FUSED):
            fused = keras.activations.get(replaced)
        if fused is None or name in self.edit.drop:
            return output
        activation = keras.layers.Activation(fused, dtype=source.dtype_policy, activity_regularizer=penalty)
        return self.record(name, activation, activation_name(activation), (output,), {})

    def record(self, name: str, layer: Any, function: str | None, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a layer and keep the call; return what it makes."""
        try:
            output = layer(*args, **kwargs)
        except (ValueError, TypeError) as error:
            shape = next(tuple(x.shape[1:]) for x in keras.tree.flatten((args, kwargs)) if is_tensor(x))
            raise CallFailedError(name, layer, shape, _reason(error)) from None
        self.calls.append(Call(name, layer, function, args, kwargs, output))
        return output

    def _copied(self, layer: Any) -> Any:
        if isinstance(layer, keras.layers.Lambda):
            return keras.layers.Lambda(layer.function, arguments=layer.arguments, name=layer.name)
        if getattr(layer, "quantization_mode", None) is not None:
            raise ModelError(f"layer '{layer.name}' is quantized, and can't learn; diagnose the model before that")
        try:
            config = {**layer.get_config(), **self.edit.options.get(self.prefix + layer.name, {})}
            if not _SCOPE.fullmatch(layer.name):
                config["name"] = f"renamed.{len(self.copies)}"
            seed = None if self.seed is None else 1000 * self.seed + len(self.copies)
            copied = type(layer).from_config(_plain(layer, config, seed))
        except (NotImplementedError, TypeError, ValueError) as error:
            raise ModelError(
                f"layer '{layer.name}' ({type(layer).__name__}) can't be copied: {_reason(error)}; "
                "give it a get_config that its constructor takes"
            ) from None
        if isinstance(layer, keras.layers.Layer) and _fused_activation(layer) is None:
            copied.activity_regularizer = self._scaled(layer.activity_regularizer)
        return copied

    def _scaled(self, regularizer: Any) -> Any:
        factor = self.edit.penalties
        if regularizer is None or factor == 1:
            return regularizer
        return lambda value: factor * regularizer(value)

    def _take_weights(self, layer: Any, source: Any) -> None:
        if isinstance(layer, keras.layers.Normalization):
            # What it was adapted to is no matter of training, and only takes effect when it is loaded.
            adapted: dict[str, Any] = {}
            source.save_own_variables(adapted)
            layer.load_own_variables(adapted)
        elif self.seed is None and isinstance(layer, keras.layers.Layer):
            layer.set_weights(source.get_weights())
        if isinstance(layer, keras.layers.Layer):
            # It is the weight's own regularizer that counts, also of a layer inside another.
            for copied, original in zip(layer.weights, source.weights, strict=True):
                copied.regularizer = self._scaled(original.regularizer)

    @contextmanager
    def _inside(self, name: str) -> Iterator[None]:
        outside, self.prefix = self.prefix, f"{name}/"
        try:
            yield
        finally:
            self.prefix = outside


def _plain(layer: Any, config: dict[str, Any], seed: int | None) -> dict[str, Any]:
    """A layer's configuration without regularizers, which come over as they are, and activation; seeds repeat."""
    plain = {key: None if key.endswith("_regularizer") else value for key, value in config.items()}
    if "seed" in plain and plain["seed"] is None:
        plain["seed"] = seed or 0
    for key, value in plain.items():
        if seed is not None and key.endswith("_initializer") and isinstance(value, dict) and "seed" in value["config"]:
            plain[key] = {**value, "config": {**value["config"], "seed": seed}}
    if isinstance(layer, FUSED):
        plain["activation"] = "linear"
    return plain


def _fused_activation(layer: Any) -> Any:
    """The activation function inside a layer with weights that becomes a call of its own; None where there is none."""
    function = layer.activation if isinstance(layer, FUSED) else None
    return None if function is keras.activations.linear else function


def _is_nested(layer: Any) -> bool:
    """Whether this is a model inside a model that can be unfolded."""
    inside = isinstance(layer, keras.Model) and hasattr(layer, "inputs")
    return inside and len(layer.inputs) == 1 and len(layer.outputs) == 1


def _reason(error: Exception) -> str:
    """The first line of Keras's message that says something."""
    lines = [line.replace("\x1b[1m", "").replace("\x1b[0m", "").strip() for line in str(error).splitlines()]
    telling = [line for line in lines if line and not line.startswith("Exception encountered")]
    return telling[0].rstrip(".") if telling else type(error).__name__
