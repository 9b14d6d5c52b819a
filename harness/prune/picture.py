"""Which layers shrank, as a picture."""

from __future__ import annotations

from typing import Any

from harness.records import PruneReport

_WIDTH = 420
_BAR = 16  # pixels
_KEPT, _GONE, _PINNED = "#2f6fb0", "#d9dee4", "#8a94a0"


def picture(report: PruneReport) -> str:
    """A bar for each layer that makes channels: what stayed and what went, as SVG; grey bars could not shrink."""
    import altair as alt
    import vl_convert

    rows = _rows(report)
    order = [row["layer"] for row in rows]
    colours = alt.Scale(domain=["kept", "removed", "pinned"], range=[_KEPT, _GONE, _PINNED])
    bars = (
        alt.Chart(alt.Data(values=[part for row in rows for part in row["parts"]]))
        .mark_bar()
        .encode(
            x=alt.X("channels:Q", title="channels", stack="zero"),
            y=alt.Y("layer:N", sort=order, title=None, axis=alt.Axis(labelLimit=260)),
            color=alt.Color("fate:N", title=None, scale=colours, legend=alt.Legend(orient="top")),
            order=alt.Order("rank:Q"),
        )
    )
    labels = (
        alt.Chart(alt.Data(values=rows))
        .mark_text(align="left", dx=4, fontSize=10)
        .encode(x="before:Q", y=alt.Y("layer:N", sort=order), text="label:N")
    )
    chart = (bars + labels).properties(width=_WIDTH, height=alt.Step(_BAR), title="Channels of each layer")
    return str(vl_convert.vegalite_to_svg(chart.configure_view(strokeWidth=0).to_dict()))


def _rows(report: PruneReport) -> list[dict[str, Any]]:
    rows = []
    for layer in report.layers:
        before, after = layer.channels_before, layer.channels_after
        if before is None or after is None:
            continue
        fate = "pinned" if layer.layer in report.pinned and after == before else "kept"
        parts = [
            {"layer": layer.layer, "fate": fate, "channels": after, "rank": 0},
            {"layer": layer.layer, "fate": "removed", "channels": before - after, "rank": 1},
        ]
        label = f"{after} of {before}" if after < before else f"{before}"
        rows.append({"layer": layer.layer, "before": before, "label": label, "parts": parts})
    return rows
