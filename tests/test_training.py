"""The loop: what it minimises, when it stops, and what it says when it breaks."""

import threading
from math import cos, pi

import numpy as np
import pytest
import torch

from isthmus import (
    KL,
    MMD,
    NLL,
    VAE,
    Autoencoder,
    Codec,
    Composed,
    Dense,
    Gaussian,
    Normal,
    Point,
    TotalCorrelation,
    Vector,
    WarmUp,
    training,
)
from isthmus.errors import DivergedError
from isthmus.optimiser import Adam
from isthmus.randomness import seeded
from isthmus.run import Plan, start
from isthmus.space import Batch

SIGNAL = torch.randn(2, 6, generator=torch.Generator().manual_seed(1))


def rows(n=100, seed=0):
    """Rows that lie near a plane."""
    draw = torch.Generator().manual_seed(seed)
    return Batch(
        torch.randn(n, 2, generator=draw) @ SIGNAL + 0.1 * torch.randn(n, 6, generator=draw)
    )


def run_of(n=100, objective=None, latent=None, backbone=None, **plan):
    with seeded(0):
        parts = latent or Gaussian(2), Normal("shared"), backbone or Dense((16,))
        codec = Codec(Vector(6), *parts)
    objective = 1 * (objective or NLL() + KL())
    return start(codec, objective, Plan(**({"epochs": 10, "batch_size": 20} | plan)), n)


def weights(run):
    return {name: each.clone() for name, each in run.codec.state_dict().items()}


def test_history_tells_every_term_of_every_epoch():
    history = training.fit(run_of(), rows(), rows(30, seed=2))
    assert [row["epoch"] for row in history.rows] == list(range(1, 11))
    for row in history.rows:
        assert row["loss"] == pytest.approx(row["NLL"] + row["KL"], abs=1e-4)
        total = row["validation_NLL"] + row["validation_KL"]
        assert row["validation_loss"] == pytest.approx(total, abs=1e-4)
    seconds = history.column("seconds")
    assert seconds == sorted(seconds)
    assert seconds[0] > 0
    assert history.column("nonsense") == []


def test_terms_are_told_unweighted_and_minimised_weighted():
    objective = NLL() + WarmUp(1.0, peak=3.0) * KL()
    history = training.fit(run_of(objective=objective, epochs=5), rows())
    for row in history.rows:
        weight = (row["loss"] - row["NLL"]) / row["KL"]
        # Five steps an epoch: the weight rises from its first step to its last.
        first, last = ((5 * (row["epoch"] - 1) + step) / 25 * 3 for step in (0, 4))
        assert first - 1e-3 <= weight <= last + 1e-3


def test_each_epoch_sees_every_row_once_in_another_order():
    seen, step = [], training.step
    data, run = rows(), run_of(epochs=3)

    def watched(codec, objective, optimiser, batch, *rest):
        seen.append(batch.x[:, 0])
        return step(codec, objective, optimiser, batch, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "step", watched)
        training.fit(run, data)
    epochs = [torch.cat(seen[5 * epoch : 5 * epoch + 5]) for epoch in range(3)]
    for epoch in epochs:
        assert torch.equal(epoch.sort().values, data.x[:, 0].sort().values)
    assert not torch.equal(epochs[0], epochs[1])


def test_the_learning_rate_falls_along_half_a_cosine():
    history = training.fit(run_of(learning_rate=0.01), rows())
    steps = [(epoch + 0.8) / 10 for epoch in range(10)]  # of the last step of each epoch
    expected = [0.01 * (1 + cos(pi * each)) / 2 for each in steps]
    assert history.column("learning_rate") == pytest.approx(expected)
    flat = training.fit(run_of(learning_rate=0.01, decay=False), rows())
    assert set(flat.column("learning_rate")) == {0.01}


def test_the_best_weights_are_kept():
    # With a learning rate that makes it wander, and five rows to tell by.
    run, aside = run_of(learning_rate=0.05, decay=False, epochs=30), rows(5, seed=2)
    history = training.fit(run, rows(), aside)
    losses = history.column("validation_loss")
    assert 1 < history.best < 30
    assert losses[history.best - 1] == min(losses)
    kept = training.evaluate(run.codec, run.objective, aside, run.plan.seed)[0]
    assert kept == pytest.approx(min(losses))


def test_without_rows_aside_the_last_weights_are_the_best():
    run = run_of()
    history = training.fit(run, rows())
    assert history.best == len(history.rows) == 10
    assert run.kept == {}


@pytest.mark.parametrize("patience", [1, 4])
def test_patience(patience):
    plan = {"patience": patience, "learning_rate": 0.05, "decay": False, "epochs": 200}
    history = training.fit(run_of(**plan), rows(), rows(5, seed=2))
    assert len(history.rows) == history.best + patience < 200


def test_without_patience_it_goes_to_the_end():
    plan = {"patience": None, "learning_rate": 0.05, "decay": False, "epochs": 40}
    history = training.fit(run_of(**plan), rows(), rows(5, seed=2))
    assert len(history.rows) == 40


@pytest.mark.parametrize(
    ("n", "steps"), [(1, 1), (7, 1), (20, 1), (21, 1), (22, 2), (100, 5), (101, 5), (102, 6)]
)
def test_how_many_steps_make_an_epoch(n, steps):
    run = run_of(n, epochs=2)
    assert run.steps == steps
    history = training.fit(run, rows(n))
    assert len(history.rows) == 2
    assert history.rows[1]["loss"] != history.rows[0]["loss"]


@pytest.mark.parametrize("n", [2, 33, 65])
def test_fewer_rows_than_a_batch_or_one_left_over_still_train(n):
    backbone = Dense((16,), normalisation="batch")
    X = rows(n).x.numpy()
    settings = {"backbone": backbone, "epochs": 50, "batch_size": 32, "learning_rate": 1e-2}
    model = Autoencoder(
        latent_dim=2, **settings, validation_fraction=0, random_state=0, verbose=False
    ).fit(X)
    losses = model.history_.column("loss")
    assert losses[-1] < losses[0]
    assert np.isfinite(model.score_samples(X)).all()


def test_a_seed_gives_the_same_weights_and_another_gives_others():
    def trained(seed):
        run = run_of(seed=seed)
        training.fit(run, rows())
        return weights(run)

    first, again, other = trained(0), trained(0), trained(1)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_evaluation_is_the_mean_over_rows_however_many():
    run = run_of(latent=Point(2), objective=NLL())
    data = rows(training.EVALUATED + 300)
    codec = run.codec.eval()
    with torch.no_grad():
        whole = run.objective(codec, codec(data)).rows.mean().item()
    assert training.evaluate(codec, run.objective, data, 0)[0] == pytest.approx(whole, rel=1e-5)


def test_what_the_batch_alone_has_is_evaluated_on_batches_as_large_as_in_training():
    run = run_of(60, objective=NLL() + TotalCorrelation() + MMD(), batch_size=20)
    data, sizes = rows(60), []
    run.codec.register_forward_hook(lambda _, inputs, __: sizes.append(len(inputs[0])))
    training.fit(run, data, data)
    assert set(sizes) == {20}
    history = run.history.rows[-1]
    # Twice as large, its value would be nearly log 2 more.
    told = history["validation_TotalCorrelation"]
    assert told == pytest.approx(history["TotalCorrelation"], abs=0.3)


def test_evaluation_draws_the_same_each_time_and_changes_nothing():
    run, before = run_of(), torch.get_rng_state()
    state = weights(run)
    first, again, other = (
        training.evaluate(run.codec, run.objective, rows(), seed) for seed in (0, 0, 1)
    )
    assert first == again != other
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(state[name], each) for name, each in run.codec.state_dict().items())


def test_a_step_by_hand_is_the_step_of_the_loop():
    run, other = (run_of(latent=Point(2), objective=NLL(), epochs=1, batch_size=100) for _ in "ab")
    optimiser = torch.optim.Adam(other.codec.parameters(), lr=1e-3, fused=True)
    training.fit(run, rows())
    training.step(other.codec.train(), other.objective, optimiser, rows())
    for mine, theirs in zip(run.codec.parameters(), other.codec.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs)


def test_our_adam_is_torchs():
    def trained(make):
        with seeded(0):
            network = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.Linear(8, 6))
        optimiser = make(network.parameters())
        for seed in range(30):
            optimiser.zero_grad()
            network(rows(20, seed).x).square().sum().backward()
            optimiser.step()
        return network.state_dict()

    mine = trained(lambda parameters: Adam(parameters, 0.01))
    theirs = trained(lambda parameters: torch.optim.Adam(parameters, 0.01, fused=True))
    for name in mine:
        torch.testing.assert_close(mine[name], theirs[name])


def test_bfloat16_trains_whole_weights():
    X = rows(300).x.numpy()
    settings = {"latent_dim": 2, "epochs": 30, "learning_rate": 1e-2, "random_state": 0}
    half, whole = (
        VAE(precision=each, **settings, verbose=False).fit(X) for each in ("bfloat16", "float32")
    )
    assert {each.dtype for each in half.codec_.parameters()} == {torch.float32}
    assert half.history_.column("loss")[0] != whole.history_.column("loss")[0]
    assert half.score(X) == pytest.approx(whole.score(X), abs=1.5)


@pytest.mark.parametrize("family", [Autoencoder, VAE])
def test_a_rate_far_too_high_stops_with_its_cause(family):
    X = rows(300).x.numpy()
    model = family(latent_dim=2, learning_rate=1e30, random_state=0, verbose=False)
    with pytest.raises(DivergedError) as caught:
        model.fit(X)
    message = str(caught.value)
    assert "NLL" in message
    assert "epoch 1, step 2 of 3" in message
    assert "learning rate 1e+30" in message
    assert "try a tenth of it" in message
    assert "values in the data" in message
    assert not hasattr(model, "codec_")


def test_the_term_that_broke_is_the_one_that_is_named():
    class Broken(KL):
        def forward(self, codec, trace):
            return super().forward(codec, trace) * float("nan")

    with pytest.raises(DivergedError, match=r"^Broken left the finite numbers in epoch 1, step 1"):
        training.fit(run_of(objective=NLL() + Broken()), rows())


def test_a_long_epoch_is_looked_at_on_the_way(monkeypatch):
    monkeypatch.setattr(training, "CHECKED", 3)
    steps = []
    with pytest.raises(DivergedError):
        training.fit(
            run_of(learning_rate=1e30, batch_size=5),
            rows(),
            watch=lambda run: steps.append(run.step),
        )
    assert len(steps) < 5


def test_it_trains_outside_the_main_thread():
    run = run_of()
    thread = threading.Thread(target=training.fit, args=(run, rows()))
    thread.start()
    thread.join()
    assert len(run.history.rows) == 10


def test_a_watcher_sees_every_step():
    seen = []
    training.fit(run_of(epochs=2), rows(), watch=lambda run: seen.append((run.epoch, run.step)))
    assert seen == [(epoch, step) for epoch in range(2) for step in range(1, 6)]


@pytest.mark.parametrize(("verbose", "shown"), [(True, True), (False, False), (None, False)])
def test_progress_is_shown_on_stderr_where_it_is_wanted(verbose, shown, capsys):
    model = Composed(epochs=3, verbose=verbose, random_state=0).fit(rows(300).x.numpy())
    captured = capsys.readouterr()
    assert captured.out == ""
    assert ("epoch 3/3" in captured.err and "nats" in captured.err) == shown
    assert len(model.history_.rows) == 3
