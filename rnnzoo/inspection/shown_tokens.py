"""How a token is shown: whatever it is, visibly, and as text that can be written to a file."""

import unicodedata

_SHOWN = {"\n": "↵", "\t": "→", "\r": "␍", " ": "␣", "": "∅"}


def show_token(token: str) -> str:
    """Returns a token without control characters; a blank and a line end have signs of their own.

    Example:

    >>> show_token("a"), show_token(" "), show_token(chr(10)), show_token(chr(0))
    ('a', '␣', '↵', '␀')
    """
    return _SHOWN[token] if token in _SHOWN else "".join(_show_character(character) for character in token)


def _show_character(character: str) -> str:
    category = unicodedata.category(character)
    if character in _SHOWN:
        return _SHOWN[character]
    if category == "Cc":
        return chr(0x2400 + ord(character)) if ord(character) < 0x20 else "␡"
    # Half of a pair cannot be written; a sign that turns the direction of the text would turn the page.
    return "\ufffd" if category in ("Cs", "Cf") else character
