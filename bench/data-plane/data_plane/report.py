"""Turns a result file into the tables of `docs/benchmarks.md`."""

from __future__ import annotations

from typing import Any

FLOOR, OWN = "DuckDB alone (floor)", "Beamline"
_NAMES = {"postgres": "PostgreSQL", "mariadb": "MariaDB"}


def markdown(result: dict[str, Any]) -> str:
    """Every table of one result, as Markdown."""
    sections = [_where(result)]
    for database, name in _NAMES.items():
        copies = [copy for copy in result["copies"] if copy["database"] == database]
        if copies:
            sections += [f"### {name} to Parquet", _copies(copies), _targets(copies)]
    if result.get("latency"):
        sections += ["### A small pipeline, from `beamline run` to its receipt", _latency(result["latency"])]
    return "\n\n".join(sections)


def _where(result: dict[str, Any]) -> str:
    machine, versions = result["machine"], dict(result["versions"])
    commit = versions.pop("commit")
    busy = [sample["other_cpu"] / sample["wall"] for copy in result["copies"] for sample in copy["samples"]]
    shared = (
        f"While a copy ran, other work on the machine used {sum(busy) / len(busy):.2f} of its cores on "
        f"average, and at most {max(busy):.2f}. "
        if busy
        else ""
    )
    return (
        f"Run on {result['date']} at commit `{commit}`: {machine['cores']} cores ({machine['processor']}), "
        f"{machine['memory_gib']} GiB, {machine['system']}. {shared}"
        f"Load averages before and after: {_numbers(result['load_before'])}; "
        f"{_numbers(result['load_after'])}.\n\n"
        f"Versions: {', '.join(f'{name} {number}' for name, number in versions.items())}."
    )


def _copies(copies: list[dict[str, Any]]) -> str:
    rows = [
        "| rows | variant | runs | wall s | inside s | CPU s | peak MB | × floor, wall | × floor, inside |",
        "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for copy in copies:
        floor = _find(copies, FLOOR, copy["rows"])
        ratios = [_ratio(copy[name], floor[name]) if floor else "" for name in ("wall", "inside")]
        rows.append(
            f"| {copy['rows']:,} | {copy['variant']} | {len(copy['samples'])} | {copy['wall']:.2f} | "
            f"{copy['inside']:.2f} | {copy['cpu']:.2f} | {copy['peak_mb']} | {' | '.join(ratios)} |"
        )
    return "\n".join(rows)


def _targets(copies: list[dict[str, Any]]) -> str:
    sizes = sorted({copy["rows"] for copy in copies})
    own = _find(copies, OWN, sizes[-1])
    if own is None:
        return ""
    lines = [f"| target at {sizes[-1]:,} rows | measured | met |", "| --- | ---: | --- |"]

    def line(text: str, measured: float, unit: str, *, met: bool) -> None:
        lines.append(f"| {text} | {measured:.2f}{unit} | {'yes' if met else '**no**'} |")

    if floor := _find(copies, FLOOR, sizes[-1]):
        inside, wall = own["inside"] / floor["inside"], own["wall"] / floor["wall"]
        line("inside Beam, at most 1.5 × the floor's copy", inside, " ×", met=inside <= 1.5)
        line("with process start, at most 2 × the floor", wall, " ×", met=wall <= 2)
    dicts = [copy for copy in copies if copy["variant"].startswith("dict") and copy["rows"] == sizes[-1]]
    for copy in dicts:
        faster = copy["wall"] / own["wall"]
        line(f"at least 10 × as fast as {copy['variant']}", faster, " ×", met=faster >= 10)
    others = [copy for copy in copies if copy["variant"].startswith("dlt") and copy["rows"] == sizes[-1]]
    if others:
        best = min(others, key=lambda copy: float(copy["wall"]))
        time, memory = own["wall"] / best["wall"], own["peak_mb"] / best["peak_mb"]
        line(f"less wall time than {best['variant']}", time, " ×", met=time < 1)
        line(f"less memory than {best['variant']}", memory, " ×", met=memory < 1)
    smaller = _find(copies, OWN, sizes[0])
    if smaller and len(sizes) > 1:
        growth = own["peak_mb"] / smaller["peak_mb"]
        line(f"peak memory at most 1.2 × that at {sizes[0]:,} rows", growth, " ×", met=growth <= 1.2)
    line("peak memory under 500 MB", own["peak_mb"], " MB", met=own["peak_mb"] < 500)
    return "\n".join(lines)


def _latency(latency: dict[str, Any]) -> str:
    rows = ["| part | median s |", "| --- | ---: |"]
    rows += [f"| {part} | {seconds:.2f} |" for part, seconds in latency["medians"].items()]
    rows.append(f"| fastest total of {len(latency['samples'])} runs | {latency['fastest']:.2f} |")
    return "\n".join(rows)


def _find(copies: list[dict[str, Any]], variant: str, rows: int) -> dict[str, Any] | None:
    return next((copy for copy in copies if copy["variant"] == variant and copy["rows"] == rows), None)


def _ratio(one: float, other: float) -> str:
    return f"{one / other:.2f}"


def _numbers(values: list[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in values)
