"""Randomness of one's own, also where fits share a process."""

from multiprocessing.pool import ThreadPool

import torch

from isthmus import VAE, Dense
from isthmus.randomness import seeded


def weights_of(seed):
    X = torch.randn(40, 4, generator=torch.Generator().manual_seed(0)).numpy()
    model = VAE(latent_dim=2, backbone=Dense((4,)), epochs=3, random_state=seed, verbose=False)
    return model.fit(X).codec_.state_dict()


def test_fits_in_threads_are_equal_and_leave_the_global_state():
    alone, before = weights_of(3), torch.get_rng_state()
    with ThreadPool(4) as pool:
        beside = pool.map(weights_of, [3] * 4)
    assert torch.equal(torch.get_rng_state(), before)
    for each in beside:
        assert all(torch.equal(each[name], alone[name]) for name in alone)


def test_a_block_may_stand_within_another():
    before = torch.get_rng_state()
    with seeded(0):
        first = torch.rand(3)
        with seeded(0):
            assert torch.equal(torch.rand(3), first)
    assert torch.equal(torch.get_rng_state(), before)
