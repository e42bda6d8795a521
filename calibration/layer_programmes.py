"""Small training programmes, right and wrong, on which the limits of what layers tell are chosen and checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

RATES = {"Adam": (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0), "SGD": (1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0)}


@dataclass(frozen=True)
class Programme:
    """One training. ``fault`` is a code, empty where it is right, ``"by result"`` where its rate's result decides."""

    name: str
    group: str
    fault: str = ""
    task: str = "digits"
    net: tuple[Any, ...] = ("mlp", 2, 64, "relu", "")
    init: str = ""
    optimizer: str = "Adam"
    rate: float = 1e-3
    settings: dict[str, float] = field(default_factory=dict)
    batch: int = 32
    steps: int = 300
    schedule: str = ""
    how: str = ""


def by_rate() -> Iterator[Programme]:
    """Give families over a grid of rates; what each rate comes to decides whether it is right."""
    nets = {
        "mlp relu": ("digits", ("mlp", 2, 64, "relu", ""), 32), "mlp tanh": ("digits", ("mlp", 3, 48, "tanh", ""), 64),
        "mlp wide": ("digits", ("mlp", 1, 512, "relu", ""), 128),
        "mlp batch": ("digits", ("mlp", 4, 64, "relu", "batch"), 64),
        "cnn": ("images", ("cnn", 2, 12, "relu", ""), 32), "cnn batch": ("images", ("cnn", 4, 12, "relu", "batch"), 32),
        "residual": ("digits", ("residual", 4, 48, "relu"), 32), "lstm": ("rows", ("lstm", 1, 48), 32),
        "gru": ("rows", ("gru", 1, 32), 32), "transformer": ("language", ("transformer", 2, 32, "tied", ""), 16),
        "regression": ("friedman", ("mlp", 2, 64, "relu", ""), 32),
        "cancer": ("cancer", ("mlp", 1, 16, "relu", ""), 16),
        "mlp 6": ("digits", ("mlp", 6, 64, "relu", ""), 32), "linear": ("digits", ("mlp", 0, 1, "linear", ""), 32),
    }  # fmt: skip
    for name, (data, net, batch) in nets.items():
        for optimizer, rates in RATES.items():
            for rate in rates:
                momentum = {"momentum": 0.9} if optimizer == "SGD" and name in ("cnn", "residual", "cancer") else {}
                init = "he" if net[0] in ("mlp", "cnn") and net[3] == "relu" else ""
                yield Programme(f"{name} {optimizer} {rate:g}", name, "by result", data, net, init, optimizer, rate,
                                momentum, batch, 300)  # fmt: skip


def right() -> Iterator[Programme]:  # noqa: PLR0915  a list
    """Give programmes without a fault, unusual ones too."""
    p = Programme
    yield p("sigmoid 1", "sigmoid", net=("mlp", 1, 64, "sigmoid"), rate=1e-2)
    yield p("sigmoid 2", "sigmoid", net=("mlp", 2, 64, "sigmoid"), init="glorot", rate=1e-2, steps=500)
    yield p("sigmoid 3 batch norm", "sigmoid", net=("mlp", 3, 64, "sigmoid", "batch"), rate=1e-2)
    yield p("deep linear 8", "deep linear", net=("mlp", 8, 64, "linear"), init="orthogonal")
    yield p("deep linear 20", "deep linear", net=("mlp", 20, 64, "linear"), init="orthogonal", rate=3e-4)
    yield p("deep relu he 10", "deep relu", net=("mlp", 10, 96, "relu"), init="he")
    yield p("deep relu he 20", "deep relu", net=("mlp", 20, 96, "relu"), init="he", rate=3e-4, steps=500)
    yield p("deep tanh 12", "deep tanh", net=("mlp", 12, 64, "tanh"), init="glorot", rate=5e-4)
    yield p("deep batch norm 12", "deep batch", net=("mlp", 12, 64, "relu", "batch"))
    yield p("deep layer norm 16", "deep layer", net=("mlp", 16, 64, "gelu", "layer"))
    yield p("residual 20", "deep residual", net=("residual", 20, 48, "relu"), rate=3e-4)
    yield p("residual 12 SGD", "deep residual", net=("residual", 12, 48, "relu"), optimizer="SGD", rate=3e-2)
    yield p("selu 12", "selu", net=("mlp", 12, 64, "selu"), init="lecun", rate=5e-4)
    yield p("leaky 8", "leaky", net=("mlp", 8, 64, "leaky"), init="he")
    yield p("cnn 8 he", "deep cnn", task="images", net=("cnn", 8, 16, "relu"), init="he")
    yield p("cnn 8 batch", "deep cnn", task="images", net=("cnn", 8, 16, "relu", "batch"))
    yield p("cnn 4 default", "cnn default", task="images", net=("cnn", 4, 12, "relu"))
    yield p("cnn gelu", "cnn gelu", task="images", net=("cnn", 3, 12, "gelu"))
    yield p("cnn SGD decay", "cnn sgd", "", "images", ("cnn", 3, 12, "relu", "batch"), "he", "SGD", 0.1,
            {"momentum": 0.9, "weight_decay": 5e-4})  # fmt: skip
    for depth in (1, 2, 3):
        yield p(f"lstm {depth}", "lstm right", task="rows", net=("lstm", depth, 32), rate=3e-3)
        yield p(f"rnn {depth}", "rnn right", task="rows", net=("rnn", depth, 32))
    yield p("gru clipped", "gru right", task="rows", net=("gru", 2, 32), rate=1e-2, how="clip")
    for act in ("tied", ""):
        yield p(f"language {act}", "language", task="language", net=("transformer", 3, 32, act), rate=3e-3, batch=16)
        yield p(f"language AdamW {act}", "language", "", "language", ("transformer", 2, 48, act), "", "AdamW", 1e-3,
                {"weight_decay": 0.1}, 16)  # fmt: skip
    yield p("text sparse embedding", "text", task="text", net=("transformer", 2, 32, "pooled"))
    yield p("text no norm", "text", task="text", net=("transformer", 1, 32, "pooled", "bare"))
    yield p("warm-up tiny rates", "warm-up", schedule="warm-up", steps=300)
    yield p("long warm-up transformer", "warm-up", task="language", net=("transformer", 3, 32, "tied"), rate=1e-2,
            schedule="warm-up", batch=16)  # fmt: skip
    yield p("cosine to nothing", "schedule", rate=3e-3, schedule="cosine", steps=600)
    yield p("cosine SGD", "schedule", optimizer="SGD", rate=0.3, schedule="cosine", steps=600)
    yield p("one cycle", "schedule", rate=1e-2, schedule="one cycle", steps=400)
    yield p("full batch", "full batch", batch=1797, optimizer="SGD", rate=0.5)
    yield p("full batch Adam", "full batch", batch=1797)
    yield p("batch of 2", "tiny batch", batch=2, rate=3e-4, steps=1500)
    yield p("batch of 1 SGD", "tiny batch", batch=1, optimizer="SGD", rate=1e-2, steps=1500)
    yield p("memorised 64", "converged", task="few", steps=2000, rate=3e-3)
    yield p("memorised 64 SGD", "converged", task="few", steps=2000, rate=0.3, optimizer="SGD")
    yield p("memorised cnn", "converged", task="images", net=("cnn", 2, 16, "relu"), steps=1200, rate=2e-3)
    yield p("frozen backbone", "frozen", net=("mlp", 4, 64, "relu", "layer"), how="frozen", rate=3e-3)
    yield p("frozen random features", "frozen", net=("mlp", 1, 256, "relu"), how="frozen", rate=3e-3)
    yield p("fine-tuned slowly", "fine-tuned", net=("mlp", 3, 64, "relu"), how="pretrained", rate=1e-4)
    yield p("fine-tuned two rates", "fine-tuned", net=("mlp", 3, 64, "relu"), how="two rates", rate=1e-3)
    yield p("head then all slowly", "fine-tuned", net=("mlp", 3, 64, "relu"), how="head then slowly", rate=1e-3)
    yield p("GAN", "gan", how="gan", rate=1e-3, steps=400)
    yield p("GAN slow", "gan", how="gan", rate=2e-4, steps=400)
    yield p("autoencoder", "autoencoder", how="autoencoder", net=("mlp", 3, 32, "relu"))
    yield p("autoencoder tanh", "autoencoder", how="autoencoder", net=("mlp", 4, 24, "tanh"))
    yield p("zero head", "zero head", net=("mlp", 3, 64, "relu"), init="zero head")
    yield p("zero head residual", "zero head", net=("residual", 4, 48, "relu"), init="zero head")
    yield p("dropout half", "dropout right", net=("mlp", 2, 128, "relu", "0.5"))
    yield p("dropout cnn", "dropout right", task="images", net=("cnn", 3, 16, "relu"))
    yield p(
        "AdamW default", "decay right", net=("mlp", 3, 64, "relu"), optimizer="AdamW", settings={"weight_decay": 0.01}
    )
    yield p("AdamW 0.1", "decay right", net=("mlp", 3, 64, "relu", "layer"), optimizer="AdamW",
            settings={"weight_decay": 0.1}, steps=1000)  # fmt: skip
    yield p("SGD 5e-4 converged", "decay right", "", "few", ("mlp", 2, 64, "relu"), "he", "SGD", 0.1,
            {"weight_decay": 5e-4, "momentum": 0.9}, 32, 2000)  # fmt: skip
    yield p("rare class", "rare", task="rare", net=("mlp", 1, 16, "relu"), batch=16)
    yield p("rare class deeper", "rare", task="rare", net=("mlp", 3, 32, "relu"), batch=16)
    yield p("no signal", "no signal", task="random", net=("mlp", 2, 32, "relu"))
    yield p("no signal cnn-like", "no signal", task="random", net=("mlp", 4, 32, "relu", "batch"), rate=3e-4)
    yield p("no signal regression", "no signal", task="noise", net=("mlp", 2, 32, "relu"), rate=3e-4)
    yield p(
        "large targets Adam", "large targets", task="large targets", net=("mlp", 2, 64, "relu"), rate=3e-2, steps=1000
    )
    yield p("friedman tanh", "friedman right", task="friedman", net=("mlp", 2, 32, "tanh"), rate=3e-3)
    yield p("friedman SGD", "friedman right", task="friedman", net=("mlp", 2, 32, "relu"), optimizer="SGD", rate=5e-2)
    yield p("few steps", "short", steps=40)
    yield p("few steps deep", "short", net=("mlp", 6, 64, "relu"), steps=40)
    yield p("RMSprop", "other optimizers", optimizer="RMSprop")
    yield p("Adagrad", "other optimizers", optimizer="Adagrad", rate=1e-2)
    yield p("gradient of a sum", "other optimizers", optimizer="SGD", rate=1e-3, how="sum")
    yield p("tiny net", "tiny", task="cancer", net=("mlp", 1, 2, "tanh"), rate=1e-2)
    yield p("tiny relu", "tiny", task="cancer", net=("mlp", 2, 8, "relu"), rate=1e-2)


def wrong() -> Iterator[Programme]:  # noqa: C901, PLR0912  a list
    """Give programmes with one fault, by the code that should name it."""
    p = Programme
    for depth, act in ((8, "sigmoid"), (12, "sigmoid"), (6, "sigmoid"), (20, "sigmoid")):
        for optimizer, rate in (("SGD", 0.05), ("Adam", 1e-3), ("SGD", 0.3)):
            yield p(f"deep {act} {depth} {optimizer} {rate:g}", f"vanish {act} {depth}", "UNF303",
                    net=("mlp", depth, 64, act), optimizer=optimizer, rate=rate)  # fmt: skip
    for depth in (12, 20):
        yield p(f"deep relu default {depth}", "vanish relu", "UNF303", net=("mlp", depth, 64, "relu"), optimizer="SGD",
                rate=0.05)  # fmt: skip
        yield p(f"deep tanh small {depth}", "vanish tanh", "UNF303|PRG913", net=("mlp", depth, 64, "tanh"),
                init="normal 0.02", optimizer="SGD", rate=0.1)  # fmt: skip
        yield p(
            f"deep cnn default {depth}", "vanish cnn", "UNF303", "images", ("cnn", depth, 12, "relu"), "", "SGD", 0.05
        )
        yield p(f"deep relu large {depth}", "explode relu", "INS504|PRG913", net=("mlp", depth, 64, "relu"),
                init="normal 0.4", optimizer="SGD", rate=1e-2)  # fmt: skip
        yield p(f"deep linear large {depth}", "explode linear", "INS504|PRG913", net=("mlp", depth, 64, "linear"),
                init="normal 0.4", optimizer="SGD", rate=1e-2)  # fmt: skip
    for rate in (0.5, 3.0):
        yield p(f"dead relu SGD {rate:g}", "dead", "UNF304|LRN605", net=("mlp", 3, 64, "relu"), init="he",
                optimizer="SGD", rate=rate * 4)  # fmt: skip
    for rate in (0.1, 0.3, 1.0):
        yield p(f"dead relu Adam {rate:g}", "dead", "UNF304|LRN605", net=("mlp", 3, 64, "relu"), rate=rate)
        yield p(f"dead cnn Adam {rate:g}", "dead cnn", "UNF304|LRN605", "images", ("cnn", 3, 12, "relu"), rate=rate)
    for bias in (-2.0, -10.0):
        yield p(f"dead by bias {bias:g}", "dead bias", "UNF304", net=("mlp", 3, 64, "relu"), how=f"bias {bias:g}")
    for act in ("sigmoid", "tanh"):
        for scale in ("3", "10"):
            yield p(f"saturated {act} {scale}", f"saturated {act}", "UNF305|PRG913", net=("mlp", 3, 64, act),
                    init=f"normal {scale}", optimizer="SGD", rate=1e-3)  # fmt: skip
        yield p(f"saturated pixels {act}", f"saturated {act}", "UNF305", "pixels", ("mlp", 2, 64, act), "normal 0.5",
                "SGD", 1e-3)  # fmt: skip
    for net in (("mlp", 2, 64, "relu"), ("mlp", 3, 64, "tanh"), ("mlp", 4, 32, "relu")):
        for init in ("zeros", "constant"):
            yield p(f"{init} {net[3]} {net[1]}", f"init {init}", "PRG913", net=net, init=init)
        yield p(f"normal 1 {net[3]} {net[1]}", "init large", "PRG913", net=net, init="normal 1.5", optimizer="SGD",
                rate=1e-4)  # fmt: skip
        yield p(f"normal 1e-4 {net[3]} {net[1]}", "init small", "PRG913", net=net, init="normal 1e-4", optimizer="SGD",
                rate=0.01)  # fmt: skip
    for decay, optimizer, rate in ((10.0, "AdamW", 1e-2), (30.0, "AdamW", 1e-2), (1.0, "SGD", 0.05), (0.3, "SGD", 0.1)):
        yield p(f"decay {decay:g} {optimizer}", "decay wrong", "REG204", net=("mlp", 2, 64, "relu"),
                optimizer=optimizer, rate=rate, settings={"weight_decay": decay})  # fmt: skip
        yield p(f"decay {decay:g} {optimizer} cnn", "decay wrong cnn", "REG204", "images", ("cnn", 3, 12, "relu"), "",
                optimizer, rate, {"weight_decay": decay})  # fmt: skip
    for rate in ("0.95", "0.99"):
        yield p(f"dropout {rate}", "dropout wrong", "REG204", net=("mlp", 3, 64, "relu", rate))
    yield p("detached", "stalled", "PRG914", net=("mlp", 3, 64, "relu"), how="detached")
    yield p("rate of a group 0", "stalled", "PRG914", net=("mlp", 3, 64, "relu"), how="group at 0")
    yield p("frozen but moves", "stalled", "PRG914", net=("mlp", 3, 64, "relu"), how="frozen moves")
    yield p("no step", "stalled", "PRG914", how="no step")
    for rate in (1e-3, 3e-3, 1e-2):
        yield p(f"pretrained fast {rate:g}", "pretrained fast", "LRN607", net=("mlp", 3, 64, "relu"), how="pretrained",
                rate=rate)  # fmt: skip
        yield p(f"head then fast {rate:g}", "pretrained fast", "LRN607", net=("mlp", 3, 64, "relu"),
                how="head then fast", rate=rate)  # fmt: skip


def programmes() -> Iterator[Programme]:
    """Give all programmes."""
    yield from by_rate()
    for made in right():
        yield made
        if made.how in ("", "clip") and made.steps <= 600:
            yield replace(made, name=f"{made.name} (batch of {made.batch * 4})", batch=made.batch * 4)
    yield from wrong()
