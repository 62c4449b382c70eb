"""The folder of a run: everything to resume, evaluate, export or explain it."""

import json
import os
import platform
import sys
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from rnnzoo import __version__
from rnnzoo.config import RunConfig, UserError, dump_config, load_config
from rnnzoo.training.checkpoints import CheckpointFolder, write_atomically

_VERSIONED = ("tensorflow", "keras", "tensorflow-datasets", "numpy")


class RunFolder:
    """One run's files.

    Attributes:
        path: The folder, `runs/<row name>/<time>`.
    """

    def __init__(self, path: Path):
        self.path = path

    @classmethod
    def create(cls, config: RunConfig, root: Path) -> "RunFolder":
        """Makes the folder of a new run and saves the resolved config in it."""
        started = datetime.now().strftime("%Y%m%d-%H%M%S")
        parent = root / config.name
        path, number = parent / started, 1
        try:
            parent.mkdir(parents=True, exist_ok=True)
            while path.exists():
                number += 1
                path = parent / f"{started}-{number}"
            path.mkdir()
        except OSError as error:
            raise UserError(f"cannot be created: {error.strerror}", file=path) from None
        folder = cls(path)
        write_atomically(path / "config.toml", dump_config(config).encode())
        folder.write_json("environment.json", _describe_environment())
        return folder

    @classmethod
    def find(cls, name_or_path: str, root: Path) -> "RunFolder":
        """Returns a run folder by its path, or the newest one of a row.

        Raises:
            UserError: There is none.
        """
        for folder in (Path(name_or_path), *sorted((root / name_or_path).glob("*/"), reverse=True)):
            if (folder / "config.toml").is_file():
                return cls(folder)
        raise UserError(
            "no run folder",
            got=name_or_path,
            allowed=f"a folder with a config.toml, or the name of a row with one below {root}/",
            hint=f"`rnnzoo train {name_or_path}` makes one",
        )

    def load_config(self) -> RunConfig:
        """Reads the resolved config of the run."""
        return load_config(str(self.path / "config.toml"))

    def checkpoints(self, keep: int) -> CheckpointFolder:
        """Returns the checkpoints of the run."""
        return CheckpointFolder(self.path / "checkpoints", keep)

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
        write_atomically(self.path / name, json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n")

    def read_json(self, name: str) -> Any:
        """Reads a JSON file."""
        path = self.path / name
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UserError(f"cannot be read ({error})", file=path, hint="has the run finished?") from None


def _describe_environment() -> dict[str, Any]:
    return {
        "command": sys.argv,
        "started": datetime.now().astimezone().isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "versions": {"rnnzoo": __version__} | {name: metadata.version(name) for name in _VERSIONED},
        "machine": {"system": platform.platform(), "processor": processor_name(), "cores": num_cores()},
    }


def num_cores() -> int:
    """Returns how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor_name() -> str:
    """Returns the name of the processor, as far as the system tells."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
