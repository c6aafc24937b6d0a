"""A network for tables for each generation of deep learning, oldest first.

All are trained on the same patients in the same way, so that what is between two of them is what
the later generation added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import nn

from bedside.methods.networks.ft_transformer import FtTransformer, TransformerSettings
from bedside.methods.networks.mlp import Mlp, MlpSettings
from bedside.methods.networks.plain import normed_perceptron, perceptron, residual
from bedside.methods.networks.tabm import TabM, TabmSettings
from bedside.methods.outcome import Outcome
from bedside.methods.rung import Rung
from bedside.methods.tabular_inputs import Inputs

Build = Callable[[Inputs, Outcome], nn.Module]

RUNGS = (
    Rung(
        name="perceptron", title="Perceptron", year=1958,
        added="Weights that are learned from examples instead of set by hand, one for each field.",
        source="Rosenblatt, Psychological Review 1958", rate=3e-2,
    ),
    Rung(
        name="mlp", title="Multilayer perceptron", year=1986,
        added="Hidden layers, trained by passing the error back: fields may act together.",
        source="Rumelhart, Hinton and Williams, Nature 1986",
    ),
    Rung(
        name="normed_mlp", title="Perceptron with dropout and batch norm", year=2015,
        added="Rectified units, dropout and batch norm, so that wide and deep layers train well.",
        source="Srivastava et al., JMLR 2014; Ioffe and Szegedy, ICML 2015",
    ),
    Rung(
        name="resnet", title="ResNet for tables", year=2021,
        added="Shortcuts past every block, so that more layers do no harm.",
        source="Gorishniy et al., NeurIPS 2021, after He et al., CVPR 2016",
    ),
    Rung(
        name="ft_transformer", title="FT-Transformer", year=2021,
        added="Every field is a token that attends to every other.",
        source="Gorishniy et al., NeurIPS 2021", rate=1e-3,
    ),
    Rung(
        name="embedded_mlp", title="Perceptron with embedded numbers", year=2022,
        added="Numbers become vectors by bins, so that thresholds and bends are easily learned.",
        source="Gorishniy, Rubachev and Babenko, NeurIPS 2022", rate=2e-3,
    ),
    Rung(
        name="tabm", title="TabM", year=2025,
        added="Many perceptrons in one, which share most weights and answer with their mean.",
        source="Gorishniy, Kotelnikov and Babenko, ICLR 2025", rate=2e-3,
    ),
)  # fmt: skip
_BUILDS: Mapping[str, Build] = {
    "perceptron": perceptron,
    "mlp": lambda inputs, outcome: perceptron(inputs, outcome, (64, 32)),
    "normed_mlp": lambda inputs, outcome: normed_perceptron(inputs, outcome, (128, 128)),
    "resnet": residual,
    # One bin is about a line, as the tokens of 2021 were; finer embeddings came a year later.
    "ft_transformer": lambda inputs, outcome: FtTransformer(
        inputs, outcome, TransformerSettings(bins=1)
    ),
    "embedded_mlp": lambda inputs, outcome: Mlp(inputs, outcome, MlpSettings()),
    "tabm": lambda inputs, outcome: TabM(inputs, outcome, TabmSettings()),
}


def network(name: str, inputs: Inputs, outcome: Outcome) -> nn.Module:
    """The network of a generation, for training inputs and their outcome."""
    return _BUILDS[name](inputs, outcome)
