"""What a server is to serve: the models, their names, and the versions behind the labels stable and canary."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rnnzoo.config.errors import UserError
from rnnzoo.config.locations import find_saved_model, versions_of
from rnnzoo.serving.input_shapes import read_input_shapes, varies
from rnnzoo.serving.reference_requests import load_reference_json


@dataclass(frozen=True)
class ServedModel:
    """A model that TensorFlow Serving is to serve.

    Attributes:
        name: The name in its URLs.
        folder: The absolute folder of its versions.
        stable: The version that gets the label stable.
        canary: The version that gets the label canary; None for no such label.
    """

    name: str
    folder: Path
    stable: int
    canary: int | None = None

    @property
    def labels(self) -> dict[str, int]:
        """The version behind each label."""
        return {"stable": self.stable} | ({} if self.canary is None else {"canary": self.canary})

    @property
    def versions(self) -> list[int]:
        """The versions to load, ascending."""
        return sorted(set(self.labels.values()))

    def version_folder(self, version: int) -> Path:
        """Returns the folder of one version."""
        return versions_of(self.folder)[version]

    @property
    def needs_padding(self) -> bool:
        """Whether some signature takes inputs of unlike sizes, which a server can only batch when it pads them."""
        return any(
            varies(shape)
            for version in self.versions
            for inputs in read_input_shapes(self.version_folder(version)).values()
            for shape in inputs.values()
        )


def find_served_models(
    names: Sequence[str], stable: Sequence[str] = (), canary: Sequence[str] = ()
) -> list[ServedModel]:
    """Finds the exports of names, and the versions that are asked for.

    Args:
        names: Row names, looked up in `./saved_models` and then among the exports shipped with the package; or paths
            of exports. The path of a version folder stands for that version.
        stable: The version that each model gets as stable, as `NAME=VERSION`, or as `VERSION` where there is only one
            name; the newest version where nothing is said.
        canary: The same for the label canary, which a model does not have where nothing is said.

    Raises:
        UserError: There is no such export or version, or two exports have the same served name.
    """
    stable_versions = _read_choices("--stable", stable, names)
    canary_versions = _read_choices("--canary", canary, names)
    models: dict[str, ServedModel] = {}
    for name in names:
        version_folder = Path(os.path.abspath(find_saved_model(name)))
        versions = versions_of(version_folder.parent)
        if version_folder not in versions.values():
            raise UserError(
                "TensorFlow Serving wants a version folder with a number for a name, such as model/1",
                got=str(version_folder),
            )
        for option, wanted in (("--stable", stable_versions.get(name)), ("--canary", canary_versions.get(name))):
            if wanted is not None and wanted not in versions:
                raise UserError(
                    f"{name} has no such version", key=option, got=wanted, allowed=sorted(map(str, versions), key=int)
                )
        version = stable_versions.get(name, int(version_folder.name))
        served_name = load_reference_json(versions[version])["served_name"]
        model = ServedModel(served_name, version_folder.parent, version, canary_versions.get(name))
        if model.name in models:
            raise UserError(f"two exports would be served as {model.name}", got=[models[model.name].folder, name])
        models[model.name] = model
    return list(models.values())


def _read_choices(option: str, values: Sequence[str], names: Sequence[str]) -> dict[str, int]:
    choices = {}
    for value in values:
        name, _, version = value.rpartition("=")
        if not name and len(names) == 1:
            name = names[0]
        if not name:
            raise UserError("does not say of which model", key=option, got=value, allowed=[f"{names[0]}={value}"])
        if name not in names:
            raise UserError("not one of the models to serve", key=option, got=name, allowed=names)
        if not version.isdecimal():
            raise UserError("not a version", key=option, got=version, allowed="a number, such as 1")
        choices[name] = int(version)
    return choices
