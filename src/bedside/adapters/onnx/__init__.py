"""ONNX: models of tables as graphs that hold everything from raw fields to calibrated values.

    numeric  float32 [N, P]   NaN is missing             value    float32 [N, K]
    codes    int64   [N, C]   0 is missing               novelty  float32 [N]

A model's own graph (`forest`, `linear`, `torch_export`) gives `value` in float64; `finish` lays the
calibrator and the novelty score over it and rounds once. Both inputs are declared even where P or C
is 0; such an array is [N, 0].
"""

from bedside.adapters.onnx.session import Graph

__all__ = ["Graph"]
