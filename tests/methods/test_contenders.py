from __future__ import annotations

from bedside.methods.contenders import candidates, entry_of, fixed_of, headline, most_telling


def entry(name: str, family: str, score: float, *, cut: bool = False) -> dict:
    return {"name": name, "family": family, "select_score": score, "cut": cut}


RACE = [
    entry("prevalence", "simple", 0.1), entry("logistic", "simple", 0.5),
    entry("trees", "simple", 0.4), entry("mlp", "deep", 0.45),
    entry("tabm", "deep", 0.42, cut=True),
]  # fmt: skip


def test_the_best_of_each_family_and_guessing_is_no_candidate() -> None:
    assert candidates(RACE) == {"simple": "trees", "deep": "tabm"}
    assert candidates(RACE[:1]) == {"simple": "prevalence", "deep": None}
    assert candidates(RACE[3:]) == {"simple": None, "deep": "tabm"}


def test_the_control_takes_the_deep_model_if_there_is_one() -> None:
    assert most_telling({"released_candidates": candidates(RACE)}) == "tabm"
    assert most_telling({"released_candidates": candidates(RACE[:3])}) == "trees"


def test_the_headline_names_both_and_who_ran_out_of_time() -> None:
    race = {"models": RACE, "released_candidates": candidates(RACE)}
    assert headline(race, "log loss") == (
        "5 models raced; best simple trees (log loss 0.4), best deep tabm (log loss 0.42); "
        "time ran out for tabm"
    )


def test_records_are_read_back() -> None:
    model = {
        "name": "tabm", "family": "deep", "year": 2025, "source": "a paper", "parameters": 5,
        "trials": 2, "tried": [], "seconds": 1.5, "cut": False, "select_score": 0.3,
        "settings": {"rate": 0.1}, "length": 7,
    }  # fmt: skip
    assert "tried" not in entry_of(model)
    assert entry_of(model)["parameters"] == 5
    assert (fixed_of(model).settings, fixed_of(model).length) == ({"rate": 0.1}, 7)
