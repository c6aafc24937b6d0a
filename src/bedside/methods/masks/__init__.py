"""Masks against the truth: overlap, surfaces and lesions, by structure and by patient.

`measure_masks` turns pairs of masks into a table; `judge_masks` and `judge_mask_race` turn tables
into evidence. What each measure means is in docs/segmentation.md.
"""

from bedside.methods.masks.components import largest_component, likeliest
from bedside.methods.masks.lesions import LesionRule, Lesions, lesions
from bedside.methods.masks.overlap import Overlap, overlap
from bedside.methods.masks.pair import Pair, Structure, pair
from bedside.methods.masks.record import (
    Judged,
    judge_mask_race,
    judge_masks,
    mask_contest,
    mask_units,
)
from bedside.methods.masks.surface import Surfaces, surfaces
from bedside.methods.masks.table import MEASURES, Asked, MaskTable, measure_masks

__all__ = [
    "MEASURES",
    "Asked",
    "Judged",
    "LesionRule",
    "Lesions",
    "MaskTable",
    "Overlap",
    "Pair",
    "Structure",
    "Surfaces",
    "judge_mask_race",
    "judge_masks",
    "largest_component",
    "lesions",
    "likeliest",
    "mask_contest",
    "mask_units",
    "measure_masks",
    "overlap",
    "pair",
    "surfaces",
]
