"""Puts a parse tree into English: tokens with their tags, and running text."""

from functools import singledispatch

from rnnzoo.datasets.mini.lexicon import AT_ALL, FIND, Degree, Verb
from rnnzoo.datasets.mini.trees import (
    Adverbial,
    Belief,
    CommonPhrase,
    Event,
    Opinion,
    Phrase,
    Pronoun,
    Sentence,
    Token,
)

_DETERMINER_TAGS = {"my": "PRON", "our": "PRON", "her": "PRON", "his": "PRON", "two": "NUM", "three": "NUM"}
_PLURAL_DETERMINERS = {"this": "these", "that": "those"}
_PUNCTUATION = frozenset(".,;!?")
_NOT = Token("not", "PART")
_COMMA = Token(",", "PUNCT")
# modal: its words in the past and in the present, the first one agreeing with the subject in the present
MODALS = {
    "want": ((("wanted", "VERB"), ("to", "PART")), (("want", "VERB"), ("to", "PART"))),
    "have": ((("had", "VERB"), ("to", "PART")), (("have", "VERB"), ("to", "PART"))),
    "can": ((("could", "AUX"),), (("can", "AUX"),)),
    "will": ((("would", "AUX"),), (("will", "AUX"),)),
}


def realise_tokens(sentence: Sentence) -> list[Token]:
    """Returns the English tokens of a sentence, the first one capitalised."""
    tokens = [*_sentence(sentence), Token(sentence.end, "PUNCT")]
    # The comma that ends an apposition yields to the punctuation that follows it.
    following = [*tokens[1:], None]
    kept = [t for t, after in zip(tokens, following, strict=True) if t != _COMMA or after.upos != "PUNCT"]
    return capitalise(kept)


def realise_phrase(phrase: Phrase, subject: bool = False) -> list[Token]:
    """Returns the English tokens of a phrase."""
    return _phrase(phrase, subject)


def capitalise(tokens: list[Token]) -> list[Token]:
    """Returns the tokens with a capital at the start of the first."""
    first = tokens[0]
    return [Token(first.text[0].upper() + first.text[1:], first.upos, first.entity), *tokens[1:]]


def join_tokens(tokens: list[str]) -> str:
    """Returns tokens as running text, with no space before punctuation.

    >>> join_tokens(["Mr.", "Lund", "left", ",", "but", "we", "stayed", "."])
    'Mr. Lund left, but we stayed.'
    """
    pieces = []
    for token in tokens:
        if pieces and token not in _PUNCTUATION:
            pieces.append(" ")
        pieces.append(token)
    return "".join(pieces)


def _sentence(sentence: Sentence) -> list[Token]:
    main, side, link = _clause(sentence.main), sentence.side, sentence.link
    if side is None:
        return main
    if link in ("but", "and"):
        return [*_clause(side), _COMMA, Token(link, "CCONJ"), *main]
    if link == "main_although":
        return [*main, _COMMA, Token("although", "SCONJ"), *_clause(side)]
    return [Token(link, "SCONJ"), *_clause(side), _COMMA, *main]


@singledispatch
def _clause(clause) -> list[Token]:
    raise TypeError(f"Not a clause: {clause!r}")


@_clause.register
def _(clause: Belief) -> list[Token]:
    that = [Token("that", "SCONJ"), *_clause(clause.content)]
    if clause.holder is None:
        copula = [Token("was" if clause.past else "is", "AUX"), *([_NOT] if clause.negated else [])]
        return [Token("it", "PRON"), *copula, Token("true", "ADJ"), *that]
    nobody = isinstance(clause.holder, Pronoun) and clause.holder.subject == "nobody"
    verb = _verb(clause.verb, clause.holder, clause.past, clause.negated and not nobody)
    return [*_phrase(clause.holder, subject=True), *verb, *that]


@_clause.register
def _(clause: Event) -> list[Token]:
    if clause.modal:
        past, present = MODALS[clause.modal]
        words = list(past if clause.past else present)
        if not clause.past and _third_singular(clause.subject) and clause.modal in ("want", "have"):
            words[0] = ({"want": "wants", "have": "has"}[clause.modal], "VERB")
        verb = [*(Token(*word) for word in words), Token(clause.verb.base, "VERB")]
    else:
        verb = _verb(clause.verb, clause.subject, clause.past, negated=False)
    tokens = [*_phrase(clause.subject, subject=True), *verb]
    if clause.object is not None:
        tokens += _phrase(clause.object)
    if clause.manner is not None:
        tokens.append(Token(clause.manner.text, "ADV"))
    if clause.destination is not None:
        tokens += _adverbial(clause.destination)
    if clause.purpose is not None:
        purpose_verb, purpose_object = clause.purpose
        tokens += [Token("to", "PART"), Token(purpose_verb.base, "VERB")]
        tokens += _phrase(purpose_object) if purpose_object is not None else []
    return _with_adverbial(tokens, clause.adverbial)


@_clause.register
def _(clause: Opinion) -> list[Token]:
    negation = [_NOT] if clause.negated else []
    after = _degree(clause.degree) if clause.degree is AT_ALL else []
    degree = [] if clause.degree is AT_ALL else _degree(clause.degree)
    if clause.kind == "attitude":
        verb = _verb(clause.word, clause.holder, clause.past, clause.negated, degree)
        tokens = [*_phrase(clause.holder, subject=True), *verb, *_phrase(clause.target), *after]
        return _with_adverbial(tokens, clause.adverbial)
    graded = [*degree, Token(clause.word.text, "ADJ")]
    if clause.kind == "find":
        verb = _verb(FIND, clause.holder, clause.past, clause.negated)
        tokens = [*_phrase(clause.holder, subject=True), *verb, *_phrase(clause.target), *graded]
    elif clause.kind == "linking":
        verb = _verb(clause.verb, clause.target, clause.past, clause.negated)
        tokens = [*_phrase(clause.target, subject=True), *verb, *graded]
    elif clause.kind == "deed":
        copula = [Token("it", "PRON"), Token("was" if clause.past else "is", "AUX"), *negation]
        deed = [Token("to", "PART"), Token(clause.verb.base, "VERB"), *_phrase(clause.target)]
        tokens = [*copula, *graded, *deed]
    else:
        tokens = [*_phrase(clause.target, subject=True), Token(_copula(clause.target, clause.past), "AUX"), *negation]
        if clause.kind == "nominal":
            plural = clause.target.plural
            noun = Token(clause.noun.plural if plural else clause.noun.singular, "NOUN")
            article = [] if plural else [Token(_indefinite(graded[0].text), "DET")]
            tokens += [*article, *graded, noun]
        else:
            tokens += graded
        if clause.kind == "comparison":
            tokens += [Token("than", "ADP"), *_phrase(clause.other)]
    return _with_adverbial([*tokens, *after], clause.adverbial)


def _with_adverbial(tokens: list[Token], adverbial: Adverbial | None) -> list[Token]:
    if adverbial is None:
        return tokens
    if adverbial.fronted:
        return [*_adverbial(adverbial), _COMMA, *tokens]
    return [*tokens, *_adverbial(adverbial)]


def _adverbial(adverbial: Adverbial) -> list[Token]:
    preposition = Token(adverbial.preposition, "ADP")
    if isinstance(adverbial.phrase, str):
        return [preposition, Token(adverbial.phrase, "PROPN")]
    return [preposition, *_phrase(adverbial.phrase)]


def _phrase(phrase: Phrase, subject: bool = False) -> list[Token]:
    if isinstance(phrase, Pronoun):
        return [Token(phrase.subject if subject else phrase.object, "PRON")]
    if isinstance(phrase, CommonPhrase):
        return _common_phrase(phrase)
    tokens = [Token("the", "DET")] if phrase.article else []
    if phrase.title:
        tokens.append(Token(phrase.title, "PROPN"))
    for position, word in enumerate(phrase.words):
        entity = f"{'I' if position else 'B'}-{phrase.kind}"
        tokens.append(Token(word, "CCONJ" if word == "&" else "PROPN", entity))
    if phrase.apposition is not None:
        tokens += [_COMMA, *_common_phrase(phrase.apposition), _COMMA]
    return tokens


def _common_phrase(phrase: CommonPhrase) -> list[Token]:
    noun = phrase.noun.plural if phrase.plural else phrase.noun.singular
    rest = [Token(phrase.adjective.text, "ADJ")] if phrase.adjective else []
    rest.append(Token(noun, "NOUN"))
    determiner = phrase.determiner
    if determiner == "a":
        return rest if phrase.plural else [Token(_indefinite(rest[0].text), "DET"), *rest]
    if phrase.plural:
        determiner = _PLURAL_DETERMINERS.get(determiner, determiner)
    return [Token(determiner, _DETERMINER_TAGS.get(determiner, "DET")), *rest]


def _degree(degree: Degree | None) -> list[Token]:
    return [Token(*word) for word in degree.words] if degree is not None else []


def _verb(
    verb: Verb, subject: Phrase, past: bool, negated: bool, degree: list[Token] | tuple[Token, ...] = ()
) -> list[Token]:
    if negated:
        do = "did" if past else "does" if _third_singular(subject) else "do"
        return [Token(do, "AUX"), _NOT, *degree, Token(verb.base, "VERB")]
    form = verb.past if past else verb.third if _third_singular(subject) else verb.base
    return [*degree, Token(form, "VERB")]


def _third_singular(phrase: Phrase) -> bool:
    return phrase.third_person and not phrase.plural


def _copula(subject: Phrase, past: bool) -> str:
    if past:
        return "were" if subject.plural else "was"
    return "are" if subject.plural else "is"


def _indefinite(following: str) -> str:
    # "useful" and "useless" start with a consonant sound.
    return "an" if following[0] in "aeiou" and not following.startswith("use") else "a"
