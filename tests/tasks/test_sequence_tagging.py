"""Tags of words, on the miniature language and on small sets of our own."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from rnnzoo.builders import check_masks
from rnnzoo.config import UserError, load_config, parse_config
from rnnzoo.datasets import open_dataset
from rnnzoo.tasks.data_checks import check_data
from rnnzoo.tasks.odd_texts import ODD_TEXTS
from rnnzoo.tasks.registry import make_task
from tests.variants import slow_but

TINY = [
    "model.units=6",
    "model.embedding_dim=5",
    "model.character_dim=6",
    "model.num_layers=1",
    "text.max_length=12",
    'data.train_split="train[:200]"',
    'data.validation_split="validation[:50]"',
]
VARIANTS = {
    "softmax": ("pos/mini", []),
    "boundaries": ("pos/mini", ["text.boundary_tokens=true", "text.suffix_lengths=[2, 3]", "text.lowercase=true"]),
    "crf": ("ner/mini", []),
    "bioes": ("ner/mini", ["text.boundary_tokens=true", "model.tag_scheme=BIOES", "text.characters=false"]),
    "words": ("pos/mini", ["text.characters=false", "text.shapes=false", "model.input=one_hot"]),
}


class Tagger:
    """A task that learned, its data set, and a model none of whose weights is zero."""

    def __init__(self, name, overrides, data_dir):
        self.dataset = open_dataset("rnnzoo_mini/sentences", data_dir)
        self.task = make_task(load_config(name, [*TINY, *overrides]))
        check_data(self.task.config, self.dataset.description)
        self.task.learn_vocabularies(self.dataset)
        keras.utils.set_random_seed(1)
        self.model = self.task.build_model()
        random = np.random.default_rng(1)
        for weight in self.model.trainable_weights:
            weight.assign_add(random.normal(0.0, 0.2, weight.shape))
        self.module, self.signatures = self.task.make_serving_module(self.model)

    def call(self, signature, **inputs):
        dtypes = {"length": tf.int32}
        tensors = {name: tf.constant(value, dtypes.get(name, tf.string)) for name, value in inputs.items()}
        return {name: value.numpy() for name, value in self.signatures[signature](**tensors).items()}

    def predict(self, rows, signature):
        answers = []
        for row in rows:
            tokens = row["tokens"]
            answer = self.call(signature, tokens=np.array(tokens, object).reshape(1, -1), length=[len(tokens)])
            answers.append({"tags": [tag.decode() for tag in answer["tags"][0, : answer["length"][0]]]})
        return answers


@pytest.fixture(scope="module")
def tagger(request, mini_data_dir):
    return Tagger(*VARIANTS[request.param], mini_data_dir)


every_variant = pytest.mark.parametrize("tagger", slow_but(["boundaries", "crf", "bioes"], VARIANTS), indirect=True)
two_variants = pytest.mark.parametrize("tagger", ["boundaries", "bioes"], indirect=True)


@every_variant
def test_the_mask_reaches_what_needs_it(tagger):
    check_masks(tagger.model)


@every_variant
def test_evaluation_in_memory_equals_the_served_answers(tagger):
    split = tagger.task.load_split(tagger.dataset, "validation[:12]")
    in_memory = tagger.task.evaluate(tagger.model, split, details=True)
    served = tagger.task.evaluate_predictor(tagger.predict, split)
    assert in_memory.metrics.pop("loss") > 0.0
    assert in_memory.metrics == served.metrics
    assert in_memory.details["confusion_matrix"] == served.details["confusion_matrix"]
    # Some sentences are longer than 12 words: what is cut counts.
    assert in_memory.details["num_tokens"] == split.report["tokens"]
    assert in_memory.details["num_tokens_without_tag"] == split.report["tokens_cut"] > 0
    assert in_memory.metrics["tokenization_f1"] == 1.0


@every_variant
def test_raw_texts_and_their_words_are_tagged_alike(tagger):
    examples = list(tagger.dataset.read("test[:8]", ["text", "tokens"]).as_numpy_iterator())
    from_text = tagger.call("serving_default", text=[example["text"] for example in examples])
    assert set(from_text) == {"tokens", "tags", "scores", "length"}
    for row, example in enumerate(examples):
        length = from_text["length"][row]
        assert length == min(len(example["tokens"]), 12)
        assert from_text["tokens"][row, :length].tolist() == example["tokens"][:length].tolist()
        from_words = tagger.call("tag_tokens", tokens=[example["tokens"]], length=[len(example["tokens"])])
        assert from_words["tags"][0, :length].tolist() == from_text["tags"][row, :length].tolist()
        np.testing.assert_allclose(from_words["scores"][0, :length], from_text["scores"][row, :length], atol=1e-5)
        assert set(from_text["tags"][row, :length]) <= {name.encode() for name in tagger.task.tag_names}
        assert (from_text["scores"][row, :length] > 0).all()
        assert set(from_text["tags"][row, length:]) <= {b""} and not from_text["scores"][row, length:].any()


@every_variant
def test_odd_texts_have_answers_that_do_not_depend_on_the_batch(tagger):
    texts = [*ODD_TEXTS, "word " * 5000]
    together = tagger.call("serving_default", text=texts)
    assert np.isfinite(together["scores"]).all()
    assert together["length"].tolist()[-1] == 12
    assert together["length"][0] == 0
    for row, text in enumerate(texts):
        alone = tagger.call("serving_default", text=[text])
        length = alone["length"][0]
        assert length == together["length"][row]
        for name in ("tokens", "tags"):
            assert alone[name][0, :length].tolist() == together[name][row, :length].tolist()
        np.testing.assert_allclose(alone["scores"][0], together["scores"][row, : alone["scores"].shape[1]], atol=1e-5)
    nothing = tagger.call("serving_default", text=np.zeros(0, object))
    assert nothing["tags"].shape == (0, 1) and nothing["length"].shape == (0,)


@every_variant
def test_what_lies_past_the_length_is_ignored(tagger):
    sentences = [["The", "", b"\xff", "play"], ["good"], []]
    expected = tagger.call("tag_tokens", tokens=[["The", "", b"\xff", "play"]], length=[4])
    for rest in ("", "Lund", "\0", b"\xfe"):
        tokens = [[*sentence, *[rest] * (6 - len(sentence))] for sentence in sentences]
        answer = tagger.call("tag_tokens", tokens=tokens, length=[4, 1, 0])
        assert answer["tags"].shape == answer["scores"].shape == (3, 6)
        assert answer["length"].tolist() == [4, 1, 0]
        assert answer["tags"][0, :4].tolist() == expected["tags"][0].tolist()
        np.testing.assert_allclose(answer["scores"][0, :4], expected["scores"][0], atol=1e-5)
        assert (answer["tags"][:, 4:] == b"").all() and not answer["scores"][:, 4:].any()
        assert (answer["tags"][2] == b"").all() and answer["tags"][1, 0] != b""


@every_variant
def test_impossible_lengths_are_clipped(tagger):
    answer = tagger.call("tag_tokens", tokens=[["a", "b"]] * 3, length=[99, -5, 2])
    assert answer["length"].tolist() == [2, 0, 2]
    assert answer["tags"][0].tolist() == answer["tags"][2].tolist()
    long = tagger.call("tag_tokens", tokens=[["word"] * 5000], length=[5000])
    assert long["tags"].shape == (1, 5000) and long["length"].tolist() == [12]
    assert (long["tags"][0, 12:] == b"").all() and (long["tags"][0, :12] != b"").all()
    for num_rows in (0, 1):
        nothing = tagger.call("tag_tokens", tokens=np.zeros((num_rows, 0), object), length=[3] * num_rows)
        assert nothing["tags"].shape == (num_rows, 0) and nothing["length"].tolist() == [0] * num_rows


@every_variant
def test_reference_requests_fit_their_signatures(tagger):
    requests = tagger.task.reference_requests()
    assert set(requests) == set(tagger.signatures)
    for signature, of_signature in requests.items():
        for request in of_signature:
            inputs = {name: np.array(value, object) if name != "length" else value for name, value in request.items()}
            answer = tagger.call(signature, **inputs)
            assert len(answer["tags"]) == len(next(iter(request.values())))


@two_variants
def test_the_loss_is_that_of_real_words_alone(tagger):
    task, model = tagger.task, tagger.model
    split = task.load_split(tagger.dataset, "validation[:5]")
    batch = next(iter(task.make_batches(split, shuffle=False).epoch()))
    batch = {name: tf.constant(array) for name, array in batch.items()}
    loss, weight, state = task.compute_loss(model, batch, None, training=False)
    num_words = np.minimum(split.columns["gold"].lengths, 12)[batch["example_index"].numpy()[:5]].sum()
    assert float(weight) == num_words and state is None
    sequences = {name: tensor for name, tensor in batch.items() if tensor.shape.rank > 1}
    wider = {
        name: tf.pad(tensor, [[0, 2], [0, 3], *[[0, 0]] * (tensor.shape.rank - 2)])
        for name, tensor in sequences.items()
    }
    assert float(task.compute_loss(model, wider, None, training=False)[0]) == pytest.approx(float(loss), rel=1e-5)
    alone = [
        task.compute_loss(model, {name: tensor[row : row + 1] for name, tensor in batch.items()}, None, training=False)
        for row in range(5)
    ]
    assert sum(float(each[0]) for each in alone) == pytest.approx(float(loss), rel=1e-5)


@pytest.mark.parametrize("tagger", ["bioes"], indirect=True)
def test_a_training_step_compiles_with_xla_and_gives_the_same(tagger):
    split = tagger.task.load_split(tagger.dataset, "validation[:5]")
    batch = next(iter(tagger.task.make_batches(split, shuffle=False).epoch()))
    batch = {name: tf.constant(array) for name, array in batch.items()}

    def step(batch):
        with tf.GradientTape() as tape:
            loss, _, _ = tagger.task.compute_loss(tagger.model, batch, None, training=False)
        gradients = tape.gradient(loss, tagger.model.trainable_weights)
        return loss, tf.linalg.global_norm([tf.convert_to_tensor(gradient) for gradient in gradients])

    loss, norm = step(batch)
    compiled_loss, compiled_norm = tf.function(step, jit_compile=True)(batch)
    assert float(compiled_loss) == pytest.approx(float(loss), rel=1e-4)
    assert float(compiled_norm) == pytest.approx(float(norm), rel=1e-3)


@two_variants
def test_vocabularies_round_trip(tagger, tmp_path):
    tagger.task.save_vocabularies(tmp_path)
    again = make_task(tagger.task.config)
    again.load_vocabularies(tmp_path)
    assert again.tag_names == tagger.task.tag_names
    assert again.vocabulary_sizes() == tagger.task.vocabulary_sizes()
    split, split_again = (task.load_split(tagger.dataset, "test[:20]") for task in (tagger.task, again))
    for name, column in split.columns.items():
        np.testing.assert_array_equal(column.values, split_again.columns[name].values)


def test_the_crf_answers_keep_to_the_scheme(mini_data_dir):
    from rnnzoo.text import find_tag_problems

    tagger = Tagger("ner/mini", ["model.tag_scheme=BIOES"], mini_data_dir)
    texts = [example["text"] for example in tagger.dataset.read("test[:50]", ["text"]).as_numpy_iterator()]
    answer = tagger.call("serving_default", text=texts)
    for tags, length in zip(answer["tags"], answer["length"], strict=True):
        assert find_tag_problems([tag.decode() for tag in tags[:length]], "BIO") == []
    assert len(set(answer["tags"].flat)) > 4


def test_the_baseline_scores_the_same_words(mini_data_dir):
    tagger = Tagger("pos/mini", [], mini_data_dir)
    train, validation = tagger.task.load_training_splits(tagger.dataset)
    assert 0.8 < tagger.task.evaluate_baseline(train, validation)["dictionary_token_accuracy"] < 0.99
    by_entities = Tagger("ner/mini", [], mini_data_dir)
    train, validation = by_entities.task.load_training_splits(by_entities.dataset)
    assert 0.05 < by_entities.task.evaluate_baseline(train, validation)["dictionary_span_f1"] < 0.6


# Sets of our own


def store(folder, name, splits, tags_feature):
    features = tfds.features.FeaturesDict(
        {"words": tfds.features.Sequence(tfds.features.Text()), "tags": tfds.features.Sequence(tags_feature)}
    )
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version="1.0.0",
        features=features,
        split_datasets={
            split: [
                (place, {"words": words.split(), "tags": tags.split()}) for place, (words, tags) in enumerate(examples)
            ]
            for split, examples in splits.items()
        },
        data_dir=str(folder),
        disable_shuffling=True,
    )


def make_own_task(folder, name, **data):
    keys = {"dataset": name, "tokens_feature": "words", "validation_split": "validation", **data}
    config = parse_config({"name": "my/tags", "task": "sequence_tagging", "data": keys, "text": {"min_count": 1}})
    dataset = open_dataset(name, folder, offline=True)
    check_data(config, dataset.description)
    return make_task(config), dataset


TRAIN = [("do n't go", "V R V"), ("dont do n't go", "_ V R V"), ("", ""), ("good dogs", "A N")] * 3


@pytest.fixture(scope="module")
def own_sets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tfds")
    splits = {
        "train": TRAIN,
        "validation": TRAIN[:4],
        "test": [("dont do n't go", "_ V R V"), ("xs", "_")],
        "odd": [("go go", "V X")],
        "ragged": [("go", "V"), ("go dogs", "V")],
    }
    store(folder, "own_strings", splits, tfds.features.Text())
    store(folder, "own_labels", splits, tfds.features.ClassLabel(names=["A", "N", "V", "R", "X", "_", "Z"]))
    broken = {
        split: [("Ann Lee met in Rome Bo", "I-PER I-PER O O I-LOC B-PER")] * 3
        for split in ("train", "validation", "test")
    }
    store(folder, "own_entities", broken, tfds.features.Text())
    return folder


@pytest.mark.parametrize(("name", "tags"), [("own_strings", "ANRV"), ("own_labels", "ANVR")])
def test_ignored_tags_leave_sentences_and_tags_that_do_not_occur_are_no_tags(own_sets, name, tags):
    task, dataset = make_own_task(own_sets, name, ignored_tags=["_"])
    task.learn_vocabularies(dataset)
    assert task.tag_names == tuple(tags)
    train, _ = task.load_training_splits(dataset)
    assert train.report["tokens"] == 24 and train.report["tokens_left_out"] == 3 and train.report["examples"] == 12
    assert train.columns["gold"].lengths.tolist() == [3, 3, 0, 2] * 3
    assert [task.name_input(words) for words in train.read_inputs()[:4]] == [
        b"do n't go",
        b"do n't go",
        b"",
        b"good dogs",
    ]
    assert task.count_labels(train) == {"A": 3, "N": 3, "V": 12, "R": 6}
    assert task.headline_metric == "token_accuracy"
    test = task.load_split(dataset, "test")
    assert test.columns["gold"].lengths.tolist() == [3, 0]
    evaluation = task.evaluate(task.build_model(), test, details=True)
    assert evaluation.details["num_tokens"] == 3 and np.isfinite(evaluation.metrics["loss"])


@pytest.mark.parametrize("name", ["own_strings", "own_labels"])
def test_a_tag_in_test_that_training_never_saw_is_told_before_training(own_sets, name):
    task, dataset = make_own_task(own_sets, name, ignored_tags=["_"], test_split="odd")
    with pytest.raises(
        UserError, match=r"data\.test_split: the split `odd` has tags that training never saw"
    ) as caught:
        task.learn_vocabularies(dataset)
    assert "got:      ['X']" in str(caught.value)


def test_sentences_without_a_tag_for_each_word_are_a_mistake(own_sets):
    task, dataset = make_own_task(own_sets, "own_strings", ignored_tags=["_"])
    task.learn_vocabularies(dataset)
    with pytest.raises(UserError, match="example 1 of the split `ragged` has not as many tags as tokens"):
        task.load_split(dataset, "ragged")


def test_tags_of_another_scheme_are_scored_as_spans(own_sets):
    task, dataset = make_own_task(own_sets, "own_entities")
    task.learn_vocabularies(dataset)
    assert task.headline_metric == "span_f1"
    train, _ = task.load_training_splits(dataset)
    # Read as IOB1, a B that parts nothing is a mistake.
    assert train.report["places_that_break_IOB1"] == 3


def test_held_back_sentences_are_chosen_by_their_words(own_sets, mini_data_dir):
    shares = []
    for split in ("train[:300]", "train[:300]+train[:300]"):
        task = make_task(load_config("pos/mini", ['data.validation_split=""', f'data.train_split="{split}"']))
        dataset = open_dataset("rnnzoo_mini/sentences", mini_data_dir)
        task.learn_vocabularies(dataset)
        train, validation = task.load_training_splits(dataset)
        names = [{task.name_input(given) for given in part.read_inputs()} for part in (train, validation)]
        assert not names[0] & names[1]
        shares.append(validation.num_examples / (train.num_examples + validation.num_examples))
    assert shares[0] == shares[1] and 0.05 < shares[0] < 0.15


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("data.tokens_feature=token", "nearest:  tokens"),
        ("data.tokens_feature=text", "allowed:  tokens"),
        ("data.tags_feature=rating", "allowed:  entities, tokens, upos"),
        ("data.text_feature=tokens", "data.text_feature"),
        ('data.ignored_tags=["PROPM"]', "nearest:  PROPN"),
    ],
)
def test_data_that_does_not_fit_is_a_mistake(mini_data_dir, override, told):
    dataset = open_dataset("rnnzoo_mini/sentences", mini_data_dir)
    with pytest.raises(UserError) as caught:
        check_data(load_config("pos/mini", [override]), dataset.description)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["data.tags_feature=tokens"], "two different features"),
        (["model.input=one_hot"], "text.characters needs model.input"),
        (["model.input=one_hot", "text.characters=false"], "text.shapes needs model.input"),
        (["model.head=crf", "train.label_smoothing=0.1"], "train.label_smoothing needs model.head"),
        (["model.character_layer=recurrence", "model.character_dim=7"], "an even character_dim"),
        (["text.tokenizer=characters"], "allowed:  treebank, words"),
        (["text.ngram_lengths=[2]"], "unknown key"),
        (["text.word_length=1"], "text.word_length"),
        (["data.tag_scheme=IOB"], "nearest:  IOB1"),
    ],
)
def test_keys_that_contradict_each_other_are_refused(overrides, told):
    with pytest.raises(UserError, match=told):
        load_config("pos/mini", overrides)


def test_embeddings_begin_with_pretrained_vectors(mini_data_dir, tmp_path):
    (mini_data_dir.parent / "vectors.txt").write_text("the 1 2 3 4 5\nSOUP 5 4 3 2 1\nqqqq 0 0 0 0 0\n")
    overrides = ["text.pretrained_vectors=vectors.txt", "text.lowercase=true"]

    def make(task_overrides, load_from=None):
        task = make_task(load_config("pos/mini", [*TINY, *task_overrides]))
        dataset = open_dataset("rnnzoo_mini/sentences", mini_data_dir)
        if load_from is None:
            task.learn_vocabularies(dataset)
        else:
            task.load_vocabularies(load_from)
        train, _ = task.load_training_splits(dataset)
        return task, train

    task, train = make(overrides)
    # As when a run is resumed.
    task.save_vocabularies(tmp_path)
    for again, split in ((task, train), make(overrides, tmp_path)):
        words = again._pipeline.vocabulary.tokens
        embeddings = again.build_model().get_layer("embedding").embeddings.numpy()
        assert embeddings[words.index("the")].tolist() == [1, 2, 3, 4, 5]
        assert embeddings[words.index("soup")].tolist() == [5, 4, 3, 2, 1]
        assert np.abs(embeddings).sum(axis=1).min() > 0 and np.abs(embeddings[words.index("and")]).max() < 0.1
        assert split.report["pretrained_vectors_found"] == 2
        assert 0.01 < split.report["pretrained_vectors_token_share"] < 0.5
    with pytest.raises(UserError, match=r"another width"):
        make([*overrides, "model.embedding_dim=6"])
    with pytest.raises(UserError, match=r"text\.pretrained_vectors: no such file"):
        make(["text.pretrained_vectors=none.txt"])


def test_rare_words_are_dropped_more_often(mini_data_dir):
    overrides = ["model.rare_word_dropout=2.0", "model.word_dropout=0.05"]
    task = make_task(load_config("pos/mini", [*TINY, *overrides]))
    dataset = open_dataset("rnnzoo_mini/sentences", mini_data_dir)
    task.learn_vocabularies(dataset)
    train, _ = task.load_training_splits(dataset)
    rates = task.build_model().get_layer("word_dropout").rate
    counts = np.bincount(train.columns["token_ids"].values)
    for token_id in (4, 20, len(rates) - 1):
        assert rates[token_id] == pytest.approx(max(2.0 / (2.0 + counts[token_id]), 0.05), abs=1e-4)
    assert rates[4] < rates[-1]


def test_a_cost_of_missed_spans_is_paid_in_training_alone(mini_data_dir):
    plain, costly = (
        Tagger("ner/mini", ["model.dropout=0.0", "model.word_dropout=0.0", *overrides], mini_data_dir)
        for overrides in ([], ["train.missed_span_cost=2.0"])
    )
    _, validation = plain.task.load_training_splits(plain.dataset)
    batch = next(plain.task.make_batches(validation, shuffle=False).epoch())
    batch = {name: tf.constant(array) for name, array in batch.items()}

    def loss(tagger, training):
        return float(tagger.task.compute_loss(plain.model, batch, None, training)[0])

    assert loss(costly, training=False) == pytest.approx(loss(plain, training=False), rel=1e-6)
    # The logits of the truth stay; those of `O` grow where it is not the truth, by no more than the cost.
    outside = plain.task._tags.model_names.index("O")
    is_real = plain.task._is_real(batch["token_ids"])
    num_spans = int(tf.reduce_sum(tf.cast(is_real & (batch["tag_ids"] != outside), tf.int32)))
    difference = loss(costly, training=True) - loss(plain, training=True)
    assert 0.0 < difference < 2.0 * num_spans


def test_a_cost_of_missed_spans_needs_spans(mini_data_dir):
    task = make_task(load_config("pos/mini", [*TINY, "train.missed_span_cost=1.0"]))
    with pytest.raises(UserError, match="tags that mark spans"):
        task.learn_vocabularies(open_dataset("rnnzoo_mini/sentences", mini_data_dir))
