"""Reading what may not be there, and finding the line a number comes from."""

from __future__ import annotations

from dataclasses import replace

from bedside.stages.report.reading import Book, Node, said

from .conftest import measured


def test_what_is_not_there_reads_as_nothing() -> None:
    node = Node({"a": [1, None, True, "x"], "b": {"c": 2.5}})
    assert node.at("b", "c").number() == 2.5
    assert node.at("a").numbers() == [1.0, None, None, None]
    assert not node.at("b", "c", "d")
    assert node.at("x").each() == []
    assert node.at("a").pairs() == []
    assert node.at("x").text("none") == "none"


def test_evidence_is_found_by_model_split_and_slice() -> None:
    ours, theirs = measured("auroc", 0.8), measured("auroc", 0.7, model="logistic")
    outside = measured("auroc", 0.6, data="external@1f3a5c07")
    women = measured("auroc", 0.5, slice="sex=F")
    book = Book([ours, theirs, outside, women, ours])
    assert len(book.lines) == 4
    assert book.one("auroc", "trees") == ours
    assert book.one("auroc", "trees", "external") == outside
    assert book.all("auroc", model="trees", slice_=None) == [ours, women]
    assert book.one("brier", "trees") is None
    assert book.found("auroc", "sex=F") == women


def test_a_number_is_said_in_its_unit_and_leads_to_its_line() -> None:
    ppv = measured("ppv", 0.58, 0.03)
    assert said(ppv) == "58.0 % (55.0 to 61.0)"
    assert f'href="#e-{ppv.id}"' in Book([ppv]).cite(ppv)
    assert said(measured("ici", 0.012, 0.006)) == "1.20 points (0.60 to 1.80)"
    assert said(measured("rmse", 60.4, 7.0, unit="points")) == "60.4 points (53.4 to 67.4)"
    assert said(measured("rmse", 3.0, 0.5, unit="days")) == "3.00 days (2.50 to 3.50)"
    assert said(measured("alerts_per_100", 36.0, 2.0, unit="per 100 patients")) == (
        "36.0 (34.0 to 38.0)"
    )
    people = measured("prepare.subjects", 1575.0, low=1575.0, high=1575.0, unit="patients")
    assert said(replace(people, stage="prepare")) == "1,575 patients"
    flips = measured("parity.flips", 0.0, low=0.0, high=0.0)
    assert said(replace(flips, stage="release")) == "0 (exact)"


def test_none_of_a_sample_is_not_exactly_none() -> None:
    assert said(measured("abstention_rate", 0.0, low=0.0, high=0.0)) == "0 % (0 to 0)"
