"""Configs with mistakes in them: what people, editors and scripts make of a good one."""

import copy
import datetime
import random
import types
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from rnnzoo.config import RUN_CONFIGS

_NUMBERS = [0, -1, 1, 2, 3, 7, 1000, 10**6, 10**9, 2**31, 2**63, 10**30, -(10**30)]
_NUMBERS += [0.0, -0.5, 0.5, 1.0, 1.5, 1e-300, 1e30, 1e300, float("nan"), float("inf"), float("-inf")]
_WORDS = ["", " ", "nosuch", "train", "../../etc/passwd", "a" * 10_000, "é\u202e\n", "\0", "1", "none", "rnnzoo_mini"]
_SPLITS = ["train", "validation", "test", "nosuch", "", "train[:0]", "train[:1]", "train[90%:10%]", "train[:", "all"]
_SPLITS += ["train+test", "train[:10**9]", "validation[:20]", "test[20:]", "train[-5:]", "[", "train[:1000%]"]
_FEATURES = ["text", "label", "tokens", "upos", "sentiment", "rating", "nosuch", "", "frames", "text/a", "/", "vector"]
_FILES = ["nosuch.csv", "", ".", "/", "nosuch/", "a.gz", "\0", "x" * 5000]
_LISTS = [[], [0], [-1], [1, 1], [10**9], [1] * 1000, [3, 2], ["a"], ["a", "a"], [""], [[1]], [1.5], ["a", 1], ["\0"]]


def list_keys(schema: type[BaseModel], prefix: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yields each key of a schema, as a path, with its type; sections too."""
    for name, field in schema.model_fields.items():
        yield (*prefix, name), field.annotation
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from list_keys(field.annotation, (*prefix, name))


def mutate(values: dict[str, Any], seed: int) -> tuple[dict[str, Any], list[str]]:
    """Makes one to three mistakes, or odd choices, in a config.

    Args:
        values: What a TOML file holds.
        seed: Decides which.

    Returns:
        The config, and the dotted keys that were changed.
    """
    chooser = random.Random(seed)
    values = copy.deepcopy(values)
    keys = list(list_keys(RUN_CONFIGS[values["task"]]))
    # Most mistakes are in keys that decide what is built.
    weights = [0.4 if "files" in path else 3 if path[0] in ("model", "text", "data") else 1 for path, _ in keys]
    changed = []
    for _ in range(chooser.choice([1, 1, 1, 2, 3])):
        path, kind = chooser.choices(keys, weights)[0]
        changed.append(_change(values, path, kind, chooser))
    return values, changed


def _change(values: dict[str, Any], path: tuple[str, ...], kind: Any, chooser: random.Random) -> str:
    *sections, name = path
    for section in sections:
        inner = values.get(section)
        if not isinstance(inner, dict):
            inner = values[section] = {} if inner is None or chooser.random() < 0.5 else inner
        if not isinstance(inner, dict):
            return ".".join(path)  # an earlier mistake stands in the way
        values = inner
    action = chooser.choices(["value", "misspelt", "removed", "moved"], [8, 1, 1, 0.5])[0]
    if action == "misspelt":
        wrong = chooser.choice([name[:-1], name + "s", name.upper(), name.replace("_", "-"), "", "é"])
        values[wrong] = values.pop(name, 1)
        return ".".join((*sections, wrong))
    if action == "removed":
        values.pop(name, None)
    elif action == "moved":
        values["model"] = {name: values.pop(name, 1)}
    else:
        values[name] = _choose_value(values, name, kind, chooser)
    return ".".join(path)


def _choose_value(values: dict[str, Any], name: str, kind: Any, chooser: random.Random) -> Any:
    if chooser.random() < 0.1:
        odd = [True, 1, 1.5, "a", [], {}, {"a": 1}, datetime.date(2024, 2, 29), [{}]]
        return chooser.choice(odd)
    if name.endswith("_split"):
        return chooser.choice(_SPLITS)
    if name.endswith("_feature"):
        return chooser.choice(_FEATURES)
    if name in ("path", "pretrained_vectors", "train", "test", "validation") or name.endswith("labels"):
        return chooser.choice(_FILES) if kind is str else chooser.choice(_LISTS)
    plain = _without_annotations(kind)
    if get_origin(plain) is Literal:
        return chooser.choice([*get_args(plain), *get_args(plain), "nosuch", ""])
    if plain is bool:
        return not values.get(name, False)
    if plain in (int, float):
        before = values.get(name, 1)
        near = [before * 2, before / 2, -before] if isinstance(before, int | float) else []
        number = chooser.choice([*_NUMBERS, *near])
        # Most are of the right type, so that they are not all refused for that.
        whole = plain is int and number == number and abs(number) != float("inf") and chooser.random() < 0.8
        return int(number) if whole else number
    if get_origin(plain) is list:
        return chooser.choice(_LISTS)
    return chooser.choice(_WORDS)


def _without_annotations(kind: Any) -> Any:
    while hasattr(kind, "__metadata__"):
        kind = kind.__origin__
    if isinstance(kind, types.UnionType):
        kind = get_args(kind)[0]
    return kind
