"""The float32 twin of a model that computes in another precision: the same layers, the same weights."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.base.crash import scratch
from harness.base.errors import ExportError
from harness.export.reason import reason

if TYPE_CHECKING:
    import keras

OTHER_FLOATS = ("float16", "bfloat16", "float64")
POLICY_KEYS = ("dtype", "default_policy")
VALUES = ("__numpy__", "__tensor__")
GIVEN = ("InputLayer", "__keras_tensor__")
"""What a model is given may have any type that ONNX Runtime takes from Python: the first layer casts it."""


@dataclass(frozen=True)
class Twin:
    """A model that computes in float32, and the dtype policy of the one that it stands for."""

    model: keras.Model
    policy: str


def float32_twin(model: keras.Model) -> Twin | None:
    """The model again with a float32 policy everywhere and its weights, or None where it computes in float32 already.

    Weights are float32 under the mixed policies, so nothing is lost. Under float16 and bfloat16 they fit float32
    exactly, under float64 they are rounded. The twin is made from the model's configuration, so nested models and
    wrapped layers are changed too, and casts between layers. The model itself is not touched.

    Raises:
        ExportError: the model can't be made again.
    """
    import keras

    try:
        with warnings.catch_warnings(action="ignore"):  # of a lambda among the activations, say: nothing is saved
            config = keras.saving.serialize_keras_object(model)
    except Exception as error:
        policies = [layer.dtype_policy.name for layer in _layers(model) if layer.compute_dtype in OTHER_FLOATS]
        if not policies:
            return None  # a layer that can't be saved, which is no reason not to export it
        raise _no_twin(model, policies[0], error) from error
    found: list[str] = []
    changed = _in_float32(config, found)
    if not found:
        return None
    policies = [layer.dtype_policy.name for layer in _layers(model)]
    policy = max(found, key=lambda name: (policies.count(name), name.startswith("mixed_"), name))
    changed.pop("compile_config", None)
    changed.pop("build_config", None)
    own = [type(layer) for layer in (model, *_layers(model)) if not type(layer).__module__.startswith("keras.")]
    try:
        with keras.saving.custom_object_scope({kind.__name__: kind for kind in own}):
            twin = keras.saving.deserialize_keras_object(changed, safe_mode=False)
        with scratch() as folder:
            weights = folder / "twin.weights.h5"
            model.save_weights(weights)
            twin.load_weights(weights)
    except Exception as error:
        raise _no_twin(model, policy, error) from error
    return Twin(twin, policy)


def _in_float32(config: Any, found: list[str], key: str = "") -> Any:
    """A copy of a saved configuration with every other precision replaced; `found` takes their names."""
    if isinstance(config, list | tuple):
        return [_in_float32(value, found) for value in config]
    if isinstance(config, dict):
        kind = config.get("class_name")
        if kind in VALUES:
            return config
        if kind == "DTypePolicy":
            return {**config, "config": {**config["config"], "name": _name(config["config"]["name"], found)}}
        inside: list[str] = []
        changed = {name: _in_float32(value, inside, name) for name, value in config.items()}
        found.extend(name for name in inside if kind not in GIVEN or name == "bfloat16")
        return changed
    return _name(config, found) if key in POLICY_KEYS and isinstance(config, str) else config


def _name(policy: str, found: list[str]) -> str:
    if policy.removeprefix("mixed_") not in OTHER_FLOATS:
        return policy
    found.append(policy)
    return "float32"


def _layers(model: keras.Model) -> list[Any]:
    """The layers of a model, and those inside them."""
    layers = list(model.layers)
    return layers + [inner for layer in layers if hasattr(layer, "layers") for inner in _layers(layer)]


def _no_twin(model: keras.Model, policy: str, error: Exception) -> ExportError:
    return ExportError(
        f"model '{model.name}' computes in {policy} and could not be made again in float32 ({reason(error)}); "
        "build it under keras.config.set_dtype_policy('float32'), give it these weights and export that"
    )
