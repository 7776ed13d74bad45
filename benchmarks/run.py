"""All benchmarks, or those named; what they find is written to RESULTS.md.

python benchmarks/run.py [NAME …], and --help for the names
"""

import argparse
from collections.abc import Callable
from functools import partial

import adversarial
import anomaly
import big_table
import compression
import conditional
import contractive
import cost
import denoiser
import denoising
import denoising_sounds
import ensemble
import few_labels
import generation
import generation_tables
import importance
import imputation
import inpainting
import k_sparse
import likelihood
import maps
import pace
import probe
import scale
import series
import series_anomaly
import serving
import speed
import stacked
import text

# The order is that of cost: the first answers in seconds, the last in tens of minutes.
BENCHMARKS: dict[str, Callable[[], None]] = {
    "speed-table": partial(speed.main, ["table"]),
    "speed-vae": partial(speed.main, ["vae"]),
    "speed-conv": partial(speed.main, ["conv"]),
    "speed-backbones": partial(speed.main, ["backbones"]),
    "ensemble": partial(ensemble.main, []),
    "cost": partial(cost.main, []),
    "pace": pace.main,
    "adversarial": partial(adversarial.main, []),
    "contractive": partial(contractive.main, []),
    "conditional": partial(conditional.main, []),
    "denoiser": partial(denoiser.main, []),
    "denoising": partial(denoising.main, []),
    "denoising-sounds": partial(denoising_sounds.main, []),
    "inpainting": partial(inpainting.main, []),
    "few-labels": partial(few_labels.main, []),
    "series": partial(series.main, []),
    "serving": partial(serving.main, []),
    "compression-adult": partial(compression.main, ["adult"]),
    "compression-random": partial(compression.main, ["random"]),
    "big-table": partial(big_table.main, []),
    "scale-together": partial(scale.main, ["together"]),
    "scale-stream": partial(scale.main, ["stream"]),
    "likelihood-short": partial(likelihood.main, ["short"]),
    "likelihood-weighted": partial(likelihood.main, ["weighted"]),
    "importance": partial(importance.main, []),
    "synthetic": partial(generation_tables.main, ["adult"]),
    "synthetic-credit": partial(generation_tables.main, ["credit", "--seeds", "1", "--alone"]),
    "k-sparse-gather": partial(k_sparse.main, ["gather"]),
    "k-sparse-digits": partial(k_sparse.main, ["digits"]),
    "k-sparse-activations": partial(k_sparse.main, ["activations"]),
    "text": partial(text.main, []),
    "stacked": partial(stacked.main, []),
    "generation": partial(generation.main, ["mnist", "--epochs", "30"]),
    "generation-fashion": partial(generation.main, ["fashion", "--epochs", "5"]),
    "maps": partial(maps.main, []),
    "probe": partial(probe.main, []),
    "imputation": partial(imputation.main, []),
    "anomaly-fraud": partial(anomaly.main, ["fraud"]),
    "anomaly": partial(anomaly.main, []),
    "series-anomaly": partial(series_anomaly.main, []),
    "compression-binary": partial(compression.main, ["binary"]),
    "compression-fashion": partial(compression.main, ["fashion"]),
    "compression-grey": partial(compression.main, ["grey"]),
    "likelihood": partial(likelihood.main, ["full"]),
}

KNOWN = ", ".join(BENCHMARKS)


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare Isthmus with its peers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all, or of {KNOWN}")
    names = parser.parse_args().names or list(BENCHMARKS)
    if unknown := [name for name in names if name not in BENCHMARKS]:
        parser.error(f"no benchmark {', '.join(unknown)}: there are {KNOWN}")
    for name in names:
        BENCHMARKS[name]()


if __name__ == "__main__":
    main()
