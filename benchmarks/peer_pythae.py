"""pythae's VAE of the hand-written networks, in pythae's own trainer, at its API's fastest.

No validation set, no checkpoints, no predictions, nothing printed. pythae always copies the best
weights after an epoch and saves the model at the end; neither can be turned off.
"""

import logging
from collections.abc import Callable
from tempfile import TemporaryDirectory

import torch
from pythae.data.datasets import BaseDataset
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from pythae.trainers.training_callbacks import CallbackHandler, TrainingCallback
from torch import Tensor, nn

from hand_written import CODE, Networks, dense


class QuietTrainer(BaseTrainer):
    def _setup_callbacks(self) -> None:
        # The original adds a progress bar and a printer to every run, with no switch for either.
        self.callback_handler = CallbackHandler([TrainingCallback()], model=self.model)


class Encoder(BaseEncoder):
    def __init__(self, layers: nn.Sequential) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, x: Tensor) -> ModelOutput:
        mean, log_variance = self.layers(x).chunk(2, dim=1)
        return ModelOutput(embedding=mean, log_covariance=log_variance)


class Decoder(BaseDecoder):
    def __init__(self, layers: nn.Sequential) -> None:
        super().__init__()
        # pythae's "bce" wants probabilities, not logits.
        self.layers = nn.Sequential(*layers, nn.Sigmoid())

    def forward(self, z: Tensor) -> ModelOutput:
        return ModelOutput(reconstruction=self.layers(z))


def train(
    rows: Tensor,
    *,
    epochs: int,
    batch_size: int,
    fused: bool,
    seed: int = 0,
    networks: Callable[[], Networks] = dense,
) -> VAE:
    """`fused` hands pythae the faster Adam, which its users get only by asking for it."""
    logging.disable(logging.INFO)
    torch.manual_seed(seed)
    shape = tuple(rows.shape[1:])
    config = VAEConfig(input_dim=shape, latent_dim=CODE, reconstruction_loss="bce")
    encoder, decoder = networks()
    model = VAE(config, encoder=Encoder(encoder), decoder=Decoder(decoder))
    with TemporaryDirectory() as folder:
        settings = BaseTrainerConfig(
            output_dir=folder,
            num_epochs=epochs,
            per_device_train_batch_size=batch_size,
            learning_rate=1e-3,
            optimizer_params={"fused": True} if fused else None,
            seed=seed,
        )
        data = BaseDataset(rows, torch.zeros(len(rows)))
        QuietTrainer(model, data, training_config=settings).train()
    return model
