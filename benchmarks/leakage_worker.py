"""What cleanlab makes of labels: run by leakage.py with the interpreter of an environment that has it.

    python benchmarks/leakage_worker.py DATA.npz

``DATA.npz`` holds inputs ``x`` and the labels given, ``y``. Prints the rows named, as JSON, and CPU seconds.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
from cleanlab.filter import find_label_issues
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def main() -> None:
    """Predict out of fold by the better of two models, and ask cleanlab with its own settings."""
    with np.load(sys.argv[1]) as held:
        x, y = held["x"], held["y"]
    start = time.process_time()
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    models = (
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        ExtraTreesClassifier(200, min_samples_leaf=2, random_state=0),
    )
    predicted = [cross_val_predict(model, x, y, cv=folds, method="predict_proba") for model in models]
    best = max(predicted, key=lambda p: float((p.argmax(1) == y).mean()))
    rows = find_label_issues(y, best, return_indices_ranked_by="self_confidence", n_jobs=1)
    print(json.dumps({"rows": np.asarray(rows).tolist(), "cpu": round(time.process_time() - start, 2)}))


if __name__ == "__main__":
    main()
