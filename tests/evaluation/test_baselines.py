"""The simple models on cases that can be checked by eye."""

import numpy as np

from rnnzoo.evaluation import predict_with_bag_of_words, predict_with_step_statistics

TRAIN = [np.array(ids) for ids in ([4, 6], [4, 7], [4], [5, 6], [5, 7, 7], [5])] * 5
LABELS = np.array([0, 0, 0, 1, 1, 1] * 5)


def test_learns_which_words_belong_to_which_class():
    texts = [np.array(ids) for ids in ([7, 4], [6, 5], [5], [4, 8])]
    assert predict_with_bag_of_words(TRAIN, LABELS, texts, 9).tolist() == [0, 1, 1, 0]


def test_order_and_repetition_do_not_count():
    texts = [np.array(ids) for ids in ([4, 5, 6], [6, 5, 4], [5, 4, 4, 4, 4, 6])]
    assert len(set(predict_with_bag_of_words(TRAIN, LABELS, texts, 9).tolist())) == 1


def test_empty_texts_have_an_answer():
    empty = np.zeros(0, np.int32)
    train, labels = [*TRAIN, empty, empty, empty], np.append(LABELS, [1, 1, 1])
    assert predict_with_bag_of_words(train, labels, [empty], 9).tolist() == [1]
    assert len(predict_with_bag_of_words([empty, empty], np.array([0, 1]), [empty], 9)) == 1


def test_three_classes():
    train = [np.array([4 + place % 3]) for place in range(30)]
    predicted = predict_with_bag_of_words(train, np.arange(30) % 3, train[:3], 9)
    assert predicted.tolist() == [0, 1, 2]


def test_one_class_in_training_is_always_the_answer():
    predicted = predict_with_bag_of_words(TRAIN, np.full(len(TRAIN), 3), TRAIN[:4], 9)
    assert predicted.tolist() == [3, 3, 3, 3]


def make_steps(low, high, num_steps=6):
    return np.linspace([low, 0.0], [high, 1.0], num_steps).astype(np.float32)


def test_step_statistics_learn_mean_and_spread():
    train = [make_steps(0, 1), make_steps(4, 5), make_steps(0, 5)] * 8
    given = [make_steps(0.1, 1.1, 3), make_steps(3.9, 5), make_steps(0, 4.9, 20)]
    assert predict_with_step_statistics(train, np.arange(24) % 3, given).tolist() == [0, 1, 2]


def test_step_statistics_know_no_order():
    train = [make_steps(0, 1), make_steps(1, 0), make_steps(4, 5)] * 8
    forward = [make_steps(place / 4, place / 3) for place in range(12)]
    predicted = predict_with_step_statistics(train, np.arange(24) % 3, forward)
    backward = predict_with_step_statistics(train, np.arange(24) % 3, [steps[::-1] for steps in forward])
    assert predicted.tolist() == backward.tolist()


def test_step_statistics_answer_an_empty_sequence():
    train = [make_steps(0, 1), make_steps(4, 5), np.zeros((0, 2), np.float32)] * 8
    assert predict_with_step_statistics(train, np.arange(24) % 3, train[:3]).tolist() == [0, 1, 2]
    assert predict_with_step_statistics(train, np.full(24, 1), train[:3]).tolist() == [1, 1, 1]
