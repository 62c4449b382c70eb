"""Beam search and greedy decoding against Python that tries everything, on random Markov models."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.decoding import IMPOSSIBLE, decode_greedily, generate_tokens, repeat_for_beams, search_beams

# Padding, unknown, <bos>, <eos> and three words.
SIZE = 7
EOS = 3
ALLOWED = np.array([True, True, False, True, True, True, True])
WORDS = [1, 4, 5, 6]


class Markov:
    """Models of which each text has its own; the next token depends on the last two.

    The last but one is in the state, so that a state at the wrong beam is noticed.
    """

    def __init__(self, seed, batch, spread=1.5, end=0.0):
        random = np.random.default_rng(seed)
        logits = random.normal(0.0, spread, (batch, SIZE, SIZE, SIZE))
        logits[..., EOS] += end
        self.logits = logits.astype("float32")

    def log_probabilities(self, text, before, last):
        logits = self.logits[text, before, last].astype("float64")
        return logits - np.log(np.exp(logits).sum())

    def step(self, beam_width, texts):
        table, text = tf.constant(self.logits), repeat_for_beams(tf.constant(texts, tf.int32), beam_width)

        def step(token_ids, state):
            return tf.gather_nd(table, tf.stack([text, state["last"], token_ids], axis=1)), {"last": token_ids}

        return step

    def arguments(self, texts, beam_width=1):
        last = tf.fill([len(texts)], 2)
        return self.step(beam_width, texts), tf.gather(self.logits, texts)[:, 0, 2], {"last": last}


def settings(max_tokens, length_penalty=0.0, limit=20, **options):
    defaults = {"eos_id": EOS, "allowed": tf.constant(ALLOWED)}
    return defaults | {"max_tokens": max_tokens, "limit": limit, "length_penalty": length_penalty} | options


def search(model, max_tokens, length_penalty=0.0, beam_width=3, texts=None, **options):
    texts = np.arange(len(max_tokens)) if texts is None else texts
    arguments = model.arguments(texts, beam_width)
    return search_beams(*arguments, beam_width=beam_width, **settings(max_tokens, length_penalty, **options))


def hypotheses(beams):
    """Returns each row's texts with log probability and score, having looked at what all must have."""
    token_ids, length, log_probability, score = (value.numpy() for value in beams)
    assert np.isfinite(log_probability).all() and np.isfinite(score).all()
    assert token_ids.shape == (*length.shape, length.max(initial=0))
    assert ((token_ids != 0) == (np.arange(token_ids.shape[2]) < length[..., None])).all()
    assert (score[:, 1:] <= score[:, :-1]).all()
    rows = []
    for row in range(len(score)):
        texts = [tuple(ids[:size].tolist()) for ids, size in zip(token_ids[row], length[row], strict=True)]
        rows.append(list(zip(texts, log_probability[row], score[row], strict=True)))
        exist = [text for text, _, value in rows[-1] if value > IMPOSSIBLE]
        assert len(set(exist)) == len(exist) and not {0, 2, EOS} & set(sum(exist, ()))
    return rows


def assert_same(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert [text for text, *_ in one] == [text for text, *_ in other]
        np.testing.assert_allclose([rest for _, *rest in one], [rest for _, *rest in other], rtol=1e-4, atol=1e-5)


def score_of(log_probability, length, length_penalty):
    return log_probability / ((5 + length) / 6) ** length_penalty


def try_everything(model, text, max_tokens, length_penalty):
    """Returns every hypothesis there is, the best first."""
    results = [((), 0.0, 0.0)] if max_tokens == 0 else []
    for size in range(max_tokens + 1 if max_tokens else 0):
        for words in itertools.product(WORDS, repeat=size):
            ended = (*words, EOS) if size < max_tokens else words
            path = (0, 2, *ended)
            total = sum(
                model.log_probabilities(text, path[place - 2], path[place - 1])[path[place]]
                for place in range(2, len(path))
            )
            results.append((words, total, score_of(total, len(ended), length_penalty)))
    return sorted(results, key=lambda result: -result[2])


def search_in_python(model, text, max_tokens, length_penalty, beam_width):
    """The search as it is documented, with lists and without stopping early."""
    beginnings, finished = [((), 0.0)], [((), 0.0, 0.0)] if max_tokens == 0 else []
    for length in range(1, max_tokens + 1):
        candidates = []
        for words, total in beginnings:
            path = (0, 2, *words)
            scores = model.log_probabilities(text, path[-2], path[-1])
            candidates += [(words, word, total + scores[word]) for word in (EOS, *WORDS)]
        candidates.sort(key=lambda candidate: -candidate[2])
        for words, word, total in candidates[:beam_width]:
            if word == EOS or length == max_tokens:
                words = words if word == EOS else (*words, word)
                finished.append((words, total, score_of(total, length, length_penalty)))
        if len(finished) >= beam_width:
            break
        beginnings = [((*words, word), total) for words, word, total in candidates if word != EOS][:beam_width]
    return sorted(finished, key=lambda result: -result[2])


@pytest.mark.parametrize("length_penalty", [0.0, 0.6, 2.0])
@pytest.mark.parametrize("seed", range(2))
def test_a_width_that_covers_everything_finds_the_best_of_all(seed, length_penalty):
    max_tokens = [3, 0, 1, 2]
    model = Markov(seed, len(max_tokens))
    beams = search(model, max_tokens, length_penalty, beam_width=90, num_best=90)
    expected = [try_everything(model, text, most, length_penalty) for text, most in enumerate(max_tokens)]
    assert [len(results) for results in expected] == [1 + 4 + 16 + 64, 1, 1 + 4, 1 + 4 + 16]
    found = hypotheses(beams)
    for text, results in enumerate(expected):
        assert found[text][len(results) :] == [((), np.float32(IMPOSSIBLE), np.float32(IMPOSSIBLE))] * (
            90 - len(results)
        )
        found[text] = found[text][: len(results)]
    assert_same(found, expected)


@pytest.mark.parametrize("beam_width", [1, 2, 3, 8])
@pytest.mark.parametrize(("length_penalty", "end"), [(0.0, 0.0), (1.0, -2.0), (3.0, 1.0)])
def test_a_narrow_search_is_the_documented_one(beam_width, length_penalty, end):
    max_tokens = [12, 12, 5, 1, 0, 12]
    model = Markov(7, len(max_tokens), end=end)
    for num_best in {1, beam_width}:
        found = hypotheses(search(model, max_tokens, length_penalty, beam_width, num_best=num_best))
        expected = []
        for text, most in enumerate(max_tokens):
            results = search_in_python(model, text, most, length_penalty, beam_width)[:num_best]
            expected.append(results + [((), IMPOSSIBLE, IMPOSSIBLE)] * (num_best - len(results)))
        assert_same(found, expected)


def test_width_one_is_greedy():
    max_tokens = np.array([9, 9, 9, 4, 1, 0, -3, 99])
    model = Markov(3, len(max_tokens), end=-1.5)
    greedy = decode_greedily(*model.arguments(range(8)), **settings(max_tokens, 0.8, limit=9))
    beams = search(model, max_tokens, 0.8, beam_width=1, limit=9)
    for one, other in zip(greedy, beams, strict=True):
        np.testing.assert_array_equal(one, other)
    lengths = greedy.length[:, 0].numpy()
    assert len(set(lengths)) > 3 and lengths.max() == 9
    zeros = tf.zeros(8, tf.int32)
    generation = generate_tokens(
        *model.arguments(range(8)),
        **{"max_tokens": max_tokens, "limit": 9, "eos_id": EOS, "allowed": ALLOWED},
        **{"temperature": tf.zeros(8), "top_k": zeros, "top_p": tf.ones(8), "seed": zeros},
    )
    np.testing.assert_array_equal(generation.token_ids, greedy.token_ids[:, 0])
    assert hypotheses(greedy)[5] == [((), 0.0, 0.0)]


def test_a_row_does_not_depend_on_the_others():
    max_tokens = np.array([12, 0, 12, 3, 12, 1])
    model = Markov(5, len(max_tokens), end=-1.0)
    together = hypotheses(search(model, max_tokens, 0.7, num_best=3))
    for text, most in enumerate(max_tokens):
        assert_same(hypotheses(search(model, [most], 0.7, num_best=3, texts=[text])), [together[text]])
    order = [4, 2, 5, 0, 3, 1]
    found = hypotheses(search(model, max_tokens[order], 0.7, num_best=3, texts=order))
    assert_same(found, [together[text] for text in order])
    # The best one does not depend on how many are asked for.
    assert hypotheses(search(model, max_tokens, 0.7)) == [row[:1] for row in together]


def count_steps(model, max_tokens, decode=search_beams, **options):
    calls = []
    texts = np.arange(len(max_tokens))
    step, logits, state = model.arguments(texts, options.get("beam_width", 1))

    def counted(token_ids, state):
        calls.append(1)
        return step(token_ids, state)

    beams = decode(counted, logits, state, **settings(max_tokens, **options))
    return len(calls), hypotheses(beams)


def test_the_search_ends_when_nothing_can_win():
    # The end is all but certain: no beginning can be better, also with seven more tokens at a length penalty.
    model = Markov(0, 2, end=12.0)
    for length_penalty in (0.0, 1.0):
        assert count_steps(model, [8, 8], beam_width=4, length_penalty=length_penalty)[0] == 0
        steps, found = count_steps(model, [8, 8], beam_width=4, num_best=4, length_penalty=length_penalty)
        assert steps <= 2 and all(score > IMPOSSIBLE for row in found for *_, score in row)
    # A penalty that is out of all proportion makes longer ones win.
    assert count_steps(model, [8, 8], beam_width=4, length_penalty=30.0)[0] > 0
    assert count_steps(model, [8, 8], decode=decode_greedily)[0] == 0


@pytest.mark.parametrize("end", [-60.0, -np.inf])
def test_a_model_that_never_ends_is_cut(end):
    model = Markov(1, 2, end=end)
    steps, found = count_steps(model, [5, 3], beam_width=3, num_best=3, length_penalty=1.0)
    assert steps == 4
    assert [[len(text) for text, *_ in row] for row in found] == [[5] * 3, [3] * 3]
    assert [len(row[0][0]) for row in count_steps(model, [5, 3], decode=decode_greedily)[1]] == [5, 3]


def test_of_equals_the_end_comes_first_and_then_the_lower_id():
    model = Markov(0, 1)
    model.logits[:] = 0.0
    found = hypotheses(search(model, [2], beam_width=3, num_best=3))
    assert [text for text, *_ in found[0]] == [(), (1,), (4,)]
    model.logits[..., EOS] = -9.0
    found = hypotheses(search(model, [2], beam_width=3, num_best=3))
    assert [text for text, *_ in found[0]] == [(1, 1), (1, 4), (1, 5)]


def test_what_is_not_allowed_is_never_written_and_padding_neither():
    model = Markov(2, 2)
    model.logits[..., [0, 5]] += 7.0
    found = hypotheses(search(model, [6, 6], beam_width=4, num_best=4, allowed=ALLOWED & (np.arange(SIZE) < 5)))
    assert {token for row in found for text, *_ in row for token in text} <= {1, 4}
    assert 0 not in sum((text for text, *_ in hypotheses(search(model, [6, 6], allowed=None))[0]), ())
    # Without an end among them, every text goes to its maximum.
    greedy = decode_greedily(*model.arguments([0, 1]), **settings([6, 6], allowed=tf.range(SIZE) > 3))
    assert greedy.length.numpy().tolist() == [[6], [6]]
    # Nothing but the end.
    assert hypotheses(search(model, [6, 6], allowed=tf.range(SIZE) == EOS))[0][0][0] == ()
    found = hypotheses(search(model, [6], allowed=tf.zeros([SIZE], bool)))
    assert found[0][0][0] == ()


BROKEN = {
    "nan": [np.nan] * SIZE,
    "one nan": [0.0, 0.0, 0.0, 0.0, np.nan, 1.0, 0.0],
    "nothing": [-np.inf] * SIZE,
    "infinity": [0.0, 0.0, 0.0, 0.0, 0.0, np.inf, 0.0],
    "only padding": [0.0] + [-np.inf] * (SIZE - 1),
}


@pytest.mark.parametrize("logits", BROKEN.values(), ids=BROKEN)
def test_a_text_ends_where_the_logits_are_no_numbers(logits):
    model = Markov(4, 3, end=-30.0)
    sound = hypotheses(search(model, [4, 4, 4], num_best=3))
    model.logits[0, :, 6] = logits  # after one token of the vocabulary
    model.logits[1, 2] = logits  # after the first token
    model.logits[2, 0, 2] = logits  # at once
    found = hypotheses(search(model, [4, 4, 4], num_best=3))
    greedy = hypotheses(decode_greedily(*model.arguments(range(3)), **settings([4, 4, 4])))
    for one, other in zip(greedy, hypotheses(search(model, [4, 4, 4], beam_width=1)), strict=True):
        assert one == other
    assert len(found[0][0][0]) == 4 and 6 not in found[0][0][0][:3]
    for rows in (found, greedy):
        assert [len(row[0][0]) for row in rows[1:]] == [1, 0]
    assert found[1][0][2] < -9e5 and sound[1][0][2] > -1e3


def test_extreme_but_finite_logits_are_numbers():
    model = Markov(6, 1)
    model.logits[:] = [3e38, -3e38, 0.0, 0.0, 3e38, -np.inf, 1e30]
    found = hypotheses(search(model, [3], num_best=1))
    assert found[0][0][0] == (4, 4, 4) and -3.0 < found[0][0][1] <= 0.0


class Translator(tf.Module):
    """A model whose step multiplies, for a server: the number of texts is open."""

    def __init__(self):
        super().__init__()
        random = np.random.default_rng(0)
        self.table = tf.Variable(random.normal(0, 1, (SIZE, 8)), dtype=tf.float32)
        self.output = tf.Variable(random.normal(0, 1, (8, SIZE)), dtype=tf.float32)

    @tf.function(input_signature=[tf.TensorSpec([None, 8]), tf.TensorSpec([None], tf.int32)])
    def translate(self, features, max_tokens):
        def step(token_ids, state):
            after = tf.tanh(tf.gather(self.table, token_ids) + state[0])
            return tf.matmul(after, self.output), (after,)

        common = settings(max_tokens, 0.6)
        logits = tf.matmul(features, self.output)
        beams = search_beams(step, logits, (features,), beam_width=3, num_best=2, **common)
        greedy = decode_greedily(step, logits, (features,), **common)
        return dict(zip(beams._fields, beams, strict=True)) | {"greedy": greedy.token_ids}


def test_in_an_exported_graph(tmp_path):
    model = Translator()
    tf.saved_model.save(model, str(tmp_path / "model"), signatures=model.translate)
    features = np.random.default_rng(1).normal(0, 2, (4, 8)).astype("float32")
    max_tokens = np.array([20, 0, 3, 20], "int32")
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        signature = tf.compat.v1.saved_model.load(session, ["serve"], str(tmp_path / "model")).signature_def
        signature = signature["serving_default"]
        outputs = {name: info.name for name, info in signature.outputs.items()}

        def serve(rows):
            fed = {"features": features[rows], "max_tokens": max_tokens[rows]}
            return session.run(outputs, {signature.inputs[name].name: value for name, value in fed.items()})

        together, one, none = serve([0, 1, 2, 3]), serve([2]), serve([])
    for name, value in model.translate(features, max_tokens).items():
        np.testing.assert_allclose(together[name], value, rtol=1e-5, atol=1e-6)
        assert none[name].shape[0] == 0
    assert none["token_ids"].shape == (0, 2, 0) and none["greedy"].shape == (0, 1, 0)
    assert one["length"].tolist() == together["length"][2:3].tolist() and max(one["length"][0]) <= 3
    np.testing.assert_allclose(one["score"], together["score"][2:3], rtol=1e-5)


def test_a_width_above_the_vocabulary_of_unknown_size():
    model = Markov(8, 2)
    step, logits, state = model.arguments([0, 1], 9)
    expected = search(model, [4, 4], 1.0, beam_width=9, num_best=9)
    options = settings([4, 4], 1.0, beam_width=9, num_best=9)

    @tf.function(input_signature=[tf.TensorSpec([2, None])])
    def run(logits):
        return search_beams(step, logits, state, **options)

    for one, other in zip(run(logits), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_mistakes_of_a_programmer():
    model = Markov(0, 1)
    for options in ({"num_best": 0}, {"num_best": 4}, {"length_penalty": -0.1}, {"length_penalty": np.nan}):
        with pytest.raises(ValueError, match=next(iter(options))):
            search(model, [3], **options)
