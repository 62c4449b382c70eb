"""Where the zoo's configs and exports lie: beside the package in a clone, inside it when installed."""

import re
from collections.abc import Iterator
from pathlib import Path

from rnnzoo.config.errors import UserError

_PACKAGE = Path(__file__).resolve().parent.parent


def _shipped(folder: str) -> Path:
    in_clone = _PACKAGE.parent / folder
    # Only a clone has the project's setup.cfg beside the package; site-packages might hold any `zoo_configs`.
    if in_clone.is_dir() and (_PACKAGE.parent / "setup.cfg").is_file():
        return in_clone
    return _PACKAGE / folder


def zoo_configs_folder() -> Path:
    """Returns the folder of the configs that are shipped with the package."""
    return _shipped("zoo_configs")


def saved_models_folders() -> list[Path]:
    """Returns the folders in which an export is looked up, in order: the user's own, then the zoo's."""
    return [Path("saved_models"), _shipped("saved_models")]


def row_names() -> list[str]:
    """Returns the names of the shipped configs, such as `sentiment/mini`, sorted."""
    folder = zoo_configs_folder()
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.toml"))


def find_config(name_or_path: str) -> Path:
    """Returns the config file that a row name, a TOML file or a run folder stands for.

    Raises:
        UserError: There is no such row, file or folder.
    """
    path = Path(name_or_path)
    try:
        if path.is_dir() and (path / "config.toml").is_file():
            return path / "config.toml"
        if path.is_file():
            return path
    except OSError as error:  # such as a name that is too long
        raise UserError(f"cannot be read: {error.strerror}", file=name_or_path) from None
    if name_or_path in row_names():
        return zoo_configs_folder() / f"{name_or_path}.toml"
    raise UserError(
        "a folder without a config.toml" if path.is_dir() else "no such row, config file or run folder",
        got=name_or_path,
        allowed=row_names(),
        hint="`rnnzoo list` shows the rows; a config file is given by its path",
    )


def versions_of(folder: Path) -> dict[int, Path]:
    """Returns the versions below a model's folder by number, as TensorFlow Serving would see them."""
    if not folder.is_dir():
        return {}
    children = (child for child in folder.iterdir() if re.fullmatch(r"[0-9]+", child.name))
    return {int(child.name): child for child in children if (child / "saved_model.pb").is_file()}


def exported_row_names(root: Path) -> Iterator[str]:
    """Yields the names of the rows that have an export below `root`."""
    for marker in sorted(root.glob("**/saved_model.pb")):
        version = marker.parent
        if version.name.isdigit():
            yield version.parent.relative_to(root).as_posix()


def find_saved_model(name_or_path: str) -> Path:
    """Returns the export that a row name or a path stands for: the newest version where there are several.

    A path may be a version folder or the folder above it. A name is looked up in `./saved_models`
    first, then among the exports shipped with the package.

    Raises:
        UserError: There is no such export.
    """
    path = Path(name_or_path)
    if (path / "saved_model.pb").is_file():
        return path
    for folder in [path, *(root / name_or_path for root in saved_models_folders())]:
        versions = versions_of(folder)
        if versions:
            return versions[max(versions)]
    known = sorted({name for root in saved_models_folders() if root.is_dir() for name in exported_row_names(root)})
    raise UserError(
        "no exported model of that name",
        got=name_or_path,
        allowed=known,
        hint=f"train and export it with `rnnzoo train {name_or_path}`" if name_or_path in row_names() else None,
    )


def served_name(row_name: str) -> str:
    """Returns the name under which TensorFlow Serving serves a row; its URLs allow no slash.

    Example:

    >>> served_name("pos/ud_ewt")
    'pos_ud_ewt'
    """
    return row_name.replace("/", "_")
