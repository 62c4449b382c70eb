"""Derives random sentences of the miniature language.

Every choice of structure is made without regard to the sentiment: the polarity of the opinion words is set
last, by turning each of them into its opposite where needed. So each sentence is as likely as its mirror
image, and no word tells the sentiment by itself.
"""

import dataclasses
import random

from rnnzoo.datasets.mini import lexicon
from rnnzoo.datasets.mini.english import MODALS
from rnnzoo.datasets.mini.lexicon import AT_ALL, AdjectivePair, Degree, Noun, Verb
from rnnzoo.datasets.mini.meaning import compute_value
from rnnzoo.datasets.mini.phrases import NOBODY, PhraseSampler, refer_back
from rnnzoo.datasets.mini.trees import (
    Adverbial,
    Belief,
    CommonPhrase,
    Event,
    Name,
    Opinion,
    Phrase,
    Pronoun,
    Sentence,
)

_NEGATION_RATE = 0.3
_NEGATED_BELIEF_RATE = 0.4
_LINKS = (("", 42), ("but", 27), ("and", 7), ("although", 10), ("main_although", 9), ("after", 3), ("because", 2))
_KINDS = (
    ("copula", 25),
    ("attitude", 23),
    ("linking", 10),
    ("find", 8),
    ("nominal", 11),
    ("comparison", 9),
    ("deed", 14),
)
_NAME_DOMAINS = {"PERSON": "person", "PLACE": "place", "ORGANISATION": "place"}
_TARGET_DOMAINS = ("food", "drink", "show", "music", "place", "person", "thing", "event")


def derive_sentence(rng: random.Random, unseen: bool = False) -> Sentence:
    """Returns a random sentence.

    Args:
        rng: The only source of chance.
        unseen: Whether words and names that are held out of the train split may occur.
    """
    return SentenceSampler(rng, unseen).sentence()


def mirror_sentence(sentence: Sentence) -> Sentence:
    """Returns the sentence with every opinion word turned into its opposite, which turns its sentiment."""
    side = sentence.side
    if isinstance(side, Opinion | Belief):
        side = mirror_clause(side)
    return dataclasses.replace(sentence, main=mirror_clause(sentence.main), side=side)


def mirror_clause(clause: Opinion | Belief) -> Opinion | Belief:
    """Returns the clause with its opinion word turned into its opposite."""
    if isinstance(clause, Belief):
        return dataclasses.replace(clause, content=mirror_clause(clause.content))
    return dataclasses.replace(clause, positive=not clause.positive)


class SentenceSampler(PhraseSampler):
    """Draws clauses and sentences; see `derive_sentence`."""

    def weighted(self, table: tuple[tuple[str, int], ...]) -> str:
        return self.rng.choices([name for name, _ in table], [weight for _, weight in table])[0]

    def sentence(self) -> Sentence:
        link = self.weighted(_LINKS)
        past = self.chance(0.8)
        end = "!" if self.chance(0.08) else "."
        if not link:
            opinion = self.opinion(self.target(), past, may_front=True)
            main = self.belief(opinion) if self.chance(0.3) else opinion
            return Sentence(main, end=end)
        leading = link in ("but", "and", "main_although")
        if self.chance({"but": 0.4, "and": 0.6, "after": 1.0, "because": 0.6}.get(link, 0.25)):
            side, topic = self.event(past, may_front=leading)
            main = self.main_clause(self.topic_or_new(topic), past)
            if link == "main_although":
                link = "although"
            return Sentence(main, link, side, end)
        topic = self.target()
        back = self.topic_or_new(topic)
        if link == "main_although":
            main = self.opinion(topic, past, may_front=True)
            side = self.opinion(back, past, self.same_holder(main))
        else:
            side = self.opinion(topic, past, may_front=leading)
            main = self.main_clause(back, past, self.same_holder(side))
        agree = link in ("and", "because")
        if (compute_value(side) * compute_value(main) > 0) != agree:
            side = mirror_clause(side)
        return Sentence(main, link, side, end)

    def main_clause(self, target: Phrase, past: bool, holder: Phrase | None = None) -> Opinion | Belief:
        opinion = self.opinion(target, past, holder)
        return self.belief(opinion) if self.chance(0.12) else opinion

    def same_holder(self, clause: Opinion) -> Phrase | None:
        """Returns the holder of the first clause, again or as a pronoun, or None for a new one."""
        if clause.holder is None or self.chance(0.5):
            return None
        return clause.holder if isinstance(clause.holder, Pronoun) else refer_back(clause.holder)

    def target(self) -> CommonPhrase | Name:
        draw = self.rng.random()
        if draw < 0.07:
            return self.person()
        if draw < 0.13:
            return self.place(bare=False)
        if draw < 0.18:
            return self.organisation()
        return self.common(self.noun((self.rng.choice(_TARGET_DOMAINS),)))

    def topic_or_new(self, topic: CommonPhrase | Name | None) -> Phrase:
        if topic is not None and self.chance(0.7):
            return refer_back(topic)
        return self.target()

    def belief(self, opinion: Opinion) -> Belief:
        if opinion.adverbial is not None and opinion.adverbial.fronted:
            opinion = dataclasses.replace(opinion, adverbial=dataclasses.replace(opinion.adverbial, fronted=False))
        negated = self.chance(_NEGATED_BELIEF_RATE)
        past = self.chance(0.4)
        draw = self.rng.random()
        if draw < 0.3:
            return Belief(opinion, negated, past=past)
        holder = NOBODY if negated and draw < 0.42 else self.holder()
        return Belief(opinion, negated, holder, self.rng.choice(lexicon.BELIEF_VERBS), past)

    def opinion(self, target: Phrase, past: bool, holder: Phrase | None = None, may_front: bool = False) -> Opinion:
        kind = self.weighted(_KINDS)
        source = target.antecedent if isinstance(target, Pronoun) else target
        noun = source.noun if isinstance(source, CommonPhrase) else None
        domain = _domain(source)
        if kind == "nominal" and noun is None:
            kind = "attitude"
        if kind == "comparison" and noun is None:
            kind = "copula"
        deeds = [verb for verb in lexicon.EVENT_VERBS if domain in verb.domains]
        if kind == "deed" and not deeds:
            kind = "find"
        fields: dict = {"verb": None, "noun": None, "other": None, "holder": None}
        if kind == "attitude":
            pair, degrees, negated_degrees = (
                self.rng.choice(lexicon.ATTITUDES),
                lexicon.VERB_DEGREES,
                lexicon.NEGATED_VERB_DEGREES,
            )
        elif kind == "comparison":
            pair, degrees, negated_degrees = (
                lexicon.BETTER_WORSE,
                lexicon.COMPARISON_DEGREES,
                lexicon.NEGATED_COMPARISON_DEGREES,
            )
            fields["other"] = self.common(self.rng.choice([n for n in lexicon.NOUNS if _comparable(n, noun)]))
        else:
            pair = self.adjective_pair("event" if kind == "deed" else domain)
            degrees, negated_degrees = lexicon.ADJECTIVE_DEGREES, lexicon.NEGATED_ADJECTIVE_DEGREES
        if kind == "nominal":
            fields["noun"] = noun
            target = target if isinstance(target, Pronoun) else refer_back(target)
            degrees = tuple(degree for degree in degrees if degree is not lexicon.A_BIT)
        if kind == "linking":
            verbs = [verb for verb, domains in lexicon.LINKING_VERBS.values() if domain in domains]
            fields["verb"] = self.rng.choice(verbs)
        if kind == "deed":
            fields["verb"] = self.rng.choice(deeds)
        if kind in ("attitude", "find"):
            fields["holder"] = holder or self.holder()
        negated = self.chance(_NEGATION_RATE)
        degree = self.degree(degrees, negated_degrees, negated)
        adverbial = self.adverbial(fronted=may_front and self.chance(0.4)) if self.chance(0.22) else None
        positive = self.chance(0.5)
        return Opinion(kind, target, pair, positive, negated, degree, past, adverbial=adverbial, **fields)

    def adjective_pair(self, domain: str) -> AdjectivePair:
        # Words that suit the noun are preferred to those that suit everything.
        special = [pair for pair in lexicon.OPINION_PAIRS if domain in pair.domains]
        general = [pair for pair in lexicon.OPINION_PAIRS if not pair.domains]
        return self.rng.choice(special if special and self.chance(0.5) else general)

    def degree(self, degrees: tuple[Degree, ...], negated_degrees: tuple[Degree, ...], negated: bool) -> Degree | None:
        draw = self.rng.random()
        if draw < 0.4:
            return None
        if negated:
            return AT_ALL if draw < 0.75 else self.rng.choice(negated_degrees)
        strength = 3 if draw < 0.75 else 1
        return self.rng.choice([degree for degree in degrees if degree.strength == strength])

    def event(self, past: bool, may_front: bool) -> tuple[Event, CommonPhrase | Name | None]:
        """Returns something that happened, and what an opinion on it may be about."""
        subject = self.holder()
        fronted = may_front and self.chance(0.4)
        adverbial = self.adverbial(fronted) if self.chance(0.4) else None
        draw = self.rng.random()
        if draw < 0.3:
            verb, purpose_object = self.deed()
            goal = self.place() if self.chance(0.6) else CommonPhrase(self.noun(("place",)), "the")
            event = Event(
                subject,
                self.rng.choice(lexicon.GO),
                past=past,
                destination=Adverbial("to", goal),
                purpose=(verb, purpose_object),
                adverbial=adverbial if fronted else None,
            )
            return event, purpose_object
        if draw < 0.5:
            return self.named_event(subject, past, adverbial if fronted else None)
        verb, deed_object = self.deed()
        manner = self.pick(lexicon.MANNERS) if self.chance(0.2) else None
        modal = self.rng.choice(tuple(MODALS)) if draw < 0.75 else ""
        return Event(subject, verb, deed_object, modal, past, manner, adverbial=adverbial), deed_object

    def deed(self) -> tuple[Verb, CommonPhrase | None]:
        """Returns a verb and a fitting object, or None for an intransitive verb."""
        verb = self.rng.choice(lexicon.EVENT_VERBS)
        if not verb.domains:
            return verb, None
        return verb, self.common(self.noun(verb.domains), indefinite=True)

    def named_event(self, subject: Phrase, past: bool, adverbial: Adverbial | None) -> tuple[Event, Name]:
        """Returns an event about a name that only its verb explains."""
        draw = self.rng.random()
        if draw < 0.3:
            person = self.person(bare=True)
            where = Adverbial("in", self.place()) if adverbial is None else None
            return Event(
                subject, self.rng.choice(lexicon.PERSON_VERBS), person, past=past, adverbial=where or adverbial
            ), person
        if draw < 0.55:
            place = self.place()
            return Event(subject, self.rng.choice(lexicon.PLACE_VERBS), place, past=past, adverbial=adverbial), place
        company = self.organisation(bare=True)
        if draw < 0.8:
            work = next(verb for verb in lexicon.EVENT_VERBS if verb.base == "work")
            return Event(subject, work, past=past, destination=Adverbial("for", company), adverbial=adverbial), company
        return Event(subject, self.rng.choice(lexicon.COMPANY_VERBS), company, past=past, adverbial=adverbial), company


def _domain(source: CommonPhrase | Name) -> str:
    return source.noun.domain if isinstance(source, CommonPhrase) else _NAME_DOMAINS[source.kind]


def _comparable(other: Noun, noun: Noun) -> bool:
    return other.domain == noun.domain and other is not noun and not other.held_out
