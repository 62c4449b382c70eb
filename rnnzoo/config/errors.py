"""The one exception for mistakes that the user can mend."""

import difflib
from collections.abc import Iterable
from pathlib import Path

_NOT_GIVEN = object()
_MOST_ALLOWED_SHOWN = 20


def nearest_name(name: object, candidates: Iterable[str]) -> str | None:
    """Returns the candidate that a mistyped `name` most likely meant, or None."""
    by_folded = {str(candidate).casefold(): str(candidate) for candidate in candidates}
    folded = str(name).casefold()
    matches = difflib.get_close_matches(folded, by_folded, n=1, cutoff=0.6)
    if not matches and len(folded) > 2:
        matches = [candidate for candidate in by_folded if candidate.startswith(folded)]
    return by_folded[matches[0]] if matches else None


class UserError(Exception):
    """A mistake in a config, a path, a flag or the data, told in one message.

    The command line prints the message on stderr and exits with code 2; library users catch it
    like any exception.

    Args:
        problem: One sentence that says what is wrong.
        file: The file the mistake is in.
        key: The dotted config key, option or column the mistake is in.
        got: What was found there.
        allowed: What would have been accepted: a sentence, or the valid names, of which the one
            nearest to `got` is then suggested.
        hint: What to do about it, where `allowed` does not say so.
    """

    exit_code = 2

    def __init__(
        self,
        problem: str,
        *,
        file: str | Path | None = None,
        key: str | None = None,
        got: object = _NOT_GIVEN,
        allowed: str | Iterable[str] | None = None,
        hint: str | None = None,
    ):
        if allowed is not None and not isinstance(allowed, str):
            allowed = [str(name) for name in allowed]
        self._arguments = {"key": key, "got": got, "allowed": allowed, "hint": hint}
        place = ": ".join(str(part) for part in (file, key) if part)
        lines = [f"{place}: {problem}" if place else problem]
        if got is not _NOT_GIVEN:
            lines.append(f"  got:      {got!r}")
        if allowed is not None:
            if isinstance(allowed, str):
                lines.append(f"  allowed:  {allowed}")
            else:
                shown = ", ".join(allowed) or "(nothing)"
                if len(allowed) > _MOST_ALLOWED_SHOWN:
                    wanted = "" if got is _NOT_GIVEN else str(got)
                    likeliest = difflib.get_close_matches(wanted, allowed, n=_MOST_ALLOWED_SHOWN, cutoff=0.0)
                    shown = ", ".join(likeliest) + f", … ({len(allowed)} in all)"
                lines.append(f"  allowed:  {shown}")
                nearest = None if got is _NOT_GIVEN else nearest_name(got, allowed)
                if nearest and nearest != got:
                    lines.append(f"  nearest:  {nearest}")
        if hint:
            lines.append(f"  hint:     {hint}")
        self.problem = problem
        self.file = file
        self.key = key
        super().__init__("\n".join(lines))

    def in_file(self, file: str | Path) -> "UserError":
        """Returns the same complaint, said of a file, unless it names one already."""
        return self if self.file else UserError(self.problem, file=file, **self._arguments)
