"""Send the names through the whole graph, one rule a node."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import onnx_ir as ir

from harness.base.errors import PruneError
from harness.channels.channels import Channels
from harness.channels.names import Names, nameless
from harness.prune.onnx.graph import rules  # noqa: F401  (registers the rules)
from harness.prune.onnx.graph.graph import Graph, captured, constant, inner_graphs, is_constant
from harness.prune.onnx.graph.registry import rule_for
from harness.prune.onnx.graph.shape_chains import follows
from harness.prune.onnx.graph.site import FORMS, Notes, Site, known

COUNTING = ("NonMaxSuppression", "NonZero")  # how much they make depends on what they read


@dataclass(frozen=True)
class Trace:
    """A graph with names: those of every tensor, by its name, and what the rules said of constants and attributes.

    `ruleless` tells why the nodes that no rule speaks of keep what they read.
    """

    graph: Graph
    channels: Channels
    tensors: dict[str, Names]
    notes: Notes
    ruleless: dict[str, str] = field(default_factory=dict)

    @cached_property
    def architecture(self) -> str:
        """Identifies the graph that the names are those of."""
        return self.graph.digest()


def trace(graph: Graph, keep: tuple[str, ...] = ()) -> Trace:
    """Name every channel of a graph, and find which belong together and which must stay.

    Args:
        graph: as `read_onnx` gives it; it is only read.
        keep: names of nodes whose channels must stay.

    Raises:
        PruneError: `keep` names no node, or a rule broke its promise.
    """
    found = Trace(graph, Channels(), {}, Notes())
    for value in graph.model.graph.inputs:
        if not is_constant(value):
            found.tensors[str(value.name)] = nameless(known(graph.shapes[str(value.name)]))
    for path, node in graph.nodes.items():
        _flow(found, path, node)
    for value in graph.model.graph.outputs:
        if str(value.name) in found.tensors:
            found.channels.pin(found.tensors[str(value.name)], "the model's output", foremost=True)
    _unify_shared(found)
    _pin_lent(found)
    _keep(found, keep)
    return found


def _flow(found: Trace, path: str, node: ir.Node) -> None:
    """Give names to what one node makes."""
    site = Site(path, found.graph, found.channels, found.notes, found.tensors)
    site.names = [_names(found, value) for value in node.inputs]
    if node.op_type in FORMS and site.is_constant(0):  # whoever reads it says whose channels it holds
        found.tensors[str(node.outputs[0].name)] = nameless(site.out_shape)
        return
    for value in captured(node):
        if str(value.name) in found.tensors:
            found.channels.pin(found.tensors[str(value.name)], f"a body of '{path}' ({node.op_type}) reads it")
    for value, names in zip(node.outputs, _outputs(found, site), strict=True):
        boxed = site.boxed(names)
        found.tensors[str(value.name)] = boxed
        found.channels.see(names)


def _names(found: Trace, value: ir.Value | None) -> Names:
    if value is None:
        return nameless(())
    held = constant(value)
    if held is not None:
        return nameless(known(held.shape))
    return found.tensors.get(str(value.name), nameless(()))


def _outputs(found: Trace, site: Site) -> list[Names]:
    """The names that a node's rule gives its outputs, checked against their shapes."""
    rule, kind = rule_for(site.node), site.node.op_type
    shown = kind if site.node.domain in ("", "ai.onnx") else f"{site.node.domain}.{kind}"
    if next(inner_graphs(site.node), None) is not None:
        found.ruleless[site.path] = "has a body of its own"
    elif rule is None:
        found.ruleless[site.path] = "has no rule"
    elif kind not in COUNTING and _is_hollow(found, site.node):
        found.ruleless[site.path] = "reads or makes an empty tensor"
    if site.path in found.ruleless:
        return site.pin_all(f"'{site.path}' ({shown}) {found.ruleless[site.path]}")
    if kind in ("Shape", "Size") and not follows(found.graph, site.node):
        site.pin(site.names[0], f"'{site.path}' counts it, for more than shapes")
    assert rule is not None  # or it would be among the ruleless
    made = rule(site)
    names = list(made) if isinstance(made, list | tuple) else site.carried(made)
    shapes = [known(shape) for shape in site.out_shapes]
    if [np.shape(each) for each in names] != shapes:
        raise PruneError(
            f"the rule of {shown} gives names of shapes {[np.shape(each) for each in names]} to '{site.path}', whose "
            f"outputs have {shapes}; return one array of names for each output"
        )
    return names


def _is_hollow(found: Trace, node: ir.Node) -> bool:
    """Whether a node reads or makes a tensor that was empty in the run, but for such as have no examples, or no boxes.

    Those have a first axis of none, and so do what else the node reads.
    """
    read = [value for value in node.inputs if value is not None and not is_constant(value)]
    before, after = ([found.graph.shapes.get(str(value.name), ()) for value in each] for each in (read, node.outputs))
    none_given = any(shape[:1] == (0,) for shape in before)
    return any(0 in shape[1:] for shape in (*before, *after)) or (
        not none_given and any(shape[:1] == (0,) for shape in after)
    )


def _unify_shared(found: Trace) -> None:
    """A kernel that several nodes read has the same channels in all of them; so has what one node dequantizes."""
    first: dict[object, dict[int, Names]] = {}
    for cut in found.notes.cuts:
        value = found.graph.nodes[cut.node].inputs[cut.index]
        axes = first.setdefault(value if cut.role == "kernel" else (cut.node, cut.index), dict(cut.axes))
        for axis, ids in cut.axes.items():
            if axis in axes:
                found.channels.unify(axes[axis], ids, f"'{cut.node}' shares its kernel with a node without channels")


def _pin_lent(found: Trace) -> None:
    """The values of constants that meet no channel which a node computes."""
    made = [ids for path, ids in found.channels.made.items() if path not in found.notes.lent]
    real = np.unique(found.channels.find(np.concatenate(made))) if made else np.zeros(0, np.int32)
    for path in found.notes.lent:
        roots = found.channels.find(found.channels.made[path])
        found.channels.pin(roots[~np.isin(roots, real)], f"'{path}' has them from a constant")


def _keep(found: Trace, keep: tuple[str, ...]) -> None:
    for path in keep:
        if path not in found.graph.nodes:
            raise PruneError(f"keep: there is no node '{path}'; {_suggestion(found, path)}")
        for value in found.graph.nodes[path].outputs:
            found.channels.pin(found.tensors[str(value.name)], f"kept as asked ('{path}')")


def _suggestion(found: Trace, path: str) -> str:
    close = difflib.get_close_matches(path, found.graph.nodes)
    if close:
        return f"did you mean {' or '.join(close)}?"
    makers = list(found.channels.made)
    return f"those with channels are {', '.join(makers[:6])}" + (
        f" and {len(makers) - 6} more" if len(makers) > 6 else ""
    )
