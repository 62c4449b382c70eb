"""What the configs of all runs have in common."""

import re
from typing import Annotated

from pydantic import Field, field_validator

from rnnzoo.config.schema import Section


class RunConfig(Section):
    """What every run has, whatever its task."""

    name: str = Field(min_length=1, max_length=200, description="row name, `<task>/<dataset>`; names the export")
    task: str = Field(description="the kind of system")
    seed: Annotated[int, Field(ge=0, lt=2**31)] = Field(1, description="the one seed of the run")

    @field_validator("name")
    @classmethod
    def _name_is_a_path(cls, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*(/[A-Za-z][A-Za-z0-9_]*)*", name):
            raise ValueError("words of letters, digits and `_`, joined by `/`, each starting with a letter")
        return name
