"""Who is in the study: from source rows to samples with subject, split and label, and the flow.

Every row that is left out is counted in the flow with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from bedside.core.dataset import SPLITS, Target
from bedside.core.errors import DataError, StudyError
from bedside.core.inputs import SAME, SAMPLE
from bedside.core.spec import nearest_column
from bedside.core.study import Data, Study
from bedside.methods.labels import label, require_both, words_of
from bedside.methods.moments import moments
from bedside.methods.multilabel import strata_of
from bedside.methods.splits import assign, draw


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Who goes where; the modality-free part of `[prepare]`."""

    tune: float = 0.2
    held_out: float = 0.2
    stratify: bool = False
    external_sites: tuple[str, ...] = ()
    external_after: date | None = None
    most_subjects: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """The rows that are in, their samples (columns as in core/dataset.py) and how they came in."""

    frame: pl.DataFrame
    samples: pl.DataFrame
    target: Target
    flow: tuple[dict[str, object], ...]


def gather(frame: pl.DataFrame, study: Study, rules: Rules) -> Cohort:
    """Label, check, thin out and split the rows of a source.

    Raises DataError when there is no row, a subject is missing, a subject has two labels at one
    time, or a split would be empty.
    """
    if frame.height < 2:
        raise DataError(
            study.data.source or "source",
            expected="a table of patients",
            found="no row" if not frame.height else "a single row",
            hint="was it copied whole?",
        )
    _present(frame, study.data)
    who = _who(frame, study.data)
    labels, target = label(frame, study.task)
    samples = pl.concat([who, labels], how="horizontal")
    _agree(samples, frame)
    flow = [step("found", samples, "rows of the source")]
    samples = samples.with_row_index("row")
    samples = _left_out(samples, study, flow)
    samples = _thinned(samples, study.about.seed, rules, flow)
    samples = _external(samples, rules, flow)
    samples = _split(samples, study.about.seed, rules, target)
    for name in SPLITS:
        part = samples.filter(pl.col("split") == name)
        if part.height or name != "external":
            flow.append(step(name, part, _WHY[name]))
    _enough(samples, target)
    kept = frame[samples["row"]] if samples.height < frame.height else frame
    finished = _finished(samples, target)
    return Cohort(frame=kept, samples=finished, target=target, flow=tuple(flow))


_WHY = {
    "train": "models learn from them",
    "tune": "settings, calibration and thresholds are chosen on them",
    "held_out": "seen only by the final evaluation",
    "external": "another site or a later time, seen only by the final evaluation",
}


def step(name: str, rows: pl.DataFrame, why: str) -> dict[str, object]:
    """One box of the patient flow."""
    return {
        "step": name,
        "subjects": rows["subject"].n_unique(),
        "rows": rows.height,
        "why": why,
    }


def _present(frame: pl.DataFrame, data: Data) -> None:
    for key in ("subject", "site", "split", "time"):
        name = getattr(data, key)
        if name and name not in frame.columns:
            raise DataError(
                f"[data] {key}",
                expected=f"the column '{name}' in the source",
                found="none of that name",
                hint=nearest_column(name, frame.columns),
            )


def _who(frame: pl.DataFrame, data: Data) -> pl.DataFrame:
    if data.subject:
        subject = words_of(frame[data.subject])
    elif SAME in frame.columns:
        subject = frame[SAME]
    else:
        subject = pl.int_range(frame.height, eager=True).cast(pl.String)
    missing = subject.null_count()
    if missing:
        raise DataError(
            f"column '{data.subject}'",
            expected="the subject in each row",
            found=f"{missing} of {frame.height:,} rows without",
            hint="remove those rows, or name another column as subject in [data]",
        )
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, frame.height)
    return pl.DataFrame(
        {
            "subject": subject,
            "site": words_of(frame[data.site]) if data.site else nothing,
            "given_split": words_of(frame[data.split]) if data.split else nothing,
            "moment": moments(frame[data.time], f"[data] time '{data.time}'")
            if data.time
            else nothing.cast(pl.Datetime("us")),
        }
    )


def _agree(samples: pl.DataFrame, frame: pl.DataFrame) -> None:
    """DataError when one subject has two labels at one time, and nothing tells the two apart."""
    if samples["subject"].n_unique() == samples.height or SAMPLE in frame.columns:
        return
    labels = pl.struct(pl.col("^target.*$"), pl.col("duration", "event"))
    at_odds = (
        samples.group_by("subject", "moment")
        .agg(labels.n_unique().alias("labels"))
        .filter(pl.col("labels") > 1)
    )
    if at_odds.height:
        raise DataError(
            "rows of one subject",
            expected="one outcome per subject and prediction time",
            found=f"{at_odds['subject'].n_unique():,} subjects with two or more that differ",
            hint="name the prediction time by time in [data], or decide which row is right",
        )


def _left_out(samples: pl.DataFrame, study: Study, flow: list[dict[str, object]]) -> pl.DataFrame:
    """Rows that the task cannot use at all: survival without a time or an event."""
    if study.task.type != "survival":
        return samples
    usable = pl.col("duration").is_not_null() & pl.col("event").is_not_null()
    return _exclude(samples, ~usable, "no follow-up time or no event status", flow)


def _exclude(
    samples: pl.DataFrame, which: pl.Expr, why: str, flow: list[dict[str, object]]
) -> pl.DataFrame:
    out = samples.filter(which)
    if out.height:
        flow.append(step("excluded", out, why))
    return samples.filter(~which)


def _thinned(
    samples: pl.DataFrame, seed: int, rules: Rules, flow: list[dict[str, object]]
) -> pl.DataFrame:
    """At most so many subjects: those who draw the smallest numbers, whatever their order."""
    names = samples["subject"].unique(maintain_order=True)
    if rules.most_subjects is None or len(names) <= rules.most_subjects:
        return samples
    number = draw(names.to_list(), seed, "most_subjects")
    kept = names.gather(np.argsort(number, kind="stable")[: rules.most_subjects])
    why = f"beyond the first {rules.most_subjects:,} subjects that were drawn"
    return _exclude(samples, ~pl.col("subject").is_in(kept.implode()), why, flow)


def _external(samples: pl.DataFrame, rules: Rules, flow: list[dict[str, object]]) -> pl.DataFrame:
    """Mark external rows; a subject with such rows has no other rows in the data."""
    _known_sites(samples, rules.external_sites)
    apart = pl.lit(value=False)
    if not rules.external_sites and rules.external_after is None:
        return samples.with_columns(external=apart)
    if rules.external_sites:
        apart = apart | pl.col("site").is_in(list(rules.external_sites)).fill_null(value=False)
    if rules.external_after is not None:
        # A row without a time cannot be shown to come before the cut, so it is left out.
        samples = _exclude(samples, pl.col("moment").is_null(), "no prediction time", flow)
        apart = apart | (pl.col("moment").dt.date() > rules.external_after)
    samples = samples.with_columns(external=apart)
    elsewhere = pl.col("external").any().over("subject") & ~pl.col("external")
    why = "earlier or other-site rows of subjects who are in the external data"
    return _exclude(samples, elsewhere, why, flow)


def _known_sites(samples: pl.DataFrame, sites: Sequence[str]) -> None:
    for site in sites:
        if not bool((samples["site"] == site).any()):
            raise StudyError(
                "[prepare] external_sites",
                expected="sites that are in the data",
                found=f"'{site}', which is in no row",
                hint="set site in [data], and write the site as the column has it",
            )


def _split(samples: pl.DataFrame, seed: int, rules: Rules, target: Target) -> pl.DataFrame:
    subjects = samples.group_by("subject", maintain_order=True).agg(pl.col(target.columns).max())
    number = draw(subjects["subject"].to_list(), seed)
    strata = None
    if rules.stratify:
        strata = _strata(subjects, target)
    names = assign(number, rules.tune, rules.held_out, strata)
    split = subjects.select("subject", split=pl.Series(names.tolist()))
    joined = samples.join(split, on="subject", how="left", maintain_order="left")
    return joined.with_columns(
        split=pl.when("external").then(pl.lit("external")).otherwise(pl.col("split"))
    )


def _strata(subjects: pl.DataFrame, target: Target) -> npt.NDArray[np.int64]:
    if target.type == "multilabel":
        return strata_of(subjects, target)
    return subjects["target"].fill_null(-1.0).rank("dense").cast(pl.Int64).to_numpy()


def _enough(samples: pl.DataFrame, target: Target) -> None:
    for name in ("train", "tune", "held_out"):
        part = samples.filter(pl.col("split") == name)
        if not part.height:
            raise DataError(
                f"split '{name}'",
                expected="patients in it",
                found="none",
                hint="more patients are needed, or other shares in [prepare]",
            )
    train = samples.filter(pl.col("split") == "train")
    if target.type == "multilabel":
        require_both(train.select(target.columns), "split 'train'")
        return
    if target.type == "segmentation":
        learnable = train["target"].null_count() < train.height
    elif target.type == "survival":
        learnable = bool((train["event"] == 1).any())
    else:
        learnable = train["target"].drop_nulls().n_unique() >= 2
    if not learnable:
        raise DataError(
            "split 'train'",
            expected="outcomes that differ between its patients",
            found="one and the same outcome, or none observed",
            hint="more patients are needed, or a later horizon",
        )


def _finished(samples: pl.DataFrame, target: Target) -> pl.DataFrame:
    return samples.select(
        pl.int_range(pl.len(), dtype=pl.Int64).alias("sample"),
        "subject",
        "split",
        "site",
        pl.col("moment").dt.date().alias("time"),
        "target",
        "duration",
        "event",
        "given_split",
        *(name for name in target.columns if name != "target"),
    )
