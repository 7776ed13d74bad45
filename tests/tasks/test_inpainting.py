"""The inpainter: what is hidden filled in, what is known left alone, what is covered found."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

import isthmus
from isthmus import DenoisingAutoencoder, Inpainter, Noise, Occlusion, Sequences, UNet
from isthmus.errors import CompositionError, DataError
from isthmus.tasks.covered import mended

CLEAN = load_digits().images / 16
RNG = np.random.default_rng(0)
SMALL = {"latent_dim": 4, "backbone": UNet((8, 16, 16)), "epochs": 8, "batch_size": 32}
SMALL |= {"learning_rate": 5e-3, "validation_fraction": 0.0, "verbose": False}
BLOCK = np.zeros((8, 8), bool)
BLOCK[2:6, 3:6] = True


@pytest.fixture(scope="module")
def inpainter():
    return Inpainter(DenoisingAutoencoder(**SMALL), random_state=0).fit(CLEAN[:1200])


def error(made, mask=BLOCK):
    return float(np.square(made - CLEAN[1200:])[:, mask].mean())


def test_what_is_hidden_is_filled_and_the_rest_stays(inpainter):
    covered = np.where(BLOCK, RNG.random(CLEAN[1200:].shape), CLEAN[1200:])
    made = inpainter.transform(covered, BLOCK)
    assert np.array_equal(made[:, ~BLOCK], CLEAN[1200:][:, ~BLOCK])
    mean = np.broadcast_to(CLEAN[:1200].mean(0), made.shape)
    assert error(made) < 0.75 * error(mean)
    holed = np.where(BLOCK, np.nan, CLEAN[1200:])
    assert np.array_equal(inpainter.transform(holed), made)
    each = np.broadcast_to(BLOCK, made.shape)
    assert np.array_equal(inpainter.transform(covered, each), made)
    assert inpainter.score(covered, CLEAN[1200:], BLOCK) > 15


def test_a_mask_may_be_lists(inpainter):
    given = inpainter.transform(CLEAN[:2], BLOCK)
    assert np.array_equal(inpainter.transform(CLEAN[:2], BLOCK.tolist()), given)
    assert np.array_equal(inpainter.transform(CLEAN[:2], [BLOCK.tolist()] * 2), given)


def test_covered_places_are_found(inpainter):
    block = np.zeros((8, 8), bool)
    block[4:8, 0:4] = True
    covered = np.where(block, 1.0, CLEAN[1200:])
    hidden = inpainter.covered(covered)
    assert hidden[:, block].mean() > 0.8
    assert hidden[:, ~block].mean() < 0.4
    made = inpainter.transform(covered)
    assert error(made, block) < 0.5 * error(covered, block)
    assert np.array_equal(made[~hidden], covered[~hidden])
    touched = inpainter.covered(CLEAN[1200:]).any((1, 2)).mean()
    assert touched < 0.1


def test_bytes_stay_bytes(inpainter):
    pictures = (CLEAN[1200:1210] * 255).astype(np.uint8)
    bytewise = Inpainter(DenoisingAutoencoder(**SMALL | {"epochs": 1}), find=False).fit(pictures)
    made = bytewise.transform(pictures, BLOCK)
    assert made.dtype == np.uint8
    assert np.array_equal(made[:, ~BLOCK], pictures[:, ~BLOCK])
    colour = np.stack([pictures] * 3, -1)
    coloured = Inpainter(DenoisingAutoencoder(**SMALL | {"epochs": 1}), find=False).fit(colour)
    back = coloured.transform(colour, np.broadcast_to(BLOCK, pictures.shape))
    assert np.array_equal(back[:, ~BLOCK], colour[:, ~BLOCK])


def test_series():
    steps = np.linspace(0, 6, 32)
    waves = np.sin(steps + RNG.uniform(0, 6, (150, 1)))[..., None] * [1.0, 10.0]
    model = DenoisingAutoencoder(**SMALL | {"epochs": 12})
    found = Inpainter(model, find=False, adapter=Sequences(), random_state=0).fit(waves)
    mask = np.zeros((32, 2), bool)
    mask[10:16] = True
    made = found.transform(waves, mask)
    assert np.array_equal(made[:, ~mask], waves[:, ~mask])
    inside = slice(10, 16)
    assert np.square(made - waves)[:, inside].mean() < 0.5 * np.square(waves[:, inside]).mean()
    listed = [each[: 20 + at % 9] for at, each in enumerate(waves[:30])]
    whole = Inpainter(model, find=True, random_state=0).fit(listed)
    holed = [np.where(np.arange(len(each))[:, None] == 5, np.nan, each) for each in listed]
    back = whole.transform(holed)
    assert [each.shape for each in back] == [each.shape for each in listed]
    assert not any(np.isnan(each).any() for each in back)
    assert len(whole.covered(listed)) == 30


def test_specks_go_and_holes_close():
    rough = np.zeros((9, 9), bool)
    rough[0, 0] = rough[4:8, 4:8] = True
    rough[5, 5] = False
    made = mended(rough)
    assert not made[0, 0]
    assert made[3:9, 4:8].all()


def test_kept(inpainter, tmp_path):
    inpainter.save(tmp_path / "i")
    again = isthmus.load(tmp_path / "i")
    covered = np.where(BLOCK, 1.0, CLEAN[1200:1210])
    assert np.array_equal(again.transform(covered), inpainter.transform(covered))


def test_what_can_not_be_meant_is_told(inpainter):
    with pytest.raises(CompositionError, match="hides cells"):
        Inpainter(occlusion=Noise(0.1)).fit(CLEAN)
    with pytest.raises(CompositionError, match="learns from rows alone"):
        Inpainter(isthmus.ConditionalVAE()).fit(CLEAN)
    with pytest.raises(DataError, match="Imputer fills"):
        Inpainter().fit(CLEAN.reshape(-1, 64))
    with pytest.raises(DataError, match=r"A mask of shape \(8, 7\)"):
        inpainter.transform(CLEAN[:2], np.zeros((2, 8, 7), bool))
    with pytest.raises(DataError, match=r"\(3, 8, 8\) was given for 2 rows of shape \(8, 8\)"):
        inpainter.transform(CLEAN[:2], np.zeros((3, 8, 8), bool))
    for none in (True, "mask.png"):
        with pytest.raises(DataError, match="expected truth values"):
            inpainter.transform(CLEAN[:2], none)
    with pytest.raises(DataError, match="True where the row is hidden"):
        inpainter.transform(CLEAN[:2], CLEAN[:2])
    tiny = DenoisingAutoencoder(**SMALL | {"epochs": 1}, corruption=Occlusion(2))
    alone = Inpainter(tiny, find=False).fit(CLEAN[:50])
    assert repr(alone.model_.codec_.corruption) == "Occlusion(2)"
    with pytest.raises(CompositionError, match="what is hidden can't be told"):
        alone.transform(CLEAN[:2])
