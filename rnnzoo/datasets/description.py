"""What a prepared TFDS set holds, read from its JSON files: no TensorFlow, so mistakes are told at once."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from rnnzoo.config import UserError

# TFDS prepares beside, in folders such as `incomplete.A1B2C3_1.0.0`.
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_BOUND = r"-?\d+(?:\.\d+)?%|-?\d+"
_SPLIT_PART = re.compile(rf"(?P<name>[\w-]+)(?:\[(?P<start>{_BOUND})?:(?P<stop>{_BOUND})?\])?")


@dataclass(frozen=True)
class Feature:
    """One feature of a data set.

    Attributes:
        kind: `text`, `class_label`, `tensor`, or another TFDS feature's class name in snake case.
        dtype: Of tensors, such as `float32`; else "".
        class_names: Of class labels.
        sequence_depth: How many sequences the feature lies in.
        shape: Of tensors, without the sequences; None where a size varies.
    """

    kind: str
    dtype: str = ""
    class_names: tuple[str, ...] = ()
    sequence_depth: int = 0
    shape: tuple[int | None, ...] = ()

    @property
    def is_text(self) -> bool:
        """Whether one example holds one string here."""
        return self._holds_strings and not self.sequence_depth

    @property
    def is_text_sequence(self) -> bool:
        """Whether one example holds a sequence of strings here."""
        return self._holds_strings and self.sequence_depth + len(self.shape) == 1

    @property
    def _holds_strings(self) -> bool:
        return self.kind == "text" or (self.kind == "tensor" and self.dtype in ("string", "object", "bytes"))

    @property
    def frame_dim(self) -> int | None:
        """Numbers in each step where one example holds a sequence of numbers here: (time, dim), or (time,)."""
        sizes = (*[None] * self.sequence_depth, *self.shape)
        if not self._holds_numbers or len(sizes) not in (1, 2):
            return None
        return 1 if len(sizes) == 1 else sizes[1]

    @property
    def vector_dim(self) -> int | None:
        """How many numbers there are where one example holds as many as any other; None: it does not."""
        is_fixed = not self.sequence_depth and len(self.shape) == 1
        return self.shape[0] if is_fixed and self._holds_numbers else None

    @property
    def _holds_numbers(self) -> bool:
        return self.kind == "tensor" and self.dtype.startswith(("float", "bfloat", "int", "uint"))


@dataclass(frozen=True)
class DatasetDescription:
    """The features and splits of a data set.

    Attributes:
        name: Name for `tfds.load`, or what files are called.
        features: Features by path, nested names joined with `/`.
        splits: Number of examples by split.
        notes: What the user should know of it, such as which rows of a file were left out; a line each.
    """

    name: str
    features: dict[str, Feature]
    splits: dict[str, int]
    notes: tuple[str, ...] = ()

    def feature(self, path: str, key: str) -> Feature:
        """Returns a feature; `key` is the config key that names it, for the complaint."""
        if path not in self.features:
            raise UserError(f"`{self.name}` has no such feature", key=key, got=path, allowed=sorted(self.features))
        return self.features[path]

    def check_split(self, split: str, key: str) -> None:
        """Checks a split name, slice or sum such as `train[:90%]+test`; `key` is the config key that names it."""
        for part in re.split(r"\s*\+\s*", split):
            match = _SPLIT_PART.fullmatch(part)
            if match is None or match[0].endswith("[:]"):
                raise UserError("not a split", key=key, got=split, allowed="`train`, `train[:90%]`, `train+test`")
            name, is_slice = match["name"], part.endswith("]")
            if name not in self.splits and (name != "all" or is_slice):
                raise UserError(f"`{self.name}` has no such split", key=key, got=name, allowed=sorted(self.splits))
            if is_slice and not _lies_within(match["start"], match["stop"], self.splits[name]):
                raise UserError(
                    f"no slice of `{name}` with an example in it",
                    key=key,
                    got=part,
                    allowed=f"bounds within the {self.splits[name]:,} examples or 100%, the first below the second",
                )


def _lies_within(start: str | None, stop: str | None, num_examples: int) -> bool:
    # As TFDS reads it: one `%` makes both bounds percentages.
    percent = (start or "").endswith("%") or (stop or "").endswith("%")
    places = []
    for bound, default in ((start, 0), (stop, num_examples)):
        place = default if bound is None else float(bound.rstrip("%"))
        if percent and bound is not None:
            place = round(place * num_examples / 100)
        if abs(place) > num_examples:
            return False
        places.append(place + num_examples if place < 0 else place)
    return places[0] < places[1]


def find_prepared(name: str, data_dir: Path) -> Path | None:
    """Returns the folder of a prepared set below a TFDS data folder: its newest version, or None.

    Args:
        name: `dataset`, `dataset/config`, `dataset:version` or `dataset/config:version`.
        data_dir: TFDS' `data_dir`.
    """
    path, _, version = name.partition(":")
    folder = data_dir / path
    if not folder.is_dir():
        return None
    versions = _versions(folder)
    if not versions and "/" not in path:
        folder = folder / _default_config(folder)
        versions = _versions(folder)
    if version:
        return versions.get(version)
    newest = max(versions, key=lambda text: tuple(int(part) for part in text.split(".")), default=None)
    return versions[newest] if newest else None


def list_prepared(data_dir: Path) -> list[str]:
    """Returns the names of all prepared sets below a TFDS data folder, sorted."""
    infos = [*data_dir.glob("*/*.*.*/dataset_info.json"), *data_dir.glob("*/*/*.*.*/dataset_info.json")]
    versions = (info.parent for info in infos if _VERSION.fullmatch(info.parent.name))
    return sorted({version.parent.relative_to(data_dir).as_posix() for version in versions})


def _versions(folder: Path) -> dict[str, Path]:
    infos = folder.glob("*.*.*/dataset_info.json")
    return {info.parent.name: info.parent for info in infos if _VERSION.fullmatch(info.parent.name)}


def _default_config(folder: Path) -> str:
    try:
        return json.loads((folder / ".config" / "metadata.json").read_text())["default_config_name"]
    except (OSError, ValueError, KeyError):
        return ""


def describe_prepared(folder: Path) -> DatasetDescription:
    """Reads the features and splits of a prepared set.

    Raises:
        UserError: The folder's JSON files are missing or damaged.
    """
    try:
        info = json.loads((folder / "dataset_info.json").read_text(encoding="utf-8"))
        root = json.loads((folder / "features.json").read_text(encoding="utf-8"))
        features: dict[str, Feature] = {}
        _collect_features(root, "", 0, folder, features)
        splits = {split["name"]: sum(int(n) for n in split.get("shardLengths", [])) for split in info["splits"]}
        name = "/".join(part for part in (info["name"], info.get("configName", "")) if part)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"not a prepared TFDS set, or a damaged one ({error})",
            file=folder,
            hint="delete the folder and have the set prepared again",
        ) from None
    return DatasetDescription(name, features, splits)


def _collect_features(node: dict, path: str, depth: int, folder: Path, found: dict[str, Feature]) -> None:
    kind = _snake_case(node["pythonClassName"].rpartition(".")[2])
    if "featuresDict" in node:
        for name, child in node["featuresDict"]["features"].items():
            _collect_features(child, f"{path}/{name}" if path else name, depth, folder, found)
    elif "sequence" in node:
        _collect_features(node["sequence"]["feature"], path, depth + 1, folder, found)
    elif "classLabel" in node:
        names = folder / f"{path.replace('/', '-')}.labels.txt"
        if names.is_file():
            lines = names.read_text(encoding="utf-8").split("\n")
            class_names = tuple(line.strip() for line in lines if line.strip())
        else:
            class_names = tuple(str(number) for number in range(int(node["classLabel"]["numClasses"])))
        found[path] = Feature("class_label", "int64", class_names, depth)
    elif "translation" in node:
        # With languages that vary from example to example each of the two holds a list.
        varies = node["translation"].get("variableLanguagesPerExample", False)
        names = ("language", "translation") if varies else node["translation"]["languages"]
        for name in names:
            found[f"{path}/{name}" if path else name] = Feature("text", "", (), depth + varies)
    elif "tensor" in node:
        sizes = [int(size) for size in node["tensor"]["shape"].get("dimensions", [])]
        shape = tuple(None if size < 0 else size for size in sizes)
        found[path] = Feature("tensor", node["tensor"]["dtype"], (), depth, shape)
    else:
        found[path] = Feature(kind, "", (), depth)


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
