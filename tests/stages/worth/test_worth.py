"""The stage on known ground: what it leaves, what it may see, that it refuses and resumes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.stages.worth.made_worth import Perfect, prepared

from bedside.core.context import Context
from bedside.core.dataset import Dataset
from bedside.core.errors import StudyError
from bedside.core.run import Run
from bedside.core.study import Study
from bedside.methods.entrant import Lesson
from bedside.methods.pretraining.asked import Asked, write_asked
from bedside.methods.pretraining.plan import Plan
from bedside.methods.pretraining.start import Start
from bedside.methods.worth import controls
from bedside.methods.worth.lever import Draft
from bedside.methods.worth.spent import Spent
from bedside.modalities.tables import pretrain, synthesize, train
from bedside.stages import worth
from bedside.stages.worth import entry as fits

SPEC = worth.Spec(
    levers=("synthesis",), model="logistic", repetitions=6, steps=4, trials=1, resamples=60,
    fewest_events=5,
)  # fmt: skip
Sweep = Callable[..., tuple[Run, str]]


@pytest.fixture(autouse=True)
def single() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    fits._ground.cache_clear()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def sweep(made_up_study: Study, context_for: Callable[..., Context], tmp_path: Path,
          monkeypatch: pytest.MonkeyPatch) -> Sweep:  # fmt: skip
    """`sweep(prepared, spec, generator)`; the generator is perfect unless another is given."""

    def run(
        data: Run, spec: worth.Spec = SPEC, generator: object = None, into: Run | None = None,
        asked: Asked | None = None,
    ) -> tuple[Run, str]:  # fmt: skip
        made = generator or Perfect()
        monkeypatch.setattr(synthesize, "fit", lambda *_, **__: made)
        audit, race = Run(tmp_path / "audit-0"), Run(tmp_path / "train-0")
        for one in (audit, race):
            one.folder.mkdir(exist_ok=True)
        audit.write_json("dropped.json", [])
        race.write_json("race.json", {"released_candidates": {"simple": "logistic", "deep": "mlp"}})
        inputs = {"prepare": data, "audit": audit, "train": race}
        if asked is not None:
            inputs["pretrain"] = Run(tmp_path / "pretrain-0")
            inputs["pretrain"].folder.mkdir()
            write_asked(inputs["pretrain"].folder, asked, None)
        context = context_for(made_up_study, "worth", inputs=inputs)
        context = context if into is None else replace(context, run=into)
        return context.run, worth.run(spec, context).headline

    return run


def told(run: Run) -> dict:
    return json.loads((run.folder / "worth.json").read_text())


def lever(run: Run, name: str = "synthesis", measure: str = "auroc") -> dict:
    (found,) = (one for one in told(run)["levers"] if one["name"] == name)
    return found["by"][measure]


def test_what_a_sweep_leaves(sweep: Sweep, tmp_path: Path) -> None:
    run, headline = sweep(prepared(tmp_path / "prepare-0"), replace(SPEC, price=20.0))
    record = told(run)
    assert record["budgets"] == [100, 200, 400, 800]
    found = lever(run)
    assert found["low"] <= 2 <= (found["high"] or math.inf)  # its cases are as good as real ones
    assert found["words"].replace("(", "(95 % interval ") in headline
    lines = {(item.measure, item.slice): item for item in run.evidence()}
    cost = lines["worth.cost", "lever=synthesis"]
    assert (cost.low or 0) < (cost.value or 0) < (cost.high or 0)
    k = lines["worth.k", "lever=synthesis"]
    assert (k.value, k.low, k.high) == (found["value"], found["low"], found["high"])
    assert k.subjects == 800
    assert lines["worth.placebo", "all"].level == lines["worth.oracle", "all"].level == 0.99
    assert lines["worth.saved", "lever=synthesis"].value == pytest.approx(
        (k.value - 1) * 800 * 20, rel=1e-6
    )
    assert {measure for measure, _ in lines} == {
        "worth.k", "worth.k.brier", "worth.placebo", "worth.placebo.brier", "worth.oracle",
        "worth.oracle.brier", "worth.duplicates", "worth.duplicates.brier", "worth.cost",
        "worth.beside_copies", "worth.beside_copies.brier", "worth.gain.auroc",
        "worth.gain.brier", "worth.saved", "worth.unequal", "worth.caught",
    }  # fmt: skip
    given_away = [lines["worth.caught", f"lever=synthesis & labels={n}"] for n in record["budgets"]]
    assert all((one.value or 0) < 0.05 for one in given_away)  # other people give nobody away
    assert all(one["copy"] > 0.3 for one in record["levers"][0]["leaked"])
    groups = {slice_ for measure, slice_ in lines if measure == "worth.k"}
    assert {"lever=synthesis & sex=F", "lever=synthesis & sex=M"} < groups
    assert len(list((run.folder / "fits").rglob("*.npz"))) == 5 * 4 * 6
    page = (run.folder / "worth.html").read_text()
    assert "<script" not in page
    assert page.count("<svg") == 4
    assert "must be 2 and be told from 1" in page
    assert ", saves labels" in page
    assert ", better than without" in page


def test_labels_that_are_nonsense_are_worth_less_than_nothing(sweep: Sweep, tmp_path: Path) -> None:
    run, _ = sweep(prepared(tmp_path / "prepare-0"), generator=Perfect(shuffled=True))
    found = lever(run)
    assert found["kind"] in ("number", "at most")
    assert (found["high"] or found["value"]) < 1


@pytest.mark.parametrize("task", ["multiclass", "regression", "survival"])
def test_every_task(sweep: Sweep, tmp_path: Path, task: str) -> None:
    model = {"multiclass": "multinomial", "regression": "ridge", "survival": "cox"}[task]
    spec = replace(SPEC, model=model, repetitions=3, steps=3)

    class Copies:
        def sample(self, count: int, *, seed: int, where: object = None) -> object:
            copies = self.seen.rows(np.arange(count) % len(self.seen))
            return replace(copies, subjects=-1 - np.arange(count))

    made = Copies()
    data = prepared(tmp_path / "prepare-0", task)
    dataset = Dataset(data.folder)
    rows = dataset.rows("train")[:50]
    from bedside.methods.cases import cases_of

    made.seen = cases_of(dataset, train.arrays(dataset, dataset.schema, rows), rows)
    run, _ = sweep(data, spec, generator=made)
    names = told(run)["measures"]
    assert len(set(names)) == 2
    assert all(told(run)["controls"][name]["oracle"]["value"] > 1 for name in names)


def test_arms_are_paired_and_have_equal_budgets(
    sweep: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lessons: list[Lesson] = []
    learn = train.learn

    def noted(name: str, lesson: Lesson) -> object:
        lessons.append(lesson)
        return learn(name, lesson)

    monkeypatch.setattr(train, "learn", noted)
    data = prepared(tmp_path / "prepare-0", patients=1200)
    sweep(data, replace(SPEC, repetitions=3, steps=3, shown=9000))
    dataset = Dataset(data.folder)
    held = dataset.array("numeric")[dataset.rows("held_out")]
    seen = {row.tobytes() for lesson in lessons
            for part in (lesson.train, lesson.select) for row in part["numeric"]}  # fmt: skip
    assert not seen & {row.tobytes() for row in held}
    assert {lesson.budget.trials for lesson in lessons} == {1}
    for lesson in lessons:
        shown = lesson.epochs * len(lesson.train_outcome)
        assert shown == pytest.approx(9000, rel=0.05)
    by_seed: dict[int, int] = {}
    for lesson in lessons:
        by_seed[lesson.seed] = by_seed.get(lesson.seed, 0) + 1
    assert sorted(by_seed.values()) == [5] * 9  # five arms of each budget and repetition
    labels = {len(one.train_outcome) + len(one.select_outcome) for one in lessons}
    assert min(labels) == 100  # patients who choose settings count


def test_a_control_that_fails_silences_every_number(
    sweep: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_arm = fits._patients

    def broken(one: fits.Entry, pool: object) -> object:
        prefix = replace(one, arm=replace(one.arm, whom="prefix"))
        return of_arm(prefix if one.arm.name == "oracle" else one, pool)

    monkeypatch.setattr(fits, "_patients", broken)
    run, headline = sweep(prepared(tmp_path / "prepare-0"))
    found = lever(run)
    assert found["kind"] == "refused"
    assert found["value"] is None
    assert headline.startswith("no number: the control 'oracle' failed")
    assert "must be 2" in headline
    lines = [item for item in run.evidence() if item.measure.startswith("worth.k")]
    assert lines
    assert all(item.value is None for item in lines)
    page = (run.folder / "worth.html").read_text()
    assert "no number is printed" in page
    assert "k = " not in page


def test_an_oracle_that_is_not_told_from_one_leaves_no_number(
    sweep: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controls, "NOTHING", 50.0)
    data = prepared(tmp_path / "prepare-0", patients=1200)
    run, headline = sweep(data, replace(SPEC, repetitions=3, steps=3))
    assert headline.startswith("the controls are too weak to tell: ")
    assert "twice the real labels came out as" in headline
    assert (lever(run)["kind"], lever(run)["value"]) == ("unknown", None)
    assert told(run)["controls"]["auroc"]["oracle"]["verdict"] == "too weak to tell"
    page = (run.folder / "worth.html").read_text()
    assert '<span class="verdict unknown">too weak to tell</span>' in page
    assert '<p class="answer">The controls are too weak to tell' in page
    assert "By AUROC no number is printed" not in page  # told above
    assert "By Brier score no number is printed: the controls are too weak to tell" in page
    assert "<td>no number, for the reason above</td>" in page
    assert "Synthesis: no number" in page
    assert "k = " not in page


def _late(monkeypatch: pytest.MonkeyPatch, arm: str, budgets: tuple[int, ...]) -> None:
    """Fits of an arm at some budgets run out of time."""
    learnt = fits._learnt

    def late(entry: fits.Entry) -> tuple[np.ndarray, Spent, Draft]:
        said, spent, draft = learnt(entry)
        late_ = entry.arm.name == arm and entry.budget in budgets
        return said, replace(spent, cut=late_), draft

    monkeypatch.setattr(fits, "_learnt", late)


def test_a_lever_whose_fits_ran_out_of_time_has_no_number(
    sweep: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _late(monkeypatch, "synthesis", (800,))
    run, headline = sweep(prepared(tmp_path / "prepare-0"))
    found = lever(run)
    assert (found["kind"], found["value"]) == ("refused", None)
    assert "in 6 of 24 pairs of fits the arms had unequal budgets" in headline
    assert "raise seconds in [worth]" in headline
    held = {item.slice: item.value for item in run.evidence() if item.measure == "worth.unequal"}
    assert held == {"control=placebo": 0, "control=oracle": 0, "control=duplicates": 0,
                    "lever=synthesis": 6}  # fmt: skip
    assert told(run)["controls"]["auroc"]["duplicates"]["value"] is not None
    assert "6 of 24 pairs" in (run.folder / "worth.html").read_text()


def test_a_control_whose_fits_ran_out_of_time_silences_every_number(
    sweep: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _late(monkeypatch, "oracle", (400, 800))
    run, headline = sweep(prepared(tmp_path / "prepare-0"))
    assert headline.startswith("no number: the control 'oracle' cannot be held against the base")
    assert lever(run)["value"] is None


def test_time_that_ran_out_in_the_search_is_kept_with_the_fit(
    sweep: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn = train.learn
    monkeypatch.setattr(
        train, "learn", lambda name, lesson: replace(learn(name, lesson), cut=lesson.seed % 2 == 0)
    )
    data = prepared(tmp_path / "prepare-0", patients=1200)
    run, _ = sweep(data, replace(SPEC, repetitions=3, steps=3))
    cut = [bool(np.load(path)["cut"]) for path in (run.folder / "fits" / "base").glob("*.npz")]
    assert 0 < sum(cut) < 9
    (one,) = (one for one in told(run)["unequal"] if one["arm"] == "synthesis")
    assert one["unequal"] == sum(cut)  # both arms have the same seeds


def test_an_interrupted_sweep_goes_on_and_ends_in_the_same_numbers(
    sweep: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, spec = prepared(tmp_path / "prepare-0"), replace(SPEC, repetitions=3, steps=3)
    whole, _ = sweep(data, spec)
    learn, calls = train.learn, []

    def killed(name: str, lesson: Lesson) -> object:
        if len(calls) == 20:
            raise KeyboardInterrupt
        calls.append(name)
        return learn(name, lesson)

    part = Run(tmp_path / "worth-part")
    part.folder.mkdir()
    monkeypatch.setattr(train, "learn", killed)
    with pytest.raises(KeyboardInterrupt):
        sweep(data, spec, into=part)
    assert len(list((part.folder / "fits").rglob("[!.]*.npz"))) == 20
    calls.clear()
    monkeypatch.setattr(
        train, "learn", lambda name, lesson: calls.append(name) or learn(name, lesson)
    )
    sweep(data, spec, into=part)
    assert len(calls) == 5 * 3 * 3 - 20
    assert _timeless(told(part)) == _timeless(told(whole))


def _timeless(record: dict) -> dict:
    for one in (*record["levers"], *record["combined"]):
        one.pop("cost"), one.pop("seconds")
    return record


def test_a_damaged_fit_is_named(sweep: Sweep, tmp_path: Path) -> None:
    data, spec = prepared(tmp_path / "prepare-0"), replace(SPEC, repetitions=3, steps=3)
    run, _ = sweep(data, spec)
    (run.folder / "fits" / "oracle" / "1-400.npz").write_bytes(b"half a file")
    with pytest.raises(Exception, match=r"oracle/1-400.npz: expected a whole fit"):
        sweep(data, spec, into=run)


def test_too_few_events_are_unknown_and_nothing_is_fitted(sweep: Sweep, tmp_path: Path) -> None:
    run, headline = sweep(prepared(tmp_path / "prepare-0", threshold=6.2))
    assert headline.startswith("what a lever is worth is unknown: too few")
    assert not (run.folder / "fits").exists()
    (line,) = run.evidence()
    assert (line.measure, line.value) == ("worth.k", None)
    assert "too few" in (run.folder / "worth.html").read_text()


def test_budgets_that_cannot_be_tried_are_named(sweep: Sweep, tmp_path: Path) -> None:
    spec = replace(SPEC, budgets=(40, 80, 5000))
    _, headline = sweep(prepared(tmp_path / "prepare-0", patients=600), spec)
    assert "fewer than three budgets can be tried" in headline
    assert "5,000: more than half of the 400 labelled patients" in headline


@pytest.mark.parametrize("model", ["logistic", "trees"])
def test_a_constant_column_is_no_obstacle(sweep: Sweep, tmp_path: Path, model: str) -> None:
    data = prepared(tmp_path / "prepare-0", constant=True, patients=1200)
    run, _ = sweep(data, replace(SPEC, repetitions=3, steps=3, model=model))
    assert told(run)["controls"]["auroc"]["oracle"]["value"] > 1


@pytest.mark.parametrize(
    ("change", "told_"),
    [
        ({"levers": ("augmentaton",)}, "augmentation"),
        ({"levers": ("augmentation",)}, "no augmentation of tables"),
        ({"levers": ("pretraining",)}, "only a network"),
        ({"model": "tree"}, "trees"),
        ({"repetitions": 2}, "at least 3"),
        ({"price": 0.0}, "more than 0"),
        ({"seconds": -1.0}, "more than 0"),
        ({"worthwhile": float("nan")}, "more than 0"),
        ({"level": 2.0}, "between 0 and 1"),
        ({"budgets": (-5, 100)}, "numbers of patients"),
        ({"budgets": (50, 100)}, "3 or more, all different"),
        ({"budgets": (50, 50, 100)}, "found 50, 50, 100"),
        ({"shown": 0}, "at least 1"),
        ({"fewest_events": -3}, "at least 1"),
        ({"generator": "tree"}, "did you mean 'trees'"),
    ],
)
def test_settings_that_cannot_be(
    sweep: Sweep, tmp_path: Path, change: dict[str, object], told_: str
) -> None:
    with pytest.raises(StudyError, match=told_):
        sweep(prepared(tmp_path / "prepare-0", patients=600), replace(SPEC, **change))


def test_pretraining_of_another_network_is_no_lever_of_this_one(
    sweep: Sweep, tmp_path: Path
) -> None:
    asked = Asked(model="tabm", objective="auto", epochs=3, seconds=90.0, tune="full")
    spec = replace(SPEC, levers=("pretraining",), model="mlp")
    with pytest.raises(StudyError, match=r"\[pretrain\] is of 'tabm', and 'mlp' learns here"):
        sweep(prepared(tmp_path / "prepare-0", patients=600), spec, asked=asked)


def test_a_network_that_only_a_pretraining_brings_may_learn(
    sweep: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn = train.learn
    learnt: set[str] = set()

    def noted(name: str, lesson: Lesson) -> object:
        learnt.add(name)
        return learn("logistic", replace(lesson, start=None))

    monkeypatch.setattr(train, "learn", noted)
    spec = replace(SPEC, levers=("pretraining",), model="mlp_large", steps=3, repetitions=3)
    asked = Asked(model="mlp_large", objective="auto", epochs=1, seconds=0.1, tune="full")
    sweep(prepared(tmp_path / "prepare-0", patients=600), spec, asked=asked)
    assert learnt == {"mlp_large"}


def test_levers_together_with_a_network(
    sweep: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A regression stands in for the network, which would take minutes."""
    begun, starts, learn = [], [], train.learn

    def begin(schema: object, arrays: dict, *, seed: int, seconds: float, plan: Plan) -> Start:
        begun.append(len(arrays["numeric"]))
        assert plan == Plan(model="mlp", objective="joint", epochs=3, tune="partial")
        assert seconds == 0.5
        return Start(weights={}, entrant="mlp", cut=len(arrays["numeric"]) == 400)

    def learnt(name: str, lesson: Lesson) -> object:
        starts.append(lesson.start is not None)
        return learn("logistic", replace(lesson, start=None))

    monkeypatch.setattr(pretrain, "pretrain", begin)
    monkeypatch.setattr(train, "learn", learnt)
    spec = replace(SPEC, levers=(), model="mlp", repetitions=3, steps=3, pretraining_seconds=0.5)
    asked = Asked(model="mlp", objective="joint", epochs=3, seconds=90.0, tune="partial")
    run, _ = sweep(prepared(tmp_path / "prepare-0", patients=1200), spec, asked=asked)
    record = told(run)
    assert record["beside"] == ""
    (late,) = (one for one in record["unequal"] if one["arm"] == "pretraining")
    assert (late["unequal"], "in 3 of 9 fits" in late["words"]) == (0, True)
    assert [one["name"] for one in record["levers"]] == ["synthesis", "pretraining"]
    assert (
        "Synthesis + pretraining at 200 and 400 labels" in (run.folder / "worth.html").read_text()
    )
    (both,) = record["combined"]
    assert both["name"] == "synthesis + pretraining"
    assert len(both["by"]["auroc"]["picture"]["lever"]["labels"]) == 2
    assert set(begun) == {100, 200, 400}  # the prefix, whole, and nobody else
    assert (len(starts), sum(starts)) == (6 * 9 + 6, 9 + 6)
    assert record["absent"] == {"augmentation": "there is no augmentation of tables"}
