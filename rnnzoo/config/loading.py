"""From a TOML file to a checked run config, and back."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import BaseModel, ValidationError

from rnnzoo.config.errors import UserError
from rnnzoo.config.locations import find_config
from rnnzoo.config.run_configs import RUN_CONFIGS, RunConfig

_TYPE_NAMES = {
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a number",
    "string_type": "a string",
    "bool_type": "true or false",
    "list_type": "a list",
    "finite_number": "a finite number",
}


def load_config(name_or_path: str, overrides: Iterable[str] = ()) -> RunConfig:
    """Reads and checks a config.

    Args:
        name_or_path: A row name, a TOML file or a run folder.
        overrides: Strings `section.key=value`, the value written as in TOML; a bare word is a string.

    Returns:
        The config of the task that the file names, every key filled in.

    Raises:
        UserError: The file, a key or a value is not as the schema says.

    Example:

    >>> load_config("sentiment/mini", ["model.units=16"]).model.units
    16
    """
    path = find_config(name_or_path)
    values = _read_toml(path)
    for override in overrides:
        _apply_override(values, override)
    return parse_config(values, path)


def parse_config(values: dict[str, Any], file: str | Path | None = None) -> RunConfig:
    """Checks a nested dictionary of config values; `file` is named in complaints."""
    task = values.get("task")
    if "task" not in values:
        raise UserError("missing key", file=file, key="task", allowed=RUN_CONFIGS)
    if not isinstance(task, str) or task not in RUN_CONFIGS:
        raise UserError("unknown task", file=file, key="task", got=task, allowed=RUN_CONFIGS)
    schema = RUN_CONFIGS[task]
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        raise _to_user_error(error, schema, file) from None


def dump_config(config: RunConfig) -> str:
    """Returns the resolved config as TOML, every key written out."""
    return tomli_w.dumps(config.model_dump())


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise UserError(f"not UTF-8 text: {error.reason} at byte {error.start}", file=path) from None
    # Not only TOMLDecodeError: an integer of thousands of digits is a plain ValueError.
    except (ValueError, RecursionError) as error:
        raise UserError(f"not valid TOML: {error}", file=path) from None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", file=path) from None


def _apply_override(values: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    names = [name.strip() for name in key.split(".")]
    if not equals or not all(names):
        raise UserError("not an override", key="--set", got=override, allowed="section.key=value")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        value = text
    for name in names[:-1]:
        values = values.setdefault(name, {})
        if not isinstance(values, dict):
            raise UserError(f"`{name}` is not a section", key="--set", got=override)
    values[names[-1]] = value


def _to_user_error(error: ValidationError, schema: type[BaseModel], file: str | Path | None) -> UserError:
    details = error.errors(include_url=False)
    # A mistyped key also leaves the right one missing; the mistyped one tells more.
    first = min(details, key=lambda detail: detail["type"] != "extra_forbidden")
    location = [str(part) for part in first["loc"]]
    kind, context = first["type"], first.get("ctx", {})
    more = f" (the first of {len(details)} mistakes)" if len(details) > 1 else ""
    arguments: dict[str, Any] = {"file": file, "key": ".".join(location)}
    if kind == "extra_forbidden":
        problem = "unknown key"
        arguments |= {"got": location[-1], "allowed": _section(schema, location[:-1]).model_fields}
    elif kind == "missing":
        problem = "missing key"
        arguments["hint"] = _section(schema, location[:-1]).model_fields[location[-1]].description
    elif kind == "literal_error":
        problem = "impossible value"
        arguments |= {"got": first["input"], "allowed": [word.strip("'") for word in _expected(context)]}
    elif kind in _TYPE_NAMES:
        problem = "wrong type"
        arguments |= {"got": first["input"], "allowed": _TYPE_NAMES[kind]}
    elif kind in ("model_type", "model_attributes_type", "dict_type"):
        problem = "wrong type"
        arguments |= {"got": first["input"], "allowed": f"a section [{'.'.join(location)}]"}
    else:
        problem = "impossible value"
        allowed = str(context["error"]) if "error" in context else first["msg"]
        arguments |= {"got": first["input"], "allowed": allowed}
        if isinstance(first["input"], dict):
            del arguments["got"]
    return UserError(problem + more, **arguments)


def _expected(context: dict[str, Any]) -> list[str]:
    return context.get("expected", "").replace(" or ", ", ").split(", ")


def _section(schema: type[BaseModel], location: list[str]) -> type[BaseModel]:
    for name in location:
        schema = schema.model_fields[name].annotation
    return schema
