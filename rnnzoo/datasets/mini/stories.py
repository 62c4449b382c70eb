"""The examples of the `stories` configuration: short documents with summaries.

Somebody does something somewhere, often in company, and thinks something of it; the companion may think
otherwise. Other people, places and things are mentioned on the way. The summary gives the main person, the
thing and the place, and the verdicts: "Anna Lund liked the play in Port Sable, but Mr. Hale did not."
"""

import functools
import random
from collections.abc import Iterator
from dataclasses import dataclass

from rnnzoo.datasets.mini import lexicon, names
from rnnzoo.datasets.mini.derivation import SentenceSampler, mirror_clause
from rnnzoo.datasets.mini.description import CONFIGURATIONS
from rnnzoo.datasets.mini.english import join_tokens, realise_tokens
from rnnzoo.datasets.mini.meaning import compute_value
from rnnzoo.datasets.mini.phrases import refer_back
from rnnzoo.datasets.mini.trees import Adverbial, Belief, CommonPhrase, Event, Name, Opinion, Pronoun, Sentence

_WORK = next(verb for verb in lexicon.EVENT_VERBS if verb.base == "work")
_DEEDS = tuple(
    verb for verb in lexicon.EVENT_VERBS if verb.base in ("watch", "play", "cook", "taste", "drink", "visit")
)


@dataclass(frozen=True)
class Verdict:
    """Whether the main person liked the thing, and the companion's opinion if it is told."""

    main: bool
    companion: bool | None


def generate_stories(split: str) -> Iterator[dict]:
    """Yields the examples of a split of the `stories` configuration.

    Args:
        split: "train", "validation" or "test".

    Yields:
        dict with the strings `document` and `summary`.
    """
    for document, summary in _draw_splits()[split]:
        yield {"document": document, "summary": summary}


@functools.cache
def _draw_splits() -> dict[str, tuple[tuple[str, str], ...]]:
    # All splits in one go: a later one leaves out the documents of those before it.
    seen: set[str] = set()
    splits = {}
    for split, size in CONFIGURATIONS["stories"].splits.items():
        sampler = StorySampler(random.Random(f"rnnzoo_mini/stories/{split}"))  # noqa: S311
        stories: list[tuple[str, str]] = []
        while len(stories) < size:
            document, summary = sampler.story(liked=len(stories) % 2 == 0)
            if document not in seen:
                seen.add(document)
                stories.append((document, summary))
        splits[split] = tuple(stories)
    return splits


class StorySampler(SentenceSampler):
    """Draws stories."""

    def story(self, liked: bool) -> tuple[str, str]:
        """Returns a document and its summary; `liked` is what the main person thinks."""
        person, companion = self.full_person(), None
        if self.chance(0.65):
            companion = self.titled_person()
            while companion.words[0] in person.words:
                companion = self.titled_person()
        verb = self.rng.choice(_DEEDS)
        thing = CommonPhrase(self.noun(verb.domains), "the", self.chance(0.3))
        place = self.place()
        verdict = Verdict(liked, self.chance(0.5) if companion is not None and self.chance(0.8) else None)
        sentences = [self._introduction(person), self._outing(person, companion, verb, thing, place)]
        if self.chance(0.45):
            sentences.append(self._aside(companion))
        sentences.append(self._verdict(person, companion, thing, verdict))
        if self.chance(0.35):
            sentences.append(self._ending(person, companion))
        document = " ".join(_realise(sentence) for sentence in sentences)
        return document, _summarise(person, companion, thing, place, verdict)

    def _introduction(self, person: Name) -> Event:
        home = Adverbial("in", self.place()) if self.chance(0.5) else None
        work = Adverbial("for", self.organisation(bare=True))
        return Event(person, _WORK, past=False, destination=work, adverbial=home)

    def _outing(self, person: Name, companion: Name | None, verb, thing: CommonPhrase, place: Name) -> Event:
        subject = refer_back(person)
        when = Adverbial("on", self.rng.choice(tuple(names.WEEKDAYS)), fronted=True)
        if companion is None or self.chance(0.5):
            company = Adverbial("with", companion) if companion is not None else None
            return Event(
                subject,
                self.rng.choice(lexicon.GO),
                destination=Adverbial("to", place),
                purpose=(verb, thing),
                adverbial=company or when,
            )
        meeting = Adverbial("in", place)
        return Event(subject, lexicon.PERSON_VERBS[0], companion, destination=meeting, purpose=(verb, thing))

    def _aside(self, companion: Name | None) -> Event:
        subject = companion if companion is not None and self.chance(0.5) else self.common(self.noun(("person",)))
        while True:
            event, _ = self.event(past=True, may_front=False)
            if event.purpose is None:
                return Event(subject, event.verb, event.object, event.modal, True, event.manner, event.destination)

    def _verdict(self, person: Name, companion: Name | None, thing: CommonPhrase, verdict: Verdict) -> Sentence:
        if verdict.companion is None:
            return Sentence(self._judge(refer_back(person), thing, verdict.main))
        # A pronoun would not tell two women or two men apart.
        first_name = Name("PERSON", person.words[:1], person.gender)
        judge = refer_back(person) if person.gender != companion.gender else first_name
        main = self._judge(judge, refer_back(thing), verdict.main)
        agree = verdict.main == verdict.companion
        if agree:
            return Sentence(main, "and", self._judge(companion, thing, verdict.companion))
        return Sentence(main, self.rng.choice(("but", "although")), self._judge(companion, thing, verdict.companion))

    def _judge(self, holder: Name | Pronoun, thing: CommonPhrase | Pronoun, positive: bool) -> Opinion | Belief:
        while True:
            opinion = self.opinion(thing, True, holder)
            if opinion.adverbial is None and opinion.kind in ("attitude", "find", "copula", "linking"):
                break
        clause: Opinion | Belief = opinion
        if opinion.holder is None:
            verb = self.rng.choice(lexicon.BELIEF_VERBS)
            clause = Belief(opinion, self.chance(0.4), holder, verb, past=True)
        return clause if (compute_value(clause) > 0) == positive else mirror_clause(clause)

    def _ending(self, person: Name, companion: Name | None) -> Event:
        subject = Pronoun("they", "them", "ili", "o", plural=True) if companion is not None else refer_back(person)
        verb = self.rng.choice([verb for verb in lexicon.EVENT_VERBS if not verb.domains])
        event = self.noun(("show", "event", "music"))
        return Event(
            subject,
            verb,
            manner=self.pick(lexicon.MANNERS),
            adverbial=Adverbial("after", CommonPhrase(event, "the"), fronted=True),
        )


def _realise(clause: Sentence | Event) -> str:
    sentence = clause if isinstance(clause, Sentence) else Sentence(clause)
    return join_tokens([token.text for token in realise_tokens(sentence)])


def _summarise(person: Name, companion: Name | None, thing: CommonPhrase, place: Name, verdict: Verdict) -> str:
    verb = "liked" if verdict.main else "disliked"
    noun = thing.noun.plural if thing.plural else thing.noun.singular
    who = " ".join(person.words)
    rest = f"{verb} the {noun} in {' '.join(place.words)}"
    if verdict.companion is None:
        return f"{who} {rest}."
    other = " ".join((companion.title, *companion.words))
    if verdict.main == verdict.companion:
        return f"{who} and {other} {rest}."
    return f"{who} {rest}, but {other} {'did' if verdict.companion else 'did not'}."
