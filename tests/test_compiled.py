"""A compiled step trains as one that is not, up to rounding."""

import shutil
import subprocess
import sys

import numpy as np
import pytest

from isthmus import VAE
from isthmus.errors import CompositionError

# In a process of its own: the type checks that tests put round every function would be compiled
# too, which takes a minute.
SCRIPT = """
import numpy as np
from isthmus import ContractiveAutoencoder, Dense

X = np.random.default_rng(0).normal(size=(70, 4)).astype("float32")
for compile in (False, True):
    model = ContractiveAutoencoder(
        latent_dim=2, backbone=Dense((8,)), epochs=2, batch_size=32, random_state=0,
        validation_fraction=0, compile=compile,
    )
    print(*model.fit(X).history_.column("loss"))
"""


@pytest.mark.skipif(
    not any(map(shutil.which, ("g++", "clang++"))), reason="there is no C++ compiler here"
)
def test_the_losses_are_the_same_even_with_a_term_that_takes_derivatives_itself():
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    plain, compiled = (np.array(line.split(), float) for line in run.stdout.splitlines())
    assert len(plain) == 2
    np.testing.assert_allclose(compiled, plain, rtol=1e-5)


def test_it_is_said_that_there_is_no_compiler(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(CompositionError, match="no C\\+\\+ compiler"):
        VAE(compile=True).fit(np.eye(8))
