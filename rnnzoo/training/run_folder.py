"""The folder of a run: everything to resume, evaluate, export or explain it."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from rnnzoo.config import RunConfig, UserError, dump_config, load_config
from rnnzoo.config.atomic_files import put_in_place, replace_atomically, write_atomically, write_beside
from rnnzoo.training.checkpoints import CheckpointFolder


class RunFolder:
    """One run's files.

    Attributes:
        path: The folder, `runs/<row name>/<time>`.
    """

    def __init__(self, path: Path):
        self.path = path

    @classmethod
    def create(cls, config: RunConfig, root: Path) -> "RunFolder":
        """Makes the folder of a new run, with the resolved config in it.

        Raises:
            UserError: The disk is full, read-only or the like.
        """
        path = cls.propose_path(config, root)
        # With all that it begins with, so that a run which was killed can be resumed from the first moment on.
        with write_beside(path) as partial:
            cls(partial)._begin(config)
            return cls(_put_in_free_place(partial, path))

    @classmethod
    def create_at(cls, config: RunConfig, path: Path) -> "RunFolder":
        """Makes the folder of a new run at a path where there is nothing yet, or an empty folder.

        Raises:
            UserError: There is something else, the disk is full, read-only or the like.
        """
        with replace_atomically(path, key="--run") as partial:
            cls(partial)._begin(config)
        return cls(path)

    @staticmethod
    def propose_path(config: RunConfig, root: Path) -> Path:
        """Returns where a run that begins now would lie."""
        return root / config.name / datetime.now().strftime("%Y%m%d-%H%M%S")

    @classmethod
    def find(cls, name_or_path: str, root: Path) -> "RunFolder":
        """Returns a run folder by its path, or the newest one of a row.

        Raises:
            UserError: There is none.
        """
        for folder in (Path(name_or_path), *sorted((root / name_or_path).glob("[!.]*/"), key=_numbers, reverse=True)):
            if (folder / "config.toml").is_file():
                return cls(folder)
        raise UserError(
            "no run folder",
            got=name_or_path,
            allowed=f"a folder with a config.toml, or the name of a row with one below {root}/",
            hint=f"`rnnzoo train {name_or_path}` makes one",
        )

    def _begin(self, config: RunConfig) -> None:
        write_atomically(self.path / "config.toml", dump_config(config))

    def load_config(self) -> RunConfig:
        """Reads the resolved config of the run."""
        return load_config(str(self.path / "config.toml"))

    def checkpoints(self, keep: int, say: Callable[[str], None] = lambda message: None) -> CheckpointFolder:
        """Returns the checkpoints of the run; `say` is told which are damaged."""
        return CheckpointFolder(self.path / "checkpoints", keep, say)

    @property
    def model_file(self) -> Path:
        """The Keras model with the best weights."""
        return self.path / "model.keras"

    @property
    def is_finished(self) -> bool:
        """Whether the run got as far as its scores."""
        return (self.path / "metrics.json").is_file() and self.model_file.is_file()

    def write_json(self, name: str, content: Any) -> None:
        """Writes a JSON file."""
        write_atomically(self.path / name, json.dumps(content, indent=2, ensure_ascii=False) + "\n")

    def read_json(self, name: str) -> Any:
        """Reads a JSON file."""
        path = self.path / name
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UserError(f"cannot be read ({error})", file=path, hint="has the run finished?") from None


def _put_in_free_place(partial: Path, path: Path) -> Path:
    """Renames a new run's folder; with a number behind the time where another run began in the same second."""
    place, number = path, 1
    while True:
        try:
            if not place.exists():
                put_in_place(partial, place)
                return place
        except OSError:
            if not place.exists():
                raise
        number += 1
        place = path.with_name(f"{path.name}-{number}")


def _numbers(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", path.name)]
