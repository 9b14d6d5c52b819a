"""Multiply-accumulates of attention by products: those of the projections, and of all queries with all keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from harness.prune.keras_graph.cost.layers import kernel_weights
from harness.prune.keras_graph.cost.products import product
from harness.prune.keras_graph.graph import Call, Graph, Ref, Shape
from harness.records import total

L = keras.layers
ATTENTIONS = (L.Attention, L.GroupQueryAttention, L.MultiHeadAttention)


def attention_macs(graph: Graph, call: Call) -> int | None:
    """Of one call of a layer of these kinds; None where a size is unknown, or the scores are no products."""
    if type(call.op) is not L.Attention:
        return _with_heads(call.op, *_query_key_value(graph, call.args, call.kwargs))
    given = call.args[0] if call.args else call.kwargs["inputs"]
    return _without_heads(call.op, *_query_key_value(graph, tuple(given), {}))


def _query_key_value(graph: Graph, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Shape, Shape, Shape]:
    """The shapes of an attention's operands: query, value and key, which is the value where there is none."""
    given = dict(zip(("query", "value", "key"), args, strict=False)) | dict(kwargs)
    key = given.get("key")
    operands = (given["query"], key if isinstance(key, Ref) else given["value"], given["value"])
    query, key, value = (graph.shapes[operand.index] for operand in operands)
    return query, key, value


def _with_heads(op: Any, query: Shape, key: Shape, value: Shape) -> int | None:
    """The projections at every position, and each head's products of all queries with the keys, and with the values."""
    positions = [product(shape[1:-1]) for shape in (query, key, value, query)]
    sizes = [kernel_weights(op, f"{name}/kernel") for name in ("query", "key", "value", "attention_output")]
    if type(op) is L.GroupQueryAttention:
        heads, width, axes = op.num_query_heads, 2 * op.head_dim, None
    else:
        heads, width, axes = op.num_heads, op.key_dim + op.value_dim, op.get_config()["attention_axes"]
    attended = (key[axis] for axis in axes) if axes else key[1:-1]
    counts = [product(pair) for pair in zip(positions, sizes, strict=True)]
    counts.append(product((positions[0], *attended, heads, width)))
    return total(counts)


def _without_heads(op: Any, query: Shape, key: Shape, value: Shape) -> int | None:
    """All queries with all keys, and those with the values; unknown where the scores are no products."""
    if op.score_mode != "dot" or query[-1] is None or value[-1] is None:
        return None
    return product((*query[1:-1], *key[1:-1], query[-1] + value[-1]))
