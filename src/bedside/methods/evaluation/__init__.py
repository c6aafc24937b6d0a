"""Evaluation: what is measured on patients whom no model has seen, with intervals by patient.

Every number becomes evidence; comparisons are paired on the same resamples. Knows no modality.
"""
