"""Long texts in pieces that can be worked on one by one, and are the text again when put end to end."""

import re
import unicodedata
from collections.abc import Iterator

PIECE_CHARACTERS = 1 << 16

_LAST_BLANK = re.compile(r"(?s:.*)\s")


def cut_into_pieces(text: str, most_characters: int = PIECE_CHARACTERS) -> Iterator[str]:
    """Cuts a text into pieces of at most so many characters; of an empty text there are none.

    A piece ends at a line end where one lies in its second half, else at white space, else before a character that
    is not combined with the one before it, so that a piece can be normalised by itself.

    Example:

    >>> list(cut_into_pieces("to be, or not to be", 8))
    ['to be, ', 'or not ', 'to be']
    """
    start = 0
    while len(text) - start > most_characters:
        end = _find_end(text, start, most_characters)
        yield text[start:end]
        start = end
    if start < len(text):
        yield text[start:]


def _find_end(text: str, start: int, most_characters: int) -> int:
    middle, end = start + most_characters // 2, start + most_characters
    line_end = text.rfind("\n", middle, end)
    if line_end >= 0:
        return line_end + 1
    blank = _LAST_BLANK.match(text, middle, end)
    if blank:
        return blank.end()
    while end > middle + 1 and unicodedata.combining(text[end]):
        end -= 1
    return end
