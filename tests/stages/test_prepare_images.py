"""What the stage prepare says of images: those that no row names too."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.modalities.images.made_sources import CANARY, folder_of, png, study_of, table_of

from bedside.core import cells
from bedside.core.context import Context
from bedside.core.executor import InProcess
from bedside.core.progress import Silent
from bedside.core.run import Run
from bedside.stages import prepare


@pytest.mark.parametrize(("strays", "told"), [
    (0, ""), (1, "; 1 image file without a row"), (2, "; 2 image files without a row"),
])  # fmt: skip
def test_files_without_a_row_are_told_in_its_line(tmp_path: Path, strays: int, told: str) -> None:
    source, folder = tmp_path / "source", tmp_path / "prepare-1"
    files = {f"{at}.png": png(at) for at in range(40)}
    table_of(source, files, label=[0, 1] * 20, patient=[f"p{at}" for at in range(40)])
    folder_of(source, {f"x/{CANARY}{at}.png": png(at) for at in range(strays)})
    study = study_of(source, "labels.csv", {"image": "file"},
                     data={"source": "labels.csv", "subject": "patient"})  # fmt: skip
    folder.mkdir()
    context = Context(
        study=study, run=Run(folder), inputs={}, cell=cells.cell("images", "prepare"),
        executor=InProcess(), progress=Silent(), tiny=False,
    )  # fmt: skip
    outcome = prepare.run(study.spec("prepare", tiny=False), context)
    assert outcome.headline == f"40 patients, 40 images{told}"
