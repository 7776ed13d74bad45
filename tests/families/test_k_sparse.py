"""Tests of the k-sparse autoencoder: sparse codes, what they stand for, and what they cost."""

import tracemalloc

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from scipy import sparse
from sklearn.datasets import load_wine
from sklearn.exceptions import NotFittedError

from isthmus import Dictionary, KSparseAutoencoder, inference, load
from isthmus.errors import CompositionError, DataError, ModelFileError
from isthmus.examples import Entries, Examples

SETTINGS = {
    "latent_dim": 24,
    "k": 3,
    "epochs": 3,
    "batch_size": 32,
    "learning_rate": 1e-2,
    "random_state": 0,
    "verbose": False,
}


def wine():
    return load_wine().data


def trained(**settings):
    return KSparseAutoencoder(**(SETTINGS | settings)).fit(wine())


def strongest(Z, code, n):
    """The rows on which a column is largest, by plain sorting."""
    order = np.argsort(-Z[:, code], kind="stable")[:n]
    return order[Z[order, code] > 0]


def test_a_matrix_holds_the_same_codes():
    model = trained()
    dense = model.transform(wine())
    codes = model.set_params(sparse_output=True).transform(wine())
    assert sparse.issparse(codes)
    assert codes.format == "csr"
    assert codes.dtype == np.float32
    assert codes.nnz == (dense != 0).sum() <= 3 * len(dense)
    np.testing.assert_array_equal(codes.toarray(), dense.astype(np.float32))
    np.testing.assert_array_equal(model.inverse_transform(codes), model.inverse_transform(dense))
    with pytest.raises(DataError, match="Codes of 23 numbers"):
        model.inverse_transform(codes[:, :23])


def test_the_whole_array_is_never_held():
    model = trained(latent_dim=4096, epochs=1).set_params(sparse_output=True)
    X = np.tile(wine(), (12, 1))
    model.transform(X)
    tracemalloc.start()
    try:
        model.transform(X)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(X) * 4096 * 4 / 8


def test_examples_are_the_rows_where_a_code_is_strongest():
    model = trained()
    Z = model.transform(wine())
    for code in range(24):
        found = model.top_examples(code)
        np.testing.assert_array_equal(found["row"], strongest(Z, code, 10))
        np.testing.assert_allclose(found["activation"], Z[found["row"], code], rtol=1e-5)


def test_other_data_can_be_looked_through_and_for_more():
    model, other = trained(), wine()[::-1].copy()
    Z = model.transform(other)
    code = int((Z > 0).sum(0).argmax())
    found = model.top_examples(code, n=30, X=other)
    assert len(found) == 30
    np.testing.assert_array_equal(found["row"], strongest(Z, code, 30))


def test_examples_are_found_block_by_block(monkeypatch):
    model = trained()
    whole = model.examples_
    monkeypatch.setattr("isthmus.families.k_sparse.BLOCK", 100)
    blockwise = Examples.among(model._entries(wine()), 24)
    assert (blockwise.rows == whole.rows).all()
    np.testing.assert_allclose(blockwise.values, whole.values, rtol=1e-5)


def test_a_code_that_speaks_twice_in_a_row_counts_once():
    block = Entries(np.array([0, 0, 0]), np.array([7, 7, 5]), np.array([1, 3, 2], np.float32))
    rows, values = Examples.among([block], codes=2).of(0)
    assert rows.tolist() == [7, 5]
    assert values.tolist() == [3, 2]
    assert len(Examples.among([block], codes=2).of(1)[0]) == 0


def test_examples_are_saved(tmp_path):
    model = trained()
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    for code in range(24):
        assert again.top_examples(code).equals(model.top_examples(code))
    assert again.explain(wine()[0]).equals(model.explain(wine()[0]))


def test_a_pass_more_remembers_the_rows_that_it_saw():
    model = trained().partial_fit(wine()[:20])
    Z = model.transform(wine()[:20])
    for code in range(24):
        np.testing.assert_array_equal(model.top_examples(code)["row"], strongest(Z, code, 10))


def test_an_explanation_adds_up_to_the_reconstruction():
    model, row = trained(), wine()[3]
    found = model.explain(row)
    z = model.transform([row])[0]
    assert set(found["code"]) == set(np.flatnonzero(z))
    np.testing.assert_allclose(found["activation"], z[found["code"]], rtol=1e-5)
    np.testing.assert_allclose(found["share"].sum(), 1, rtol=1e-5)
    assert (found["share"].diff().dropna() <= 0).all()
    rows = model.codec_.decoder.weight.detach().numpy()[found["code"]]
    added = np.linalg.norm(rows, axis=1) * found["activation"]
    np.testing.assert_allclose(found["adds"], added, rtol=1e-4)
    for code, examples in zip(found["code"], found["examples"], strict=True):
        assert examples == model.top_examples(code)["row"].tolist()
    assert len(model.explain(row, n=1)) == 1


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model.top_examples(24),
        lambda model: model.top_examples(-1),
        lambda model: model.top_examples("3"),
        lambda model: model.top_examples(3, n=0),
        lambda model: model.explain(wine()[0], n=0),
    ],
)
def test_what_is_not_there_is_refused(ask):
    with pytest.raises(DataError, match=r"was given; expected a whole number from \d"):
        ask(trained(epochs=1))


def test_more_examples_than_are_remembered_are_refused():
    with pytest.raises(DataError, match=r"n=11 was given.* 10 are remembered.*X=\.\.\."):
        trained(epochs=1).top_examples(3, n=11)


def test_before_fit_there_is_nothing_to_tell():
    for ask in (lambda model: model.top_examples(0), lambda model: model.explain(wine()[0])):
        with pytest.raises(NotFittedError):
            ask(KSparseAutoencoder())


@pytest.mark.parametrize(
    "wrong", [{"k": 0}, {"k": 25}, {"revive": -1}, {"tied": "yes"}, {"sparse_output": 2}]
)
def test_a_field_that_will_not_do_is_refused(wrong):
    with pytest.raises(CompositionError, match="was given"):
        trained(**wrong)


def test_dead_codes_stand_in_the_history():
    history = trained().history_
    assert len(history.column("dead")) == len(history.rows)
    assert "Revive" in trained(epochs=1).objective_.weights
    assert "Revive" not in trained(epochs=1, revive=0).objective_.weights


def test_tied_weights_learn_too():
    model = trained(tied=True, epochs=5)
    assert model.backbone is None
    assert repr(model.recipe().backbone) == repr(Dictionary(tied=True))
    losses = model.history_.column("loss")
    assert losses[-1] < losses[0]


def test_a_wide_code_is_spread_a_few_rows_at_a_time():
    model, seen = trained(latent_dim=2**17, k=2, epochs=1, validation_fraction=0), []

    def watched(codec, batch):
        seen.append(len(batch))
        return inference.codes(codec, batch)

    found = inference.spread(model.codec_, model.adapter_.transform(wine()), watched)
    assert max(seen) <= 32
    assert torch.equal(found, torch.as_tensor(model.spread_))
    assert model.spread_.shape == (2**17,)
    assert str(model.spread_.dtype) == "torch.float32"


def test_rows_that_no_code_speaks_of_have_no_examples():
    X = np.full((20, 3), 0.5)
    model = KSparseAutoencoder(latent_dim=4, k=1, epochs=1, random_state=0).fit(X)
    assert not model.transform(X).any()
    assert model.top_examples(0).empty


@pytest.mark.parametrize(
    "rows", [torch.zeros(1, 1, dtype=torch.long), torch.zeros(24, 10)], ids=["few", "floats"]
)
def test_examples_that_are_none_are_not_loaded(rows, tmp_path):
    trained().save(tmp_path / "model")
    weights = tmp_path / "model" / "weights.safetensors"
    save_file(load_file(weights) | {"own.rows": rows}, weights)
    with pytest.raises(ModelFileError, match=r"each code's examples are no \(24, 10\)"):
        load(tmp_path / "model")
