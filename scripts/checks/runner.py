"""Runs checks and suites one after the other and adds up what they say."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from provision.console import Console, duration
from provision.paths import ROOT

MOST_SLOWEST = 20
# More files than a busy machine makes fail: they are broken.
MOST_AGAIN = 8
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Count:
    """Tests by their outcome."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: tuple[str, ...] = field(default=(), compare=False)
    """What failed, and why: to be read again at the end."""
    again: tuple[str, ...] = field(default=(), compare=False)
    """What was tried again, and why."""
    slowest: tuple[tuple[float, str], ...] = field(default=(), compare=False)
    """Seconds and names of the slowest tests, the slowest first."""
    seconds: float = field(default=0, compare=False)
    """Of a file: of its tests, and of what they start."""
    files: Mapping[str, Count] = field(default_factory=dict, compare=False)
    """Of a suite: the counts of each of its files."""

    def __add__(self, other: Count) -> Count:
        return Count(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
            self.failures + other.failures,
            self.again + other.again,
            tuple(sorted(self.slowest + other.slowest, reverse=True)[:MOST_SLOWEST]),
            self.seconds + other.seconds,
            {**self.files, **other.files},
        )


@dataclass(frozen=True)
class Check:
    """A command that counts as one test; its output is shown only if it fails."""

    name: str
    command: Sequence[str | Path]
    folder: Path = ROOT
    minutes: float = 10


@dataclass(frozen=True)
class Suite:
    """A command that runs tests and leaves their totals in a file; its output is shown as it comes."""

    name: str
    command: Sequence[str | Path]
    totals: Path
    count: Callable[[Path], Count]
    folder: Path = ROOT
    environment: Mapping[str, str] = field(default_factory=dict)
    minutes: float = 20
    grace_seconds: float = 60
    """How long the process may live on once the totals are written."""
    once_more: Callable[[Sequence[str]], Sequence[str | Path]] | None = None
    """The command that runs some of its files by themselves, once more; None: what failed has failed."""
    may_be_empty: bool = False
    """Whether it may run no test: it was narrowed to some names."""


def stop_on_signals() -> None:
    """Lets SIGTERM and SIGHUP end this process as Ctrl-C does: with what it started."""

    def stop(number: int, _frame: object) -> None:
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN)  # Once is enough: ending the rest must not be cut short.
        raise SystemExit(128 + number)

    for each in SIGNALS:
        signal.signal(each, stop)


def run(items: Sequence[Check | Suite], console: Console) -> Count:
    """Runs everything, also after a failure."""
    total = Count()
    for item in items:
        started = time.monotonic()
        if isinstance(item, Check):
            count, complaint = run_check(item)
        else:
            console.line(f"\n{item.name}")
            count, complaint = run_suite(item)
            files = [name for name, of_file in count.files.items() if of_file.failed]
            if item.once_more is not None and 0 < len(files) <= MOST_AGAIN and "" not in files:
                console.line(f"\n{item.name}, by themselves: {', '.join(files)}")
                by_themselves = replace(item, command=item.once_more(files), may_be_empty=False)
                second, complaint = run_suite(by_themselves)
                count = with_second(count, files, second)
        elapsed = time.monotonic() - started
        if complaint:
            console.failed(f"{item.name} ({duration(elapsed)}): {complaint}")
            count += Count(failures=(f"{item.name}: {complaint}",))
        else:
            note = f"{count.passed} passed" if isinstance(item, Suite) else ""
            console.finished(item.name, elapsed, note)
        total += count
    return total


def with_second(first: Count, files: Sequence[str], second: Count) -> Count:
    """The counts of a suite of which some files were run a second time: of these, the second counts."""
    kept = sum((of_file for name, of_file in first.files.items() if name not in files), start=Count())
    tried = Count(again=first.again + first.failures, slowest=first.slowest, files=first.files)
    return kept + tried + second


def run_check(check: Check) -> tuple[Count, str]:
    """The count, and what to print if it failed."""
    process = start(check.command, check.folder, {}, subprocess.PIPE)
    if isinstance(process, str):
        return Count(failed=1), process
    try:
        output, _ = process.communicate(timeout=check.minutes * 60)
    except subprocess.TimeoutExpired:
        end(process)
        return Count(failed=1), f"it did not end in {check.minutes:g} minutes"
    finally:
        end(process)
    if process.returncode == 0:
        return Count(passed=1), ""
    return Count(failed=1), f"code {process.returncode}\n{output.decode(errors='replace').rstrip()}"


def run_suite(suite: Suite) -> tuple[Count, str]:
    """The count and a complaint: to say nothing, or to end badly without a failure, is one failure."""
    suite.totals.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    suite.totals.unlink(missing_ok=True)
    process = start(suite.command, suite.folder, suite.environment, None)
    if isinstance(process, str):
        return Count(failed=1), process
    try:
        complaint = wait(process, suite)
    finally:
        end(process)
    try:
        count = suite.count(suite.totals)
    except FileNotFoundError:
        complaint = complaint or f"it ended with code {process.returncode} before it printed its totals"
        return Count(failed=1), complaint
    if not complaint and count.passed + count.failed == 0:
        complaint = "" if suite.may_be_empty else "it ran no test"
        return count + Count(failed=1 if complaint else 0), complaint
    if not complaint and process.returncode != 0 and count.failed == 0:
        complaint = f"all tests passed, and yet it ended with code {process.returncode}"
    if complaint:
        # What a test that failed left running says nothing new.
        return count + Count(failed=0 if count.failed or count.again else 1), complaint
    return count, f"{count.passed} passed, {count.failed} failed" if count.failed else ""


def wait(process: subprocess.Popen[bytes], suite: Suite) -> str:
    """Waits for the end; a complaint if it had to be forced."""
    deadline = time.monotonic() + suite.minutes * 60
    written_at: float | None = None
    while process.poll() is None:
        now = time.monotonic()
        if written_at is None and suite.totals.exists():
            written_at = now
        if written_at is not None and now > written_at + suite.grace_seconds:
            return f"it was still running {suite.grace_seconds:g} s after its last test"
        if now > deadline:
            return f"it did not end in {suite.minutes:g} minutes"
        time.sleep(0.1)
    return ""


def start(
    command: Sequence[str | Path],
    folder: Path,
    environment: Mapping[str, str],
    output: int | IO[bytes] | None,
) -> subprocess.Popen[bytes] | str:
    """Starts a command in a process group of its own and without input, or says why not."""
    try:
        return subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output is not None else None,
            env={**os.environ, **without_colors(), **environment},
            start_new_session=True,
        )
    except OSError as error:
        return f"{command[0]} did not start: {error.strerror}"


def without_colors() -> dict[str, str]:
    """Several tools take CI=true for a terminal that shows colours."""
    return {} if sys.stdout.isatty() else {"NO_COLOR": "1"}


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends the command, whatever it left behind in its group and, while it lives, all that it started."""
    below = descendants(process.pid) if process.poll() is None else []
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for pid in below:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def descendants(pid: int) -> list[int]:
    """Tests start servers in groups of their own. Without `ps`, none are found."""
    try:
        listed = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=False
        ).stdout
    except OSError:
        return []
    children: dict[int, list[int]] = {}
    for line in listed.splitlines():
        child, parent = map(int, line.split())
        children.setdefault(parent, []).append(child)
    found = [pid]
    for each in found:
        found.extend(children.get(each, []))
    return found[1:]


def mocha_count(path: Path) -> Count:
    """Reads what scripts/mocha-reporter.cjs wrote."""
    totals = json.loads(path.read_text())
    failures, again = (
        tuple(f"{each['title']}\n{each['reason']}" for each in totals[name]) for name in ("failed", "again")
    )
    slowest = tuple((float(seconds), str(title)) for seconds, title in totals["slowest"])
    files = {
        name: Count(counts["pass"], counts["fail"], counts["pending"], seconds=counts["seconds"])
        for name, counts in totals["files"].items()
    }
    outcomes = (totals["passes"], totals["failures"], totals["pending"])
    return Count(*outcomes, failures, again, slowest, files=files)


def junit_count(path: Path) -> Count:
    """Reads pytest's JUnit report."""
    root = xml.etree.ElementTree.parse(path).getroot()  # noqa: S314 (pytest wrote it just now)
    cases = [(f"{case.get('classname')}.{case.get('name')}", case) for case in root.iter("testcase")]
    count = Count(
        failures=tuple(
            f"{name}\n{bad.get('message')}"
            for name, case in cases
            for bad in (*case.iter("failure"), *case.iter("error"))
        ),
        slowest=tuple((float(case.get("time", "0")), name) for name, case in cases),
    )
    for suite in root.iter("testsuite"):
        tests, bad, skipped = (
            sum(int(suite.get(name, "0")) for name in names)
            for names in (["tests"], ["failures", "errors"], ["skipped"])
        )
        count += Count(tests - bad - skipped, bad, skipped)
    return replace(count, files=junit_files(root))


def junit_files(root: xml.etree.ElementTree.Element) -> dict[str, Count]:
    """The counts of each file, which the cases of pytest's xunit1 name."""
    files: dict[str, Count] = {}
    for case in root.iter("testcase"):
        bad = int(case.find("failure") is not None or case.find("error") is not None)
        skipped = int(case.find("skipped") is not None)
        file = case.get("file", "")
        seconds = float(case.get("time", "0"))
        files[file] = files.get(file, Count()) + Count(1 - bad - skipped, bad, skipped, seconds=seconds)
    return files
