"""What a study says of a stage, and what is laid over it for a quick look."""

from __future__ import annotations

import pytest

from bedside.core.errors import StudyError
from bedside.core.study import Study, read_study


def test_a_tiny_run_lays_its_settings_over_the_studys_own_but_not_over_what_is_insisted_on(
    made_up_study: Study,
) -> None:
    asked = ["worth.repetitions=7", "worth.levers = ['synthesis']"]
    plain, insisting = read_study(made_up_study.file), read_study(made_up_study.file, asked)
    assert plain.spec("worth", tiny=True).repetitions == 3  # type: ignore[attr-defined]  # the stage's own Spec
    assert insisting.spec("worth", tiny=True).repetitions == 7  # type: ignore[attr-defined]
    assert insisting.spec("worth", tiny=True).steps == 3  # type: ignore[attr-defined]
    assert insisting.spec("worth", quick=True).steps == 4  # type: ignore[attr-defined]
    assert ("worth", "levers") in insisting.insisted


def test_a_choice_is_told_without_the_empty_one(made_up_study: Study) -> None:
    with pytest.raises(StudyError, match="expected one of 'flow', 'trees'"):
        read_study(made_up_study.file, ["synthesize.generator=tree"])
