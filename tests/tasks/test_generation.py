"""The generator: rows of the same kind, given cells or none, with scores that tell nonsense."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from safetensors.torch import load_file, save_file
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError

from isthmus import LSTM, VAE, Autoencoder, ConditionalVAE, Conv, Dense, Generator, Mixed, load
from isthmus.backbones import Backbone
from isthmus.errors import CompositionError, DataError, ModelFileError
from isthmus.tasks.priors import Autoregressive, Mixture, Standard

ROWS = 600


def people(rows: int = ROWS, seed: int = 0) -> pd.DataFrame:
    """A table whose columns hang together: country and language, age and children, many zeros."""
    rng = np.random.default_rng(seed)
    country = rng.choice(["RU", "FR", "US"], rows, p=[0.1, 0.3, 0.6])
    other = rng.random(rows) < 0.05
    language = pd.Series(country).map({"RU": "russian", "FR": "french", "US": "english"})
    age = rng.integers(18, 90, rows)
    gain = np.where(rng.random(rows) < 0.8, 0, rng.integers(5000, 9000, rows))
    frame = pd.DataFrame(
        {
            "country": country,
            "language": language.where(~other, "english"),
            "age": age,
            "height": rng.normal(170, 10, rows).round(1),
            "gain": gain,
            "member": rng.random(rows) < 0.5,
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), "D"),
        }
    )
    frame.loc[rng.random(rows) < 0.1, "height"] = np.nan
    return frame


def tiny(**settings) -> VAE:
    given = {"latent_dim": 6, "beta": 0.1, "epochs": 80, "backbone": Dense((64,)), "batch_size": 64}
    return VAE(**given | settings, learning_rate=3e-3, random_state=0, verbose=False)


@pytest.fixture(scope="module")
def generator() -> Generator:
    model = tiny(likelihood=Mixed(0.5))
    return Generator(model, prior=Mixture(4), random_state=0).fit(people())


@pytest.fixture(scope="module")
def rows(generator: Generator) -> pd.DataFrame:
    return generator.sample(800, random_state=1)


def test_rows_are_of_the_same_kind(rows: pd.DataFrame) -> None:
    real = people()
    assert list(rows) == list(real)
    assert rows.dtypes.to_dict() == real.dtypes.to_dict()
    assert not rows.isna().any().any()
    assert set(rows["country"]) <= set(real["country"])


def test_columns_look_as_they_did(rows: pd.DataFrame) -> None:
    real = people()
    assert (rows["gain"] == 0).mean() == pytest.approx(0.8, abs=0.06)
    assert rows["age"].between(18, 90).all()
    assert rows["age"].mean() == pytest.approx(real["age"].mean(), abs=4)
    assert rows["height"].std() == pytest.approx(real["height"].std(), rel=0.15)
    shares = rows["country"].value_counts(normalize=True)
    assert shares["US"] == pytest.approx(0.6, abs=0.1)


def test_what_goes_together_stays_together(rows: pd.DataFrame) -> None:
    french = rows[rows["country"] == "FR"]
    assert (french["language"] == "french").mean() > 0.7
    assert (rows[rows["country"] == "US"]["language"] == "english").mean() > 0.8


def test_given_cells_are_as_given_and_the_rest_follows(generator: Generator) -> None:
    rows = generator.sample(300, where={"country": "RU", "age": 40})
    assert (rows["country"] == "RU").all()
    assert (rows["age"] == 40).all()
    assert (rows["language"] == "russian").mean() > 0.6
    assert rows.dtypes.to_dict() == people().dtypes.to_dict()
    assert rows["height"].nunique() > 50


def test_a_consequence_tells_its_cause(generator: Generator) -> None:
    rows = generator.sample(300, where={"language": "french"})
    assert (rows["country"] == "FR").mean() > 0.7


def test_any_kind_of_column_can_be_given(generator: Generator) -> None:
    when = pd.Timestamp("2021-03-01")
    rows = generator.sample(5, where={"member": True, "since": when, "height": 180.5})
    assert rows["member"].all()
    assert (rows["since"] == when).all()
    assert (rows["height"] == 180.5).all()


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({"county": "RU"}, "county.*expected some of country"),
        ({}, "expected some of country"),
        ({"country": "Mars"}, "not among the values"),
        ({"country": None}, "leave the column out"),
        ({"age": [20, 30]}, "expected one value"),
    ],
)
def test_what_can_not_be_given_is_refused(generator: Generator, where, said: str) -> None:
    with pytest.raises(DataError, match=said):
        generator.sample(2, where=where)


def test_equal_seeds_make_equal_rows(generator: Generator) -> None:
    again = Generator(tiny(likelihood=Mixed(0.5)), prior=Mixture(4), random_state=0).fit(people())
    for where in (None, {"country": "FR"}):
        one, other = (each.sample(20, where=where, random_state=5) for each in (generator, again))
        pd.testing.assert_frame_equal(one, other)
    assert not generator.sample(20, random_state=6).equals(generator.sample(20, random_state=5))


def test_the_users_random_state_stays_as_it_was(generator: Generator) -> None:
    before, numpys = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    generator.sample(5, where={"country": "FR"})
    generator.score_samples(people(20))
    assert torch.equal(before, torch.random.get_rng_state())
    assert (numpys == np.random.get_state()[1]).all()  # noqa: NPY002


def test_scores_repeat_and_tell_nonsense(generator: Generator) -> None:
    real = people(200, seed=7)
    nonsense = real.assign(age=400, height=20.0, gain=10**6)
    assert (generator.score_samples(real) == generator.score_samples(real)).all()
    assert np.median(generator.plausibility(real)) > 0.2
    assert (generator.plausibility(nonsense) < 0.05).mean() > 0.9
    assert np.median(generator.plausibility(generator.sample(200))) > 0.1


def test_rows_near_another_are_like_it(generator: Generator) -> None:
    one = people().iloc[[3]]
    rows = generator.sample(50, near=one, radius=0.0)
    assert (rows["country"] == one["country"].iloc[0]).mean() > 0.6
    with pytest.raises(CompositionError, match="one of them"):
        generator.sample(2, near=one, where={"country": "FR"})


def test_privacy_tells_copies_from_new_rows(generator: Generator, rows: pd.DataFrame) -> None:
    real = people()
    told = generator.privacy(rows, real, people(300, seed=5))
    assert told.synthetic.copies < 0.01  # of rows that have holes, by chance
    assert told.held_out is not None
    assert 0 < told.synthetic.fifth <= told.synthetic.median
    assert told.synthetic.median > told.held_out.median / 2
    copied = generator.privacy(real.iloc[:100], real)
    assert copied.synthetic.copies == 1
    assert copied.synthetic.median < 1e-3
    assert copied.held_out is None
    assert "100.00% exact copies" in str(copied)


def test_polars_comes_back_as_polars() -> None:
    frame = pl.from_pandas(people(300))
    made = Generator(tiny(epochs=2), prior="mixture", random_state=0).fit(frame)
    rows = made.sample(5, where={"country": "FR", "age": 33})
    assert isinstance(rows, pl.DataFrame)
    assert rows.schema == frame.schema
    assert rows["age"].to_list() == [33] * 5


def test_arrays_are_generated_and_given_by_place() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=500)
    X = np.stack([x, 2 * x + 0.1 * rng.normal(size=500)], axis=1)
    made = Generator(tiny(latent_dim=2), prior="mixture", random_state=0).fit(X)
    rows = made.sample(500)
    assert np.corrcoef(rows.T)[0, 1] > 0.9
    given = made.sample(200, where={0: 1.0})
    assert (given[:, 0] == 1.0).all()
    assert given[:, 1].mean() == pytest.approx(2, abs=0.5)


def test_pictures_are_generated_without_grain_and_by_class() -> None:
    X, y = load_digits(return_X_y=True)
    X, y = X[:400].reshape(-1, 8, 8), y[:400]
    settings = {"latent_dim": 4, "epochs": 3, "backbone": Dense((32,)), "random_state": 0}
    made = Generator(ConditionalVAE(**settings), prior="mixture", random_state=0).fit(X, y)
    assert made.sample(3, y=7).shape == (3, 8, 8)
    assert made.marginals_ is None
    assert made.plausibility(X[:5], y[:5]).shape == (5,)
    with pytest.raises(CompositionError, match="no columns"):
        made.sample(3, where={"age": 3})


@pytest.fixture(scope="module")
def drawing() -> Generator:
    model = tiny(epochs=25, beta=1.0, batch_size=32)
    return Generator(model, prior=Mixture(4), random_state=0).fit(load_digits().images[:500])


def test_a_picture_from_a_code_far_out_is_told_as_nonsense(drawing: Generator) -> None:
    # The model tells such pictures well, as it made them: their codes alone give them away.
    known = load_digits().images[:500]
    far = drawing.sample(60, near=known[0], radius=6.0)
    assert np.median(drawing.plausibility(far)) < 0.05
    assert np.median(drawing.plausibility(drawing.sample(60))) > 0.3
    assert np.median(drawing.plausibility(drawing.sample(60, near=known[0], radius=0.3))) > 0.3
    assert np.median(drawing.plausibility(known)) == pytest.approx(0.5, abs=0.02)


def test_a_picture_that_no_code_tells_is_told_as_nonsense(drawing: Generator) -> None:
    noise = np.random.default_rng(0).uniform(0, 16, (40, 8, 8))
    assert drawing.plausibility(noise).max() < 0.01


def test_the_likelihood_under_a_standard_prior_is_the_models_own() -> None:
    X = load_digits().images[:200]
    model = VAE(latent_dim=2, epochs=3, backbone=Dense((32,)), random_state=0).fit(X)
    made = Generator(model, prior="standard", random_state=0).fit(X)
    ours, models = (each.log_likelihood(X, 100).mean() for each in (made, model))
    assert ours == pytest.approx(models, abs=0.2)


@pytest.mark.parametrize("backbone", [LSTM(8), Conv((8,))], ids=repr)
def test_series_are_generated(backbone: Backbone) -> None:
    rng = np.random.default_rng(0)
    waves = np.sin(np.linspace(0, 6, 12) + 6 * rng.random((120, 1)))
    X = np.stack([waves, 2 * waves], axis=2)
    how = {"epochs": 25, "batch_size": 16, "learning_rate": 1e-2, "random_state": 0}
    model = VAE(latent_dim=2, backbone=backbone, **how)
    made = Generator(model, prior=Mixture(4), random_state=0).fit(X)
    drawn = made.sample(40)
    assert drawn.shape == (40, 12, 2)
    assert np.corrcoef(drawn[:, :, 0].ravel(), drawn[:, :, 1].ravel())[0, 1] > 0.9
    assert made.sample(3, near=X[0], radius=0.5).shape == (3, 12, 2)
    assert made.interpolate(X[0], X[1], steps=4).shape == (4, 12, 2)
    assert np.median(made.plausibility(drawn)) > 0.2
    assert made.plausibility(X[:, rng.permutation(12)]).mean() < 0.2


def test_a_model_without_a_prior_generates_too() -> None:
    X = np.random.default_rng(0).normal(size=(300, 4))
    model = Autoencoder(latent_dim=2, epochs=2, random_state=0, verbose=False)
    made = Generator(model, prior="mixture", random_state=0).fit(X)
    assert made.sample(4).shape == (4, 4)
    assert np.isfinite(made.score_samples(X)).all()
    assert made.sample(4, where={1: 0.5})[:, 1].tolist() == [0.5] * 4


def test_a_fitted_model_is_taken_as_it_is_and_another_one_copied() -> None:
    X = np.random.default_rng(0).normal(size=(100, 3))
    model = tiny(epochs=1, latent_dim=2)
    made = Generator(model, prior=Standard(), random_state=0).fit(X)
    assert not hasattr(model, "codec_")
    known = model.fit(X)
    assert Generator(known, prior="standard").fit(X).model_ is known
    assert clone(made).prior is not made.prior
    assert repr(clone(made).prior) == "Standard()"


def test_the_likelier_prior_is_chosen() -> None:
    X = np.random.default_rng(0).normal(size=(200, 3))
    made = Generator(tiny(epochs=2, latent_dim=2), prior="auto", random_state=0).fit(X)
    assert len(made.prior_scores_) == 2
    assert repr(made.prior_) == max(made.prior_scores_, key=made.prior_scores_.get)


def test_what_is_no_model_and_no_prior_is_refused_before_any_work() -> None:
    X = np.zeros((4, 2))
    with pytest.raises(CompositionError, match="a model of Isthmus"):
        Generator().set_params(model="VAE").fit(X)
    with pytest.raises(CompositionError, match="or a Prior"):
        Generator(tiny(epochs=10**9), prior="flow").fit(X)
    with pytest.raises(NotFittedError):
        Generator().sample(3)


def test_counts_of_rows_are_checked(generator: Generator) -> None:
    for n in (0, -1, True):
        with pytest.raises(CompositionError, match="expected at least 1"):
            generator.sample(n)
    assert len(generator.sample(1)) == 1


def test_few_codes_that_fit_are_told(generator: Generator) -> None:
    with pytest.warns(UserWarning, match="Give fewer cells"):
        generator.sample(
            50, where={"country": "RU", "language": "english", "age": 90, "gain": 10**7}
        )


@pytest.mark.parametrize("prior", [Mixture(4), Standard(), Autoregressive(8, steps=20)], ids=str)
def test_what_is_saved_is_what_is_read(prior, tmp_path) -> None:
    made = Generator(tiny(epochs=2), prior=prior, random_state=0).fit(people(300))
    made.save(tmp_path / "people")
    again = load(tmp_path / "people")
    for where in (None, {"country": "FR"}):
        one, other = (each.sample(20, where=where, random_state=5) for each in (made, again))
        pd.testing.assert_frame_equal(one, other)
    real = people(20)
    assert (again.score_samples(real) == made.score_samples(real)).all()
    assert (again.plausibility(real) == made.plausibility(real)).all()
    assert repr(again.prior_) == repr(made.prior_)


def test_a_damaged_file_is_refused_in_words(tmp_path) -> None:
    X = np.random.default_rng(0).normal(size=(100, 3))
    made = Generator(tiny(epochs=1, latent_dim=2), prior="standard", random_state=0).fit(X)
    made.save(tmp_path / "made")
    tensors = load_file(tmp_path / "made" / "task.safetensors")
    tensors["prior.centre"], tensors["prior.width"] = torch.zeros(5), torch.ones(5)
    save_file(tensors, tmp_path / "made" / "task.safetensors")
    with pytest.raises(ModelFileError, match="codes hold 5 numbers"):
        load(tmp_path / "made")
