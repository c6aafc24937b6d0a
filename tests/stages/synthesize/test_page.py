"""The page in words: one cause once, what is not judged looks so, and no gap is sold as found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bedside.stages.synthesize.page_attacks import attack_rows, attacks_title, causes, standing_of
from bedside.stages.synthesize.page_pairs import unlike
from bedside.stages.synthesize.verdict import Leak, Verdict

NAN = float("nan")
PASSED = Leak(
    attack="near_copies", title="Near copies", asks="looks", slice="all", unit="excess",
    synthetic=(-0.01, -0.03, 0.02), copy=(0.9, 0.8, 1.0), real=(0.0, -0.02, 0.02), limit=0.05,
    members=900, others=400, fewest=100,
)  # fmt: skip
FAILED = replace(PASSED, title="Linking records", synthetic=(0.06, 0.02, 0.1))
FEW = replace(PASSED, title="Membership, by distance", others=57, synthetic=(NAN, NAN, NAN))
FEWER = replace(FEW, title="A few copies")
RARE = replace(FEW, slice="rarest tenth", others=6, fewest=20)
BLIND = replace(PASSED, title="Attribute inference", copy=(0.02, 0.0, 0.04))
SHOWN = replace(PASSED, slice="rarest tenth", limit=None)


def test_one_cause_is_told_once_with_what_was_asked_for() -> None:
    said = Verdict(leaks=(PASSED, FAILED, FEW, FEWER, RARE, BLIND, SHOWN))
    assert causes(said) == [
        "Attacks may gain more than their limit: linking records (up to 10.0 %, limit 5.00 %)",
        "Too few people to compare with: 57 where at least 100 are asked for (membership by "
        "distance and a few copies) and 6 of the rarest tenth where at least 20 are asked for "
        "(membership by distance)",
        "These attacks do not see a copy, so that they prove nothing: attribute inference",
    ]
    assert standing_of(said) == "fail"
    assert causes(Verdict(leaks=(PASSED, SHOWN))) == []


def test_what_was_promised_and_not_tested_is_a_cause_too() -> None:
    said = Verdict(leaks=(PASSED,), epsilon=5.0, proved=1.0, provable=3.7, fits_to_test=1099)
    (cause,) = causes(said)
    assert cause.startswith("The promised epsilon of 5 was not put to the test")
    assert standing_of(said) == "unknown"


@pytest.mark.parametrize(
    ("leaks", "title"),
    [
        ((PASSED, SHOWN), "No attack gains more than its limit"),
        ((PASSED, FAILED, SHOWN), "1 of 2 attacks may gain more than their limit"),
        ((FEW, SHOWN), "None of 1 attacks could be judged"),
        (
            (FAILED, FEW),
            "1 of 2 attacks may gain more than their limit and 1 of 2 attacks could not be judged",
        ),
    ],
)
def test_the_title_counts_attacks_that_are_judged(leaks: tuple[Leak, ...], title: str) -> None:
    assert attacks_title(Verdict(leaks=leaks)) == title


def test_what_is_not_judged_has_no_mark_and_what_is_not_known_no_number() -> None:
    passed, shown, few, _axis = attack_rows(Verdict(leaks=(PASSED, SHOWN, FEW)))
    assert (passed["judged"], passed["standing"]) == (True, "pass")
    assert (shown["judged"], shown["standing"], shown["limit"]) == (False, "not judged", "no limit")
    assert shown["mark"] == ""
    assert passed["mark"] != ""
    assert few["gain"] == "cannot be told"
    assert "\N{MINUS SIGN}1.0" in str(passed["gain"])


def test_a_gap_within_the_interval_is_not_told_as_one() -> None:
    assert unlike((0.80, 0.75, 0.85), (0.90, 0.85, 0.95))
    assert not unlike((0.85, 0.75, 0.95), (0.90, 0.85, 0.95))
    assert not unlike((0.89, 0.885, 0.895), (0.90, 0.85, 0.95))
