"""The stage: what it leaves, what stops a table, the way out, and the tag for life."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.stages.synthesize.made_up_study import (
    LENIENT,
    STUDY,
    context_of,
    prepared_in,
    study_in,
    synthesized,
    told,
)

from bedside.adapters.parquet import is_tagged
from bedside.core.dataset import Dataset
from bedside.core.errors import DataError, StudyError
from bedside.core.inputs import TAG
from bedside.core.run import Run
from bedside.core.study import Study, read_study
from bedside.methods.cases import Cases
from bedside.methods.privacy.attacks import ATTACKS
from bedside.modalities.tables import synthesize as tables
from bedside.stages import prepare, synthesize
from bedside.stages.synthesize.verdict import Leak, Verdict

Place = tuple[Study, dict[str, Run]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The study, prepared."""
    folder = tmp_path_factory.mktemp("place")
    study = study_in(folder / "study")
    return study, prepared_in(folder, study)


@pytest.fixture(scope="module")
def left(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose table may leave."""
    return synthesized(*place, tmp_path_factory.mktemp("runs") / "synthesize-0")


def test_what_it_leaves(left: Run, place: Place) -> None:
    record = told(left)
    assert record["leaves"], record["reasons"]
    assert {one["attack"] for one in record["attacks"]} == set(ATTACKS)
    assert {one["slice"] for one in record["attacks"]} == {"all", "rarest tenth"}
    measures = {item.measure for item in left.evidence()}
    assert measures >= {f"privacy.{name}" for name in ATTACKS}
    assert measures >= {"synthesis.detection", "synthesis.synthetic_minus_real"}
    assert all(item.data.startswith("tune@") for item in left.evidence())
    assert {item.model for item in left.evidence()} == {"synthetic", "copy", "real"}
    bare = {item.measure for item in left.evidence() if item.low is None or item.high is None}
    assert bare == set()
    assert len(record["likeness"]["synthetic"]["pairs"]) == 15
    dataset = Dataset(place[1]["prepare"].folder)
    assert record["judges"] == len(dataset.rows("tune")) // 2


def test_a_copy_is_the_ceiling_and_independent_people_the_floor(left: Run) -> None:
    for one in told(left)["attacks"]:
        if one["slice"] == "all":
            assert one["copy"][0] > one["limit"]
            assert one["copy"][0] > one["synthetic"][0]
            assert one["real"][1] <= one["limit"]


def test_held_out_patients_are_in_no_number(place: Place, left: Run, tmp_path: Path) -> None:
    study, inputs = place
    changed = Run(tmp_path / "prepare-1")
    changed.folder.mkdir()
    for path in inputs["prepare"].folder.iterdir():
        (changed.folder / path.name).write_bytes(path.read_bytes())
    dataset = Dataset(changed.folder)
    numeric = np.load(changed.folder / "numeric.npy")
    numeric[dataset.rows("held_out")] = 40.0
    np.save(changed.folder / "numeric.npy", numeric)
    again = synthesized(study, {**inputs, "prepare": changed}, tmp_path / "synthesize-0")
    assert told(again) == told(left)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_says_first_whether_it_may_leave(left: Run) -> None:
    page = (left.folder / "synthesis.html").read_text()
    parser = _Tags()
    parser.feed(page)
    assert parser.open == []
    assert parser.text.index("This synthetic table may leave") < parser.text.index("An attacker")
    assert "nan" not in parser.text.lower().replace("finance", "")
    assert page.count("<figure>") == 6
    assert "age with died" in parser.text.replace("target", "died")
    assert parser.text.count(" with ") >= 15
    assert "built-in" not in parser.text
    assert "http" not in page.replace("http-equiv", "")


def test_the_table_is_in_the_words_of_the_source(left: Run) -> None:
    table = pl.read_parquet(left.folder / "synthetic.parquet")
    assert table.columns == ["age", "sex", "lactate", "sodium", "ward", "died", TAG]
    assert set(table["died"].unique()) == {"no", "yes"}
    assert set(table["sex"].unique()) == {"F", "M"}
    assert table["age"].dtype == pl.Int64
    assert 0.1 < table["lactate"].null_count() / table.height < 0.3
    known = table["lactate"].drop_nulls()
    assert (known - known.round(2)).abs().max() < 1e-12
    assert table[TAG].null_count() == 0


@pytest.mark.parametrize("name", ["out.parquet", "out.csv"])
def test_the_way_out_takes_the_data_sheet_along(left: Run, tmp_path: Path, name: str) -> None:
    sheet = json.loads(synthesize.export(left, tmp_path / "a" / name).read_text())
    assert sheet["synthetic"]
    assert sheet["attacks"]
    assert sheet["not_uses"]
    path = tmp_path / "a" / name
    table = pl.read_csv(path) if name.endswith("csv") else pl.read_parquet(path)
    assert set(table[TAG]) == {sheet["tag"]}
    assert is_tagged(path) == name.endswith("parquet")


def test_pictures_do_not_go_into_a_csv(tmp_path: Path) -> None:
    run = Run(tmp_path / "synthesize-0")
    run.folder.mkdir()
    run.write_json("sheet.json", {"may_leave": True, "reasons": []})
    pl.DataFrame({"image": [b"PNG"], "label": [1]}).write_parquet(run.folder / "synthetic.parquet")
    with pytest.raises(DataError, match="can hold pictures"):
        synthesize.export(run, tmp_path / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["synthesize-0"]


def test_another_kind_of_file_is_refused_before_any_work() -> None:
    with pytest.raises(DataError, match=r"\.parquet or \.csv"):
        synthesize.check_export(Path("out.xlsx"))


class _Copier:
    """A generator that hands out the patients it saw."""

    def __init__(self, cases: Cases) -> None:
        self.cases = cases

    def sample(self, count: int, *, seed: int, where: object = None) -> Cases:
        rows = np.arange(count) % len(self.cases)
        chosen = self.cases.rows(rows)
        return replace(chosen, subjects=-1 - np.arange(count))


def test_a_copy_may_not_leave_and_is_not_kept(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        tables, "fit", lambda name, schema, cases, *, seed, rules=(), folder=None: _Copier(cases)
    )
    run = synthesized(*place, tmp_path / "synthesize-0")
    record = told(run)
    assert not record["leaves"]
    assert "may not leave" in run.outcome().headline
    assert {one["attack"] for one in record["attacks"] if one["standing"] == "fail"} == set(ATTACKS)
    assert not (run.folder / "synthetic.parquet").exists()
    with pytest.raises(DataError, match="a table that may leave"):
        synthesize.export(run, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
    page = (run.folder / "synthesis.html").read_text()
    assert "may not leave" in page
    assert "built-in method" not in page


def test_too_few_people_to_compare_with_is_unknown_and_unknown_is_not_pass(
    place: Place, tmp_path: Path
) -> None:
    run = synthesized(*place, tmp_path / "synthesize-0", fewest_subjects=5000)
    record = told(run)
    assert not record["leaves"]
    assert any("too few" in reason for reason in record["reasons"])


def test_an_attack_that_does_not_see_a_copy_proves_nothing(place: Place, tmp_path: Path) -> None:
    run = synthesized(*place, tmp_path / "synthesize-0", most_caught=1.0)
    assert any("does not see a copy" in reason for reason in told(run)["reasons"])


def test_only_such_patients_and_so_many(place: Place, tmp_path: Path) -> None:
    run = synthesized(
        *place,
        tmp_path / "synthesize-0",
        rows=50,
        where=("died=yes",),
        rules=("age >= 18",),
        fewest_subjects=5,
        most_caught=0.99,
    )
    sheet = json.loads((run.folder / "sheet.json").read_text())
    assert (sheet["rows"], sheet["where"]) == (50, ["died=yes"])
    assert told(run)["utility"] is None


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"epsilon": 0.0, "generator": ""}, "a number above 0"),
        ({"epsilon": -1.0, "generator": ""}, "a number above 0"),
        ({"epsilon": 1.0, "generator": "trees"}, "or another generator"),
        ({"most_caught": float("nan")}, "a share from 0 to 1"),
        ({"most_copies": 9.0}, "a share from 0 to 1"),
        ({"fewest_subjects": 0}, "at least 1"),
        ({"delta": 0.0}, "between 0 and 1"),
        ({"accept_untested": True}, "no promise to accept"),
        ({"rows": -5}, "0 or more"),
        ({"rules": ("age <= 30",)}, "who do not"),
        ({"rules": ("agee <= 30",)}, "did you mean 'age'"),
        ({"where": ("agee=30",)}, "did you mean 'age'"),
        ({"where": ("sex=X",)}, "one of its categories"),
        ({"where": ("age=18.5",)}, "none in"),
        ({"epsilon": 1.0, "generator": "", "codebook": {}}, "edges that cover|edges, or a range"),
    ],
)
def test_what_makes_no_sense_is_a_sentence(
    place: Place, tmp_path: Path, changed: dict, match: str
) -> None:
    study, inputs = place
    if "codebook" in changed:
        text = STUDY.replace("range = [0, 40]", "")
        (tmp_path / "other.toml").write_text(text)
        study = read_study(tmp_path / "other.toml")
        inputs = {**inputs, "prepare": _without_range(inputs["prepare"], tmp_path)}
    with pytest.raises((DataError, StudyError), match=match):
        synthesized(study, inputs, tmp_path / "synthesize-0", **changed)


def _without_range(run: Run, tmp_path: Path) -> Run:
    """The prepared run, as if the study had stated no range of lactate."""
    changed = Run(tmp_path / "prepare-1")
    changed.folder.mkdir()
    for path in run.folder.iterdir():
        (changed.folder / path.name).write_bytes(path.read_bytes())
    record = json.loads((changed.folder / "dataset.json").read_text())
    for field in record["schema"]["fields"]:
        if field["name"] == "lactate":
            field["low"] = field["high"] = None
    (changed.folder / "dataset.json").write_text(json.dumps(record))
    return changed


@pytest.mark.parametrize(
    ("fits", "accepted", "leaves"), [(80, False, True), (20, False, False), (20, True, True)]
)
def test_a_promise_that_is_not_tested_stops_an_export_unless_the_study_accepts_it(
    place: Place, tmp_path: Path, fits: int, accepted: bool, leaves: bool
) -> None:
    run = synthesized(
        *place, tmp_path / "synthesize-0", generator="", epsilon=2.0, audit_fits=fits,
        accept_untested=accepted,
    )  # fmt: skip
    record, tested = told(run), fits == 80
    assert record["epsilon_proved"] <= 2.0
    assert record["leaves"] is leaves, record["reasons"]
    assert record["promise_tested"] is tested
    page = (run.folder / "synthesis.html").read_text()
    assert "epsilon 2" in page
    assert ("was not put to the test" in page) is not tested
    assert any(item.measure == "privacy.epsilon_proved" for item in run.evidence())
    if not leaves:
        assert record["reasons"] == [reason for reason in record["reasons"] if "59" in reason]
        with pytest.raises(DataError, match="accept_untested"):
            synthesize.export(run, tmp_path / "out.csv")
        assert not (run.folder / "synthetic.parquet").exists()
    else:
        _without_exact_numbers(synthesize.export(run, tmp_path / "out.csv"), tested=tested)


def _without_exact_numbers(path: Path, *, tested: bool) -> None:
    sheet = json.loads(path.read_text())
    assert (sheet["generator"], sheet["epsilon"]) == ("private", 2.0)
    assert (sheet["epsilon_provable"] > 2.0) is tested is sheet["promise_tested"]
    assert ("which the study accepts" in sheet["promise"]) is not tested
    assert sheet["learnt_from"].startswith("about ")
    assert not any(letter.isdigit() for letter in sheet["judged_by"])
    assert len(sheet["not_promised"]) == 3
    assert sheet["detection"] is None
    assert all("gain" not in one and one["standing"] != "fail" for one in sheet["attacks"])


def test_a_promise_stands_where_it_was_tested_and_is_not_refuted() -> None:
    held = Verdict(leaks=(), epsilon=2.0, proved=1.0, provable=2.5, fits_to_test=59)
    assert (held.promise, held.leaves) == ("pass", True)
    assert replace(held, proved=2.1).promise == "fail"
    assert replace(held, proved=2.1, accepted=True).promise == "fail"
    assert replace(held, proved=float("nan")).promise == "fail"
    assert replace(held, provable=2.0).promise == "unknown"
    assert "59" in replace(held, provable=2.0).sentence()
    assert replace(held, provable=2.0, accepted=True).leaves
    assert not replace(held, provable=2.0, fits_to_test=None).leaves
    assert Verdict(leaks=()).leaves


@pytest.mark.parametrize("name", ["out.parquet", "out.csv"])
def test_made_up_patients_are_never_split_into_tune_or_held_out(
    left: Run, tmp_path: Path, name: str
) -> None:
    synthesize.export(left, tmp_path / name)
    text = STUDY.replace("patients.csv", name).replace('subject = "patient"', "")
    for column in ("hospital", "admitted", "score", "autopsy"):
        text = text.replace(f'[columns.{column}]\nrole = "ignore"', "")
    (tmp_path / "study.toml").write_text(text)
    study = read_study(tmp_path / "study.toml")
    context = context_of(study, "prepare", tmp_path / "prepare-0", {})
    with pytest.raises(DataError, match="bedside synthesize` made up"):
        prepare.run(prepare.Spec(), context)


def test_some_made_up_rows_among_real_ones_are_found(left: Run, tmp_path: Path) -> None:
    study = study_in(tmp_path)
    real = pl.read_csv(tmp_path / "patients.csv")
    tag = pl.Series(TAG, [None] * (real.height - 1) + ["flow:x"])
    real.with_columns(tag).write_csv(tmp_path / "patients.csv")
    with pytest.raises(DataError, match="found 1 rows"):
        prepare.run(prepare.Spec(), context_of(study, "prepare", tmp_path / "prepare-0", {}))


def test_the_notes_of_a_file_tell_even_without_the_column(left: Run, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    synthesize.export(left, tmp_path / "out.parquet")
    table = pq.read_table(tmp_path / "out.parquet").drop_columns([TAG])
    pq.write_table(table, tmp_path / "out.parquet")
    assert is_tagged(tmp_path / "out.parquet")
    assert not is_tagged(tmp_path / "none.parquet")


def test_lenient_is_told_apart_from_the_default() -> None:
    default = synthesize.Spec()
    assert default.most_caught < LENIENT.most_caught
    assert default.most_excess < LENIENT.most_excess


def test_several_labels_are_refused_in_words() -> None:
    synthesize.require_one_outcome("binary")
    with pytest.raises(StudyError, match="several labels"):
        synthesize.require_one_outcome("multilabel")


def test_a_limit_that_is_no_number_lets_nothing_pass() -> None:
    """Every comparison with NaN is false, so the gate asks for what must be true."""
    leak = Leak(
        attack="near_copies", title="Near copies", asks="", slice="all", unit="excess",
        synthetic=(0.5, 0.1, 0.9), copy=(1.0, 1.0, 1.0), real=(0.0, 0.0, 0.0),
        limit=float("nan"), members=500, others=500, fewest=100,
    )  # fmt: skip
    assert leak.standing == "unknown"
    assert replace(leak, limit=0.2).standing == "fail"
    assert replace(leak, limit=0.95).standing == "pass"
    assert replace(leak, limit=1.0).standing == "unknown"


def test_tiny_keeps_a_promise_too() -> None:
    """`--tiny` asks for the preview, which with a promise are the same marginals."""
    tiny = synthesize.Spec(**{**synthesize.TINY, "epsilon": 1.0})  # type: ignore[arg-type]  # settings
    synthesize.check(tiny)
