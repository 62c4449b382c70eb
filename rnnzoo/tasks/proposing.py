"""Which task fits some data: what `rnnzoo init` asks."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rnnzoo.config import UserError, parse_config
from rnnzoo.datasets.guessing import Layout, guess_layout
from rnnzoo.tasks.proposal import Proposal, Wishes
from rnnzoo.tasks.text_classification_proposal import propose_text_classification

# The first whose task fits the data is asked; a UserError says why one does not.
_PROPOSERS: tuple[Callable[[Layout, Wishes], Proposal], ...] = (propose_text_classification,)


def propose(path: Path, name: str, wishes: Wishes) -> Proposal:
    """Looks at a file or a folder and proposes a first config.

    Args:
        path: The file or folder.
        name: The row name of the config.
        wishes: What the user says of the data.

    Raises:
        UserError: The data cannot be read, or fits no task.
    """
    layout = guess_layout(path, wishes.format)
    complaints = []
    for proposer in _PROPOSERS:
        try:
            proposal = proposer(layout, wishes)
        except UserError as error:
            complaints.append(error)
        else:
            proposal = replace(proposal, config={"name": name, **proposal.config})
            parse_config(proposal.config)
            return proposal
    raise complaints[0].in_file(path)


def name_after(path: Path) -> str:
    """Returns a row name, and name of a config file, for a file or a folder.

    Example:

    >>> name_after(Path("data/2024 reviews.tsv.gz"))
    'reviews'
    """
    stem = path.resolve().name.partition(".")[0]
    return re.sub(r"[^A-Za-z0-9]+", "_", stem).strip("_").lstrip("0123456789_") or "data"
