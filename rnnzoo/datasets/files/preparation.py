"""From files to a prepared TFDS set."""

import json
from dataclasses import replace
from pathlib import Path

from rnnzoo.config import UserError
from rnnzoo.config.data_sections import DataSection
from rnnzoo.datasets.description import DatasetDescription, Feature, describe_prepared, find_prepared
from rnnzoo.datasets.files.naming import BUILDER_NAME, VERSION, name_source
from rnnzoo.datasets.files.report import FileReport
from rnnzoo.datasets.files.source import FileSource, find_source
from rnnzoo.datasets.files.survey import survey_files
from rnnzoo.datasets.files.text_files import STARTS_DOCUMENT
from rnnzoo.datasets.loading import Dataset, folders_for_made_data, prepare

# More rows than this take long enough to show how far they are.
_ROWS_WITHOUT_PROGRESS = 100_000


def describe_files(data: DataSection, data_dir: Path | None) -> DatasetDescription:
    """Describes the files of a config without TensorFlow; all are read, unless they are prepared already.

    Args:
        data: The section `[data]`; its `files` are given.
        data_dir: TFDS' `data_dir`.

    Returns:
        Features and splits, and as notes what was left out.

    Raises:
        UserError: The files are missing, or not what the config says.
    """
    source = find_source(data, data_dir)
    prepared = _find_prepared(name_source(source), data_dir)
    if prepared:
        return _describe(prepared, data)
    survey = survey_files(source)
    features = {
        name: Feature("text", sequence_depth=int(key in source.sequences)) for key, name in source.features.items()
    }
    if source.is_running_text:
        features[STARTS_DOCUMENT] = Feature("tensor", "bool")
    return DatasetDescription(data.title, features, survey.splits, tuple(survey.report.notes()))


def open_files(data: DataSection, data_dir: Path | None) -> Dataset:
    """Opens the files of a config as a TFDS set, which is prepared first where that was not done before.

    It is prepared in `data_dir`, or in TFDS' own folder where that is read-only.

    Args:
        data: The section `[data]`; its `files` are given.
        data_dir: TFDS' `data_dir`.

    Raises:
        UserError: The files are missing, or not what the config says.
    """
    source = find_source(data, data_dir)
    name = name_source(source)
    prepared = _find_prepared(name, data_dir) or _prepare(source, name, folders_for_made_data(data_dir)[-1])
    return Dataset(prepared, _describe(prepared, data), data_dir)


def _find_prepared(name: str, data_dir: Path | None) -> Path | None:
    for folder in folders_for_made_data(data_dir):
        prepared = find_prepared(_tfds_name(name), folder)
        if prepared:
            return prepared
    return None


def _describe(prepared: Path, data: DataSection) -> DatasetDescription:
    description = describe_prepared(prepared)
    try:
        report = FileReport.from_json(json.loads((prepared / "metadata.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        hint = "delete the folder and have the set prepared again"
        raise UserError(f"a damaged set ({error})", file=prepared, hint=hint) from None
    report.check_max_errors(data.files.max_errors, data.files.encoding)
    return replace(description, name=data.title, notes=tuple(report.notes()))


def _prepare(source: FileSource, name: str, data_dir: Path) -> Path:
    survey = survey_files(source)

    def make_builder():
        from rnnzoo.datasets.files.builder import RnnzooFiles

        return RnnzooFiles(source, survey, config_name=name, data_dir=str(data_dir))

    is_small = sum(survey.splits.values()) <= _ROWS_WITHOUT_PROGRESS
    return prepare(_tfds_name(name), make_builder, data_dir, key="data.files", show_progress=not is_small)


def _tfds_name(name: str) -> str:
    return f"{BUILDER_NAME}/{name}:{VERSION}"
