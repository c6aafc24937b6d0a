"""What earlier runs left for the report: their JSON read leniently, their evidence indexed.

The report must come whatever stopped the chain, so a file or key that is not there is an absence to
be told, never an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from markupsafe import Markup

from bedside.core.evidence import Evidence
from bedside.core.run import Run
from bedside.core.spec import Plain
from bedside.core.study import Study
from bedside.methods.measure_words import words
from bedside.methods.multilabel import parted
from bedside.methods.words import interval, patients


@dataclass(frozen=True, slots=True)
class Node:
    """A place in a JSON document that may not be there."""

    value: Plain = None

    def __bool__(self) -> bool:
        return self.value is not None and self.value not in ("", [], {})

    def at(self, *keys: str) -> Node:
        """The node under nested keys."""
        value = self.value
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return Node(value)

    def text(self, default: str = "") -> str:
        """Text, or a number as text."""
        return str(self.value) if isinstance(self.value, (str, int, float)) else default

    def number(self) -> float | None:
        """A number; a truth value is none."""
        held = self.value
        return (
            float(held) if isinstance(held, (int, float)) and not isinstance(held, bool) else None
        )

    def numbers(self) -> list[float | None]:
        """A list of numbers."""
        return [node.number() for node in self.each()]

    def each(self) -> list[Node]:
        """The items of a list."""
        return [Node(item) for item in self.value] if isinstance(self.value, list) else []

    def pairs(self) -> list[tuple[str, Node]]:
        """The items of a section."""
        held = self.value
        return [(key, Node(item)) for key, item in held.items()] if isinstance(held, dict) else []


class Book:
    """All evidence, and how a number is written so that it leads to its line."""

    def __init__(self, evidence: list[Evidence]) -> None:
        self.lines = list({item.id: item for item in evidence}.values())
        self.ids: dict[Evidence, str] = {}
        """Of lines that are shown as something else than what they are, the id they lead to."""

    def of_label(self, label: str) -> Book:
        """The lines on one label, as if it had been the only question."""
        book = Book([])
        for item in self.lines:
            name, part = parted(item.slice, [label])
            if name:
                shown = replace(item, slice=part)
                book.lines.append(shown)
                book.ids[shown] = item.id
        return book

    def all(
        self, measure: str = "", *, model: str | None = None, split: str = "held_out",
        slice_: str | None = "all",
    ) -> list[Evidence]:  # fmt: skip
        """Evidence that matches; None matches anything, a measure that ends in `.` its family."""
        return [
            item
            for item in self.lines
            if (not measure or item.measure == measure or _of_family(item.measure, measure))
            and (model is None or item.model == model)
            and (not split or not item.data or item.data.split("@")[0] == split)
            and (slice_ is None or item.slice == slice_)
        ]

    def one(self, measure: str, model: str = "", split: str = "held_out") -> Evidence | None:
        """The last line on all patients of a split."""
        found = self.all(measure, model=model, split=split)
        return found[-1] if found else None

    def first(self, measures: tuple[str, ...], model: str = "") -> Evidence | None:
        """The first of several measures that there is."""
        found = (self.one(measure, model) for measure in measures)
        return next((item for item in found if item is not None), None)

    def cite(self, item: Evidence, text: str = "") -> Markup:
        """The number with its interval, or `text`, as a link to its line."""
        return Markup('<a class="n" href="#e-{}">{}</a>').format(
            self.ids.get(item, item.id), text or said(item)
        )

    def found(self, measure: str, slice_: str, data: str = "") -> Evidence | None:
        """The last line on a measure and a slice, of whatever model."""
        same = [x for x in self.lines if x.measure == measure and x.slice == slice_]
        same = [x for x in same if not data or x.data == data]
        return same[-1] if same else None


def said(item: Evidence) -> str:
    """Value and interval in the unit a reader expects."""
    word = words(item.measure)
    unit = item.unit
    if not unit:
        unit = "share" if word.share else "share points" if word.points else ""
    if unit.startswith("per 1"):
        unit = ""
    counted = item.stage != "evaluate"  # nothing there is exact: a resample of zeros is all zeros
    if counted and item.value is not None and item.low == item.value == item.high:
        unit = unit.removesuffix("patients")
        exact = interval(item.value, None, None, unit).removesuffix(" (no interval)")
        return patients(item.value) if item.unit == "patients" else f"{exact} (exact)"
    if unit == "patients" and item.value is not None:
        return patients(item.value)
    return interval(item.value, item.low, item.high, unit)


def _of_family(measure: str, family: str) -> bool:
    return family.endswith(".") and measure.startswith(family)


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Everything the sections write from."""

    study: Study
    runs: Mapping[str, Run]
    book: Book
    files: Mapping[str, Node]
    data_digest: str
    tiny: bool = False

    def file(self, name: str) -> Node:
        """A file of an earlier run, empty where there is none."""
        return self.files.get(name, Node())

    @property
    def released(self) -> str:
        """The model that is, or would be, released."""
        return self.file("verdict.json").at("released").text()

    @property
    def stops(self) -> list[tuple[str, str]]:
        """Stage and reason, for each stage that stopped the run."""
        found = [(name, run.outcome().stop) for name, run in self.runs.items() if run.done]
        return [(name, reason) for name, reason in found if reason]

    def models(self) -> list[str]:
        """Models in the order of the race, then those that evidence alone names."""
        raced = [entry.at("name").text() for entry in self.race()]
        named = dict.fromkeys(x.model for x in self.book.lines if x.model and x.model not in raced)
        return [*raced, *named] if "evaluate" in self.runs else raced

    def race(self) -> list[Node]:
        """Entries of the race."""
        race = self.file("race.json")
        return (race.at("models") if race.at("models") else race).each()


FILES = {
    "flow.json": "prepare",
    "columns.json": "prepare",
    "findings.json": "audit",
    "dropped.json": "audit",
    "pretrain.json": "pretrain",
    "race.json": "train",
    "halves.json": "train",
    "verdict.json": "evaluate",
    "curves.json": "evaluate",
    "patients.json": "evaluate",
    "worth.json": "worth",
    "gates.json": "release",
    "parity.json": "release",
    "score.json": "release",
}


def read_files(runs: Mapping[str, Run]) -> dict[str, Node]:
    """The JSON files that there are."""
    return dict(_readable(runs))


def _readable(runs: Mapping[str, Run]) -> Iterator[tuple[str, Node]]:
    for name, stage in FILES.items():
        if stage in runs and (runs[stage].folder / name).is_file():
            yield name, Node(runs[stage].read_json(name))
