"""From the words of a sentence to a tagger's inputs: their ids, and what tells about words that were never seen."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from rnnzoo.config.tagger_sections import WordSection
from rnnzoo.text.affixes import AffixEncoder, learn_affixes, load_affixes
from rnnzoo.text.pipeline import VOCABULARY_FILE, TextPipeline
from rnnzoo.text.special_tokens import UNKNOWN_ID
from rnnzoo.text.tokenization import Tokenizer, lower_case, make_tokenizer, make_valid_utf8
from rnnzoo.text.vocabulary import Vocabulary, build_vocabulary
from rnnzoo.text.word_characters import WordCharacterEncoder, build_word_character_encoder
from rnnzoo.text.word_shapes import encode_word_shapes


class WordPipeline(TextPipeline):
    """Turns words, or texts, into the inputs of a tagger.

    Typographic apostrophes count as straight ones, in texts and in the words of the training data alike.

    Args:
        tokenizer: How a text is cut into words that keep their case.
        vocabulary: The words that have an id of their own.
        max_length: Words past this many are cut.
        boundary_tokens: Whether `<bos>` and `<eos>` are put around what is left.
        lowercase: Whether words and affixes are looked up in lower case; characters and shapes tell the case.
        affixes: Makes ids of the affixes of each word too, or None.
        characters: Makes ids of its characters too, or None.
        shapes: Whether to tell its shape too.

    Example:

    >>> vocabulary = build_vocabulary(["see", "Rome"], max_size=10, min_count=1)
    >>> pipeline = WordPipeline(make_tokenizer("words", False), vocabulary, max_length=9, shapes=True)
    >>> inputs, _ = pipeline.encode_tokens(tf.ragged.constant([["see", "Rome"], ["Oslo"]]))
    >>> inputs["token_ids"].to_list(), inputs["shape_ids"].to_list()
    ([[5, 4], [1]], [[1, 3], [3]])
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        vocabulary: Vocabulary,
        max_length: int,
        boundary_tokens: bool = False,
        lowercase: bool = False,
        affixes: AffixEncoder | None = None,
        characters: WordCharacterEncoder | None = None,
        shapes: bool = False,
    ):
        super().__init__(tokenizer, vocabulary, max_length, boundary_tokens, affixes)
        self.lowercase = lowercase
        self.characters = characters
        self.shapes = shapes

    def knows(self, tokens: tf.RaggedTensor) -> tf.RaggedTensor:
        """Returns which words have an id of their own, (batch, (time)) bool; of those past `max_length` too."""
        words = _look_up_form(_normalize(tokens.values), self.lowercase)
        return tokens.with_values(self.vocabulary.to_ids(words) != UNKNOWN_ID)

    def _encode_words(self, words: tf.Tensor) -> dict[str, tf.Tensor]:
        words = _normalize(words)
        inputs = super()._encode_words(_look_up_form(words, self.lowercase))
        if self.characters is not None:
            inputs["character_ids"] = self.characters(words)
        if self.shapes:
            inputs["shape_ids"] = encode_word_shapes(words)
        return inputs

    def save(self, folder: Path) -> None:
        """Writes the vocabularies."""
        super().save(folder)
        if self.characters is not None:
            self.characters.save(folder)

    @classmethod
    def load(cls, folder: Path, text: WordSection) -> "WordPipeline":
        """Makes a pipeline of a config and the vocabularies that `save` wrote."""
        characters = WordCharacterEncoder.load(folder) if text.characters else None
        vocabulary = Vocabulary.load(folder / VOCABULARY_FILE)
        return cls.from_config(text, vocabulary, load_affixes(text, folder), characters)

    @classmethod
    def learn(cls, text: WordSection, counts: Counter[str]) -> "WordPipeline":
        """Makes a pipeline of a config and the counts of the words of the training sentences.

        Raises:
            UserError: Not one word is frequent enough.
        """
        counts = _fold(counts, _normalize)
        folded = fold_words(counts, text.lowercase)
        characters = None
        if text.characters:
            characters = build_word_character_encoder(
                counts, text.word_length, text.character_vocabulary_size, text.character_min_count
            )
        vocabulary = build_vocabulary(folded, text.vocabulary_size, text.min_count)
        return cls.from_config(text, vocabulary, learn_affixes(text, folded), characters)

    @classmethod
    def from_config(
        cls,
        text: WordSection,
        vocabulary: Vocabulary,
        affixes: AffixEncoder | None = None,
        characters: WordCharacterEncoder | None = None,
    ) -> "WordPipeline":
        """Makes a pipeline of a config and its vocabularies."""
        return cls(
            make_tokenizer(text.tokenizer, lowercase=False, blanks=text.blanks),
            vocabulary,
            text.max_length,
            text.boundary_tokens,
            text.lowercase,
            affixes,
            characters,
            text.shapes,
        )


def _normalize(words: tf.Tensor) -> tf.Tensor:
    return tf.strings.regex_replace(make_valid_utf8(words), "[’ʼ]", "'")


def _look_up_form(words: tf.Tensor, lowercase: bool) -> tf.Tensor:
    return lower_case(words) if lowercase else words


def fold_words(counts: Counter[str], lowercase: bool) -> Counter[str]:
    """Returns how often words occur in the form in which a pipeline looks them up."""
    return _fold(counts, lambda words: _look_up_form(_normalize(words), lowercase))


def _fold(counts: Counter[str], function: Callable[[tf.Tensor], tf.Tensor]) -> Counter[str]:
    """Adds up the counts of words that a function makes equal."""
    folded: Counter[str] = Counter()
    if counts:
        for word, count in zip(function(tf.constant(list(counts))).numpy(), counts.values(), strict=True):
            folded[word.decode()] += count
    return folded
