"""Section 9: where every number comes from."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from bedside.core.evidence import Evidence
from bedside.methods.measure_words import WORDS, is_difference, words
from bedside.methods.words import count, duration
from bedside.stages.report.blocks import Block, Fold, Section, Table, Text, code, lines, small
from bedside.stages.report.models import model_name
from bedside.stages.report.reading import Material, Node, said

_PACKAGES = ("bedside", "numpy", "polars", "scikit-learn", "torch", "onnxruntime")


def trace_section(material: Material) -> Section:
    """Study, data, runs, environment, cost; then every line of evidence, and what measures mean."""
    blocks: list[Block] = [_what(material), _runs(material)]
    blocks += _race(material)
    blocks += _parity(material)
    blocks.append(_study(material))
    blocks.append(glossary(material))
    blocks.append(evidence_table(material))
    lead = (
        f"Every number above leads to one of {count(len(material.book.lines))} lines of evidence "
        "at the end of this page; each names the run, the data and the model it was measured with."
    )
    return Section(anchor="trace", title="Trace", lead=lead, blocks=blocks)


def _what(material: Material) -> Table:
    about, task = material.study.about, material.study.task
    rows = [
        ("Study", about.name),
        ("Study file", code(material.study.file.name)),
        ("Task", f"{task.type}{_horizon(material)}"),
        ("Seed", str(about.seed)),
        ("Data, SHA-256", code(material.data_digest)),
        ("Source", code(_name(material.study.data.source))),
        *((f"{name} version", found) for name, found in _versions()),
        ("Python", f"{platform.python_version()} on {platform.machine()}"),
        ("Citation", about.citation),
    ]
    kept = [row for row in rows if row[1]]
    return Table(caption="Study, data and environment", head=("What", "Which"), rows=kept)


def _horizon(material: Material) -> str:
    task = material.study.task
    return "" if task.horizon is None else f", within {task.horizon:g} {task.unit}".rstrip()


def _name(source: str) -> str:
    """The source without the folders of the machine it was read on."""
    return source if source.startswith("package:") else source.replace("\\", "/").rsplit("/", 1)[-1]


def _versions() -> list[tuple[str, str]]:
    found = []
    for package in _PACKAGES:
        try:
            found.append((package, version(package)))
        except PackageNotFoundError:
            continue
    return found


def _runs(material: Material) -> Table:
    rows = []
    for stage, run in material.runs.items():
        record = run.read_json("DONE") if run.done else {}
        seconds = record.get("seconds") if isinstance(record, dict) else None
        took = duration(float(seconds)) if isinstance(seconds, (int, float)) else ""
        headline = run.outcome().headline if run.done else ""
        rows.append((stage, code(run.name), took, headline))
    head = ("Stage", "Run", "Time", "Main finding")
    return Table(caption="Runs this report was made from", head=head, rows=rows, kind="wide")


def _race(material: Material) -> list[Block]:
    rows = []
    for entry in material.race():
        seconds, trials = entry.at("seconds").number(), entry.at("trials").number()
        size, name = entry.at("parameters").number(), entry.at("name").text()
        cut = small("time ran out") if entry.at("cut").value is True else ""
        rows.append(
            (
                lines(model_name(name), small(entry.at("source").text())),
                entry.at("family").text(),
                "" if size is None else count(size),
                "" if trials is None else lines(count(trials), cut),
                "" if seconds is None else duration(seconds),
                _settings(entry.at("settings").pairs()),
            )
        )
    if not rows:
        return []
    head = ("Model", "Family", "Parameters", "Trials", "Time", "Settings chosen")
    caption = "What the race cost, and the settings it chose"
    return [Fold(title=caption, blocks=[Table(caption=caption, head=head, rows=rows, kind="wide")])]


def _settings(pairs: list[tuple[str, Node]]) -> str:
    return ", ".join(f"{key} {_rounded(node)}" for key, node in pairs)


def _rounded(node: Node) -> str:
    held = node.value
    return f"{held:.3g}" if isinstance(held, float) else node.text("yes" if held else "no")


def _parity(material: Material) -> list[Block]:
    found = material.book.all("parity.", split="", slice_=None)
    if not found:
        return []
    rows = [
        (
            item.measure.split(".", 1)[1].replace("_", " "),
            count(item.subjects),
            material.book.cite(item),
        )
        for item in found
    ]
    caption = "Trained, exported and served predictions agree as far as this"
    head = ("What was compared", "Patients", "Number")
    return [Fold(title=caption, blocks=[Table(caption=caption, head=head, rows=rows)])]


def _study(material: Material) -> Fold:
    return Fold(
        title="The study file, as it was read",
        blocks=[Text(body=material.study.text or "(built in memory)", kind="source")],
    )


def glossary(material: Material) -> Fold:
    """What the measures on this page mean."""
    used = dict.fromkeys(_plain(item.measure) for item in material.book.lines)
    rows = [
        (words(name).name, words(name).statistician, words(name).meaning)
        for name in used
        if name in WORDS
    ]
    anchors = [f"m-{name}" for name in used if name in WORDS]
    table = Table(
        caption="Measures: what they are called here, in the literature, and what they say",
        head=("Here", "In the literature", "What it says"), rows=rows, anchors=anchors,
    )  # fmt: skip
    return Fold(title=f"What the {len(rows)} measures mean", blocks=[table], anchor="measures")


def _plain(measure: str) -> str:
    return measure.split(".", 1)[1] if is_difference(measure) else measure


def evidence_table(material: Material) -> Fold:
    """Every line, each an anchor that the numbers above lead to."""
    rows = [_line(item) for item in material.book.lines]
    head = ("Measure", "Number and level", "Patients", "Slice", "Model and data", "Run and id")
    table = Table(
        caption="All evidence, in the order of the stages", head=head, rows=rows, kind="evidence",
        anchors=[f"e-{item.id}" for item in material.book.lines],
    )  # fmt: skip
    title = f"All {count(len(rows))} lines of evidence"
    return Fold(title=title, blocks=[table], anchor="evidence")


def _line(item: Evidence) -> tuple[str, ...]:
    level = f"{item.level * 100:g} %" if item.low is not None else ""
    return (
        code(item.measure), lines(said(item), small(level)), count(item.subjects), item.slice,
        lines(item.model, small(item.data)), lines(small(item.run), small(item.id)),
    )  # fmt: skip
