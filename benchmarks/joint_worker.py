"""Ask alibi-detect's classifier test about tables; run with a Python that has it. JSON lines, one a draw.

VENV/bin/python benchmarks/joint_worker.py "correlation only" 1000 20
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parent))
from shift_scenarios import Table, draw


def matrix(table: Table) -> npt.NDArray[np.float32]:
    """Return numbers and one column of zeros and ones for each level that the scenarios may have."""
    levels = {name: range(100 if name == "c1" else 40) for name in table.categories}
    indicators = [codes[:, None] == np.array(levels[name]) for name, codes in table.categories.items()]
    return np.hstack([np.column_stack(list(table.numbers.values())), *indicators]).astype(np.float32)


def main() -> None:
    """Print one line a draw: the p-value and CPU seconds."""
    from alibi_detect.cd import ClassifierDrift  # noqa: PLC0415
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415

    scenario, rows, draws = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    for number in range(draws):
        first, second = (matrix(table) for table in draw(scenario, rows, number=number))
        begun = time.process_time()
        # the trees that COV115 grows, in five folds, its default
        model = HistGradientBoostingClassifier(max_iter=30, max_leaf_nodes=8, random_state=0)
        test = ClassifierDrift(first, model, backend="sklearn", preds_type="probs", binarize_preds=False, n_folds=5)
        p = float(test.predict(second)["data"]["p_val"])
        took = round(time.process_time() - begun, 3)
        print(json.dumps({"scenario": scenario, "n": rows, "draw": number, "p": p, "cpu_seconds": took}), flush=True)


if __name__ == "__main__":
    main()
