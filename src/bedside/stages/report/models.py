"""How models are named and drawn: the same name, colour and mark wherever a model appears."""

from __future__ import annotations

from bedside.methods.pretraining.start import scratch_name
from bedside.stages.report.reading import Material

NAMES = {
    "prevalence": "Prevalence (guessing)",
    "mean": "Mean (guessing)",
    "kaplan_meier": "Kaplan-Meier (guessing)",
    "logistic": "Logistic regression",
    "linear": "Linear regression",
    "cox": "Cox regression",
    "trees": "Boosted trees",
    "mlp": "Multilayer perceptron",
    "tabm": "TabM",
    "ridge": "Ridge regression",
    "multinomial": "Multinomial regression",
    "transformer": "Feature-token transformer",
    "ft_transformer": "Feature-token transformer",
    "convnet": "Residual network",
    "convnet_large": "Larger residual network",
    "mlp_large": "Larger perceptron",
    "resnet18": "ResNet-18",
    "resnet34": "ResNet-34",
    "unet": "U-Net",
    "voxel_trees": "Boosted trees on places",
    "atlas": "Atlas (guessing)",
}
GUESSES = ("prevalence", "mean", "kaplan_meier", "atlas")
_PRIMARY = {
    "regression": "rmse", "survival": "c_index", "segmentation": "dice",
    "multilabel": "macro_auroc",
}  # fmt: skip
DEEP = (
    "mlp", "mlp_large", "tabm", "transformer", "ft_transformer", "convnet", "convnet_large",
    "resnet18", "resnet34", "unet",
)  # fmt: skip
KINDS = ("m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7")
SHAPES = {"simple": "circle", "deep": "diamond", "comparator": "square"}
_COLOURS = {
    "prevalence": "m7", "mean": "m7", "kaplan_meier": "m7",
    "logistic": "m1", "linear": "m1", "cox": "m1", "ridge": "m1", "multinomial": "m1",
    "trees": "m0", "mlp": "m4", "mlp_large": "m5", "tabm": "m2", "transformer": "m3",
    "ft_transformer": "m3",
    "convnet": "m2", "convnet_large": "m4", "resnet18": "m4", "resnet34": "m4", "unet": "m2",
    "voxel_trees": "m0", "atlas": "m7",
}  # fmt: skip


def model_name(name: str) -> str:
    """A model's name for people."""
    if name.startswith("comparator:"):
        return f"{name.removeprefix('comparator:')} (given with the data)"
    if scratch := scratch_name(name):
        return f"{model_name(scratch)}, pretrained"
    return NAMES.get(name, name.replace("_", " ").capitalize())


def family(material: Material, name: str) -> str:
    """simple, deep or comparator."""
    if name.startswith("comparator:"):
        return "comparator"
    for entry in material.race():
        if entry.at("name").text() == name and entry.at("family"):
            given = entry.at("family").text()
            return "deep" if given == "deep" else "simple"
    return "deep" if name in DEEP else "simple"


def colour(material: Material, name: str) -> str:
    """The CSS class of a model's colour; models that are not known take those left over."""
    if name in _COLOURS:
        return _COLOURS[name]
    if name.startswith("comparator:"):
        return "m6"
    others = [model for model in material.models() if model not in _COLOURS]
    return ("m5", "m4", "m3")[others.index(name) % 3] if name in others else "m5"


def shape(material: Material, name: str) -> str:
    """The mark of a model's family."""
    return SHAPES[family(material, name)]


def simple_first(material: Material) -> list[str]:
    """Models of the race, simple ones first, then comparators."""
    order = {"simple": 0, "deep": 1, "comparator": 2}
    return sorted(material.models(), key=lambda name: order[family(material, name)])


def primary(material: Material) -> str:
    """The measure by which models were compared."""
    default = _PRIMARY.get(material.study.task.type, "auroc")
    return material.file("verdict.json").at("measure").text(default)
