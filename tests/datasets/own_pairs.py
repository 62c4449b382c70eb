"""Pairs of texts as a user would keep them, and the config section that names them."""

from pathlib import Path

from rnnzoo.config.data_sections import DataSection
from rnnzoo.datasets.files.source import find_source
from rnnzoo.datasets.files.survey import read_split, survey_files
from tests.datasets.own_files import write


class OwnPairs(DataSection):
    """The section `[data]` of a task that reads pairs of texts."""

    source_feature: str = "de"
    target_feature: str = "en"


def write_pairs(folder: Path, split: str, rows: list[tuple[str, str]], ending: str = "") -> None:
    """Writes a file for each side."""
    for place, language in enumerate(("de", "en")):
        write(folder / f"{language}.{split}.txt{ending}", "".join(f"{row[place]}\n" for row in rows))


def survey_pairs(files: dict, **data):
    """Surveys files and returns their rows by split as (source, target), and the report."""
    source = find_source(OwnPairs(files=files, **data), None)
    result = survey_files(source)
    rows = {
        split: [tuple(row.values[name] for name in source.pair) for row in read_split(source, result, split)]
        for split in result.splits
    }
    assert {split: len(found) for split, found in rows.items()} == result.splits
    return rows, result.report
