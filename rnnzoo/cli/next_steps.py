"""What a finished run shows: scores, answers to examples, and what to type next."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


def show_scores(console: Console, result: dict[str, Any]) -> None:
    """Prints the scores on the reported split."""
    from rnnzoo.evaluation import describe_size

    test = result["test"]
    console.print(f"\nscores on {test['split']} ({describe_size(test)})", highlight=False)
    table = Table(show_header=False, box=None)
    for name, value in test.items():
        if isinstance(value, float):
            table.add_row(f"  {name.replace('_', ' ')}", f"{value:.4f}")
    console.print(table)


def show_example_answers(console: Console, export: Path) -> None:
    """Asks the export the examples that it carries and prints the answers."""
    from rnnzoo.cli.answers import print_answers
    from rnnzoo.serving import load
    from rnnzoo.zoo.catalogue import read_examples

    rows = read_examples(export)
    console.print("\nanswers of the export")
    print_answers(console, rows, load(str(export)).predict(rows))


def show_next_steps(console: Console, row_name: str, run: Path, export: Path | None) -> None:
    """Says where everything is and what to type next."""
    from rnnzoo.zoo.catalogue import read_examples

    console.print(f"\nrun:     {run}", highlight=False, soft_wrap=True)
    if export is None:
        console.print(f"next:    rnnzoo export {run}", highlight=False, soft_wrap=True)
        return
    # Both commands find ./saved_models by themselves.
    named = row_name if export.parts[0] == "saved_models" else export
    takes_texts = isinstance(read_examples(export)[0], str)
    question = '"your text"' if takes_texts else "--input rows.jsonl --output answers.jsonl"
    for line in (
        f"export:  {export}",
        f"predict: rnnzoo predict {named} {question}",
        f"serve:   rnnzoo serve {named}   (prints the one docker line)",
    ):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
