"""Pretrain: an encoder learns from the training patients' inputs, their outcomes unseen.

Only where a study asks for it, with a section `[pretrain]`. Training then races one network more:
the same as from scratch, but for where it starts. Patients of an unlabelled pool may be learnt from
beside them. Or the start comes from a file of weights.

Run folder: encoder.safetensors (the weights, and as metadata how they came to be), pretrain.json
(who was learnt from and who was not, the loss of each epoch, the encoder's health), entrants.json
(the network from scratch and from this start, for the race), asked.json and pool-<array>.npy (what
it takes to pretrain so again), checkpoint.safetensors while at work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from bedside.core.context import Context
from bedside.core.errors import StudyError
from bedside.core.run import Outcome
from bedside.core.study import Study
from bedside.stages.pretrain.told import evidence
from bedside.stages.pretrain.unlabelled import PoolCell, pool_path, unlabelled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bedside.core.dataset import Schema
    from bedside.core.spec import Plain
    from bedside.methods.entrant import Arrays, Entrant
    from bedside.methods.pretraining.collapse import Health
    from bedside.methods.pretraining.outside import Outside
    from bedside.methods.pretraining.plan import Plan
    from bedside.methods.pretraining.pool import Pool
    from bedside.methods.pretraining.start import Start

NEEDS: tuple[str, ...] = ("prepare", "audit")
MAY_USE: tuple[str, ...] = ("augment",)
READS: tuple[str, ...] = ("modality", "seed")
TINY: dict[str, object] = {"epochs": 3, "seconds": 20.0}
ENCODER, MOST = "encoder.safetensors", 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """`[pretrain]`: what the encoder learns, or where its weights come from."""

    objective: Literal["auto", "joint", "masked"] = "auto"
    """joint: two views of a sample lie close, samples apart; masked: what is hidden or exchanged is
    told from the rest; auto: joint for images, masked for tables and where masks are learnt."""
    model: str = ""
    """The network whose encoder is pretrained; empty: `convnet_large` of images, `unet` where masks
    are learnt, `mlp_large` of tables."""
    tune: Literal["probe", "partial", "full"] = "full"
    """What learns of the outcome afterwards: the head on a frozen encoder; the encoder's last stage
    too, of a U-Net the decoder; all of it, the encoder at a lower rate (not of a U-Net)."""
    epochs: int = 30
    """Times that each sample is seen."""
    seconds: float = 120.0
    """Processor time; where it runs out before the epochs, the result depends on the machine, which
    `pretrain.json` tells (`cut`)."""
    weights: str = ""
    """A safetensors file of an encoder to start from instead, absolute, beside the study or in
    `--data`."""
    licence: str = ""
    """Of those weights, in a word or two; required with them."""
    scale: Literal["study", "imagenet"] = "study"
    """By whose mean and deviation images come into a published ResNet of `weights`: those of the
    study's training images (of each volume by itself), or ImageNet's, for pictures of 8 bits."""
    stride: int = 2
    """Of the first layer of a published ResNet of `weights`, which no weight tells: 2 in
    torchvision and MedicalNet, 1 in MONAI unless told otherwise."""
    pool: str = ""
    """A source of patients without labels to learn from beside the training split, in a form that
    `[data] source` may have; absolute, beside the study or in `--data`."""


class Cell(PoolCell, Protocol):
    """What pretrain asks of a modality."""

    def pretrain(
        self, schema: Schema, arrays: Arrays, *, seed: int, seconds: float, plan: Plan,
        folder: Path | None, told: Callable[[int, int, float], None],
    ) -> Start:  # fmt: skip
        """An encoder learnt from inputs alone; `folder` keeps a checkpoint, `told` hears of each
        epoch, of how many, and its loss."""

    def started(self, outside: Outside, schema: Schema, arrays: Arrays, *, plan: Plan) -> Start:
        """The start that a file of weights gives; DataError where no encoder here fits them."""

    def embedded(self, start: Start, schema: Schema, arrays: Arrays) -> NDArray[np.float32]:
        """[N, D]: what the encoder makes of some samples."""

    def entrant(self, name: str) -> Entrant:
        """The network of that name, as it races from scratch."""


def outside(spec: Spec, study: Study, data_folder: Path | None) -> Mapping[str, str]:
    """Digest of the pool, or of the file of weights: a changed one is another start."""
    from bedside.adapters.source import sha256, whole_digest

    _checked(spec, f"{study.file.name} [pretrain]")
    if spec.pool:
        return {"pool": whole_digest(pool_path(spec.pool, study, data_folder), study)}
    if spec.weights:
        return {"weights": sha256(_found(spec, study, data_folder), where="[pretrain] weights")}
    return {}


def _checked(spec: Spec, where: str) -> None:
    """StudyError for settings that contradict each other."""
    if spec.weights and spec.pool:
        raise StudyError(
            where, expected="a pool, or weights", found="both",
            hint="leave out one: from weights of a file nothing more is learnt",
        )  # fmt: skip
    if not spec.weights and (spec.scale, spec.stride) != (Spec().scale, Spec().stride):
        raise StudyError(
            where, expected="scale and stride with weights of a published ResNet",
            found="them without weights", hint="leave them out",
        )  # fmt: skip
    if spec.stride not in (1, 2):
        raise StudyError(f"{where} stride", expected="1 or 2", found=str(spec.stride))


def run(spec: Spec, context: Context) -> Outcome:
    """Gather the unlabelled pool, pretrain or read the weights, and look for a collapse."""
    from bedside.methods.one_thread import one_thread
    from bedside.methods.pretraining.pool import pool_of
    from bedside.methods.pretraining.saved import write_start

    dataset, schema = context.dataset(), context.kept_schema()
    told = context.outside or outside(spec, context.study, context.data_folder)
    added = None
    if spec.pool:
        path = pool_path(spec.pool, context.study, context.data_folder)
        added = unlabelled(path, context, schema, digest=told["pool"])
    pool = pool_of(dataset, added)
    arrays = _arrays(context, schema, pool)
    with one_thread():
        start = _start(spec, context, schema, arrays)
        found = _health(context, schema, arrays, pool, start)
    if not spec.weights:
        start = replace(start, source=f"{start.source} on {_whom(pool)}")
    write_start(context.run.path(ENCODER), start, schema)
    _write(context, start, pool, found)
    _leave(spec, context, start, pool)
    context.run.write_evidence(evidence(dataset, start, pool, found))
    (context.run.folder / "checkpoint.safetensors").unlink(missing_ok=True)
    stop = f"the pretrained encoder has collapsed: {found.collapsed}" if found.collapsed else ""
    return Outcome(headline=_headline(start, pool, found), stop=stop)


def _whom(pool: Pool) -> str:
    """Who was learnt from, in words."""
    ours = pool.patients - pool.newcomers
    text = f"{ours:,} unlabelled training patients of this study"
    return f"{text} and {pool.newcomers:,} more of an unlabelled pool" if pool.added else text


def _arrays(context: Context, schema: Schema, pool: Pool) -> Arrays:
    """Of all samples to learn from: rows of the training split, then those that were added."""
    from bedside.methods.pretraining.pool import joined

    cell: Cell = context.cell
    own = cell.arrays(context.dataset(), schema, pool.rows)
    return own if pool.added is None else joined(own, pool.added.arrays)


def _start(spec: Spec, context: Context, schema: Schema, arrays: Arrays) -> Start:
    from bedside.methods.pretraining.outside import read_outside
    from bedside.methods.pretraining.plan import Plan

    cell: Cell = context.cell
    chain = None
    if "augment" in context.inputs:
        chain = context.input("augment").read_json("chain.json")
    plan = Plan(
        objective=spec.objective, model=spec.model, epochs=spec.epochs, tune=spec.tune,
        scale=spec.scale, stride=spec.stride, chain=chain,
    )  # fmt: skip
    if spec.weights:
        path = _found(spec, context.study, context.data_folder)
        read = read_outside(path, spec.licence)
        start = cell.started(read, schema, arrays, plan=plan)
        if spec.model not in ("", start.entrant):
            raise StudyError(
                "[pretrain] model", expected=f"'{start.entrant}', whose weights {path.name} holds",
                found=f"'{spec.model}'", hint="leave it out, or name a file of that network",
            )  # fmt: skip
        return start

    def told(epoch: int, epochs: int, loss: float) -> None:
        context.progress.advance(epoch, epochs, f"epoch {epoch}, loss {loss:.3g}")

    return cell.pretrain(
        schema, arrays, seed=context.study.about.seed, seconds=spec.seconds, plan=plan,
        folder=context.run.folder, told=told,
    )  # fmt: skip


def _found(spec: Spec, study: Study, data_folder: Path | None) -> Path:
    given = Path(spec.weights).expanduser()
    folders = [study.file.parent, *([data_folder] if data_folder else [])]
    for path in (given, *(folder / given for folder in folders)):
        if path.is_file():
            return path
    raise StudyError(
        f"{study.file.name} [pretrain] weights", expected="a file of weights",
        found=f"no '{spec.weights}'", hint="an absolute path, or one beside the study or in --data",
    )  # fmt: skip


def _health(
    context: Context, schema: Schema, arrays: Arrays, pool: Pool, start: Start
) -> Health:  # fmt: skip
    """Of the encoder, on at most `MOST` samples."""
    import numpy as np

    from bedside.core.randomness import stream
    from bedside.methods.pretraining.collapse import health

    cell: Cell = context.cell
    drawn = stream(context.study.about.seed, 0xE1).permutation(pool.samples)[:MOST]
    seen = np.sort(drawn)
    some = {name: values[seen] for name, values in arrays.items()}
    return health(cell.embedded(start, schema, some), pool.subjects[seen])


def _write(context: Context, start: Start, pool: Pool, found: Health) -> None:
    from bedside.core.spec import plain
    from bedside.methods.evaluation.record import clean
    from bedside.methods.pretraining.start import pretrained_name

    cell: Cell = context.cell
    scratch = cell.entrant(start.entrant)
    begun = replace(
        scratch, name=pretrained_name(scratch.name), source=f"{scratch.source}; {_origin(start)}"
    )
    told = {"scratch": plain(scratch), "pretrained": plain(begun)}
    context.run.write_json("entrants.json", {**told, "settings": plain(start.settings)})
    context.run.write_json(
        "pretrain.json",
        {
            "model": start.entrant, "settings": plain(start.settings), "tune": start.tune,
            "source": start.source, "licence": start.licence, "digest": start.digest,
            "parameters": start.parameters, "cut": start.cut,
            "course": [clean(loss) for loss in start.course],
            "patients": pool.patients, "rows": pool.samples, "unlabelled": pool.unlabelled,
            "left_out": dict(pool.left_out), "pool": _added(pool), "width": found.width,
            "effective_rank": [clean(end) for end in found.rank],
            "spread": [clean(end) for end in found.spread],
        },
    )  # fmt: skip


def _leave(spec: Spec, context: Context, start: Start, pool: Pool) -> None:
    """What it takes to pretrain so again, on other patients."""
    from bedside.methods.pretraining.asked import Asked, write_asked

    asked = Asked(
        model=start.entrant, objective=spec.objective, epochs=spec.epochs, seconds=spec.seconds,
        tune=spec.tune, weights=bool(spec.weights),
        pool=tuple(sorted(pool.added.arrays)) if pool.added else (),
    )  # fmt: skip
    write_asked(context.run.folder, asked, pool.added)


def _origin(start: Start) -> str:
    """Where it starts, for the card: how it came to be, licence and digest."""
    licence = f", licence {start.licence}" if start.licence else ""
    return f"starts from {start.source} (weights {start.digest[:8]}{licence}), tuned: {start.tune}"


def _added(pool: Pool) -> dict[str, Plain] | None:
    """The unlabelled pool, for the record; None: there was none."""
    added = pool.added
    if added is None:
        return None
    patients = len(set(added.subjects))
    return {
        "name": added.name, "digest": added.digest, "rows": len(added.subjects),
        "patients": patients, "also_training": patients - pool.newcomers, **added.counts,
    }  # fmt: skip


def _headline(start: Start, pool: Pool, found: Health) -> str:
    """What was learnt, from how many, and whether it holds."""
    state = found.collapsed or f"effective rank {found.rank[0]:.1f} of {found.width}"
    if not start.course:
        return f"{start.entrant} starts from {start.source}; {state}"
    first, last = start.course[0], start.course[-1]
    cut = "; time ran out" if start.cut else ""
    return (
        f"{start.entrant} on {pool.patients:,} unlabelled patients, loss {first:.3g} to {last:.3g}"
        f"; {state}{cut}"
    )
