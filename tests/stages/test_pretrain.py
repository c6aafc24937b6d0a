"""The stage: what it leaves, whom it never learns from, and what stops it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from tests.conftest import made_up_patients
from tests.modalities.images.made_sources import folder_of, grey, png, study_of

from bedside.adapters.raster import write_png
from bedside.core.context import Context
from bedside.core.dataset import Dataset, write_dataset
from bedside.core.errors import DataError, StudyError
from bedside.core.run import Run
from bedside.core.study import Study, build_study
from bedside.methods.entrant import Arrays
from bedside.methods.pretraining.asked import read_asked, with_pool
from bedside.methods.pretraining.saved import read_start
from bedside.modalities.tables import pretrain as cell
from bedside.stages import prepare, pretrain

SPEC = pretrain.Spec(epochs=4, model="mlp")
Make = Callable[..., Context]


@pytest.fixture
def context(
    made_up_study: Study, prepared: Run, context_for: Callable[..., Context], tmp_path: Path
) -> Make:
    """`context(prepared)` of the stage, with `autopsy` dropped by the audit."""
    audit = Run(tmp_path / "audit-0")
    audit.folder.mkdir()
    audit.write_json("dropped.json", ["autopsy"])

    def make(of: Run = prepared) -> Context:
        return context_for(made_up_study, "pretrain", inputs={"prepare": of, "audit": audit})

    return make


def record(run: Run, name: str) -> dict:
    return json.loads((run.folder / name).read_text())


def changed(of: Run, folder: Path, change: Callable[..., None]) -> Run:
    """The data set with samples and arrays changed in place by `change(samples, arrays)`."""
    dataset = Dataset(of.folder)
    arrays = {name: np.array(dataset.array(name)) for name in ("numeric", "codes")}
    samples = {name: dataset.samples[name].to_numpy().copy() for name in dataset.samples.columns}
    change(dataset, samples, arrays)
    frame = dataset.samples.with_columns(
        pl.Series("target", samples["target"]), pl.Series("subject", samples["subject"])
    )
    folder.mkdir()
    write_dataset(folder, dataset.schema, frame, arrays)
    return Run(folder)


def test_what_it_leaves(context: Make, prepared: Run) -> None:
    made = context()
    outcome = pretrain.run(SPEC, made)
    dataset = Dataset(prepared.folder)
    assert outcome.stop == ""
    assert outcome.headline.startswith("mlp on ")
    told = record(made.run, "pretrain.json")
    people = {
        split: dataset.samples["subject"].filter(dataset.samples["split"] == split).n_unique()
        for split in ("train", "tune", "held_out")
    }
    assert told["patients"] == people["train"]
    assert told["left_out"] == {"tune": people["tune"], "held_out": people["held_out"]}
    assert len(told["course"]) == 4
    start = read_start(made.run.folder / "encoder.safetensors")
    assert start.entrant == "mlp"
    assert f"{people['train']} unlabelled training patients" in start.source
    entrants = record(made.run, "entrants.json")
    assert entrants["scratch"]["name"] == "mlp"
    assert entrants["pretrained"]["name"] == "mlp_pretrained"
    assert start.digest[:8] in entrants["pretrained"]["source"]
    assert not (made.run.folder / "checkpoint.safetensors").exists()
    found = {(item.measure, item.slice): item for item in made.run.evidence()}
    assert found["pretrain.patients", "all"].value == people["train"]
    assert found["pretrain.left_out", "split=held_out"].value == people["held_out"]
    rank = found["pretrain.effective_rank", "all"]
    assert rank.low is not None
    assert rank.low < (rank.value or 0) < (rank.high or 0)


def test_neither_outcomes_nor_other_splits_nor_dropped_fields_matter(
    context: Make, prepared: Run, tmp_path: Path
) -> None:
    made = context()
    pretrain.run(SPEC, made)

    def change(dataset: Dataset, samples: dict, arrays: dict) -> None:
        samples["target"][:] = 1 - samples["target"]
        for split in ("tune", "held_out"):
            arrays["numeric"][dataset.rows(split)] = 1e6  # type: ignore[arg-type]  # a split's name
        names = [field.name for field in dataset.schema.category]
        arrays["codes"][:, names.index("autopsy")] = 0

    other = context(changed(prepared, tmp_path / "prepare-9", change))
    pretrain.run(SPEC, other)
    assert (
        record(made.run, "pretrain.json")["digest"] == record(other.run, "pretrain.json")["digest"]
    )


def test_inputs_of_training_patients_do_matter(
    context: Make, prepared: Run, tmp_path: Path
) -> None:
    made = context()
    pretrain.run(SPEC, made)

    def change(dataset: Dataset, samples: dict, arrays: dict) -> None:  # one form
        arrays["numeric"][dataset.rows("train")[0]] += 1

    other = context(changed(prepared, tmp_path / "prepare-9", change))
    pretrain.run(SPEC, other)
    assert (
        record(made.run, "pretrain.json")["digest"] != record(other.run, "pretrain.json")["digest"]
    )


def test_a_held_out_patient_in_the_pool_is_refused(
    context: Make, prepared: Run, tmp_path: Path
) -> None:
    def change(dataset: Dataset, samples: dict, arrays: dict) -> None:  # one form
        held = dataset.rows("held_out")[:3]
        samples["subject"][dataset.rows("train")[:3]] = samples["subject"][held]

    planted = changed(prepared, tmp_path / "prepare-9", change)
    with pytest.raises(DataError, match=r"3 of \d+ are held-out patients"):
        pretrain.run(SPEC, context(planted))


def test_a_collapsed_encoder_stops_the_chain_with_a_reason(context: Make) -> None:
    def collapsed(*arguments: object, **more: object) -> object:
        start = cell.pretrain(*arguments, **more)  # type: ignore[arg-type]  # passed on
        dead = {
            name: np.zeros_like(values) if name.startswith("body") else values
            for name, values in start.weights.items()
        }
        return replace(start, weights=dead)

    planted = SimpleNamespace(**{**vars(cell), "pretrain": collapsed})
    made = replace(context(), cell=planted)  # type: ignore[arg-type]  # a module in all that counts
    outcome = pretrain.run(SPEC, made)
    assert "collapsed: all embeddings are alike" in outcome.stop
    assert record(made.run, "pretrain.json")["spread"][0] < 0.01


class Interrupting:
    """A progress bar that somebody stops after an epoch."""

    def __init__(self, after: int) -> None:
        self.after = after

    def begin(self, stage: str) -> None: ...

    def advance(self, done: int, total: int, what: str) -> None:  # one form
        if done == self.after:
            raise KeyboardInterrupt

    def end(self, *_: object, **__: object) -> None: ...


def test_an_interrupted_one_goes_on_to_the_same_encoder(context: Make) -> None:
    calm, made = context(), context()
    pretrain.run(SPEC, calm)
    with pytest.raises(KeyboardInterrupt):
        pretrain.run(SPEC, replace(made, progress=Interrupting(2)))
    assert (made.run.folder / "checkpoint.safetensors").is_file()
    pretrain.run(SPEC, made)
    files = [one.run.folder / "encoder.safetensors" for one in (calm, made)]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert record(calm.run, "pretrain.json") == record(made.run, "pretrain.json")


def _former(context: Make, study: Study) -> None:
    """The encoder of a former pretraining, beside the study."""
    first = context()
    pretrain.run(SPEC, first)
    beside = study.file.parent / "encoder.safetensors"
    beside.write_bytes((first.run.folder / "encoder.safetensors").read_bytes())


def test_weights_from_a_file_start_it_with_licence_and_digest(
    context: Make, made_up_study: Study
) -> None:
    _former(context, made_up_study)
    spec = replace(SPEC, weights="encoder.safetensors", licence="own", tune="probe")
    digest = pretrain.outside(spec, made_up_study, None)["weights"]
    made = context()
    outcome = pretrain.run(spec, made)
    assert "starts from the file encoder.safetensors" in outcome.headline
    told = record(made.run, "pretrain.json")
    assert (told["licence"], told["digest"], told["course"]) == ("own", digest, [])
    assert "licence own" in record(made.run, "entrants.json")["pretrained"]["source"]
    counted = [item for item in made.run.evidence() if item.measure == "pretrain.patients"]
    assert counted[0].value == 0


def test_another_network_than_that_of_the_weights_is_refused(
    context: Make, made_up_study: Study
) -> None:
    _former(context, made_up_study)
    spec = replace(SPEC, weights="encoder.safetensors", licence="own", model="tabm")
    with pytest.raises(StudyError, match=r"expected 'mlp', whose weights .* found 'tabm'"):
        pretrain.run(spec, context())


def test_a_file_that_is_not_there_and_one_without_licence_are_told(
    context: Make, made_up_study: Study
) -> None:
    with pytest.raises(StudyError, match=r"no 'gone\.safetensors'"):
        pretrain.run(replace(SPEC, weights="gone.safetensors", licence="MIT"), context())
    (made_up_study.file.parent / "there.safetensors").write_bytes(b"")
    with pytest.raises(StudyError, match="licence"):
        pretrain.run(replace(SPEC, weights="there.safetensors"), context())


def strangers(count: int = 60) -> pl.DataFrame:
    """Patients from elsewhere, without outcomes."""
    number = pl.int_range(pl.len()).cast(pl.String)
    return made_up_patients(count, seed=77).drop("died").with_columns(patient="Q" + number)


POOLED = replace(SPEC, pool="pool.csv")


def test_a_pool_is_learnt_from_beside_the_training_split(
    context: Make, made_up_study: Study
) -> None:
    alone, made = context(), context()
    pretrain.run(SPEC, alone)
    path = made_up_study.file.parent / "pool.csv"
    known = made_up_patients().filter(pl.col("patient").is_in(_people(made, "train")[:2]))
    pl.concat([strangers(), known.drop("died")]).write_csv(path)
    outcome = pretrain.run(POOLED, made)
    told, before = record(made.run, "pretrain.json"), record(alone.run, "pretrain.json")
    digest = pretrain.outside(POOLED, made_up_study, None)["pool"]
    assert told["pool"] == {
        "name": "pool.csv", "digest": digest, "rows": 62, "patients": 62, "also_training": 2,
        "outside_vocabulary": 0,
    }  # fmt: skip
    assert before["pool"] is None
    assert told["patients"] == before["patients"] + 60
    assert told["digest"] != before["digest"]
    assert f"on {told['patients']} unlabelled patients" in outcome.headline
    assert "and 60 more of an unlabelled pool" in told["source"]
    found = {(item.measure, item.slice): item.value for item in made.run.evidence()}
    assert found["pretrain.patients", "from=pool"] == 60
    assert found["pretrain.rows", "from=pool"] == 62
    assert found["pretrain.patients", "all"] == told["patients"]
    asked, own = (read_asked(one.run.folder) for one in (made, alone))
    assert (asked.pool, asked.epochs, own.pool) == (("codes", "numeric"), 4, ())
    three = {name: values[:3] for name, values in _inputs(made).items()}
    assert len(with_pool(three, asked, made.run.folder)["numeric"]) == 65
    strangers(61).write_csv(path)
    assert pretrain.outside(POOLED, made_up_study, None)["pool"] != digest


def _inputs(context: Context) -> Arrays:
    return cell.arrays(context.dataset(), context.kept_schema(), np.arange(3))


def _people(context: Context, split: str) -> list[str]:
    samples = Dataset(context.inputs["prepare"].folder).samples
    return samples["subject"].filter(samples["split"] == split).to_list()


def test_a_pool_with_held_out_patients_stops_it_with_how_many_and_no_name(
    context: Make, made_up_study: Study
) -> None:
    made = context()
    held = made_up_patients().filter(pl.col("patient").is_in(_people(made, "held_out")[:3]))
    planted = pl.concat([strangers(), held.drop("died")])
    planted.write_csv(made_up_study.file.parent / "pool.csv")
    with pytest.raises(DataError, match="3 held-out patients among its 63") as error:
        pretrain.run(POOLED, made)
    assert not [name for name in _people(made, "held_out") if name in str(error.value)]
    assert not (made.run.folder / "encoder.safetensors").exists()


def test_a_pool_is_refused_where_it_cannot_be_searched_or_says_two_things(
    context: Make, made_up_study: Study
) -> None:
    folder = made_up_study.file.parent
    strangers().drop("patient").write_csv(folder / "pool.csv")
    with pytest.raises(DataError, match=r"(?s)column 'patient'.*add it to the pool"):
        pretrain.run(POOLED, context())
    nobody = replace(made_up_study, data=replace(made_up_study.data, subject=""))
    with pytest.raises(StudyError, match=r"subject in \[data\]"):
        pretrain.outside(POOLED, nobody, None)
    with pytest.raises(StudyError, match="found both"):
        pretrain.outside(replace(POOLED, weights="w.safetensors"), made_up_study, None)
    with pytest.raises(DataError, match=r"\[pretrain\] pool: expected the file 'gone.csv'"):
        pretrain.outside(replace(POOLED, pool="gone.csv"), made_up_study, None)
    tagged = strangers().with_columns(pl.lit("made up").alias("bedside.synthetic"))
    tagged.write_csv(folder / "pool.csv")
    with pytest.raises(DataError, match="60 rows that `bedside synthesize` made up"):
        pretrain.run(POOLED, context())


def test_a_held_out_image_under_another_name_is_found(
    context_for: Callable[..., Context], tmp_path: Path
) -> None:
    images = np.stack([grey(at) for at in range(60)])
    names = np.array([f"P{at}" for at in range(60)])
    np.savez(tmp_path / "source.npz", images=images, patient=names, label=np.arange(60) % 2)
    study = build_study(
        {
            "study": {"name": "made_up", "question": "What is it?", "modality": "images"},
            "data": {"source": "source.npz", "subject": "patient"},
            "task": {"type": "binary", "target": "label", "positive": "1", "outcome": "it"},
            "images": {"image": "images"},
        },
        path=tmp_path / "study.toml",
    )
    ready = context_for(study, "prepare")
    prepare.run(study.spec("prepare"), ready)  # type: ignore[arg-type]  # its own Spec
    audit = Run(tmp_path / "audit-0")
    audit.folder.mkdir()
    audit.write_json("dropped.json", [])
    made = context_for(study, "pretrain", inputs={"prepare": ready.run, "audit": audit})
    held = Dataset(ready.run.folder).rows("held_out")[:2]
    fresh = np.stack([grey(at) for at in range(100, 120)])
    spec = pretrain.Spec(epochs=1, pool="pool.npz")

    def pool(of: np.ndarray) -> None:
        others = np.array([f"Q{at}" for at in range(len(of))])
        np.savez(tmp_path / "pool.npz", images=of, patient=others)

    pool(np.concatenate([fresh, images[held]]))
    with pytest.raises(DataError, match="2 images of held-out patients among its 22"):
        pretrain.run(spec, made)
    pool(fresh)
    pretrain.run(spec, made)
    assert record(made.run, "pretrain.json")["pool"]["patients"] == 20


def test_where_masks_are_learnt_a_held_out_image_is_found_however_large_the_others_are(
    context_for: Callable[..., Context], tmp_path: Path
) -> None:
    sides = [8 + at % 5 for at in range(60)]
    masks = [np.pad(np.full((4, 4), 255, np.uint8), (0, side - 4)) for side in sides]
    files = {f"images/P{at}.png": png(at, side) for at, side in enumerate(sides)}
    files |= {f"masks/P{at}.png": write_png(masks[at]) for at in range(60) if at % 2}
    study = study_of(
        tmp_path, "source", {"image": "images/{patient}.png", "mask": "masks/{patient}.png"},
        data={"source": "source", "subject": "patient"},
        task={"type": "segmentation", "structures": ["corner"], "outcome": "a corner"},
    )  # fmt: skip
    folder_of(tmp_path / "source", files)
    ready = context_for(study, "prepare")
    prepare.run(study.spec("prepare"), ready)  # type: ignore[arg-type]  # its own Spec
    audit = Run(tmp_path / "audit-0")
    audit.folder.mkdir()
    audit.write_json("dropped.json", [])
    made = context_for(study, "pretrain", inputs={"prepare": ready.run, "audit": audit})
    dataset = Dataset(ready.run.folder)
    fresh = {f"images/Q{at}.png": png(at, 20) for at in range(100, 110)}
    held = dataset.samples["subject"][dataset.rows("held_out")[:2]].to_list()
    copies = {f"images/Q{at}.png": files[f"images/{name}.png"] for at, name in enumerate(held)}
    spec = pretrain.Spec(epochs=1, pool="pool")
    folder_of(tmp_path / "pool", fresh | copies)
    with pytest.raises(DataError, match="2 images of held-out patients among its 12"):
        pretrain.run(spec, made)
    for name in copies:
        (tmp_path / "pool" / name).unlink()
    pretrain.run(spec, made)
    told = record(made.run, "pretrain.json")
    trained = dataset.samples.filter(pl.col("split") == "train")
    assert told["pool"]["patients"] == 10
    assert told["rows"] == trained.height + 10
    assert told["unlabelled"] == trained["target"].null_count() > 0
    assert told["width"] == 128
