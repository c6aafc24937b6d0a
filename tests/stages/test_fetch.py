"""The stage fetch: the list of public data, and a mirror on loopback that serves a small file."""

from __future__ import annotations

import hashlib
import re
import threading
import zipfile
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bedside.adapters.raster import write_png
from bedside.core.dataset import Dataset
from bedside.core.errors import DataError, StudyError
from bedside.core.study import embedded, read_study
from bedside.stages import fetch as stage
from bedside.stages import prepare


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


CLASSES = {"Parasitized": 100, "Uninfected": 160}
FORMS = ("P61ThinF_IMG_20150918_144104", "P1thinF_IMG_20150619_114756a")
PATIENTS = [f"C{at}{FORMS[at % 2]}" for at in range(80, 100)]


def cells() -> dict[str, bytes]:
    """As the NIH names and stores them: photographs in colour, each of another size."""
    found = {"Parasitized/Thumbs.db": b"left by a program"}
    for number, (patient, name) in enumerate(product(PATIENTS, CLASSES)):
        rng = np.random.default_rng(number)
        sides = (int(rng.integers(50, 90)), int(rng.integers(50, 90)))
        picture = rng.normal(CLASSES[name], 20, (*sides, 3)).clip(0, 255).astype(np.uint8)
        found[f"{name}/{patient}_cell_{number}.png"] = write_png(picture)
    return found


@pytest.fixture
def mirror(tmp_path: Path):
    folder = tmp_path / "mirror"
    folder.mkdir()
    (folder / "support2.csv").write_bytes(b"age,death\n60,0\n")
    (folder / "Task04_Hippocampus.tar").write_bytes(b"scans")
    with zipfile.ZipFile(folder / "cell_images.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in cells().items():
            archive.writestr(f"cell_images/{name}", content)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


class Listening:
    def __init__(self) -> None:
        self.told: list[tuple[int, int, str]] = []

    def begin(self, stage: str) -> None: ...

    def advance(self, done: int, total: int, what: str) -> None:
        self.told.append((done, total, what))

    def end(self, stage: str, headline: str, seconds: float, *, repeated: bool) -> None: ...


def test_sources_are_complete() -> None:
    known = stage.sources()
    assert len({item.name for item in known}) == len(known) >= 5
    for item in known:
        assert item.url.startswith("https://")
        assert item.licence
        assert item.citation
        assert re.fullmatch(r"[0-9a-f]{64}|", item.sha256)
        assert bool(item.sha256) == bool(item.digest_from)
        assert "/" not in item.file


def test_a_ready_study_looks_for_the_file_that_is_fetched() -> None:
    file = next(item.file for item in stage.sources() if item.name == "support2")
    for name in ("support2", "support2_survival"):
        data = read_study(embedded()[name]).data
        assert file in (data.source, *data.instead)


def test_a_mirror_serves_what_was_accepted(mirror: str, tmp_path: Path) -> None:
    content = b"age,death\n60,0\n"
    digest = hashlib.sha256(content).hexdigest()
    progress = Listening()
    path = stage.fetch("support2", tmp_path / "data", base=mirror, accept=digest, progress=progress)
    assert path == tmp_path / "data" / "support2.csv"
    assert path.read_bytes() == content
    assert progress.told == [(len(content), len(content), "support2.csv")]


def test_another_file_on_a_mirror_is_refused(mirror: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="SHA-256"):
        stage.fetch("support2", tmp_path / "data", base=mirror)
    assert list((tmp_path / "data").iterdir()) == []


def accepted(name: str, base: str, folder: Path) -> Path:
    """Fetched as the message of the first attempt says, without a second download."""
    with pytest.raises(DataError, match="none is known") as told:
        stage.fetch(name, folder, base=base)
    (digest,) = re.findall(
        r"repeat the command with --accept-digest ([0-9a-f]{64})", str(told.value)
    )
    progress = Listening()
    path = stage.fetch(name, folder, base=base, accept=digest, progress=progress)
    assert progress.told == []
    assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
    return path


def test_without_a_digest_the_message_says_what_to_do(mirror: str, tmp_path: Path) -> None:
    assert accepted("hippocampus", mirror, tmp_path / "data").name == "Task04_Hippocampus.tar"
    assert [item.name for item in (tmp_path / "data").iterdir()] == ["Task04_Hippocampus.tar"]


def test_malaria_as_it_is_published_is_read(
    mirror: str, tmp_path: Path, context_for: Callable
) -> None:
    """A zip of photographs, the patient in the name, `Thin` or `thin` after it."""
    accepted("malaria", mirror, tmp_path / "data")
    study = read_study(embedded()["malaria_photographs"])
    context = context_for(study, "prepare", data_folder=tmp_path / "data")
    prepare.run(study.spec("prepare"), context)
    dataset = Dataset(context.run.folder)
    images, samples = dataset.array("image"), dataset.samples
    assert images.shape == (2 * len(PATIENTS), 1, 50, 50)
    assert samples["subject"].n_unique() == len(PATIENTS)
    assert samples.group_by("subject").agg(pl.col("split").n_unique())["split"].max() == 1
    dark = np.asarray(images).mean(axis=(1, 2, 3)) < 130
    np.testing.assert_array_equal(samples["target"].to_numpy() == 1, dark)


def test_an_unknown_name_is_told(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="did you mean 'support2'"):
        stage.fetch("suport2", tmp_path)
