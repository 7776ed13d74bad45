"""What a service answers: what Python does, to the last bit, and refusals in words."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from isthmus import (
    GRU,
    VAE,
    AnomalyDetector,
    Autoencoder,
    ConditionalVAE,
    DenoisingAutoencoder,
    Dense,
    Generator,
    Imputer,
)
from isthmus.errors import CompositionError, DataError
from isthmus.serving import Limits, application
from isthmus.serving.operations import Encode
from isthmus.serving.records import told_frame

RNG = np.random.default_rng(0)
N = 60
X = RNG.normal(5, 2, size=(N, 3))
KINDS = pd.DataFrame(
    {
        "country": RNG.choice(["RU", "US", "IN"], N),
        "celsius": RNG.normal(10, 9, N).round(1),
        "since": pd.date_range("2026-01-01", periods=N, freq="1D"),
        "paid": RNG.random(N) < 0.7,
        "took": pd.to_timedelta(RNG.integers(1, 1000, N), unit="s"),
        "zip": RNG.choice([10115, 20095], N),
    }
)
HOLED = KINDS.mask(np.random.default_rng(1).random(KINDS.shape) < 0.15)
SMALL: dict[str, Any] = {
    "latent_dim": 2,
    "epochs": 1,
    "backbone": Dense((8,)),
    "verbose": False,
    "random_state": 0,
}


@pytest.fixture(scope="module")
def model() -> VAE:
    return VAE(**SMALL).fit(X)


@pytest.fixture(scope="module")
def client(model: VAE) -> Iterator[TestClient]:
    with TestClient(application(model, Limits(max_rows=100, max_bytes=20_000))) as client:
        yield client


def answer(client: TestClient, path: str, **asked: Any) -> Any:
    given = client.post(path, json=asked)
    assert given.status_code == 200, given.text
    return given.json()


def same(a: Any, b: Any) -> bool:
    """Whether two answers are the same to the last digit."""
    return json.dumps(a) == json.dumps(b)


def test_a_model_answers_what_python_does(client: TestClient, model: VAE) -> None:
    rows = X[:5].tolist()
    assert answer(client, "/encode", rows=rows)["codes"] == model.transform(X[:5]).tolist()
    assert answer(client, "/reconstruct", rows=rows)["rows"] == model.reconstruct(X[:5]).tolist()
    assert answer(client, "/score", rows=rows)["scores"] == model.score_samples(X[:5]).tolist()
    fresh = answer(client, "/sample", n=4, random_state=3, noise=True)
    assert fresh["rows"] == model.sample(4, random_state=3, noise=True).tolist()
    near = answer(client, "/sample", n=2, near=rows[0], radius=0.1)
    again = model.sample(2, near=X[0], radius=0.1, random_state=near["random_state"])
    assert near["rows"] == again.tolist()
    assert answer(client, "/sample")["random_state"] != answer(client, "/sample")["random_state"]


def test_a_table_of_many_kinds_goes_in_and_out() -> None:
    model = VAE(**SMALL).fit(HOLED)
    rows = told_frame(HOLED)
    with TestClient(application(model)) as client:
        codes = answer(client, "/encode", rows=rows)["codes"]
        assert codes == model.transform(HOLED).tolist()
        made = answer(client, "/reconstruct", rows=rows)["rows"]
        assert same(made, told_frame(model.reconstruct(HOLED)))
        row = told_frame(KINDS)[0]
        for name, value, said in [
            ("since", "yesterday", "ISO 8601"),
            ("since", 5, "ISO 8601"),
            ("celsius", "warm", "held numbers in fit"),
            ("country", 4, "held texts in fit"),
            ("paid", [True], "single values"),
            ("took", "long", "ISO 8601"),
        ]:
            given = client.post("/encode", json={"rows": [row | {name: value}]})
            assert given.status_code == 422
            assert name in given.json()["detail"]
            assert said in given.json()["detail"]
        other = {name: each for name, each in row.items() if name != "zip"} | {"city": 1}
        given = client.post("/encode", json={"rows": [other]})
        assert "Row 0 lacks zip and has city" in given.json()["detail"]


def test_pictures_and_series_are_numbers_and_nothing_else(tmp_path: Any) -> None:
    pictures = (RNG.random((N, 5, 4)) * 255).astype(np.uint8)
    painter = Autoencoder(**SMALL | {"backbone": None}).fit(pictures)
    with TestClient(application(painter)) as client:
        made = answer(client, "/reconstruct", rows=pictures[:3].tolist())["rows"]
        assert made == painter.reconstruct(pictures[:3]).tolist()
        for rows in (str(tmp_path), [str(tmp_path)], [[str(tmp_path)]], {"path": str(tmp_path)}):
            given = client.post("/encode", json={"rows": rows})
            assert given.status_code == 422
            assert "5 x 4" in given.json()["detail"]
        given = client.post("/sample", json={"near": str(tmp_path)})
        assert given.status_code == 422
    series = [RNG.normal(size=(int(n), 2)) for n in RNG.integers(2, 7, N)]
    reader = Autoencoder(**SMALL | {"backbone": GRU(8)}).fit(series)
    with TestClient(application(reader)) as client:
        made = answer(client, "/reconstruct", rows=[each.tolist() for each in series[:4]])["rows"]
        assert made == [each.tolist() for each in reader.reconstruct(series[:4])]


def test_a_condition_is_heeded() -> None:
    kinds = RNG.choice(["a", "b"], N)
    model = ConditionalVAE(**SMALL).fit(X, kinds)
    rows = X[:3].tolist()
    with TestClient(application(model)) as client:
        told = answer(client, "/encode", rows=rows, y=["a", "b", None])["codes"]
        assert told == model.transform(X[:3], ["a", "b", None]).tolist()
        assert answer(client, "/encode", rows=rows)["codes"] == model.transform(X[:3]).tolist()
        made = answer(client, "/sample", n=2, y="b", random_state=1)["rows"]
        assert made == model.sample(2, y="b", random_state=1).tolist()
        given = client.post("/encode", json={"rows": rows, "y": "c"})
        assert "which was not there in fit" in given.json()["detail"]


def test_a_detector_detects_and_explains() -> None:
    detector = AnomalyDetector(random_state=0).fit(KINDS)
    odd = KINDS[:8].assign(celsius=[400.0, *KINDS["celsius"][1:8]])
    with TestClient(application(detector)) as client:
        told = answer(client, "/detect", rows=told_frame(odd), explain=2)
        assert [each["anomaly"] for each in told["rows"]] == (detector.predict(odd) < 0).tolist()
        assert [each["score"] for each in told["rows"]] == detector.score_samples(odd).tolist()
        first = told["rows"][0]["cells"][0]
        assert (first["column"], first["value"], len(told["rows"][0]["cells"])) == (
            "celsius",
            400,
            2,
        )
        assert client.post("/detect", json={"rows": [], "explain": -1}).status_code == 422
        refused = client.post("/encode", json={"rows": told_frame(odd)})
        assert refused.status_code == 409
        assert "AnomalyDetector has no /encode" in refused.json()["detail"]
    numbers = AnomalyDetector(random_state=0).fit(X)
    with TestClient(application(numbers)) as client:
        (told,) = answer(client, "/detect", rows=[[5, 99, 5]], explain=1)["rows"]
        assert told["anomaly"]
        assert (told["cells"][0]["column"], told["cells"][0]["value"]) == ("1", 99)


def test_an_imputer_fills_each_row_by_itself() -> None:
    template = DenoisingAutoencoder(**SMALL)
    imputer = Imputer(template, members=2, random_state=0).fit(HOLED)
    rows = told_frame(HOLED[:20])
    with TestClient(application(imputer)) as client:
        filled = answer(client, "/impute", rows=rows)["rows"]
        assert same(filled, told_frame(imputer.transform(HOLED[:20])))
        for whole, row in zip(filled, rows, strict=True):
            (alone,) = answer(client, "/impute", rows=[row])["rows"]
            assert alone == {
                name: pytest.approx(each, rel=1e-6) if isinstance(each, float) else each
                for name, each in whole.items()
            }
        tables = answer(client, "/impute", rows=rows[:3], draws=2, random_state=1)["tables"]
        drawn = imputer.sample(HOLED[:3], 2, random_state=1)
        assert same(tables, [told_frame(each) for each in drawn])


def test_a_generator_makes_rows_that_have_what_was_asked() -> None:
    generator = Generator(VAE(**SMALL), prior="mixture", random_state=0).fit(KINDS)
    where = {"country": "RU", "since": "2026-01-05"}
    with TestClient(application(generator)) as client:
        made = answer(client, "/sample", n=3, where=where, random_state=2)["rows"]
        assert {(each["country"], each["since"][:10]) for each in made} == {("RU", "2026-01-05")}
        given = client.post("/sample", json={"where": {"planet": "Mars"}})
        assert given.status_code == 422
        assert "planet" in given.json()["detail"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[" * 10_000, "nested too deep"),
        (b"[1]", "a list"),
        (b"{}", "needs the field 'rows'"),
        (b'{"row": []}', "no field 'row'"),
        (b'{"rows": []}', "empty"),
        (b'{"rows": [[1, 2]]}', "3 features"),
        (b'{"rows": [[1, 2], [3]]}', "a list of 3 numbers"),
        (b'{"rows": [["1", 2, 3]]}', "numbers"),
        (b'{"rows": [[true, null, 3]]}', "numbers"),
        (b'{"rows": [[true, 2, 3]]}', "numbers"),
        (b'{"rows": [{"a": 1}]}', "a list of 3 numbers"),
        (b'{"rows": [[NaN, 2, 3]]}', "write null"),
        (b'{"rows": [[1e999, 2, 3]]}', "infinity"),
        (b'{"rows": [[1' + b"0" * 400 + b", 2, 3]]}", "too large"),
        (json.dumps({"rows": [[1, 2, 3]] * 101}).encode(), "takes 100 a request"),
    ],
)
def test_a_body_that_wont_do_is_refused_in_words(
    client: TestClient, body: bytes, said: str
) -> None:
    given = client.post("/encode", content=body)
    assert given.status_code == 422, given.text
    assert said in given.json()["detail"]


def test_a_mark_of_utf_8_before_a_body_is_passed_by(client: TestClient) -> None:
    given = client.post(
        "/encode", content=b"\xef\xbb\xbf" + json.dumps({"rows": [[1, 2, 3]]}).encode()
    )
    assert given.status_code == 200


def test_a_hole_is_null(client: TestClient, model: VAE) -> None:
    row = np.array([[4.0, np.nan, 5.0]])
    codes = answer(client, "/encode", rows=[[4.0, None, 5.0]])["codes"]
    assert codes == model.transform(row).tolist()


@pytest.mark.parametrize("asked", [{"n": 0}, {"n": 101}, {"n": "5"}, {"radius": -1}, {"noise": 1}])
def test_what_a_sample_cant_be_is_refused(client: TestClient, asked: dict[str, Any]) -> None:
    assert client.post("/sample", json=asked).status_code == 422


def test_other_refusals_have_a_status_of_their_own(client: TestClient) -> None:
    assert client.post("/encode", content=b"x" * 20_001).status_code == 413
    assert client.post("/encode", content=iter([b"x" * 9_000] * 3)).status_code == 413
    given = client.post("/encode", content=b"1,2", headers={"content-type": "text/csv"})
    assert given.status_code == 415
    assert client.get("/encode").status_code == 405
    given = client.get("/../../etc/passwd")
    assert given.status_code == 404
    assert "there are /encode" in given.json()["detail"]
    assert client.get("/docs/static/..%2f..%2fcore.py").status_code == 404


def test_a_refusal_is_short_and_can_be_sent_whatever_it_quotes(client: TestClient) -> None:
    given = client.post("/sample", json={"radius": "x" * 10_000})
    assert given.status_code == 422
    assert len(given.text) < 1_200
    assert given.json()["detail"].endswith('"radius": 1.0.')
    named = VAE(**SMALL).fit(pd.DataFrame(X, columns=list("abc")))
    with TestClient(application(named)) as table:
        given = table.post("/encode", content=b'{"rows": [{"\\ud800": 1}]}')
    assert given.status_code == 422
    assert "\\ud800" in given.json()["detail"]


def test_whoever_hangs_up_is_no_failure(model: VAE) -> None:
    service = application(model)
    head = [(b"content-type", b"application/json"), (b"content-length", b"100")]
    scope = {"type": "http", "method": "POST", "path": "/encode", "headers": head}

    async def gone() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def unread(message: Any) -> None:
        pass

    asyncio.run(service({**scope, "query_string": b"", "root_path": ""}, gone, unread))
    with TestClient(service) as client:
        text = client.get("/metrics").text
    assert 'isthmus_requests_total{endpoint="/encode",status="499"} 1.0' in text
    assert "isthmus_waiting 0.0" in text


def test_it_tells_of_itself(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "ok"}
    assert {client.head(path).status_code for path in ("/health", "/ready", "/docs")} == {200}
    assert client.get("/ready").json() == {"status": "ready"}
    told = client.get("/model").json()
    assert (told["family"], told["code_size"], told["equation"]) == ("VAE", 2, "NLL() + KL()")
    page = client.get("/docs").text
    assert "http://" not in page
    assert "https://" not in page
    for file in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"):
        assert f"docs/static/{file}" in page
        assert client.get(f"/docs/static/{file}").status_code == 200
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/encode", "/reconstruct", "/score", "/sample", "/health", "/model"} <= set(paths)
    assert "/impute" not in paths
    asked = paths["/encode"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert client.post("/encode", json=asked["example"]).status_code == 200


def test_it_counts(model: VAE) -> None:
    with TestClient(application(model)) as client:
        answer(client, "/encode", rows=X[:7].tolist())
        client.post("/encode", content=b"{")
        text = client.get("/metrics").text
    for line in (
        'isthmus_requests_total{endpoint="/encode",status="200"} 1.0',
        'isthmus_errors_total{endpoint="/encode",status="422"} 1.0',
        'isthmus_rows_total{endpoint="/encode"} 7.0',
        'isthmus_request_seconds_count{endpoint="/encode"} 2.0',
    ):
        assert line in text.splitlines()


def test_concurrent_requests_travel_together_and_a_bad_one_spoils_none(model: VAE) -> None:
    limits = Limits(batch_wait=0.2)
    bodies = [{"rows": X[at : at + 1 + at % 3].tolist()} for at in range(30)]
    bodies[7]["rows"] = [[1, 2]]
    with TestClient(application(model, limits)) as client, ThreadPoolExecutor(30) as pool:
        answers = list(pool.map(lambda body: client.post("/encode", json=body), bodies))
        text = client.get("/metrics").text
    assert [each.status_code for each in answers] == [422 if at == 7 else 200 for at in range(30)]
    for at, each in enumerate(answers):
        if at != 7:
            expected = model.transform(X[at : at + 1 + at % 3])
            np.testing.assert_allclose(each.json()["codes"], expected, rtol=1e-5, atol=1e-6)
    passes = next(line for line in text.splitlines() if line.startswith("isthmus_pass_rows_count"))
    assert float(passes.split()[-1]) < 29


def test_too_many_are_refused_and_too_slow_ones_given_up(model: VAE) -> None:
    slow = Limits(max_waiting=1, batch_wait=1.0)
    rows = {"rows": X[:1].tolist()}
    with TestClient(application(model, slow)) as client, ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: client.post("/encode", json=rows), range(3)))
    codes = sorted(each.status_code for each in found)
    assert codes == [200, 429, 429]
    refused = next(each for each in found if each.status_code == 429)
    assert refused.headers["retry-after"] == "1"
    with TestClient(application(model, Limits(timeout=0.05, batch_wait=0.5))) as client:
        given = client.post("/encode", json=rows)
    assert given.status_code == 503
    assert "0.05 seconds" in given.json()["detail"]


def test_what_was_given_up_counts_until_the_work_lets_go_of_it(
    model: VAE, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, free = threading.Event(), threading.Event()

    def slow(*_: Any) -> Any:
        busy.set()
        assert free.wait(10)
        raise DataError("It comes too late.")

    monkeypatch.setattr(Encode, "answers", slow)
    limits = Limits(timeout=0.2, batch_wait=0, max_waiting=3)
    rows = {"rows": X[:1].tolist()}
    with TestClient(application(model, limits)) as client:
        # The first is at work, the others are in the queue; nobody waits for any of them.
        codes = [client.post("/encode", json=rows).status_code for _ in range(5)]
        assert busy.is_set()
        assert codes == [503, 503, 503, 429, 429]
        assert client.get("/ready").status_code == 503
        free.set()
        for _ in range(200):
            if client.get("/ready").status_code == 200:
                break
            time.sleep(0.01)
        assert client.post("/score", json=rows).status_code == 200  # it comes after them
        assert "isthmus_waiting 0.0" in client.get("/metrics").text


def test_what_cant_be_served_is_said_at_once(model: VAE) -> None:
    with pytest.raises(CompositionError, match="can't be served"):
        application(object())
    with pytest.raises(CompositionError, match="max_rows=0"):
        Limits(max_rows=0)
