"""Measures of predictions, for any number of bootstrap replicates at once.

`binary(y, p, weights)` and its like compute at once; `binary_measure(y, p)` and its like sort and
fit once and are then called with weights [B, N], which is what `intervals.evaluate` wants.
"""

from bedside.methods.measures.additive import Additive, additive, mean, proportion, together
from bedside.methods.measures.binary import BinaryMeasures, binary, binary_measure
from bedside.methods.measures.multiclass import MulticlassMeasures, multiclass, multiclass_measure
from bedside.methods.measures.operating import operating, operating_measure
from bedside.methods.measures.primary import PRIMARY, Primary, primary
from bedside.methods.measures.ranking import Ranking
from bedside.methods.measures.regression import regression, regression_measure
from bedside.methods.measures.sample import FloatArray, IntArray, Measure

__all__ = [
    "PRIMARY",
    "Additive",
    "BinaryMeasures",
    "FloatArray",
    "IntArray",
    "Measure",
    "MulticlassMeasures",
    "Primary",
    "Ranking",
    "additive",
    "binary",
    "binary_measure",
    "mean",
    "multiclass",
    "multiclass_measure",
    "operating",
    "operating_measure",
    "primary",
    "proportion",
    "regression",
    "regression_measure",
    "together",
]
