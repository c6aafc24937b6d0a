"""The pictures of section 4 and 6: calibration, decision curve, risk and coverage."""

from __future__ import annotations

from collections.abc import Sequence

from bedside.adapters.svg import Axis, Frame
from bedside.adapters.svg_lines import Bars, Dot, Line, LinePlot, line_plot
from bedside.methods.words import number
from bedside.stages.report.blocks import Block, Figure, Pair
from bedside.stages.report.models import colour, model_name
from bedside.stages.report.reading import Material, Node

Numbers = Sequence[float | None]


def calibration(material: Material) -> list[Block]:
    """Observed against predicted, with band, over a histogram of predictions."""
    curve = of_released(material, "calibration")
    grid, observed = _known(curve.at("grid").numbers()), curve.at("observed").numbers()
    if not grid or len(grid) != len(observed):
        return []
    found = (_dot(node) for node in curve.at("groups").each())
    dots = [dot for dot in found if dot is not None]
    highest = max([*grid, *(dot.high or dot.y for dot in dots), 1e-9])
    share = material.study.task.type != "regression"
    top = min(1.0, highest * 1.04) if share else highest
    low = 0.0 if share else min(grid)
    kind = colour(material, material.released)
    title = calibration_finding(grid, observed, share=share)
    histogram = curve.at("histogram")
    counts = _known(histogram.at("counts").numbers())
    what = "risk" if share else "value"
    plot = LinePlot(
        frame=Frame(
            x=Axis(title=f"predicted {what}", low=low, high=top, share=share),
            y=Axis(title=f"observed {what}", low=low, high=top, share=share),
        ),
        finding=title,
        lines=[_line(model_name(material.released), grid, curve, kind)],
        dots=dots, dots_kind=kind, diagonal=True,
        bars=Bars(edges=_known(histogram.at("edges").numbers()), counts=counts) if counts else None,
    )  # fmt: skip
    note = (
        "Dashed: predicted and observed agree. Shaded: 95 % interval. Dots: groups of patients "
        "with like predictions. Bars: how many patients have which prediction."
    )
    return [Figure(title=title, picture=line_plot(plot), note=note)]


def calibration_finding(grid: list[float], observed: Numbers, *, share: bool) -> str:
    """The largest gap in a sentence.

    >>> calibration_finding([0.1, 0.3, 0.5], [0.1, 0.31, 0.44], share=True)
    'Predictions near 50 % run 6 points too high'
    """
    gaps = [(x - y, x) for x, y in zip(grid, observed, strict=True) if y is not None]
    if not gaps:
        return "Whether predictions are right on average is not known"
    gap, place = max(gaps, key=lambda pair: abs(pair[0]))
    if not share:
        way = "high" if gap > 0 else "low"
        return f"Predictions near {number(place)} run {number(abs(gap))} too {way} at worst"
    points = abs(gap) * 100
    if points < 2.5:
        return f"Predictions are within {max(points, 0.1):.2g} points of what happened"
    way = "high" if gap > 0 else "low"
    return f"Predictions near {place * 100:.0f} % run {points:.0f} points too {way}"


def decision_curve(material: Material) -> list[Block]:
    """Net benefit against alerting all and alerting none."""
    curve = of_released(material, "decision")
    thresholds = _known(curve.at("thresholds").numbers())
    if len(thresholds) < 2:
        return []
    model, everyone = curve.at("model"), curve.at("all")
    mine, theirs = values(model), values(everyone)
    if len(mine) != len(thresholds) or len(theirs) != len(thresholds):
        return []
    title = decision_finding(thresholds, mine, theirs)
    ends = [x for x in [*mine, *ends_of(model, "high"), 0.0] if x is not None]
    floor = -0.25 * max(*ends, 1e-6)
    lines = [
        _line(
            model_name(material.released), thresholds, model, colour(material, material.released)
        ),
        Line(name="alert all", x=thresholds, y=_above(theirs, floor), kind="m6", dash="7 4"),
        Line(name="alert none", x=thresholds, y=[0.0] * len(thresholds), kind="m7", dash="2 3"),
    ]
    frame = Frame(
        x=Axis(title="risk threshold", low=thresholds[0], high=thresholds[-1], share=True),
        y=Axis(title="net benefit per patient", low=floor, high=max(ends) * 1.05),
    )
    chosen = material.file("curves.json").at("table_per_1000", "threshold").number()
    plot = LinePlot(
        frame=frame, finding=title, lines=lines, upright=chosen, upright_name="chosen threshold"
    )
    note = "Right alerts per patient, less wrong ones weighed by the odds of the threshold."
    return [Figure(title=title, picture=line_plot(plot), note=note)]


def decision_finding(thresholds: list[float], model: Numbers, everyone: Numbers) -> str:
    """Over which thresholds the model is worth more than alerting all or none."""
    better = [
        t
        for t, mine, theirs in zip(thresholds, model, everyone, strict=True)
        if mine is not None and mine > max(theirs or 0.0, 0.0)
    ]
    if not better:
        return "At no threshold is the model worth more than alerting all or none"
    return (
        f"From {better[0] * 100:.0f} % to {better[-1] * 100:.0f} % the model is worth more than "
        "alerting all or none"
    )


def risk_coverage(material: Material) -> list[Block]:
    """Error among those who get an answer, against how many get one."""
    curve = of_released(material, "risk_coverage")
    coverage, risk = _known(curve.at("coverage").numbers()), curve.at("risk").numbers()
    known = [x for x in [*risk, *curve.at("high").numbers()] if x is not None]
    if len(coverage) < 2 or len(coverage) != len(risk) or not known:
        return []
    pairs = sorted((c, r) for c, r in zip(coverage, risk, strict=True) if r is not None)
    few, many = pairs[0], pairs[-1]
    title = (
        f"Answering only the surest {few[0] * 100:.0f} % brings the error from "
        f"{number(many[1])} to {number(few[1])}"
    )
    frame = Frame(
        x=Axis(title="patients who get an answer", low=min(coverage), high=1.0, share=True),
        y=Axis(title=curve.at("measure").text("error"), low=0.0, high=max(known) * 1.1),
    )
    line = _line("error", coverage, curve, colour(material, material.released), "risk")
    note = "Patients fall silent in the order of how unsure the model is of them."
    plot = LinePlot(frame=frame, finding=title, lines=[line])
    return [Figure(title=title, picture=line_plot(plot), note=note)]


def side_by_side(blocks: list[Block]) -> list[Block]:
    """Two figures beside each other."""
    return [Pair(blocks=blocks)] if len(blocks) > 1 else blocks


def of_released(material: Material, name: str) -> Node:
    """A curve of the released model: at the top of the file, or under the model's name."""
    curves = material.file("curves.json")
    for place in (curves, curves.at("models", material.released), curves.at(material.released)):
        if place.at(name):
            return place.at(name)
    return Node()


def values(node: Node) -> Numbers:
    """Values of a list of numbers, of {value, low, high}, or of {value: [...], low: [...]}."""
    return ends_of(node, "value")


def ends_of(node: Node, key: str) -> Numbers:
    """One of value, low and high of each point."""
    if node.pairs():
        return node.at(key).numbers()
    return [item.at(key).number() if item.pairs() else item.number() for item in node.each()]


def _line(name: str, x: list[float], node: Node, kind: str, key: str = "observed") -> Line:
    y = node.at(key).numbers() or values(node)
    low, high = ends_of(node, "low"), ends_of(node, "high")
    whole = len(low) == len(high) == len(x)
    return Line(
        name=name, x=x, y=y, kind=kind, low=low if whole else (), high=high if whole else ()
    )


def _dot(node: Node) -> Dot | None:
    x, y = node.at("predicted").number(), node.at("observed").number()
    if x is None or y is None:
        return None
    return Dot(x=x, y=y, low=node.at("low").number(), high=node.at("high").number())


def _known(numbers: Numbers) -> list[float]:
    return [x for x in numbers if x is not None]


def _above(line: Numbers, floor: float) -> Numbers:
    return [x if x is not None and x >= floor else None for x in line]
