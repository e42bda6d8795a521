"""Training rows get weights under which they resemble the validation rows, where enough of them still count."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from diagnose.data import Split
from diagnose.finding import Basis, Cause, Measured, Remedy
from diagnose.measurements import SPLITS
from diagnose.measures.importance_weights import ImportanceWeights, importance_weights
from diagnose.remedies.case import Case
from diagnose.remedies.places import FOLDER, file_of, named_rows, row_header
from diagnose.remedies.proposal import TOWARDS_VALIDATION, Effort, Proposal
from diagnose.remedies.row_files import Cell, RowFile
from diagnose.remedies.symptoms import INPUTS_MOVED
from diagnose.remedies.wording import counted, snippet

WEIGHTS_FILE = "train_weights.csv"
LEAST_EFFECTIVE = 0.1
"""Share of the training rows that still count: below, the weighted loss varies as if nine in ten rows were lost, and
that costs more than most shifts do."""
LEAST_ROWS = 100
"""That still count."""
CLOSE = 0.1
"""Standard deviations: means that weights leave further apart are out of training's reach."""
SHIMODAIRA = (
    "Shimodaira (2000), Improving predictive inference under covariate shift by weighting the log-likelihood function; "
    "Kish (1965), Survey Sampling: effective sample size"
)

_LOAD = 'weights = np.loadtxt($file, delimiter=",", skiprows=1, usecols=1)  # one a training row, in order\n'
SAMPLER = """\
sampler = torch.utils.data.WeightedRandomSampler(torch.as_tensor(weights), num_samples=len(weights))
train_loader = torch.utils.data.DataLoader(train_data, batch_size=train_loader.batch_size, sampler=sampler)"""
WEIGH = {
    "generic": f"{_LOAD}model.fit(x_train, y_train, sample_weight=weights)",
    "keras": f"{_LOAD}model.fit(x_train, y_train, sample_weight=weights, validation_data=(x_val, y_val))",
    "torch": f"{_LOAD}{SAMPLER}",
    "lightning": f"{_LOAD}{SAMPLER}\ntrainer.fit(model, train_loader)",
    "xgboost": f"{_LOAD}train_data = xgboost.DMatrix(x_train, y_train, weight=weights)",
    "lightgbm": f"{_LOAD}train_data = lightgbm.Dataset(x_train, y_train, weight=weights)",
    "catboost": f"{_LOAD}train_data = catboost.Pool(x_train, y_train, weight=weights)",
}


def reweighting(case: Case) -> Iterator[Proposal]:
    """Propose weights for a shift of the inputs that is no fault of preparation and costs something."""
    train = case.rows_of("train")
    moved = any(case.shows(code) for code in INPUTS_MOVED)
    if train is None or not case.held_out or not moved or case.is_prepared_otherwise:
        return
    found = case.computed(importance_weights)
    if found is None or is_thin(found):
        return
    yield _weigh(case, train, found)


def is_thin(found: ImportanceWeights) -> bool:
    """Whether too few training rows lie where the validation rows do."""
    return found.share < LEAST_EFFECTIVE or found.effective < LEAST_ROWS or found.after > CLOSE


def _weigh(case: Case, train: Split, found: ImportanceWeights) -> Proposal:
    words = SPLITS[found.split]
    dialect = case.dialect if case.dialect in WEIGH else "generic"
    told = "" if case.folder else f"# the file is written by: diagnose audit … --remedy-files {FOLDER}/\n"
    outside = f"; {found.outside:.1%} of the {words} rows are of categories that it lacks" if found.outside else ""
    n_columns = len(found.columns)
    means = f"the means and spreads of {counted(n_columns)} column{'s' if n_columns > 1 else ''}"
    remedy = Remedy(
        {"sample_weights": {"file": WEIGHTS_FILE, "towards": found.split, "effective_rows": round(found.effective)}},
        f"Weight the training rows towards {words}: {counted(found.n)} rows then count as "
        f"{counted(round(found.effective))}",
        f"weights bring {means} to those of {words} ({found.worst} is off by {found.before:.2f} standard "
        f"deviations now, by {found.after:.2f} at most then){outside}",
        (Cause.COVARIATE_SHIFT,),
        Basis.ESTIMATED,
        source=SHIMODAIRA,
        code=told + snippet(WEIGH, dialect, file=file_of(case, WEIGHTS_FILE)),
        framework=case.framework or "python",
        effect=Measured("training rows that count, weighted (Kish)", found.effective, "rows"),
        cost="one more run, with the noise of fewer rows",
    )
    return Proposal(remedy, "sample_weights", TOWARDS_VALIDATION, Effort.RUN, files=(_file(train, case, found),))


def _file(train: Split, case: Case, found: ImportanceWeights) -> RowFile:
    held = case.held_out[0]

    def rows() -> Iterator[tuple[Cell, ...]]:
        weights = [float(f"{weight:.6g}") for weight in found.of_rows(train, held).tolist()]
        for row in named_rows(train, np.arange(train.n), weights):
            yield (row[0], row[-1], *row[1:-1])

    what = f"A weight for each training row, 1 on average, under which they resemble the {SPLITS[held.name]} rows."
    return RowFile(WEIGHTS_FILE, what, ("row", "weight", *row_header(train)[1:]), rows)
