"""The one path from strings to ids, used by `tf.data` and by the exported graph alike."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import tensorflow as tf

from rnnzoo.config.schema import TextSection
from rnnzoo.text.affixes import AffixEncoder, learn_affixes, load_affixes
from rnnzoo.text.ngrams import NgramEncoder, build_ngram_encoder
from rnnzoo.text.special_tokens import BOS_ID, EOS_ID, PAD_ID, UNKNOWN_ID
from rnnzoo.text.tokenization import Tokenizer, make_tokenizer
from rnnzoo.text.vocabulary import Vocabulary, build_vocabulary

VOCABULARY_FILE = "vocabulary.jsonl"


def to_dense(ragged: tf.RaggedTensor, default_value: object = PAD_ID) -> tf.Tensor:
    """Pads on the right to (batch, time, ...), to one step at least: recurrent layers refuse none."""
    dense = ragged.to_tensor(default_value)
    missing = tf.maximum(0, 1 - tf.shape(dense)[1])
    deeper = [[0, 0]] * (dense.shape.rank - 2)
    dense = tf.pad(dense, [[0, 0], [0, missing], *deeper], constant_values=default_value)
    return tf.ensure_shape(dense, [None, None, *dense.shape[2:]])


def _put_boundaries(name: str, ragged: tf.RaggedTensor) -> tf.RaggedTensor:
    bos, eos = (BOS_ID, EOS_ID) if name == "token_ids" else (PAD_ID, PAD_ID)
    column = tf.ones([ragged.nrows(), 1, *ragged.shape[2:]], tf.int32)
    return tf.concat([column * bos, ragged, column * eos], axis=1)


class TextPipeline(tf.Module):
    """Turns strings into the inputs of a model.

    Args:
        tokenizer: How a string is cut into tokens.
        vocabulary: The tokens that have an id of their own.
        max_length: Tokens past this many are cut.
        boundary_tokens: Whether `<bos>` and `<eos>` are put around what is left.
        affixes: Makes ids of the affixes of each token too; None: none.
        ngrams: Makes ids of the n-grams that end at each token too; None: none.

    Example:

    >>> from rnnzoo.text import WordTokenizer, build_vocabulary
    >>> vocabulary = build_vocabulary(["good", "film", "film"], max_size=10, min_count=1)
    >>> pipeline = TextPipeline(WordTokenizer(lowercase=True), vocabulary, max_length=3)
    >>> pipeline(tf.constant(["Good film!", ""]))["token_ids"].numpy().tolist()
    [[5, 4, 1], [0, 0, 0]]
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        vocabulary: Vocabulary,
        max_length: int,
        boundary_tokens: bool = False,
        affixes: AffixEncoder | None = None,
        ngrams: NgramEncoder | None = None,
    ):
        super().__init__()
        self.tokenizer = tokenizer
        self.vocabulary = vocabulary
        self.max_length = max_length
        self.boundary_tokens = boundary_tokens
        self.affixes = affixes
        self.ngrams = ngrams

    def encode(self, text: tf.Tensor) -> tuple[dict[str, tf.RaggedTensor], tf.Tensor]:
        """Encodes a batch, without padding.

        Args:
            text: Raw strings, (batch,) string.

        Returns:
            The model's inputs by name: `token_ids`, (batch, (time)) int32, and with affixes `affix_ids`,
            (batch, (time), affixes) int32, and with n-grams `ngram_ids`, (batch, (time), ngrams) int32, both
            zero for boundary tokens; and how many tokens of each text were cut, (batch,) int32.
        """
        return self.encode_tokens(self.tokenizer(text))

    def encode_tokens(self, tokens: tf.RaggedTensor) -> tuple[dict[str, tf.RaggedTensor], tf.Tensor]:
        """Encodes texts that are cut into tokens already, (batch, (time)) string; as `encode` does."""
        num_cut = tf.maximum(tf.cast(tokens.row_lengths(), tf.int32) - self.max_length, 0)
        tokens = tokens[:, : self.max_length]
        encoded = self._encode_words(tokens.values)
        inputs = {name: tokens.with_values(values) for name, values in encoded.items()}
        if self.ngrams is not None:
            inputs["ngram_ids"] = self.ngrams(tokens)
        if self.boundary_tokens:
            inputs = {name: _put_boundaries(name, ragged) for name, ragged in inputs.items()}
        return inputs, num_cut

    def _encode_words(self, words: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the inputs by name, (words, ...) int32, of valid UTF-8, (words,)."""
        inputs = {"token_ids": self.vocabulary.to_ids(words)}
        if self.affixes is not None:
            inputs["affix_ids"] = self.affixes(words)
        return inputs

    def __call__(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        """Encodes strings, (batch,), and pads: tensors (batch, time, ...) with at least one step."""
        return {name: to_dense(ragged) for name, ragged in self.encode(text)[0].items()}

    def to_text(self, token_ids: tf.Tensor) -> tf.Tensor:
        """Joins tokens to texts: characters as they are, words with blanks between them.

        Args:
            token_ids: (batch, time) int; padding and boundary tokens are left out.

        Returns:
            (batch,) string.
        """
        is_shown = (token_ids == UNKNOWN_ID) | (token_ids > EOS_ID)
        tokens = tf.ragged.boolean_mask(self.vocabulary.to_tokens(token_ids), is_shown)
        return tf.strings.reduce_join(tokens, axis=-1, separator=self.tokenizer.separator)

    def save(self, folder: Path) -> None:
        """Writes the vocabularies."""
        self.vocabulary.save(folder / VOCABULARY_FILE)
        if self.affixes is not None:
            self.affixes.save(folder)
        if self.ngrams is not None:
            self.ngrams.save(folder)

    @classmethod
    def load(cls, folder: Path, text: TextSection) -> "TextPipeline":
        """Makes a pipeline of a config and the vocabularies that `save` wrote."""
        ngrams = NgramEncoder.load(folder) if text.ngram_lengths else None
        vocabulary = Vocabulary.load(folder / VOCABULARY_FILE)
        return cls.from_config(text, vocabulary, load_affixes(text, folder), ngrams)

    @classmethod
    def learn(cls, text: TextSection, counts: Counter[str], texts: Iterable[Sequence[str]] = ()) -> "TextPipeline":
        """Makes a pipeline of a config and the training texts.

        Args:
            text: The `[text]` section of the config.
            counts: How often each token occurs.
            texts: The tokens of each text, read only where the config asks for n-grams.

        Raises:
            UserError: Not one token is frequent enough.
        """
        ngrams = None
        if text.ngram_lengths:
            ngrams = build_ngram_encoder(texts, text.ngram_lengths, text.ngram_vocabulary_size)
        vocabulary = build_vocabulary(counts, text.vocabulary_size, text.min_count)
        return cls.from_config(text, vocabulary, learn_affixes(text, counts), ngrams)

    @classmethod
    def from_config(
        cls,
        text: TextSection,
        vocabulary: Vocabulary,
        affixes: AffixEncoder | None = None,
        ngrams: NgramEncoder | None = None,
    ) -> "TextPipeline":
        """Makes a pipeline of a config and its vocabularies."""
        tokenizer = make_tokenizer(text.tokenizer, text.lowercase, text.blanks)
        return cls(tokenizer, vocabulary, text.max_length, text.boundary_tokens, affixes, ngrams)
