"""PRG906: images are not prepared as the pretrained backbone was trained on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, CONTRADICTED, NotApplicable, Passed
from diagnose.analyzers.faults import Fault, finding
from diagnose.data import SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Finding, Measured, Severity
from diagnose.measures.backbones import Backbone, backbones, loaded_part
from diagnose.measures.preprocessing import SCALE, Prepared, first_statistics, in_front_of, prepared, rescaled, wanted
from diagnose.measures.programme import Programme
from diagnose.model_card import ModelCard
from diagnose.recording import InputFacts, Recording
from diagnose.run import Context


@dataclass(frozen=True)
class ForeignPreprocessing:
    """Images are not prepared as the pretrained backbone was trained on them.

    ## What it detects

    A pretrained backbone whose images come in another range than its own `preprocess_input` (or the transforms of its
    weights) gives them: 0 to 1 for VGG16, which takes BGR values less ImageNet's mean; 0 to 255 divided by 255 before
    an EfficientNet that does so itself.

    ## Why it matters

    A frozen backbone computes features of something it has never seen; a trained one spends its first epochs on
    unlearning the difference.

    ## The evidence

    The architecture, whether its weights began as loaded ones, what the model itself does in front of it, and the range
    of the images. A second witness is the first BatchNorm: statistics that it brought along, against those of the
    batches; where they agree the preprocessing is right, whatever the range looks like. RGB and BGR cannot be told
    apart.

    ## What to do

    The backbone's own preprocessing, for training, validation and deployment alike, best inside the model.

    ## References

    - Keras documentation, keras.applications: preprocess_input of each architecture
    - torchvision documentation, Models and pre-trained weights: weights.transforms()

    """

    code: ClassVar[str] = "PRG906"
    cause: ClassVar[Cause] = Cause.TRAINING_PROGRAM

    certainty: float = 0.9
    """Where range and origin are both known; data that are dark or of few values look like another range."""
    alone: float = 0.75
    """The same without a BatchNorm as second witness, for weights whose origin the framework does not tell: people
    load weights of their own too. A judgement."""
    agreeing_shift: float = 1.0
    """Running deviations by which channel means of other photographs differ at most, as they do between data sets."""
    foreign_shift: float = 3.0
    """Running deviations beyond any photograph's: the three-sigma rule."""
    foreign_scale: float = 20.0
    """Factor of the variance: four and a half times too large or small, where preparations differ 2- to 127-fold."""

    def check(
        self,
        programme: Programme,
        context: Context,
        input_facts: Mapping[SplitName, tuple[InputFacts, ...]] | None = None,
        recording: Recording | None = None,
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Judge every recognised backbone."""
        card = programme.last
        found = backbones(card, programme, context)
        loaded = loaded_part(programme) if not found else None
        if loaded is not None:
            witness = first_statistics(recording.layers if recording is not None else None, loaded)
            if witness is not None and self._is_foreign(witness):
                fault = self._of_witness(loaded, witness)
                yield finding(self.code, self.cause, programme, fault, list(programme.phases))
                return
        if not found:
            yield NotApplicable("no architecture with a preprocessing of its own is recognised in the model")
            return
        pretrained = [backbone for backbone in found if backbone.is_pretrained]
        if not pretrained and any(backbone.is_pretrained is None for backbone in found):
            raise NotEnoughEvidence(f"cannot tell whether {found[0].words} is pretrained",
                                    "say so: --context pretrained=true, or train with a hook")  # fmt: skip
        if not pretrained:
            yield NotApplicable(f"{found[0].words} is trained from scratch: any scale that suits training is right")
            return
        yield from self._judged(programme, card, pretrained[0], self._images(input_facts), recording)

    @staticmethod
    def _images(facts: Mapping[SplitName, tuple[InputFacts, ...]] | None) -> InputFacts | None:
        known = facts or {}
        inputs = known.get("train") or next(iter(known.values()), ())
        return next((one for one in inputs if one.kind == "image"), None)

    def _judged(
        self, programme: Programme, card: ModelCard, backbone: Backbone, images: InputFacts | None,
        recording: Recording | None,
    ) -> Iterator[Finding | Passed | NotApplicable]:  # fmt: skip
        witness = first_statistics(recording.layers if recording is not None else None, backbone)
        if witness is not None and self._agrees(witness):
            yield Passed(f"{backbone.words}: its first BatchNorm sees what it was trained on (shift {witness[1]:.2g}, "
                         f"variance × {witness[2]:.2g})", CONTRADICTED)  # fmt: skip
            return
        if images is not None and not images.reached_as.startswith("the model"):
            seen: InputFacts | None = images
        else:
            seen = rescaled(images, in_front_of(card)) if images is not None else None
        wants = wanted(backbone, card.framework)
        if wants is None and witness is None:
            yield NotApplicable(f"how {backbone.words} was trained on images is not known")
            return
        has = prepared(seen) if seen is not None else Prepared.UNKNOWN
        if seen is not None and wants is not None and has is not Prepared.UNKNOWN:
            if has in wants:
                yield Passed(f"images come as {backbone.words} expects them: {has.value}", ABSENT)
            else:
                fault = self._fault(backbone, wants, has, seen, witness, card.framework)
                yield finding(self.code, self.cause, programme, fault, list(programme.phases))
        elif witness is not None and self._is_foreign(witness):
            yield finding(self.code, self.cause, programme, self._of_witness(backbone, witness), list(programme.phases))
        else:
            raise NotEnoughEvidence(f"how images reach {backbone.words} is not known",
                                    "give the training data, or train with a hook that sees them")  # fmt: skip

    def _agrees(self, witness: tuple[str, float, float]) -> bool:
        return witness[1] < self.agreeing_shift and 1 / 4 < witness[2] < 4

    def _is_foreign(self, witness: tuple[str, float, float]) -> bool:
        return witness[1] > self.foreign_shift or not 1 / self.foreign_scale < witness[2] < self.foreign_scale

    def _fault(
        self, backbone: Backbone, wants: frozenset[Prepared], has: Prepared, seen: InputFacts,
        witness: tuple[str, float, float] | None, framework: str,
    ) -> Fault:  # fmt: skip
        words = " or ".join(sorted(want.value for want in wants))
        ratio = min((max(SCALE[has] / SCALE[want], SCALE[want] / SCALE[has]) for want in wants), default=1.0)
        is_sure = framework == "keras" or (witness is not None and self._is_foreign(witness))
        grave = backbone.is_frozen and ratio > 10
        measured = [
            Measured("least value", seen.low), Measured("largest value", seen.high),
            Measured("width of the range against the expected one", ratio, "times", limit=1.0,
                     limit_reason="as in pretraining"),
        ]  # fmt: skip
        said = (
            f"{backbone.words} was pretrained on images of {words}, but gets {has.value} ({seen.low:.3g} to "
            f"{seen.high:.3g})"
        )
        if witness is not None:
            said += f"; its first BatchNorm sees means {witness[1]:.2g} deviations away"
            measured.append(Measured(f"shift at {witness[0]}", witness[1], "running deviations",
                                     limit=self.foreign_shift, limit_reason="the three-sigma rule"))  # fmt: skip
        return Fault(said, Severity.ERROR if grave else Severity.WARNING,
                     self.certainty if is_sure else self.alone, tuple(measured),
                     tuple(layer.name for layer in backbone.layers[:1]))  # fmt: skip

    def _of_witness(self, backbone: Backbone, witness: tuple[str, float, float]) -> Fault:
        name, shift, scale = witness
        return Fault(
            f"the first BatchNorm of the pretrained {backbone.words}, {name!r}, sees means {shift:.2g} deviations away "
            f"from those it was trained on and {scale:.2g} times their variance",
            Severity.WARNING, 0.8,
            (
                Measured("shift of the means", shift, "running deviations", limit=self.foreign_shift,
                         limit_reason="the three-sigma rule"),
                Measured("variance against the running one", scale, "times", limit=self.foreign_scale,
                         limit_reason="four and a half times the deviation"),
            ),
            (name,),
        )  # fmt: skip
