"""A field that tells the site is named; one that does not is not."""

from __future__ import annotations

import numpy as np

from bedside.methods.audit.shortcuts import shortcut_findings


def test_a_device_that_only_one_site_has_is_found(training_of, number, category) -> None:
    rng = np.random.default_rng(0)
    site = rng.choice(["north", "south", "west"], 1500)
    device = np.where(site == "north", 1, np.where(site == "south", 2, 3))
    columns = [number("age", rng.normal(size=1500)), category("device", device)]
    (found,) = shortcut_findings(columns, training_of(rng.random(1500) < 0.3), site)
    assert (found.state, found.field) == ("found", "device")
    (clear,) = shortcut_findings(columns[:1], training_of(rng.random(1500) < 0.3), site)
    assert clear.state == "clear"
    assert clear.evidence[0].slice == "age"


def test_a_large_file_sorted_by_site_is_sampled_from_all_sites(training_of, number) -> None:
    site = np.repeat(["north", "south"], 30_000)
    column = number("device", (site == "south") + 0.0)
    training = training_of(np.arange(60_000) % 2)
    (found,) = shortcut_findings([column], training, site)
    assert found.field == "device"
    assert found.evidence[0].subjects <= 20_000


def test_one_site_is_unknown(training_of, number) -> None:
    training = training_of(np.arange(50) % 2)
    for site in (None, np.full(50, "north")):
        (found,) = shortcut_findings([number("x", np.arange(50.0))], training, site)
        assert found.state == "unknown"
