"""The chain: stages in order, each in its own run folder, repeated only where something changed.

A stage that finds a reason to stop ends the chain; the report is still made, of what there is.
"""

from __future__ import annotations

import errno
import hashlib
import shutil
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from bedside.core import cells
from bedside.core.code import code_digest
from bedside.core.context import Context
from bedside.core.errors import BedsideError, RunError
from bedside.core.evidence import Evidence, write_evidence
from bedside.core.executor import Executor, LocalPool
from bedside.core.ledger import Ledger
from bedside.core.progress import Progress, Silent
from bedside.core.run import Outcome, Run, locked, name_run, place
from bedside.core.spec import plain
from bedside.core.study import Study

CHAIN = (
    "prepare", "audit", "augment", "pretrain", "train", "evaluate", "worth", "release", "report",
)  # fmt: skip
"""What `bedside run` does, in order. A stage's QUICK, where there is one, is laid over its settings
here; asked for by name, it has its full ones."""
ASIDE = ("history", "worth", "synthesize")
"""Stages that a study may be put through on their own, with what they need of the chain."""
OPTIONAL = ("augment", "history", "pretrain", "synthesize")
"""Stages that a modality may do without; then the chain goes on without them."""
ON_REQUEST = ("pretrain", "worth")
"""Stages that the chain goes through only where the study has a section of theirs."""
READS = ("modality", "seed", "data", "columns", "task", "decision")
"""What of a study a stage depends on unless it says otherwise in a READS of its own."""

_PAGES = (
    ("report", "report.html"),
    ("release", "bundle"),
    ("history", "history.html"),
    ("worth", "worth.html"),
    ("synthesize", "synthesis.html"),
)
"""What is published of a stage's run, beside the evidence."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_ROOM = 1 << 20  # bytes; with less than this left, a failure is put down to the full disk


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to run, where to, and with whom."""

    study: Study
    out: Path
    until: str = CHAIN[-1]
    data_folder: Path | None = None
    tiny: bool = False
    executor: Executor = field(default_factory=LocalPool)
    progress: Progress = field(default_factory=Silent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The finished runs in order, and why the chain stopped, if it did."""

    runs: Mapping[str, Run]
    headlines: Mapping[str, str]
    stop: str = ""

    @property
    def evidence(self) -> list[Evidence]:
        """All evidence of the chain, in the order of the stages."""
        return [item for run in self.runs.values() for item in run.evidence()]


def execute(order: Order) -> Result:
    """Run the chain up to a stage, taking finished runs as they are, and publish what came out."""
    runs: dict[str, Run] = {}
    headlines: dict[str, str] = {}
    stop = ""
    _make(order.out)
    waiting = way_to(order.until, order.study.about.modality, tuple(order.study.sections))
    with Ledger(order.out / "ledger.db") as ledger:
        while waiting:
            name = waiting.pop(0)
            runs[name], outcome = _run_stage(order, name, runs, ledger)
            headlines[name] = outcome.headline
            if outcome.stop and not stop:
                stop, waiting = outcome.stop, ["report"]
    with _full_disk_told(order.out):
        _publish(order.out, _with_finished(order, runs))
    return Result(runs=runs, headlines=headlines, stop=stop)


def way_to(until: str, modality: str, sections: tuple[str, ...] = ()) -> list[str]:
    """The stages to run, in order, so that `until` can be; left out are those that the modality can
    do without and lacks, and those on request that none of the study's sections asks for, unless it
    is the one asked for."""
    if until in CHAIN and until not in ASIDE:
        way = list(CHAIN[: CHAIN.index(until) + 1])
    else:
        needed = {until}
        for name in reversed((*CHAIN, until)):
            needed |= set(_used(cells.stage(name))) if name in needed else set()
        way = [*(name for name in CHAIN if name in needed - {until}), until]
    served = cells.matrix()[modality]
    return [name for name in way if name == until or _goes(name, served, sections)]


def _goes(name: str, served: Collection[str], sections: Collection[str]) -> bool:
    """Whether the chain goes through a stage, by the modality's cells and the study's sections."""
    lacking = name in OPTIONAL and name not in served
    return not lacking and (name not in ON_REQUEST or name in sections)


def _with_finished(order: Order, runs: Mapping[str, Run]) -> dict[str, Run]:
    """These runs, and finished ones of other stages that follow from the same study and data: so a
    stage aside leaves what the chain published, and the chain what a stage aside did."""
    found = dict(runs)
    served = cells.matrix()[order.study.about.modality]
    known = [name for name in dict.fromkeys((*CHAIN, *ASIDE)) if name in cells.stages()]
    asked = {*order.study.sections, *ASIDE}
    for name in known:
        if name in found or not _goes(name, served, asked):
            continue
        if set(cells.stage(name).NEEDS) <= set(found):
            run = next((run for run in _could_be(order, name, found) if run.done), None)
            found |= {} if run is None else {name: run}
    return {name: found[name] for name in known if name in found}


def _could_be(order: Order, name: str, found: Mapping[str, Run]) -> Iterator[Run]:
    """Runs of a stage that may have been finished: with full settings and with quick ones, and
    from each of its inputs that lies aside likewise, or without it."""
    module = cells.stage(name)
    inputs = {key: found[key] for key in CHAIN if key in found and key in _used(module)}
    aside = next((key for key in inputs if key in ASIDE), "")
    choices = [inputs]
    if aside:
        without = {key: run for key, run in inputs.items() if key != aside}
        choices += [
            {key: (other if key == aside else run) for key, run in inputs.items()}
            for other in _could_be(order, aside, found)
        ]
        choices.append(without)
    for quick in (False, True):
        spec = order.study.spec(name, tiny=order.tiny, quick=quick)
        for chosen in choices:
            yield Run(order.out / "runs" / _name(order, module, spec, chosen))


def _run_stage(
    order: Order, name: str, runs: Mapping[str, Run], ledger: Ledger
) -> tuple[Run, Outcome]:
    """One stage: from its finished run, or by running it now."""
    module = cells.stage(name)
    inputs = {key: run for key, run in runs.items() if key in _used(module)}
    spec, outside = _spec(order, name, inputs)
    folder = order.out / "runs" / _named(order, module, spec, inputs, outside)
    order.progress.begin(name)
    started = time.monotonic()
    with locked(folder) as run:
        repeated = run.done
        if not repeated:
            context = _context(order, run, inputs, outside)
            with _full_disk_told(folder):
                outcome: Outcome = module.run(spec, context)
                run.finish(outcome, time.monotonic() - started)
        outcome = run.outcome()
        if not _recorded(ledger, run):
            _record(ledger, run, inputs, outcome)
    order.progress.end(name, outcome.headline, time.monotonic() - started, repeated=repeated)
    return run, outcome


def _spec(
    order: Order, name: str, inputs: Mapping[str, Run]
) -> tuple[object, Mapping[str, str]]:  # fmt: skip
    """A stage's settings: the full ones where it was asked for by name, or has run with them;
    otherwise the quick ones, where there are such. With the digests of what lies outside, which
    take long: they are made once."""
    module = cells.stage(name)
    full = order.study.spec(name, tiny=order.tiny)
    outside = _outside(order, module, full)
    finished = Run(order.out / "runs" / _named(order, module, full, inputs, outside)).done
    if order.until == name or finished:
        return full, outside
    quick = order.study.spec(name, tiny=order.tiny, quick=True)
    return quick, outside if quick == full else _outside(order, module, quick)


def _used(module: ModuleType) -> tuple[str, ...]:
    return (*module.NEEDS, *getattr(module, "MAY_USE", ()))


def _name(order: Order, module: ModuleType, spec: object, inputs: Mapping[str, Run]) -> str:
    return _named(order, module, spec, inputs, _outside(order, module, spec))


def _outside(order: Order, module: ModuleType, spec: object) -> Mapping[str, str]:
    if not hasattr(module, "outside"):
        return {}
    told: Mapping[str, str] = module.outside(spec, order.study, order.data_folder)
    return told


def _named(
    order: Order, module: ModuleType, spec: object, inputs: Mapping[str, Run],
    outside: Mapping[str, str],
) -> str:  # fmt: skip
    stage = module.__name__.rsplit(".", 1)[1]
    study = order.study
    parts = {"modality": study.about.modality, "seed": study.about.seed}
    reads = getattr(module, "READS", READS)
    parts |= {key: plain(getattr(study, key)) for key in reads if key not in parts}
    code = code_digest(module.__name__, cells.cell(study.about.modality, stage).__name__)
    return name_run(
        stage, plain(spec), parts, [run.name for run in inputs.values()], outside, code, order.tiny
    )


def _context(
    order: Order, run: Run, inputs: Mapping[str, Run], outside: Mapping[str, str]
) -> Context:
    return Context(
        study=order.study,
        run=run,
        inputs=inputs,
        cell=cells.cell(order.study.about.modality, run.stage),
        executor=order.executor,
        progress=order.progress,
        data_folder=order.data_folder,
        tiny=order.tiny,
        outside=outside,
    )


@contextmanager
def _full_disk_told(folder: Path) -> Iterator[None]:
    """A failure on a full disk is told as that, whichever library it came from."""
    try:
        yield
    except BedsideError:
        raise
    except Exception as error:
        full = isinstance(error, OSError) and error.errno in _FULL
        if not full and shutil.disk_usage(folder).free >= _ROOM:
            raise
        raise RunError(
            folder.name,
            expected="room on the disk",
            found="none left",
            hint="free some space and run the same command again; finished stages are kept",
        ) from error


def _recorded(ledger: Ledger, run: Run) -> bool:
    """Whether the ledger has the run: not so where it was killed, or the disk full, just before."""
    rows = (entry.payload for entry in ledger.rows("run"))
    return any(isinstance(payload, dict) and payload.get("run") == run.name for payload in rows)


def _record(ledger: Ledger, run: Run, inputs: Mapping[str, Run], outcome: Outcome) -> None:
    """The run itself last: one that the ledger has is there whole."""
    ledger.append_many("evidence", run.evidence())
    if (run.folder / "gates.json").is_file():
        gates = run.read_json("gates.json")
        ledger.append_many("gate", gates if isinstance(gates, list) else [gates])
    manifest = run.folder / "bundle" / "manifest.json"
    if manifest.is_file():
        bundle = hashlib.sha256(manifest.read_bytes()).hexdigest()
        ledger.append("release", {"run": run.name, "bundle": bundle})
    ledger.append(
        "run",
        {
            "run": run.name,
            "inputs": [item.name for item in inputs.values()],
            "headline": outcome.headline,
            "stop": outcome.stop,
        },
    )


def _publish(out: Path, runs: Mapping[str, Run]) -> None:
    """Evidence, report and bundle where other tools look for them; nothing stale stays."""
    part = out / ".evidence.jsonl.part"
    write_evidence(part, [item for run in runs.values() for item in run.evidence()])
    part.replace(out / "evidence.jsonl")
    for stage, name in _PAGES:
        source = runs[stage].folder / name if stage in runs else None
        if source is not None and source.exists():
            place(source, out / name)
        elif (out / name).is_dir():
            shutil.rmtree(out / name)
        else:
            (out / name).unlink(missing_ok=True)


def _make(out: Path) -> None:
    try:
        (out / "runs").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(
            str(out),
            expected="a folder that can be written",
            found=error.strerror or "an error",
            hint="choose another --out",
        ) from error
