"""The path from pairs of strings to ids and back, for models that turn one text into another."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import tensorflow as tf

from rnnzoo.text.pipeline import VOCABULARY_FILE
from rnnzoo.text.special_tokens import BOS_ID, EOS_ID
from rnnzoo.text.subwords import SubwordTokenizer
from rnnzoo.text.text_units import CharacterUnits, TextUnits, WordUnits
from rnnzoo.text.vocabulary import prune_counts

_SIDES = ("source", "target")
_BYTES_AT_ONCE = 1 << 18

_UNITS: dict[str, type[TextUnits]] = {units.unit: units for units in (WordUnits, CharacterUnits, SubwordTokenizer)}


class PairText(Protocol):
    """The keys of a `[text]` section that a `PairPipeline` is made of."""

    unit: str
    lowercase: bool
    vocabulary_size: int
    min_count: int
    joint_vocabulary: bool
    max_length: int


class PairPipeline(tf.Module):
    """Turns pairs of texts into ids, and ids of the target into text.

    Args:
        source: The units of what is read.
        target: The units of what is written; the same object where both have one vocabulary.
        max_length: Units past this many are cut where `cut` is asked for; boundary tokens do not count.

    Attributes:
        source: As given.
        target: As given.
        max_length: As given.

    Example:

    >>> from types import SimpleNamespace
    >>> section = SimpleNamespace(
    ...     unit="words", lowercase=True, vocabulary_size=100, min_count=1, joint_vocabulary=False, max_length=50
    ... )
    >>> pipeline = PairPipeline.learn(section, [(b"Ein Hund.", b"A dog."), (b"Ein Hund!", b"A dog!")])
    >>> inputs = pipeline.encode(tf.constant(["Ein Hund!"]), tf.constant(["A dog!"]))
    >>> inputs["source_ids"].to_list(), inputs["target_ids"].to_list()
    ([[4, 5, 6, 3]], [[2, 4, 5, 6, 3]])
    >>> pipeline.to_text(inputs["target_ids"]).numpy()
    array([b'a dog!'], dtype=object)
    """

    def __init__(self, source: TextUnits, target: TextUnits, max_length: int):
        super().__init__()
        self.source = source
        self.target = target
        self.max_length = max_length

    @property
    def has_joint_vocabulary(self) -> bool:
        """Whether an id means the same in the source and in the target."""
        return self.source is self.target

    @staticmethod
    def normalize(text: bytes) -> bytes:
        """Brings text to learn from to valid UTF-8 and NFC; what is served is expected in NFC, as it is written."""
        return unicodedata.normalize("NFC", text.decode(errors="replace")).encode()

    def encode_source(self, text: tf.Tensor, cut: bool = True) -> tf.RaggedTensor:
        """Encodes what is read.

        Args:
            text: (batch,) string, any bytes.
            cut: Whether to cut at `max_length`.

        Returns:
            (batch, (time)) int32, with `<eos>` at the end, so that an empty text is one step too.
        """
        token_ids = self.source.encode(text, self.max_length if cut else None)
        return tf.concat([token_ids, _column(token_ids, EOS_ID)], axis=1)

    def encode_target(self, text: tf.Tensor, cut: bool = True) -> tf.RaggedTensor:
        """Encodes what is written, as `encode_source` does, with `<bos>` before it too."""
        token_ids = self.target.encode(text, self.max_length if cut else None)
        return tf.concat([_column(token_ids, BOS_ID), token_ids, _column(token_ids, EOS_ID)], axis=1)

    def encode(self, source: tf.Tensor, target: tf.Tensor, cut: bool = True) -> dict[str, tf.RaggedTensor]:
        """Encodes pairs.

        Args:
            source: (batch,) string, any bytes.
            target: (batch,) string, any bytes.
            cut: Whether to cut both at `max_length`; False where pairs that are too long are to be left out.

        Returns:
            `source_ids` (batch, (source time)), ending in `<eos>`, and `target_ids` (batch, (target time)), between
            `<bos>` and `<eos>`; int32.
        """
        return {"source_ids": self.encode_source(source, cut), "target_ids": self.encode_target(target, cut)}

    def to_text(self, target_ids: tf.Tensor | tf.RaggedTensor) -> tf.Tensor:
        """Joins units of the target to texts: (batch, time) int to (batch,) string; see `TextUnits.to_text`."""
        return self.target.to_text(target_ids)

    def save(self, folder: Path) -> None:
        """Writes `vocabulary.jsonl`, or one file for each side, `source_vocabulary.jsonl` and `target_…`."""
        if self.has_joint_vocabulary:
            self.target.save(folder / VOCABULARY_FILE)
            return
        for side, units in zip(_SIDES, (self.source, self.target), strict=True):
            units.save(folder / f"{side}_{VOCABULARY_FILE}")

    @classmethod
    def load(cls, folder: Path, text: PairText) -> "PairPipeline":
        """Makes a pipeline of a config and the vocabularies that `save` wrote."""
        units = _UNITS[text.unit]
        if text.joint_vocabulary:
            joint = units.load(folder / VOCABULARY_FILE, text.lowercase)
            return cls(joint, joint, text.max_length)
        source, target = (units.load(folder / f"{side}_{VOCABULARY_FILE}", text.lowercase) for side in _SIDES)
        return cls(source, target, text.max_length)

    @classmethod
    def learn(cls, text: PairText, pairs: Iterable[tuple[bytes, bytes]]) -> "PairPipeline":
        """Makes a pipeline of a config and the training pairs, which are read once.

        Args:
            text: The `[text]` section of the config. A `vocabulary_size` is that of each side, or of both together.
            pairs: Sources and targets; they need not be normalised.

        Raises:
            UserError: Not one unit is frequent enough.
        """
        units = _UNITS[text.unit]
        source_counts: Counter[str] = Counter()
        target_counts = source_counts if text.joint_vocabulary else Counter()
        for sources, targets in _make_batches(pairs):
            source_counts.update(_count(units, sources, text.lowercase))
            target_counts.update(_count(units, targets, text.lowercase))
            prune_counts(source_counts)
            prune_counts(target_counts)
        source = units.learn(source_counts, text.vocabulary_size, text.min_count, text.lowercase)
        if text.joint_vocabulary:
            return cls(source, source, text.max_length)
        target = units.learn(target_counts, text.vocabulary_size, text.min_count, text.lowercase)
        return cls(source, target, text.max_length)


def _column(token_ids: tf.RaggedTensor, value: int) -> tf.Tensor:
    return tf.fill([token_ids.nrows(), 1], value)


def _make_batches(pairs: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[list[bytes], list[bytes]]]:
    batch: list[tuple[bytes, bytes]] = []
    num_bytes = 0
    for source, target in pairs:
        batch.append((PairPipeline.normalize(source), PairPipeline.normalize(target)))
        num_bytes += len(source) + len(target)
        if num_bytes >= _BYTES_AT_ONCE:
            yield tuple(map(list, zip(*batch, strict=True)))
            batch, num_bytes = [], 0
    if batch:
        yield tuple(map(list, zip(*batch, strict=True)))


def _count(units: type[TextUnits], texts: list[bytes], lowercase: bool) -> dict[str, int]:
    different, _, counts = tf.unique_with_counts(units.split(tf.constant(texts), lowercase).values)
    return {one.decode(): count for one, count in zip(different.numpy(), counts.numpy().tolist(), strict=True)}
