"""Evaluate, on train runs that are made by hand: a tiny graph a model, and known outcomes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import polars as pl
import pytest
from onnx import TensorProto, helper, numpy_helper
from sklearn.metrics import roc_auc_score

from bedside.core.dataset import Dataset, Field, Schema, Target, write_dataset
from bedside.core.decision import Decision
from bedside.core.errors import RunError
from bedside.core.evidence import Evidence
from bedside.core.run import Run
from bedside.core.spec import canonical
from bedside.core.study import Study
from bedside.methods.policy import Horizon, fit_policy
from bedside.methods.survival import horizon_weights, state_at
from bedside.stages import evaluate

QUICK = evaluate.Spec(
    replicates=100, importance_repeats=2, importance_replicates=100, fewest_subjects=20
)
EDGES = (1.0, 2.0, 3.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A prepared and a train run, ready to be evaluated."""

    study: Study
    prepare: Run
    train: Run


def graph(weights: Sequence[Sequence[float]], bias: Sequence[float], link: str) -> bytes:
    """value = link(numeric @ weights + bias), gaps as 0; novelty = largest absolute number."""
    nodes = [
        helper.make_node("IsNaN", ["numeric"], ["gap"]),
        helper.make_node("Where", ["gap", "zero", "numeric"], ["filled"]),
        helper.make_node("MatMul", ["filled", "w"], ["score"]),
        helper.make_node("Add", ["score", "b"], ["shifted"]),
        helper.make_node(link, ["shifted"], ["value"]),
        helper.make_node("Abs", ["filled"], ["size"]),
        helper.make_node("ReduceMax", ["size", "axis"], ["novelty"], keepdims=0),
        helper.make_node("Identity", ["codes"], ["unused"]),
    ]
    w = np.array(weights, np.float32)
    made = helper.make_graph(
        nodes, "made",
        [
            helper.make_tensor_value_info("numeric", TensorProto.FLOAT, ["N", w.shape[0]]),
            helper.make_tensor_value_info("codes", TensorProto.INT64, ["N", None]),
        ],
        [
            helper.make_tensor_value_info("value", TensorProto.FLOAT, ["N", w.shape[1]]),
            helper.make_tensor_value_info("novelty", TensorProto.FLOAT, ["N"]),
        ],
        [
            numpy_helper.from_array(w, "w"),
            numpy_helper.from_array(np.array(bias, np.float32), "b"),
            numpy_helper.from_array(np.zeros((), np.float32), "zero"),
            numpy_helper.from_array(np.array([1]), "axis"),
        ],
    )  # fmt: skip
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def numbers(subjects: int, seed: int = 1) -> np.ndarray:
    """Three standard normal fields; the third says nothing."""
    x = np.random.default_rng(seed).normal(size=(subjects, 3)).astype(np.float32)
    x[::17, 2] = np.nan
    return x


def dataset(folder: Path, task: str, x: np.ndarray, extra: Mapping[str, object]) -> Dataset:
    """Half train, a quarter tune, a quarter held out; sex and ward as groups."""
    rows = len(x)
    split = np.array(["train", "train", "tune", "held_out"])[np.arange(rows) % 4]
    columns: dict[str, object] = {
        "sample": np.arange(rows), "subject": [f"S{at:05d}" for at in range(rows)],
        "split": split, "site": [None] * rows, "time": [None] * rows,
        "duration": [None] * rows, "event": [None] * rows,
        "group.sex": np.where(np.arange(rows) % 3 == 0, "F", "M"),
        "group.ward": ["rare" if at % 97 == 3 else "usual" for at in range(rows)],
    }  # fmt: skip
    columns |= extra
    schema = Schema(
        fields=(*(Field(name=name) for name in ("strong", "weak", "noise")),
                Field(name="eyes", kind="category", categories=("blue", "brown"))),
        target=Target(
            type=task, outcome="death", classes=_classes(task),
            unit="mmHg" if task == "regression" else "",
            horizon=EDGES[-1] if columns["duration"][0] is not None else None,
        ),
        groups=("sex", "ward"),
        comparators=("doctor",) if "comparator.doctor" in extra else (),
    )  # fmt: skip
    samples = pl.DataFrame(columns).with_columns(
        pl.col("target").cast(pl.Float64), pl.col("duration").cast(pl.Float64),
        pl.col("event").cast(pl.Int8),
    )  # fmt: skip
    arrays = {"numeric": x, "codes": (np.arange(rows) % 3)[:, None].astype(np.int64)}
    return write_dataset(folder, schema, samples, arrays)


def _classes(task: str) -> tuple[str, ...]:
    return {"binary": ("no", "yes"), "multiclass": ("a", "b", "c")}.get(task, ())


def train_run(folder: Path, data: Dataset, graphs: Mapping[str, bytes], deep: str = "tabm") -> Run:
    """What train leaves, with policies fitted to tune patients."""
    run = Run(folder)
    run.path("schema.json").write_text(canonical(data.schema))
    tune = data.rows("tune")
    arrays = {name: np.asarray(data.array(name))[tune] for name in ("numeric", "codes")}
    target = data.schema.target
    samples = data.samples[tune]
    goal = samples["target"].fill_null(float("nan")).to_numpy()
    horizon = None
    if target.horizon is not None:
        duration, event = samples["duration"].to_numpy(), samples["event"].to_numpy()
        horizon = Horizon(
            index=len(EDGES) - 1, weights=horizon_weights(duration, event, target.horizon)
        )
        goal = state_at(duration, event, target.horizon)
    from bedside.adapters.session import open_graph

    for name, content in graphs.items():
        run.path(f"models/{name}/graph.onnx").write_bytes(content)
        edges = list(EDGES) if target.type == "survival" else None
        run.write_json(f"models/{name}/model.json", {"name": name, "edges": edges})
        values, novelty = open_graph(content)(arrays)
        policy = fit_policy(
            target.type,
            values,
            goal,
            novelty,
            np.zeros(len(tune)),
            options=Decision(),
            horizon=horizon,
        )
        run.write_json(f"models/{name}/policy.json", policy.to_json())
    raced = [name for name in graphs if not name.startswith("_")]
    entries = [{"name": n, "family": "deep" if n == "tabm" else "simple"} for n in raced]
    chosen = {"simple": "logistic", "deep": deep}
    run.write_json("race.json", {"models": entries, "released_candidates": chosen})
    return run


SIMPLE = graph([[1.5], [0.5], [0.0]], [-0.3], "Sigmoid")
DEEP = graph([[1.0], [0.6], [0.3]], [-0.3], "Sigmoid")
BLIND = graph([[0.0], [0.02], [0.02]], [0.0], "Sigmoid")
RACE = {"logistic": SIMPLE, "tabm": DEEP, "_shuffled": BLIND}


def risk_of(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-(-0.3 + 1.5 * x[:, 0] + 0.5 * x[:, 1])))


def binary(study: Study, folder: Path, *, subjects: int = 2400, one_class: bool = False) -> Made:
    """Outcomes drawn from the simple model's own risks."""
    x = numbers(subjects)
    rng = np.random.default_rng(9)
    y = (rng.random(subjects) < risk_of(x)).astype(float)
    if one_class:
        y[np.arange(subjects) % 4 == 3] = 0.0
    doctor = np.where(np.arange(subjects) % 8 == 3, 0.5 + 0.4 * np.tanh(x[:, 1]), np.nan)
    extra = {
        "target": pl.Series(np.where(np.arange(subjects) % 41 == 7, np.nan, y)).fill_nan(None),
        "comparator.doctor": pl.Series(doctor).fill_nan(None),
    }  # fmt: skip
    return _made(study, folder, dataset(_new(folder / "prepare-0"), "binary", x, extra), RACE)


def _new(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _made(study: Study, folder: Path, data: Dataset, graphs: Mapping[str, bytes]) -> Made:
    train = train_run(_new(folder / "train-0"), data, graphs)
    return Made(study=study, prepare=Run(data.folder), train=train)


def evaluated(made: Made, context_for: object, spec: evaluate.Spec = QUICK) -> Run:
    """The run of evaluate."""
    inputs = {"prepare": made.prepare, "train": made.train}
    context = context_for(made.study, "evaluate", inputs=inputs)  # type: ignore[operator]
    context.run.finish(evaluate.run(spec, context), 0.0)
    return context.run


def one(lines: Sequence[Evidence], measure: str, **wanted: str) -> Evidence:
    """The one line that matches."""
    wanted = {"slice": "all"} | wanted
    found = [
        item
        for item in lines
        if item.measure == measure and all(getattr(item, k) == v for k, v in wanted.items())
    ]
    assert len(found) == 1, (measure, wanted, len(found))
    return found[0]


def leaves(value: object) -> list[object]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


@pytest.fixture
def made(made_up_study: Study, tmp_path: Path) -> Made:
    return binary(made_up_study, tmp_path / "binary")


def test_each_model_is_measured_by_its_own_graph(made: Made, context_for: object) -> None:
    lines = evaluated(made, context_for).evidence()
    data = Dataset(made.prepare.folder)
    rows = data.rows("held_out")
    x = np.nan_to_num(np.asarray(data.array("numeric"))[rows].astype(float))
    y = data.samples["target"][rows].to_numpy()
    known = np.isfinite(y)
    for name, weights in {"logistic": (1.5, 0.5, 0.0), "tabm": (1.0, 0.6, 0.3)}.items():
        score = (x @ np.array(weights)).astype(np.float32)
        found = one(lines, "auroc", model=name)
        assert found.value == pytest.approx(roc_auc_score(y[known], score[known]), abs=1e-4)
        assert found.subjects == known.sum()
        assert found.data == data.label("held_out")
    gap = one(lines, "deep_minus_simple.auroc")
    parts = [one(lines, "auroc", model=name).value for name in ("tabm", "logistic")]
    assert gap.value == pytest.approx(parts[0] - parts[1], abs=1e-12)
    assert one(lines, "minus_simple.auroc", model="tabm").low == gap.low
    # paired: far narrower than two intervals side by side
    alone = one(lines, "auroc", model="tabm")
    assert gap.high - gap.low < 0.5 * (alone.high - alone.low)


def test_the_worse_deep_model_is_not_warranted(made: Made, context_for: object) -> None:
    run = evaluated(made, context_for)
    verdict = run.read_json("verdict.json")
    assert verdict["verdict"] == "not warranted"
    assert verdict["released"] == "logistic"
    assert "Deep learning is not warranted here. TabM reaches an AUROC of" in verdict["sentence"]
    assert run.outcome().headline.startswith("deep learning is not warranted: auroc 0.")
    gap = one(run.evidence(), "deep_minus_simple.auroc")
    assert verdict["difference"] == {
        "value": gap.value, "low": gap.low, "high": gap.high, "subjects": gap.subjects
    }  # fmt: skip


def test_every_number_of_the_curves_is_evidence(made: Made, context_for: object) -> None:
    run = evaluated(made, context_for)
    known = {x for item in run.evidence() for x in (item.value, item.low, item.high, None)}
    curves = run.read_json("curves.json")
    calibration, decision = curves["calibration"], curves["decision"]
    table = {k: v for k, v in curves["table_per_1000"].items() if k != "threshold"}
    ends = ("value", "low", "high")
    shown = [
        [calibration[key] for key in ("observed", "low", "high")],
        [[group[key] for key in ("observed", "low", "high")] for group in calibration["groups"]],
        [[at[k] for k in ends] for key in ("model", "all", "gain") for at in decision[key]],
        [curves["risk_coverage"][key] for key in ("risk", "low", "high")],
        [[e[k] for k in e if k not in ("field", "subjects")] for e in curves["importance"]],
        [[people[k] for k in ends] for people in table.values()],
        curves["novelty"]["mean"]["value"],
        [run.read_json("verdict.json")["difference"][k] for k in ends],
    ]
    found = leaves(shown)
    assert len(found) > 250
    assert [x for x in found if x not in known] == []
    parts = ("right_alerts", "false_alerts", "missed", "rightly_silent")
    assert sum(table[part]["value"] for part in parts) == pytest.approx(1000)


def test_no_two_lines_say_the_same_thing(made: Made, context_for: object) -> None:
    lines = evaluated(made, context_for).evidence()
    keys = [(x.measure, x.slice, x.data, x.model) for x in lines]
    assert len(keys) == len(set(keys))


def test_the_same_twice_gives_the_same_bytes(made: Made, context_for: object) -> None:
    runs = [evaluated(made, context_for) for _ in range(2)]
    for name in ("verdict.json", "curves.json", "patients.json"):
        assert len({(run.folder / name).read_bytes() for run in runs}) == 1
    said = [[replace(item, run="") for item in run.evidence()] for run in runs]
    assert said[0] == said[1]


def test_subgroups_are_measured_or_named(made: Made, context_for: object) -> None:
    run = evaluated(made, context_for)
    lines = run.evidence()
    data = Dataset(made.prepare.folder)
    rows = data.rows("held_out")
    samples = data.samples[rows]
    women = (samples["group.sex"] == "F").to_numpy() & samples["target"].is_not_null().to_numpy()
    assert one(lines, "auroc", slice="sex=F").subjects == women.sum()
    for measure in ("sensitivity", "conformal_coverage", "abstention_rate", "calibration_slope"):
        assert one(lines, measure, slice="sex=F").low is not None
    subgroups = run.read_json("curves.json")["subgroups"]
    small = {item["slice"] for item in subgroups["too_small"]}
    assert "ward=rare" in small
    assert {item["slice"] for item in subgroups["measured"]} >= {"sex=F", "sex=M & ward=usual"}
    assert one(lines, "auroc", slice="ward=rare").value is None
    here, there = (one(lines, "gap.sensitivity", slice=f"sex={sex}") for sex in "FM")
    assert here.value == pytest.approx(-there.value)
    both = [one(lines, "sensitivity", slice=f"sex={sex}").value for sex in "FM"]
    assert here.value == pytest.approx(both[0] - both[1])


def test_a_comparator_meets_ours_on_its_own_patients(made: Made, context_for: object) -> None:
    lines = evaluated(made, context_for).evidence()
    theirs = one(lines, "auroc", model="comparator:doctor")
    ours = one(lines, "auroc", slice="with doctor")
    gap = one(lines, "model_minus_doctor.auroc")
    assert theirs.subjects == ours.subjects == gap.subjects < 320
    assert gap.value == pytest.approx(ours.value - theirs.value)
    assert gap.low > 0


def test_importance_finds_what_matters_and_its_control_does_not(
    made: Made, context_for: object
) -> None:
    run = evaluated(made, context_for)
    lines = run.evidence()
    entries = run.read_json("curves.json")["importance"]
    assert [entry["field"] for entry in entries][:2] == ["strong", "weak"]
    assert one(lines, "importance", slice="strong").low > 0.1
    assert one(lines, "importance", slice="eyes").value == 0.0
    assert one(lines, "importance", slice="noise").value == 0.0
    assert abs(one(lines, "shuffled.auroc").value - 0.5) < 0.15
    assert one(lines, "importance.shuffled", slice="strong").value == 0.0
    assert one(lines, "importance.shuffled_correlation").value < 0.5
    assert one(lines, "shuffled.auroc").model == ""


def test_sets_cover_as_they_say_and_silence_is_counted(made: Made, context_for: object) -> None:
    lines = evaluated(made, context_for).evidence()
    for slice_ in ("all", "outcome: yes", "outcome: no"):
        assert 0.83 < one(lines, "conformal_coverage", slice=slice_, model="logistic").value < 0.97
    rate = one(lines, "abstention_rate")
    assert 0 <= rate.value < 0.05
    assert rate.subjects == 600
    reason = one(lines, "abstention_rate", slice="reason: unlike the training patients")
    assert reason.value == pytest.approx(rate.value)
    assert one(lines, "auroc", slice="answered").subjects <= 600


def test_one_class_gives_none_and_never_nan(
    made_up_study: Study, tmp_path: Path, context_for: object
) -> None:
    run = evaluated(binary(made_up_study, tmp_path / "b", one_class=True), context_for)
    for path in run.folder.glob("*.json*"):
        assert "NaN" not in path.read_text()
        assert "Infinity" not in path.read_text()
    assert one(run.evidence(), "auroc", model="logistic").value is None
    assert one(run.evidence(), "brier", model="logistic").value is not None
    assert run.read_json("verdict.json")["verdict"] == "not decidable"
    assert "calibration" not in run.read_json("curves.json")


def test_few_patients_cannot_decide(
    made_up_study: Study, tmp_path: Path, context_for: object
) -> None:
    run = evaluated(binary(made_up_study, tmp_path / "b", subjects=72), context_for)
    verdict = run.read_json("verdict.json")
    assert verdict["verdict"] == "not decidable"
    assert verdict["patients_needed"] is None
    assert "cannot be decided" in verdict["sentence"]
    assert verdict["released"] == "logistic"


def test_a_race_without_a_deep_model(made: Made, context_for: object) -> None:
    race = made.train.read_json("race.json")
    race["models"] = race["models"][:1]
    race["released_candidates"]["deep"] = None
    made.train.write_json("race.json", race)
    run = evaluated(made, context_for)
    assert "No deep model was in the race." in run.read_json("verdict.json")["sentence"]
    assert run.read_json("verdict.json")["released"] == "logistic"


def test_a_missing_graph_is_named(made: Made, context_for: object) -> None:
    (made.train.folder / "models" / "tabm" / "graph.onnx").unlink()
    with pytest.raises(RunError, match="models/tabm: expected a graph"):
        evaluated(made, context_for)


def test_table_one_counts_patients(made: Made, context_for: object) -> None:
    table = evaluated(made, context_for).read_json("patients.json")
    data = Dataset(made.prepare.folder)
    rows = data.rows("held_out")
    samples = data.samples[rows]
    assert list(table) == ["train", "tune", "held_out"]
    held_out = table["held_out"]
    assert held_out["n"] == held_out["rows"] == 600
    assert held_out["outcomes"] == int((samples["target"] == 1).sum())
    assert held_out["unobserved"] == samples["target"].null_count()
    x = np.asarray(data.array("numeric"))[rows, 2]
    assert held_out["fields"]["noise"]["median"] == pytest.approx(np.nanmedian(x))
    assert held_out["fields"]["noise"]["missing"] == pytest.approx(np.isnan(x).mean())
    shares = held_out["fields"]["eyes"]["shares"]
    assert shares["blue"]["share"] + shares["brown"]["share"] == pytest.approx(1)


def test_external_patients_are_judged_apart(
    made_up_study: Study, tmp_path: Path, context_for: object
) -> None:
    made = binary(made_up_study, tmp_path / "b")
    data = Dataset(made.prepare.folder)
    moved = data.samples.with_columns(
        split=pl.when((pl.col("split") == "tune") & (pl.col("sample") % 8 == 2))
        .then(pl.lit("external"))
        .otherwise("split")
    )
    arrays = {name: np.array(data.array(name)) for name in ("numeric", "codes")}
    write_dataset(data.folder, data.schema, moved, arrays)
    run = evaluated(made, context_for)
    external = [x for x in run.evidence() if x.data.startswith("external@")]
    assert one(external, "deep_minus_simple.auroc").subjects < 320
    assert one(external, "auroc", slice="sex=F").subjects > 20
    assert run.read_json("curves.json")["external"]["calibration"]["grid"]


def test_censored_patients_are_weighed(
    made_up_study: Study, tmp_path: Path, context_for: object
) -> None:
    """A binary task with a horizon: the weighted prevalence is Kaplan-Meier's, the naive is not."""
    made = _censored(made_up_study, tmp_path / "b", "binary", RACE)
    lines = evaluated(made, context_for).evidence()
    data = Dataset(made.prepare.folder)
    samples = data.samples[data.rows("held_out")]
    from bedside.methods.survival import kaplan_meier

    curve = kaplan_meier(samples["duration"].to_numpy(), samples["event"].to_numpy())
    expected = 1 - float(curve.at(EDGES[-1]))
    assert one(lines, "prevalence", model="logistic").value == pytest.approx(expected, abs=0.01)
    assert samples["target"].mean() > expected + 0.05


def _censored(study: Study, folder: Path, task: str, graphs: Mapping[str, bytes]) -> Made:
    x = numbers(2400)
    rng = np.random.default_rng(4)
    event_time = rng.exponential(3.0, len(x)) * np.exp(-0.7 * x[:, 0])
    censored = rng.exponential(4.0, len(x))
    event = (event_time <= censored).astype(int)
    duration = np.minimum(event_time, censored)
    state = pl.Series(state_at(duration, event, EDGES[-1])).fill_nan(None)
    extra = {"target": state, "duration": duration, "event": event}
    return _made(study, folder, dataset(_new(folder / "prepare-0"), task, x, extra), graphs)


def test_time_to_event(made_up_study: Study, tmp_path: Path, context_for: object) -> None:
    weights = [[-0.7, -0.8, -0.9], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    good = graph(weights, [1.2, 0.3, -0.3], "Sigmoid")
    worse = graph(weights[::-1], [1.2, 0.3, -0.3], "Sigmoid")
    graphs = {"logistic": worse, "tabm": good, "_shuffled": worse}
    run = evaluated(_censored(made_up_study, tmp_path / "s", "survival", graphs), context_for)
    lines = run.evidence()
    verdict = run.read_json("verdict.json")
    assert verdict["verdict"] == "warranted"
    assert verdict["measure"] == "c_index"
    assert verdict["released"] == "tabm"
    for measure in ("c_index", "c_index_ipcw", "auroc_at_horizon", "brier_at_horizon",
                    "integrated_brier", "calibration_at_horizon", "calibration_slope",
                    "sensitivity", "deep_minus_simple.c_index"):  # fmt: skip
        model = "" if measure.startswith("deep") else "tabm"
        assert one(lines, measure, model=model).low is not None
    assert run.read_json("curves.json")["calibration"]["grid"]
    assert run.read_json("curves.json")["importance"][0]["field"] == "strong"
    assert 190 < one(lines, "c_index", slice="sex=F").subjects < 210


def test_several_classes(made_up_study: Study, tmp_path: Path, context_for: object) -> None:
    x = numbers(1600)
    weights = np.array([[1.5, -1.5, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    chances = np.exp(np.nan_to_num(x) @ weights)
    chances /= chances.sum(axis=1, keepdims=True)
    rng = np.random.default_rng(0)
    y = [rng.choice(3, p=row) for row in chances]
    data = dataset(_new(tmp_path / "prepare-0"), "multiclass", x, {"target": y})
    softmax = graph(weights.tolist(), [0.0, 0.0, 0.0], "Softmax")
    flat = graph((weights[::-1] * 0.1).tolist(), [0.0, 0.0, 0.0], "Softmax")
    run = evaluated(
        _made(made_up_study, tmp_path, data, {"logistic": flat, "tabm": softmax}), context_for
    )
    assert run.read_json("verdict.json")["verdict"] == "warranted"
    lines = run.evidence()
    assert one(lines, "conformal_coverage", slice="outcome: b").low is not None
    assert one(lines, "accuracy", slice="sex=M", model="tabm").value > 0.5
    assert sum(run.read_json("patients.json")["train"]["classes"].values()) == 800


def test_regression(made_up_study: Study, tmp_path: Path, context_for: object) -> None:
    x = numbers(1600)
    y = 120 + 10 * x[:, 0] + np.random.default_rng(0).normal(0, 8, len(x))
    data = dataset(_new(tmp_path / "prepare-0"), "regression", x, {"target": y})
    good = graph([[10.0], [0.0], [0.0]], [120.0], "Identity")
    near = graph([[10.0], [0.1], [0.0]], [120.0], "Identity")
    run = evaluated(
        _made(made_up_study, tmp_path, data, {"logistic": good, "tabm": near}), context_for
    )
    verdict, lines = run.read_json("verdict.json"), run.evidence()
    error = one(lines, "rmse", model="logistic")
    assert error.value == pytest.approx(8, rel=0.1)
    assert error.unit == "mmHg"
    assert verdict["verdict"] == "not warranted"
    assert verdict["worthwhile"] == pytest.approx(0.02 * error.value)
    assert one(lines, "importance", slice="strong").value > 5
    width = one(lines, "conformal_width")
    assert width.value == pytest.approx(2 * 1.645 * 8, rel=0.15)
    assert 0.85 < one(lines, "conformal_coverage").value < 0.95


def test_tiny_is_laid_over_the_spec(made_up_study: Study) -> None:
    spec = made_up_study.spec("evaluate", tiny=True)
    assert isinstance(spec, evaluate.Spec)
    assert spec.replicates == 200
    assert json.loads(canonical(spec))["level"] == 0.95


def test_every_measure_is_in_the_docs(
    made_up_study: Study, tmp_path: Path, context_for: object
) -> None:
    text = (Path(__file__).parents[2] / "docs" / "measures.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w.]+)`", text))
    timed = {
        "logistic": graph([[-0.7] * 3, [0.0] * 3, [0.0] * 3], [1.2, 0.3, -0.3], "Sigmoid"),
        "tabm": graph([[-0.5] * 3, [0.1] * 3, [0.0] * 3], [1.2, 0.3, -0.3], "Sigmoid"),
    }
    runs = [
        evaluated(binary(made_up_study, tmp_path / "b"), context_for),
        evaluated(_censored(made_up_study, tmp_path / "s", "survival", timed), context_for),
    ]
    found = {line.measure for run in runs for line in run.evidence()}
    assert len(found) > 80
    unknown = {
        name for name in found
        if not ({name, name.split(".")[-1]} & named)
        or ("." in name and not _family(name, named))
    }  # fmt: skip
    assert unknown == set()


def _family(name: str, named: set[str]) -> bool:
    kind = name.split(".", maxsplit=1)[0]
    kind = "model_minus_NAME" if kind.startswith("model_minus_") else kind
    return name in named or f"{kind}.M" in named
