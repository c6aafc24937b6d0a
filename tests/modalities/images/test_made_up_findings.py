"""Made-up scans with two findings: a cyst is dark, unobserved cells are empty, nothing drifts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from bedside.modalities.images.made_up import patient, scan
from bedside.modalities.images.made_up_findings import finding_scan, write_findings


def test_a_cyst_is_dark_and_the_rest_is_the_scan_of_lesions() -> None:
    who = patient(3, seed=0)
    plain = scan(who, 0, seed=0)
    without, _ = finding_scan(who, 0, cysts=False, seed=0)
    with_cyst, _ = finding_scan(who, 0, cysts=True, seed=0)
    np.testing.assert_array_equal(without.pixels, plain.pixels)
    change = with_cyst.pixels.astype(int) - plain.pixels.astype(int)
    assert change.max() <= 0
    assert change.min() < -15
    assert 0.005 < (change < -5).mean() < 0.2


def test_the_table_says_yes_no_or_nothing(tmp_path: Path) -> None:
    table = pl.read_csv(write_findings(tmp_path, subjects=60), infer_schema=False)
    for name, most in (("lesion", 0.15), ("cyst", 0.35)):
        assert set(table[name].drop_nulls()) == {"yes", "no"}
        assert 0 < table[name].null_count() / table.height < most
    first = (tmp_path / table["file"][0]).read_bytes()
    again = write_findings(tmp_path / "again", subjects=3)
    assert (again.parent / table["file"][0]).read_bytes() == first
