"""Runs the reference requests of an export through TensorFlow's C library: proof that no Python is needed.

Usage: python -m checks.c_api_check OPTIONS EXPORT…
"""

import sys
from pathlib import Path

from . import c_api, reference_format
from .running import print_results


def check(directory: Path, options: dict | None = None) -> dict:
    """Returns what is wrong with an export when the C library runs it, and notes."""
    try:
        library = c_api.load_library()
    except c_api.LibraryMissingError as missing:
        return {"failures": [], "notes": [f"not run through the C API: {missing}"]}
    try:
        model = c_api.CModel(library, directory)
    except RuntimeError as error:
        return {"failures": [f"the C API cannot load it: {error}"]}
    failures = []
    for signature, requests in reference_format.load_reference(directory)["signatures"].items():
        for index, request in enumerate(requests):
            try:
                problems = reference_format.find_differences(
                    request["outputs"], model.run(signature, request["inputs"])
                )
            except (RuntimeError, KeyError) as error:
                problems = [f"{type(error).__name__}: {error}"]
            failures += [f"{signature}, request {index}: {problem}" for problem in problems]
    if "tensorflow" in sys.modules:
        failures.append("the tensorflow package was imported, so this proved nothing")
    notes = [f"run through the C API of TensorFlow {library.TF_Version().decode()}"]
    return {"failures": failures, "notes": notes}


if __name__ == "__main__":
    print_results(check)
