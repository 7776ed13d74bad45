"""``isthmus impute`` on later files, whose columns may hold less than those of fit did."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from isthmus import DenoisingAutoencoder, Imputer
from isthmus.cli.commands import app


@pytest.fixture(scope="module")
def imputer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an imputer that has learned of countries and how warm they are."""
    rng = np.random.default_rng(0)
    country = rng.choice(["RU", "US"], 60)
    warm = np.where(country == "RU", -12.0, 12.0) + rng.normal(size=60)
    X = pd.DataFrame({"country": country, "warm": warm.round(1)})
    model = DenoisingAutoencoder(latent_dim=4, epochs=2, patience=None)
    place = tmp_path_factory.mktemp("fitted") / "imputer"
    Imputer(model, members=1, random_state=0).fit(X).save(place)
    return place


@pytest.mark.parametrize(
    "text",
    [
        "country,warm\n,-15.0\n,2\n",  # nothing is known of a column of texts
        "country,warm\nFR,?\nRU,3\n",  # whole now, where they were not
        "country,warm\n,\n?,NA\n",
    ],
)
def test_a_later_file_is_filled(imputer: Path, tmp_path: Path, text: str) -> None:
    data, out = tmp_path / "data.csv", tmp_path / "out.csv"
    data.write_text(text)
    result = CliRunner().invoke(app, ["impute", str(data), "-m", str(imputer), "-o", str(out)])
    assert result.exit_code == 0, result.output
    before, after = pd.read_csv(data, dtype=str, na_values="?"), pd.read_csv(out, dtype=str)
    assert after.notna().all(axis=None)
    assert after.where(before.notna()).equals(before)
    assert set(after["country"]) <= {"RU", "US", "FR"}
