"""Small files as a user would write them, and the config section that names them."""

import gzip
from pathlib import Path

from rnnzoo.config import parse_config
from rnnzoo.datasets.files.rows import Defect, Row
from rnnzoo.datasets.files.source import find_source
from rnnzoo.datasets.files.survey import read_split, survey_files


def make_data(files, **data):
    """The checked `[data]` section for files."""
    return parse_config({"name": "own/files", "task": "text_classification", "data": {"files": files, **data}}).data


def write(path: Path, content: str | bytes) -> str:
    """Writes a file, compressed if its name ends in .gz, and returns its path."""
    content = content if isinstance(content, bytes) else content.encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return str(path)


def survey(files, **data):
    """Surveys files and returns their rows by split as (text, label), and the report."""
    section = make_data(files, **data)
    source = find_source(section, None)
    result = survey_files(source)
    names = source.features.values()
    rows = {
        split: [tuple(row.values[name] for name in names) for row in read_split(source, result, split)]
        for split in result.splits
    }
    assert {split: len(found) for split, found in rows.items()} == result.splits
    return rows, result.report


def read_both(files, **data):
    """Rows of all splits together, sorted, and the broken ones as (line, reason, detail)."""
    rows, report = survey(files, **data)
    return sorted(row for split in rows.values() for row in split), [
        (defect.line, defect.reason, defect.detail) for defect in report.broken.first
    ]


__all__ = ["Defect", "Row", "make_data", "read_both", "survey", "write"]
