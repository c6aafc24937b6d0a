"""Wrong labels: their share is estimated where the fields can tell, and withheld where not."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.methods.audit.label_noise import noise_finding


def _found(training_of, number, *, flipped: float, blur: float):
    rng = np.random.default_rng(0)
    fields = rng.normal(size=(1500, 4))
    truth = fields[:, 0] + fields[:, 1] + blur * rng.normal(size=1500) > 0
    given = truth ^ (rng.random(1500) < flipped)
    columns = [number(f"x{at}", fields[:, at]) for at in range(4)]
    return noise_finding(columns, training_of(given), most_share=0.1, most_rows=5000)


@pytest.mark.parametrize(("flipped", "state"), [(0.02, "clear"), (0.2, "found")])
def test_the_share_of_flipped_labels_is_measured(training_of, number, flipped, state) -> None:
    found = _found(training_of, number, flipped=flipped, blur=0.1)
    if flipped == 0.2:  # so many wrong labels blur the ranking itself
        assert found.state in ("found", "unknown")
    else:
        assert found.state == state
    assert found.evidence[0].value == pytest.approx(flipped, abs=0.05)


def test_vague_outcomes_are_not_called_wrong(training_of, number) -> None:
    found = _found(training_of, number, flipped=0.0, blur=4)
    assert found.state == "unknown"
    assert "too vaguely" in found.sentence


def test_too_few_patients_and_values_are_unknown(training_of, number) -> None:
    columns = [number("x", np.arange(30.0))]
    few = noise_finding(columns, training_of(np.arange(30) % 2), most_share=0.1, most_rows=100)
    value = noise_finding(
        columns, training_of(np.arange(30.0), task="regression"), most_share=0.1, most_rows=100
    )
    assert few.state == value.state == "unknown"
