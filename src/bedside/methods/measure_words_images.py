"""Words for what is measured of images alone: outlines, lesions, robustness, explanations.

Each entry: what a clinician would call it, the name in the literature, one sentence, and whether it
is a share. See measure_words.py.
"""

from __future__ import annotations

Entry = tuple[str, str, str, bool]

OF_IMAGES: dict[str, Entry] = {
    "dice": (
        "overlap with the true outline", "Dice coefficient",
        "Twice the common part over the sum of both sizes: 0 is none, 1 the same outline.", False,
    ),
    "dice_median": (
        "overlap of the middle patient", "median Dice",
        "Half of the patients have a Dice below it.", False,
    ),
    "jaccard": (
        "common part of both outlines", "Jaccard index, intersection over union",
        "The common part over all that either outline holds.", False,
    ),
    "nsd": (
        "border within tolerance", "normalised surface distance",
        "The share of both borders that lies within the tolerance of the other.", False,
    ),
    "nsd_median": (
        "border within tolerance, middle patient", "median NSD",
        "Half of the patients have less of the border within tolerance.", False,
    ),
    "hd95": (
        "largest distance of the borders", "HD95, 95th percentile of the Hausdorff distance",
        "19 of 20 places of the border are nearer than this to the other border.", False,
    ),
    "hd95_median": (
        "largest distance of the borders, middle patient", "median HD95",
        "Half of the patients have a smaller one.", False,
    ),
    "assd": (
        "mean distance of the borders", "ASSD, average symmetric surface distance",
        "How far the borders are apart on average.", False,
    ),
    "volume_error": (
        "volume too large or too small", "signed volume difference",
        "Above 0: outlined too large; below 0: too small.", False,
    ),
    "volume_error_relative": (
        "volume too large or too small, as a share", "relative volume difference",
        "As a share of the true volume.", True,
    ),
    "lesion_sensitivity": (
        "lesions that are found", "lesion-level sensitivity",
        "Of all true lesions, the share that the outline meets.", True,
    ),
    "lesion_fp": (
        "lesions that are not there", "false positives per patient",
        "Outlined lesions that match no true one, per patient.", False,
    ),
    "lesion_f1": (
        "balance of found and false lesions", "lesion-level F1",
        "The harmonic mean of sensitivity and precision of lesions.", False,
    ),
    "robustness.answered": (
        "performance among those answered", "selective performance under corruption",
        "The primary measure among the images from which the model did not abstain.", False,
    ),
    "robustness.abstained": (
        "images without an answer", "abstention under corruption",
        "The share of the worsened images from which the model abstains.", True,
    ),
    "robustness.mean_loss": (
        "lost as images get worse", "mean corruption loss",
        "What the primary measure loses, the mean over severities.", False,
    ),
    "robustness.silenced": (
        "changed answers that were not given", "silenced flips",
        "Of the answers that corruption changed, the share that the model kept to itself.", True,
    ),
    "explanation.likeness": (
        "likeness to maps of random weights", "parameter randomisation check",
        "Rank correlation with maps of a network that forgot everything; near 1 the map says "
        "nothing of the model.", False,
    ),
    "explanation.structure": (
        "likeness in structure to maps of random weights", "SSIM under parameter randomisation",
        "Structural similarity with maps of a network that forgot everything.", False,
    ),
    "explanation.stability": (
        "likeness under a little noise", "stability of the map",
        "Rank correlation with the map of the same image with a little noise; 1 is stable.", False,
    ),
    "explanation.deletion": (
        "covering what is marked costs more", "deletion check",
        "How often covering what the map marks lowers the answer more than covering what another "
        "patient's map marks; one half is chance.", True,
    ),
    "explanation.pointing": (
        "maps that point at the lesion", "pointing game",
        "How often the strongest place of the map lies within the marked region.", True,
    ),
    "explanation.pointing_random": (
        "maps of random weights that point at the lesion", "pointing game, random weights",
        "The same for a network that forgot everything.", True,
    ),
    "explanation.pointing_chance": (
        "pointing by chance", "pointing game, chance",
        "How often a blind map would point right.", True,
    ),
}  # fmt: skip
