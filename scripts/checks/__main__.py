"""`scripts/run-tests [NAME…]`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from checks.runner import (
    MOST_SLOWEST,
    Check,
    Count,
    Suite,
    junit_count,
    mocha_count,
    run,
    stop_on_signals,
)
from checks.selection import PARTS, SERVICES, select
from provision.console import Console, duration
from provision.paths import ROOT, STATE

NODE_BIN = ROOT / "node_modules" / ".bin"
VENV_BIN = ROOT / ".venv" / "bin"
DATA_PLANE = ROOT / "beam-pipeline"
SCRIPTS = ROOT / "scripts"
BIGQUERY = ROOT / "emulators" / "bigquery"
STORAGE = ROOT / "emulators" / "storage"
TOTALS = STATE / "totals"
# Mocha takes CI=true for a terminal with colours.
COLOR = [] if sys.stdout.isatty() else ["--no-color"]

# A busy machine can make a test of processes and time limits late; what was tried again is said at the end.
AGAIN = bool(os.environ.get("CI"))
RETRIES = ["--retries", "1"] if AGAIN else []

# Files at once: tests mostly wait for servers and processes.
PARALLEL = ["--parallel", "--jobs", "2"]

# The same of Python's tests; each process starts servers of its own.
SPREAD = ["--numprocesses", "2", "--dist", "worksteal"]

NEEDED_BY_CHECKS = ["node", "python"]
NEEDED_BY_TESTS = [*NEEDED_BY_CHECKS, "temporal", "time-skipping", "databases", "postgres"]

MOCHA: list[str | Path] = [NODE_BIN / "mocha", "--reporter", "scripts/mocha-reporter.cjs", *COLOR]


def files_of_mocha(files: Sequence[str]) -> list[str | Path]:
    """Without the settings of `.mocharc.json` that say which files there are."""
    settings = json.loads((ROOT / ".mocharc.json").read_text())
    required = [word for path in settings["require"] for word in ("--require", path)]
    return [
        *MOCHA,
        "--no-config",
        "--exit",
        "--forbid-only",
        "--timeout",
        str(settings["timeout"]),
        *required,
        *files,
    ]


def pytest(totals: str, *options: str) -> list[str | Path]:
    report = [f"--junitxml={TOTALS / totals}", "--override-ini=junit_family=xunit1"]
    return [VENV_BIN / "python", "-m", "pytest", *options, *report]


def pytest_suite(name: str, folder: Path, totals: str, *options: str, minutes: float = 20) -> Suite:
    return Suite(
        name,
        pytest(totals, *options),
        totals=TOTALS / totals,
        count=junit_count,
        folder=folder,
        minutes=minutes,
        once_more=(lambda files: pytest(totals, *files)) if AGAIN else None,
    )


ALL: list[Check | Suite] = [
    Check("typescript", ["scripts/setup", "build"]),
    Check("prettier", [NODE_BIN / "prettier", "--check", "--log-level=warn", "."]),
    Check("oxlint", [NODE_BIN / "oxlint", "--type-aware", "--deny-warnings"]),
    Check("lock file", ["node", "scripts/complete-lock.mjs", "--check"]),
    Check("generated files", ["npm", "run", "--silent", "generate", "--", "--check"]),
    Check("ruff", [VENV_BIN / "ruff", "check", "--quiet"], folder=DATA_PLANE),
    Check("ruff format", [VENV_BIN / "ruff", "format", "--check", "--quiet"], folder=DATA_PLANE),
    Check("mypy", [VENV_BIN / "mypy", "--no-error-summary"], folder=DATA_PLANE),
    Check(
        "flex template",
        [VENV_BIN / "python", "-m", "beam_pipeline.attempt.template_spec", "--check"],
        folder=DATA_PLANE,
    ),
    Check(
        "hadolint",
        [VENV_BIN / "hadolint", "Dockerfile.worker", "Dockerfile.flex-template", "../Dockerfile"],
        folder=DATA_PLANE,
    ),
    Check("dclint", [NODE_BIN / "dclint", "--max-warnings", "0", "docker-compose.yml"]),
    Check("storage emulator: ruff", [VENV_BIN / "ruff", "check", "--quiet"], folder=STORAGE),
    Check(
        "storage emulator: ruff format", [VENV_BIN / "ruff", "format", "--check", "--quiet"], folder=STORAGE
    ),
    Check("storage emulator: mypy", [VENV_BIN / "mypy", "--no-error-summary"], folder=STORAGE),
    Check("BigQuery emulator: ruff", [VENV_BIN / "ruff", "check", "--quiet"], folder=BIGQUERY),
    Check(
        "BigQuery emulator: ruff format", [VENV_BIN / "ruff", "format", "--check", "--quiet"], folder=BIGQUERY
    ),
    Check("BigQuery emulator: mypy", [VENV_BIN / "mypy", "--no-error-summary"], folder=BIGQUERY),
    Check("scripts: ruff", [VENV_BIN / "ruff", "check", "--quiet"], folder=SCRIPTS),
    Check("scripts: ruff format", [VENV_BIN / "ruff", "format", "--check", "--quiet"], folder=SCRIPTS),
    Check("scripts: mypy", [VENV_BIN / "mypy", "--no-error-summary"], folder=SCRIPTS),
    Suite(
        "mocha",
        [*MOCHA, *PARALLEL, *RETRIES],
        totals=TOTALS / "mocha.json",
        count=mocha_count,
        environment={"BEAMLINE_TOTALS": str(TOTALS / "mocha.json")},
        minutes=60,
        once_more=files_of_mocha if AGAIN else None,
    ),
    pytest_suite("pytest", DATA_PLANE, "pytest.xml", *SPREAD, minutes=25),
    pytest_suite("pytest storage emulator", STORAGE, "pytest-storage.xml"),
    pytest_suite("pytest BigQuery emulator", BIGQUERY, "pytest-bigquery.xml", *SPREAD),
    pytest_suite("pytest scripts", SCRIPTS, "pytest-scripts.xml"),
]


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/run-tests", description="Runs the checks and the tests.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these")
    parser.add_argument("--checks", action="store_true", help="everything but the test suites")
    parser.add_argument("--only", choices=PARTS, help="only these tests of the suites")
    parser.add_argument("--filter", metavar="WORDS", help="with --only: what the tests' names must hold")
    parser.add_argument("--service", choices=SERVICES, help="with --only: the database of the tests")
    parser.add_argument("--list", action="store_true", help="print the names")
    arguments = parser.parse_args()
    names = [item.name for item in ALL]
    if arguments.list:
        print("\n".join(names))
        return 0
    for name in arguments.names:
        if name not in names:
            parser.error(f"nothing is named `{name}`; names are {', '.join(f'`{each}`' for each in names)}")

    chosen = [item for item in ALL if not arguments.names or item.name in arguments.names]
    if arguments.checks:
        chosen = [item for item in chosen if isinstance(item, Check)]
    if arguments.only:
        chosen = select(chosen, arguments.only, arguments.filter, arguments.service)
    stop_on_signals()
    console = Console(sys.stdout)
    started = time.monotonic()
    parts = NEEDED_BY_CHECKS if arguments.checks else NEEDED_BY_TESTS
    total = run([Check("set-up", ["scripts/setup", *parts], minutes=25)], console)
    if total.failed == 0:
        count = run(chosen, console)
        if arguments.only and count.passed + count.failed == 0:
            parser.error(f"no {arguments.only} test has the name")
        total += count
    report(total, duration(time.monotonic() - started))
    return 0 if total.failed == 0 else 1


def report(total: Count, elapsed: str) -> None:
    """The last line is the one that counts; of what stands above it, what failed is nearest."""
    files = sorted(((count.seconds, name) for name, count in total.files.items()), reverse=True)
    for what, slowest in (("files", files[:MOST_SLOWEST]), ("tests", total.slowest)):
        if slowest:
            print(f"slowest {what}:")
        for seconds, name in slowest:
            print(f"  {seconds:6.1f} s  {shorten(name.removeprefix(f'{ROOT}/'), lines=1)}")
    for attempt in dict.fromkeys(total.again):
        print(f"tried again: {shorten(attempt)}")
    failed, again = ({text.splitlines()[0] for text in texts} for texts in (total.failures, total.again))
    if twice := len(again - failed):
        print(f"{twice} passed only on a second try")
    if total.skipped:
        print(f"{total.skipped} skipped")
    print(f"total time {elapsed}")
    for failure in total.failures:
        print(f"failed: {shorten(failure)}")
    print(f"{total.passed} passed, {total.failed} failed", flush=True)


def shorten(failure: str, lines: int = 3, width: int = 160) -> str:
    """What is enough to know which test failed and how; the whole stands where it failed."""
    return "\n    ".join(line[:width] for line in failure.splitlines()[:lines])


if __name__ == "__main__":
    sys.exit(main())
