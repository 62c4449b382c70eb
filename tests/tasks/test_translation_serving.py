"""What a translator serves, on anything that a client may send."""

import math

import numpy as np
import pytest
import tensorflow as tf

from rnnzoo.tasks.odd_texts import ODD_TEXTS
from rnnzoo.text import BOS_ID, EOS_ID, PAD_ID, SPECIAL_TOKENS, UNKNOWN_ID
from tests.tasks.tiny_translators import LIMIT, PAIRS, VARIANTS, TinyTranslator
from tests.variants import slow_but

TEXTS = [*(source for source, _ in PAIRS), *ODD_TEXTS, "Hund " * 2000, "日本語 は むずかしい " * 5, "é"]


@pytest.fixture(scope="module")
def tiny(request):
    return TinyTranslator(request.param)


DEFAULT = ["words", "subwords"]
every_variant = pytest.mark.parametrize("tiny", slow_but(DEFAULT, VARIANTS), indirect=True)
with_attention = pytest.mark.parametrize(
    "tiny", slow_but(DEFAULT, [name for name in VARIANTS if name != "context_vector"]), indirect=True
)

with_beams = with_attention


def trim(answer, row):
    """Returns a row of an answer without what pads it to the others."""
    values = {name: value[row] for name, value in answer.items()}
    if "weights" in values:
        num_sources, num_outputs = (
            sum(token != "" for token in values[f"{side}_tokens"]) for side in ("source", "output")
        )
        values = {
            "source_tokens": values["source_tokens"][:num_sources],
            "output_tokens": values["output_tokens"][:num_outputs],
            "weights": values["weights"][:num_outputs, :num_sources],
        }
    return values


def max_units(tiny, texts):
    """Returns how many units an output may have, of each text."""
    decode = tiny.config.decode
    num_units = tiny.module.pipeline.encode_source(tf.strings.strip(tf.constant(texts))).row_lengths().numpy() - 1
    return [
        min(math.ceil(decode.max_length_ratio * number) + decode.max_length_extra, decode.max_tokens_limit)
        for number in num_units
    ]


@every_variant
def test_odd_texts_have_finite_answers_that_do_not_depend_on_the_batch(tiny):
    for name in tiny.functions.keys() - {"score_pair"}:
        together = tiny.call(name, text=TEXTS)
        for row, text in enumerate(TEXTS):
            alone, among = trim(tiny.call(name, text=[text]), 0), trim(together, row)
            for key, value in alone.items():
                if np.asarray(value).dtype == object or isinstance(value, str):
                    assert np.array_equal(value, among[key]), (name, text, key)
                else:
                    assert np.isfinite(value).all()
                    np.testing.assert_allclose(value, among[key], rtol=1e-4, atol=1e-5)


@every_variant
def test_outputs_stay_within_the_limit_and_hold_no_special_token(tiny):
    beams = tiny.search(TEXTS, tiny.config.decode.beam_width)
    lengths, longest = beams.length[:, 0].numpy(), max_units(tiny, TEXTS)
    assert (lengths <= longest).all() and max(longest) == LIMIT
    assert not np.isin(beams.token_ids, (UNKNOWN_ID, BOS_ID, EOS_ID)).any()
    for output in tiny.call("serving_default", text=TEXTS)["output"]:
        assert output == output.strip()
        assert not any(special in output for special in SPECIAL_TOKENS)


@pytest.mark.parametrize("variant", slow_but(["subwords"], ["characters", "subwords"]))
def test_a_decoder_that_never_ends_is_ended(variant):
    tiny = TinyTranslator(variant)
    tiny.shift_end(-1e4)
    texts = ["", "ein", *TEXTS]
    for beam_width in (1, 3):
        lengths = tiny.search(texts, beam_width).length[:, 0].numpy()
        assert lengths.tolist() == max_units(tiny, texts)
    for answer in (tiny.call("serving_default", text=texts), tiny.call("n_best", text=texts)):
        assert np.isfinite(answer.get("score", answer.get("scores"))).all()
    tokens = tiny.call("attention", text=texts)["output_tokens"]
    assert [sum(token != "" for token in row) for row in tokens] == max_units(tiny, texts)


@every_variant
def test_greedy_decoding_takes_the_best_token_of_the_whole_model_each_time(tiny):
    texts = [source for source, _ in PAIRS]
    beams = tiny.search(texts, 1)
    output_ids, lengths = beams.token_ids[:, 0], beams.length[:, 0].numpy()
    target_ids = tf.concat([tf.fill([len(texts), 1], BOS_ID), output_ids], axis=1)
    logits = tiny.model({"source_ids": tiny.read(texts), "target_ids": target_ids})
    log_probabilities = tf.nn.log_softmax(logits).numpy()
    allowed = log_probabilities.copy()
    allowed[:, :, [PAD_ID, UNKNOWN_ID, BOS_ID]] = -np.inf
    for row, (length, most) in enumerate(zip(lengths, max_units(tiny, texts), strict=True)):
        said = output_ids[row, :length].numpy().tolist() + ([EOS_ID] if length < most else [])
        assert allowed[row, : len(said)].argmax(axis=1).tolist() == said
        total = sum(log_probabilities[row, place, token_id] for place, token_id in enumerate(said))
        assert float(beams.log_probability[row, 0]) == pytest.approx(total, abs=1e-4)
        assert float(beams.score[row, 0]) == pytest.approx(total / ((5 + len(said)) / 6), abs=1e-4)


@with_beams
def test_the_best_of_several_is_the_default_answer(tiny):
    best, listed = tiny.call("serving_default", text=TEXTS), tiny.call("n_best", text=TEXTS)
    width = tiny.config.decode.beam_width
    assert listed["outputs"].shape == listed["scores"].shape == (len(TEXTS), width)
    assert (np.diff(listed["scores"], axis=1) <= 0).all()
    # Found by a search that may stop earlier: the same text.
    assert listed["outputs"][:, 0].tolist() == best["output"].tolist()
    np.testing.assert_allclose(listed["scores"][:, 0], best["score"], rtol=1e-5)
    token_ids = tiny.search(TEXTS, width, width).token_ids.numpy().tolist()
    assert all(len(set(map(tuple, row))) == width for row in token_ids)


@pytest.mark.parametrize("tiny", ["context_vector"], indirect=True)
def test_a_model_without_attention_has_no_such_signature_and_one_of_one_is_the_best(tiny):
    assert tiny.functions.keys() == {"serving_default", "n_best", "score_pair"}
    best, listed = tiny.call("serving_default", text=TEXTS), tiny.call("n_best", text=TEXTS)
    assert listed["outputs"].tolist() == [[output] for output in best["output"]]


@with_attention
def test_attention_is_over_the_tokens_of_the_source(tiny):
    answer, best = tiny.call("attention", text=TEXTS), tiny.call("serving_default", text=TEXTS)
    for row in range(len(TEXTS)):
        values = trim(answer, row)
        assert values["source_tokens"][-1] == "<eos>" and len(values["source_tokens"]) <= 10
        np.testing.assert_allclose(values["weights"].sum(axis=1), 1.0, rtol=1e-5)
        weights = answer["weights"][row]
        assert not weights[:, len(values["source_tokens"]) :].any()
        assert not weights[len(values["output_tokens"]) :].any()
        assert "".join(values["output_tokens"]).replace("▁", " ").strip() == best["output"][row]


@with_attention
def test_attention_is_that_before_a_token_was_said(tiny):
    texts = [source for source, _ in PAIRS]
    answer = tiny.call("attention", text=texts)
    beams = tiny.search(texts, tiny.config.decode.beam_width)
    # What was said later changes nothing.
    begin = tf.concat([tf.fill([len(texts), 1], BOS_ID), beams.token_ids[:, 0, :2]], axis=1)
    weights = tiny.module._search.step.attention_weights(tiny.read(texts), begin)
    assert beams.length.numpy().max() > 2
    for row, length in enumerate(np.minimum(beams.length[:, 0], 3)):
        np.testing.assert_allclose(answer["weights"][row, :length], weights[row, :length], atol=1e-5)


@every_variant
def test_a_pair_has_the_probability_that_training_gives_it(tiny):
    sources, targets = zip(*PAIRS, strict=True)
    together = tiny.call("score_pair", text=sources, output=targets)
    for row, (source, target) in enumerate(PAIRS):
        encoded = tiny.module.pipeline.encode(tf.constant([source]), tf.constant([target]))
        batch = {name: ragged.to_tensor() for name, ragged in encoded.items()}
        loss, weight, _ = tiny.task.compute_loss(tiny.model, batch, None, training=False)
        alone = tiny.call("score_pair", text=[source], output=[target])
        for answer, place in ((together, row), (alone, 0)):
            assert answer["log_probability"][place] == pytest.approx(-float(loss), rel=1e-4)
            assert answer["num_tokens"][place] == int(weight) == batch["target_ids"].shape[1] - 1


@every_variant
def test_odd_pairs_are_scored(tiny):
    outputs = [*ODD_TEXTS[::-1], "dog " * 2000]
    answer = tiny.call("score_pair", text=[*ODD_TEXTS, ""], output=outputs)
    assert np.isfinite(answer["log_probability"]).all() and (answer["log_probability"] < 0.0).all()
    assert answer["num_tokens"][-1] == tiny.config.text.max_length + 1
    assert answer["num_tokens"][outputs.index("")] == 1


@pytest.mark.parametrize("tiny", ["words"], indirect=True)
def test_what_a_search_found_is_as_probable_as_the_pair(tiny):
    texts = [source for source, _ in PAIRS]
    beams, found = tiny.search(texts, 3), tiny.call("serving_default", text=texts)
    pairs = tiny.call("score_pair", text=texts, output=found["output"])
    # Those that the model ended itself and of which no blank was taken off.
    is_whole = pairs["num_tokens"] == beams.length[:, 0].numpy() + 1
    is_ended = beams.length[:, 0].numpy() < max_units(tiny, texts)
    compared = np.flatnonzero(is_whole & is_ended)
    for row in compared:
        score = pairs["log_probability"][row] / ((5 + pairs["num_tokens"][row]) / 6)
        assert found["score"][row] == pytest.approx(score, rel=1e-4)
    assert len(compared)


@every_variant
def test_white_space_around_a_text_does_not_count(tiny):
    bare, around = ["ein Hund", ""], ["\n  ein Hund\t", " \r\n "]
    for name in tiny.functions:
        given = [{"text": texts} | ({"output": texts} if name == "score_pair" else {}) for texts in (bare, around)]
        first, second = (tiny.call(name, **inputs) for inputs in given)
        for key in first:
            assert first[key].tolist() == second[key].tolist()


@every_variant
def test_of_a_long_text_the_beginning_is_read(tiny):
    text = "ein Hunde läuft und zwei Kinder lachen " * 5  # no blank where characters are cut
    tokens = tiny.module.pipeline.source
    begin = tokens.to_text(tokens.encode(tf.constant([text]))[:, : tiny.config.text.max_length]).numpy()[0]
    if tiny.config.text.unit == "words":
        return  # words that were never seen are no text again
    answers = tiny.call("serving_default", text=[text, begin])
    assert answers["output"][0] == answers["output"][1]


@every_variant
def test_nothing_asked_is_nothing_answered(tiny):
    for name, signature in tiny.signatures().items():
        answer = tiny.call(name, **{key: np.zeros(0, object) for key in signature.inputs})
        assert all(len(value) == 0 for value in answer.values())


@every_variant
def test_the_reference_requests_reach_every_signature_and_are_answered(tiny):
    requests = tiny.task.reference_requests()
    assert requests.keys() == tiny.signatures().keys()
    for name, of_signature in requests.items():
        for request in of_signature:
            answers = tiny.call(name, **request)
            assert all(np.isfinite(value).all() for value in answers.values() if value.dtype != object)


def test_rows_are_answered_in_their_order_whatever_is_run_together():
    tiny = TinyTranslator("words")
    answers = tiny.predict(TEXTS, batch_size=4)
    assert all(list(answer) == ["output", "score"] for answer in answers)
    assert [answer["output"] for answer in answers] == tiny.call("serving_default", text=TEXTS)["output"].tolist()
