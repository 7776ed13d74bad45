"""Steps that are unlike the others, on the command line."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from isthmus import SeriesDetector, load
from shell import isthmus

STEPS, HANGS = 300, slice(200, 215)
PACE = "batch_size=128, learning_rate=1e-3"  # faster, it would learn what hangs by heart too
NETWORK = f"Autoencoder(latent_dim=4, epochs=15, {PACE}, validation_fraction=0.0, verbose=False)"
LEARN = ("--window", 16, "--contamination", 0.05, "--network", NETWORK)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    room = tmp_path_factory.mktemp("room")
    t, rng = np.arange(STEPS), np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "when": pd.date_range("2026-01-01", periods=STEPS, freq="h"),
            "pressure": np.sin(t / 4) + rng.normal(0, 0.05, STEPS),
            "flow": np.cos(t / 4) + rng.normal(0, 0.05, STEPS),
        }
    )
    frame.loc[HANGS, "flow"] = 2.0
    frame.to_csv(room / "pumps.csv", index=False)
    frame.sample(frac=1, random_state=0).to_csv(room / "shuffled.csv", index=False)
    both = pd.concat([frame.assign(pump=name) for name in ("b", "a")])
    both.sort_values("when").to_csv(room / "both.csv", index=False)
    frame.assign(note="fine").to_csv(room / "noted.csv", index=False)
    frame.assign(when=frame["when"].dt.strftime("%d.%m. %H")).to_csv(room / "odd.csv", index=False)
    isthmus("detect-series", room / "pumps.csv", "--save", room / "detector", *LEARN)
    return room


def test_a_score_for_each_step_and_channel(out: Path) -> None:
    made = ("detect-series", "pumps.csv", "-m", "detector", "-o", out / "scored.csv")
    told = json.loads(isthmus(*made, "--json").stdout)
    scored, given = pd.read_csv(out / "scored.csv"), pd.read_csv("pumps.csv")
    pd.testing.assert_frame_equal(scored[list(given.columns)], given)
    channels = scored[["score_pressure", "score_flow"]]
    np.testing.assert_allclose(channels.sum(axis=1), scored["score"])
    detector = load("detector")
    assert isinstance(detector, SeriesDetector)
    np.testing.assert_allclose(scored["score"], detector.score_steps(given[["pressure", "flow"]]))
    assert scored["outlier"].sum() == told["anomalies"]
    assert scored["outlier"][HANGS].mean() > 0.5
    strangest = told["strangest"][0]
    assert strangest["channel"] == "flow"
    assert pd.Timestamp(strangest["from"]) in set(pd.to_datetime(given["when"])[190:215])


def test_the_order_is_that_of_time_and_series_are_told_apart(out: Path) -> None:
    isthmus("detect-series", "pumps.csv", "-m", "detector", "-o", out / "a.csv")
    isthmus("detect-series", "shuffled.csv", "-m", "detector", "-o", out / "b.csv")
    options = ("--by", "pump", "--time", "when", "-o", out / "c.csv", "--json")
    told = json.loads(isthmus("detect-series", "both.csv", "-m", "detector", *options).stdout)
    assert {each["series"] for each in told["strangest"]} == {"a", "b"}
    a, b, c = (pd.read_csv(out / f"{name}.csv") for name in "abc")
    assert b["when"].tolist() == pd.read_csv("shuffled.csv")["when"].tolist()
    pd.testing.assert_frame_equal(b.sort_values("when", ignore_index=True), a)
    for pump in "ab":
        of_one = c[c["pump"] == pump].drop(columns="pump").reset_index(drop=True)
        pd.testing.assert_frame_equal(of_one, a)


def test_that_lines_are_normal_can_be_said(out: Path) -> None:
    isthmus("detect-series", "pumps.csv", "--clean", "--save", out / "clean", *LEARN)
    assert (load(out / "clean").clean, load("detector").clean) == (True, False)


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("noted.csv -m detector --time note", 1, "no time that could be put in order"),
        ("odd.csv", 1, "The columns when of odd.csv don't hold numbers"),
        ("pumps.csv --time flaw", 1, "no column flaw"),
        (
            "pumps.csv --drop pressure --drop flow",
            1,
            "No column of pumps.csv is left that holds a channel",
        ),
        ("pumps.csv -m detector --drop flow", 2, "has learnt"),
        ("pumps.csv -m detector --window 8", 2, "has learnt"),
        ("pumps.csv -m detector -o {out}/x.png", 2, "ends in '.png'"),
        ("pumps.csv --window 500", 1, "in windows of 500; expected 501 at least"),
    ],
)
def test_what_will_not_do_is_told_and_nothing_written(
    out: Path, command: str, code: int, said: str
) -> None:
    shown = isthmus("detect-series", *command.format(out=out).split(), code=code)
    assert said in " ".join(shown.output.replace("│", " ").split())
    assert list(out.iterdir()) == []
