"""Words for what levers are worth. Entries as in measure_words_images.py."""

from __future__ import annotations

from bedside.methods.measure_words_images import Entry

_TIMES = "n labels with the lever do what k times n do without"

OF_WORTH: dict[str, Entry] = {
    "rank_correlation": (
        "ranking of patients", "Spearman correlation",
        "Whether higher predictions go with higher values: 0 is chance, 1 is perfect.", False,
    ),
    "worth.k": ("worth in labels", "k, data-equivalent factor", f"{_TIMES}; 1 is nothing.", False),
    "worth.placebo": (
        "control: as many other labels", "placebo k", "Must be 1, or no number is printed.", False,
    ),
    "worth.oracle": (
        "control: twice the real labels", "oracle k",
        "Must be 2 and be told from 1, or no number is printed.", False,
    ),
    "worth.duplicates": (
        "control: real labels copied", "duplicates k",
        "Copies hold no information; away from 1 the learner takes repetition for certainty.",
        False,
    ),
    "worth.beside_copies": (
        "worth against copies", "k against count-matched duplicates",
        "Made-up cases against as many copies of real ones; 1 is no better than these.", False,
    ),
    "worth.cost": (
        "compute", "ratio of processor time", "Processor time as a multiple of that without.",
        False,
    ),
    "worth.unequal": (
        "pairs with unequal budgets", "pairs of fits of unequal budget",
        "Fits with and without of which one had fewer tries or steps, because time ran out.", False,
    ),
    "worth.caught": (
        "patients given away", "true-positive rate of density membership inference",
        "Of those that made-up cases were learnt from, who is caught at 1 % false alarms.", False,
    ),
    "worth.saved": (
        "money saved", "saving in labels times their price",
        "What the labels would cost that the lever stands for; below 0 it is a loss.", False,
    ),
}  # fmt: skip
"""By measure; of a second measure the name follows, as in `worth.k.brier`."""
