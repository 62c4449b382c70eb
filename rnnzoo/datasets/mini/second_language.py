"""Puts a parse tree into Talvic, the invented second language.

Talvic puts the verb last and adverbials first, adjectives behind their noun and determiners behind those,
postpositions for prepositions, and every subordinate clause before its main clause. Adjectives, "the",
"this" and "that" end in the gender and number of what they describe (-o, -a, -e; plural -oi, -ai, -ei),
nouns take -ek in the plural, verbs take -ta in the past, -ri in the present, -u in the infinitive and -n
for a plural subject. The particle "mu" before the verb negates. Names stay as they are.
"""

from functools import singledispatch

from rnnzoo.datasets.mini.lexicon import FIND, Adjective, Noun, Verb
from rnnzoo.datasets.mini.names import TITLES, WEEKDAYS
from rnnzoo.datasets.mini.trees import Adverbial, Belief, CommonPhrase, Event, Name, Opinion, Phrase, Pronoun, Sentence

_AGREEING_DETERMINERS = {"the": "t", "this": "ki", "that": "zu"}
_DETERMINERS = {"a": "ven", "my": "mir", "our": "nuk", "her": "lir", "his": "lir", "two": "du", "three": "tri"}
_POSTPOSITIONS = {
    "in": "ni",
    "at": "nad",
    "near": "apud",
    "with": "sem",
    "to": "al",
    "for": "pur",
    "from": "ot",
    "on": "ni",
    "after": "fos",
    "before": "anz",
}
_LINKS = {"but": "vel", "and": "hen", "although": "dor", "main_although": "dor", "after": "fosto", "because": "kaz"}
_MODALS = {"want": "vol", "have": "dev", "can": "mog", "will": "fel"}
_COPULA = "es"


def translate_sentence(sentence: Sentence) -> str:
    """Returns the Talvic sentence, tokens separated by spaces, the first one capitalised."""
    words = _clause(sentence.main)
    if sentence.side is not None:
        side, link = _clause(sentence.side), _LINKS[sentence.link]
        words = [*side, ",", link, *words] if sentence.link in ("but", "and") else [*side, link, ",", *words]
    words.append(sentence.end)
    # The comma that ends an apposition yields to the punctuation that follows it.
    following = [*words[1:], ""]
    kept = [word for word, after in zip(words, following, strict=True) if word != "," or after not in (",", ".", "!")]
    text = " ".join(kept)
    return text[0].upper() + text[1:]


@singledispatch
def _clause(clause) -> list[str]:
    raise TypeError(f"Not a clause: {clause!r}")


@_clause.register
def _(clause: Belief) -> list[str]:
    content = [*_clause(clause.content), "ke"]
    negation = ["mu"] if clause.negated else []
    if clause.holder is None:
        return [*content, "pravo", *negation, _COPULA + ("ta" if clause.past else "ri")]
    return [*_phrase(clause.holder), *content, *negation, _finite(clause.verb.talvic, clause.holder, clause.past)]


@_clause.register
def _(clause: Event) -> list[str]:
    words = [*_adverbial(clause.adverbial), *_phrase(clause.subject), *_adverbial(clause.destination)]
    if clause.purpose is not None:
        verb, purpose_object = clause.purpose
        words += [*_optional(purpose_object), verb.talvic + "u", "por"]
    words += _optional(clause.object)
    if clause.manner is not None:
        words.append(clause.manner.talvic)
    if clause.modal:
        return [*words, clause.verb.talvic + "u", _finite(_MODALS[clause.modal], clause.subject, clause.past)]
    return [*words, _finite(clause.verb.talvic, clause.subject, clause.past)]


@_clause.register
def _(clause: Opinion) -> list[str]:
    target, past = clause.target, clause.past
    words = _adverbial(clause.adverbial)
    degree = [clause.degree.talvic] if clause.degree is not None else []
    negation = ["mu"] if clause.negated else []
    if clause.kind == "attitude":
        verb = _finite(clause.word.talvic, clause.holder, past)
        return [*words, *_phrase(clause.holder), *_phrase(target), *degree, *negation, verb]
    if clause.kind == "find":
        quality = [_agree(clause.word, target.gender, target.plural), *degree]
        verb = _finite(FIND.talvic, clause.holder, past)
        return [*words, *_phrase(clause.holder), *_phrase(target), *quality, *negation, verb]
    words += _phrase(target)
    if clause.kind == "deed":
        quality = [_agree(clause.word, "e", plural=False), *degree]
        return [*words, clause.verb.talvic + "u", *quality, *negation, _COPULA + ("ta" if past else "ri")]
    if clause.kind == "nominal":
        noun = clause.noun
        words += [_noun(noun, target.plural), _agree(clause.word, noun.gender, target.plural), *degree]
        words += [] if target.plural else [_DETERMINERS["a"]]
    else:
        if clause.kind == "comparison":
            words += [*_phrase(clause.other), "pon"]
        words += [_agree(clause.word, target.gender, target.plural), *degree]
    stem = clause.verb.talvic if clause.kind == "linking" else _COPULA
    return [*words, *negation, _finite(stem, target, past)]


def _optional(phrase: Phrase | None) -> list[str]:
    return _phrase(phrase) if phrase is not None else []


def _phrase(phrase: Phrase) -> list[str]:
    if isinstance(phrase, Pronoun):
        return [phrase.talvic]
    if isinstance(phrase, CommonPhrase):
        return _common_phrase(phrase)
    return _name(phrase)


def _common_phrase(phrase: CommonPhrase) -> list[str]:
    words = [_noun(phrase.noun, phrase.plural)]
    if phrase.adjective is not None:
        words.append(_agree(phrase.adjective, phrase.gender, phrase.plural))
    if phrase.determiner in _AGREEING_DETERMINERS:
        words.append(_AGREEING_DETERMINERS[phrase.determiner] + _ending(phrase.gender, phrase.plural))
    elif not (phrase.determiner == "a" and phrase.plural):
        words.append(_DETERMINERS[phrase.determiner])
    return words


def _name(name: Name) -> list[str]:
    words = list(name.words)
    if name.title:
        words.append(TITLES[name.title][1])
    if name.article:
        words.append(_AGREEING_DETERMINERS["the"] + _ending(name.gender, plural=False))
    if name.apposition is not None:
        words += [",", *_common_phrase(name.apposition), ","]
    return words


def _adverbial(adverbial: Adverbial | None) -> list[str]:
    if adverbial is None:
        return []
    postposition = _POSTPOSITIONS[adverbial.preposition]
    if isinstance(adverbial.phrase, str):
        return [WEEKDAYS[adverbial.phrase], postposition]
    return [*_phrase(adverbial.phrase), postposition]


def _noun(noun: Noun, plural: bool) -> str:
    return noun.talvic + ("ek" if plural else "")


def _agree(adjective: Adjective | Verb, gender: str, plural: bool) -> str:
    return adjective.talvic + _ending(gender, plural)


def _ending(gender: str, plural: bool) -> str:
    return gender + ("i" if plural else "")


def _finite(stem: str, subject: Phrase, past: bool) -> str:
    return stem + ("ta" if past else "ri") + ("n" if subject.plural else "")
