"""The public names: which they are, that they are documented, and what they cost to import."""

import re
import subprocess
import sys
from importlib import import_module
from inspect import getdoc, isabstract, isclass, isfunction
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

import pytest

import isthmus

CHECKOUT = Path(__file__).resolve().parents[1]
PACKAGE = CHECKOUT / "src" / "isthmus"
REFERENCE = CHECKOUT / "docs" / "reference.md"

NAMES = [
    "Adversarial",
    "AdversarialAutoencoder",
    "AnomalyDetector",
    "AnyOf",
    "Atlas",
    "Autoencoder",
    "BaseAutoencoder",
    "Batch",
    "Bernoulli",
    "Categorical",
    "Codec",
    "Commitment",
    "Composed",
    "Compressor",
    "ConditionalVAE",
    "ContractiveAutoencoder",
    "Cyclic",
    "Denoiser",
    "DenoisingAutoencoder",
    "Conv",
    "Dense",
    "Dictionary",
    "DiscretisedLogistic",
    "Film",
    "EncoderClassifier",
    "GRU",
    "Gaussian",
    "Generator",
    "Image",
    "Images",
    "ImportanceWeighted",
    "Imputer",
    "Inpainter",
    "Jacobian",
    "KL",
    "KSparseAutoencoder",
    "L1",
    "LSTM",
    "Laplace",
    "LinearAutoencoder",
    "LongFrames",
    "LossyCompressor",
    "MMD",
    "Masking",
    "Mixed",
    "NLL",
    "Noise",
    "Normal",
    "Objective",
    "Occlusion",
    "Point",
    "Quantised",
    "Recipe",
    "Revive",
    "SURE",
    "SaltPepper",
    "Sequences",
    "Series",
    "SeriesDetector",
    "Sounds",
    "Shards",
    "SparseAutoencoder",
    "SparsityTarget",
    "SpectralMask",
    "StackedAutoencoder",
    "Sweep",
    "Term",
    "Table",
    "Tables",
    "Texts",
    "TopK",
    "TotalCorrelation",
    "Trace",
    "Transformer",
    "UNet",
    "VAE",
    "VQVAE",
    "Vector",
    "Vectors",
    "WarmUp",
    "WassersteinAutoencoder",
    "export_onnx",
    "film",
    "fit_on_ray",
    "fit_together",
    "intrinsic_dimension",
    "load",
    "map_on_ray",
    "overlap",
    "pool",
    "psnr",
    "snr",
    "ssim",
    "sweep",
    "windows",
]

FOLDERS = {
    "backbones": "isthmus.backbones.base.Backbone",
    "latents": "isthmus.latents.base.Latent",
    "likelihoods": "isthmus.likelihoods.base.Likelihood",
    "corruptions": "isthmus.corruptions.base.Corruption",
    "objectives": "isthmus.objectives.base.Term",
    "adapters": "isthmus.adapters.base.Adapter",
    "families": "isthmus.estimator.BaseAutoencoder",
    "tasks": "sklearn.base.BaseEstimator",
}


def modules_after(*arguments: str) -> set[str]:
    """Every module that a fresh Python has imported once it has run ``arguments``."""
    command = [sys.executable, "-X", "importtime", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    lines = ran.stderr.splitlines()
    timed = [line for line in lines if line.startswith("import time:")]
    assert ran.returncode == 0, "\n".join(line for line in lines if line not in timed)
    return {line.rpartition("|")[2].strip() for line in timed}


def members(folder: ModuleType, interface: type) -> set[str]:
    """The concrete public classes that the files of ``folder`` define."""
    files = [
        import_module(f"{folder.__name__}.{each.name}") for each in iter_modules(folder.__path__)
    ]
    return {
        name
        for file in files
        for name, value in vars(file).items()
        if isclass(value) and issubclass(value, interface) and not isabstract(value)
        if value.__module__ == file.__name__ and not name.startswith("_")
    }


def test_the_reference_describes_every_public_name() -> None:
    described = re.findall(r"^\.\. auto\w+:: (\w+)$", REFERENCE.read_text("utf-8"), re.MULTILINE)
    assert sorted(described) == sorted(NAMES)


def test_the_public_names_are_these() -> None:
    assert sorted(isthmus.__all__) == sorted(NAMES)
    assert set(NAMES) <= set(dir(isthmus))


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_is_documented(name: str) -> None:
    value = getattr(isthmus, name)
    assert getdoc(value)
    if isclass(value):
        methods = {key for key, each in vars(value).items() if isfunction(each) and key[0] != "_"}
        assert {key for key in methods if not getdoc(getattr(value, key))} == set()


@pytest.mark.parametrize("folder", [each for each in FOLDERS if (PACKAGE / each).is_dir()])
def test_a_folder_exports_its_members(folder: str) -> None:
    module = import_module(f"isthmus.{folder}")
    home, _, interface = FOLDERS[folder].rpartition(".")
    assert members(module, getattr(import_module(home), interface)) <= set(module.__all__)
    assert all(hasattr(module, name) for name in module.__all__)


def test_a_family_loads_nothing_that_a_fit_does_not_need() -> None:
    ours = modules_after("-c", "import isthmus; isthmus.Autoencoder")
    theirs = modules_after("-c", "import sklearn.preprocessing, torch")  # these bring pandas, rich
    unneeded = {"jinja2", "matplotlib", "pandas", "polars", "pydantic", "rich", "typer"}
    assert unneeded & (ours - theirs) == set()


def test_the_package_itself_loads_nothing_heavy() -> None:
    assert {"torch", "sklearn", "numpy"} & modules_after("-c", "import isthmus") == set()


def test_help_is_quick_to_answer() -> None:
    loaded = modules_after("-c", "from isthmus.cli import main; main()", "--help")
    assert {"torch", "sklearn", "matplotlib", "pandas"} & loaded == set()
