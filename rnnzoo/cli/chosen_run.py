"""Which run `rnnzoo train` begins or goes on with."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnzoo.cli.checked_config import load_checked_config

if TYPE_CHECKING:
    from rnnzoo.config import RunConfig
    from rnnzoo.training.run_folder import RunFolder


@dataclass(frozen=True)
class ChosenRun:
    """A run to begin, or one to go on with.

    Attributes:
        config: What to do.
        folder: The folder to go on with; None: the run is yet to begin.
        path: Where a new run's folder is to lie; None: below the folder of all runs.
    """

    config: "RunConfig"
    folder: "RunFolder | None" = None
    path: Path | None = None

    def begin(
        self, seed_number: int, runs: Path, is_chief: bool, from_chief: Callable[[Any], Any]
    ) -> "tuple[RunConfig, RunFolder, bool]":
        """Makes the folder of a run, unless it has begun.

        Args:
            seed_number: Which of several seeds, counted from 0.
            runs: The folder of all runs.
            is_chief: Whether this process writes.
            from_chief: Returns what the chief gives it: the chief alone makes folders, and its config is that of all.

        Returns:
            The config, the folder and whether the run had begun.
        """
        from rnnzoo.config import parse_config
        from rnnzoo.training.run_folder import RunFolder

        if is_chief:
            config = self.config.model_copy(update={"seed": self.config.seed + seed_number})
            folder = self.folder
            if folder is None:
                folder = RunFolder.create_at(config, self.path) if self.path else RunFolder.create(config, runs)
            has_begun = self.folder is not None
            from_chief([config.model_dump(mode="json"), str(folder.path.absolute()), has_begun])
            return config, folder, has_begun
        values, path, has_begun = from_chief(None)
        return parse_config(values), RunFolder(Path(path)), has_begun


def choose_run(
    name_or_path: str,
    overrides: Sequence[str],
    *,
    seed: int | None,
    run: Path | None,
    runs: Path,
    resume: bool,
    is_chief: bool,
    data_dir: Path | None,
    offline: bool,
) -> ChosenRun:
    """Returns the run that the options of `rnnzoo train` speak of, its config checked.

    Raises:
        UserError: Something in the config is wrong, there is no run to go on with, or one where none should be.
    """
    from rnnzoo.config import UserError
    from rnnzoo.training.run_folder import RunFolder

    if seed is not None:
        overrides = (*overrides, f"seed={seed}")
    if not is_chief:
        # Whatever it sees of the folder, it is told what to do.
        return ChosenRun(load_checked_config(name_or_path, overrides, data_dir, offline))
    if run is None:
        folder = RunFolder.find(name_or_path, runs) if resume else None
        source = str(folder.path) if folder else name_or_path
        return ChosenRun(load_checked_config(source, overrides, data_dir, offline), folder)
    config = load_checked_config(name_or_path, overrides, data_dir, offline)
    if not (run / "config.toml").is_file():
        if run.is_dir() and any(run.iterdir()):
            raise UserError("the folder is not empty, and has no run in it", key="--run", got=str(run))
        return ChosenRun(config, path=run)
    if not resume:
        hint = "--resume goes on with it; leave out --run for a new folder"
        raise UserError("there is a run already", key="--run", got=str(run), hint=hint)
    folder = RunFolder(run)
    begun_with = folder.load_config()
    changes = dict(_find_changes(begun_with.model_dump(), config.model_dump()))
    if changes:
        raise UserError(
            f"the run was begun with another config: {', '.join(changes)}",
            key="--run",
            got=changes,
            hint=f"give the same options again, or go on as it was begun: rnnzoo train {run} --resume",
        )
    return ChosenRun(begun_with, folder)


def _find_changes(before: Mapping[str, Any], now: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name in sorted(before.keys() | now.keys()):
        old, new = before.get(name), now.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _find_changes(old, new, f"{prefix}{name}.")
        elif old != new:
            yield prefix + name, f"{old!r}, now {new!r}"
