"""Whether maps may be shown: the three checks against their limits, in words."""

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
    likeness: Interval, stability: Interval, deletion: Interval, *, patients: int
) -> tuple[bool, str]:
    """Whether maps may be shown, and why, from the three checks' intervals."""
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
    return True, (
        f"Shown: with random weights the maps are others, rank correlation {alike}; with a little "
        f"noise in the image they stay, {steady}; covering what they mark costs more than covering "
        f"what another patient's map marks in {costs} of the images."
    )
