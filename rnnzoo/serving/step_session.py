"""Writing with a language model one token at a time, the state kept between calls."""

import json
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rnnzoo.config import load_config
from rnnzoo.serving.local import LocalPredictor
from rnnzoo.serving.predictor import Predictor
from rnnzoo.serving.sampling import draw_uniform, sample_token

_PAD, _UNKNOWN, _BOS, _EOS = range(4)
# As in the exported graph.
_MOST_STOP_TOKENS = 64


class StepSession:
    """A text that grows: a language model's signature `step`, and the state that it goes on from.

    Args:
        predictor: A language model.
        vocabulary: Its tokens in the order of their ids, as `assets.extra/vocabulary.jsonl` has them; four
            special ones come first.
        **condition: What the text is generated from, `label` or `features`, where the model takes it.

    Attributes:
        probabilities: Of the next token, (vocabulary,) float32.

    Raises:
        UserError: The model has no signature `step`, or takes another condition.

    Example:

    >>> from rnnzoo.serving import load
    >>> model = load("lm/hello")
    >>> session = StepSession(model, load_vocabulary(model.path))
    >>> session.read("h")
    >>> "".join(session.write(4, temperature=0.0))
    'ello'
    """

    def __init__(self, predictor: Predictor, vocabulary: Sequence[str], **condition: Any):
        self._predictor = predictor
        self._vocabulary = vocabulary
        self._condition = {name: [value] for name, value in condition.items()}
        shape = predictor.signature("step").inputs["state"].shape
        self._state = np.zeros((1, *shape[1:]), np.float32)
        self.probabilities = np.zeros(0, np.float32)
        self.feed("")

    def feed(self, token: str) -> None:
        """Reads a token: a character of a character model; "" is the beginning of a text."""
        answer = self._predictor.call("step", token=[token], state=self._state, **self._condition)
        self._state, self.probabilities = answer["state"], answer["probabilities"][0]

    def read(self, text: str) -> None:
        """Reads the characters of a text, for a character model, in NFC."""
        for character in unicodedata.normalize("NFC", text):
            self.feed(character)

    def write(
        self,
        max_tokens: int,
        *,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        stop: str = "",
        seed: int = 0,
        ends: bool = False,
    ) -> Iterator[str]:
        """Yields tokens as they are drawn; with the same settings and seed those that `generate` gives.

        Args:
            max_tokens: The most tokens.
            temperature: 0: always the most probable.
            top_k: Draw among so many; 0: all.
            top_p: Draw among the most probable that have this probability together; 1: all.
            stop: The text ends before this string; "": it does not. What may become it is held back.
            seed: Seed of the draws.
            ends: Whether the end of the text may be drawn.
        """
        is_allowed = np.ones(len(self._vocabulary), bool)
        is_allowed[[_PAD, _UNKNOWN, _BOS, *([] if ends else [_EOS])]] = False
        held = ""
        for position in range(max_tokens):
            draw = draw_uniform(seed, position)
            token_id = sample_token(
                self.probabilities, draw, temperature=temperature, top_k=top_k, top_p=top_p, is_allowed=is_allowed
            )
            if token_id == _EOS:
                break
            token = self._vocabulary[token_id]
            held += token
            if stop and held.endswith(stop):
                held = held[: -len(stop)]
                break
            # What the stop string may begin with waits for what follows.
            num_shown = len(held) - _longest_overlap(held, stop)
            if num_shown:
                yield held[:num_shown]
                held = held[num_shown:]
            self.feed(token)
        if held:
            yield held


def write_on(predictor: LocalPredictor, prompt: str, label: str | None = None, **settings: Any) -> Iterator[str]:
    """Yields what a language model writes after a prompt: token by token where its tokens are characters, else at once.

    Args:
        predictor: An export of a language model.
        prompt: The text to go on from.
        label: The class to write a text of, where the model takes one.
        **settings: Those of the signature `generate`.
    """
    condition = {} if label is None else {"label": label}
    config = load_config(str(predictor.path / "assets.extra"))
    if config.text.unit != "characters":
        yield predictor.predict([prompt], "generate", **condition, **settings)[0]["text"]
        return
    session = StepSession(predictor, load_vocabulary(predictor.path), **condition)
    stop = settings.pop("stop", "")
    if config.text.lowercase:
        # Here, because one upper-case character may be two lower-case ones.
        prompt, stop = ("".join(map(str.lower, text)) for text in (prompt, stop))
    session.read(prompt[-config.text.max_length :])
    limit = min(settings.pop("max_tokens"), config.decode.max_tokens_limit)
    yield from session.write(limit, ends=config.data.documents, stop=stop[:_MOST_STOP_TOKENS], **settings)


def load_vocabulary(export: Path) -> list[str]:
    """Reads the tokens of an export, in the order of their ids."""
    return _load_strings(export / "assets.extra" / "vocabulary.jsonl")


def load_classes(export: Path) -> list[str]:
    """Reads the classes that a language model of classes writes texts of."""
    return _load_strings(export / "assets.extra" / "labels.jsonl")


def _load_strings(path: Path) -> list[str]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def _longest_overlap(text: str, stop: str) -> int:
    return next((size for size in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:size])), 0)
