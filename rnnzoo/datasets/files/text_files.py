"""Rows of running text: files whole, long ones in pieces."""

import re
from collections.abc import Iterator
from pathlib import Path

from rnnzoo.config import UserError
from rnnzoo.config.data_sections import FilesSection
from rnnzoo.datasets.files.lines import open_text
from rnnzoo.datasets.files.parts import Part
from rnnzoo.datasets.files.rows import Defect, Row
from rnnzoo.text.pieces import PIECE_CHARACTERS, cut_into_pieces

COLUMNS = ["text"]
STARTS_DOCUMENT = "starts_document"
# A file is cut into this many pieces at least, so that a share of them is about that share of the text.
_FEWEST_PIECES = 200
_LEAST_PIECE_CHARACTERS = 512
# More of a piece than this is broken in no text whose encoding is right.
_MOST_UNDECODABLE = 0.1
_MOST_NULS = 0.01
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_text_files(part: Part, options: FilesSection, features: list[str]) -> Iterator[Row | Defect]:
    """Yields the text of a file, or of all files below a folder, in pieces that are the text end to end.

    Bytes that cannot be decoded become U+FFFD. `starts_document` is true for the first piece of each file.

    Raises:
        UserError: A file is not text.
    """
    for path in list_text_files(part):
        name = part.name if path == part.path else f"{part.name}/{path.relative_to(part.path).as_posix()}"
        starts_document, line = True, 1
        for piece in _read_pieces(path, options.encoding):
            _check_is_text(piece, path, line, options.encoding)
            yield Row(
                name,
                line,
                {**dict.fromkeys(features, _SURROGATE.sub("\ufffd", piece)), STARTS_DOCUMENT: starts_document},
            )
            starts_document = False
            line += piece.count("\n")
        if starts_document:
            yield Defect(name, 0, "empty", is_stray=True)


def list_text_files(part: Part) -> list[Path]:
    """Returns the file, or all files below the folder in order, but for hidden ones."""
    if not part.path.is_dir():
        return [part.path]
    files = (path for path in part.path.rglob("*") if path.is_file())
    return sorted(path for path in files if not _is_hidden(path.relative_to(part.path)))


def _is_hidden(path: Path) -> bool:
    return any(name.startswith(".") for name in path.parts)


def _read_pieces(path: Path, encoding: str) -> Iterator[str]:
    size = path.stat().st_size // _FEWEST_PIECES
    most = min(max(size, _LEAST_PIECE_CHARACTERS), PIECE_CHARACTERS)
    with open_text(path, encoding) as file:
        rest = ""
        while read := file.read(PIECE_CHARACTERS):
            *pieces, rest = cut_into_pieces(rest + read, most)
            yield from pieces
        yield from cut_into_pieces(rest, most)


def _check_is_text(piece: str, path: Path, line: int, encoding: str) -> None:
    num_nuls, num_undecodable = piece.count("\0"), len(_SURROGATE.findall(piece))
    if num_nuls <= _MOST_NULS * len(piece) and num_undecodable <= _MOST_UNDECODABLE * len(piece):
        return
    found = f"{num_nuls:,} are NUL" if num_nuls else f"{num_undecodable:,} bytes cannot be decoded"
    raise UserError(
        f"not {encoding} text: of {len(piece):,} characters from line {line:,} on {found}",
        file=path,
        key="data.files.encoding",
        got=encoding,
        hint='a binary file; or text in another encoding, such as "cp1252" or "utf-16-le"',
    )
