"""The section serving as Markdown."""

from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.peers import PEERS, SERVING_PEERS
from benchmarks.tables import MISSING, format_number, list_present, make_table


def report_serving(section: dict[str, Any]) -> Iterable[str]:
    """Yields the tables, and how often the answers differ."""
    results = section["results"]
    yield "### Loading an export and its first answer, seconds"
    yield _make_cold_table(section["cold"])
    for batch in sorted({result["batch"] for result in results}):
        of_batch = [result for result in results if result["batch"] == batch]
        if batch == 1:
            yield "### One row, from string to answer: milliseconds, p50 · p99"
            yield _make_table(of_batch, _latency_cell)
        else:
            yield f"### {batch} rows at once, from string to answer: rows a second"
            yield _make_table(of_batch, _throughput_cell)
    yield _summarize(results)


def _make_cold_table(cold: Sequence[dict[str, Any]]) -> str:
    names = list_present(("rnnzoo_session", "rnnzoo_c_api"), cold)
    rows = []
    for row in cold:
        cells = [f"`{row['row']}`"]
        for name in names:
            facts = row["peers"].get(name, {})
            cells += [format_number(facts.get(part), "{:.2f}") for part in ("library", "load", "first")]
        cells += [format_number(row["warmed"].get(part), "{:.3f}") for part in ("warm_up", "first")]
        rows.append(cells)
    head = [""]
    for name in names:
        label = PEERS[name].label
        head += [f"{label}: TensorFlow", "export", "first answer"]
    return make_table([*head, "warm-up requests", "first answer after them"], rows)


def _make_table(results: Sequence[dict[str, Any]], cell) -> str:
    names = list_present(SERVING_PEERS, results)
    rows = [
        [
            f"`{result['row']}`",
            f"`{result['signature']}`",
            *(cell(result["peers"].get(name)) for name in names),
            *(format_number(result["speedups"].get(name), "{:.2f} ×") for name in ("keras", "torch")),
        ]
        for result in results
    ]
    labels = [PEERS[name].label for name in names]
    return make_table(["", "signature", *labels, "ours : Keras", "ours : PyTorch"], rows)


def _latency_cell(figures: dict[str, Any] | None) -> str:
    return f"{1e3 * figures['p50']:.2f} · {1e3 * figures['p99']:.2f}" if figures else MISSING


def _throughput_cell(figures: dict[str, Any] | None) -> str:
    return f"{figures['rows_per_second']:,.0f}" if figures else MISSING


def _summarize(results: Sequence[dict[str, Any]]) -> str:
    sentences = []
    for name, label in (("keras", "Keras"), ("torch", "PyTorch")):
        ratios = [result["speedups"][name] for result in results if result["batch"] == 1 and name in result["speedups"]]
        if ratios:
            middle = sorted(ratios)[len(ratios) // 2]
            sentences.append(f"Ours to {label} for one row: median {middle:.2f} ×, least {min(ratios):.2f} ×.")
    shares = [result["same_answers"] for result in results if result["same_answers"] is not None]
    if shares:
        sentences.append(f"Least share of rows for which all give the same answer: {min(shares):.0%}.")
    return " ".join(sentences)
