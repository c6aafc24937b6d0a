"""The pictures of section 4 and 6: calibration, decision curve, risk and coverage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bedside.adapters.svg import Axis, Frame
from bedside.adapters.svg_lines import Bars, Dot, Line, LinePlot, line_plot
from bedside.methods.words import joined, number
from bedside.stages.report.blocks import Block, Figure, Pair
from bedside.stages.report.models import colour, model_name
from bedside.stages.report.reading import Material, Node

Numbers = Sequence[float | None]


def calibration(material: Material, split: str = "held_out") -> list[Block]:
    """Observed against predicted, with band, over a histogram of predictions."""
    name = material.released
    curve = of_released(material, "calibration", split)
    grid, observed = _known(curve.at("grid").numbers()), curve.at("observed").numbers()
    if not grid or len(grid) != len(observed):
        return []
    found = (_dot(node) for node in curve.at("groups").each())
    dots = [dot for dot in found if dot is not None]
    highest = max([*grid, *(dot.high or dot.y for dot in dots), 1e-9])
    top = 1.0 if highest > 0.85 else highest * 1.04
    title = calibration_finding(curve)
    if split == "external":
        title = f"External patients: {title[:1].lower()}{title[1:]}"
    counts = _known(curve.at("histogram", "counts").numbers())
    bars = Bars(edges=_known(curve.at("histogram", "edges").numbers()), counts=counts)
    plot = LinePlot(
        frame=Frame(
            x=Axis(title="predicted risk", low=0.0, high=top, share=True),
            y=Axis(title="share with the outcome", low=0.0, high=top, share=True),
        ),
        finding=title,
        lines=[_line(model_name(name), grid, curve, colour(material, name))],
        dots=dots, dots_kind=colour(material, name), diagonal=True, bars=bars if counts else None,
    )  # fmt: skip
    note = (
        "Dashed: predicted and observed agree. Shaded: 95 % interval. Dots: groups of patients "
        "with like predictions. Bars: how many patients have which prediction."
    )
    return [Figure(title=title, picture=line_plot(plot), note=note)]


def calibration_finding(curve: Node) -> str:
    """The largest gap that chance does not explain, where there are patients, in a sentence.

    >>> calibration_finding(Node({"grid": [0.1, 0.5], "observed": [0.1, 0.44], "low": [0.1, 0.41],
    ...                           "high": [0.1, 0.47]}))
    'Predictions near 50 % run 6.0 points too high'
    """
    ends = [curve.at(key).numbers() for key in ("observed", "low", "high")]
    points = [
        _Point(x, y, low, high)
        for x, y, low, high in zip(_known(curve.at("grid").numbers()), *ends, strict=False)
        if y is not None and low is not None and high is not None and _peopled(curve, x)
    ]
    if not points:
        return "Whether predictions are right on average is not known"
    sure = [point for point in points if not point.low <= point.x <= point.high]
    worst = max(sure or points, key=lambda point: abs(point.gap))
    size = abs(worst.gap) * 100
    if not sure:
        return (
            "Nowhere do predictions and outcomes differ beyond chance; the largest gap is "
            f"{_points(size)} points, near {worst.x * 100:.0f} %"
        )
    way = "high" if worst.gap > 0 else "low"
    return f"Predictions near {worst.x * 100:.0f} % run {_points(size)} points too {way}"


def _points(size: float) -> str:
    return f"{size:.1f}" if size < 9.95 else f"{size:.0f}"


class _Point(NamedTuple):
    x: float
    y: float
    low: float
    high: float

    @property
    def gap(self) -> float:
        """Predicted less observed."""
        return self.x - self.y


def _peopled(curve: Node, x: float) -> bool:
    """Whether at least one patient of a hundred has a prediction like this."""
    edges = _known(curve.at("histogram", "edges").numbers())
    counts = _known(curve.at("histogram", "counts").numbers())
    if not counts or len(edges) != len(counts) + 1:
        return True
    here = sum(
        n for low, high, n in zip(edges, edges[1:], counts, strict=False) if low <= x <= high
    )
    return here >= 0.01 * sum(counts)


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
    title = decision_finding(thresholds, ends_of(curve.at("gain"), "low"))
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


def decision_finding(thresholds: list[float], gain: Numbers) -> str:
    """Where the lower end of the gain over alerting all or none is above 0.

    >>> decision_finding([0.1, 0.2, 0.3], [-0.01, 0.02, 0.01])
    'From 20 % to 30 % the model is worth more than alerting all or none'
    """
    better = [t for t, low in zip(thresholds, gain, strict=False) if low is not None and low > 0]
    if not better:
        return "At no threshold is the model shown to be worth more than alerting all or none"
    inside = [t for t in thresholds if better[0] <= t <= better[-1]]
    if len(better) == 1:
        where = f"At {better[0] * 100:.3g} %"
    elif better == inside:
        where = f"From {better[0] * 100:.3g} % to {better[-1] * 100:.3g} %"
    else:
        where = f"At {joined([f'{t * 100:.3g} %' for t in better])}"
    return f"{where} the model is worth more than alerting all or none"


_ERRORS = {
    "binary": "squared error of the risk",
    "survival": "squared error of the risk",
    "multiclass": "share named wrong",
    "regression": "absolute error",
    "segmentation": "absolute error of the volume",
}


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
        y=Axis(title=_ERRORS[material.study.task.type], low=0.0, high=max(known) * 1.1),
    )
    line = _line("error", coverage, curve, colour(material, material.released), "risk")
    note = "Patients fall silent in the order of how unsure the model is of them."
    plot = LinePlot(frame=frame, finding=title, lines=[line])
    return [Figure(title=title, picture=line_plot(plot), note=note)]


def side_by_side(blocks: list[Block]) -> list[Block]:
    """Two figures beside each other, where there is room."""
    return [Pair(blocks=blocks)] if len(blocks) > 1 else blocks


def of_released(material: Material, name: str, split: str = "held_out") -> Node:
    """A curve of the released model on a split."""
    curves = material.file("curves.json")
    return curves.at("external", name) if split == "external" else curves.at(name)


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
