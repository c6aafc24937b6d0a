"""A study: one TOML file that says which question, about which patients, from which data.

[study]     name, question, modality, seed
[data]      where the source lies and how to read it
[columns.X] what a column is: role, type, unit, range, when it becomes known
[task]      what is predicted
[decision]  what a prediction is used for
[[gates]]   what must hold before a release
[images]    (or another modality's name) what that modality needs to know, read by its own Spec
[prepare], [audit], [train], ...   one section a stage, read by the stage's own Spec
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Literal, TypeVar

from bedside.core import cells
from bedside.core.decision import Decision
from bedside.core.errors import StudyError
from bedside.core.gate import Gate
from bedside.core.spec import Source, build, nearest, override, parse_toml

Role = Literal["feature", "group", "comparator", "ignore"]
ColumnType = Literal["auto", "numeric", "category", "boolean", "date"]
TaskType = Literal["binary", "multiclass", "multilabel", "regression", "survival", "segmentation"]
MOST_LABELS = 50
S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """`[study]`: what is asked."""

    name: str
    question: str
    modality: str = "tables"
    seed: int = 0
    population: str = ""
    """Who the patients are, in words."""
    intended_use: str = ""
    """Who would use a prediction, when, and for what."""
    limits: tuple[str, ...] = ()
    """What the authors of the study know it cannot show."""
    citation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """`[data]`: the source and the columns that say who, where and when."""

    source: str = ""
    """A path (absolute, beside the study or in --data), or `package:NAME/path/in/package`."""
    instead: tuple[str, ...] = ()
    """Other names that the source may have; the first that is there is read."""
    beside: str = ""
    """A second file of the same kind whose columns stand beside those of the first, row for row."""
    format: Literal["auto", "csv", "parquet", "arff"] = "auto"
    separator: str = ","
    encoding: str = "utf8"
    header: bool = True
    skip: int = 0
    """Lines before the header, or before the first row where there is no header."""
    names: tuple[str, ...] = ()
    """Column names where the file has none."""
    missing: tuple[str | float, ...] = ()
    """Codes that mean missing in every column, beside the empty cell."""
    subject: str = ""
    """Column that names the patient; empty: each row is a patient of its own."""
    site: str = ""
    split: str = ""
    """Column of a split that came with the data: the audit looks at it, bedside draws its own."""
    time: str = ""
    """Column of the prediction time (a date); decides temporal splits."""
    extra: str = "examples"
    """Which extra of bedside brings the package that a `package:` source names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`[columns.NAME]`: what one column of the source is."""

    role: Role = "feature"
    """feature: input; group: also (or only) a subgroup; comparator: somebody else's prediction."""
    type: ColumnType = "auto"
    unit: str = ""
    range: tuple[float, float] | None = None
    """Values outside are impossible, in `unit`; they stop the run as a wrong unit would."""
    categories: tuple[str, ...] = ()
    """Order of the categories; empty: those seen in training patients, sorted."""
    missing: tuple[str | float, ...] = ()
    known: str = "at prediction"
    """When the value becomes known: `at prediction`, or `COLUMN+24h`, or `after outcome`."""
    group: bool = False
    """Report this feature's subgroups."""
    cuts: tuple[float, ...] = ()
    """Where a numeric column is cut into subgroups."""
    optional: bool = False
    """No error when the source has no such column."""
    invert: bool = False
    """For a comparator: it predicts the opposite (survival where the task is death)."""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """`[task]`: what is predicted.

    binary and multiclass: `target`, with `positive` for binary; or `event`, `time` and `horizon`:
    whether the event happens within the horizon, unobserved for those censored before it.
    multilabel: `labels`, with `positive`; an empty cell is a label that was not observed.
    regression: `target`. survival: `event`, `time`, `horizon`. segmentation: `structures`.
    """

    type: TaskType
    target: str = ""
    positive: str | float = ""
    event: str = ""
    time: str = ""
    horizon: float | None = None
    """In the unit of the `time` column."""
    occurred: str | float = ""
    """Value of `event` that says it happened; empty: 1."""
    labels: tuple[str, ...] = ()
    """Columns of a multi-label task: several findings a sample, each present or absent."""
    unobserved: tuple[str | float, ...] = ()
    """Values of a label's column that say neither present nor absent: `-1` for uncertain, say."""
    structures: tuple[str, ...] = ()
    """What is outlined in a segmentation: the names of the masks' labels 1, 2, ..."""
    unit: str = ""
    """Unit of `time`, or of a regression target."""
    outcome: str = ""
    """The outcome in a clinician's words: `death within ten years`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A whole study, checked. `sections` holds each stage's own table, checked by the stage."""

    about: About
    data: Data
    columns: Mapping[str, Column]
    task: Task
    decision: Decision
    gates: tuple[Gate, ...]
    sections: Mapping[str, Mapping[str, object]]
    file: Path
    text: str = field(repr=False)
    insisted: frozenset[tuple[str, str]] = frozenset()
    """Section and key of what `--set` says: no stage's QUICK or TINY is laid over it."""

    @property
    def name(self) -> str:
        """The study's short name."""
        return self.about.name

    def spec(self, stage: str, *, tiny: bool = False, quick: bool = False) -> object:
        """The Spec of a stage as this study sets it; `quick` and `tiny` lay the stage's QUICK and
        TINY over what is not insisted on."""
        module = cells.stage(stage)
        table = dict(self.sections.get(stage, {}))
        for name in ["QUICK"] * quick + ["TINY"] * tiny:
            laid = getattr(module, name, {})
            table |= {key: laid[key] for key in laid if (stage, key) not in self.insisted}
        return build(module.Spec, table, Source(self.file.name, self.text), (stage,))

    @property
    def settings(self) -> object:
        """What the modality needs to know, by its own `settings.Spec`; None: it asks nothing."""
        name = self.about.modality
        module = cells.settings(name)
        if module is None:
            return None
        table = self.sections.get(name, {})
        return build(module.Spec, table, Source(self.file.name, self.text), (name,))


_OWN = ("study", "data", "columns", "task", "decision", "gates")


def embedded() -> Mapping[str, Path]:
    """The ready studies by name."""
    folder = Path(str(files("bedside.studies")))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def find_study(name: str) -> Path:
    """The file of a study: a path, or the name of a ready one."""
    path = Path(name)
    if path.is_file():
        return path
    ready = embedded()
    if name in ready:
        return ready[name]
    raise StudyError(
        name,
        expected="a study file or the name of a ready study",
        found="neither",
        hint=nearest(name, ready) + "; or write one: bedside init DATA.csv",
    )


def read_study(path: Path, overrides: Sequence[str] = ()) -> Study:
    """Read and check a whole study, every stage's section included.

    Raises StudyError with file, line, key and nearest known name.
    """
    text = _read(path)
    table = parse_toml(text, path.name)
    for assignment in overrides:
        override(table, assignment)
    study = build_study(table, path=path, text=text)
    return replace(study, insisted=frozenset(map(_insisted, overrides)))


def _insisted(assignment: str) -> tuple[str, str]:
    """Section and key of `--set train.rate=3e-4`."""
    section, _, rest = assignment.partition("=")[0].partition(".")
    return section.strip(), rest.partition(".")[0].strip()


def build_study(table: Mapping[str, object], *, path: Path, text: str = "") -> Study:
    """A checked study from its tables."""
    source = Source(path.name, text)
    about = build(About, table.get("study", {}), source, ("study",))
    own = (about.modality,) if cells.settings(about.modality) else ()
    known = (*_OWN, *own, *(name for name in cells.stages() if _has_section(name)))
    for key in table:
        if key not in known:
            raise StudyError(
                source.where((key,)),
                expected="a known section",
                found=f"'{key}'",
                hint=nearest(key, known),
            )
    study = Study(
        about=about,
        data=build(Data, table.get("data", {}), source, ("data",)),
        columns=_each(table.get("columns", {}), source),
        task=build(Task, table.get("task", {}), source, ("task",)),
        decision=build(Decision, table.get("decision", {}), source, ("decision",)),
        gates=_gates(table.get("gates", []), source),
        sections={name: _section(table[name], source, name) for name in table if name not in _OWN},
        file=path,
        text=text,
    )
    _check_task(study, source)
    for name in study.sections:
        if name not in own:
            study.spec(name)
    _ = study.settings  # checked now, so that a mistake is told before any work
    return study


def with_source(study: Study, source: str) -> Study:
    """The same study on another source (a data frame written to disk, a later year)."""
    return replace(study, data=replace(study.data, source=source))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise StudyError(
            path.name, expected="a text in UTF-8", found=f"other bytes at byte {error.start}"
        ) from error
    except OSError as error:
        raise StudyError(
            str(path), expected="a readable study file", found=error.strerror or "none"
        ) from error


def _has_section(stage: str) -> bool:
    """Whether a stage is run on a study; what serves a bundle knows none, and has no settings."""
    module = cells.stage(stage)
    return hasattr(module, "Spec") and hasattr(module, "run")


def _each(table: object, source: Source) -> dict[str, Column]:
    if not isinstance(table, Mapping):
        raise StudyError(source.where(("columns",)), expected="a section", found="a value")
    return {name: build(Column, item, source, ("columns", name)) for name, item in table.items()}


def _gates(table: object, source: Source) -> tuple[Gate, ...]:
    if not isinstance(table, list):
        raise StudyError(source.where(("gates",)), expected="[[gates]]", found="a single section")
    gates = tuple(build(Gate, item, source, ("gates",)) for item in table)
    for gate in gates:
        if gate.at_least is None and gate.at_most is None:
            raise StudyError(
                source.where(("gates",)),
                expected=f"at_least or at_most for '{gate.measure}'",
                found="neither",
            )
    return gates


def _section(table: object, source: Source, name: str) -> Mapping[str, object]:
    if not isinstance(table, Mapping):
        raise StudyError(source.where((name,)), expected="a section", found="a value")
    return table


def _check_task(study: Study, source: Source) -> None:
    task = study.task
    timed = task.type == "survival" or bool(task.event or task.time or task.horizon is not None)
    wanted = ("event", "time", "horizon") if timed else ("target",)
    if task.type == "regression":
        wanted = ("target",)
    if task.type == "segmentation":
        wanted = ("structures",)
    if task.type == "multilabel":
        wanted = ("labels",)
    for name in wanted:
        if getattr(task, name) in ("", None, ()):
            raise StudyError(
                source.where(("task",)),
                expected=f"the key '{name}' for a {task.type} task",
                found="none",
                hint=f"add {name} = ... to [task]",
            )
    if timed and task.type in ("binary", "survival") and (task.horizon or 0) <= 0:
        raise StudyError(
            source.where(("task", "horizon")), expected="a horizon above 0", found=f"{task.horizon}"
        )
    if task.type == "multilabel":
        _check_labels(task, source)
        _check_no_comparator(study, source)
    elif task.labels or task.unobserved:
        raise StudyError(
            source.where(("task",)), expected=f"no labels for a {task.type} task", found="some",
            hint='several findings a sample are type = "multilabel"',
        )  # fmt: skip


def _check_labels(task: Task, source: Source) -> None:
    """Two labels or more, each named once, and nothing that only a single outcome has."""
    for name in ("target", "event", "time", "horizon", "occurred", "structures", "unit"):
        if getattr(task, name) not in ("", None, ()):
            raise StudyError(
                source.where(("task", name)), expected="none for a multilabel task",
                found=f"{name} = ...", hint="each label is present or absent: name them by labels",
            )  # fmt: skip
    twice = sorted({name for name in task.labels if task.labels.count(name) > 1})
    where = source.where(("task", "labels"))
    if twice:
        raise StudyError(where, expected="each label once", found=f"'{twice[0]}' twice or more")
    if len(task.labels) < 2:
        raise StudyError(where, expected="two labels or more", found="one",
                         hint='a single one is type = "binary" with target = ...')  # fmt: skip
    if len(task.labels) > MOST_LABELS:
        raise StudyError(where, expected=f"at most {MOST_LABELS} labels",
                         found=f"{len(task.labels)}")  # fmt: skip
    for name in task.labels:
        if not name.strip() or " & " in name:
            raise StudyError(where, expected="names without ' & ', which joins slices of evidence",
                             found=f"'{name}'", hint="rename the column")  # fmt: skip


def _check_no_comparator(study: Study, source: Source) -> None:
    for name, column in study.columns.items():
        if column.role == "comparator":
            raise StudyError(
                source.where(("columns", name)), expected="no comparator in a multilabel task",
                found="one", hint="it predicts one outcome; ask of it in a study of its own",
            )  # fmt: skip
