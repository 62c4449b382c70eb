"""Whether a file holds tagged words, a word a line, rather than texts."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rnnzoo.config import UserError

_ENDINGS = (".conll", ".conllu")
_FEWEST_BLANK_LINES = 2
# Of the lines this share must have the same number of columns.
_EVEN_SHARE = 0.9


def refuse_tagged_words(file: Path, lines: Sequence[str]) -> None:
    """Complains of a CoNLL file, for which no config is proposed.

    Args:
        file: The file.
        lines: Its first lines, blank ones too.

    Raises:
        UserError: It seems to be one.
    """
    name = file.name.lower().removesuffix(".gz")
    if name.endswith(_ENDINGS) or _is_conll(lines):
        raise UserError(
            "tagged words, a word a line: configs are proposed for texts only",
            file=file,
            allowed=(
                f'task = "sequence_tagging" with path = "{file.name}" in a section [data.files], and '
                f'format = "{"conllu" if name.endswith(".conllu") else "conll"}" where the name does not end so'
            ),
            hint="`rnnzoo describe ner/mini` shows a config of a tagger with all keys",
        )


def _is_conll(lines: Sequence[str]) -> bool:
    stripped = [line.strip("\r\n") for line in lines]
    while stripped and not stripped[-1].strip():
        stripped.pop()
    rows = [line for line in stripped if line.strip()]
    if len(stripped) - len(rows) < _FEWEST_BLANK_LINES:
        return False
    # Prose has as many words to a line as it likes.
    counts = Counter(len(row.split("\t") if "\t" in row else row.split()) for row in rows)
    num_columns, count = counts.most_common(1)[0]
    has_words = all(" " not in row.split("\t")[0].strip() for row in rows if "\t" in row)
    return num_columns > 1 and count >= _EVEN_SHARE * len(rows) and has_words
