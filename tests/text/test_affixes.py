import tensorflow as tf

from rnnzoo.text import AffixEncoder, build_affix_encoder


def test_only_affixes_that_words_share_are_kept_the_most_frequent_first():
    encoder = build_affix_encoder(["walking", "talking", "walked", "é"], [3], [3, 1], max_size=100)
    assert encoder.vocabulary.tokens[4:] == ("-g", "-ing", "wal-")
    assert encoder.num_affixes == 3


def test_affixes_are_counted_in_characters_not_bytes():
    encoder = build_affix_encoder(["été", "étage", "thé"], [2], [1], max_size=100)
    assert encoder.vocabulary.tokens[4:] == ("-é", "ét-")
    assert encoder(tf.constant(["étoile", "clé", "é", ""])).numpy().tolist() == [[5, 1], [1, 4], [1, 4], [1, 1]]


def test_a_short_word_is_its_own_affix():
    encoder = build_affix_encoder(["ab", "abc", "abx", "xab"], [2, 3], [2], max_size=100)
    (ids,) = encoder(tf.constant(["ab"])).numpy().tolist()
    assert [encoder.vocabulary.tokens[number] for number in ids] == ["ab-", "ab-", "-ab"]


def test_prefixes_and_suffixes_are_different_things():
    encoder = build_affix_encoder(["aXa", "aYa"], [1], [1], max_size=100)
    prefix, suffix = encoder(tf.constant(["aZa"])).numpy()[0]
    assert prefix != suffix and min(prefix, suffix) >= 4


def test_no_shared_affix_leaves_only_unknown_ones():
    assert build_affix_encoder(["ab", "cd"], [1], [1], 10)(tf.constant(["ab"])).numpy().tolist() == [[1, 1]]


def test_round_trip(tmp_path):
    encoder = build_affix_encoder(["walking", "talking", "walks"], [3, 4], [3], max_size=6)
    encoder.save(tmp_path)
    again = AffixEncoder.load(tmp_path)
    words = tf.constant(["walking", "stalking", "wal", "x"])
    assert again(words).numpy().tolist() == encoder(words).numpy().tolist()
    assert len(again.vocabulary) == 6
