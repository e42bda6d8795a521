"""Hyperparameters and sample counts that a training program prints as prose before it trains."""

from __future__ import annotations

import re

_SPLIT = r"(train|val|test)(?:ing|id|idation)?"
_NUMBER = r"(\d{1,3}(?:,\d{3}){1,4}|\d{1,12})(?![\w.%/]|,\d)"
_REAL = r"([-+]?\d{1,12}(?:\.\d{1,12})?(?:e[-+]?\d{1,3})?)(?![\w%/])"
_IS = r"\s{0,3}(?:[:=]|is|of)\s{0,12}"

_WORTH_A_LOOK = re.compile(
    r"epochs|batch|\blr\b|learning|samples|images|examples|size|length|param|class|decay|optimi|dropout|patience|records",
    re.IGNORECASE,
)
_THINGS = r"(?:samples|images|examples|records)"
_SIZES = (
    re.compile(
        rf"\b{_SPLIT}[\s_-]{{1,3}}(?:data)?(?:[\s_-]?set)?[\s_-]{{0,3}}(?:size|length|{_THINGS}){_IS}{_NUMBER}",
        re.IGNORECASE,
    ),
    re.compile(rf"\b(?:number|num|no\.?|#)(?:\s?of)?\s{_SPLIT}\s{_THINGS}{_IS}{_NUMBER}", re.IGNORECASE),
)
_COUNTED = (
    re.compile(rf"{_NUMBER}\s(?:samples\sfor\s)?{_SPLIT}\b(?!\s?(?:epoch|step|batch|loss|acc))", re.IGNORECASE),
    re.compile(rf"{_NUMBER}\s(?:{_THINGS}\s)?(?:for|in)\s(?:the\s)?{_SPLIT}", re.IGNORECASE),
)
_KERAS = re.compile(rf"\b(train|validate) on {_NUMBER} samples", re.IGNORECASE)
_NAMED = tuple(
    (name, re.compile(rf"\b{words}{_IS}{_REAL}", re.IGNORECASE))
    for name, words in (
        ("epochs", r"(?:num(?:ber)?[\s_](?:of[\s_])?|n_|max_?|total\s)?epochs"),
        ("batch_size", r"(?:total\strain\s|train[_\s])?batch[\s_-]?size(?:\s\([^()]{0,80}\))?"),
        ("learning_rate", r"(?:initial\s|init_?|base_?)?(?:lr|learning[\s_-]rate)"),
        ("weight_decay", r"weight[\s_-]decay"),
        ("dropout", r"dropout(?:[\s_](?:rate|prob))?"),
        ("patience", r"patience"),
        ("n_classes", r"(?:num(?:ber)?[\s_](?:of[\s_])?|n_)?classes"),
        ("n_train", r"num[\s_]examples"),
    )
)
_TRAINABLE = re.compile(rf"(?<!non-)\btrainable param(?:eter)?s{_IS}{_NUMBER}", re.IGNORECASE)
_TOTAL = re.compile(rf"\b(?:total|number of) param(?:eter)?s{_IS}{_NUMBER}", re.IGNORECASE)
_TRAINING_FOR = re.compile(r"\btraining for (\d{1,7}) epochs\b", re.IGNORECASE)
_OPTIMIZER = re.compile(rf"\boptimi[sz]er{_IS}['\"]?([A-Za-z]\w{{1,30}})", re.IGNORECASE)
_BELONGING = re.compile(r"\bfound \d{1,9} (?:images|files) belonging to (\d{1,6}) classes", re.IGNORECASE)

Setting = int | float | str


def _number(text: str) -> int | float:
    plain = text.replace(",", "")
    return int(plain) if plain.lstrip("+-").isdigit() else float(plain)


def _counts(line: str) -> dict[str, Setting]:
    found: dict[str, Setting] = {}
    for match in _KERAS.finditer(line):
        found["n_train" if match.group(1).lower() == "train" else "n_val"] = _number(match.group(2))
    for pattern in _SIZES:
        for match in pattern.finditer(line):
            found[f"n_{match.group(1).lower()}"] = _number(match.group(2))
    for pattern in _COUNTED:
        for match in pattern.finditer(line):
            found.setdefault(f"n_{match.group(2).lower()}", _number(match.group(1)))
    return found


def settings_of(line: str) -> dict[str, Setting]:
    """Return what a line of prose states about data and hyperparameters.

    >>> settings_of("Train on 60000 samples, validate on 10000 samples")
    {'n_train': 60000, 'n_val': 10000}
    """
    line = line[:400]
    if not _WORTH_A_LOOK.search(line):
        return {}
    found = _counts(line)
    for name, pattern in _NAMED:
        match = pattern.search(line)
        if match:
            found.setdefault(name, _number(match.group(1)))
    for name, pattern in (("trainable_parameters", _TRAINABLE), ("parameters", _TOTAL), ("epochs", _TRAINING_FOR)):
        match = pattern.search(line)
        if match:
            found[name] = _number(match.group(1))
    belonging = _BELONGING.search(line)
    if belonging:
        found["n_classes"] = int(belonging.group(1))
    optimizer = _OPTIMIZER.search(line)
    if optimizer:
        found["optimizer"] = optimizer.group(1)
    return found
