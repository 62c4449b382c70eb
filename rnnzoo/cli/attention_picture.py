"""`rnnzoo predict --attention`: where a translator looked, as a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnnzoo.serving import Predictor

_KEY = "--attention"
_SIGNATURE = "attention"
_ENDINGS = (".png", ".html")


def check_picture(path: Path, texts: Sequence[str]) -> None:
    """Checks what can be checked before a model is loaded.

    Args:
        path: The file to draw to.
        texts: The texts that were given as arguments.

    Raises:
        UserError: The file is of another kind, or there is not one text.
    """
    from rnnzoo.config import UserError

    if path.suffix.lower() not in _ENDINGS:
        raise UserError("draws to files of two kinds", key=_KEY, got=str(path), allowed=list(_ENDINGS))
    if len(texts) != 1:
        raise UserError("draws one text, given as an argument", key=_KEY, got=f"{len(texts)} texts")


def draw_picture(predictor: "Predictor", text: str, path: Path) -> None:
    """Asks a model where it looks and draws the answer.

    Args:
        predictor: The model.
        text: What it reads.
        path: The file to draw to.

    Raises:
        UserError: The model looks nowhere, or the file cannot be written.
    """
    from rnnzoo.config import UserError

    if _SIGNATURE not in predictor.signatures():
        raise UserError(
            "there is nothing to draw: the model has no attention",
            key=_KEY,
            hint='translators have, unless they were trained with model.attention = "none"',
        )
    (answer,) = predictor.predict([text], signature=_SIGNATURE)

    from rnnzoo.inspection import draw_attention

    draw_attention(answer["source_tokens"], answer["output_tokens"], answer["weights"], path)
