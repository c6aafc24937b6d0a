"""Drawings: well-formed, to scale, told in words, and escaped."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.adapters.svg import Axis, Frame, drawing, element, nice_ticks, text, tick_label
from bedside.adapters.svg_flow import Box, Flow, flow_diagram
from bedside.adapters.svg_lines import Bars, Dot, Line, LinePlot, line_plot
from bedside.adapters.svg_marks import verdict_mark
from bedside.adapters.svg_rows import Row, forest_axis, forest_row, forest_span

HOSTILE = '<script>alert(1)</script> & "quoted"'
FRAME = Frame(
    x=Axis(title="predicted", low=0.0, high=1.0, share=True),
    y=Axis(title="observed", low=0.0, high=0.5),
)


def test_text_and_attributes_are_escaped() -> None:
    tree = ElementTree.fromstring(drawing(text(HOSTILE, 1, 2), HOSTILE))
    assert tree.attrib["aria-label"] == HOSTILE
    assert tree.findtext("title") == HOSTILE
    assert tree.findtext("text") == HOSTILE
    assert "<script" not in element("g", text(HOSTILE, 0, 0), class_=HOSTILE)


@given(
    st.floats(min_value=-1e4, max_value=1e4), st.floats(min_value=1e-3, max_value=1e4)
)  # fmt: skip
def test_ticks_lie_within_the_axis_and_are_few(low: float, span: float) -> None:
    ticks = nice_ticks(low, low + span)
    assert 1 <= len(ticks) <= 11
    assert all(low - span * 1e-6 <= tick <= low + span * (1 + 1e-6) for tick in ticks)
    assert ticks == sorted(set(ticks))


def test_tick_labels_carry_no_noise() -> None:
    assert tick_label(0.1 + 0.2) == "0.3"
    assert tick_label(-0.25, share=True) == "−25 %"


def test_a_frame_is_to_scale_and_holds_what_is_outside_at_its_edge() -> None:
    assert FRAME.point(0.0, 0.0) == (FRAME.left, FRAME.bottom)
    assert FRAME.point(1.0, 0.5) == (FRAME.right, FRAME.top)
    assert FRAME.point(0.5, 0.25)[0] == pytest.approx((FRAME.left + FRAME.right) / 2)
    assert FRAME.point(7.0, -3.0) == (FRAME.right, FRAME.bottom)


def test_a_line_breaks_where_it_is_not_known() -> None:
    line = Line(name="a", x=[0, 0.25, 0.5, 0.75, 1], y=[0.1, 0.2, None, 0.3, 0.4])
    tree = ElementTree.fromstring(line_plot(LinePlot(frame=FRAME, finding="f", lines=[line])))
    drawn = [item for item in tree.iter("path") if item.attrib["class"].startswith("line")]
    assert len(drawn) == 2


def test_a_plot_has_band_dots_histogram_and_key() -> None:
    line = Line(name="model", x=[0, 1], y=[0.1, 0.4], low=[0.0, 0.3], high=[0.2, 0.5])
    other = Line(name="alert all", x=[0, 1], y=[0.2, 0.2], kind="m6", dash="6 4")
    plot = LinePlot(
        frame=FRAME, finding="f", lines=[line, other], dots=[Dot(x=0.5, y=0.2, low=0.1, high=0.3)],
        bars=Bars(edges=[0, 0.5, 1], counts=[30, 10]), diagonal=True, upright=0.3,
        upright_name="chosen threshold",
    )  # fmt: skip
    tree = ElementTree.fromstring(line_plot(plot))
    kinds = [item.attrib.get("class", "") for item in tree.iter()]
    assert kinds.count("band m0") == 1
    assert kinds.count("mark m0") == 1
    bars = [item for item in tree.iter("rect") if item.attrib["class"] == "bar"]
    heights = [float(bar.attrib["height"]) for bar in bars]
    assert heights[0] == pytest.approx(3 * heights[1])
    words = [item.text for item in tree.iter("text")]
    assert {"alert all", "model", "chosen threshold", "predicted", "observed"} <= set(words)


def test_lines_differ_by_dash_and_not_by_colour_alone() -> None:
    lines = [Line(name=n, x=[0, 1], y=[0, 0.5], dash=d) for n, d in (("a", ""), ("b", "6 4"))]
    drawn = line_plot(LinePlot(frame=FRAME, finding="f", lines=lines))
    assert {"none", "6 4"} <= set(re.findall(r'stroke-dasharray="([^"]+)"', drawn))


def test_a_forest_row_is_to_scale_and_points_beyond_the_axis() -> None:
    axis = Axis(title="auroc", low=0.7, high=0.9)
    row = forest_row(axis, Row(value=0.8, low=0.75, high=0.85), reference=0.8)
    assert 'x1="27.00%" x2="73.00%"' in row
    assert "<circle" in row
    beyond = forest_row(axis, Row(value=0.5, shape="circle"))
    assert "<circle" not in beyond
    assert "M-7 0" in beyond


def test_a_forest_axis_holds_all_values() -> None:
    axis = forest_span([0.7, None, 0.9], title="auroc")
    assert axis.low < 0.7
    assert axis.high > 0.9
    assert 2 <= len(axis.ticks) <= 4
    assert ElementTree.fromstring(forest_axis(axis)) is not None
    assert forest_span([None], title="auroc").marks()


def test_no_two_verdicts_look_alike() -> None:
    marks = {verdict_mark(name) for name in ("pass", "fail", "unknown", "warn")}
    assert len(marks) == 4
    assert verdict_mark("odd") == verdict_mark("unknown")


def test_a_flow_diagram_names_every_box_within_its_drawing() -> None:
    flow = Flow(
        start=Box(headline="7,874 patients found"),
        left_out=[Box(headline="12 left out", detail="no follow-up time " * 12)],
        rest=Box(headline="7,862 patients studied"),
        ends=[Box(headline=f"{name}: 1,000", detail=HOSTILE) for name in "abcd"],
    )
    tree = ElementTree.fromstring(flow_diagram(flow, "finding"))
    _, _, width, height = (float(part) for part in tree.attrib["viewBox"].split())
    boxes = [{k: float(v) for k, v in r.attrib.items() if k in ("x", "y", "width", "height")}
             for r in tree.iter("rect")]  # fmt: skip
    assert len(boxes) == 7
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)
    assert all(box["y"] >= 0 and box["y"] + box["height"] <= height for box in boxes)
