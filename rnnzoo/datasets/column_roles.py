"""Which column of a file is the text, and which the label."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rnnzoo.config import UserError
from rnnzoo.datasets.profiling import ColumnProfile


@dataclass(frozen=True)
class Roles:
    """Which column is which.

    Attributes:
        text: The text's column.
        label: The label's column.
        other_labels: Columns that might be the label as well.
    """

    text: ColumnProfile
    label: ColumnProfile
    other_labels: tuple[str, ...] = ()


def choose_roles(
    profiles: Sequence[ColumnProfile], text_column: str | None = None, label_column: str | None = None
) -> Roles:
    """Chooses the columns of the text and of the label.

    Args:
        profiles: Profiles of all columns.
        text_column: The text's column, where the user says it.
        label_column: The label's column, where the user says it.

    Raises:
        UserError: No column will do.
    """
    by_name = {profile.name: profile for profile in profiles}
    for option, name in (("--text-column", text_column), ("--label-column", label_column)):
        if name is not None and name not in by_name:
            raise UserError("no such column", key=option, got=name, allowed=by_name)
    if text_column is not None and text_column == label_column:
        raise UserError(
            "the text's column", key="--label-column", got=label_column, allowed=_names(profiles, text_column)
        )
    text = by_name[text_column] if text_column else _choose_text(profiles, label_column)
    if label_column:
        label = by_name[label_column]
        if label.counts is None or len(label.counts) < 2:
            raise UserError(f"cannot be the label: {label.why_no_label()}", key="--label-column", got=label_column)
        return Roles(text, label)
    others = [profile for profile in profiles if profile is not text]
    candidates = [profile for profile in others if profile.why_no_label() is None]
    if not candidates:
        reasons = "; ".join(f"`{profile.name}`: {profile.why_no_label()}" for profile in others)
        raise UserError(
            f"no column can be the label of the texts in `{text.name}`; {reasons or 'there is no other column'}",
            key="--label-column",
            hint="name one by --label-column, or another column of texts by --text-column",
        )
    label = max(candidates, key=ColumnProfile.label_rank)
    return Roles(text, label, tuple(profile.name for profile in candidates if profile is not label))


def _choose_text(profiles: Sequence[ColumnProfile], label_column: str | None) -> ColumnProfile:
    candidates = [profile for profile in profiles if profile.name != label_column]
    best = max(candidates, key=lambda profile: profile.text_score, default=None)
    if best is None or best.text_score == 0.0:
        raise UserError(
            "no column holds texts: all are numbers or empty",
            key="--text-column",
            allowed=_names(profiles, label_column),
            hint="if one holds texts all the same, name it by --text-column",
        )
    return best


def _names(profiles: Iterable[ColumnProfile], but: str | None) -> list[str]:
    return [profile.name for profile in profiles if profile.name != but]
