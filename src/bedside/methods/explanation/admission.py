"""Whether maps may be shown: the checks against their limits, in words."""

from __future__ import annotations

from bedside.methods.intervals import Interval

MOST_ALIKE = 0.5
"""A map that is this much like that of a network without knowledge says too little of the network
(rank correlation, upper end of its interval)."""
CHANCE = 0.5
"""How often covering what any map marks costs more than covering what any other marks."""
FEWEST_PATIENTS = 10
"""Of fewer, nothing is concluded and no map is shown."""


def verdict(
    likeness: Interval, stability: Interval, deletion: Interval, *, patients: int,
    pointing: Interval | None = None, blind: float = 0.0,
) -> tuple[bool, str]:  # fmt: skip
    """Whether maps may be shown, and why, from the checks' intervals.

    `pointing`: where people marked places, how often maps point at them; `blind`: how often a map
    that knows nothing would.
    """
    alike, steady, costs = (
        f"{value:.2f} ({low:.2f} to {high:.2f})"
        for value, low, high in (likeness, stability, deletion)
    )
    if patients < FEWEST_PATIENTS:
        return False, f"Not shown: {patients} patients are too few to check the maps."
    if not likeness[2] < MOST_ALIKE:
        return False, (
            f"Not shown: with random weights the maps stay much the same, rank correlation {alike}."
        )
    if not stability[1] > likeness[2]:
        return False, (
            "Not shown: a little noise changes the maps about as much as random weights do, rank "
            f"correlation {steady} against {alike}."
        )
    if not deletion[1] > CHANCE:
        return False, (
            "Not shown: covering what a map marks changes the answer no more than covering what "
            f"another patient's map marks, in {costs} of the images."
        )
    if pointing is not None and not pointing[1] > blind:
        return False, (
            "Not shown: the maps do not point at what people marked more often than a blind one "
            f"would, in {pointing[0]:.2f} ({pointing[1]:.2f} to {pointing[2]:.2f}) of the images "
            f"against {blind:.2f}."
        )
    return True, (
        f"Shown: with random weights the maps are others, rank correlation {alike}; with a little "
        f"noise in the image they stay, {steady}; covering what they mark costs more than covering "
        f"what another patient's map marks in {costs} of the images."
    )
