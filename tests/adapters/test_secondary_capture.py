"""A picture as a DICOM file: what pydicom and our reader find in it."""

from __future__ import annotations

import io

import numpy as np
import pydicom
import pytest

from bedside.adapters.images import read_image
from bedside.adapters.secondary_capture import write_secondary_capture
from bedside.core.errors import DataError


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16"])
@pytest.mark.parametrize("shape", [(3, 5), (4, 6), (1, 1)])
def test_the_values_come_back_exactly(dtype: str, shape: tuple[int, int]) -> None:
    limits = np.iinfo(dtype)
    values = np.random.default_rng(1).integers(
        limits.min, limits.max, shape, dtype=dtype, endpoint=True
    )
    values.flat[0], values.flat[-1] = limits.min, limits.max
    content = write_secondary_capture(values)
    held = pydicom.dcmread(io.BytesIO(content))
    np.testing.assert_array_equal(held.pixel_array, values)
    np.testing.assert_array_equal(read_image(content).values, values)
    assert len(held.PixelData) % 2 == 0


def test_it_holds_no_patient_and_is_the_same_each_time() -> None:
    values = np.arange(20, dtype=np.uint8).reshape(4, 5)
    held = pydicom.dcmread(io.BytesIO(write_secondary_capture(values)))
    assert not str(held.PatientName)
    assert held.PatientID == ""
    assert held.Modality == "OT"
    assert write_secondary_capture(values) == write_secondary_capture(values[:, :])
    turned = write_secondary_capture(np.asfortranarray(values))
    np.testing.assert_array_equal(pydicom.dcmread(io.BytesIO(turned)).pixel_array, values)


def test_the_order_of_bytes_does_not_matter() -> None:
    values = np.array([[1, 256], [-2, 3]], ">i2")
    np.testing.assert_array_equal(read_image(write_secondary_capture(values)).values, values)


@pytest.mark.parametrize(
    "values", [np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2)), np.zeros((2, 2), np.int32)]
)
def test_anything_else_is_refused(values: np.ndarray) -> None:
    with pytest.raises(DataError, match="grey picture"):
        write_secondary_capture(values)
