"""Whole files answered in constant memory."""

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnnzoo.config.errors import UserError
from rnnzoo.serving.conll import BATCHES_PER_WINDOW, CONLL_SUFFIXES, answer_conll, write_conll
from rnnzoo.serving.predictor import Predictor, Signature, make_arrays
from rnnzoo.serving.resuming import ResumableFile
from rnnzoo.serving.rows import Row, find_text_input, join_rows, read_rows, takes_texts

_MOST_BAD_LINES_KEPT = 20
_MOST_SHOWN = 200


@dataclass
class BulkCounts:
    """What became of the lines of a file.

    Attributes:
        answered: How many lines were answered.
        skipped: How many were left out because they could not be read.
        bad_lines: Number and fault of the first of those.
    """

    answered: int = 0
    skipped: int = 0
    bad_lines: list[tuple[int, str]] = field(default_factory=list)


def _clean(line: str) -> str:
    """Drops the line end, and makes lone surrogates (from JSON escapes or a terminal) U+FFFD."""
    text = line.removesuffix("\n").removesuffix("\r")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def read_lines(
    predictor: Predictor, lines: Iterable[str], *, signature: str = "serving_default", **settings: Any
) -> Iterator[Row]:
    """Yields the rows that lines stand for: see `predict_lines`, whose arguments these are."""
    known = predictor.signature(signature)
    takes_text = takes_texts(known, settings)
    for number, line in enumerate(lines, start=1):
        try:
            yield _clean(line) if takes_text else _read_inputs(_read_object(line), known, signature, settings)
        except ValueError as error:
            allowed = f"an object in JSON with the inputs {', '.join(sorted(known.inputs))}"
            raise UserError(f"line {number} {error}", got=line.rstrip()[:_MOST_SHOWN], allowed=allowed) from error


def predict_lines(
    predictor: Predictor,
    lines: Iterable[str],
    batch_size: int = 64,
    *,
    signature: str = "serving_default",
    **settings: Any,
) -> Iterator[dict[str, Any]]:
    """Answers lines as they come, in their order, never holding more than a few batches.

    Args:
        predictor: The model.
        lines: Texts, of which a line end at the end is dropped; or where the signature takes no texts, rows in
            JSON, such as `{"features": [[0.5, 1.0]]}`.
        batch_size: How many lines are run together.
        signature: The signature's name.
        **settings: The signature's other inputs, one value for all lines.

    Yields:
        For each line the answer as of `Predictor.predict`, led by the text itself, if it is one, under the name
        of the input it went to: `text` or `prompt`.

    Raises:
        UserError: A line is no row.
    """
    rows = read_lines(predictor, lines, signature=signature, **settings)
    yield from _predict_rows(predictor, rows, batch_size, signature, settings)


def _predict_rows(
    predictor: Predictor, rows: Iterable[Row], batch_size: int, signature: str, settings: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    known = predictor.signature(signature)
    shown_as = None
    if takes_texts(known, settings):
        text_input = find_text_input(known, signature, settings)
        shown_as = f"input_{text_input}" if text_input in known.outputs else text_input
    rows = iter(rows)
    while window := list(itertools.islice(rows, max(batch_size, 1) * BATCHES_PER_WINDOW)):
        answers = predictor.predict(window, signature, batch_size, **settings)
        for row, answer in zip(window, answers, strict=True):
            yield {shown_as: row, **answer} if shown_as else answer


def _read_object(line: str) -> dict[str, Any]:
    try:
        example = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error}") from error
    except RecursionError as error:
        raise ValueError("is nested too deep") from error
    if not isinstance(example, dict):
        raise ValueError("is not a JSON object")
    return example


def _read_inputs(example: dict[str, Any], known: Signature, signature: str, settings: dict[str, Any]) -> dict[str, Any]:
    inputs = {name: example[name] for name in known.inputs if name in example}
    try:
        make_arrays(known, join_rows(known, read_rows(known, signature, [inputs], settings)))
    except UserError as error:
        raise ValueError(f"does not fit: {error.key}: {error.problem}") from error
    return inputs


def _read_json_line(line: str, known: Signature, signature: str, settings: dict[str, Any]) -> Row:
    """Returns the row in a line of JSON; raises ValueError if there is none."""
    example = _read_object(line)
    if not takes_texts(known, settings):
        return _read_inputs(example, known, signature, settings)
    for key in (find_text_input(known, signature, settings), "text"):
        if key in example:
            if not isinstance(example[key], str):
                raise ValueError(f"`{key}` is not a string")
            return _clean(example[key])
    raise ValueError("has no key `text`")


def _read_file(
    path: Path, read_json_line: Callable[[str], Row], skip_bad_lines: bool, counts: BulkCounts
) -> Iterator[Row]:
    # Only "\n" ends a line: Python's other line ends may stand inside a text.
    with path.open(encoding="utf-8-sig", errors="replace", newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            if path.suffix == ".txt":
                yield _clean(line)
            elif line.strip():
                try:
                    yield read_json_line(line)
                except ValueError as error:
                    if not skip_bad_lines:
                        raise UserError(
                            f"line {number} {error}",
                            file=path,
                            got=line.rstrip()[:_MOST_SHOWN],
                            allowed='an object on each line: {"text": "…"}, or the inputs of the model by name',
                        ) from error
                    counts.skipped += 1
                    if len(counts.bad_lines) < _MOST_BAD_LINES_KEPT:
                        counts.bad_lines.append((number, str(error)))


def _to_json_line(answer: dict[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False) + "\n"


def predict_file(
    predictor: Predictor,
    input_path: str | Path,
    output_path: str | Path,
    batch_size: int = 64,
    on_progress: Callable[[int], None] | None = None,
    *,
    signature: str = "serving_default",
    skip_bad_lines: bool = False,
    resume: bool = False,
    **settings: Any,
) -> BulkCounts:
    """Answers every line of a file, or every sentence, and writes the answers in the same order.

    What a run that ended early had answered lies beside the output: with `resume` the next one goes on from there.

    Args:
        predictor: The model.
        input_path: A `.txt` file with a text on each line (an empty line is an empty text), or a
            `.jsonl` file with objects that have the key `text`, or where the signature takes no texts its
            inputs by name (empty lines are passed over). For taggers also a `.conll` or `.conllu` file: see
            `answer_conll`.
        output_path: The file to write, one JSON object a line; it appears when all is done. Of taggers it may be
            a `.conll` or `.conllu` file: the lines of such an input with the tag as one more column, or for
            texts a word and its tag a line.
        batch_size: How many lines are run together.
        on_progress: Called with the number of lines answered so far.
        signature: The signature's name.
        skip_bad_lines: Whether lines that are no JSON object with a text, or with inputs that fit, are left out
            and counted; otherwise the first one stops the run.
        resume: Whether to go on from what an earlier run with the same input and model left, if there is any.
        **settings: The signature's other inputs, one value for all lines.

    Returns:
        How many lines were answered and left out.

    Raises:
        UserError: The input is missing, has another suffix, or holds a bad line; or what is to be resumed was made
            from something else.
    """
    input_path, output_path = Path(input_path), Path(output_path)
    if input_path.suffix not in (allowed := (".txt", ".jsonl", *CONLL_SUFFIXES)):
        raise UserError("cannot tell the format", file=input_path, got=input_path.suffix, allowed=allowed)
    if not input_path.is_file():
        raise UserError("there is no such file", file=input_path)
    known = predictor.signature(signature)
    to_conll = output_path.suffix in CONLL_SUFFIXES
    if to_conll and "tags" not in known.outputs:
        raise UserError("the model gives no tags to write as CoNLL", file=output_path, allowed=".jsonl")
    if input_path.suffix == ".txt":
        find_text_input(known, signature, settings)  # complains where no text is taken
    output_path.parent.mkdir(parents=True, exist_ok=True)
    read = input_path.stat()
    request = {
        "input": [str(input_path.resolve()), read.st_size, read.st_mtime_ns],
        "model": predictor.identity(),
        "signature": signature,
        "settings": json.loads(json.dumps(settings, default=str)),
        "skipping of bad lines": skip_bad_lines,
    }
    output = ResumableFile(output_path, request, resume)
    counts = BulkCounts(answered=output.num_committed)
    try:
        if input_path.suffix in CONLL_SUFFIXES:
            pairs = answer_conll(predictor, input_path, batch_size, counts.answered)
            if to_conll:
                texts = (sentence.to_text(answer["tags"]) for sentence, answer in pairs)
            else:
                texts = (_to_json_line({"tokens": sentence.words, **answer}) for sentence, answer in pairs)
        else:
            rows = _read_file(
                input_path, lambda line: _read_json_line(line, known, signature, settings), skip_bad_lines, counts
            )
            rows = itertools.islice(rows, counts.answered, None)
            answers = _predict_rows(predictor, rows, batch_size, signature, settings)
            texts = map(write_conll if to_conll else _to_json_line, answers)
        for text in texts:
            output.write(text)
            counts.answered += 1
            if on_progress and counts.answered % batch_size == 0:
                on_progress(counts.answered)
            if (counts.answered - output.num_committed) == batch_size * BATCHES_PER_WINDOW:
                output.commit(counts.answered)
        output.finish()
    except BaseException:
        output.abandon()
        raise
    if on_progress:
        on_progress(counts.answered)
    return counts
