"""What the processes of all checks share: exports in by the command line, results out as lines of JSON."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def print_results(check: Callable[[Path, dict[str, Any]], dict[str, Any]]) -> None:
    """Prints one line for each export: what `check` found, and the seconds it took.

    Args:
        check: From the folder of an export and the options (the first argument of the process, as JSON) to a
            dictionary with `failures`.
    """
    options, *directories = sys.argv[1:]
    for directory in directories:
        start = time.perf_counter()
        result = check(Path(directory), json.loads(options))
        print(json.dumps({**result, "seconds": time.perf_counter() - start}), flush=True)
