"""What all latents share: draws of their prior."""

import torch

from isthmus import Gaussian


def test_draws_of_the_prior_are_made_where_they_are_wanted():
    latent = Gaussian(2)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        expected = latent.prior.sample((5, 2))
        torch.manual_seed(0)
        assert torch.equal(latent.draw((5, 2), torch.zeros(())), expected)
        before = torch.get_rng_state()
        assert latent.draw((5, 2), torch.zeros((), device="meta")).is_meta
        assert torch.equal(torch.get_rng_state(), before)  # nothing was drawn on the CPU
        assert latent.draw((5, 2), torch.zeros((), dtype=torch.float64)).dtype == torch.float64
