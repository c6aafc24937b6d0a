"""Room at the limits of a policy, so that rounding in an exported graph decides nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bedside.methods.policy import Policy


def eased(policy: Policy, *, given: bool) -> Policy:
    """The policy with a hair of room at each limit that is some patient's own value.

    Patients whom a model cannot tell apart (the leaves of a tree) share that value, and float32
    rounds it one way in the trained model and another in the graph. A threshold that was `given`
    stays what it is.
    """
    room = 2e-6
    threshold = policy.threshold
    if threshold is not None and not given:
        threshold -= room * max(1.0, abs(threshold))
    return replace(
        policy, threshold=threshold, novelty_limit=policy.novelty_limit * (1 + 10 * room),
        quantiles=tuple(None if q is None else q + room * max(1.0, q) for q in policy.quantiles),
    )  # fmt: skip
