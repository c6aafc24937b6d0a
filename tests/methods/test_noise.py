"""Planted errors are found; clean labels are left alone; the joint is that of the definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, make_blobs
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bedside.core.errors import DataError
from bedside.methods.noise import confident_learning


def out_of_fold(x, y):
    # strongly regularised: a model that learns the errors by heart cannot point at them
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=500))
    return cross_val_predict(model, x, y, cv=5, method="predict_proba")


def planted(y, share, classes, seed=0):
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(y), int(share * len(y)), replace=False)
    spoilt = y.copy()
    spoilt[rows] = (y[rows] + rng.integers(1, classes, len(rows))) % classes
    return spoilt, rows


def data(name):
    if name == "breast_cancer":
        return load_breast_cancer(return_X_y=True)
    return make_blobs(3000, 6, centers=4, cluster_std=2.5, random_state=1)


@pytest.mark.parametrize(
    ("name", "found_share", "clean"), [("breast_cancer", 0.75, 0.03), ("blobs", 0.9, 0.01)]
)
def test_five_per_cent_of_wrong_labels_are_found_and_few_where_there_are_none(
    name, found_share, clean
):
    x, y = data(name)
    hits, right = [], []
    for seed in range(3):
        spoilt, rows = planted(y, 0.05, y.max() + 1, seed)
        found = confident_learning(out_of_fold(x, spoilt), spoilt)
        hits.append(np.isin(rows, found.suspects).mean())
        right.append(np.isin(found.suspects, rows).mean())
        assert np.isin(found.suspects[: len(rows) // 2], rows).mean() > 0.9  # the worst come first
        caught = np.isin(found.suspects, rows)
        assert (found.likelier[caught] == y[found.suspects[caught]]).mean() > 0.95
        assert found.rate == pytest.approx(0.05, abs=0.015)
    assert np.mean(hits) > found_share
    assert np.mean(right) > 0.8
    untouched = confident_learning(out_of_fold(x, y), y)
    assert untouched.rate < clean
    assert len(untouched.suspects) < clean * len(y)


def test_which_label_is_mistaken_for_which_is_estimated():
    x, y = make_blobs(6000, 5, centers=3, cluster_std=1.5, random_state=3)
    rng = np.random.default_rng(4)
    spoilt = np.where((y == 0) & (rng.random(len(y)) < 0.2), 1, y)
    found = confident_learning(out_of_fold(x, spoilt), spoilt)
    truth = np.zeros((3, 3))
    np.add.at(truth, (spoilt, y), 1 / len(y))
    off = ~np.eye(3, dtype=bool)
    assert truth[1, 0] * 0.5 < found.joint[1, 0] < truth[1, 0] * 1.2  # half of them are sure enough
    off[1, 0] = False
    assert found.joint[off].max() < 0.005


@given(n=st.integers(1, 25), classes=st.integers(2, 4), seed=st.integers(0, 2**32))
def test_the_joint_is_that_of_the_definition(n, classes, seed):
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(classes), n)
    y = rng.integers(0, classes, n)
    found = confident_learning(p, y)
    means = {k: p[y == k, k].mean() for k in range(classes) if (y == k).any()}
    counts = np.zeros((classes, classes))
    for row, own in zip(p, y, strict=True):
        sure = {k: row[k] for k in means if row[k] >= means[k] - 1e-12}
        if sure:
            counts[own, max(sure, key=lambda k: sure[k])] += 1
    for k in range(classes):
        counts[k] = counts[k] if counts[k].sum() else np.eye(classes)[k]
        counts[k] *= (y == k).sum() / counts[k].sum()
    np.testing.assert_allclose(found.joint, counts / n, atol=1e-12)
    np.testing.assert_allclose(found.joint.sum(axis=1), np.bincount(y, minlength=classes) / n)
    assert (np.diff(found.margin) <= 0).all()
    assert (found.margin > 0).all()
    assert len(np.unique(found.suspects)) == len(found.suspects)


def test_wrong_input_is_refused():
    with pytest.raises(DataError, match="both columns"):
        confident_learning([[0.2], [0.9]], [0, 1])
    with pytest.raises(DataError, match="add up to 1"):
        confident_learning([[0.2, 0.9], [0.5, np.nan]], [0, 1])
    with pytest.raises(DataError, match="unobserved"):
        confident_learning([[0.2, 0.8], [0.5, 0.5]], [0, -1])
    with pytest.raises(DataError, match="labels"):
        confident_learning([[0.2, 0.8]], [0, 1])
