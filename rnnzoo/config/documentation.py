"""Every key of a config with its type, default and meaning, read off the schema."""

import inspect
import json
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from rnnzoo.config.run_configs import RUN_CONFIGS

_NAMES = {str: "string", int: "integer", float: "number", bool: "boolean"}


@dataclass(frozen=True)
class Key:
    """One key of a config.

    Attributes:
        name: Dotted name.
        allowed: Its type or its choices.
        value: Its value in the config at hand, or its default, as TOML has it; "" where it has none.
        description: What it means.
    """

    name: str
    allowed: str
    value: str
    description: str


def document_keys(schema: type[BaseModel], config: BaseModel | None = None, prefix: str = "") -> list[Key]:
    """Lists the keys of a schema with the values of a config or the defaults: as in TOML, sections after plain keys."""
    keys = []
    for name, field in sorted(schema.model_fields.items(), key=lambda item: _is_section(item[1])):
        value = getattr(config, name) if config is not None else field.default
        if _is_section(field):
            nested = value if isinstance(value, BaseModel) else None
            keys += document_keys(field.annotation, nested, f"{prefix}{name}.")
        else:
            shown = "" if field.is_required() and config is None else json.dumps(value, ensure_ascii=False)
            keys.append(Key(prefix + name, _allowed(field), shown, field.description or ""))
    return keys


def annotate(keys: list[Key]) -> list[str]:
    """Returns the lines of a TOML file that says what each key means."""
    lines, section = [], ""
    for key in keys:
        *sections, name = key.name.split(".")
        if ".".join(sections) != section:
            section = ".".join(sections)
            lines += ["", f"[{section}]"]
        lines += [f"# {key.description} ({key.allowed})", f"{name} = {key.value}"]
    return lines


def write_reference() -> str:
    """Returns the reference of all config keys in Markdown."""
    lines = [
        "# Config keys",
        "",
        "A config is a TOML file, one for a run. A key `section.key` stands in the file as `key = …` below",
        "`[section]`, and is overridden on the command line by `--set section.key=value`. Other keys are refused.",
        "",
        "Made by `python -m rnnzoo.config.documentation`; do not edit by hand.",
    ]
    for task, schema in RUN_CONFIGS.items():
        lines += ["", f'## `task = "{task}"`', "", *_write_section(schema)]
    return "\n".join(lines) + "\n"


def _write_section(schema: type[BaseModel], prefix: str = "") -> Iterator[str]:
    keys = document_keys(schema, prefix=prefix)
    yield from _write_table(key for key in keys if "." not in key.name.removeprefix(prefix))
    for name, field in schema.model_fields.items():
        if _is_section(field):
            yield from ("", f"### `[{prefix}{name}]`", "", inspect.cleandoc(field.annotation.__doc__), "")
            yield from _write_section(field.annotation, f"{prefix}{name}.")


def _write_table(keys: Iterable[Key]) -> Iterator[str]:
    yield "| key | type | default | meaning |"
    yield "|---|---|---|---|"
    for key in keys:
        default = f"`{key.value}`" if key.value else "required"
        cells = (f"`{key.name}`", key.allowed, default, key.description)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _is_section(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)


def _allowed(field: FieldInfo) -> str:
    annotation = field.annotation
    if get_origin(annotation) is Literal:
        return " | ".join(
            str(choice).lower() if isinstance(choice, bool) else choice for choice in get_args(annotation)
        )
    if get_origin(annotation) in (Union, types.UnionType):
        return " | ".join(part.__name__ for part in get_args(annotation))
    if get_origin(annotation) is list:
        (item,) = get_args(annotation)
        return f"list of {_NAMES[getattr(item, '__origin__', item)]}s"
    name = _NAMES[annotation]
    bounds = []
    for rule in field.metadata:
        for symbol, bound in ((">=", "ge"), (">", "gt"), ("<=", "le"), ("<", "lt")):
            if getattr(rule, bound, None) is not None:
                bounds.append(f"{symbol} {getattr(rule, bound)}")
    return f"{name} {', '.join(bounds)}".strip()


if __name__ == "__main__":
    print(write_reference(), end="")
