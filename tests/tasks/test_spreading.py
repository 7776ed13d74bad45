"""Labels spread over a graph of neighbours, and how sure they are then."""

import numpy as np
from sklearn.datasets import make_moons

from isthmus.tasks.spreading import REACH, guessed, nearness, spread

MOONS, SIDE = make_moons(300, noise=0.05, random_state=0)


def one_label_each(classes=2):
    given = np.zeros((len(MOONS), classes), np.float32)
    for side in range(2):
        given[np.flatnonzero(side == SIDE)[0], side] = 1
    return given


def test_a_label_goes_along_the_moon_that_it_is_on():
    shares = spread(MOONS, one_label_each())
    assert np.allclose(shares.sum(1), 1)
    assert (shares.argmax(1) == SIDE).all()


def test_it_is_the_end_of_the_steps_that_zhou_takes():
    given, weights = one_label_each(), nearness(MOONS).toarray()
    root = weights.sum(1) ** -0.5
    steps, found = root[:, None] * weights * root, given.astype(float)
    for _ in range(3000):
        found = REACH * steps @ found + given
    assert np.allclose(spread(MOONS, given), found / found.sum(1, keepdims=True), atol=1e-4)


def test_nearness_is_the_same_both_ways_and_by_any_measure():
    weights = nearness(MOONS).toarray()
    assert np.array_equal(weights, weights.T)
    assert not weights.diagonal().any()
    assert np.allclose(nearness(1000 * MOONS).toarray(), weights)


def test_where_no_label_leads_there_is_none():
    far = np.concatenate([MOONS, MOONS + 1000])
    given = np.concatenate([one_label_each(), np.zeros((300, 2), np.float32)])
    assert not spread(far, given)[300:].any()
    labels = guessed(far, given)
    assert not labels[300:].any()
    assert labels[:300].any(1).all()


def test_guesses_count_by_how_sure_they_are():
    given = one_label_each(classes=3)
    labels = guessed(MOONS, given)
    assert np.array_equal(labels[given.any(1)], given[given.any(1)])
    assert (np.count_nonzero(labels, axis=1) == 1).all()
    assert labels.max() == 1
    near, between = (np.abs(MOONS - each).sum(1).argmin() for each in (MOONS[0], [0.5, 0.25]))
    assert labels[between].max() < labels[near].max()


def test_rows_all_alike_and_few_rows():
    given = np.eye(2, dtype=np.float32)[[0, 1, 0]]
    assert np.allclose(spread(np.zeros((3, 4)), given).sum(1), 1)
    given[2] = 0
    assert np.isfinite(guessed(np.zeros((3, 4)), given)).all()
