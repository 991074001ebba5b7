import io
import os
import threading
import time
from pathlib import Path

import pytest

from provision import step
from provision.console import Console, duration
from provision.step import Step, StepFailed, perform, run_quietly, stamped, write_stamp


class Counted(Step):
    """Counts its runs; `fail` stops one in the middle."""

    title = "counted"

    def __init__(self, folder: Path, key: str = "1", *, fail: bool = False, seconds: float = 0) -> None:
        self.folder, self.key, self.fail, self.seconds = folder, key, fail, seconds
        self.runs = 0

    @property
    def lock(self) -> Path:
        return self.folder / "locks" / "counted"

    def is_done(self) -> bool:
        return stamped(self.folder / "stamp", self.key)

    def run(self, notes: list[str]) -> None:
        self.runs += 1
        (self.folder / "stamp").unlink(missing_ok=True)
        time.sleep(self.seconds)
        if self.fail:
            raise StepFailed("broken")
        write_stamp(self.folder / "stamp", self.key)


def test_step_is_done_once(tmp_path: Path) -> None:
    counted = Counted(tmp_path)
    assert perform(counted, Console()) is True
    assert perform(counted, Console()) is False
    assert counted.runs == 1


def test_changed_content_does_it_again(tmp_path: Path) -> None:
    perform(Counted(tmp_path, key="1"), Console())
    changed = Counted(tmp_path, key="2")
    perform(changed, Console())
    assert changed.runs == 1


def test_interrupted_step_is_repaired(tmp_path: Path) -> None:
    perform(Counted(tmp_path), Console())
    with pytest.raises(StepFailed):
        perform(Counted(tmp_path, key="2", fail=True), Console())
    old = Counted(tmp_path, key="1")
    perform(old, Console())
    assert old.runs == 1, "what the interrupted run left behind must not count as done"


def test_two_at_once_do_it_once(tmp_path: Path) -> None:
    steps = [Counted(tmp_path, seconds=0.3) for _ in range(2)]
    threads = [threading.Thread(target=perform, args=(step, Console())) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(step.runs for step in steps) == 1


def test_failing_command_shows_what_it_said() -> None:
    with pytest.raises(StepFailed, match=r"ended with code 4[\s\S]*the reason[\s\S]*try this"):
        run_quietly("test", ["sh", "-c", "echo the reason; exit 4"], advice="try this")


def test_missing_command_says_what_to_install() -> None:
    with pytest.raises(StepFailed, match=r"`no-such-program` was not found\. Install it\."):
        run_quietly("test", ["no-such-program"], advice="Install it.")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (3.21, "3.2 s"), (9.96, "10 s"), (59.6, "60 s"), (238, "3 min 58 s")],
)
def test_durations_read_well(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_locks_and_logs_are_the_users_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o755)
    monkeypatch.setattr(step, "STATE", state)
    monkeypatch.setattr(step, "ROOT", tmp_path)
    before = os.umask(0o000)
    try:
        perform(Counted(state), Console())
        (state / "stamp").unlink()
        run_quietly("test", ["true"])
    finally:
        os.umask(before)
    assert {path.name for path in state.rglob("*")} == {"locks", "counted", "logs", "setup-test.log"}
    assert [path for path in [state, *state.rglob("*")] if path.stat().st_mode & 0o077] == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_running_step_is_drawn_over_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    out = Terminal()
    step = Counted(tmp_path, seconds=0.5)
    step.hint = "a hint that is much wider than this terminal"
    perform(step, Console(out))
    drawn = out.getvalue().split("\r\033[K")[1:-1]
    assert drawn
    assert {len(line) for line in drawn} == {39}


def test_set_up_says_how_many_parts_it_has(tmp_path: Path) -> None:
    out = io.StringIO()
    console = Console(out)
    console.parts = 2
    perform(Counted(tmp_path), console)
    assert out.getvalue().startswith(
        "beamline  setting up 2 parts (the first time takes minutes, later seconds)\n"
    )
