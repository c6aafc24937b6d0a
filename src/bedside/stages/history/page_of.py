"""The page: the answer, three plots that are titled by what they show, and the ladder as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

from markupsafe import Markup

from bedside.adapters.html import render
from bedside.adapters.svg import element
from bedside.adapters.svg_marks import marker
from bedside.core.context import Context
from bedside.methods.evaluation.record import clean
from bedside.methods.generations import Contender, Sufficiency
from bedside.methods.measure_words import words
from bedside.methods.measures import primary
from bedside.methods.words import count, duration, interval, joined, number, signs
from bedside.stages.history.judged import Found
from bedside.stages.history.page import NAME
from bedside.stages.history.plots import Mark, Plot, Ticks, by_order, by_size, ladder_plot

_STANDINGS = {"enough": "yes", "falls short": "no", "cannot be told": "cannot be told"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A plot with its finding."""

    title: str
    picture: Markup


def page_of(found: Found, context: Context) -> str:
    """history.html, whole."""
    said = found.sufficiency
    return render(NAME, "history.html.jinja", {
        "name": context.study.name, "question": context.study.about.question,
        "enough": bool(said.enough), "other_best": said.enough != said.best,
        "data": context.dataset().digest[:12], "tiny": context.tiny,
        "sentence": signs(said.sentence()), "figures": _figures(found),
        "measure": _measure(found), "meaning": words(found.measure).meaning,
        "level": f"{100 * said.best.measured.level:g}", "rows": _rows(found),
        "steps": _steps(found), "margin": said.worth,
        "rule": _rule(found, context),
        "cut": _cut(found),
        "marks": {"enough": _key("m4", "square"), "best": _key("m0", "diamond"),
                  "other": _key("m7", "circle")},
    })  # fmt: skip


def _measure(found: Found) -> str:
    short = words(found.measure).short
    return f"{short}, {found.unit}" if found.unit else short


def _rows(found: Found) -> list[dict[str, object]]:
    said, chosen = found.sufficiency, found.sufficiency.enough
    return [
        {
            "place": place, "title": one.title, "year": one.year,
            "value": interval(*one.measured.intervals()[found.measure]),
            "gap": "is the best" if one.name == said.best.name
            else interval(*said.gaps[one.name]),
            "weights": count(found.parameters(one.name)),
            "seconds": number(found.seconds(one.name)),
            "standing": _STANDINGS[said.standings[one.name]],
            "chosen": chosen is not None and chosen.name == one.name,
        }
        for place, one in enumerate(said.ladder.contenders, start=1)
    ]  # fmt: skip


def _steps(found: Found) -> list[dict[str, object]]:
    return [
        {
            "place": place, "called": f"{rung.title} ({rung.year})", "added": rung.added,
            "source": rung.source,
        }
        for place, rung in enumerate(found.rungs, start=1)
    ]  # fmt: skip


def _key(kind: str, shape: str) -> Markup:
    """A mark by itself."""
    return element("svg", marker(shape, "8", 8, kind), viewBox="0 0 16 16", aria_hidden="true")


def _rule(found: Found, context: Context) -> str:
    """The budget, in a sentence."""
    first = found.results[found.rungs[0].name]
    steps = max(int(str(found.results[rung.name]["steps"])) for rung in found.rungs)
    trials = max(int(str(found.results[rung.name]["trials"])) for rung in found.rungs)
    alike = ["the same samples in the same order"]
    if "augment" in context.inputs:
        alike.append("the same augmentation")
    chosen = "at the learning rate that suits it"
    if trials > 1:
        chosen = "and kept the learning rate and weight decay that did best"
    return (
        f"Every generation had {trials} {'try' if trials == 1 else 'tries'} of {count(steps)} "
        f"steps with {first['batch']} samples, {joined(alike)}, {chosen}. By whom that and the "
        "best moment of a training were chosen, those patients are in no number of this page."
    )


def _cut(found: Found) -> str:
    late = found.cut()
    if not late:
        return ""
    verb = "has" if len(late) == 1 else "have"
    return (
        f"Time ran out for {joined(late)}, which {verb} had fewer steps or tries than the others: "
        "a comparison under one budget needs more `seconds` in [history], or fewer `steps`."
    )


def _figures(found: Found) -> list[Figure]:
    said = found.sufficiency
    contenders = list(said.ladder.contenders)
    weights = [float(found.parameters(one.name)) for one in contenders]
    seconds = [found.seconds(one.name) for one in contenders]
    years = by_order([one.year for one in contenders])
    return [
        _figure(found, years, [float(at) for at in range(len(contenders))], _of_years(said)),
        _figure(found, by_size("weights, on a logarithmic scale", weights), weights,
                _of_weights(found), log=True),
        _figure(found, by_size("processor seconds of one training, on a logarithmic scale",
                               seconds), seconds, _of_seconds(found), log=True),
    ]  # fmt: skip


def _figure(
    found: Found, ticks: Ticks, at: Sequence[float], finding: str, *, log: bool = False
) -> Figure:
    said = found.sufficiency
    marks = []
    for place, (one, x) in enumerate(zip(said.ladder.contenders, at, strict=True), start=1):
        value, low, high = map(clean, one.measured.intervals()[found.measure])
        kind, shape = _look(said, one)
        marks.append(Mark(
            label=str(place), x=log10(max(x, 1e-3)) if log else x, value=value, low=low,
            high=high, kind=kind, shape=shape,
        ))  # fmt: skip
    best = clean(said.best.measured.points[found.measure])
    sign = -1 if primary(said.ladder.task).higher_is_better else 1
    plot = Plot(
        ticks=ticks, marks=marks, title=_measure(found), finding=signs(finding),
        line=None if best is None else best + sign * said.margin,
    )  # fmt: skip
    return Figure(title=plot.finding, picture=ladder_plot(plot))


def _look(said: Sufficiency, one: Contender) -> tuple[str, str]:
    """Colour and shape: enough, the best, the others."""
    if said.enough is not None and one.name == said.enough.name:
        return "m4", "square"
    return ("m0", "diamond") if one.name == said.best.name else ("m7", "circle")


def _of_years(said: Sufficiency) -> str:
    found, best = said.enough, said.best
    if found is None:
        return f"{best.called} did best; which generation is enough cannot be told"
    later = [one for one in said.ladder.contenders if one.year > found.year]
    earlier = [said.standings[one.name] for one in said.ladder.contenders if one.year < found.year]
    if not later and earlier and set(earlier) == {"falls short"}:
        return f"Every generation before {found.called} falls short"
    if not later:
        return f"Nothing before {found.called} is sure to be enough"
    return f"After {found.called}, nothing brings {said.worth} more"


def _of_weights(found: Found) -> str:
    said = found.sufficiency
    amounts = {one.name: found.parameters(one.name) for one in said.ladder.contenders}
    chosen, role = _told_of(said)
    most = max(said.ladder.contenders, key=lambda one: amounts[one.name])
    first = f"{chosen.title}, which {role}, has {count(amounts[chosen.name])} weights"
    if most.name == chosen.name:
        return f"{first}, the most of all"
    return f"{first}; the largest, {most.title}, has {count(amounts[most.name])}"


def _of_seconds(found: Found) -> str:
    said = found.sufficiency
    amounts = {one.name: found.seconds(one.name) for one in said.ladder.contenders}
    chosen, role = _told_of(said)
    most = max(said.ladder.contenders, key=lambda one: amounts[one.name])
    first = f"{chosen.title}, which {role}, trained for {duration(amounts[chosen.name])}"
    if most.name == chosen.name:
        return f"{first}, the longest of all"
    return f"{first}; {most.title} took longest, {duration(amounts[most.name])}"


def _told_of(said: Sufficiency) -> tuple[Contender, str]:
    found = said.enough
    return (said.best, "did best") if found is None else (found, "is enough")
