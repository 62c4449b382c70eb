"""Whole files answered in constant memory."""

import itertools
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnnzoo.config.errors import UserError
from rnnzoo.serving.predictor import Predictor, find_text_input

_BATCHES_PER_WINDOW = 16  # so many are read at once, to put texts of like length together
_MOST_BAD_LINES_KEPT = 20


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


def predict_lines(
    predictor: Predictor,
    lines: Iterable[str],
    batch_size: int = 64,
    *,
    signature: str = "serving_default",
    **settings: Any,
) -> Iterator[dict[str, Any]]:
    """Answers texts as they come, in their order, never holding more than a few batches.

    Args:
        predictor: The model.
        lines: The texts; a line end at the end of a text is dropped.
        batch_size: How many texts are run together.
        signature: The signature's name.
        **settings: The signature's other inputs, one value for all texts.

    Yields:
        For each text the answer as of `Predictor.predict`, led by the text itself, under the name
        of the input it went to: `text` or `prompt`.
    """
    text_input = find_text_input(predictor.signature(signature), signature, settings)
    outputs = predictor.signature(signature).outputs
    shown_as = f"input_{text_input}" if text_input in outputs else text_input
    texts = map(_clean, lines)
    while window := list(itertools.islice(texts, max(batch_size, 1) * _BATCHES_PER_WINDOW)):
        answers = predictor.predict(window, signature, batch_size, **settings)
        for text, answer in zip(window, answers, strict=True):
            yield {shown_as: text, **answer}


def _read_json_line(line: str, text_input: str) -> str:
    """Returns the text in a line of JSON; raises ValueError if there is none."""
    try:
        example = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error}") from error
    except RecursionError as error:
        raise ValueError("is nested too deep") from error
    if not isinstance(example, dict):
        raise ValueError("is not a JSON object")
    for key in (text_input, "text"):
        if key in example:
            if not isinstance(example[key], str):
                raise ValueError(f"`{key}` is not a string")
            return example[key]
    raise ValueError("has no key `text`")


def _read_texts(path: Path, text_input: str, skip_bad_lines: bool, counts: BulkCounts) -> Iterator[str]:
    # Only "\n" ends a line: Python's other line ends may stand inside a text.
    with path.open(encoding="utf-8-sig", errors="replace", newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            if path.suffix == ".txt":
                yield line
            elif line.strip():
                try:
                    yield _read_json_line(line, text_input)
                except ValueError as error:
                    if not skip_bad_lines:
                        raise UserError(
                            f"line {number} {error}",
                            file=path,
                            got=line.rstrip()[:200],
                            allowed='{"text": "…"} on each line',
                        ) from error
                    counts.skipped += 1
                    if len(counts.bad_lines) < _MOST_BAD_LINES_KEPT:
                        counts.bad_lines.append((number, str(error)))


def predict_file(
    predictor: Predictor,
    input_path: str | Path,
    output_path: str | Path,
    batch_size: int = 64,
    on_progress: Callable[[int], None] | None = None,
    *,
    signature: str = "serving_default",
    skip_bad_lines: bool = False,
    **settings: Any,
) -> BulkCounts:
    """Answers every text of a file, and writes one JSON object a line in the same order.

    Args:
        predictor: The model.
        input_path: A `.txt` file with a text on each line (an empty line is an empty text), or a
            `.jsonl` file with objects that have the key `text` (empty lines are passed over).
        output_path: The file to write; it appears when all is done.
        batch_size: How many texts are run together.
        on_progress: Called with the number of lines answered so far.
        signature: The signature's name.
        skip_bad_lines: Whether lines that are no JSON object with a text are left out and counted;
            otherwise the first one stops the run.
        **settings: The signature's other inputs, one value for all texts.

    Returns:
        How many lines were answered and left out.

    Raises:
        UserError: The input is missing, has another suffix, or holds a bad line.
    """
    input_path, output_path = Path(input_path), Path(output_path)
    if input_path.suffix not in (".txt", ".jsonl"):
        raise UserError("cannot tell the format", file=input_path, got=input_path.suffix, allowed=[".txt", ".jsonl"])
    if not input_path.is_file():
        raise UserError("there is no such file", file=input_path)
    text_input = find_text_input(predictor.signature(signature), signature, settings)
    counts = BulkCounts()
    texts = _read_texts(input_path, text_input, skip_bad_lines, counts)
    answers = predict_lines(predictor, texts, batch_size, signature=signature, **settings)
    output_path.parent.mkdir(parents=True, exist_ok=True)
    partial = output_path.with_name(f".{output_path.name}.partial-{os.getpid()}")
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as output:
            for answer in answers:
                output.write(json.dumps(answer, ensure_ascii=False) + "\n")
                counts.answered += 1
                if on_progress and counts.answered % batch_size == 0:
                    on_progress(counts.answered)
        partial.replace(output_path)
    finally:
        partial.unlink(missing_ok=True)
    if on_progress:
        on_progress(counts.answered)
    return counts
