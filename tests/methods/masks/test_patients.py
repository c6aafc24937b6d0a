"""From images to patients: means, medians, slices, and intervals that cover."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bedside.core.errors import DataError
from bedside.methods.evaluation.comparison import measured
from bedside.methods.intervals import resample
from bedside.methods.masks import Asked, LesionRule, MaskTable, measure_masks
from bedside.methods.masks.patients import Patients, median
from bedside.methods.masks.table import MEASURES


def table(dice, *, structures=("a",), present=None, **lesions):
    """A table [N, K] whose measures all say the same."""
    dice = np.asarray(dice, np.float64).reshape(len(dice), len(structures))
    there = np.ones_like(dice) if present is None else np.asarray(present, np.float64)
    return MaskTable(
        structures=structures, axes=3, values=dict.fromkeys(MEASURES, dice), present=there,
        **lesions,
    )  # fmt: skip


def points(table_, subjects, slice_="all", weights=None):
    patients = Patients(table_, resample(subjects, 5, 0))
    for name, structures, among in patients.slices():
        if name == slice_:
            w = np.ones((1, len(table_))) if weights is None else weights
            return patients.measure(structures, among)(w), patients.known(structures, among)
    raise AssertionError(slice_)


def test_a_patient_with_several_images_counts_once():
    found, known = points(table([0.9, 0.7, 0.2]), ["x", "x", "y"])
    assert found["dice"] == pytest.approx((0.8 + 0.2) / 2)
    assert found["dice_median"] == pytest.approx(0.5)
    assert known["dice"] == 2


def test_all_is_the_mean_over_structures_of_each_patient():
    two = table([[0.9, 0.5], [0.7, 0.1]], structures=("head", "tail"))
    assert points(two, [1, 2])[0]["dice"] == pytest.approx(0.55)
    assert points(two, [1, 2], "tail")[0]["dice"] == pytest.approx(0.3)


def test_undefined_images_and_structures_are_left_out():
    nan = np.nan
    two = table([[0.9, nan], [0.7, 0.1], [nan, nan]], structures=("head", "tail"))
    found, known = points(two, [1, 1, 2])
    assert found["dice"] == pytest.approx((0.8 + 0.1) / 2)
    assert known["dice"] == 1
    assert np.isnan(points(table([nan, nan]), [1, 2])[0]["dice"]).all()


def test_a_structure_that_some_lack_is_told_for_those_who_have_it():
    two = table([[1.0, 0.5], [0.5, 0.5]], structures=("tumour", "organ"), present=[[0, 1], [1, 1]])
    names = [name for name, _, _ in Patients(two, resample([1, 2], 5, 0)).slices()]
    assert names == ["all", "tumour", "tumour & present", "organ"]
    found, known = points(two, [1, 2], "tumour & present")
    assert (found["dice"][0], known["dice"]) == (0.5, 1)


def test_weights_are_those_of_patients():
    found, _ = points(table([0.9, 0.7, 0.2]), ["x", "x", "y"], weights=np.array([[0, 0, 2.0]]))
    assert found["dice"][0] == found["dice_median"][0] == 0.2


@settings(max_examples=100, deadline=None)
@given(
    values=st.lists(st.sampled_from([0.1, 0.4, 0.5, 0.9, 3.0, np.nan]), min_size=1, max_size=9),
    seed=st.integers(0, 1000),
)
def test_a_weighted_median_is_numpys_of_the_repeated(values, seed):
    weights = np.random.default_rng(seed).integers(0, 4, (3, len(values)))
    found = median(np.array(values), weights.astype(np.float64))
    for one, counts in zip(found, weights, strict=True):
        repeated = np.repeat(values, counts)
        repeated = repeated[np.isfinite(repeated)]
        expected = np.median(repeated) if len(repeated) else np.nan
        assert one == pytest.approx(expected, nan_ok=True)


def lesion_table():
    """Two strata: the first image has two small, one found; the second one large, found."""
    return table(
        [0.5, 0.5, 1.0],
        rule=LesionRule(sizes=(1.0,)),
        lesions=np.array([[[2.0, 0]], [[0, 1]], [[0, 0]]]),
        found=np.array([[[1.0, 0]], [[0, 1]], [[0, 0]]]),
        spurious=np.array([[3.0], [0], [0]]),
    )


def test_lesions_are_pooled_and_false_ones_are_by_patient():
    patients = Patients(lesion_table(), resample([1, 2, 3], 5, 0))
    found = patients.lesion_measure([0])(np.ones((1, 3)))
    assert found["lesion_sensitivity"] == pytest.approx(2 / 3)
    assert found["lesion_fp"] == pytest.approx(1.0)
    assert found["lesion_f1"] == pytest.approx(2 * 2 / (3 + 5))
    names = [name for name, _, _ in patients.lesion_slices()]
    assert names == ["all", "size_ml=[0, 1)", "size_ml=1 and above"]
    assert patients.lesion_measure([0], 0)(np.ones((1, 3)))["lesion_sensitivity"] == 0.5
    assert patients.known_lesions([0]) == {
        "lesion_sensitivity": 2, "lesion_fp": 3, "lesion_f1": 2
    }  # fmt: skip


def test_a_table_needs_a_subject_for_each_row_and_a_rule_for_lesions():
    with pytest.raises(DataError, match="one row for each of 3"):
        Patients(table([0.5]), resample([1, 2, 3], 5, 0))
    with pytest.raises(DataError, match="a rule of what a lesion is"):
        Patients(table([0.5]), resample([1], 5, 0)).lesion_measure([0])


def coverage(unit_of, level=0.9, rounds=300):
    """Share of rounds whose interval holds the true mean Dice; images of a patient are alike."""
    random = np.random.default_rng(3)
    hits = 0
    for seed in range(rounds):
        subject = np.repeat(np.arange(40), random.integers(1, 6, 40))
        of_patient = random.normal(0.8, 0.1, 40)[subject]
        dice = of_patient + random.normal(0, 0.02, len(subject))
        resamples = resample(unit_of(subject), 200, seed)
        patients = Patients(table(dice), resamples)
        structures, among = next((s, a) for name, s, a in patients.slices() if name == "all")
        _, low, high = measured(patients.measure(structures, among), resamples, level).intervals()[
            "dice"
        ]
        hits += low <= 0.8 <= high
    return hits / rounds


def test_an_interval_covers_at_its_level_when_patients_are_resampled():
    # 300 rounds at 0.9: four standard errors are 0.07.
    assert 0.83 <= coverage(lambda subject: subject) <= 0.97


def test_resampling_images_as_if_independent_covers_less():
    assert coverage(lambda subject: np.arange(len(subject))) < 0.8


def test_measures_of_masks_arrive_in_the_table():
    truth = np.zeros((2, 4, 6, 6), np.uint8)
    truth[0, 1:3, 1:4, 1:4], truth[1, :2, :2, :2] = 1, 2
    shifted = np.roll(truth, 1, axis=3)
    asked = Asked(
        structures=("a", "b"), tolerance=(0.5, 2.0), lesions=LesionRule(overlap=0.1, sizes=(0.01,))
    )
    found = measure_masks([(shifted[i], truth[i], (1.0, 1.0, 1.0)) for i in (0, 1)], asked)
    assert found.present.tolist() == [[1, 0], [0, 1]]
    assert found.values["dice"][0].tolist() == pytest.approx([2 / 3, 1.0])
    assert 0.3 < found.values["nsd"][0, 0] < 0.9
    assert found.values["nsd"][1, 1] == 1.0
    assert found.lesions.tolist() == [[[0, 1], [0, 0]], [[0, 0], [1, 0]]]
    assert found.found.tolist() == found.lesions.tolist()
    assert np.isnan(found.values["volume_error_relative"][0, 1])


MASK = np.zeros((3, 4), np.uint8)


@pytest.mark.parametrize(
    ("masks", "says"),
    [
        ([], "at least one image"),
        ([(MASK, MASK, (1, 1)), (MASK + 9, MASK, (1, 1))], "image 1, predicted mask"),
        ([(MASK, MASK, (1, 1)), (MASK[None], MASK[None], (1, 1, 1))], "both"),
    ],
)
def test_what_cannot_be_measured_is_named_by_its_place(masks, says):
    with pytest.raises(DataError, match=says):
        measure_masks(masks, Asked(structures=("a",)))


@pytest.mark.parametrize(
    "wrong",
    [{"structures": ()}, {"structures": ("a",), "tolerance": (1.0, 2.0)},
     {"structures": ("a",), "tolerance": -1.0}],
)  # fmt: skip
def test_what_makes_no_sense_to_ask_is_refused(wrong):
    with pytest.raises(DataError):
        Asked(**wrong)
