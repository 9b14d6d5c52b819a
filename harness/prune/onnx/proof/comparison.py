"""Original and pruned graph side by side: random settings that tell, and how far apart the two come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import onnx_ir as ir

from harness.base.errors import ModelError, ProofError, UnprovableError
from harness.channels.removal import Removal
from harness.prune.onnx.graph.graph import Array, is_constant
from harness.prune.onnx.graph.inputs import invented
from harness.prune.onnx.graph.running import Runner, with_outputs
from harness.prune.onnx.graph.surgery import remove
from harness.prune.onnx.graph.trace import Trace
from harness.prune.onnx.proof.difference import TELLING, Runs, relative_difference, vary
from harness.prune.onnx.proof.float64 import Float64Runner
from harness.prune.onnx.proof.masking import masked
from harness.prune.onnx.proof.outputs import compared
from harness.prune.onnx.proof.randomize import random_values, shuffled_values, with_values

Values = Mapping[str, Array]
Feeds = Sequence[Mapping[str, Array]]
DRAWS = ((random_values, 1.0), (shuffled_values, 1.0), (random_values, 100.0), (shuffled_values, 10.0))
_LAST_DIGITS = {np.float32: 1e-7, np.float64: 1e-15}  # as a share: about two roundings


@dataclass(frozen=True)
class Setting:
    """Constants that hold other values than the files', and inputs."""

    values: Values
    feeds: Feeds


@dataclass(frozen=True)
class Comparison:
    """Original and pruned graph, and what was removed between them."""

    found: Trace
    pruned: ir.Model
    removal: Removal
    seed: int = 0

    @cached_property
    def outputs(self) -> list[str]:
        """The tensors that are compared."""
        return compared(self.found, self.removal)

    @property
    def quantized(self) -> bool:
        """Whether onnxruntime's optimisations would fuse nodes to ones of whole numbers, which round otherwise."""
        return any(node.op_type == "DequantizeLinear" for node in self.found.graph.model.graph)

    @property
    def rounds(self) -> bool:
        """Whether tensors become whole numbers on the way, where a NaN is lost."""
        kinds = {node.op_type for node in self.found.graph.model.graph}
        return any(kind in ("QuantizeLinear", "DynamicQuantizeLinear") or kind[:7] == "QLinear" for kind in kinds)

    @cached_property
    def expected(self) -> ir.Model:
        """The cut graph as it follows from the plan."""
        return remove(self.found, self.removal)

    def check_interface(self) -> None:
        """Raise ProofError where the pruned file has other inputs or outputs than the original, or in another order."""
        for kind, side in (("inputs", _taken), ("outputs", _given)):
            before, after = side(self.found.graph.model), side(self.pruned)
            if before != after:
                raise ProofError(
                    f"the pruned file's {kind} are {', '.join(after) or 'none'}, the original's {', '.join(before)}; "
                    "verify the two files that belong together"
                )

    def feeds(self, seed: int, scale: float = 1.0) -> Feeds:
        """Two inputs of each of the sizes that the original was read with."""
        graph = self.found.graph
        shapes = [[each[one.name].shape for one in graph.inputs] for each in graph.feeds]
        return [invented(graph.inputs, sizes, graph.given, seed + place, scale) for sizes in shapes for place in (0, 1)]

    def telling(self, gain: float = 1.0) -> Setting:
        """Random weights and inputs with which removing the channels shows in the outputs.

        Channels that no output depends on show in none, and can go: then the outputs need only vary.
        """
        alive = None
        for attempt, (draw, scale) in enumerate(DRAWS):
            values = draw(self.found, self.removal, self.seed + attempt, gain)
            setting = Setting(values, self.feeds(self.seed + attempt, scale))
            made = self.masked_runs(setting)
            if not vary(made):
                continue
            if relative_difference(made, self._runs(self._original(setting), setting.feeds)) > TELLING:
                return setting
            alive = alive or setting
        if alive is not None and not self.rounds and not self._reach_outputs(alive):
            return alive
        raise UnprovableError(
            "can't prove anything: removing the channels does not show in the outputs with any of "
            f"{len(DRAWS)} random sets of weights; prune layers that the outputs depend on"
        )

    def _reach_outputs(self, setting: Setting) -> bool:
        """Whether any output depends on a removed channel: what is computed from NaN is NaN."""
        spoilt = masked(self._with(setting.values), self.removal, float("nan"))
        return not all(np.isfinite(each).all() for run in self._runs(spoilt, setting.feeds) for each in run)

    def masked_runs(self, setting: Setting, *, optimized: bool = False) -> Runs:
        """What the masked original makes.

        Raises:
            UnprovableError: it can't run here.
        """
        try:
            return self._runs(masked(self._with(setting.values), self.removal), setting.feeds, optimized=optimized)
        except ModelError as error:
            raise UnprovableError(f"can't prove anything: the masked original can't be run: {error}") from error

    def difference(self, setting: Setting, *, optimized: bool = False) -> float:
        """Largest difference of the outputs, relative to their spread."""
        expected = self.masked_runs(setting, optimized=optimized)
        try:
            made = self._runs(self._pruned(setting), setting.feeds, optimized=optimized)
        except ModelError as error:
            raise ProofError(f"the pruned graph does not run: {error}") from None
        return relative_difference(expected, made)

    def difference_in_float64(self, setting: Setting) -> float | None:
        """The same in float64, on the first two inputs; None where that is not possible."""
        try:
            return relative_difference(
                *(self._wide_runs(each, setting) for each in (self._masked(setting), self._pruned(setting)))
            )
        except ModelError:
            return None

    def rounding(self, setting: Setting, *, wide: bool) -> float:
        """How much the masked original's outputs change when its weights change in their last digits.

        Rounding in a node's sums is as if its weights were a little different.
        """
        generator = np.random.default_rng(self.seed)
        share = _LAST_DIGITS[np.float64 if wide else np.float32]
        nudged = masked(self._with(setting.values), self.removal)
        for value in nudged.graph.initializers.values():
            array = None if value.const_value is None else value.const_value.numpy()
            if array is not None and array.dtype.kind == "f":
                moved = array.astype(np.float64) * (1 + share * generator.standard_normal(array.shape))
                value.const_value = ir.Tensor(moved if wide else moved.astype(array.dtype), name=value.name)
                value.type = ir.TensorType(value.const_value.dtype)  # a new one: copies of a model share theirs
        if wide:
            return relative_difference(
                self._wide_runs(self._masked(setting), setting), self._wide_runs(nudged, setting)
            )
        return relative_difference(self.masked_runs(setting), self._runs(nudged, setting.feeds))

    def carried_over(self) -> float:
        """Largest difference between a pruned constant and the original's, relative to the spread of it."""
        worst = 0.0
        for name, value in self.expected.graph.initializers.items():
            found = self.pruned.graph.initializers.get(name)
            if found is None or found.const_value is None or value.const_value is None:
                raise ProofError(f"the pruned file has no constant '{name}'; verify the two files that belong together")
            a, b = value.const_value.numpy(), found.const_value.numpy()
            if a.shape != b.shape:
                raise ProofError(f"constant '{name}' has shape {b.shape}, and the plan leaves {a.shape}")
            if a.dtype.kind in "fiu" and a.size:
                worst = max(worst, relative_difference([[a]], [[b]]))
        return worst

    def _original(self, setting: Setting) -> ir.Model:
        return self._with(setting.values).graph.model

    def _masked(self, setting: Setting) -> ir.Model:
        return masked(self._with(setting.values), self.removal)

    def _pruned(self, setting: Setting) -> ir.Model:
        """The pruned graph with the values that follow from the original's."""
        if not setting.values:
            return self.pruned
        cut, model = remove(self._with(setting.values), self.removal), self.pruned.clone()
        for name, value in cut.graph.initializers.items():
            own, mine = self.expected.graph.initializers[name].const_value, model.graph.initializers.get(name)
            assert value.const_value is not None
            if own is not None and np.array_equal(own.numpy(), value.const_value.numpy()):
                continue
            if (
                mine is None
                or mine.const_value is None
                or tuple(mine.const_value.shape) != tuple(value.const_value.shape)
            ):
                raise ProofError(f"constant '{name}' of the pruned file is not what the plan leaves")
            mine.const_value = value.const_value
        return model

    def _with(self, values: Values) -> Trace:
        return replace(self.found, graph=with_values(self.found.graph, values)) if values else self.found

    def _runs(self, model: ir.Model, feeds: Feeds, *, optimized: bool = False) -> Runs:
        runner = Runner(with_outputs(model, self.outputs), optimized=optimized)
        return [runner.run(each) for each in feeds]

    def _wide_runs(self, model: ir.Model, setting: Setting) -> Runs:
        runner = Float64Runner(model, self.outputs)
        return [runner.run(each) for each in setting.feeds[:2]]


def _taken(model: ir.Model) -> list[str]:
    return [f"{value.name} ({value.dtype})" for value in model.graph.inputs if not is_constant(value)]


def _given(model: ir.Model) -> list[str]:
    return [str(value.name) for value in model.graph.outputs]
