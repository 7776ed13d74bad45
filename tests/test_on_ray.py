"""Ray's workers come to what one process comes to; what an actor does needs no Ray."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_wine

from isthmus import VAE, Dense, Imputer, fit_on_ray, load, map_on_ray
from isthmus.errors import DataError, MissingExtraError
from isthmus.on_ray import Mapped

X = load_wine(as_frame=True).data
MODEL = VAE(latent_dim=2, epochs=2, batch_size=33, random_state=0, backbone=Dense((8,)))
RAY = importlib.util.find_spec("ray") is not None


def test_an_actor_tells_rows_what_the_model_does(tmp_path: Path) -> None:
    model = clone(MODEL).fit(X)
    model.save(tmp_path / "model")
    rows = X.assign(id=range(len(X)))[::-1]
    codes = Mapped(tmp_path / "model", "transform", ["id"])(rows)
    assert list(codes.columns) == ["id", "vae0", "vae1"]
    assert list(codes["id"]) == list(rows["id"])
    np.testing.assert_allclose(codes[["vae0", "vae1"]], model.transform(X)[::-1], rtol=1e-4)
    scores = Mapped(model, "score_samples", [])(rows)
    np.testing.assert_allclose(scores["score_samples"], model.score_samples(X)[::-1], rtol=1e-5)
    again = Mapped(model, "reconstruct", [])(rows)
    assert list(again.columns) == list(X.columns)
    with pytest.raises(DataError, match="no column 'alcohol'"):
        Mapped(model, "transform", [])(rows.drop(columns=["alcohol"]))
    with pytest.raises(DataError, match="no column 'name'; keep asks for 'id', 'name', and they"):
        Mapped(model, "transform", ["id", "name"])(rows)


def test_models_of_arrays_and_tasks() -> None:
    model = clone(MODEL).fit(X.to_numpy())
    codes = Mapped(model, "transform", [])(X)
    np.testing.assert_allclose(codes, model.transform(X.to_numpy()), rtol=1e-4)
    assert Mapped(model, "reconstruct", [])(X).shape == X.shape
    holed = X.mask(np.random.default_rng(0).random(X.shape) < 0.1)
    imputer = Imputer(clone(MODEL), members=1, random_state=0).fit(holed)
    assert Mapped(imputer, "transform", [])(holed).notna().to_numpy().all()


@pytest.mark.skipif(RAY, reason="Ray is installed")
def test_what_to_install_is_told() -> None:
    with pytest.raises(MissingExtraError, match=r"isthmus\[ray\]"):
        fit_on_ray(MODEL, X)
    with pytest.raises(MissingExtraError, match=r"isthmus\[ray\]"):
        map_on_ray(None, MODEL)


@pytest.mark.skipif(not RAY, reason="Ray is not installed: pip install 'isthmus[ray]'")
@pytest.mark.filterwarnings("ignore")
def test_two_workers_come_to_what_one_process_comes_to(tmp_path: Path) -> None:
    import ray
    import ray.data
    import ray.train

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        run = ray.train.RunConfig(storage_path=str(tmp_path))
        model = fit_on_ray(MODEL, X, workers=2, run=run)
        losses = [each.history_.column("loss") for each in (model, clone(MODEL).fit(X))]
        np.testing.assert_allclose(*losses, rtol=1e-5)
        model.save(tmp_path / "model")
        rows = ray.data.from_pandas(X.assign(id=range(len(X))))
        with pytest.raises(DataError, match="no column 'name'; keep asks for 'name'"):
            map_on_ray(rows, tmp_path / "model", keep=["name"])
        found = map_on_ray(rows, tmp_path / "model", "score_samples", keep=["id"], batch_size=50)
        scores = found.to_pandas().sort_values("id")["score_samples"]
        np.testing.assert_allclose(scores, load(tmp_path / "model").score_samples(X), rtol=1e-6)
    finally:
        ray.shutdown()
