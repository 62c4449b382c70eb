"""The conditional random field against sums over all tag sequences, one by one."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.layers import ConditionalRandomField
from rnnzoo.layers.linear_chain import FORBIDDEN, score_path, sum_over_paths

TAGS, TIME = 3, 5
# Every length there is, and gaps, as frames of zeros make them.
MASK = np.array(
    [
        [True, True, True, True, True],
        [True, True, True, True, False],
        [True, True, True, False, False],
        [True, True, False, False, False],
        [True, False, False, False, False],
        [False, False, False, False, False],
        [True, False, False, True, True],
        [False, False, True, True, False],
    ]
)
# 0 only once, at the start; 2 not at the end; 2 only after 1 or 2.
ALLOWED = np.array(
    [
        [False, True, False, True],
        [False, True, True, True],
        [False, True, True, False],
        [True, True, False, True],
    ]
)


@pytest.fixture
def logits():
    return 2.0 * np.random.default_rng(0).normal(size=(*MASK.shape, TAGS)).astype(np.float32)


def make_layer(allowed=None, scale=1.0, **arguments):
    layer = ConditionalRandomField(allowed, **arguments)
    layer.build((None, None, TAGS))
    random = np.random.default_rng(1)
    layer.set_weights([scale * random.normal(size=weight.shape) for weight in layer.weights])
    return layer


def transitions_of(layer, constrained):
    """Transitions with the border as last row and column, (tags + 1, tags + 1)."""
    between, start, end = (np.asarray(weight, np.float64) for weight in layer.weights)
    transitions = np.block([[between, end[:, None]], [start, np.zeros(1)]])
    if constrained and layer.allowed is not None:
        transitions[~layer.allowed] = FORBIDDEN
    return transitions


def score_by_hand(logits, transitions, path):
    border = len(transitions) - 1
    taken = sum(transitions[pair] for pair in itertools.pairwise([border, *path, border])) if len(path) else 0.0
    return taken + sum(float(step[tag]) for step, tag in zip(logits, path, strict=True))


def enumerate_paths(logits, transitions):
    """All tag sequences for the steps of `logits`, (steps, tags), and their scores."""
    paths = list(itertools.product(range(logits.shape[1]), repeat=len(logits)))
    return paths, np.array([score_by_hand(logits, transitions, path) for path in paths])


def random_tags():
    return np.random.default_rng(2).integers(0, TAGS, MASK.shape)


@pytest.mark.parametrize("allowed", [None, ALLOWED])
@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize("scale", [1.0, 15.0])
def test_equals_the_sum_over_all_sequences(logits, allowed, constrained, scale):
    layer = make_layer(allowed, scale, constrained_training=constrained)
    logits *= scale
    tags = random_tags()
    log_likelihood = layer.log_likelihood(logits, tags, MASK).numpy()
    decoded, best_score = (tensor.numpy() for tensor in layer.decode(logits, MASK))
    marginals = layer.marginals(logits, MASK).numpy()
    for row, real in enumerate(MASK):
        steps = logits[row][real]
        training = transitions_of(layer, constrained)
        _, scores = enumerate_paths(steps, training)
        expected = score_by_hand(steps, training, tags[row][real]) - np.logaddexp.reduce(scores)
        np.testing.assert_allclose(log_likelihood[row], expected, rtol=1e-5, atol=1e-5)
        paths, scores = enumerate_paths(steps, transitions_of(layer, constrained=True))
        assert tuple(decoded[row][real]) == paths[scores.argmax()]
        np.testing.assert_allclose(best_score[row], scores.max(), rtol=1e-6)
        probabilities = np.exp(scores - np.logaddexp.reduce(scores))
        of_tags = sum(p * np.eye(TAGS)[list(path)] for p, path in zip(probabilities, paths, strict=True))
        np.testing.assert_allclose(marginals[row][real], of_tags, atol=1e-6)
    assert not decoded[~MASK].any() and not marginals[~MASK].any()


def test_likelihoods_of_all_sequences_add_up_to_one(logits):
    layer = make_layer()
    tags = np.array(list(itertools.product(range(TAGS), repeat=4)))
    likelihoods = np.exp(layer.log_likelihood(np.repeat(logits[:1, :4], len(tags), axis=0), tags))
    assert likelihoods.sum() == pytest.approx(1.0, abs=1e-5)


def test_without_weights_it_is_a_softmax_at_each_step(logits):
    layer = ConditionalRandomField()
    layer.build(logits.shape)
    tags = random_tags()
    log_probabilities = tf.nn.log_softmax(logits).numpy()
    of_tags = np.take_along_axis(log_probabilities, tags[..., None], axis=-1)[..., 0]
    np.testing.assert_allclose(layer.log_likelihood(logits, tags, MASK), (of_tags * MASK).sum(axis=1), atol=1e-5)
    np.testing.assert_allclose(layer.marginals(logits), np.exp(log_probabilities), atol=1e-6)
    np.testing.assert_array_equal(layer.decode(logits)[0], logits.argmax(axis=-1))


def test_among_equals_the_lowest_last_tags_win():
    random = np.random.default_rng(3)
    layer = make_layer()
    for steps in range(1, 6):
        layer.set_weights([random.integers(0, 2, weight.shape) for weight in layer.weights])
        logits = random.integers(0, 2, (20, steps, TAGS)).astype(np.float32)
        for row, decoded in zip(logits, layer.decode(logits)[0].numpy(), strict=True):
            paths, scores = enumerate_paths(row, transitions_of(layer, constrained=False))
            best = [path for path, score in zip(paths, scores, strict=True) if score == scores.max()]
            assert tuple(decoded) == min(best, key=lambda path: path[::-1])


def test_gradients_equal_finite_differences(logits):
    # On the float64 functions, where differences have digits to spare; each row with its own weight.
    sources = [logits.astype(np.float64), transitions_of(make_layer(ALLOWED), constrained=False)]
    sources[1][-1, -1] = 0.0
    row_weights = np.linspace(-1.0, 2.0, len(MASK))

    def compute(logits, transitions):
        by_row = score_path(logits, transitions, random_tags(), MASK) - sum_over_paths(logits, transitions, MASK)
        return tf.reduce_sum(by_row * row_weights)

    tensors = [tf.constant(source) for source in sources]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        loss = compute(*tensors)
    step = 1e-5
    for which, gradient in enumerate(tape.gradient(loss, tensors)):
        expected = np.zeros_like(sources[which])
        for place in np.ndindex(expected.shape):
            values = []
            for sign in (1.0, -1.0):
                moved = [source.copy() for source in sources]
                moved[which][place] += sign * step
                values.append(float(compute(*moved)))
            expected[place] = (values[0] - values[1]) / (2 * step)
        if which == 1:
            # From border to border goes what has no step, and is no weight.
            gradient, expected = gradient.numpy(), expected
            gradient[-1, -1] = expected[-1, -1] = 0.0
        np.testing.assert_allclose(gradient, expected, atol=1e-8)


def likelihood_and_gradients(layer, logits, tags, mask):
    with tf.GradientTape() as tape:
        tape.watch(logits)
        log_likelihood = layer.log_likelihood(logits, tags, mask)
        loss = -tf.reduce_sum(log_likelihood)
    return [log_likelihood, *tape.gradient(loss, [logits, *(weight.value for weight in layer.trainable_variables)])]


@pytest.mark.parametrize("allowed", [None, ALLOWED])
def test_compiled_by_xla_it_gives_the_same(logits, allowed):
    layer = make_layer(allowed, constrained_training=True)
    inputs = tf.constant(logits), tf.constant(random_tags()), tf.constant(MASK)

    def run(logits, tags, mask):
        everything = [*likelihood_and_gradients(layer, logits, tags, mask), layer.marginals(logits, mask)]
        return [*everything, *layer.decode(logits, mask)]

    for ours, compiled in zip(run(*inputs), tf.function(run, jit_compile=True)(*inputs), strict=True):
        np.testing.assert_allclose(compiled, ours, rtol=1e-5, atol=1e-5)


def test_shapes_that_are_only_known_when_it_runs(logits):
    layer = make_layer()
    signature = [tf.TensorSpec([None, None, TAGS]), tf.TensorSpec([None, None], tf.bool)]
    decode = tf.function(layer.decode, input_signature=signature)
    marginals = tf.function(layer.marginals, input_signature=signature)
    for rows, time in ((8, 5), (3, 1), (0, 2)):
        inputs = tf.constant(logits[:rows, :time]), tf.constant(MASK[:rows, :time])
        tags, score = decode(*inputs)
        assert tags.shape == (rows, time) and score.shape == (rows,)
        assert marginals(*inputs).shape == (rows, time, TAGS)
        np.testing.assert_array_equal(tags, layer.decode(*inputs)[0])


def test_what_stands_at_masked_steps_is_not_read(logits):
    layer = make_layer(ALLOWED)
    tags = random_tags()
    odd_logits = np.where(MASK[..., None], logits, np.array([np.nan, np.inf, -np.inf], np.float32))
    odd_tags = np.where(MASK, tags, -7)
    inputs = [(tf.constant(logits), tags), (tf.constant(odd_logits), odd_tags)]
    expected, got = (likelihood_and_gradients(layer, *given, MASK) for given in inputs)
    for one, other in zip(expected, got, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(layer.decode(logits, MASK)[0], layer.decode(odd_logits, MASK)[0])
    np.testing.assert_array_equal(layer.marginals(logits, MASK), layer.marginals(odd_logits, MASK))


def test_padding_changes_nothing(logits):
    layer = make_layer(ALLOWED)
    tags = random_tags()
    padding = [(0, 0), (0, 50)]
    padded = np.pad(logits, [*padding, (0, 0)]), np.pad(tags, padding), np.pad(MASK, padding)
    np.testing.assert_allclose(layer.log_likelihood(*padded), layer.log_likelihood(logits, tags, MASK), atol=1e-5)
    np.testing.assert_array_equal(layer.decode(padded[0], padded[2])[0][:, :TIME], layer.decode(logits, MASK)[0])
    marginals = layer.marginals(padded[0], padded[2])
    np.testing.assert_allclose(marginals[:, :TIME], layer.marginals(logits, MASK), atol=1e-6)
    for row, length in enumerate(MASK[:5].sum(axis=1)):
        alone = layer.log_likelihood(logits[row : row + 1, :length], tags[row : row + 1, :length])
        np.testing.assert_allclose(alone[0], layer.log_likelihood(logits, tags, MASK)[row], atol=1e-5)


def test_a_batch_of_nothing_but_padding():
    layer = make_layer(ALLOWED, constrained_training=True)
    logits, mask = tf.ones((2, 4, TAGS)), np.zeros((2, 4), bool)
    log_likelihood, *gradients = likelihood_and_gradients(layer, logits, np.zeros((2, 4), int), mask)
    np.testing.assert_array_equal(log_likelihood, 0.0)
    for gradient in gradients:
        np.testing.assert_array_equal(gradient, 0.0)
    tags, score = layer.decode(logits, mask)
    assert not tags.numpy().any() and not score.numpy().any()


@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize("scale", [1.0, 1e3, 1e6])
def test_extreme_logits_and_forbidden_gold_tags_give_finite_numbers(constrained, scale):
    layer = make_layer(ALLOWED, constrained_training=constrained)
    logits = scale * tf.random.stateless_normal((4, 30, TAGS), seed=(1, 2))
    forbidden = np.zeros((4, 30), int)  # tag 0 after tag 0
    for tensor in likelihood_and_gradients(layer, logits, forbidden, None):
        assert np.isfinite(tensor).all()
    marginals = layer.marginals(logits).numpy()
    np.testing.assert_allclose(marginals.sum(axis=-1), 1.0, atol=1e-5)


def test_no_sequence_is_allowed_and_still_all_is_finite():
    layer = make_layer(np.zeros((TAGS + 1, TAGS + 1)), constrained_training=True)
    logits = 1e3 * tf.random.stateless_normal((4, 30, TAGS), seed=(1, 2))
    for tensor in likelihood_and_gradients(layer, logits, np.zeros((4, 30), int), None):
        assert np.isfinite(tensor).all()
    assert np.isfinite(layer.marginals(logits)).all()


def test_decoded_tags_keep_to_what_is_allowed():
    layer = make_layer(ALLOWED)
    logits = 10.0 * np.random.default_rng(5).normal(size=(50, 12, TAGS))
    for path in layer.decode(logits)[0].numpy():
        assert all(ALLOWED[pair] for pair in itertools.pairwise([TAGS, *path, TAGS]))
    free = make_layer()
    broken = [
        path
        for path in free.decode(logits)[0].numpy()
        if not all(ALLOWED[pair] for pair in itertools.pairwise([TAGS, *path, TAGS]))
    ]
    assert broken


def test_five_thousand_steps_keep_their_digits():
    layer = make_layer()
    logits = 5.0 * np.random.default_rng(6).normal(size=(1, 5000, TAGS)).astype(np.float32)
    long = [tf.function(method)(logits) for method in (layer.marginals, lambda given: layer.decode(given)[0])]
    np.testing.assert_allclose(tf.reduce_sum(long[0], axis=-1), 1.0, atol=1e-6)
    # What is far away does not matter.
    short = logits[:, 2400:2600]
    np.testing.assert_allclose(long[0][:, 2450:2550], layer.marginals(short)[:, 50:150], atol=1e-6)
    np.testing.assert_array_equal(long[1][:, 2450:2550], layer.decode(short)[0][:, 50:150])


def build_tagger(**arguments):
    token_ids = keras.Input((None,), dtype="int32")
    embedded = keras.layers.Embedding(10, 4, mask_zero=True)(token_ids)
    logits = keras.layers.Dense(TAGS, dtype="float32")(embedded)
    return keras.Model(token_ids, ConditionalRandomField(name="crf", **arguments)(logits))


def test_in_a_model_it_passes_on_logits_and_mask_and_reloads(tmp_path):
    model = build_tagger(allowed=ALLOWED, constrained_training=True)
    layer = model.get_layer("crf")
    layer.set_weights(make_layer().get_weights())
    token_ids = np.array([[3, 4, 5], [6, 0, 0]])
    outputs = model(token_ids)
    np.testing.assert_array_equal(outputs, model.layers[-2](model.layers[1](token_ids)))
    assert outputs._keras_mask.numpy().tolist() == [[True, True, True], [True, False, False]]
    model.save(tmp_path / "tagger.keras")
    again = keras.saving.load_model(tmp_path / "tagger.keras").get_layer("crf")
    assert isinstance(again, ConditionalRandomField) and again.constrained_training
    np.testing.assert_array_equal(again.allowed, layer.allowed)
    tags = np.array([[1, 2, 1], [0, 0, 0]])
    mask = token_ids != 0
    np.testing.assert_array_equal(again.log_likelihood(outputs, tags, mask), layer.log_likelihood(outputs, tags, mask))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_leaves_the_logits_alone(policy, logits):
    layer = make_layer(dtype=policy)
    passed = layer(logits)
    assert passed.dtype == tf.float32
    np.testing.assert_array_equal(passed, logits)
    single = make_layer()
    np.testing.assert_array_equal(layer.marginals(passed, MASK), single.marginals(logits, MASK))
    half = tf.cast(logits, layer.compute_dtype)
    for tensor in likelihood_and_gradients(layer, half, random_tags(), MASK):
        assert np.isfinite(tf.cast(tensor, tf.float32)).all()
    np.testing.assert_allclose(layer.marginals(half, MASK), single.marginals(logits, MASK), atol=0.05)


def test_refuses_constraints_of_another_number_of_tags():
    with pytest.raises(ValueError, match=r"allowed must have the shape \(6, 6\) for 5 tags and the border"):
        ConditionalRandomField(ALLOWED).build((None, None, 5))


def test_learns_what_only_the_order_tells():
    # Logits that say nothing: tags alternate, beginning with 1.
    layer = ConditionalRandomField()
    layer.build((None, None, 2))
    tags = np.tile([1, 0, 1, 0, 1, 0], (4, 1))
    logits = tf.zeros((4, 6, 2))
    optimizer = keras.optimizers.SGD(1.0)
    for _ in range(10):
        _, _, *gradients = likelihood_and_gradients(layer, logits, tags, None)
        optimizer.apply(gradients, layer.trainable_variables)
    np.testing.assert_array_equal(layer.decode(logits)[0], tags)
    assert layer.marginals(logits)[0, 0, 1] > 0.9
