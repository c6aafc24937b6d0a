"""The chain over made-up stages: order, resuming, stopping, publishing."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from bedside.core import cells, chain
from bedside.core.chain import Order, execute
from bedside.core.context import Context
from bedside.core.errors import DataError, RunError
from bedside.core.evidence import Evidence, read_evidence
from bedside.core.executor import InProcess
from bedside.core.ledger import Ledger
from bedside.core.run import Outcome
from bedside.core.study import Study, build_study

NEEDS = {
    "prepare": (),
    "audit": ("prepare",),
    "train": ("prepare", "audit"),
    "evaluate": ("prepare", "train"),
    "release": ("evaluate",),
    "report": ("prepare",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    size: int = 1


class Stages:
    """Made-up stages that count how often each ran."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.stop: dict[str, str] = {}
        self.fail: dict[str, Callable[[Path], None]] = {}
        self.modules = {name: self._module(name) for name in NEEDS}

    def _module(self, name: str) -> ModuleType:
        module = ModuleType(f"bedside.stages.{name}")

        def run(spec: Spec, context: Context) -> Outcome:
            assert set(NEEDS[name]) <= set(context.inputs)
            if name in self.fail:
                self.fail[name](context.run.folder)
            self.ran.append(name)
            context.run.write_evidence(
                [Evidence(measure=f"{name}.size", value=float(spec.size), subjects=3, stage="")]
            )
            if name == "report":
                context.run.path("report.html").write_text("<p>")
            if name == "release":
                context.run.path("bundle/graph.onnx").write_text("graph")
                context.run.path("bundle/manifest.json").write_text("{}")
                context.run.write_json("gates.json", [{"measure": "auroc", "verdict": "pass"}])
            return Outcome(headline=f"{name} ran", stop=self.stop.get(name, ""))

        contents = {"Spec": Spec, "TINY": {"size": 0}, "NEEDS": NEEDS[name], "run": run}
        vars(module).update(contents)
        if name == "report":
            vars(module)["MAY_USE"] = ("audit", "train", "evaluate", "release")
            vars(module)["READS"] = (*chain.READS, "about")
        return module


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch) -> Stages:
    made = Stages()
    monkeypatch.setattr(cells, "stages", lambda: dict.fromkeys(NEEDS, ""))
    monkeypatch.setattr(cells, "stage", made.modules.__getitem__)
    monkeypatch.setattr(cells, "cell", lambda _, stage: made.modules[stage])
    monkeypatch.setattr(chain, "code_digest", lambda *names: "".join(names))
    return made


def _study(question: str = "?", **sections: dict[str, object]) -> Study:
    table = {
        "study": {"name": "made_up", "question": question},
        "task": {"type": "binary", "target": "y"},
        **sections,
    }
    return build_study(table, path=Path("made_up.toml"))


def _order(out: Path, **changes: object) -> Order:
    values = {"study": _study(), "out": out, "executor": InProcess()} | changes
    return Order(**values)  # type: ignore[arg-type]


def test_stages_run_in_order_and_leave_what_others_rely_on(stages: Stages, tmp_path: Path) -> None:
    result = execute(_order(tmp_path))
    assert stages.ran == list(NEEDS)
    assert not result.stop
    assert [e.stage for e in read_evidence(tmp_path / "evidence.jsonl")] == list(NEEDS)
    assert (tmp_path / "report.html").is_file()
    assert (tmp_path / "bundle" / "graph.onnx").is_file()
    with Ledger(tmp_path / "ledger.db") as ledger:
        assert ledger.verify() == []
        assert len(list(ledger.rows("run"))) == 6
        assert [row.payload["verdict"] for row in ledger.rows("gate")] == ["pass"]
        digest = hashlib.sha256(b"{}").hexdigest()
        assert [row.payload["bundle"] for row in ledger.rows("release")] == [digest]


def test_a_finished_run_is_not_repeated(stages: Stages, tmp_path: Path) -> None:
    first = execute(_order(tmp_path))
    second = execute(_order(tmp_path))
    assert len(stages.ran) == 6
    assert first.evidence == second.evidence


def test_what_lies_outside_is_looked_at_once_and_told_to_the_stage(
    stages: Stages, tmp_path: Path
) -> None:
    looked: list[object] = []

    def outside(spec: Spec, study: Study, data_folder: Path | None) -> dict[str, str]:
        looked.append(spec)
        return {"source": "digest"}

    told: list[dict[str, str]] = []
    run = stages.modules["prepare"].run

    def telling(spec: Spec, context: Context) -> Outcome:
        told.append(dict(context.outside))
        return run(spec, context)

    vars(stages.modules["prepare"]).update({"outside": outside, "run": telling})
    execute(_order(tmp_path))
    assert (len(looked), told) == (1, [{"source": "digest"}])


def test_only_what_depends_on_a_change_runs_again(stages: Stages, tmp_path: Path) -> None:
    execute(_order(tmp_path))
    stages.ran.clear()
    execute(_order(tmp_path, study=_study(evaluate={"size": 7})))
    assert stages.ran == ["evaluate", "release", "report"]
    stages.ran.clear()
    execute(_order(tmp_path, study=_study(question="another?", evaluate={"size": 7})))
    assert stages.ran == ["report"]
    stages.ran.clear()
    execute(_order(tmp_path, tiny=True))
    assert stages.ran == list(NEEDS)


def test_a_stop_still_makes_the_report_and_takes_an_old_bundle_away(
    stages: Stages, tmp_path: Path
) -> None:
    execute(_order(tmp_path))
    stages.ran.clear()
    stages.stop["audit"] = "a leak"
    result = execute(_order(tmp_path, study=_study(audit={"size": 9})))
    assert result.stop == "a leak"
    assert stages.ran == ["audit", "report"]
    assert not (tmp_path / "bundle").exists()
    again = execute(_order(tmp_path, study=_study(audit={"size": 9})))
    assert again.stop == "a leak"


def test_until_runs_only_so_far(stages: Stages, tmp_path: Path) -> None:
    execute(_order(tmp_path, until="train"))
    assert stages.ran == ["prepare", "audit", "train"]


def _die(_: Path) -> None:
    raise KeyboardInterrupt


def test_after_a_crash_the_rest_runs_and_the_numbers_are_the_same(
    stages: Stages, tmp_path: Path
) -> None:
    undisturbed = execute(_order(tmp_path / "a"))
    stages.ran.clear()
    stages.fail["train"] = _die
    with pytest.raises(KeyboardInterrupt):
        execute(_order(tmp_path / "b"))
    del stages.fail["train"]
    resumed = execute(_order(tmp_path / "b"))
    assert stages.ran == list(NEEDS)
    assert resumed.evidence == undisturbed.evidence


def test_a_full_disk_is_told_as_that(
    stages: Stages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(folder: Path) -> None:
        usage = type(shutil.disk_usage(folder))(100, 100, 0)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
        raise OSError("4096 requested and 0 written")

    stages.fail["train"] = fail
    with pytest.raises(RunError, match="room on the disk"):
        execute(_order(tmp_path))
    monkeypatch.undo()


def test_errors_of_a_stage_come_through(stages: Stages, tmp_path: Path) -> None:
    def fail(_: Path) -> None:
        raise DataError("column 'age'", expected="numbers", found="text")

    stages.fail["prepare"] = fail
    with pytest.raises(DataError, match="column 'age'"):
        execute(_order(tmp_path))


def test_a_folder_that_cannot_be_made_is_a_sentence(stages: Stages, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="a folder that can be written"):
        execute(_order(tmp_path / "file" / "out"))


@pytest.mark.parametrize(
    ("until", "served", "way"),
    [
        ("audit", (), ["prepare", "audit"]),
        ("train", (), ["prepare", "audit", "train"]),
        ("train", ("augment",), ["prepare", "audit", "augment", "train"]),
        ("augment", (), ["prepare", "audit", "augment"]),  # then the missing cell is told
        ("history", ("augment",), ["prepare", "audit", "augment", "history"]),
        ("history", (), ["prepare", "audit", "history"]),
        ("train", ("pretrain",), ["prepare", "audit", "train"]),  # it was not asked for
        ("pretrain", (), ["prepare", "audit", "pretrain"]),
    ],
)
def test_the_way_to_a_stage(
    until: str, served: tuple[str, ...], way: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    history = ModuleType("history")
    vars(history).update({"NEEDS": ("prepare", "audit"), "MAY_USE": ("augment",)})
    monkeypatch.setattr(cells, "matrix", lambda: {"signals": served})
    monkeypatch.setattr(cells, "stage", lambda _: history)
    assert chain.way_to(until, "signals") == way


@pytest.mark.parametrize("modality", ["signals", "tables"])
def test_a_stage_on_request_runs_where_the_study_has_its_section(
    modality: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cells, "matrix", lambda: {"signals": (), "tables": ("pretrain",)})
    way = ["prepare", "audit", *(["pretrain"] if modality == "tables" else []), "train"]
    assert chain.way_to("train", modality, ("pretrain",)) == way


@pytest.fixture
def with_aside(stages: Stages, monkeypatch: pytest.MonkeyPatch) -> Stages:
    """The made-up stages and `history`, which stands beside the chain."""
    module = ModuleType("bedside.stages.history")

    def run(spec: Spec, context: Context) -> Outcome:
        stages.ran.append("history")
        context.run.path("history.html").write_text("<p>history")
        context.run.write_evidence(
            [Evidence(measure="history.auroc", value=0.9, subjects=3, stage="")]
        )
        return Outcome(headline="the perceptron is enough")

    vars(module).update(Spec=Spec, NEEDS=("prepare", "audit"), run=run)
    stages.modules["history"] = module
    monkeypatch.setattr(cells, "stages", lambda: dict.fromkeys((*NEEDS, "history"), ""))
    monkeypatch.setattr(cells, "matrix", lambda: {"tables": tuple(stages.modules)})
    return stages


def _published(out: Path) -> list[str]:
    return [item.stage for item in read_evidence(out / "evidence.jsonl")]


def test_a_stage_aside_and_the_chain_leave_each_other_alone(
    with_aside: Stages, tmp_path: Path
) -> None:
    execute(_order(tmp_path))
    assert "history" not in with_aside.ran
    execute(_order(tmp_path, until="history"))
    assert with_aside.ran == [*NEEDS, "history"]
    assert (tmp_path / "history.html").read_text() == "<p>history"
    assert (tmp_path / "report.html").is_file()
    assert (tmp_path / "bundle" / "graph.onnx").is_file()
    assert _published(tmp_path) == [*NEEDS, "history"]
    execute(_order(tmp_path))
    assert (tmp_path / "history.html").is_file()
    assert _published(tmp_path) == [*NEEDS, "history"]


def test_what_no_longer_follows_from_the_study_is_taken_away(
    with_aside: Stages, tmp_path: Path
) -> None:
    execute(_order(tmp_path))
    execute(_order(tmp_path, until="history"))
    changed = _study(audit={"size": 4})
    execute(_order(tmp_path, study=changed, until="history"))
    assert not (tmp_path / "report.html").exists()
    assert not (tmp_path / "bundle").exists()
    assert _published(tmp_path) == ["prepare", "audit", "history"]
    execute(_order(tmp_path, study=_study(prepare={"size": 4})))
    assert not (tmp_path / "history.html").exists()
    assert _published(tmp_path) == list(NEEDS)


@pytest.fixture
def with_worth(stages: Stages, monkeypatch: pytest.MonkeyPatch) -> Stages:
    """The made-up stages and `worth`, which is quick within the chain; the report may use it."""
    module = ModuleType("bedside.stages.worth")

    def run(spec: Spec, context: Context) -> Outcome:
        stages.ran.append(f"worth {spec.size}")
        context.run.path("worth.html").write_text(f"{spec.size}")
        context.run.write_evidence([])
        return Outcome(headline="k is 1")

    vars(module).update(Spec=Spec, NEEDS=("prepare", "train"), QUICK={"size": 3}, TINY={}, run=run)
    stages.modules["worth"] = module
    vars(stages.modules["report"])["MAY_USE"] = ("audit", "train", "evaluate", "worth", "release")
    monkeypatch.setattr(cells, "stages", lambda: dict.fromkeys((*NEEDS, "worth"), ""))
    return stages


def test_without_a_section_worth_stands_aside(with_worth: Stages, tmp_path: Path) -> None:
    execute(_order(tmp_path))
    assert with_worth.ran == list(NEEDS)
    execute(_order(tmp_path, until="worth"))
    assert with_worth.ran == [*NEEDS, "worth 1"]
    assert (tmp_path / "report.html").is_file()
    assert (tmp_path / "worth.html").read_text() == "1"
    execute(_order(tmp_path))
    assert with_worth.ran == [*NEEDS, "worth 1"]
    assert (tmp_path / "worth.html").is_file()


def test_with_a_section_the_chain_is_quick_and_the_full_run_takes_its_place(
    with_worth: Stages, tmp_path: Path
) -> None:
    study = _study(worth={"size": 9})
    execute(_order(tmp_path, study=study))
    assert "worth 3" in with_worth.ran
    assert with_worth.ran.index("worth 3") < with_worth.ran.index("report")
    execute(_order(tmp_path, study=study, until="worth"))
    assert with_worth.ran[-1] == "worth 9"
    assert (tmp_path / "worth.html").read_text() == "9"
    assert (tmp_path / "report.html").is_file()  # of the quick one, until the chain runs again
    execute(_order(tmp_path, study=study))
    assert with_worth.ran[-1] == "report"
    execute(_order(tmp_path, study=study, until="worth"))
    assert (tmp_path / "report.html").is_file()
    assert with_worth.ran.count("worth 3") == with_worth.ran.count("worth 9") == 1
