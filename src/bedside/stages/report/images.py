"""What the images show: examples, augmentation, best and worst cases, corruptions, explanations.

Any stage may leave pictures: PNG files in its run folder and `pictures.json`, a list of objects
with `file`, `title`, `alt` and `note`. They are shown in the order of the stages.
"""

from __future__ import annotations

import base64

from markupsafe import Markup

from bedside.adapters.svg import Axis, Frame
from bedside.adapters.svg_lines import Line, LinePlot, line_plot
from bedside.methods.measure_words import words
from bedside.methods.words import count, number
from bedside.stages.report.blocks import Block, Figure, Section, Table, Text
from bedside.stages.report.reading import Material, Node

_DRAWN = 4
"""Corruptions in the plot, the most harmful first; the table has all."""
_KINDS = ("m0", "m2", "m1", "m4")
_DASHES = ("", "7 4", "2 3", "9 3 2 3")


def images_section(material: Material) -> Section | None:
    """Pictures of all stages, and how the released model holds as images get worse."""
    pictures = [figure for name in material.runs for figure in _figures(material, name)]
    corrupted = [*_corruptions(material), *_explanations(material)]
    if not pictures and not corrupted:
        return None
    lead = _lead(material)
    return Section(
        anchor="images", title="What the images show", lead=lead, blocks=[*pictures, *corrupted]
    )


def _figures(material: Material, stage: str) -> list[Block]:
    run = material.runs[stage]
    if not (run.folder / "pictures.json").is_file():
        return []
    found: list[Block] = []
    for item in Node(run.read_json("pictures.json")).each():
        path = run.folder / item.at("file").text()
        if path.is_file() and path.parent == run.folder:
            found.append(_figure(path.read_bytes(), item))
    return found


def _figure(png: bytes, item: Node) -> Figure:
    data = base64.b64encode(png).decode("ascii")
    picture = Markup('<img src="data:image/png;base64,{}" alt="{}">').format(
        data, item.at("alt").text()
    )
    return Figure(title=item.at("title").text(), picture=picture, note=item.at("note").text())


def _lead(material: Material) -> str:
    worst = _ranked(material)
    if not worst:
        return "Examples, as models see them."
    curve = worst[0]
    table = _table_of(material)
    measure = words(table.at("measure").text()).name
    values = [value for value in curve.at("value").numbers() if value is not None]
    clean = table.at("clean", "value").number()
    if clean is None or not values:
        return "Examples, as models see them."
    return (
        f"Of {count(len(worst))} ways in which images get worse, {curve.at('name').text()} does "
        f"the most harm: {measure} falls from {number(clean)} to {number(min(values))}."
    )


def _table_of(material: Material) -> Node:
    return material.file("curves.json").at("corruptions")


def _ranked(material: Material) -> list[Node]:
    """Corruptions of which anything was measured, the most harmful first."""
    every = _table_of(material).at("corruptions").each()
    curves = [item for item in every if any(x is not None for x in item.at("value").numbers()[1:])]
    return sorted(curves, key=_harm)


def _harm(item: Node) -> float:
    """For the order: the mean loss, or the worst value where not every severity was measured."""
    loss = item.at("mean_loss", "value").number()
    if loss is not None:
        return -loss
    first, *worse = item.at("value").numbers()
    known = [value for value in worse if value is not None]
    return 0.0 if first is None or not known else -max(abs(value - first) for value in known)


def _corruptions(material: Material) -> list[Block]:
    table, ranked = _table_of(material), _ranked(material)
    if not ranked:
        return []
    name = table.at("measure").text()
    lines = [_line(item, at) for at, item in enumerate(ranked[:_DRAWN])]
    ends = [y for line in lines for y in (*line.low, *line.y) if y is not None]
    top = max([y for line in lines for y in (*line.high, *line.y) if y is not None], default=1.0)
    title = _lead(material)
    plot = LinePlot(
        frame=Frame(
            x=Axis(title="severity", low=0, high=5, ticks=(0, 1, 2, 3, 4, 5)),
            y=Axis(title=words(name).name, low=min([*ends, 1.0]), high=max(top, 1e-6)),
        ),
        finding=title, lines=lines,
    )  # fmt: skip
    note = (
        f"The {count(len(lines))} most harmful; shaded: 95 % interval. Severity 0 is the image as "
        "it came. What each severity is, is in the table."
    )
    silent = table.at("silenced", "value").number()
    body = (
        "How often the model falls silent is beside it: a good model abstains before it is wrong."
        + (f" Of the answers that changed, it gave none in {number(100 * silent)} %."
           if silent is not None else "")
    )  # fmt: skip
    return [
        Figure(title=title, picture=line_plot(plot), note=note),
        Text(body=body, kind="note"),
        _table(material, ranked),
    ]


def _explanations(material: Material) -> list[Block]:
    """Each method of explaining with its check: what did not pass is told and not shown."""
    table = material.file("curves.json").at("explanations")
    tables = table.at("labels").each() or [table]
    methods = [
        (one.at("label").text(), item) for one in tables for item in one.at("methods").each()
    ]
    if not methods:
        return []
    labelled = any(label for label, _ in methods)
    rows = [
        (*([label] if labelled else []), item.at("title").text(),
         "shown" if item.at("shown").value else "not shown", item.at("why").text())
        for label, item in methods
    ]  # fmt: skip
    shown = sum(bool(item.at("shown").value) for _, item in methods)
    patients = max(one.at("subjects").number() or 0 for one in tables)
    caption = (
        f"Of {count(len(methods))} ways to explain the model's answers, {count(shown)} passed the "
        f"checks on {count(patients)} patients" + (", label by label" if labelled else "")
    )
    head = (*(["Finding"] if labelled else []), "Maps by", "In this report", "Why")
    return [Table(caption=caption, head=head, rows=rows)]


def _line(item: Node, at: int) -> Line:
    return Line(
        name=item.at("name").text(), x=[float(x) for x in range(6)],
        y=item.at("value").numbers(), low=item.at("low").numbers(), high=item.at("high").numbers(),
        kind=_KINDS[at], dash=_DASHES[at],
    )  # fmt: skip


def _table(material: Material, ranked: list[Node]) -> Table:
    measure = _table_of(material).at("measure").text()
    rows = []
    for item in ranked:
        name = item.at("name").text()
        cells = [_cell(material, measure, name, severity) for severity in (1, 3, 5)]
        silent = [value for value in item.at("abstained").numbers() if value is not None]
        quiet = f"{number(100 * silent[-1])} %" if silent else "not measured"
        rows.append((name, item.at("means").text(), *cells, quiet))
    head = ("Images with", "severity is the", "Severity 1", "3", "5", "Abstained at 5")
    called = words(measure).name
    caption = f"{called[:1].upper()}{called[1:]} as images get worse"
    return Table(caption=caption, head=head, rows=rows)


def _cell(material: Material, measure: str, name: str, severity: int) -> str:
    item = material.book.found(f"robustness.{measure}", f"{name} {severity}")
    return material.book.cite(item) if item is not None else "not measured"
