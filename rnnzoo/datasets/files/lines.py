"""Text files by numbered lines: gzip, any encoding, lines of any length."""

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from rnnzoo.config import UserError

_HEAD_BYTES = 4096
_SKIPPED_AT_ONCE = 1 << 16
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# No text has more of these, but for UTF-16 and UTF-32.
_MOST_NULS = 0.1


@contextmanager
def open_text(path: Path, encoding: str) -> Iterator[TextIO]:
    """Opens a text file; bytes that cannot be decoded become lone surrogates.

    Args:
        path: The file; gzip if its name ends in `.gz`.
        encoding: Python's name of its encoding.

    Raises:
        UserError: The file cannot be read, or is evidently of another kind or encoding.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            head = stream.peek(_HEAD_BYTES)[:_HEAD_BYTES]
            is_utf8 = codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")
            _refuse_other_kinds(path, head, encoding, is_utf8)
            # newline="\n": a record keeps the line breaks in it as they are.
            decoding = {"encoding": "utf-8-sig" if is_utf8 else encoding, "errors": "surrogateescape", "newline": "\n"}
            with io.TextIOWrapper(stream, **decoding) as text:
                yield text
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UserError(f"not a whole gzip file: {error}", file=path) from None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror or error}", file=path) from None
    except UnicodeError as error:  # of encodings in which a stray byte cannot stand for itself
        raise UserError(f"cannot be decoded: {error}", file=path, key="data.files.encoding", got=encoding) from None


def _refuse_other_kinds(path: Path, head: bytes, encoding: str, is_utf8: bool) -> None:
    if head.startswith(b"\x1f\x8b"):
        raise UserError("compressed by gzip, so its name must end in .gz", file=path)
    if head.startswith(b"PK\x03\x04"):
        raise UserError("a zip archive or a spreadsheet, not text", file=path, hint="unpack it, or save it as csv")
    if not is_utf8:
        return
    arguments = {"file": path, "key": "data.files.encoding", "got": encoding}
    for mark, name in _BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            raise UserError(f"not {encoding} text: it begins with the mark of {name}", **arguments, allowed=name)
    if head.count(0) > _MOST_NULS * len(head):
        raise UserError(
            f"not {encoding} text: {head.count(0):,} of its first {len(head):,} bytes are zero",
            **arguments,
            hint='a binary file; or text in another encoding, such as "utf-16-le"',
        )


def read_lines(path: Path, encoding: str, max_characters: int) -> Iterator[tuple[int, str | None]]:
    """Yields the number, from 1, and the text of each line, its line break included; None for one that is too long.

    No more than `max_characters` of a line are held in memory.
    """
    with open_text(path, encoding) as text:
        number = 0
        while line := text.readline(max_characters + 2):  # room for CRLF
            number += 1
            if len(line.rstrip("\r\n")) <= max_characters:
                yield number, line
                continue
            while line and not line.endswith("\n"):
                line = text.readline(_SKIPPED_AT_ONCE)
            yield number, None
