"""Which layers shrank, as a picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from harness.records import LayerCost, PruneReport

if TYPE_CHECKING:
    import altair as alt

_WIDTH = 300  # pixels
_BAR = 16
_KEPT, _GONE, _PINNED = "#0072B2", "#D8DEE4", "#8A94A0"
_FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"


def picture(report: PruneReport) -> str:
    """What stayed and what went of each layer's channels and multiply-accumulates, as SVG; pinned layers are grey."""
    import altair as alt
    import vl_convert

    layers = [layer for layer in report.layers if layer.channels_before is not None]
    panels = [_panel(report, layers, "channels", labelled=True)]
    if report.macs_before is not None and report.macs_after is not None:
        panels.append(_panel(report, layers, "macs", labelled=False))
    title = alt.TitleParams(_title(report), anchor="start", fontSize=13, fontWeight=600, offset=10)
    chart = alt.hconcat(*panels, spacing=24, title=title).configure(font=_FONT).configure_view(strokeWidth=0)
    return str(vl_convert.vegalite_to_svg(chart.to_dict()))


def _panel(report: PruneReport, layers: list[LayerCost], quantity: str, *, labelled: bool) -> alt.LayerChart:
    import altair as alt

    data: Any = alt.Data  # untyped in altair
    rows = list(_rows(report, layers, quantity))
    order = [layer.layer for layer in layers]
    y = alt.Y(
        "layer:N", sort=order, title=None, axis=alt.Axis(labelLimit=260, labelPadding=6, domain=False, ticks=False)
    )
    colours = alt.Scale(domain=["kept", "removed", "pinned"], range=[_KEPT, _GONE, _PINNED])
    names = {"channels": "channels", "macs": "multiply-accumulates for one example"}
    axis = alt.Axis(labelExpr="format(datum.value, '~s')", tickCount=5, titleFontWeight="normal")
    bars = (
        alt.Chart(data(values=rows))
        .mark_bar()
        .encode(
            x=alt.X("count:Q", title=names[quantity], stack="zero", axis=axis),
            y=y if labelled else y.axis(None),
            color=alt.Color("fate:N", title=None, scale=colours, legend=alt.Legend(orient="top")),
            order=alt.Order("rank:Q"),
        )
    )
    labels = (
        alt.Chart(data(values=[row for row in rows if row["rank"] == 0]))
        .mark_text(align="left", dx=4, fontSize=10)
        .encode(x="before:Q", y=y if labelled else y.axis(None), text="label:N")
    )
    both: alt.LayerChart = (bars + labels).properties(width=_WIDTH, height=alt.Step(_BAR))
    return both


def _rows(report: PruneReport, layers: list[LayerCost], quantity: str) -> Iterator[dict[str, Any]]:
    for layer in layers:
        before, after = getattr(layer, f"{quantity}_before"), getattr(layer, f"{quantity}_after")
        fate = "pinned" if layer.layer in report.pinned and layer.channels_after == layer.channels_before else "kept"
        row = {"layer": layer.layer, "before": before, "label": _label(before, after, quantity)}
        yield {**row, "fate": fate, "count": after, "rank": 0}
        yield {**row, "fate": "removed", "count": before - after, "rank": 1}


def _label(before: int, after: int, quantity: str) -> str:
    if quantity == "channels":
        return f"{after:,} of {before:,}" if after < before else f"{before:,}"
    return f"{100 * after / before:.0f} %" if 0 < after < before else ""


def _title(report: PruneReport) -> str:
    parameters = f"{100 * report.parameters_after / max(report.parameters_before, 1):.0f} % of the parameters"
    if not report.macs_before or report.macs_after is None:
        return f"What is left: {parameters}"
    return (
        f"What is left: {parameters}, {100 * report.macs_after / report.macs_before:.0f} % of the multiply-accumulates"
    )
