"""What each measure is called at the bedside, what statisticians call it, and what it means."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bedside.methods.measure_words_images import OF_IMAGES
from bedside.methods.measure_words_worth import OF_WORTH


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureWords:
    """One measure in words."""

    name: str
    """What a clinician would call it."""
    statistician: str
    """The name in the literature."""
    meaning: str
    """One sentence: what the number says and what is good."""
    share: bool = False
    """Whether it is a share of people, to be shown as a percentage."""
    points: bool = False
    """Whether it is a distance between shares, to be shown in percentage points."""

    @property
    def short(self) -> str:
        """The shortest name in the literature."""
        return self.statistician.partition(",")[0].partition(" (")[0]


def _words(
    name: str, statistician: str, meaning: str, *, share: bool = False, points: bool = False
) -> MeasureWords:
    return MeasureWords(
        name=name, statistician=statistician, meaning=meaning, share=share, points=points
    )


WORDS = {
    "auroc": _words(
        "ranking of patients",
        "AUROC, area under the ROC curve",
        "Of a patient with the outcome and one without, how often the first has the higher risk: "
        "0.5 is chance, 1 is perfect.",
    ),
    "macro_auroc": _words(
        "ranking of patients, mean of the labels",
        "macro AUROC, mean area under the ROC curve over labels",
        "The AUROC of each label, averaged: every label counts the same, however rare. It can hide "
        "one label that is told badly: see the labels.",
    ),
    "macro_auprc": _words(
        "precision over all thresholds, mean of the labels",
        "macro AUPRC, mean average precision over labels",
        "A useless model scores the mean prevalence of the labels.",
    ),
    "macro_brier": _words(
        "error of the risks, mean of the labels",
        "macro Brier score",
        "Mean squared distance between risk and what was found, averaged over labels; 0 is "
        "perfect.",
    ),
    "macro_scaled_brier": _words(
        "error spared against guessing, mean of the labels",
        "macro scaled Brier score",
        "How much of the error of giving everybody each label's prevalence is spared; 0 is "
        "useless, 1 is perfect.",
    ),
    "macro_log_loss": _words(
        "surprise, mean of the labels",
        "macro log loss",
        "Mean negative log-likelihood in nats, averaged over labels; lower is better.",
    ),
    "auprc": _words(
        "precision over all thresholds",
        "AUPRC, average precision",
        "PPV averaged over all sensitivities; a useless model scores the outcome's prevalence.",
    ),
    "brier": _words(
        "error of the risks",
        "Brier score",
        "Mean squared distance between risk and what happened; 0 is perfect.",
    ),
    "scaled_brier": _words(
        "error spared against guessing",
        "scaled Brier score, index of prediction accuracy",
        "How much of the error of giving everybody the prevalence is spared; 0 is useless, 1 is "
        "perfect.",
    ),
    "log_loss": _words(
        "surprise", "log loss", "Mean negative log-likelihood in nats; lower is better."
    ),
    "calibration_slope": _words(
        "spread of the predictions",
        "calibration slope",
        "1 is right; below 1 the predictions are too extreme, above 1 too timid.",
    ),
    "calibration_intercept": _words(
        "predictions too high or too low overall",
        "calibration intercept, calibration-in-the-large",
        "0 is right; below 0 the predictions are too high on average, above 0 too low.",
    ),
    "oe_ratio": _words(
        "happened against expected",
        "observed-to-expected ratio",
        "Outcomes that happened for each one expected; 1 is right.",
    ),
    "ici": _words(
        "average gap between risk and reality",
        "ICI, integrated calibration index",
        "Mean distance between the stated risk and the share that had the outcome at that risk.",
        points=True,
    ),
    "sensitivity": _words(
        "sensitivity",
        "sensitivity, recall",
        "Of patients with the outcome, the share that is alerted.",
        share=True,
    ),
    "specificity": _words(
        "specificity",
        "specificity",
        "Of patients without the outcome, the share that is not alerted.",
        share=True,
    ),
    "ppv": _words(
        "alerts that are right",
        "PPV, positive predictive value, precision",
        "Of alerted patients, the share that has the outcome.",
        share=True,
    ),
    "npv": _words(
        "silences that are right",
        "NPV, negative predictive value",
        "Of patients without an alert, the share that stays free of the outcome.",
        share=True,
    ),
    "alerts_per_100": _words(
        "alerts per 100 patients", "alert rate", "How many of 100 patients are alerted."
    ),
    "missed_per_100": _words(
        "missed per 100 patients",
        "false negatives per 100",
        "How many of 100 patients have the outcome and no alert.",
    ),
    "number_needed_to_evaluate": _words(
        "alerts for each right one",
        "number needed to evaluate",
        "How many alerts are looked at to find one patient with the outcome.",
    ),
    "net_benefit": _words(
        "net benefit",
        "net benefit",
        "Right alerts per patient, less wrong ones weighed by the threshold's odds; above alerting "
        "all and alerting none it is worth acting on.",
    ),
    "prevalence": _words(
        "outcome", "prevalence", "The share of patients with the outcome.", share=True
    ),
    "c_index": _words(
        "ranking of patients by time",
        "c-index, concordance index (Harrell)",
        "Of two patients, how often the one with the higher risk has the event first: 0.5 is "
        "chance, 1 is perfect.",
    ),
    "c_index_ipcw": _words(
        "ranking of patients by time, up to the horizon",
        "concordance index (Uno, weighted for censoring)",
        "As the c-index, for events by the horizon, and not moved by who was lost when.",
    ),
    "auroc_at_horizon": _words(
        "ranking of patients at the horizon",
        "AUROC at the horizon, cumulative/dynamic, weighted for censoring",
        "Of a patient with the event by the horizon and one without, how often the first has the "
        "higher risk.",
    ),
    "brier_at_horizon": _words(
        "error of the risks at the horizon",
        "Brier score at the horizon, weighted for censoring",
        "Mean squared distance between risk and what had happened by the horizon; 0 is perfect.",
    ),
    "calibration_at_horizon": _words(
        "happened less predicted at the horizon",
        "calibration at the horizon (Kaplan-Meier less mean risk)",
        "0 is right; above 0 the risks are too low on average, below 0 too high.",
        points=True,
    ),
    "integrated_brier": _words(
        "error of the risks over time",
        "integrated Brier score (with censoring weights)",
        "Mean squared distance between risk and reality, averaged over time; 0 is perfect.",
    ),
    "rmse": _words(
        "typical error",
        "RMSE, root mean squared error",
        "Size of the errors in the outcome's unit, large ones weighing more; 0 is perfect.",
    ),
    "mae": _words(
        "average error", "MAE, mean absolute error", "Average size of the errors; 0 is perfect."
    ),
    "r2": _words(
        "variation explained", "R², coefficient of determination", "1 is perfect, 0 is useless."
    ),
    "accuracy": _words("right answers", "accuracy", "Share of patients named right.", share=True),
    "balanced_accuracy": _words(
        "right answers, classes weighing alike",
        "balanced accuracy",
        "Share named right, averaged over the classes.",
        share=True,
    ),
    "conformal_coverage": _words(
        "truth inside the set",
        "conformal coverage",
        "Share of patients whose outcome lies in the set or interval given with the prediction.",
        share=True,
    ),
    "conformal_set_size": _words(
        "answers in a set",
        "mean size of the conformal set",
        "1 is a plain answer; more leaves it open.",
    ),
    "conformal_single": _words(
        "plain answers",
        "share of conformal sets of one",
        "Share of patients whose set holds a single answer.",
        share=True,
    ),
    "conformal_width": _words(
        "width of the interval",
        "mean width of the conformal interval",
        "How wide the interval is that is given with a prediction.",
    ),
    "abstention_rate": _words(
        "no answer given",
        "abstention rate",
        "Share of patients to whom no prediction is given.",
        share=True,
    ),
    "novelty": _words(
        "unlike the training patients",
        "mean novelty (out-of-distribution) score",
        "How far patients are from those the model learnt from; higher is further.",
    ),
    "aurc": _words(
        "error as fewer are answered",
        "AURC, area under the risk-coverage curve",
        "Error averaged over all shares of patients that get an answer, the surest first.",
    ),
    "net_benefit_all": _words(
        "net benefit of alerting all",
        "net benefit of treating all",
        "What alerting everybody would be worth at the same threshold.",
    ),
    "table_per_1000": _words(
        "of 1,000 patients", "patients of 1,000", "How many of 1,000 patients at the threshold."
    ),
    "risk_at_coverage": _words(
        "error among those who get an answer",
        "selective risk",
        "Error when only the surest share of patients gets an answer.",
    ),
    "importance": _words(
        "lost without the input",
        "permutation importance",
        "What the primary measure loses when the input's values change hands among patients.",
    ),
    "observed_minus_predicted": _words(
        "happened less predicted",
        "calibration in the large, difference",
        "0 is right; above 0 the risks are too low on average, below 0 too high.",
        points=True,
    ),
    "net_benefit_gain": _words(
        "gain over alerting all or none",
        "gain in net benefit",
        "Net benefit less that of the better of alerting all and alerting none; above 0 the model "
        "is worth acting on.",
    ),
    "top_label_calibration_error": _words(
        "average gap between confidence and being right",
        "top-label calibration error",
        "Mean distance between the likeliest class's probability and how often it is right.",
        points=True,
    ),
}

WORDS |= {
    name: _words(called, statistician, meaning, share=share)
    for name, (called, statistician, meaning, share) in (OF_IMAGES | OF_WORTH).items()
}


def words(measure: str) -> MeasureWords:
    """A measure in words; one that is not listed keeps its plain name.

    >>> words("ppv").name, words("new_measure").name
    ('alerts that are right', 'new measure')
    """
    if measure in WORDS:
        return WORDS[measure]
    kind, _, rest = measure.partition(".")
    of_worth = ".".join(measure.split(".")[:2])
    if kind == "worth" and of_worth in WORDS:
        other = words(measure.split(".")[2])
        return replace(WORDS[of_worth], name=f"{WORDS[of_worth].name} by {other.short}")
    if kind == "robustness" and rest in WORDS:
        return words(rest)
    plain = measure.replace("_", " ").replace(".", ": ")
    if rest and is_difference(measure):
        inner = words(rest)
        return MeasureWords(
            name=f"{kind.replace('_minus_', ' less ').replace('_', ' ')}: {inner.name}",
            statistician=f"paired difference of {inner.short}",
            meaning="Measured on the same patients.",
            points=inner.share or inner.points,
        )
    return MeasureWords(name=plain, statistician=plain, meaning="")


def is_difference(measure: str) -> bool:
    """Whether it is a paired difference, such as `deep_minus_simple.auroc` or `gap.ppv`."""
    kind, _, rest = measure.partition(".")
    return bool(rest) and ("minus" in kind or kind == "gap")
