"""Prepare: from a source to a Dataset with a frozen schema, splits by subject, three-state labels.

Run folder: dataset.json, samples.parquet, the arrays, flow.json (who was left out, and why) and
columns.json (what happened to each column of the source).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from bedside.core import cells
from bedside.core.context import Context
from bedside.core.errors import StudyError
from bedside.core.executor import InProcess
from bedside.core.progress import Silent
from bedside.core.run import Outcome, Run
from bedside.core.study import Study

if TYPE_CHECKING:
    from datetime import date

    import numpy as np
    import numpy.typing as npt
    import polars as pl

    from bedside.core.dataset import Dataset
    from bedside.core.inputs import Inputs, Recipe
    from bedside.methods.cohort import Cohort, Rules

NEEDS: tuple[str, ...] = ()
READS = ("modality", "seed", "data", "columns", "task", "settings")
TINY: dict[str, object] = {"most_subjects": 600}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """`[prepare]`."""

    tune: float = 0.2
    """Share of subjects on whom settings, calibration and thresholds are chosen."""
    held_out: float = 0.2
    """Share of subjects whom only the final evaluation sees."""
    stratify: bool = False
    """Hold the shares exactly within each outcome. Then added rows may move other subjects."""
    external_sites: tuple[str, ...] = ()
    """Sites that are held apart as external data."""
    external_after: str = ""
    """Prediction times after this date are held apart as external data."""
    undeclared: Literal["feature", "ignore", "stop"] = "feature"
    """What a column is that [columns] does not name."""
    fewest_per_category: int = 5
    """A category of fewer training rows is read as missing, unless the study declares it: nothing
    can be learnt from it, and it could name a person."""
    most_subjects: int | None = None
    """Take at most so many subjects, drawn by the seed."""


class Cell(Protocol):
    """What prepare asks of a modality."""

    def read(self, paths: list[Path], study: Study) -> pl.DataFrame:
        """One row a sample, with the columns that [data] and [task] name."""

    def arrange(
        self, frame: pl.DataFrame, train: npt.NDArray[np.bool_], study: Study, recipe: Recipe
    ) -> Inputs:
        """Fields frozen on training rows, and the arrays of all rows."""


def outside(spec: Spec, study: Study, data_folder: Path | None) -> dict[str, str]:  # noqa: ARG001  # one form for all stages
    """SHA-256 of each source file: a run is repeated when its source has changed."""
    from bedside.adapters.source import digests

    return digests(study, data_folder)


def run(spec: Spec, context: Context) -> Outcome:
    """Read, label, split, freeze, encode and write; evidence is who there is."""
    from bedside.adapters.source import sources

    cell: Cell = context.cell
    rules = rules_of(spec)
    context.progress.advance(0, 4, "reading")
    paths = sources(context.study, context.data_folder)
    frame = cell.read(paths, context.study)
    _require_real(frame, paths)
    return _prepared(frame, spec, rules, context)


def _require_real(frame: pl.DataFrame, paths: list[Path]) -> None:
    """DataError for made-up patients: a source is split into tune, held out and external, and what
    a model is tuned or judged by must be real."""
    from bedside.adapters.parquet import made_up_rows
    from bedside.core.errors import DataError

    rows = made_up_rows(frame, paths)
    if rows:
        raise DataError(
            "source",
            expected="real patients, as some of them tune and judge the models",
            found=f"{rows:,} rows that `bedside synthesize` made up",
            hint="leave their rows out; no command here takes them in",
        )


def prepare_frame(frame: object, study: Study, folder: Path) -> Dataset:
    """Prepare a polars or pandas data frame as `study` says, in `folder`, and open the result.

    For the whole chain on a frame, give `adapters.parquet.on_frame(frame, study, folder)` to it.
    """
    from bedside.adapters.parquet import on_frame
    from bedside.core.dataset import Dataset

    folder.mkdir(parents=True, exist_ok=True)
    context = Context(
        study=on_frame(frame, study, folder),
        run=Run(folder),
        inputs={},
        cell=cells.cell(study.about.modality, "prepare"),
        executor=InProcess(),
        progress=Silent(),
    )
    spec = study.spec("prepare")
    if not isinstance(spec, Spec):
        raise TypeError("study.spec('prepare') gives the Spec of this stage")
    run(spec, context)
    return Dataset(folder)


def _prepared(frame: pl.DataFrame, spec: Spec, rules: Rules, context: Context) -> Outcome:
    import polars as pl

    from bedside.core.dataset import Schema, write_dataset
    from bedside.core.inputs import Recipe
    from bedside.methods.cohort import gather
    from bedside.methods.enrolment import enrolment

    cell: Cell = context.cell
    context.progress.advance(1, 4, "labels and splits")
    cohort = gather(frame, context.study, rules)
    context.progress.advance(2, 4, "fields")
    recipe = Recipe(undeclared=spec.undeclared, fewest_per_category=spec.fewest_per_category)
    train = (cohort.samples["split"] == "train").to_numpy()
    inputs = cell.arrange(cohort.frame, train, context.study, recipe)
    schema = Schema(
        fields=inputs.fields,
        target=cohort.target,
        groups=tuple(name.removeprefix("group.") for name in inputs.groups.columns),
        comparators=tuple(n.removeprefix("comparator.") for n in inputs.comparators.columns),
        settings=inputs.settings,
    )
    beside = [part for part in (inputs.groups, inputs.comparators) if part.width]
    samples = pl.concat([cohort.samples, *beside], how="horizontal")
    context.progress.advance(3, 4, "writing")
    context.run.write_json("flow.json", list(cohort.flow))
    context.run.write_json("columns.json", list(inputs.columns))
    if inputs.facts is not None:
        inputs.facts.write_parquet(context.run.path("facts.parquet"))
    dataset = write_dataset(context.run.folder, schema, samples, inputs.arrays)
    context.run.write_evidence(enrolment(dataset))
    headline = _headline(dataset, cohort) + _nobodys(inputs.columns)
    return Outcome(headline=headline)


def rules_of(spec: Spec) -> Rules:
    """The rules of splitting, checked."""
    from bedside.methods.cohort import Rules

    if min(spec.tune, spec.held_out) <= 0 or spec.tune + spec.held_out >= 1:
        raise StudyError(
            "[prepare] tune, held_out",
            expected="two shares above 0 that leave some for training",
            found=f"{spec.tune:g} and {spec.held_out:g}",
        )
    return Rules(
        tune=spec.tune,
        held_out=spec.held_out,
        stratify=spec.stratify,
        external_sites=spec.external_sites,
        external_after=_day(spec.external_after),
        most_subjects=spec.most_subjects,
    )


def _day(text: str) -> date | None:
    from datetime import date

    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise StudyError(
            "[prepare] external_after",
            expected="a date such as 2019-12-31",
            found=f"'{text}'",
        ) from None


def _nobodys(columns: Sequence[Mapping[str, object]]) -> str:
    """How many files of the source are no row's, where there are any."""
    counts = [item.get("files_without_row") for item in columns]
    files = sum(count for count in counts if isinstance(count, int))
    return f"; {files:,} image file{'' if files == 1 else 's'} without a row" if files else ""


def _headline(dataset: Dataset, cohort: Cohort) -> str:
    subjects = cohort.samples["subject"].n_unique()
    columns = cohort.samples.select(cohort.target.columns)
    unobserved = sum(item.null_count() for item in columns)
    images = any(field.kind == "image" for field in dataset.schema.fields)
    what = (
        f"{dataset.samples.height:,} images" if images else f"{len(dataset.schema.fields)} fields"
    )
    text = f"{subjects:,} patients, {what}"
    if cohort.target.type == "multilabel":
        text = f"{text}, {columns.width} labels"
        cells = columns.width * columns.height
        return f"{text}; {unobserved:,} of {cells:,} unobserved" if unobserved else text
    return f"{text}; outcome unobserved in {unobserved:,} samples" if unobserved else text
