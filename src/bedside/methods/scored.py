"""Decisions as a table: one row a patient, columns by the kind of task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bedside.core.dataset import Target
from bedside.methods.policy import REASONS, Decisions
from bedside.methods.served import labels_of

_FEW = 12
"""Labels whose sets are counted without sorting."""


def refuse(decisions: Decisions, rows: NDArray[np.bool_]) -> Decisions:
    """The same decisions, with an abstention for `rows` [N]: those that are out of schema."""
    return replace(
        decisions, act=decisions.act & ~rows, abstain=decisions.abstain | rows,
        reason=np.where(rows, 0, decisions.reason).astype(np.int8),
    )  # fmt: skip


def scored_frame(
    target: Target,
    decisions: Decisions,
    novelty: NDArray[np.float32],
    *,
    labels: Sequence[Decisions] = (),
    problem: NDArray[np.int64],
    sentences: Sequence[str],
    first: int,
    names: Sequence[str] = (),
) -> pl.DataFrame:
    """Columns for N rows, the first of which is row number `first` of the file.

        row          counted from 0, in the order of the file
        sample       its name, where rows have names
        value        risk, number or likeliest class; null where the model abstains
        probability.X  of each class (multiclass)
        low, high    ends of the interval (regression); null: no end
        set          labels that are not ruled out, separated by " | "
        act, abstain, reason, novelty
        X.value, X.set, X.act, X.abstain, X.reason  of each label X of `labels`, in place of value
                     and set (multilabel); act, abstain and reason are then of the row as a whole

    `problem` [N]: 0, or k where `sentences[k - 1]` says why the row is out of schema.
    """
    said = ~decisions.abstain
    columns: dict[str, object] = {"row": np.arange(first, first + len(said), dtype=np.int64)}
    if names:
        columns["sample"] = pl.Series(names, dtype=pl.String)
    if labels:
        for name, one in zip(target.classes, labels, strict=True):
            columns |= _of_label(name, one, problem, sentences)
    else:
        columns |= _values(target, decisions, said)
    columns["act"] = decisions.act
    columns["abstain"] = decisions.abstain
    columns["reason"] = _reasons(decisions, problem, sentences)
    columns["novelty"] = _where(np.asarray(novelty), problem == 0)
    return pl.DataFrame(columns)


def _of_label(
    name: str, one: Decisions, problem: NDArray[np.int64], sentences: Sequence[str]
) -> dict[str, object]:
    said = ~one.abstain
    return {
        f"{name}.value": _where(one.value, said),
        f"{name}.set": _sets(("no", "yes"), one.label_set, said),
        f"{name}.act": one.act,
        f"{name}.abstain": one.abstain,
        f"{name}.reason": _reasons(one, problem, sentences),
    }


def _values(target: Target, decisions: Decisions, said: NDArray[np.bool_]) -> dict[str, object]:
    labels = labels_of(target)
    if target.type == "regression":
        return {
            "value": _where(decisions.value, said),
            "low": _where(decisions.low, said & np.isfinite(decisions.low)),
            "high": _where(decisions.high, said & np.isfinite(decisions.high)),
        }
    columns: dict[str, object] = {"value": _where(decisions.value, said)}
    if target.type == "multiclass":
        columns["value"] = _named(labels, np.where(said, decisions.value, -1).astype(np.int64))
        for index, name in enumerate(labels):
            columns[f"probability.{name}"] = _where(decisions.probabilities[:, index], said)
    columns["set"] = _sets(labels, decisions.label_set, said)
    return columns


def _where(values: NDArray[np.floating], given: NDArray[np.bool_]) -> pl.Series:
    return pl.Series(np.where(given, values, np.nan), nan_to_null=True)


def _named(names: Sequence[str], index: NDArray[np.int64]) -> pl.Series:
    """Texts by index, each held once; -1 is null."""
    return _texts(tuple(names)).gather(np.where(index < 0, len(names), index))


@lru_cache(maxsize=64)
def _texts(names: tuple[str, ...]) -> pl.Series:
    """The texts and null; most batches need the same ones."""
    return pl.Series([*names, None], dtype=pl.Enum(list(dict.fromkeys(names))))


def _sets(labels: Sequence[str], held: NDArray[np.bool_], said: NDArray[np.bool_]) -> pl.Series:
    """Few different sets occur: name each once, then look up."""
    if len(labels) <= _FEW:
        number = held @ (1 << np.arange(len(labels)))
        present = np.flatnonzero(np.bincount(number, minlength=1))
        found = (present[:, None] >> np.arange(len(labels))) & 1 > 0
        place = np.zeros(1 << len(labels), np.int64)
        place[present] = np.arange(len(present))
        which = place[number]
    else:
        found, which = np.unique(held, axis=0, return_inverse=True)
    texts = [" | ".join(name for name, has in zip(labels, row, strict=True) if has)
             for row in found]  # fmt: skip
    return _named(texts, np.where(said, which.reshape(-1), -1))


def _reasons(
    decisions: Decisions, problem: NDArray[np.int64], sentences: Sequence[str]
) -> pl.Series:
    texts = [*REASONS, *sentences]
    return _named(
        texts, np.where(problem > 0, len(REASONS) - 1 + problem, decisions.reason.astype(np.int64))
    )
