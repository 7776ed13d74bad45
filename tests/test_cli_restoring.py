"""Noise taken off, and what is covered filled in, on the command line."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from isthmus import Autoencoder, Denoiser, DenoisingAutoencoder, Inpainter, UNet, load
from shell import isthmus

CLEAN = (load_digits().images[:120] * 15.9375).astype(np.uint8)
RNG = np.random.default_rng(0)
NOISY = np.clip(CLEAN + RNG.normal(0, 60, CLEAN.shape), 0, 255).astype(np.uint8)
MASK = np.zeros((8, 8), np.uint8)
MASK[2:5, 2:5] = 255
TINY = "DenoisingAutoencoder(latent_dim=4, epochs=2, backbone=UNet((8,)), verbose=False)"


def pictures(folder: Path, values: np.ndarray) -> None:
    for at, each in enumerate(values):
        place = folder / f"part{at % 2}" / f"{at:03}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(each).save(place)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    room = tmp_path_factory.mktemp("room")
    pictures(room / "clean", CLEAN)
    pictures(room / "noisy", NOISY[:20])
    np.save(room / "noisy.npy", NOISY)
    np.savez(room / "noisy.npz", X=NOISY)
    np.save(room / "rows.npy", CLEAN.reshape(-1, 64))
    np.save(room / "waves.npy", np.sin(np.arange(32.0) + RNG.uniform(0, 6, (30, 1)))[..., None])
    Image.fromarray(MASK).save(room / "mask.png")
    tiny: dict[str, Any] = {"latent_dim": 4, "epochs": 2, "verbose": False, "backbone": UNet((8,))}
    Denoiser(DenoisingAutoencoder(**tiny), random_state=0).fit(CLEAN).save(room / "denoiser")
    Inpainter(DenoisingAutoencoder(**tiny), random_state=0).fit(CLEAN).save(room / "inpainter")
    Autoencoder(**tiny, random_state=0).fit(CLEAN).save(room / "model")
    return room


def shown(folder: Path) -> dict[str, np.ndarray]:
    return {
        each.relative_to(folder).as_posix(): np.asarray(Image.open(each))
        for each in sorted(folder.rglob("*.png"))
    }


def test_a_folder_by_a_saved_denoiser(out: Path) -> None:
    told = json.loads(isthmus("denoise", "noisy", out / "made", "-m", "denoiser", "--json").stdout)
    made, given = shown(out / "made"), shown(Path("noisy"))
    assert told["rows"] == 20
    assert list(made) == list(given)
    expected = load("denoiser").transform(np.stack(list(given.values())))
    assert np.array_equal(np.stack(list(made.values())), expected)


def test_learning_from_clean_data_or_from_known_noise(out: Path) -> None:
    options = ["--network", TINY]
    isthmus("denoise", "noisy", out / "a", "--clean", "clean", *options, "--save", out / "d")
    assert isinstance(load(out / "d"), Denoiser)
    assert len(shown(out / "a")) == 20
    isthmus("denoise", "noisy.npz", out / "b.npy", "--noise", 60, *options)
    assert np.load(out / "b.npy").shape == NOISY.shape
    waves = ["waves.npy", out / "c.npy", "--series", "--noise", 0.1, *options]
    isthmus("denoise", *waves)
    assert np.load(out / "c.npy").shape == (30, 32, 1)
    isthmus("denoise", "noisy.npy", out / "e.npy", "-m", "model")
    assert np.load(out / "e.npy").dtype == np.uint8


def test_a_mask_for_all_and_one_for_each(out: Path) -> None:
    isthmus("inpaint", "noisy", out / "a", "-m", "inpainter", "--mask", "mask.png")
    made, given = shown(out / "a"), shown(Path("noisy"))
    for name, each in made.items():
        assert np.array_equal(each[MASK == 0], given[name][MASK == 0])
    masks = {name: np.roll(MASK, at, 1) for at, name in enumerate(given)}
    for name, each in masks.items():
        (out / "masks" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(each).save(out / "masks" / name)
    isthmus("inpaint", "noisy", out / "b", "-m", "inpainter", "--mask", out / "masks")
    for name, each in shown(out / "b").items():
        assert np.array_equal(each[masks[name] == 0], given[name][masks[name] == 0])
    (out / "masks" / next(iter(given))).unlink()
    said = isthmus(
        "inpaint", "noisy", out / "c", "-m", "inpainter", "--mask", out / "masks", code=1
    )
    assert "holds no mask for" in said.output
    assert not (out / "c").exists()


def test_how_much_is_found_to_be_covered_is_told(out: Path) -> None:
    said = isthmus("inpaint", "noisy", out / "a", "-m", "inpainter")
    assert "found to be covered in" in said.output


def test_learning_from_what_is_to_be_filled(out: Path) -> None:
    options = ["--network", TINY]
    isthmus("inpaint", "clean", out / "a", "--mask", "mask.png", *options, "--save", out / "i")
    assert load(out / "i").finder_ is None
    made, given = shown(out / "a"), shown(Path("clean"))
    assert all(np.array_equal(made[name][MASK == 0], given[name][MASK == 0]) for name in given)
    isthmus("inpaint", "noisy.npy", out / "b.npy", "--whole", "clean", *options)
    assert np.load(out / "b.npy").shape == NOISY.shape


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("denoise noisy {out}/x", 2, "Name one of them"),
        ("denoise noisy {out}/x -m denoiser --noise 3", 2, "has learnt"),
        ("denoise rows.npy {out}/x --noise 3", 1, "holds a table"),
        ("denoise nothing {out}/x --noise 3", 1, "does not exist"),
        ("denoise noisy {out}/x -m inpainter", 1, "holds an Inpainter; expected a Denoiser"),
        ("denoise noisy clean -m denoiser", 2, "not an empty folder"),
        ("denoise noisy {out}/x.csv -m denoiser", 2, "don't go into a file"),
        ("denoise noisy {out}/x.npy --noise 3 --series", 2, "not series"),
        ("inpaint noisy {out}/x -m inpainter --mask nothing.png", 1, "does not exist"),
        ("inpaint noisy {out}/x -m model", 1, "not learnt to find it"),
        ("inpaint noisy {out}/x -m denoiser", 1, "holds a Denoiser; expected an Inpainter"),
    ],
)
def test_what_will_not_do_is_told_and_nothing_written(
    out: Path, command: str, code: int, said: str
) -> None:
    shown = isthmus(*command.format(out=out).split(), code=code)
    assert said in " ".join(shown.output.replace("│", " ").split())
    assert list(out.iterdir()) == []
