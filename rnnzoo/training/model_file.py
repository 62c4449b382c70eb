"""Reading the `.keras` file of a run."""

from pathlib import Path

import keras

from rnnzoo.config import UserError


def load_model_file(path: Path) -> keras.Model:
    """Reads a Keras model, and runs no code that may be in the file.

    Raises:
        UserError: There is no such file, it is damaged, or it holds code.
    """
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except (OSError, ValueError, TypeError, KeyError) as error:
        reason = str(error).strip().partition("\n")[0]
        hint = "a model of rnnzoo holds no code: this file was damaged, or is of somebody else"
        raise UserError(f"Keras does not load the model: {reason}", file=path, hint=hint) from error
