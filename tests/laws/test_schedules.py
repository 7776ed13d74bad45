"""Laws of schedules: weights that change along training."""

from math import isfinite

import pytest
import torch
from members import codec_with, made, texts

from isthmus import KL, NLL, Batch, WarmUp, catalogue
from isthmus.errors import CompositionError
from isthmus.objectives import Schedule

EVERY = pytest.mark.parametrize("text", texts(Schedule))
ALONG = [each / 10 for each in range(11)]


@EVERY
def test_it_is_a_number_all_along(text):
    assert all(isfinite(made(text)(progress)) for progress in ALONG)


@EVERY
def test_a_factor_scales_it_everywhere(text):
    schedule = made(text)
    assert [(3 * schedule)(each) for each in ALONG] == pytest.approx(
        [3 * schedule(each) for each in ALONG]
    )


@EVERY
def test_it_weighs_a_term_as_far_as_training_is(text):
    objective = NLL() + made(text) * KL()
    assert repr(catalogue.part(repr(objective))) == repr(objective)
    codec = codec_with()
    trace = codec(Batch(torch.zeros(2, 5)))
    for progress in ALONG:
        nats = objective(codec, trace, progress)
        assert nats.weights == {"NLL": 1, "KL": made(text)(progress)}


def test_warm_up_rises_in_a_straight_line_then_stays():
    assert [WarmUp(0.5, peak=4.0)(each) for each in (0, 0.125, 0.25, 0.5, 0.75, 1)] == [
        0, 1, 2, 4, 4, 4,
    ]  # fmt: skip


@pytest.mark.parametrize("until", [-0.1, 1.1])
def test_warm_up_ends_within_training(until):
    with pytest.raises(CompositionError, match=rf"until={until}.*a number from 0 to 1"):
        WarmUp(until)
