"""A first config of a text classifier for files of the user's own."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from rnnzoo.config import UserError
from rnnzoo.config.data_sections import FilesSection
from rnnzoo.config.run_configs import TextClassificationData
from rnnzoo.datasets.column_roles import choose_roles
from rnnzoo.datasets.files.reading import read_columns, read_unchecked_rows
from rnnzoo.datasets.files.rows import Row
from rnnzoo.datasets.files.source import FileSource, Part, find_source
from rnnzoo.datasets.files.survey import Survey, survey_files
from rnnzoo.datasets.guessing import TABLE_FORMATS, Layout
from rnnzoo.datasets.profiling import MOST_CLASSES, profile_columns
from rnnzoo.datasets.text_statistics import TextStatistics
from rnnzoo.tasks.proposal import Proposal, Wishes
from rnnzoo.tasks.text_settings import choose_settings

_FEWEST_ROWS = 20
# Of fewer rows more are held back: a score on a handful says nothing.
_FEW_ROWS = 1000
_FEW_ROWS_FRACTION = 0.2
_RARE = 10
_LARGE_SHARE = 0.8
_MOST_SHOWN = 8
_LONGEST_SHOWN = 40
_ROWS_LOOKED_AT = 20
_COMMENTS = {
    "data.test_split": "there is no file for `test`",
    "data.validation_fraction": "few rows: more of them are held back, to stop by and to choose by",
    "data.files.test_fraction": "few rows: more of them are kept for the score",
    "data.files.columns": "there is no header line",
    "export": 'add data_note = "…": source and licence of the data, for the card',
}


@dataclass(frozen=True)
class _Columns:
    """Which columns of the files are read.

    Attributes:
        text: Name of the text's column.
        label: Name of the label's column.
        names: Names of all columns, where the file does not name them.
        facts: How they were found.
        warnings: What else they might be.
    """

    text: str = "text"
    label: str = "label"
    names: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()


def propose_text_classification(layout: Layout, wishes: Wishes) -> Proposal:
    """Looks at files for texts and their labels.

    Args:
        layout: The files.
        wishes: What the user says of them.

    Raises:
        UserError: There is no text or no label, or there is nothing to learn.
    """
    columns = _find_columns(layout, wishes)
    labelled, unlabelled = _divide_by_labels(layout, columns)
    data, source, survey = _survey(_write_data_section(labelled, columns))
    statistics = TextStatistics.of_files(source, survey)
    _check_enough(statistics)
    settings = choose_settings(statistics)
    facts = (
        ("format", _describe_format(layout)),
        *columns.facts,
        ("classes", _describe_classes(statistics)),
        ("splits", _describe_splits(source, survey)),
        ("tokens", f"{settings.sections['text']['tokenizer']}: {settings.reason}"),
    )
    warnings = (
        *columns.warnings,
        *(f"{file.name} is left out: it has no column `{columns.label}`" for file in unlabelled),
        *survey.report.notes(),
        *_list_oddities(statistics),
    )
    config = {
        "task": "text_classification",
        "data": data,
        **settings.sections,
        "export": {"examples": list(statistics.examples.values())},
    }
    return Proposal(config, _COMMENTS | settings.comments, facts, warnings)


def _find_columns(layout: Layout, wishes: Wishes) -> _Columns:
    if layout.format not in TABLE_FORMATS:
        for option, name in (("--text-column", wishes.text_column), ("--label-column", wishes.label_column)):
            if name is not None:
                raise UserError(f"the format {layout.format} has no columns to choose from", key=option, got=name)
        return _Columns()
    profiles = profile_columns(layout)
    roles = choose_roles(profiles.columns, wishes.text_column, wishes.label_column)
    if profiles.header:
        named = f"named by the first line: {profiles.header}"
    else:
        named = "keys of the objects" if layout.format == "jsonl" else "not named by the first line"
    names_of = ", ".join(f"`{column.name}`" for column in profiles.columns)
    facts = (
        ("columns", f"{names_of}; {named}"),
        ("text", f"`{roles.text.name}`, such as {_shorten(roles.text.example)!r}"),
        ("label", f"`{roles.label.name}`"),
    )
    warnings = ()
    if roles.other_labels:
        warnings = (f"the label might be {_enumerate(roles.other_labels)} as well; --label-column says which",)
    if profiles.header or layout.format == "jsonl":
        return _Columns(roles.text.name, roles.label.name, (), facts, warnings)
    new_names = {roles.text.name: "text", roles.label.name: "label"}
    names = tuple(new_names.get(column.name, column.name) for column in profiles.columns)
    return _Columns("text", "label", names, facts, warnings)


def _divide_by_labels(layout: Layout, columns: _Columns) -> tuple[Layout, list[Path]]:
    """Returns the files with both columns, and the others: published test sets often have no labels."""
    if layout.format not in TABLE_FORMATS or len(layout.files) == 1:
        return layout, []
    labelled = {split: file for split, file in layout.files.items() if _has_columns(layout, file, columns)}
    unlabelled = [file for split, file in layout.files.items() if split not in labelled]
    if list(labelled) == ["train"]:
        labelled = {"": labelled["train"]}
    return replace(layout, files=labelled), unlabelled


def _has_columns(layout: Layout, file: Path, columns: _Columns) -> bool:
    part = Part("", file.name, file, layout.format)
    options = FilesSection(path=str(file), **_write_options(layout, columns))
    wanted = [columns.text, columns.label]
    if not columns.names:
        return set(wanted) <= set(read_columns(part, options))
    return any(isinstance(row, Row) for row in islice(read_unchecked_rows(part, options, wanted), _ROWS_LOOKED_AT))


def _write_options(layout: Layout, columns: _Columns) -> dict[str, Any]:
    options: dict[str, Any] = {"format": layout.format}
    if layout.delimiter:
        options["delimiter"] = layout.delimiter
    if layout.encoding != "utf-8":
        options["encoding"] = layout.encoding
    if columns.names:
        options["columns"] = list(columns.names)
    return options


def _write_data_section(layout: Layout, columns: _Columns) -> dict[str, Any]:
    files = {split or "path": _spell_path(file) for split, file in layout.files.items()}
    labels = {f"{split}_labels" if split else "labels": _spell_path(file) for split, file in layout.labels.items()}
    data: dict[str, Any] = {"text_feature": columns.text, "label_feature": columns.label}
    if not {"", "test"} & set(layout.files):
        data["test_split"] = "validation"
    return {**data, "files": {**files, **labels, **_write_options(layout, columns)}}


def _spell_path(path: Path) -> str:
    """Returns a path as configs have it: relative below the current folder, else absolute."""
    absolute = Path(os.path.abspath(path))
    here = Path.cwd()
    return (absolute.relative_to(here) if absolute.is_relative_to(here) else absolute).as_posix()


def _survey(data: dict[str, Any]) -> tuple[dict[str, Any], FileSource, Survey]:
    """Reads all rows; returns also the `[data]` section, in which small files get larger shares held back."""
    source = find_source(TextClassificationData.model_validate(data), None)
    try:
        survey = survey_files(source)
    except UserError:
        if not source.is_cut:
            raise
    else:
        if sum(survey.splits.values()) >= _FEW_ROWS:
            return data, source, survey
    if source.is_cut:
        data = {**data, "files": {**data["files"], "test_fraction": _FEW_ROWS_FRACTION}}
    section = TextClassificationData.model_validate(data)
    if not section.validation_split:
        data = {"validation_fraction": _FEW_ROWS_FRACTION, **data}
        section = TextClassificationData.model_validate(data)
    source = find_source(section, None)
    return data, source, survey_files(source)


def _check_enough(statistics: TextStatistics) -> None:
    num_classes, num_examples = len(statistics.label_counts), statistics.label_counts.total()
    if num_classes > MOST_CLASSES:
        raise UserError(f"{num_classes:,} different labels: with more than {MOST_CLASSES:,}, they hardly are classes")
    if num_examples < _FEWEST_ROWS:
        raise UserError(
            f"{num_examples} rows are too few to learn from, to choose by and to score",
            allowed=f"{_FEWEST_ROWS} or more",
        )


def _describe_format(layout: Layout) -> str:
    files = ", ".join(f"{split}: {file.name}" if split else file.name for split, file in layout.files.items())
    return f"{layout.format} ({layout.reason}), {layout.encoding}; {files}"


def _describe_classes(statistics: TextStatistics) -> str:
    counts = statistics.label_counts
    shown = [f"{_shorten(label)} {count:,} ({count / counts.total():.1%})" for label, count in counts.most_common()]
    return f"{len(counts):,}: {_enumerate(shown)}"


def _describe_splits(source: FileSource, survey: Survey) -> str:
    sizes = ", ".join(f"{split} {count:,}" for split, count in survey.splits.items())
    if source.is_cut:
        return f"{sizes}; cut by a hash of the text: equal texts stay on one side"
    return f"{sizes}, as given{'' if 'test' in survey.splits else '; the score is that on validation'}"


def _list_oddities(statistics: TextStatistics) -> Iterator[str]:
    counts = statistics.label_counts
    label, count = counts.most_common(1)[0]
    if count > _LARGE_SHARE * counts.total():
        yield f"whoever always says {_shorten(label)} is right in {count / counts.total():.1%} of the examples"
    rare = [label for label, count in counts.items() if count < _RARE]
    if rare:
        yield f"classes with fewer than {_RARE} examples: {_enumerate(map(_shorten, rare))}"
    for split, of_split in statistics.labels.items():
        missing = [label for label in counts if label not in of_split]
        if missing:
            yield f"classes that {split} lacks: {_enumerate(map(_shorten, missing))}"
    if statistics.num_repeated:
        yield f"{statistics.num_repeated:,} examples repeat the text of another"
    if statistics.num_ambiguous:
        yield f"{statistics.num_ambiguous:,} texts occur with more than one label"


def _enumerate(names: Iterable[str]) -> str:
    names = list(names)
    more = len(names) - _MOST_SHOWN
    return ", ".join(names[:_MOST_SHOWN]) + (f" … and {more:,} more" if more > 0 else "")


def _shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
