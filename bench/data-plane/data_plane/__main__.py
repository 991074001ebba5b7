"""`bench/data-plane/run`: copies tables in several ways, interleaved, and writes down what it measured."""

from __future__ import annotations

import argparse
import datetime
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from data_plane import latency, machine, report
from data_plane.measure import measured, wait_for_calm
from data_plane.servers import ROOT, Server, started
from data_plane.variants import Variant, inside, variants_of

RESULTS = ROOT / "bench" / "results"


def main() -> None:
    """Measures what the command line asks for."""
    arguments = _parser().parse_args()
    if arguments.report is not None:
        print(report.markdown(json.loads(arguments.report.read_text())))
        return
    result: dict[str, Any] = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": machine.description(),
        "versions": machine.versions(),
        "command": sys.argv[1:],
        "load_before": machine.load(),
        "copies": [],
    }
    for kind in arguments.databases:
        with started(kind) as server:
            result["versions"][kind] = server.version
            for rows in arguments.rows:
                result["copies"] += _copies(server, rows, arguments)
    if not arguments.no_latency:
        result["latency"] = latency.measure(arguments.latency_rounds, arguments.calm)
    result["load_after"] = machine.load()
    name = arguments.name or f"{result['date'][:10]}-data-plane"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    print(report.markdown(result))


def _copies(server: Server, rows: int, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    table = server.create_table(rows)
    variants = [
        variant
        for variant in variants_of(server.kind, dict_rows=arguments.dict_rows)
        if not arguments.only or any(text in variant.name for text in arguments.only)
    ]
    samples: dict[str, list[dict[str, Any]]] = {variant.name: [] for variant in variants}
    for number in range(arguments.rounds):
        turn = number % len(variants)
        for variant in [*variants[turn:], *variants[:turn]]:
            if number and variant.once_from is not None and rows >= variant.once_from:
                continue
            wait_for_calm(arguments.calm)
            sample = _copy(variant, server, table, rows)
            samples[variant.name].append(sample)
            print(
                f"{server.kind} {rows} {variant.name:24} {sample['wall']:7.2f} s  "
                f"inside {sample['inside']:7.2f} s  cpu {sample['cpu']:7.2f} s  "
                f"{sample['peak_mb']:5} MB  others' cpu {sample['other_cpu']:.2f} s",
                file=sys.stderr,
                flush=True,
            )
    return [
        {"database": server.kind, "rows": rows, "variant": name, **_middle(found), "samples": found}
        for name, found in samples.items()
    ]


def _copy(variant: Variant, server: Server, table: str, rows: int) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="beamline-bench-"))
    try:
        environment = {"BENCH_DATABASE": json.dumps(server.address)}
        sample = asdict(measured(variant.command(server, table, folder), environment, server))
        written = variant.rows_written(folder)
        if written != rows:
            sys.exit(f"{variant.name} wrote {written} of {rows} rows")
    finally:
        shutil.rmtree(folder)
    last = sample.pop("last")
    return {**sample, "inside": round(inside(last), 3)}


def _middle(samples: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Medians, and the fastest."""
    names = ("wall", "inside", "cpu", "server_cpu", "other_cpu")
    middle = {name: round(statistics.median(each[name] for each in samples), 2) for name in names}
    return {
        **middle,
        "fastest_wall": min(each["wall"] for each in samples),
        "fastest_inside": min(each["inside"] for each in samples),
        "peak_mb": max(each["peak_mb"] for each in samples),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench/data-plane/run", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 5_000_000], help="table sizes")
    parser.add_argument(
        "--databases", nargs="+", choices=["postgres", "mariadb"], default=["postgres", "mariadb"]
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often each variant runs")
    parser.add_argument("--latency-rounds", type=int, default=7, help="how often the small pipeline runs")
    parser.add_argument("--no-latency", action="store_true", help="without the small pipeline")
    parser.add_argument(
        "--dict-rows", action="store_true", help="also the dict-per-row design, which takes minutes"
    )
    parser.add_argument(
        "--calm", type=float, default=0, help="seconds to wait, at most, for others' work to pause"
    )
    parser.add_argument("--only", nargs="+", metavar="TEXT", help="variants with this in their name")
    parser.add_argument("--name", help="of the file in bench/results (default: the date)")
    parser.add_argument("--report", type=Path, help="measure nothing: print the tables of a result file")
    return parser


if __name__ == "__main__":
    main()
