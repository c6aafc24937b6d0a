"""What a stage is given to work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from bedside.core.dataset import Dataset, Schema
from bedside.core.errors import RunError
from bedside.core.evidence import Evidence
from bedside.core.executor import Executor
from bedside.core.progress import Progress
from bedside.core.run import Run
from bedside.core.study import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The study, the folder to write to, the finished runs to read from, and who does the work."""

    study: Study
    run: Run
    inputs: Mapping[str, Run]
    """Finished runs by stage name: those that the stage NEEDS, and of those that it MAY_USE the
    ones that there are."""
    cell: ModuleType
    """The modality's module for this stage; it satisfies the stage's Protocol `Cell`."""
    executor: Executor
    progress: Progress
    data_folder: Path | None = None
    """Where `--data` points."""
    tiny: bool = False
    outside: Mapping[str, str] = field(default_factory=dict)
    """Digests of what lies outside the study, as the stage's `outside` told them for the name of
    this run."""

    def dataset(self) -> Dataset:
        """The prepared data set."""
        return Dataset(self.input("prepare").folder)

    def kept_schema(self) -> Schema:
        """The data set's schema without the fields that the audit dropped."""
        dropped = self.input("audit").read_json("dropped.json")
        if not isinstance(dropped, list):
            raise RunError("dropped.json", expected="a list of fields", found="something else")
        return self.dataset().schema.without([str(name) for name in dropped])

    def input(self, stage: str) -> Run:
        """The finished run of an earlier stage."""
        if stage not in self.inputs:
            raise RunError(
                self.run.stage,
                expected=f"a finished run of '{stage}'",
                found="none",
                hint=f"run `bedside {stage} STUDY` first",
            )
        return self.inputs[stage]

    def evidence(self) -> list[Evidence]:
        """All evidence of the inputs, in the order of the stages."""
        return [item for run in self.inputs.values() for item in run.evidence()]
