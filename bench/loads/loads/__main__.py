"""`bench/loads/run`: replace, append and merge into DuckDB, by Beamline's publisher and by dlt."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb

from loads import beamline, data, measured

ROOT = Path(__file__).resolve().parents[3]
STEPS = ("replace", "append", "merge")
TOOLS = ("beamline", "dlt delete-insert", "dlt upsert")


def main() -> int:
    """Measures, prints the table and keeps the figures."""
    parser = argparse.ArgumentParser(prog="bench/loads/run", description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000, help="rows of a replace and of an append")
    parser.add_argument("--merge-into", type=int, default=10_000_000, help="rows of the table merged into")
    parser.add_argument("--changed", type=float, default=0.01, help="part of them that a merge brings")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--name", default=f"{datetime.date.today()}-loads", help="of the result file")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="beamline-loads-"))
    before = os.getloadavg()
    try:
        rounds = measure(folder, given)
    finally:
        shutil.rmtree(folder)
    result = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "system": f"{platform.system()} {platform.release()}"},
        "commit": subprocess.check_output(
            ["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], text=True
        ).strip(),
        "rows": given.rows,
        "merge_into": given.merge_into,
        "changed": int(given.merge_into * given.changed),
        "load_before": before,
        "load_after": os.getloadavg(),
        "rounds": rounds,
    }
    file = ROOT / "bench" / "results" / f"{given.name}.json"
    file.write_text(json.dumps(result, indent=1) + "\n")
    print(table(result))
    return 0


def measure(folder: Path, given: argparse.Namespace) -> list[dict[str, Any]]:
    """Seconds of each step and tool, round by round; every count is checked."""
    changed = int(given.merge_into * given.changed)
    first = data.write(folder / "first.parquet", numbers(0, given.rows))
    second = data.write(folder / "second.parquet", numbers(given.rows, given.rows * 2))
    base = data.write(folder / "base.parquet", numbers(0, given.merge_into))
    # Half of what comes is there already, all over the table.
    stride = given.merge_into // (changed // 2)
    there = f"SELECT id * {stride} AS id FROM ({numbers(0, changed // 2)})"
    new = numbers(given.merge_into, given.merge_into + changed - changed // 2)
    batch = data.write(folder / "batch.parquet", f"{there} UNION ALL {new}", note="changed")
    expected = given.merge_into + changed - changed // 2
    rounds: list[dict[str, Any]] = []
    for number in range(given.rounds):
        figures: dict[str, Any] = {}
        for tool in TOOLS[number % 3 :] + TOOLS[: number % 3]:
            here = folder / f"{number}-{tool.replace(' ', '-')}"
            here.mkdir()
            try:
                figures[tool] = play(tool, here, (first, second, base, batch), given.rows, expected)
            except measured.Failed as error:
                figures[tool] = {"failed": str(error)}
            shutil.rmtree(here)
            print(f"round {number + 1}, {tool}: {figures[tool]}", file=sys.stderr)
        rounds.append(figures)
    return rounds


def numbers(first: int, end: int) -> str:
    """SQL of the ids from `first` to before `end`."""
    return f"SELECT range AS id FROM range({first}, {end})"


def play(
    tool: str, here: Path, files: tuple[data.File, ...], rows: int, expected: int
) -> dict[str, measured.Figures]:
    """One tool does each step once, into files of its own."""
    first, second, base, batch = files
    if tool == "beamline":
        one, other = beamline.Table(ROOT, here, "loaded"), beamline.Table(ROOT, here, "merged")
        figures = {"replace": one.publish(first, "replace"), "append": one.publish(second, "append")}
        other.publish(base, "replace")
        figures["merge"] = other.publish(batch, "merge")
        check(here / "loaded.duckdb", "loaded", rows * 2)
        check(here / "merged.duckdb", "merged", expected)
        return figures
    strategy = tool.split()[1]

    def load(*arguments: object) -> measured.Figures:
        done = measured.run([sys.executable, "-m", "loads.dlt_load", here, *arguments])
        done.pop("said")
        return done

    figures = {}
    if strategy == "delete-insert":
        figures["replace"] = load("loaded", first.path, "replace")
        figures["append"] = load("loaded", second.path, "append")
        check(here / "loaded.duckdb", "bench.loaded", rows * 2)
    load("merged", base.path, "replace", strategy)
    figures["merge"] = load("merged", batch.path, "merge", strategy)
    check(here / "merged.duckdb", "bench.merged", expected)
    return figures


def check(file: Path, table_name: str, expected: int) -> None:
    """No row may be lost or doubled."""
    with duckdb.connect(str(file), read_only=True) as connection:
        counted = connection.execute(f"SELECT count(*), count(DISTINCT id) FROM {table_name}").fetchone()
    if counted != (expected, expected):
        raise measured.Failed(f"{table_name} has {counted} rows and ids, not {expected}")


def table(result: dict[str, Any]) -> str:
    """The table of docs/benchmarks.md."""
    lines = [
        f"Commit `{result['commit']}`; {len(result['rounds'])} rounds; load averages "
        f"{', '.join(f'{one:.1f}' for one in result['load_before'])} before and "
        f"{', '.join(f'{one:.1f}' for one in result['load_after'])} after.",
        "",
        "| step | tool | seconds, median | least | most | times Beamline |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for step in STEPS:
        ours = None
        for tool in TOOLS:
            found = [figures[tool][step] for figures in result["rounds"] if step in figures[tool]]
            if not found:
                continue
            seconds = [one["seconds"] for one in found]
            median = statistics.median(seconds)
            ours = ours or median
            lines.append(
                f"| {step} | {tool} | {median:.2f} | {min(seconds):.2f} | {max(seconds):.2f} | "
                f"{median / ours:.1f} |"
            )
    failed = {
        tool: figures[tool]["failed"]
        for figures in result["rounds"]
        for tool in TOOLS
        if "failed" in figures[tool]
    }
    return "\n".join([*lines, *(f"{tool}: {why}" for tool, why in failed.items())])


if __name__ == "__main__":
    sys.exit(main())
