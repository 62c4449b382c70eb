"""The parse trees of the miniature language: what a sentence says, before it is put into words."""

from dataclasses import dataclass

from rnnzoo.datasets.mini.lexicon import Adjective, AdjectivePair, Degree, Noun, Verb, VerbPair


@dataclass(frozen=True)
class Token:
    """An English token with its universal part of speech and BIO entity tag."""

    text: str
    upos: str
    entity: str = "O"


@dataclass(frozen=True)
class CommonPhrase:
    """A noun with its determiner and neutral adjective: "the old hotel", "two cakes"."""

    noun: Noun
    determiner: str
    plural: bool = False
    adjective: Adjective | None = None
    third_person = True

    @property
    def gender(self) -> str:
        return self.noun.gender


@dataclass(frozen=True)
class Name:
    """A named entity; an apposition (", a small town,") may say what it is."""

    kind: str
    words: tuple[str, ...]
    gender: str
    title: str = ""
    article: bool = False
    apposition: CommonPhrase | None = None
    plural = False
    third_person = True


@dataclass(frozen=True)
class Pronoun:
    """A personal pronoun, or "nobody"; `antecedent` is the phrase it stands for, if the sentence has one."""

    subject: str
    object: str
    talvic: str
    gender: str
    plural: bool = False
    third_person: bool = True
    antecedent: "CommonPhrase | Name | None" = None


Phrase = Pronoun | CommonPhrase | Name


@dataclass(frozen=True)
class Adverbial:
    """A preposition with its phrase, or a weekday; `fronted` puts it before the clause."""

    preposition: str
    phrase: Phrase | str
    fronted: bool = False


@dataclass(frozen=True)
class Opinion:
    """A clause that says how good its target is.

    `kind` is one of
    copula ("the soup was good"), linking ("the soup tasted good"), nominal ("it was a good soup"),
    comparison ("the soup was better than the stew"), attitude ("I liked the soup"),
    find ("I found the soup good") and deed ("it was good to taste the soup", where `verb` is the deed).
    """

    kind: str
    target: Phrase
    pair: AdjectivePair | VerbPair
    positive: bool
    negated: bool = False
    degree: Degree | None = None
    past: bool = True
    holder: Phrase | None = None
    noun: Noun | None = None
    other: Phrase | None = None
    verb: Verb | None = None
    adverbial: Adverbial | None = None

    @property
    def word(self) -> Adjective | Verb:
        """The word that carries the sentiment."""
        return self.pair.positive if self.positive else self.pair.negative


@dataclass(frozen=True)
class Belief:
    """An opinion inside another clause: "I do not think that ...", or "it is true that ..." without a holder."""

    content: Opinion
    negated: bool = False
    holder: Phrase | None = None
    verb: Verb | None = None
    past: bool = False


@dataclass(frozen=True)
class Event:
    """A clause without sentiment: somebody did something somewhere, perhaps for a purpose."""

    subject: Phrase
    verb: Verb
    object: Phrase | None = None
    modal: str = ""
    past: bool = True
    manner: Adjective | None = None
    destination: Adverbial | None = None
    purpose: tuple[Verb, Phrase | None] | None = None
    adverbial: Adverbial | None = None


Clause = Opinion | Belief | Event


@dataclass(frozen=True)
class Sentence:
    """A main clause, which decides the sentiment, and perhaps a side clause.

    `link` says how they are joined, in the order of the English words:
    "but", "and": side, link main; "although", "after", "because": link side, main;
    "main_although": main, although side.
    """

    main: Opinion | Belief
    link: str = ""
    side: Clause | None = None
    end: str = "."
