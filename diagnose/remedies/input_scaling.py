"""Inputs as the network, or the backbone within it, expects them."""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.finding import Finding
from diagnose.recording import InputFacts
from diagnose.remedies.case import Case
from diagnose.remedies.faulty_card import card_of, repair
from diagnose.remedies.proposal import Proposal
from diagnose.remedies.wording import Verbatim, snippet

UNSCALED, FOREIGN = "PRG905", "PRG906"
LECUN = "LeCun, Bottou, Orr & Müller (1998), Efficient BackProp, §4.3"
APPLICATIONS = "Keras documentation, keras.applications; torchvision documentation, Models and pre-trained weights"
BYTES = 255.0

RESCALE_PIXELS = {
    "keras": """\
inputs = keras.Input($shape)
outputs = model(keras.layers.Rescaling(1 / $high)(inputs))
model = keras.Model(inputs, outputs)  # compile it as before; nothing is rescaled elsewhere""",
    "torch": "loss = criterion(model(x / $high), y)  # and the same for validation; or transforms.ToTensor()",
    "lightning": "loss = self.criterion(self(x / $high), y)  # and the same for validation",
    "transformers": "data = data.with_transform(lambda rows: processor(rows[$column], return_tensors=$tensors))",
}
STANDARDISE = {
    "keras": """\
normalise = keras.layers.Normalization()
normalise.adapt(x_train)  # of training alone
inputs = keras.Input(x_train.shape[1:])
model = keras.Model(inputs, model(normalise(inputs)))  # compile it as before""",
    "torch": """\
mean, std = x_train.mean(0), x_train.std(0) + 1e-8  # of training alone
x_train, x_val = (x_train - mean) / std, (x_val - mean) / std""",
    "lightning": """\
mean, std = x_train.mean(0), x_train.std(0) + 1e-8  # of training alone
x_train, x_val = (x_train - mean) / std, (x_val - mean) / std""",
}
CLEAN = dict.fromkeys(
    ("keras", "torch", "lightning"),
    "print(np.argwhere(~np.isfinite(x_train))[:10])  # row and column; mend or drop them",
)
OWN_PREPROCESSING = {
    "keras": """\
inputs = keras.Input((None, None, 3))  # images of 0 to 255
outputs = model($preprocess(inputs))
model = keras.Model(inputs, outputs)  # compile it as before; nothing is rescaled elsewhere""",
    "torch": """\
mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
x = (x - mean) / std  # x: 0 to 1; the weights' own values where they say others""",
    "lightning": """\
mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
x = (x - mean) / std  # x: 0 to 1; the weights' own values where they say others""",
    "transformers": """\
processor = transformers.AutoImageProcessor.from_pretrained(name)  # name: the model's
pixels = processor(images, return_tensors="pt")["pixel_values"]""",
}
MODULES = {
    "vgg16": "vgg16", "vgg19": "vgg19", "resnet50v2": "resnet_v2", "resnet101v2": "resnet_v2",
    "resnet152v2": "resnet_v2", "resnet50": "resnet", "resnet101": "resnet", "resnet152": "resnet",
    "mobilenetv2": "mobilenet_v2", "mobilenetv3": "mobilenet_v3", "mobilenet": "mobilenet", "xception": "xception",
    "inceptionresnetv2": "inception_resnet_v2", "inceptionv3": "inception_v3", "densenet": "densenet",
    "efficientnetv2": "efficientnet_v2", "efficientnet": "efficientnet", "nasnet": "nasnet", "convnext": "convnext",
    "regnet": "regnet",
}  # fmt: skip
"""Modules of `keras.applications` by the beginning of an architecture's name, the longer ones first."""


def input_scaling(case: Case) -> Iterator[Proposal]:
    """Propose to scale inputs, or to prepare images as the backbone's own preprocessing does."""
    finding = case.found(FOREIGN)
    if finding is not None and case.shows(FOREIGN):
        yield _own(case, finding)
    finding = case.found(UNSCALED)
    if finding is not None and case.shows(UNSCALED):
        yield _scaled(case, finding)


def _scaled(case: Case, finding: Finding) -> Proposal:
    inputs: tuple[InputFacts, ...] = (case.measure("input_facts") or {}).get("train", ())
    facts = next((one for one in inputs if repr(one.name) in finding.claim), inputs[0] if inputs else None)
    if "no finite numbers" in finding.claim:
        return repair("finite_inputs", finding, "Find the inputs that are not finite", {"check_finite": "inputs"},
                      snippet(CLEAN, case.dialect), LECUN, case)  # fmt: skip
    if facts is not None and facts.kind == "image" and facts.high > 1:
        high = max(BYTES, facts.high)
        code = snippet(RESCALE_PIXELS, case.dialect, shape=Verbatim(repr(facts.shape)), high=Verbatim(f"{high:g}"),
                       column="image", tensors="pt")  # fmt: skip
        return repair("scale", finding, f"Divide the images by {high:g}", {"divide_inputs": high}, code, LECUN, case)
    return repair("scale", finding, "Standardise the inputs with training's mean and deviation",
                  {"standardise": "inputs"}, snippet(STANDARDISE, case.dialect), LECUN, case)  # fmt: skip


def _own(case: Case, finding: Finding) -> Proposal:
    card = card_of(case, finding)
    named = next(iter(card.backbones.values()), "") if card is not None else ""
    plain = named.lower().replace("_", "").replace("-", "")
    module = next((place for beginning, place in MODULES.items() if plain.startswith(beginning)), "")
    if not module and (case.framework == "keras" or not named):
        code = ""
    else:
        code = snippet(
            OWN_PREPROCESSING, case.dialect, preprocess=Verbatim(f"keras.applications.{module}.preprocess_input")
        )
    words = f"keras.applications.{module}.preprocess_input" if module and case.framework == "keras" else (
        "the transforms of its weights" if named else "as its own training did")  # fmt: skip
    title = f"Prepare inputs as {named or 'the pretrained part'} was pretrained on them: {words}"
    return repair("scale", finding, title, {"preprocess": named}, code, APPLICATIONS, case)
