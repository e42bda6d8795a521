"""A Keras model becomes a card: layers by their names, roles, activations, the loss, the optimizer, what is frozen."""

from __future__ import annotations

import numpy as np
import pytest

from diagnose.journal.records import Staged, decoded, encoded
from diagnose.model_card import Labels, Role, Wants
from diagnose.recording import Stage

pytestmark = pytest.mark.framework
keras = pytest.importorskip("keras")

from diagnose.models.keras_card import card_of  # noqa: E402

layers = keras.layers


def vgg16(classes: int = 10):
    base = keras.applications.VGG16(weights=None, include_top=False, input_shape=(32, 32, 3))
    x = layers.Dense(8, activation="relu", name="dense")(layers.Flatten(name="flatten")(base.output))
    return keras.Model(base.input, layers.Dense(classes, activation="softmax", name="dense_1")(x))


def network(*stack, loss="mse", optimizer="adam", width: int = 4, **compiled):
    model = keras.Sequential([keras.Input((width,)), *stack])
    model.compile(optimizer, loss, **compiled)
    return model


def test_the_learners_model() -> None:
    model = vgg16()
    for layer in model.layers[:-4]:
        layer.trainable = False
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    card = card_of(model)
    assert card.top_level[-4:] == ("block5_pool", "flatten", "dense", "dense_1")
    assert card.backbones == {"": "vgg16"}
    assert [card.layer(n).role for n in ("block1_conv1", "block5_pool", "flatten", "dense")] == [
        Role.CONVOLUTION, Role.POOLING, Role.RESHAPE, Role.DENSE,
    ]  # fmt: skip
    assert card.layers[0].role is Role.INPUT
    assert [layer.name for layer in card.layers if layer.trainable_parameters] == ["dense", "dense_1"]
    assert card.trainable_parameters == card.optimizer.groups[0].parameters == 512 * 8 + 8 + 8 * 10 + 10
    assert card.parameters == model.count_params()
    assert (card.output_width, card.output_activation, card.input_shapes) == (10, "softmax", ((32, 32, 3),))
    assert (card.loss.name, card.loss.wants, card.loss.labels) == (
        "categorical_crossentropy", Wants.PROBABILITIES, Labels.ONE_HOT,
    )  # fmt: skip
    assert card.metrics == ("accuracy",)
    assert card.stale_layers == ()
    assert all(layer.is_initial for layer in card.with_weights())


def test_a_nested_backbone() -> None:
    base = keras.applications.MobileNetV2(weights=None, include_top=False, input_shape=(32, 32, 3))
    base.trainable = False
    model = keras.Sequential([keras.Input((32, 32, 3)), base, layers.GlobalAveragePooling2D(), layers.Dense(1)])
    card = card_of(model)
    name = base.name
    assert card.backbones == {name: "mobilenetv2"}
    assert card.layer(f"{name}/block_16_project").backbone == name
    assert card.top_level[0] == name
    assert not any(layer.trainable_parameters for layer in card.layers if layer.backbone)
    assert card.output_activation == "linear"
    assert card.loss is None
    assert card.optimizer is None
    bn = card.layer(f"{name}/bn_Conv1")
    assert (bn.role, bn.parameters, bn.settings["momentum"]) == (Role.BATCH_NORMALISATION, 64, 0.999)


@pytest.mark.parametrize(
    ("loss", "name", "wants", "labels"),
    [
        ("mse", "mean_squared_error", Wants.VALUES, Labels.VALUES),
        ("MeanAbsoluteError", "mean_absolute_error", Wants.VALUES, Labels.VALUES),
        ("bce", "binary_crossentropy", Wants.PROBABILITIES, Labels.BINARY),
        ("sparse_categorical_crossentropy", "sparse_categorical_crossentropy", Wants.PROBABILITIES, Labels.INDICES),
        ("kld", "kl_divergence", Wants.PROBABILITIES, None),
        ("hinge", "hinge", Wants.VALUES, None),
        (["huber"], "huber", Wants.VALUES, Labels.VALUES),
    ],
)
def test_losses_by_name(loss, name, wants, labels) -> None:
    card = card_of(network(layers.Dense(1), loss=loss))
    assert (card.loss.name, card.loss.wants, card.loss.labels) == (name, wants, labels)


def test_losses_as_objects_and_functions() -> None:
    smooth = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    card = card_of(network(layers.Dense(3), loss=smooth))
    assert (card.loss.name, card.loss.wants) == ("categorical_crossentropy", Wants.LOGITS)
    assert card.loss.settings["label_smoothing"] == pytest.approx(0.1)
    assert card.loss.spelt == "CategoricalCrossentropy()"

    def pinball(y, p):
        return keras.ops.mean(keras.ops.abs(y - p))

    card = card_of(network(layers.Dense(1), loss=pinball))
    assert (card.loss.name, card.loss.wants, card.loss.labels) == ("pinball", None, None)
    card = card_of(network(layers.Dense(1), loss=keras.losses.binary_crossentropy))
    assert card.loss.name == "binary_crossentropy"


@pytest.mark.parametrize(
    ("stack", "activation"),
    [
        (lambda: [layers.Dense(3, activation="softmax")], "softmax"),
        (lambda: [layers.Dense(3), layers.Softmax()], "softmax"),
        (lambda: [layers.Dense(3), layers.Activation("sigmoid"), layers.Reshape((3, 1)), layers.Flatten()], "sigmoid"),
        (lambda: [layers.Dense(3), layers.Dropout(0.5)], "linear"),
        (lambda: [layers.Dense(3), layers.ReLU(max_value=6)], "relu6"),
        (lambda: [layers.Dense(3), layers.LeakyReLU()], "leaky_relu"),
        (lambda: [layers.Dense(3, activation=layers.LeakyReLU())], "leaky_relu"),
        (lambda: [layers.Dense(3, activation="tanh"), layers.BatchNormalization()], "linear"),
        (lambda: [layers.Lambda(lambda x: x)], None),
    ],
)
def test_what_outputs_went_through(stack, activation) -> None:
    assert card_of(network(*stack())).output_activation == activation


def test_an_activation_outside_of_layers() -> None:
    given = keras.Input((4,))
    model = keras.Model(given, keras.ops.softmax(layers.Dense(3)(given)))
    assert card_of(model).output_activation == "softmax"
    model = keras.Model(given, layers.Dense(3)(given) * 2.0)
    assert card_of(model).output_activation is None


def test_optimizers() -> None:
    rate = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    card = card_of(network(layers.Dense(1), optimizer=keras.optimizers.SGD(rate, momentum=0.9, clipnorm=1.0)))
    group = card.optimizer.groups[0]
    assert (card.optimizer.name, card.optimizer.schedule, card.optimizer.clip_norm) == ("SGD", "ExponentialDecay", 1.0)
    assert (group.learning_rate, group.momentum) == (pytest.approx(0.1), pytest.approx(0.9))
    model = network(layers.Dense(2), layers.LayerNormalization(), layers.Dense(1), optimizer=keras.optimizers.AdamW())
    card = card_of(model)
    assert card.optimizer.is_decoupled
    assert card.optimizer.groups[0].decayed_vectors == 2 + 4 + 1
    model.optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    assert card_of(model).optimizer.groups[0].decayed_vectors == 0


def test_regularisers_dropout_and_rescaling() -> None:
    stack = [
        layers.Rescaling(1 / 255, offset=-0.5, name="r"),
        layers.Dense(4, kernel_regularizer=keras.regularizers.L2(0.01), name="d"),
        layers.Dropout(0.3, name="p"),
        layers.Dense(1, kernel_initializer="zeros", name="o"),
    ]
    card = card_of(network(*stack))
    assert card.layer("r").role is Role.RESCALING
    assert card.layer("r").settings["scale"] == pytest.approx(1 / 255)
    assert card.layer("d").settings["l2"] == pytest.approx(0.01)
    assert (card.layer("p").role, card.layer("p").settings["rate"]) == (Role.DROPOUT, pytest.approx(0.3))
    assert card.layer("o").settings["initializer"] == "zeros"


def test_weights_that_were_trained_or_loaded_are_not_initial() -> None:
    model = network(layers.Dense(16, name="a"), layers.BatchNormalization(name="n"), layers.Dense(1, name="b"))
    assert [layer.is_initial for layer in card_of(model).with_weights()] == [True, True, True]
    kernel, bias = model.get_layer("a").get_weights()
    model.get_layer("a").set_weights([kernel * 3, bias])
    model.get_layer("b").set_weights([model.get_layer("b").get_weights()[0], np.array([0.1])])
    model.get_layer("n").set_weights([np.ones(16), np.zeros(16), np.full(16, 0.5), np.ones(16)])
    assert [layer.is_initial for layer in card_of(model).with_weights()] == [False, False, False]


@pytest.mark.parametrize("initializer", ["he_normal", "lecun_uniform", "random_normal", "random_uniform", "orthogonal"])
def test_every_usual_initializer_looks_initial(initializer) -> None:
    for seed in range(5):
        keras.utils.set_random_seed(seed)
        card = card_of(network(layers.Dense(64, kernel_initializer=initializer), width=32))
        assert card.layers[0].is_initial is not False


def test_several_outputs_have_no_one_loss() -> None:
    given = keras.Input((4,))
    model = keras.Model(given, [layers.Dense(2, activation="softmax")(given), layers.Dense(1)(given)])
    model.compile("adam", ["sparse_categorical_crossentropy", "mse"])
    card = card_of(model)
    assert (card.n_outputs, card.loss, card.output_width, card.output_activation) == (2, None, None, None)


def test_a_subclassed_model_with_blocks() -> None:
    class Block(layers.Layer):
        def __init__(self, **named) -> None:
            super().__init__(**named)
            self.inner = layers.Dense(4, activation="relu", name="inner")

        def build(self, shape) -> None:
            self.inner.build(shape)
            self.scale = self.add_weight(name="scale", shape=(1,), initializer="ones")

        def call(self, x):
            return self.inner(x) * self.scale

    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.block, self.head = Block(name="block"), layers.Dense(1, name="head")

        def call(self, x):
            return self.head(self.block(x))

    model = Own()
    model.compile("sgd", "mse")
    assert card_of(model).parameters == 0
    model(np.zeros((2, 3), dtype="float32"))
    card = card_of(model)
    assert [layer.name for layer in card.layers] == ["block/inner", "block", "head"]
    assert card.parameters == 3 * 4 + 4 + 1 + 5
    assert card.output_activation is None


def test_recurrent_attention_embedding_and_augmentation() -> None:
    given = keras.Input((6,), dtype="int32")
    x = layers.Embedding(20, 8, name="e")(given)
    x = layers.MultiHeadAttention(2, 4, name="m")(x, x)
    x = layers.Bidirectional(layers.LSTM(3), name="b")(x)
    card = card_of(keras.Model(given, layers.Dense(1)(x)))
    roles = [card.layer(name).role for name in "emb"]
    assert roles == [Role.EMBEDDING, Role.ATTENTION, Role.RECURRENT]
    assert all(card.layer(name).parameters for name in "emb")
    image = keras.Sequential([keras.Input((8, 8, 3)), layers.RandomFlip(name="f"), layers.Resizing(4, 4, name="s")])
    assert [layer.role for layer in card_of(image).layers] == [Role.AUGMENTATION, Role.OTHER]


def test_the_card_goes_through_a_journal() -> None:
    card = card_of(vgg16())
    record = decoded(encoded(Staged(Stage(0.0, 0.0, card, "training begins", 32))))
    assert isinstance(record, Staged)
    assert record.stage.card == card
