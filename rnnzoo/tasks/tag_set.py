"""The tags of a data set, and those that its model tells apart."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

import numpy as np

from rnnzoo.config import UserError
from rnnzoo.text import (
    Span,
    allowed_transitions,
    convert_tags,
    detect_tag_scheme,
    find_spans,
    find_tag_problems,
    load_strings,
    make_tags,
    save_strings,
)

_TAGS_FILE = "tags.jsonl"
_SCHEMES_FILE = "tag_schemes.json"
_ANSWERED_SCHEME = "BIO"
# The letters of a model's scheme as BIO has them. In a span that begins as it should, this is all there is to it.
_TO_BIO = {"O": "O", "B": "B", "I": "I", "E": "I", "L": "I", "S": "B", "U": "B"}
_MOST_SHOWN = 5


@dataclass(frozen=True)
class TagSet:
    """The tags that a tagger answers, and those that its model tells apart.

    They are the same, unless the model is trained in another scheme than it answers in, which then is BIO.

    Attributes:
        names: The tags that are answered, and scored.
        scheme: Their scheme; None where they mark no spans.
        data_scheme: The scheme of the data's tags.
        model_scheme: The scheme of the model's tags.
    """

    names: tuple[str, ...]
    scheme: str | None = None
    data_scheme: str | None = None
    model_scheme: str | None = None

    @classmethod
    def learn(
        cls, sentences: Iterable[Sequence[str]], order: Sequence[str] = (), scheme: str = "auto", train_as: str = "data"
    ) -> "TagSet":
        """Collects the tags of the training sentences.

        With a scheme, all tags of it count as seen whose type occurs: `I-PER` where there is a `B-PER`.

        Args:
            sentences: The tags of each; gone through once.
            order: Names of tags in the order that they are to have; others come after them, sorted.
            scheme: Their scheme, `auto` or `none`.
            train_as: The scheme to train in, or `data`: as they are.

        Raises:
            UserError: They do not follow the scheme, mark no spans but are to be trained in a scheme, or
                there is only one.
        """
        seen: set[str] = set()

        def look_at(tags: Sequence[str]) -> Sequence[str]:
            seen.update(tags)
            return tags

        detected = detect_tag_scheme(map(look_at, sentences))  # once, and none of them is kept
        types = _list_types(seen)
        if scheme == "auto":
            scheme = detected
        elif scheme == "none":
            scheme = None
        elif foreign := sorted(seen.difference(_list_tags(types, scheme))):
            raise UserError(
                f"there are tags that are none of {scheme}", key="data.tag_scheme", got=foreign[:_MOST_SHOWN]
            )
        if train_as != "data":
            if scheme is None:
                raise UserError("the tags of the data mark no spans", key="model.tag_scheme", got=train_as)
            return cls(tuple(_list_tags(types, _ANSWERED_SCHEME)), _ANSWERED_SCHEME, scheme, train_as)
        tags = sorted(seen) if scheme is None else _list_tags(types, scheme)
        if len(tags) < 2:
            raise UserError("a tagger needs two tags", key="data.tags_feature", got=tags)
        in_order = [name for name in order if name in tags]
        return cls((*in_order, *(name for name in tags if name not in in_order)), scheme, scheme, scheme)

    @cached_property
    def model_names(self) -> tuple[str, ...]:
        """The tags that the model tells apart, in the order of its logits."""
        if self.model_scheme == self.scheme:
            return self.names
        return tuple(_list_tags(_list_types(self.names), self.model_scheme))

    @cached_property
    def answers(self) -> list[int]:
        """For each of the model's tags the place of its answer in `names`."""
        if self.model_scheme == self.scheme:
            return list(range(len(self.names)))
        return [self.names.index(_TO_BIO[name[0]] + name[1:]) for name in self.model_names]

    @cached_property
    def allowed_transitions(self) -> np.ndarray | None:
        """Which of the model's tags may follow which, (tags + 1, tags + 1) bool; None: there is no scheme."""
        return None if self.model_scheme is None else allowed_transitions(self.model_names, self.model_scheme)

    @property
    def _is_rewritten(self) -> bool:
        return not self.scheme == self.data_scheme == self.model_scheme

    def find_unseen(self, tags: Iterable[str]) -> list[str]:
        """Returns tags that training did not see, sorted."""
        if self._is_rewritten:
            types = set(_list_types(self.names))
            return sorted(tag for tag in {*tags} - {"O"} if types.isdisjoint(_list_types([tag])))
        return sorted(set(tags).difference(self.names))

    def count_problems(self, sentences: Iterable[Sequence[str]]) -> int:
        """Counts in how many places tags of the data break the rules of their scheme."""
        scheme = self.data_scheme
        return 0 if scheme is None else sum(len(find_tag_problems(tags, scheme)) for tags in sentences)

    def encode(self, sentences: Iterable[Sequence[str]]) -> tuple[np.ndarray, np.ndarray]:
        """Turns tags of the data into ids, those of all sentences end to end.

        Returns:
            Places in `names` and in `model_names`, both (tokens,) int32.
        """
        if not self._is_rewritten:
            tag_ids = _to_places(self.names, sentences)
            return tag_ids, tag_ids
        sentences = [convert_tags(tags, self.scheme) for tags in sentences]
        for_model = (convert_tags(tags, self.model_scheme) for tags in sentences)
        return _to_places(self.names, sentences), _to_places(self.model_names, for_model)

    def describe(self, head: str) -> str:
        """Says for the card which tags there are, and what the scores of a head, `softmax` or `crf`, mean."""
        names = ", ".join(f"`{name}`" for name in self.names)
        scores = "probabilities"
        if head == "crf":
            scores = "marginal probabilities of the CRF, while the tags are those of the likeliest whole sequence"
        return f"The tags are {names}; the scores are {scores}."

    def save(self, folder: Path) -> None:
        """Writes `tags.jsonl`, one JSON string a line, and `tag_schemes.json`."""
        save_strings(folder / _TAGS_FILE, self.names)
        schemes = {name: getattr(self, name) for name in ("scheme", "data_scheme", "model_scheme")}
        (folder / _SCHEMES_FILE).write_text(json.dumps(schemes) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "TagSet":
        """Reads what `save` wrote."""
        schemes = json.loads((folder / _SCHEMES_FILE).read_text(encoding="utf-8"))
        return cls(tuple(load_strings(folder / _TAGS_FILE)), **schemes)


def _list_types(tags: Iterable[str]) -> list[str]:
    return sorted({span.type for tag in tags for span in find_spans([tag])})


def _list_tags(types: Iterable[str], scheme: str) -> list[str]:
    """Returns all tags that a scheme has for some types."""
    # Side by side, a span of one token and one of three show them all.
    written = (make_tags([Span(type_, 0, 1), Span(type_, 1, 4)], 4, scheme) for type_ in types)
    return list(dict.fromkeys(chain(["O"], *written)))


def _to_places(names: Sequence[str], sentences: Iterable[Sequence[str]]) -> np.ndarray:
    places = {name: place for place, name in enumerate(names)}
    return np.fromiter((places[tag] for tags in sentences for tag in tags), np.int32)
