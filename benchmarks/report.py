"""The results as Markdown."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.end_to_end import describe_kind
from benchmarks.peers import (
    GENERATION_PEERS,
    INFERENCE_PEERS,
    PEERS,
    REFERENCE_INFERENCE_PEERS,
    REFERENCE_TRAINING_PEERS,
    SWEEP_PEERS,
    TRAINING_PEERS,
    TRANSLATION_PEERS,
    TRANSLATOR_TRAINING_PEERS,
)
from benchmarks.results import write_text
from benchmarks.serving_report import report_serving
from benchmarks.tables import (
    MISSING,
    format_number,
    format_peer,
    format_with_threads,
    list_present,
    make_table,
)
from rnnzoo.config import UserError

_BEGIN, _END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"


def make_report(sections: dict[str, dict[str, Any]]) -> str:
    """Returns the tables of the sections there are."""
    makers = {
        "training": _report_training,
        "breakdown": _report_breakdown,
        "inference": _report_inference,
        "sweep": _report_sweep,
        "end_to_end": _report_end_to_end,
        "generation": _report_generation,
        "translation": _report_translation,
        "serving": _report_serving,
    }
    return "\n\n".join(
        "\n\n".join([*makers[name](section), _describe(section["machine"])]) for name, section in sections.items()
    )


def insert_report(report: str, document: Path) -> None:
    """Puts the tables between the marks of a document.

    Raises:
        UserError: The document has no marks.
    """
    text = document.read_text(encoding="utf-8") if document.is_file() else ""
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise UserError("no place for the tables", file=document, hint=f"put {_BEGIN} and {_END} where they belong")
    write_text(document, f"{before}{_BEGIN}\n\n{report}\n\n{_END}{after}")


def _describe(machine: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return f"*{machine['processor']}, {machine['cores']} cores, {machine['system']}; {versions}; {machine['date']}.*"


def _report_training(section: dict[str, Any]) -> Iterable[str]:
    yield "### Training step, thousand tokens a second"
    names = list_present(TRAINING_PEERS, section["shapes"])
    head = ["batch × time, embedding, units, classes", *(PEERS[name].label for name in names)]
    rows = []
    for result in section["shapes"]:
        cells = [f"{result['shape']['name']}: {result['label']}"]
        fastest = (result["fastest_stock"], result["fastest_ours"])
        for name in names:
            cells.append(_bold(format_peer(result, name, "tokens_per_second", "{:,.0f}", 1e-3), name in fastest))
        cells += [format_number(result["speedup"], "{:.2f} ×"), format_number(result["share_of_limit"], "{:.0%}")]
        rows.append(cells)
    yield make_table([*head, "ours : stock", "share of the limits"], rows)
    summary = section["summary"]
    if "geometric_mean_speedup" in summary:
        yield (
            f"Ours to the better of stock: geometric mean {summary['geometric_mean_speedup']:.2f} ×, least "
            f"{summary['least_speedup']:.2f} ×. Share of the limits: geometric mean "
            f"{summary['geometric_mean_share_of_limit']:.0%}, least {summary['least_share_of_limit']:.0%}."
        )
    yield "### The limits, and each peer's share of them"
    rows = []
    for result in section["shapes"]:
        ours = result["peers"].get(result["fastest_ours"] or "", {})
        limit = result["limits"].get(str(ours.get("threads")), {})
        cells = [
            result["shape"]["name"],
            format_number(limit.get("large"), "{:,.0f}", 1e-9),
            format_number(limit.get("step"), "{:,.0f}", 1e-9),
            format_number(result["products"]["large"] * 1e-9, "{:.2f}"),
            format_number(result["products"]["recurrent"] * 1e-9, "{:.2f}"),
            format_number(limit.get("seconds"), "{:.1f}", 1e3),
        ]
        rows.append(cells + [format_peer(result, name, "share_of_limit", "{:.0%}") for name in names])
    head = ["", "large, GFLOP/s", "step, GFLOP/s", "large, GFLOP", "recurrent, GFLOP", "limit, ms"]
    yield make_table([*head, *(PEERS[name].label for name in names)], rows)
    yield "### Training step: milliseconds (threads) · memory, MB · first step, s"
    rows = [
        [result["shape"]["name"], *(_step_cell(result["peers"].get(name)) for name in names)]
        for result in section["shapes"]
    ]
    yield make_table(["", *(PEERS[name].label for name in names)], rows)
    references = list_present(REFERENCE_TRAINING_PEERS, section["shapes"])
    if references:
        first = section["shapes"][0]
        yield f"### GRU and LSTM as a reference ({first['label']}), thousand tokens a second"
        cells = [format_peer(first, name, "tokens_per_second", "{:,.0f}", 1e-3) for name in references]
        yield make_table([PEERS[name].label for name in references], [cells])
    yield from _report_errors(section["shapes"])


def _step_cell(figures: dict[str, Any] | None) -> str:
    if figures is None:
        return MISSING
    return (
        f"{figures['seconds'] * 1e3:.1f} ({figures['threads']}) · {figures['memory']:.0f} · "
        f"{figures['first_step_seconds']:.1f}"
    )


def _report_breakdown(section: dict[str, Any]) -> Iterable[str]:
    yield "### Where our training step spends its time, milliseconds"
    head = ["", "step", "large products", "recurrent products", "everything else", "share of products"]
    rows = []
    for result in section["shapes"]:
        step, large, recurrent = (result["seconds"][part] for part in ("step", "large_products", "recurrent_products"))
        figures = (f"{1e3 * part:.1f}" for part in (step, large, recurrent, step - large - recurrent))
        rows.append([result["shape"]["name"], *figures, f"{(large + recurrent) / step:.0%}"])
    yield make_table(head, rows)


def _report_inference(section: dict[str, Any]) -> Iterable[str]:
    yield "### Forward pass of 100 tokens, milliseconds (threads)"
    names = list_present((*INFERENCE_PEERS, *REFERENCE_INFERENCE_PEERS), section["results"])
    rows = []
    for result in section["results"]:
        cells = [result["shape"]["name"], str(result["batch"])]
        for name in names:
            figures = result["peers"].get(name)
            cells.append(f"{figures['seconds'] * 1e3:.2f} ({figures['threads']})" if figures else MISSING)
        speedups = result["speedups"]
        cells += [format_number(speedups.get(name), "{:.2f} ×") for name in ("from_python", "exported")]
        rows.append(cells)
    labels = [PEERS[name].label for name in names]
    yield make_table(["", "batch", *labels, "ours : stock", "ours : stock, exported"], rows)
    yield from _report_errors(section["results"])


def _report_sweep(section: dict[str, Any]) -> Iterable[str]:
    for sweep in section["sweeps"]:
        fixed = ", ".join(f"{name} {value}" for name, value in sweep["fixed"].items())
        yield f"### One layer, forward and backward, over {sweep['varied']} ({fixed}), milliseconds"
        names = [name for name in SWEEP_PEERS if any(name in point["peers"] for point in sweep["points"])]
        rows = [
            [
                f"{point[sweep['varied']]:,}",
                *(format_peer(point, name, "seconds", "{:,.2f}", 1e3) for name in names),
                format_number(point["speedup"], "{:.2f} ×"),
            ]
            for point in sweep["points"]
        ]
        rows.append(["grows as"] + [_growth_cell(sweep, name) for name in names] + [""])
        yield make_table([sweep["varied"], *(PEERS[name].label for name in names), "ours : stock"], rows)
    yield from _report_errors(section["sweeps"])


def _growth_cell(sweep: dict[str, Any], name: str) -> str:
    growth = sweep["growth"].get(name)
    return f"{sweep['varied']}^{growth['power']:.2f}" if growth else MISSING


def _report_end_to_end(section: dict[str, Any]) -> Iterable[str]:
    head = "|all epochs|last epoch|seconds|threads|parameters|accuracy held back|rnnzoo is|in the last epoch"
    for result in section["trainings"]:
        training, data = result["training"], result["data"]
        yield (
            f"### Training on `{training['data']['dataset']}` ({describe_kind(training)}, "
            f"{training['data']['train_split']}: {data['texts']:,} texts, {data['tokens']:,} tokens, "
            f"{training['epochs']} epochs), real tokens a second"
        )
        yield make_table(head.split("|"), [_end_to_end_row(result, name) for name in result["peers"]])
        yield from _report_errors([result])


def _end_to_end_row(result: dict[str, Any], name: str) -> list[str]:
    figures, speedup = result["peers"][name], result["speedups"].get(name, {})
    return [
        f"{PEERS[name].label}{', XLA' if figures['xla'] else ''}",
        f"{figures['tokens_per_second']:,.0f}",
        f"{figures['last_epoch_tokens_per_second']:,.0f}",
        f"{figures['seconds']:.1f}",
        str(figures["threads"]),
        f"{figures['parameters']:,}",
        f"{figures['validation_accuracy']:.3f}",
        format_number(speedup.get("all_epochs"), "{:.2f} ×"),
        format_number(speedup.get("last_epoch"), "{:.2f} ×"),
    ]


def _report_generation(section: dict[str, Any]) -> Iterable[str]:
    shape = section["shape"]
    yield (
        f"### Generating {shape['time']:,} characters ({section['label']}; temperature {section['temperature']}), "
        "characters a second (threads)"
    )
    names = list_present(GENERATION_PEERS, section["results"])
    rows = []
    for result in section["results"]:
        cells = [str(result["batch"])]
        for name in names:
            figures = result["peers"].get(name)
            cells.append(f"{figures['characters_per_second']:,.0f} ({figures['threads']})" if figures else MISSING)
        rows.append(cells + [format_number(result["speedups"].get(name), "{:.2f} ×") for name in ("keras", "torch")])
    labels = [PEERS[name].label for name in names]
    yield make_table(["batch", *labels, "ours : Keras", "ours : PyTorch"], rows)
    timed = {
        PEERS[name].label: figures["timed_characters"]
        for result in section["results"]
        for name, figures in result["peers"].items()
        if figures["timed_characters"] < shape["time"]
    }
    if timed:
        scaled = ", ".join(f"{label} {characters}" for label, characters in timed.items())
        yield f"Of each text only the first characters are timed, and scaled, of: {scaled}."
    yield from _report_errors(section["results"])


def _report_translation(section: dict[str, Any]) -> Iterable[str]:
    training, decoding = section["training"], section["decoding"]["results"]
    yield f"### Training a translator ({section['label']}), thousand real target tokens a second (threads)"
    names = list_present(TRANSLATOR_TRAINING_PEERS, training["results"])
    rows = []
    for result in training["results"]:
        cells = [f"{section['shape']['batch']} × {result['width']}"]
        cells += [format_with_threads(result, name, "target_tokens_per_second", "{:,.1f}", 1e-3) for name in names]
        rows.append(cells + [format_number(result["speedups"].get(name), "{:.2f} ×") for name in ("keras", "torch")])
    ratios = [format_number(training["summary"].get(name), "{:.2f} ×") for name in ("keras", "torch")]
    rows.append(["an epoch", *[""] * len(names), *ratios])
    yield make_table(["batch", *(PEERS[name].label for name in names), "ours : Keras", "ours : PyTorch"], rows)
    yield "### Translating, sentences a second (threads)"
    names = list_present(TRANSLATION_PEERS, decoding)
    rows = []
    for result in decoding:
        cells = [str(result["batch"]), str(result["beam_width"])]
        cells += [format_with_threads(result, name, "sentences_per_second", "{:,.0f}") for name in names]
        cells.append(format_number(result["speedups"].get("torch"), "{:.2f} ×"))
        rows.append([*cells, format_number(result["same_outputs"], "{:.0%}")])
    labels = [PEERS[name].label for name in names]
    yield make_table(["batch", "beam", *labels, "ours : PyTorch", "same outputs"], rows)
    yield from _report_errors([*training["results"], *decoding])


def _report_serving(section: dict[str, Any]) -> Iterable[str]:
    yield from report_serving(section)
    yield from _report_errors(section["results"])


def _report_errors(results: Sequence[dict[str, Any]]) -> Iterable[str]:
    lines = [
        f"- {result['shape']['name'] + ': ' if 'shape' in result else ''}{PEERS[name].label} failed: {error}"
        for result in results
        for name, error in result["errors"].items()
    ]
    if lines:
        yield "\n".join(dict.fromkeys(lines))


def _bold(text: str, is_bold: bool) -> str:
    return f"**{text}**" if is_bold else text
