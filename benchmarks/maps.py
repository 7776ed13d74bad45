"""Maps: how faithful those of two dimensions are, and how quick a page of 60,000 points is.

python benchmarks/maps.py [faithful | page]

Trustworthiness and continuity are those of five neighbours among the pixels (Venna and Kaski,
2001), of 5,000 of MNIST's test images, which each map is drawn of. t-SNE of pixels sees them all
784; a map of codes sees what went through the bottleneck.
"""

import argparse
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from openTSNE import TSNE
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier

import machine
from isthmus import VAE, Atlas, Autoencoder, Dense
from isthmus.tasks import faithful
from mnist import data_folder, grey_images
from results import record, table

IMAGES, EPOCHS, NEIGHBOURS = 5_000, 30, 5
HOW = {"backbone": Dense((512, 256)), "epochs": EPOCHS, "random_state": 0, "verbose": False}
HOW |= {"batch_size": 128, "learning_rate": 1e-3}
REDRAWN = 10
TIMED = """
<script>
const began = performance.now();
for (let turn = 0; turn < %d; turn++) draw();
document.documentElement.dataset.redrawn = (performance.now() - began) / %d;
</script></body>
"""


def labels(name: str) -> np.ndarray:
    import gzip

    raw = (data_folder() / "mnist" / f"{name}-labels-idx1-ubyte.gz").read_bytes()
    return np.frombuffer(gzip.decompress(raw), np.uint8, offset=8)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("what", nargs="?", choices=["faithful", "page"])
    what = parser.parse_args(arguments).what
    if what != "page":
        compare()
    if what != "faithful":
        page()


def compare() -> None:
    x, y = grey_images("t10k")[:IMAGES], labels("t10k")[:IMAGES]
    pictures = x.reshape(-1, 28, 28)
    ways: dict[str, Callable[[], np.ndarray]] = {
        "PCA of pixels": lambda: PCA(2, random_state=0).fit_transform(x),
        "`Autoencoder(latent_dim=2)`": lambda: _codes(Autoencoder(latent_dim=2, **HOW), pictures),
        "`VAE(latent_dim=2)`": lambda: _codes(VAE(latent_dim=2, **HOW), pictures),
        "t-SNE of pixels (openTSNE)": lambda: np.array(TSNE(random_state=0, n_jobs=1).fit(x)),
        "`Atlas(Autoencoder(latent_dim=16))`, t-SNE": lambda: _atlas(pictures),
    }
    rows: list[list[str]] = []
    for name, way in ways.items():
        places = way()
        kept = faithful.trustworthiness(x, places, NEIGHBOURS)
        held = faithful.continuity(x, places, NEIGHBOURS)
        kind = KNeighborsClassifier(NEIGHBOURS + 1).fit(places, y).score(places, y)
        rows.append([name, f"{kept:.3f}", f"{held:.3f}", f"{kind:.3f}"])
        print(rows[-1], flush=True)
    header = [f"map of {IMAGES:,} images", "trustworthiness", "continuity", "neighbours' digit"]
    note = (
        "`python benchmarks/maps.py faithful`. Five neighbours; 2,000 images asked about all the "
        f"others; networks `Dense((512, 256))`, {EPOCHS} epochs; neighbours' digit: how often a "
        "vote of an image and its five nearest on the map gives its digit. One thread, beside "
        f"other work. {machine.describe()}."
    )
    record("Maps: MNIST in two dimensions", [*table(header, rows), "", note])


def page() -> None:
    x, y = grey_images("train").reshape(-1, 28, 28), labels("train")
    few = {**HOW, "epochs": 1}
    atlas = Atlas(VAE(latent_dim=2, **few), method="codes", random_state=0).fit(x)
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, given in (("with a picture of each", x), ("without pictures", None)):
            began = perf_counter()
            path = atlas.save_html(Path(folder) / "map.html", given, labels=y, source="MNIST")
            seconds, size = perf_counter() - began, path.stat().st_size / 2**20
            drawn, again = _looked_at(path)
            rows.append([name, f"{size:.1f} MiB", f"{seconds:.0f} s", drawn, again])
            print(rows[-1], flush=True)
    header = ["60,000 points", "page", "written in", "drawn after", "drawn again in"]
    note = (
        "`python benchmarks/maps.py page`. Headless Chromium, 1,200 × 1,000, no GPU: from the "
        f"start of loading to the first drawing, and the mean of {REDRAWN} more, as when the map "
        f"is moved. One thread to write, beside other work. {machine.describe()}."
    )
    record("Maps: 60,000 points in a page", [*table(header, rows), "", note])


def _codes(model: VAE | Autoencoder, x: np.ndarray) -> np.ndarray:
    return model.fit(x).transform(x)


def _atlas(x: np.ndarray) -> np.ndarray:
    return Atlas(Autoencoder(latent_dim=16, **HOW), random_state=0).fit_transform(x)


def _looked_at(path: Path) -> tuple[str, str]:
    """How long the browser needs, in words."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        return "not measured", "not measured"
    text = path.read_text("utf-8")
    text = re.sub(r"script-src '[^']*'", "script-src 'unsafe-inline'", text)
    path.write_text(text.replace("</body>", TIMED % (REDRAWN, REDRAWN)), "utf-8")
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"]
        command += ["--no-first-run", "--disable-background-networking", "--disable-sync"]
        command += ["--disable-component-update", f"--user-data-dir={profile}"]
        command += ["--window-size=1200,1000", "--dump-dom", path.as_uri()]
        dom = subprocess.run(command, capture_output=True, text=True, timeout=300).stdout
    drawn, again = (re.search(rf'data-{name}="([\d.]+)"', dom) for name in ("drawn", "redrawn"))
    if drawn is None or again is None:
        return "not measured", "not measured"
    return f"{float(drawn[1]) / 1000:.2f} s", f"{float(again[1]):.0f} ms"


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
