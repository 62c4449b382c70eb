"""The loop that writes on, with toy models whose texts are known."""

import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.builders import LanguageModelStep, build_language_model
from rnnzoo.decoding import generate_tokens, sample_tokens, uniform_draws

SIZE = 12


def count_up(token_ids, state):
    """The next token is the last one plus 1; after the last of all comes 4."""
    following = tf.where(token_ids >= SIZE - 1, 4, token_ids + 1)
    return tf.one_hot(following, SIZE, on_value=9.0), state + 1.0


def generate(first, step=count_up, state=None, **options):
    """Writes greedily from the tokens that come first."""
    batch = len(first)
    defaults = {
        "max_tokens": tf.fill([batch], 20),
        "limit": 20,
        "temperature": tf.zeros([batch]),
        "top_k": tf.zeros([batch], tf.int32),
        "top_p": tf.ones([batch]),
        "seed": tf.range(batch),
    }
    logits = tf.one_hot(first, SIZE, on_value=9.0)
    state = tf.zeros([batch]) if state is None else state
    return generate_tokens(step, logits, state, **defaults | options)


def rows(generation):
    """Returns what was written as lists, having looked at the padding."""
    token_ids, length = (np.asarray(value) for value in generation)
    assert token_ids.shape == (len(length), length.max(initial=0))
    assert ((token_ids != 0) == (np.arange(token_ids.shape[1]) < length[:, None])).all()
    return [row[:size].tolist() for row, size in zip(token_ids, length, strict=True)]


@pytest.mark.parametrize("run", [lambda call: call, tf.function], ids=["eager", "graph"])
def test_each_row_ends_at_its_own_maximum(run):
    generation = run(lambda: generate([4, 6, 5, 8, 7], max_tokens=tf.constant([3, 0, 1, -7, 99]), limit=5))()
    assert rows(generation) == [[4, 5, 6], [], [5], [], [7, 8, 9, 10, 11]]


def test_nothing_asked_for_nothing_written():
    generation = generate([4, 5], max_tokens=tf.constant([0, 0]))
    assert (generation.token_ids.shape, rows(generation)) == ((2, 0), [[], []])
    assert rows(generate([4], limit=0)) == [[]]
    assert rows(generate(np.zeros(0, int))) == []


def test_a_row_ends_before_its_end_token():
    assert rows(generate([8, 10, 4], eos_id=10, max_tokens=tf.constant([20, 20, 3]))) == [[8, 9], [], [4, 5, 6]]


def test_a_row_ends_before_its_stop_text():
    stops = tf.constant([[6, 7, 0], [4, 0, 0], [0, 0, 0], [7, 6, 5], [4, 5, 0]])
    generation = generate([4, 4, 4, 4, 4], stop_ids=stops, max_tokens=tf.fill([5], 6))
    assert rows(generation) == [[4, 5], [], [4, 5, 6, 7, 8, 9], [4, 5, 6, 7, 8, 9], []]


def test_a_stop_text_in_the_last_step_counts_and_half_of_one_does_not():
    stops = tf.constant([[6, 7], [6, 7]])
    generation = generate([4, 4], stop_ids=stops, max_tokens=tf.constant([4, 3]))
    assert rows(generation) == [[4, 5], [4, 5, 6]]


def test_stop_text_and_end_token_together():
    stops = tf.constant([[7, 8], [9, 10], [0, 0], [8, 0]])
    generation = generate([6, 6, 6, 6], stop_ids=stops, eos_id=9)
    assert rows(generation) == [[6], [6, 7, 8], [6, 7, 8], [6, 7]]


def test_no_width_of_stop_texts_is_no_stop_text():
    generation = generate([4, 5], stop_ids=tf.zeros([2, 0], tf.int32), max_tokens=tf.fill([2], 2))
    assert rows(generation) == [[4, 5], [5, 6]]


def test_padding_and_what_is_not_allowed_are_never_written():
    def wants_padding(token_ids, state):
        return tf.one_hot(tf.zeros_like(token_ids), SIZE, on_value=99.0), state

    allowed = np.arange(SIZE) != 5
    generation = generate([5], step=wants_padding, allowed=allowed, temperature=tf.fill([1], 1.0))
    assert len(rows(generation)[0]) == 20 and not {0, 5} & set(rows(generation)[0])
    assert 0 not in rows(generate([0], step=wants_padding))[0]


def test_the_loop_ends_with_the_last_row():
    calls = []

    def step(token_ids, state):
        tf.py_function(lambda: calls.append(1), [], [])
        return count_up(token_ids, state)

    generate([4, 9], step=step, eos_id=10, max_tokens=tf.constant([3, 20]), limit=1000)
    assert len(calls) == 3


def test_tokens_are_drawn_by_seed_and_position():
    random = np.random.default_rng(0)
    table = tf.constant(random.normal(0, 2, (SIZE, SIZE)), tf.float32)

    def step(token_ids, state):
        return tf.gather(table, token_ids), state

    seed = tf.constant([3, 3, -8])
    settings = {"temperature": tf.constant([1.0, 1.0, 0.6]), "top_k": tf.constant([0, 0, 6]), "top_p": tf.ones([3])}
    generation = generate([4, 4, 5], step=step, seed=seed, **settings)
    logits, expected = tf.one_hot([4, 4, 5], SIZE, on_value=9.0), []
    for position in range(20):
        draws = uniform_draws(seed, tf.constant(position))
        expected.append(sample_tokens(logits, **settings, draws=draws, allowed=tf.range(SIZE) > 0))
        logits = tf.gather(table, expected[-1])
    assert rows(generation) == np.transpose(expected).tolist()
    first, second, _ = rows(generation)
    assert first == second


def make_model_generation(**options):
    model = build_language_model(SIZE, units=6, num_layers=2, embedding_dim=4, **options)
    random = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(random.normal(0.0, 0.7, weight.shape))
    step = LanguageModelStep(model)
    batch = 8
    inputs = {
        "logits": random.normal(0, 2, (batch, SIZE)),
        "state": random.normal(size=(batch, *step.state_shape)),
        "max_tokens": random.integers(0, 15, batch),
        "temperature": random.choice([0.0, 1.0], batch),
        "top_k": random.choice([0, 4], batch),
        "top_p": random.choice([1.0, 0.8], batch),
        "seed": random.integers(-99, 99, batch),
        "stop_ids": random.choice([0, 5], (batch, 1)),
    }

    @tf.function(reduce_retracing=True)
    def run(inputs):
        inputs = dict(inputs)
        prepared = step.prepare()
        state = prepared.split_state(inputs.pop("state"))
        return generate_tokens(prepared, inputs.pop("logits"), state, limit=15, eos_id=3, **inputs)

    def call(rows):
        chosen = {name: value[rows] for name, value in inputs.items()}
        return run(
            {
                name: tf.constant(value, tf.float32 if value.dtype.kind == "f" else tf.int32)
                for name, value in chosen.items()
            }
        )

    return call, batch


@pytest.mark.parametrize("cell", ["simple_rnn", "lstm"])
def test_a_row_of_a_model_does_not_depend_on_the_others(cell):
    call, batch = make_model_generation(cell=cell)
    together = rows(call(np.arange(batch)))
    assert len({len(row) for row in together}) > 2
    assert [rows(call(np.array([row])))[0] for row in range(batch)] == together
    order = np.random.default_rng(1).permutation(batch)
    assert rows(call(order)) == [together[row] for row in order]
    assert rows(call(np.arange(batch))) == together
