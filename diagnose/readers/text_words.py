"""The words that stand before a number on a line: which loss or score they name, and which split they state."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_SPLIT_OF = dict.fromkeys(("train", "training", "trn"), "train")
_SPLIT_OF |= dict.fromkeys(("val", "valid", "validation", "dev", "eval", "evaluation", "evaluating"), "val")
_SPLIT_OF |= dict.fromkeys(("test", "testing"), "test")
_SPLIT_OF |= {"训练": "train", "验证": "val", "测试": "test"}
_SPLIT_WORD = re.compile(
    r"(?<![\w/.'-])(train(?:ing)?|trn|val(?:id(?:ation)?)?|dev|eval(?:uat(?:ion|ing))?|test(?:ing)?)(?![\w/'-]|\.\w)",
    re.IGNORECASE,
)
_JOINED_SPLIT = re.compile(r"^([Tt]rain(?:ing)?|[Vv]al(?:id(?:ation)?)?|[Tt]est|[Ee]val)(?=[A-Z])")
_METRICS = frozenset(
    (
        *("loss", "losses", "acc", "accuracy", "error", "err", "cost", "objective", "nll", "logloss", "mlogloss"),
        *("merror", "logits", "score", "mse", "mae", "rmse", "mape", "smape", "msle", "rmsle", "f1", "auc"),
        *("auroc", "auprc", "aucpr", "ap", "map", "precision", "recall", "iou", "miou", "dice", "jaccard"),
        *("specificity", "sensitivity", "perplexity", "ppl", "bleu", "rouge", "meteor", "cider", "wer", "cer"),
        *("r2", "kappa", "mcc", "psnr", "ssim", "lpips", "fid", "elbo", "kl", "kld", "hinge", "bce", "ce"),
        *("crossentropy", "ndcg", "mrr", "hit", "top1", "top5", "balanced_accuracy", "bpb", "bpc", "l1", "l2"),
        *("huber", "quantile", "eer", "spearman", "pearson"),
    )
)
_METRIC_WORD = re.compile(r"(?:\w*(?:loss|accuracy|_acc|error)|acc\d*|f1\w*|map\d*|m?iou\d*|top\d+|auc\w*|prec\d*)$")
_FILLER = frozenset(
    (
        *("avg", "average", "mean", "overall", "current", "running", "set", "is", "epoch", "with", "and", "the"),
        *("on", "in", "for", "of", "finished", "done", "data", "dataset", "=", "-", "->", "=>", "*"),
        *("mini-batch", "batch", "final"),
    )
)
_NEVER = frozenset(
    (
        *("best", "eta", "time", "elapsed", "remaining", "duration", "took", "speed", "improvement", "memory"),
        *("mem", "patience", "version", "v_num", "counter"),
    )
)
_HARD = re.compile(r"[,;|\t()\[\]{}]|\s[-–—*•]{1,3}(?:\s|$)|\s{4,}|\.\s|>>|:\s|=\s|(?<=\w)[:=](?=\w)")
_LETTER = re.compile(r"[^\W\d_]")
_PARENTHESIS = re.compile(r"\s?\(([^()]{0,24})\)$")


@dataclass(frozen=True, slots=True)
class Zone:
    """What the text before a number says: the value's name, the split it states, a quantity that heads the line."""

    name: str = ""
    split: str = ""
    named_split: bool = False
    known: bool = False
    heading: str = ""


def is_metric(name: str) -> bool:
    """Whether a column name holds a word for a loss or score."""
    words = re.split(r"[\W_]+", name.lower())
    return any(word in _METRICS for word in words) or any(_METRIC_WORD.match(word) for word in words)


def column_name(words: str) -> tuple[str, str]:
    """Return the column name for logged words, and the split they state as a word of their own.

    >>> column_name("Validation Loss")
    ('val_loss', 'val')
    >>> column_name("val_loss")
    ('val_loss', '')
    """
    split, kept = "", []
    for word in words.split():
        bare = word.strip(".:'\"*")
        lower = _JOINED_SPLIT.sub(r"\1_", bare).lower().replace("'s", "").replace("-", "_")
        if lower in _SPLIT_OF:
            split = split or _SPLIT_OF[lower]
        elif lower and lower not in _FILLER:
            kept.append(lower)
    name = "_".join(kept)
    joined, _, rest = name.partition("_")
    if rest and joined in {"validation", "valid", "training"} and not split:
        name = f"{_SPLIT_OF[joined]}_{rest}" if is_metric(rest) and not rest[0].isdigit() else name
    if split and name and not name.startswith(("train_", "val_", "test_")):
        name = f"{split}_{name}"
    return name, split


def _name_of(body: str, *, marked: bool) -> tuple[str, str]:
    """Return name and split from the text before a separator; a name without a separator must be all metric words."""
    words = [word for word in body.split() if not word.startswith("/")]
    if any(word.lower().strip(".:!") in _NEVER or word.lower().startswith("best") for word in words):
        return "", ""
    plain = [w for w in words if w.lower() in _SPLIT_OF or w.lower() in _FILLER or is_metric(w)]
    if len(words) > 4 or (not marked and len(plain) < len(words)):
        if not marked:
            return "", ""
        tail: list[str] = []
        for word in reversed(words):
            if word not in plain:
                break
            tail.insert(0, word)
        words = tail
    return column_name(" ".join(words))


@lru_cache(maxsize=8192)
def zone(text: str) -> Zone:
    """Understand the text between two numbers."""
    found = [match.group(1).lower() for match in _SPLIT_WORD.finditer(text)]
    split = _SPLIT_OF[found[-1]] if found else ""
    body = text.rstrip(" \t:=|~-–—>≈'\"")
    separator = text[len(body) :]
    inner = _PARENTHESIS.search(body)
    if inner:
        body = body[: inner.start()]
    segments = _HARD.split(body)
    heading = next((s for s in (_heading(segment) for segment in reversed(segments[:-1])) if s), "")
    marked = ":" in separator or "=" in separator
    if not _LETTER.search(segments[-1]) or (not marked and len(separator) > 4):
        return Zone(split=split, heading=heading)
    name, own = _name_of(segments[-1].strip(" *-–—>'\"#•✓├└│─"), marked=marked)
    if inner and inner.group(1).lower() in _SPLIT_OF and not own and name:
        own = _SPLIT_OF[inner.group(1).lower()]
        name = f"{own}_{name}"
    known = is_metric(name) if name else False
    if len(name) > 60 or name.endswith((".py", ".pt", ".pth", "_time")) or (not known and not marked):
        name = ""
    return Zone(name, split, bool(own), known, heading)


def _heading(segment: str) -> str:
    words = segment.split()
    return column_name(words[-1])[0] if words and is_metric(words[-1]) and len(words) <= 2 else ""


@lru_cache(maxsize=4096)
def states_split(name: str) -> bool:
    """Whether a column name holds a word for a split."""
    return any(word in _SPLIT_OF for word in re.split(r"[\W_]+", name))
