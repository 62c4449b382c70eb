import dataclasses

from rnnzoo.datasets.mini import lexicon
from rnnzoo.datasets.mini.english import join_tokens, realise_tokens
from rnnzoo.datasets.mini.meaning import compute_value, name_rating, name_sentiment
from rnnzoo.datasets.mini.phrases import NOBODY, I, refer_back
from rnnzoo.datasets.mini.second_language import translate_sentence
from rnnzoo.datasets.mini.sentences import generate_sentences
from rnnzoo.datasets.mini.trees import Adverbial, Belief, CommonPhrase, Name, Opinion, Sentence

NOUNS = {noun.singular: noun for noun in lexicon.NOUNS}
GOOD = lexicon.OPINION_PAIRS[0]
LIKE = lexicon.ATTITUDES[0]
SOUP = CommonPhrase(NOUNS["soup"], "the")
NOT_GOOD = Opinion("copula", SOUP, GOOD, positive=True, negated=True)
LIKED_IT = Opinion("attitude", refer_back(SOUP), LIKE, positive=True, holder=I)


def english(sentence):
    return join_tokens([token.text for token in realise_tokens(sentence)])


def test_contrast():
    sentence = Sentence(LIKED_IT, "but", NOT_GOOD)
    assert english(sentence) == "The soup was not good, but I liked it."
    assert translate_sentence(sentence) == "Sumak ta bona mu esta , vel mi je lubta ."
    assert name_sentiment(compute_value(sentence)) == "positive"
    assert name_rating(compute_value(sentence)) == "4"


def test_subordinate_clauses_come_first_in_talvic():
    sentence = Sentence(NOT_GOOD, "main_although", LIKED_IT)
    assert english(sentence) == "The soup was not good, although I liked it."
    assert translate_sentence(sentence) == "Mi je lubta dor , sumak ta bona mu esta ."
    assert name_sentiment(compute_value(sentence)) == "negative"


def test_adjectives_and_verbs_agree():
    plays = CommonPhrase(NOUNS["play"], "that", plural=True, adjective=lexicon.NEUTRAL_ADJECTIVES[0])
    where = Adverbial("in", Name("PLACE", ("Port", "Sable"), "a"))
    sentence = Sentence(Opinion("copula", plays, GOOD, positive=True, degree=lexicon.VERY, past=False, adverbial=where))
    assert english(sentence) == "Those old plays are very good in Port Sable."
    assert translate_sentence(sentence) == "Port Sable ni drasumek staroi zuoi bonoi dek esrin ."
    assert name_rating(compute_value(sentence)) == "5"


def test_negations_cancel_and_weaken():
    values = {}
    for degree in (None, lexicon.VERY, lexicon.RATHER, lexicon.AT_ALL):
        opinion = dataclasses.replace(NOT_GOOD, degree=degree)
        belief = Belief(opinion, negated=True, holder=NOBODY, verb=lexicon.BELIEF_VERBS[0], past=True)
        values[degree and degree.words[0][0]] = compute_value(opinion), compute_value(belief)
    assert values == {None: (-2, 2), "very": (-1, 2), "rather": (-2, 2), "at": (-3, 1)}
    assert english(Sentence(belief)) == "Nobody thought that the soup was not good at all."
    assert translate_sentence(Sentence(belief)) == "Nul sumak ta bona tol mu esta ke mu pensta ."


def test_a_text_has_one_translation_in_clean_tokens():
    for example in generate_sentences("test"):
        translation = example["translation"]
        assert translation == " ".join(translation.split())
        assert translation[0].isupper()
        assert translation.split()[-1] == example["tokens"][-1]
        assert ", ," not in translation
