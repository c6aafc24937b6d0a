"""A policy a label: what a released model of a multi-label question does with one sample.

Novelty and missing inputs are of the sample and silence every label; a set that is ambiguous, or a
value that is not finite, silences its own label alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bedside.core.decision import Decision
from bedside.core.errors import DataError
from bedside.core.spec import Plain, Source, build, plain
from bedside.methods.policy import Decisions, Policy, fit_policy

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelPolicies:
    """K binary policies, in the order of the target's labels. Make one with `fit_label_policies`.

    `policy.json` of a multi-label model; `Policy` is that of every other.
    """

    labels: tuple[Policy, ...]

    @property
    def novelty_limit(self) -> float:
        """Beyond it nothing is said of any label."""
        return self.labels[0].novelty_limit

    @property
    def most_missing(self) -> float:
        """Likewise, the share of missing inputs."""
        return self.labels[0].most_missing

    def to_json(self) -> dict[str, Plain]:
        """Plain values that JSON holds; every number comes back exactly."""
        return cast("dict[str, Plain]", plain(self))

    def decide(
        self, values: ArrayLike, novelty: ArrayLike, missing_share: ArrayLike
    ) -> tuple[Decisions, ...]:
        """Decisions on N samples for each label, from `values` [N, K]; see `Policy.decide`."""
        values_NK = np.asarray(values, np.float64)
        if values_NK.ndim != 2 or values_NK.shape[1] != len(self.labels):
            raise DataError(
                "predictions (multilabel)", expected=f"[N, {len(self.labels)}]",
                found=f"{values_NK.shape}",
            )  # fmt: skip
        return tuple(
            policy.decide(values_NK[:, k : k + 1], novelty, missing_share)
            for k, policy in enumerate(self.labels)
        )


AnyPolicy = Policy | LabelPolicies


def read_policy(table: Mapping[str, object]) -> AnyPolicy:
    """The policy that `to_json` wrote; StudyError names a key that is missing or wrong."""
    if "labels" in table:
        return build(LabelPolicies, table, Source("policy"))
    return Policy.from_json(table)


def fit_label_policies(
    values_NK: ArrayLike, targets_NK: ArrayLike, novelty: ArrayLike, missing_share: ArrayLike, *,
    labels: Sequence[str], options: Decision,
) -> LabelPolicies:  # fmt: skip
    """`fit_policy` for each label on the tune patients in whom it was observed.

    `targets_NK` [N, K] is 0, 1 or NaN. The options, such as a sensitivity, hold for each label.
    DataError names the label.
    """
    values, targets = np.asarray(values_NK, np.float64), np.asarray(targets_NK, np.float64)
    fitted = []
    for k, label in enumerate(labels):
        try:
            policy = fit_policy(
                "binary", values[:, k : k + 1], targets[:, k], novelty, missing_share,
                options=options,
            )  # fmt: skip
        except DataError as error:
            raise DataError(f"label '{label}', {error.where}", expected=error.expected,
                            found=error.found, hint=error.hint) from error  # fmt: skip
        fitted.append(policy)
    return LabelPolicies(labels=tuple(fitted))


def together(labels: Sequence[Decisions]) -> Decisions:
    """What is done with each sample as a whole: act where any label does, silent where all are.

    `value` is NaN and there is no set: these are the labels' own. `reason` is the first label's.
    """
    abstain = np.logical_and.reduce([one.abstain for one in labels])
    nothing = np.full(len(abstain), np.nan)
    return Decisions(
        value=nothing, probabilities=np.zeros((len(abstain), 0)), low=nothing, high=nothing,
        label_set=np.zeros((len(abstain), 0), np.bool_), abstain=abstain,
        act=np.logical_or.reduce([one.act for one in labels]),
        reason=np.where(abstain, labels[0].reason, 0).astype(np.int8),
    )  # fmt: skip
