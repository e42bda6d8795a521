"""Ask one library about pairs of samples of vectors; run with the Python that has it. JSON lines, one a question.

VENV/bin/python benchmarks/embedding_worker.py alibi-mmd features mean 1000 512 0 20
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from embedding_scenarios import Singles, draw

Method = Callable[[Singles, Singles], float]


def diagnose_method() -> Method:
    """Our combined decision."""
    from diagnose.stats.many_dimensions import compare_rows  # noqa: PLC0415

    return lambda x, y: compare_rows(x, y, np.random.default_rng(0)).p


def alibi_mmd() -> Method:
    """alibi-detect's kernel test: median bandwidth, 100 permutations, its defaults."""
    from alibi_detect.cd import MMDDrift  # noqa: PLC0415

    return lambda x, y: float(MMDDrift(x, backend="pytorch").predict(y)["data"]["p_val"])


def alibi_classifier() -> Method:
    """alibi-detect's classifier test, with scikit-learn's logistic regression in five folds."""
    from alibi_detect.cd import ClassifierDrift  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    def method(x: Singles, y: Singles) -> float:
        model = LogisticRegression(C=0.01, max_iter=200)
        return float(ClassifierDrift(x, model, backend="sklearn", n_folds=5).predict(y)["data"]["p_val"])

    return method


def alibi_ks() -> Method:
    """alibi-detect's Kolmogorov-Smirnov test of each coordinate with Bonferroni's correction, its default."""
    from alibi_detect.cd import KSDrift  # noqa: PLC0415

    return lambda x, y: float(min(1.0, KSDrift(x).predict(y)["data"]["p_val"].min() * x.shape[1]))


def frouros_mmd() -> Method:
    """Frouros' kernel test with 100 permutations in this process."""
    from frouros.callbacks import PermutationTestDistanceBased  # noqa: PLC0415
    from frouros.detectors.data_drift import MMD  # noqa: PLC0415

    def method(x: Singles, y: Singles) -> float:
        test = PermutationTestDistanceBased(num_permutations=100, random_state=0, num_jobs=1, name="test")
        detector = MMD(callbacks=[test])
        detector.fit(X=x)
        return float(detector.compare(X=y)[1]["test"]["p_value"])

    return method


def torchdrift_mmd() -> Method:
    """Torchdrift's kernel test: median bandwidth, its default number of permutations."""
    import torch  # noqa: PLC0415
    from torchdrift.detectors import KernelMMDDriftDetector  # noqa: PLC0415

    def method(x: Singles, y: Singles) -> float:
        detector = KernelMMDDriftDetector()
        detector.fit(torch.from_numpy(x))
        return float(detector.compute_p_value(torch.from_numpy(y)))

    return method


METHODS: dict[str, Callable[[], Method]] = {
    "diagnose": diagnose_method,
    "alibi-mmd": alibi_mmd,
    "alibi-classifier": alibi_classifier,
    "alibi-ks": alibi_ks,
    "frouros-mmd": frouros_mmd,
    "torchdrift-mmd": torchdrift_mmd,
}


def main() -> None:
    """Print one line a draw: the p-value and CPU seconds."""
    name, world, scenario, *numbers = sys.argv[1:]
    n, d, start, stop = map(int, numbers)
    method = METHODS[name]()
    method(*draw("none", world, 50, 16, number=1))  # what is imported or compiled once is not the method's time
    for number in range(start, stop):
        first, second = draw(scenario, world, n, d, number=number)
        begun = time.process_time()
        p = method(first, second)
        took = time.process_time() - begun
        print(json.dumps({"method": name, "world": world, "scenario": scenario, "n": n, "d": d, "draw": number,
                          "p": p, "cpu_seconds": round(took, 4)}), flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
