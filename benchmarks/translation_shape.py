"""The translator that is timed, and random texts for it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice, product
from string import ascii_lowercase
from typing import Any

import numpy as np

from rnnzoo.text.special_tokens import BOS_ID, EOS_ID, SPECIAL_TOKENS

BLANK = "▁"
_LETTERS = 3
# A word is one piece, or, one in five times, it goes on.
_SHARE_OF_CONTINUATIONS = 0.2
# The shorter side of a pair has at least so much of the longer one.
_LEAST_SHARE = 0.7


@dataclass(frozen=True)
class TranslatorShape:
    """A translator with one vocabulary and one embedding, also for its output, and what it is trained on and reads.

    Attributes:
        name: What it stands for.
        vocabulary: Number of ids, those of special tokens included.
        embedding: Width of the embedding.
        units: Width of the decoder, and of the encoder, of which each direction has half.
        encoder_layers: Bidirectional residual layers that read.
        decoder_layers: Residual layers that write.
        batch: Pairs of a training batch, and texts of the larger batch that is translated.
        widths: Of training batches: in tokens, boundary tokens included, and how many batches of an epoch have it.
        units_read: Least and most units of a text to translate; what is written for it is as long.
        dropout: Dropout while training.
        label_smoothing: Share of the target that is spread over all ids.
        learning_rate: AdamW's.
        ema_momentum: Momentum of the moving average of the weights.
        clip_norm: The global norm of the gradient is clipped to this.
    """

    name: str
    vocabulary: int
    embedding: int
    units: int
    encoder_layers: int
    decoder_layers: int
    batch: int
    widths: Sequence[Sequence[int]]
    units_read: Sequence[int]
    dropout: float = 0.3
    label_smoothing: float = 0.1
    learning_rate: float = 0.002
    ema_momentum: float = 0.997
    clip_norm: float = 1.0

    @property
    def label(self) -> str:
        """The sizes in words.

        Example:

        >>> MULTI30K.label
        'vocabulary 5,000, embedding 256, reads with 2 × 2 × 128, writes with 2 × 256'
        """
        return (
            f"vocabulary {self.vocabulary:,}, embedding {self.embedding}, reads with {self.encoder_layers} × 2 × "
            f"{self.units // 2}, writes with {self.decoder_layers} × {self.units}"
        )

    def to_json(self) -> dict[str, Any]:
        """Returns the fields, as `TranslatorShape(**fields)` takes them."""
        return asdict(self)


# The model and the batches of zoo_configs/translate/multi30k_de_en.toml, without the 11 batches of an epoch that are
# wider; its texts have 15 units. It is trained by Muon, but here all run AdamW, of which each framework has its best.
MULTI30K = TranslatorShape(
    "multi30k", 5000, 256, 256, 2, 2, batch=64, widths=((16, 232), (21, 137), (30, 74)), units_read=(8, 18)
)
QUICK_TRANSLATOR = TranslatorShape("quick", 60, 8, 8, 2, 2, batch=4, widths=((6, 2), (9, 1)), units_read=(3, 6))


def list_pieces(shape: TranslatorShape) -> list[str]:
    """Returns the vocabulary: special tokens, then pieces that begin a word and, half as many, that go on with one."""
    num_pieces = shape.vocabulary - len(SPECIAL_TOKENS)
    pieces = ["".join(letters) for letters in islice(product(ascii_lowercase, repeat=_LETTERS), num_pieces)]
    num_continuations = num_pieces // 3
    words = [BLANK + piece for piece in pieces[num_continuations:]]
    return [*SPECIAL_TOKENS, *words, *pieces[:num_continuations]]


def make_pairs(shape: TranslatorShape, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the sources and targets of a training batch, (batch, time) int32 with boundary tokens, 0 for padding.

    The longer side of each pair is longer than the next narrower batches are wide.
    """
    random = np.random.default_rng(width)
    narrower = max((other for other, _ in shape.widths if other < width), default=width // 2)
    longer = random.integers(narrower + 1, width + 1, shape.batch)
    longer[0] = width
    shorter = np.maximum((longer * random.uniform(_LEAST_SHARE, 1.0, shape.batch)).astype(int), 3)
    is_source = random.random(shape.batch) < 0.5
    sides = []
    for lengths, has_start in (
        (np.where(is_source, longer, shorter), False),
        (np.where(is_source, shorter, longer), True),
    ):
        ids = random.integers(len(SPECIAL_TOKENS), shape.vocabulary, (shape.batch, lengths.max())).astype("int32")
        places = np.arange(lengths.max())
        ids = np.where(places < lengths[:, None], ids, 0)
        ids[np.arange(shape.batch), lengths - 1] = EOS_ID
        if has_start:
            ids[:, 0] = BOS_ID
        sides.append(ids.astype("int32"))
    return sides[0], sides[1]


def make_texts(shape: TranslatorShape, number: int) -> list[str]:
    """Returns texts to translate; a single one is of middling length."""
    random = np.random.default_rng(number)
    shortest, longest = shape.units_read
    lengths = random.integers(shortest, longest + 1, number) if number > 1 else [(shortest + longest) // 2]
    pieces = list_pieces(shape)[len(SPECIAL_TOKENS) :]
    words = [piece for piece in pieces if piece.startswith(BLANK)]
    continuations = [piece for piece in pieces if not piece.startswith(BLANK)]

    def draw(place):
        goes_on = place > 0 and random.random() < _SHARE_OF_CONTINUATIONS
        return random.choice(continuations if goes_on else words)

    texts = ("".join(draw(place) for place in range(length)) for length in lengths)
    return [text.replace(BLANK, " ").strip() for text in texts]
