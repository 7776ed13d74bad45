"""The yardstick: a VAE 784-400-40, or a convolutional one, and its loop, written by hand.

    -ELBO(x) = -E_{z ~ q(z|x)} log p(x|z) + KL(q(z|x) || N(0, I)),   in nats an image

Nothing here knows Isthmus: its speed and its likelihood are judged by this file.
"""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

PIXELS, HIDDEN, CODE = 784, 400, 40


Networks = tuple[nn.Sequential, nn.Sequential]  # x -> mean and log variance; z -> logits


def dense() -> Networks:
    encoder = nn.Sequential(nn.Linear(PIXELS, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 2 * CODE))
    return encoder, nn.Sequential(nn.Linear(CODE, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, PIXELS))


def convolutional() -> Networks:
    """Of (B, 1, 28, 28), layer by layer as Isthmus's `Conv((32, 64))` has them."""
    encoder = nn.Sequential(
        nn.Conv2d(1, 32, 3, 2, 1), nn.ReLU(), nn.Conv2d(32, 64, 3, 2, 1), nn.ReLU(),
        nn.Flatten(), nn.Linear(64 * 7 * 7, 2 * CODE),
    )  # fmt: skip
    decoder = nn.Sequential(
        nn.Linear(CODE, 64 * 7 * 7), nn.Unflatten(1, (64, 7, 7)), nn.ReLU(),
        nn.Conv2d(64, 4 * 32, 3, 1, 1), nn.PixelShuffle(2), nn.ReLU(),
        nn.Conv2d(32, 4, 3, 1, 1), nn.PixelShuffle(2),
    )  # fmt: skip
    return encoder, decoder


class VAE(nn.Module):
    def __init__(self, networks: Callable[[], Networks] = dense) -> None:
        super().__init__()
        self.encoder, self.decoder = networks()

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.encoder(x).chunk(2, dim=1)  # (B, 40) each
        return mean, log_variance

    def loss(self, x: Tensor) -> Tensor:
        mean, log_variance = self.encode(x)
        variance = log_variance.exp()
        z = mean + variance.sqrt() * torch.randn_like(mean)
        error = F.binary_cross_entropy_with_logits(self.decoder(z), x, reduction="sum")
        kl = 0.5 * (mean.square() + variance - 1 - log_variance).sum()
        return (error + kl) / len(x)


def batches(rows: Tensor, size: int) -> Iterator[Tensor]:
    # One gather from the resident tensor a batch: no DataLoader, no row-by-row collation.
    for index in torch.randperm(len(rows)).split(size):
        yield rows.index_select(0, index)


def descend(
    model: nn.Module,
    loss: Callable[[Tensor], Tensor],
    rows: Tensor,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float = 1e-3,
) -> None:
    # The loss is never read: `.item()` would not cost much on a CPU, but nobody needs it here.
    optimiser = torch.optim.Adam(model.parameters(), lr=learning_rate, fused=True)
    for _ in range(epochs):
        for x in batches(rows, batch_size):
            optimiser.zero_grad(set_to_none=True)
            loss(x).backward()
            optimiser.step()


def train_vae(
    rows: Tensor,
    *,
    epochs: int,
    batch_size: int = 128,
    seed: int = 0,
    networks: Callable[[], Networks] = dense,
    layout: torch.memory_format = torch.contiguous_format,
) -> VAE:
    torch.manual_seed(seed)
    model = VAE(networks).to(memory_format=layout)
    descend(model, model.loss, rows, epochs=epochs, batch_size=batch_size)
    return model


def train_autoencoder(
    rows: Tensor, *, hidden: int, code: int, epochs: int, batch_size: int, seed: int = 0
) -> nn.Module:
    torch.manual_seed(seed)
    columns = rows.shape[1]
    model = nn.Sequential(
        nn.Linear(columns, hidden), nn.ReLU(), nn.Linear(hidden, code), nn.ReLU(),
        nn.Linear(code, hidden), nn.ReLU(), nn.Linear(hidden, columns),
    )  # fmt: skip

    def loss(x: Tensor) -> Tensor:
        return F.mse_loss(model(x), x)

    descend(model, loss, rows, epochs=epochs, batch_size=batch_size)
    return model


Encode = Callable[[Tensor], tuple[Tensor, Tensor]]  # x -> mean and log variance of q(z|x)
Decode = Callable[[Tensor], Tensor]  # z -> logits of p(x|z)


@torch.no_grad()
def log_likelihood(
    encode: Encode, decode: Decode, rows: Tensor, *, samples: int = 200, chunk: int = 25
) -> Tensor:
    """The importance-weighted bound on log p(x), (n,) nats; for any such pair of networks.

    log 1/k sum_k p(x|z_k) p(z_k) / q(z_k|x),   z_k ~ q(z|x)      (Burda et al., 2016)
    """
    return torch.cat([_bound(encode, decode, x, samples) for x in rows.split(chunk)])


def _bound(encode: Encode, decode: Decode, x: Tensor, samples: int) -> Tensor:
    mean, log_variance = encode(x)
    noise = torch.randn(samples, *mean.shape)  # (k, B, 40)
    z = mean + (0.5 * log_variance).exp() * noise
    # Both densities lack the same (2 pi)^(-d/2), so it is left out of both.
    log_prior = -0.5 * z.square().sum(-1)
    log_posterior = -0.5 * (noise.square() + log_variance).sum(-1)
    logits = decode(z.flatten(0, 1)).unflatten(0, z.shape[:2])  # (k, B, 784)
    # For x in {0, 1}: log p(x|z) = sum_i x_i l_i - log(1 + exp l_i).
    log_pixels = (logits * x).sum(-1) - F.softplus(logits).sum(-1)
    log_weights = log_pixels + log_prior - log_posterior
    return log_weights.logsumexp(0) - math.log(samples)
