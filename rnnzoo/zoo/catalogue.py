"""The rows of the zoo: their configs, exports and scores."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rnnzoo.config import UserError, load_config
from rnnzoo.config.locations import exported_row_names, find_saved_model, row_names, saved_models_folders

_EXTRA = "assets.extra"


@dataclass(frozen=True)
class Row:
    """One line of the catalogue.

    Attributes:
        name: Row name.
        task: Its task.
        data: Its TFDS set or file.
        cell: Its recurrent cell.
        parameters: Number of weights; None where it is not exported.
        metric: Name of the reported metric.
        score: The export's figure on the reported split.
        export: The export's folder.
    """

    name: str
    task: str
    data: str
    cell: str
    parameters: int | None = None
    metric: str | None = None
    score: float | None = None
    export: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns the row ready for JSON."""
        return asdict(self)


def list_rows() -> list[Row]:
    """Returns all rows: those with a config in the zoo, and those exported to `./saved_models`."""
    names = set(row_names())
    for root in saved_models_folders():
        names.update(exported_row_names(root))
    return [describe_row(name) for name in sorted(names)]


def describe_row(name: str) -> Row:
    """Describes one row by its export, or by its config where it has none."""
    try:
        export = find_saved_model(name)
    except UserError:
        config = load_config(name)
        return Row(name, config.task, config.data.title, config.model.cell)
    config = load_config(str(export / _EXTRA))
    score = read_score(export)
    metric = score["headline_metric"]
    return Row(
        name,
        config.task,
        config.data.title,
        config.model.cell,
        score["parameters"],
        metric,
        score["test"][metric],
        str(export),
    )


def read_score(export: Path) -> dict[str, Any]:
    """Reads the scores that an export carries."""
    path = export / _EXTRA / "score.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"cannot be read ({error})", file=path, hint="is this an export of rnnzoo?") from None


def read_card(export: Path) -> str:
    """Reads the model card of an export."""
    return (export / _EXTRA / "card.md").read_text(encoding="utf-8")


def read_examples(export: Path) -> list[str | dict[str, Any]]:
    """Reads the example inputs that an export carries: texts, or rows of inputs by name."""
    return read_score(export)["examples"]
