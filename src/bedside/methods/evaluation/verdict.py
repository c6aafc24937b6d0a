"""Whether deep learning is warranted here: a paired comparison, and a verdict in words.

Warranted: the whole interval of the primary measure's difference favours the deep model, and the
estimate is worth having. Not warranted: the interval leaves no room for a benefit that is.
Otherwise these patients cannot decide it, and the answer is how many could. (The logic of
superiority and non-inferiority margins: Piaggio et al., JAMA 2012;308:2594.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from bedside.core.spec import Plain
from bedside.methods.evaluation.record import clean
from bedside.methods.intervals import Interval
from bedside.methods.measures import primary
from bedside.methods.pretraining.start import scratch_name
from bedside.methods.words import count, interval, number, patients

Answer = Literal["warranted", "not warranted", "not decidable"]

WORTHWHILE = 0.01
"""Of AUROC or concordance: one more pair of a hundred in the right order. Smaller gains do not move
net benefit visibly and do not pay for a model that is harder to run, to explain and to keep."""
WORTHWHILE_SHARE = 0.02
"""Of the simple model's RMSE, for a regression."""
MOST_TIMES = 1000
"""More patients than so many times those there are is no plan."""

_MEASURES = {
    "auroc": "an AUROC", "macro_auroc": "a mean AUROC over labels",
    "c_index": "a concordance index", "rmse": "an RMSE", "dice": "a mean Dice",
}  # fmt: skip
_MODELS = {
    "prevalence": "the prevalence", "mean": "the mean", "kaplan_meier": "Kaplan-Meier",
    "logistic": "logistic regression", "linear": "linear regression", "cox": "Cox regression",
    "trees": "boosted trees", "mlp": "the multilayer perceptron", "tabm": "TabM",
    "mlp_large": "the larger perceptron",
    "ft_transformer": "the feature-token transformer", "ridge": "ridge regression",
    "multinomial": "multinomial regression", "convnet": "the residual network",
    "convnet_large": "the larger residual network", "resnet18": "ResNet-18",
    "resnet34": "ResNet-34", "unet": "the U-Net",
    "voxel_trees": "boosted trees that see each place",
}  # fmt: skip
_PLURAL = ("trees", "voxel_trees")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """The pair that was chosen before held-out patients were touched, and what they showed."""

    task: str
    deep: str
    """Names; empty: no such model was in the race."""
    simple: str
    of_deep: Interval
    of_simple: Interval
    gap: Interval
    """Deep minus simple, in the measure's own direction."""
    subjects: int
    enough: bool = True
    """Whether there are enough patients and outcomes to trust an interval at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer, in a word, in a sentence, and as numbers."""

    answer: Answer
    contest: Contest
    released: str
    worthwhile: float
    patients_needed: int | None
    """Held-out patients that would settle it; None where it is settled or nobody can say."""

    def record(self) -> dict[str, Plain]:
        """As `verdict.json`."""
        value, low, high = (clean(end) for end in self.contest.gap)
        return {
            "verdict": self.answer,
            "sentence": self.sentence(),
            "deep": self.contest.deep,
            "simple": self.contest.simple,
            "released": self.released,
            "measure": primary(self.contest.task).measure,
            "difference": {
                "value": value,
                "low": low,
                "high": high,
                "subjects": self.contest.subjects,
            },
            "worthwhile": self.worthwhile,
            "patients_needed": self.patients_needed,
        }

    def sentence(self) -> str:
        """For people: the verdict, the numbers behind it, what is released."""
        parts = [_OPENINGS[self.answer], *self._numbers(), *self._needed()]
        if self.released:
            article = "the " if self.released in _PLURAL else ""
            parts.append(f"The released model is {article}{model_words(self.released)}.")
        return " ".join(parts)

    def headline(self) -> str:
        """One line for the terminal."""
        words = {
            "warranted": "deep learning is warranted",
            "not warranted": "deep learning is not warranted",
            "not decidable": "whether deep learning is warranted is not decidable",
        }[self.answer]
        if not self._complete():
            return words
        contest, name = self.contest, primary(self.contest.task).measure
        return (
            f"{words}: {name} {number(contest.of_deep[0])} ({model_words(contest.deep)}) against "
            f"{number(contest.of_simple[0])} ({model_words(contest.simple)}), "
            f"difference {interval(*contest.gap)}"
        )

    def _complete(self) -> bool:
        return bool(self.contest.deep and self.contest.simple)

    def _numbers(self) -> list[str]:
        contest = self.contest
        if not self._complete():
            missing = "deep" if not contest.deep else "simpler"
            return [f"No {missing} model was in the race."]
        name = primary(contest.task).measure
        deep, simple = model_words(contest.deep), model_words(contest.simple)
        said = (
            f"{_capital(deep)} reaches {_MEASURES.get(name, name)} of {interval(*contest.of_deep)} "
            f"on {count(contest.subjects)} held-out {_noun(contest.subjects)}, {simple} "
            f"{number(contest.of_simple[0])}; the difference is {interval(*contest.gap)}."
        )
        return [said]

    def _needed(self) -> list[str]:
        if self.answer != "not decidable" or not self._complete():
            return []
        if not self.contest.enough:
            return [
                f"{_capital(patients(self.contest.subjects))} with so few outcomes cannot tell."
            ]
        if self.patients_needed is None:
            return ["No number of patients within reach would settle it."]
        about = count(float(f"{self.patients_needed:.2g}"))
        return [
            f"About {about} held-out patients would settle whether a difference of "
            f"{number(self.worthwhile)} is there."
        ]


_OPENINGS = {
    "warranted": "Deep learning is warranted here.",
    "not warranted": "Deep learning is not warranted here.",
    "not decidable": "Whether deep learning is warranted cannot be decided with these patients.",
}


def judge(contest: Contest, worthwhile: float | None = None) -> Verdict:
    """The verdict; `worthwhile` is the smallest benefit worth having, in the measure's unit.

    >>> pair = dict(task="binary", deep="tabm", simple="trees", subjects=1575,
    ...             of_deep=(0.832, 0.812, 0.851), of_simple=(0.833, 0.813, 0.852))
    >>> judge(Contest(gap=(-0.001, -0.006, 0.004), **pair)).answer
    'not warranted'
    >>> judge(Contest(gap=(0.008, -0.004, 0.02), **pair)).patients_needed
    9072
    """
    least = worthwhile if worthwhile is not None else _worthwhile(contest)
    benefit, low, high = _in_favour(contest)
    both = contest.deep and contest.simple
    answer: Answer = "not decidable"
    if both and contest.enough and all(map(math.isfinite, (benefit, low, high))):
        if low > 0 and benefit >= least:
            answer = "warranted"
        elif high < least:
            answer = "not warranted"
    released = contest.deep if answer == "warranted" or not contest.simple else contest.simple
    needed = None
    if answer == "not decidable" and both and contest.enough:
        needed = _patients_needed((benefit, low, high), least, contest.subjects)
    return Verdict(
        answer=answer, contest=contest, released=released, worthwhile=least, patients_needed=needed
    )


def model_words(name: str) -> str:
    """A model as running text has it."""
    if scratch := scratch_name(name):
        return f"{model_words(scratch)}, pretrained"
    return _MODELS.get(name, name.replace("_", " "))


def _worthwhile(contest: Contest) -> float:
    if primary(contest.task).higher_is_better:
        return WORTHWHILE
    error = contest.of_simple[0]
    return WORTHWHILE_SHARE * error if math.isfinite(error) else 0.0


def _in_favour(contest: Contest) -> Interval:
    """The benefit of the deep model: above 0 is better."""
    value, low, high = contest.gap
    return (value, low, high) if primary(contest.task).higher_is_better else (-value, -high, -low)


def _patients_needed(benefit: Interval, least: float, subjects: int) -> int | None:
    """Whose interval cannot hold both no benefit and a worthwhile one.

    An interval narrows with the root of the number of patients. Where it is that narrow already,
    the estimate lies just short of worthwhile, and its upper end must come below.
    """
    value, low, high = benefit
    if not all(map(math.isfinite, benefit)) or least <= 0:
        return None
    times = ((high - low) / least) ** 2
    if times <= 1:
        times = ((high - value) / (least - value)) ** 2 if value < least else math.inf
    return math.ceil(subjects * times) if 1 < times <= MOST_TIMES else None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _noun(subjects: int) -> str:
    return "patient" if subjects == 1 else "patients"
