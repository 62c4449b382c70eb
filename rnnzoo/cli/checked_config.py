"""A config that was checked against its data, before TensorFlow is imported."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnnzoo.config import RunConfig


def load_checked_config(
    name_or_path: str, overrides: Iterable[str], data_dir: Path | None, offline: bool
) -> "RunConfig":
    """Loads a config and checks it against the description of its data; says what was left out of files.

    Raises:
        UserError: Something in the config, or between it and the data, is wrong.
    """
    import click

    from rnnzoo.config import UserError, load_config
    from rnnzoo.config.locations import find_config
    from rnnzoo.datasets.opening import describe_data
    from rnnzoo.tasks.data_checks import check_data

    config = load_config(name_or_path, overrides)
    try:
        description = describe_data(config.data, data_dir, offline)
        if description is not None:
            check_data(config, description)
    except UserError as error:
        raise error.in_file(find_config(name_or_path)) from None
    for note in description.notes if description else ():
        click.echo(f"data: {note}", err=True)
    return config
