"""Draws the phrases of the miniature language at random: people, things, names and adverbials."""

import dataclasses
import functools
import random
from collections.abc import Sequence

from rnnzoo.datasets.mini import lexicon, names
from rnnzoo.datasets.mini.lexicon import Noun
from rnnzoo.datasets.mini.trees import Adverbial, CommonPhrase, Name, Phrase, Pronoun

I = Pronoun("I", "me", "mi", "o", third_person=False)  # noqa: E741
WE = Pronoun("we", "us", "nu", "o", plural=True, third_person=False)
SHE = Pronoun("she", "her", "li", "a")
HE = Pronoun("he", "him", "li", "o")
THEY = Pronoun("they", "them", "ili", "o", plural=True)
NOBODY = Pronoun("nobody", "nobody", "nul", "o")
_DETERMINERS = ("the", "the", "the", "this", "that", "that", "my", "our", "her", "his")
_UNSEEN_RATE = 0.5


def refer_back(phrase: CommonPhrase | Name) -> Pronoun:
    """Returns the pronoun for a phrase: "it", "they", or "he" and "she" for people."""
    if phrase.plural:
        return dataclasses.replace(THEY, gender=phrase.gender, antecedent=phrase)
    is_person = phrase.kind == "PERSON" if isinstance(phrase, Name) else phrase.noun.domain == "person"
    if is_person:
        return dataclasses.replace(SHE if phrase.gender == "a" else HE, antecedent=phrase)
    return Pronoun("it", "it", "je", phrase.gender, antecedent=phrase)


@functools.cache
def _nouns_of(domains: tuple[str, ...]) -> tuple[Noun, ...]:
    return tuple(noun for noun in lexicon.NOUNS if noun.domain in domains)


@functools.cache
def _partition(options: tuple) -> tuple[tuple, tuple]:
    """Returns the lexicon entries that train has, and those it lacks."""
    seen = tuple(option for option in options if not option.held_out)
    return seen, tuple(option for option in options if option.held_out)


class PhraseSampler:
    """Draws phrases from the lexicon.

    Args:
        rng: The only source of chance.
        unseen: Whether words and names that are held out of the train split may be drawn.
    """

    def __init__(self, rng: random.Random, unseen: bool = False):
        self.rng = rng
        self.unseen = unseen

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def pick(self, options: tuple):
        """Returns one of the lexicon entries, a held-out one only where they are allowed."""
        return self.rng.choice(self._either(*_partition(tuple(options))))

    def _either(self, seen: Sequence, unseen: Sequence) -> Sequence:
        return unseen if unseen and self.unseen and self.chance(_UNSEEN_RATE) else seen

    def noun(self, domains: Sequence[str]) -> Noun:
        return self.rng.choice(self._either(*_partition(_nouns_of(tuple(domains)))))

    def common(self, noun: Noun, indefinite: bool = False) -> CommonPhrase:
        """Returns a phrase around a noun; `indefinite` ones are "a ..." or "two ..."."""
        plural = self.chance(0.3)
        if indefinite and self.chance(0.5):
            determiner = self.rng.choice(("two", "three")) if plural else "a"
        else:
            determiner = self.rng.choice(_DETERMINERS)
        return CommonPhrase(noun, determiner, plural, self.adjective(0.2))

    def adjective(self, probability: float):
        return self.pick(lexicon.NEUTRAL_ADJECTIVES) if self.chance(probability) else None

    def surname(self) -> str:
        if self.chance(0.25):
            return self.rng.choice(names.SURNAMES_ONLY)
        return self.shared_name()

    def shared_name(self) -> str:
        return self.rng.choice(self._either(names.SHARED, names.HELD_OUT_SHARED))

    def full_person(self) -> Name:
        """Returns a person with given name and surname, such as Anna Lund."""
        first, gender = self.rng.choice(self._either(names.FIRST_NAMES, names.HELD_OUT_FIRST_NAMES))
        return Name("PERSON", (first, self.surname()), gender)

    def titled_person(self) -> Name:
        """Returns a person such as Mr. Lund."""
        title = self.rng.choice(tuple(names.TITLES))
        return Name("PERSON", (self.surname(),), names.TITLES[title][0], title)

    def person(self, bare: bool = False) -> Name:
        """Returns a person; `bare` allows the surname alone, where the context makes a person of it."""
        draw = self.rng.random()
        if draw < 0.35:
            return self.full_person()
        if draw < 0.7 or not bare:
            return self.titled_person()
        if draw < 0.8:
            first, gender = self.rng.choice(names.FIRST_NAMES)
            return Name("PERSON", (first,), gender)
        apposition = None
        if draw < 0.88:
            apposition = CommonPhrase(self.noun(("person",)), "a", adjective=self.adjective(0.5))
        return Name("PERSON", (self.surname(),), "o", apposition=apposition)

    def place(self, bare: bool = True) -> Name:
        """Returns a town; without `bare`, ambiguous names are explained by an apposition."""
        if self.chance(0.4):
            return Name("PLACE", self.rng.choice(self._either(names.PLACES_ONLY, names.HELD_OUT_PLACES_ONLY)), "a")
        apposition = None
        if not bare or self.chance(0.1):
            apposition = CommonPhrase(self.rng.choice(lexicon.PLACE_NOUNS), "a", adjective=self.adjective(0.7))
        return Name("PLACE", (self.shared_name(),), "a", apposition=apposition)

    def organisation(self, bare: bool = False) -> Name:
        """Returns a company, which may be named after a person or a town."""
        draw = self.rng.random()
        if bare and draw < 0.4:
            return Name("ORGANISATION", (self.shared_name(),), "e")
        if draw < 0.55:
            partner = "Sons" if self.chance(0.5) else self.surname()
            return Name("ORGANISATION", (self.surname(), "&", partner), "e")
        if draw < 0.7:
            apposition = CommonPhrase(self.rng.choice(lexicon.COMPANY_NOUNS), "a", adjective=self.adjective(0.7))
            return Name("ORGANISATION", (self.shared_name(),), "e", apposition=apposition)
        owner = self.full_person().words if self.chance(0.25) else (self.shared_name(),)
        return Name("ORGANISATION", (*owner, self.rng.choice(names.ORGANISATION_KINDS)), "e", article=True)

    def holder(self) -> Phrase:
        """Returns somebody who can have opinions and do things."""
        draw = self.rng.random()
        if draw < 0.5:
            return self.rng.choice((I, I, WE, SHE, HE, THEY))
        if draw < 0.75:
            return self.common(self.noun(("person",)))
        return self.person(bare=True)

    def adverbial(self, fronted: bool = False) -> Adverbial:
        """Returns where, when or with whom."""
        draw = self.rng.random()
        if draw < 0.35:
            return Adverbial(self.rng.choice(("in", "in", "near")), self.place(), fronted)
        if draw < 0.45:
            return Adverbial("at", self.organisation(), fronted)
        if draw < 0.55:
            return Adverbial("with", self.person(bare=True), fronted)
        if draw < 0.65:
            return Adverbial("on", self.rng.choice(tuple(names.WEEKDAYS)), fronted)
        if draw < 0.75:
            return Adverbial("in", CommonPhrase(self.rng.choice(lexicon.TIME_NOUNS), "the"), fronted)
        if draw < 0.88:
            event = self.noun(("show", "event", "music"))
            return Adverbial(self.rng.choice(("after", "before")), CommonPhrase(event, "the"), fronted)
        return Adverbial("at", CommonPhrase(self.noun(("place",)), "the", adjective=self.adjective(0.2)), fronted)
