import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from checks.__main__ import report
from checks.runner import Check, Count, Suite, junit_count, mocha_count, run
from provision.console import Console
from provision.paths import ROOT

SCRIPTS = Path(__file__).parents[1]


@pytest.fixture
def totals(tmp_path: Path) -> Path:
    return tmp_path / "totals.json"


def suite(totals: Path, script: str, *, grace_seconds: float = 5, minutes: float = 1) -> Suite:
    """A suite whose process runs a Python script that knows the file for its totals."""
    text = f"import json, os, sys, time\ntotals = {str(totals)!r}\n{script}"
    command = [sys.executable, "-c", text]
    return Suite("fake", command, totals, mocha_count, grace_seconds=grace_seconds, minutes=minutes)


def write(passes: int, failures: int, files: dict[str, dict[str, float]] | None = None) -> str:
    failed = [{"title": f"test {number}", "reason": "1 is not 2"} for number in range(failures)]
    outcomes = {"passes": passes, "failures": failures, "pending": 0}
    rest = {"failed": failed, "again": failed, "slowest": [[2.5, "one"], [1, "two"]]}
    totals = {**outcomes, **rest, "files": files or {}}
    document = json.dumps(totals)
    return f"open(totals, 'w').write({document!r})"


def test_counts_of_all_items_are_added(totals: Path) -> None:
    items: list[Check | Suite] = [
        Check("good", [sys.executable, "-c", "pass"]),
        Check("bad", [sys.executable, "-c", "raise SystemExit(3)"]),
        suite(totals, write(5, 0)),
    ]
    assert run(items, Console()) == Count(passed=6, failed=1)


def test_failures_of_a_suite_are_its_own_count(totals: Path) -> None:
    assert run([suite(totals, write(5, 2) + "; sys.exit(2)")], Console()) == Count(5, 2)


def test_suite_that_crashes_before_its_totals_fails(totals: Path) -> None:
    assert run([suite(totals, "sys.exit(0)")], Console()) == Count(failed=1)


def test_totals_of_an_earlier_run_do_not_count(totals: Path) -> None:
    totals.write_text(
        '{"passes": 9, "failures": 0, "pending": 0, "failed": [], "again": [], "slowest": [], "files": {}}'
    )
    assert run([suite(totals, "sys.exit(1)")], Console()) == Count(failed=1)


def test_suite_without_a_test_fails(totals: Path) -> None:
    assert run([suite(totals, write(0, 0))], Console()) == Count(failed=1)


def test_suite_that_ends_badly_after_it_passed_fails(totals: Path) -> None:
    assert run([suite(totals, write(4, 0) + "; sys.exit(7)")], Console()) == Count(4, 1)


def test_suite_that_hangs_after_its_last_test_fails(totals: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hanging = suite(totals, write(4, 0) + "; time.sleep(60)", grace_seconds=0.2)
    assert run([hanging], Console(sys.stdout)) == Count(4, 1)
    assert "still running 0.2 s after its last test" in capsys.readouterr().out


def test_what_a_test_that_failed_left_running_does_not_count(totals: Path) -> None:
    hanging = suite(totals, write(4, 1) + "; time.sleep(60)", grace_seconds=0.2)
    assert run([hanging], Console()) == Count(4, 1)


def test_suite_that_never_ends_is_ended(totals: Path) -> None:
    assert run([suite(totals, "time.sleep(60)", minutes=0.005)], Console()) == Count(failed=1)


def test_program_that_is_missing_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([Check("gone", ["/nowhere/program"])], Console(sys.stdout)) == Count(failed=1)
    assert "/nowhere/program did not start" in capsys.readouterr().out


def test_output_of_a_check_shows_only_if_it_fails(capsys: pytest.CaptureFixture[str]) -> None:
    quiet = Check("quiet", [sys.executable, "-c", "print('all is well')"])
    loud = Check("loud", [sys.executable, "-c", "print('the reason'); raise SystemExit(1)"])
    run([quiet, loud], Console(sys.stdout))
    out = capsys.readouterr().out
    assert "all is well" not in out
    assert "the reason" in out


def test_children_see_no_standard_input() -> None:
    command = [sys.executable, "-c", "import sys; sys.exit(len(sys.stdin.read()))"]
    assert run([Check("reads", command)], Console()) == Count(passed=1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_all_that_was_started_also_in_groups_of_their_own(
    tmp_path: Path, number: signal.Signals
) -> None:
    sleeper = [sys.executable, "-c", "import time; time.sleep(300)"]
    starter = (
        "import os, subprocess, sys, time\n"
        f"children = [subprocess.Popen({sleeper!r}, start_new_session=own) for own in (True, False)]\n"
        "pids = [os.getpid(), *(child.pid for child in children)]\n"
        f"open({str(tmp_path / 'new')!r}, 'w').write(' '.join(map(str, pids)))\n"
        f"os.rename({str(tmp_path / 'new')!r}, {str(tmp_path / 'pids')!r})\n"
        "time.sleep(300)\n"
    )
    runner = (
        "from checks.runner import Check, run, stop_on_signals\n"
        "from provision.console import Console\n"
        f"stop_on_signals()\nrun([Check('starter', [{sys.executable!r}, '-c', {starter!r}])], Console())\n"
    )
    process = subprocess.Popen([sys.executable, "-c", runner], cwd=SCRIPTS)
    try:
        pids = [int(pid) for pid in until((tmp_path / "pids").read_text).split()]
        process.send_signal(number)
        assert process.wait(20) == 128 + number
        assert [pid for pid in pids if is_running(pid)] == []
    finally:
        process.kill()


def until(read: Callable[[], str]) -> str:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with suppress(FileNotFoundError):
            return read()
        time.sleep(0.05)
    raise TimeoutError


def is_running(pid: int) -> bool:
    """A process that has ended and that nobody waits for runs no more."""
    listed = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return not listed.stdout.strip().startswith("Z") and listed.stdout.strip() != ""


def test_junit_report_is_counted(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text('<testsuites><testsuite tests="10" failures="2" errors="1" skipped="3"/></testsuites>')
    assert junit_count(report) == Count(passed=4, failed=3, skipped=3)


def test_failures_of_all_items_and_what_was_tried_again_are_kept_with_their_reasons(
    totals: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite tests="2" failures="1" errors="1">'
        '<testcase classname="a" name="b" time="1.5"><failure message="1 is not 2">…</failure></testcase>'
        '<testcase classname="a" name="c"><error message="no server">…</error></testcase>'
        "</testsuite></testsuites>"
    )
    bad = Check("bad", [sys.executable, "-c", "print('the reason'); raise SystemExit(3)"])
    count = run([bad, suite(totals, write(1, 1))], Console()) + junit_count(report)
    assert count.failures == (
        "bad: code 3\nthe reason",
        "test 0\n1 is not 2",
        "fake: 1 passed, 1 failed",
        "a.b\n1 is not 2",
        "a.c\nno server",
    )
    assert count.again == ("test 0\n1 is not 2",)
    assert count.slowest == ((2.5, "one"), (1.5, "a.b"), (1.0, "two"), (0.0, "a.c"))


def counts(passed: int, failed: int) -> dict[str, float]:
    return {"pass": passed, "fail": failed, "pending": 0, "seconds": 1.5}


@pytest.mark.parametrize(("second", "count"), [((2, 0), Count(5)), ((1, 1), Count(4, 1))])
def test_files_in_which_a_test_failed_are_run_once_more_by_themselves(
    second: tuple[int, int], count: Count, totals: Path
) -> None:
    asked: list[list[str]] = []

    def once_more(files: Sequence[str]) -> Sequence[str | Path]:
        asked.append(list(files))
        return suite(totals, write(*second, {"b.js": counts(*second)})).command

    first = suite(totals, write(4, 1, {"a.js": counts(3, 0), "b.js": counts(1, 1)}))
    result = run([replace(first, once_more=once_more)], Console())
    assert (result, asked) == (count, [["b.js"]])
    failure = "test 0\n1 is not 2"
    assert result.failures == ((failure, "fake: 1 passed, 1 failed") if count.failed else ())
    assert failure in result.again
    assert {name: of_file.seconds for name, of_file in result.files.items()} == {"a.js": 1.5, "b.js": 1.5}


def test_a_file_of_which_no_test_is_run_once_more_has_failed(totals: Path) -> None:
    first = suite(totals, write(0, 1, {"b.js": counts(0, 1)}))
    nothing = suite(totals, write(0, 0)).command
    narrowed = replace(first, may_be_empty=True, once_more=lambda _: nothing)
    assert run([narrowed], Console()) == Count(failed=1)


@pytest.mark.parametrize("names", [["", "b"], [str(number) for number in range(9)]])
def test_what_is_not_known_or_too_much_is_not_run_once_more(names: list[str], totals: Path) -> None:
    files = {name: counts(0, 1) for name in names}
    first = suite(totals, write(0, len(names), files))
    assert run([replace(first, once_more=lambda _: ["false"])], Console()) == Count(0, len(names))


def test_counts_of_files_are_read_from_what_pytest_writes(tmp_path: Path) -> None:
    test = tmp_path / "test_some.py"
    test.write_text("import time\ndef test_a(): time.sleep(0.05)\ndef test_b(): assert False\n")
    report = tmp_path / "report.xml"
    options = ["--override-ini=junit_family=xunit1", f"--junitxml={report}", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", "-q", *options, str(test)]
    subprocess.run(command, check=False, capture_output=True, cwd=tmp_path)
    files = junit_count(report).files
    assert files == {"test_some.py": Count(1, 1)}
    assert files["test_some.py"].seconds >= 0.05


def test_what_failed_stands_right_above_the_counts_and_what_was_slow_or_tried_again_above_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    slow = tuple((float(seconds), f"test {seconds}") for seconds in range(30, 0, -1))
    first = Count(9, 1, failures=("a\nwhy",), again=("a\nwhy", "b\nwhy"), slowest=slow)
    files = {"a.js": Count(seconds=2), str(ROOT / "b.js"): Count(seconds=30)}
    report(first + Count(1, files=files), "1 s")
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["slowest files:", "    30.0 s  b.js", "     2.0 s  a.js"]
    said = lines[lines.index("slowest tests:") + 1 :][:21]
    assert (said[0].split(), said[19].split()) == (["30.0", "s", "test", "30"], ["11.0", "s", "test", "11"])
    assert said[20] == "tried again: a"
    assert lines[-5:-1] == ["1 passed only on a second try", "total time 1 s", "failed: a", "    why"]
    assert lines[-1] == "10 passed, 1 failed"
