"""Where a server that runs as another user finds its programs and its data."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from databases import reach
from databases.failure import ServerFailed

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts a server as another user")


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder that everybody may enter, instead of /var/cache/beamline."""
    with tempfile.TemporaryDirectory(prefix="beamline-cache-") as text:
        folder = Path(text).resolve()
        folder.chmod(0o755)
        monkeypatch.setenv("BEAMLINE_CACHE", str(folder))
        monkeypatch.setattr(reach, "SYSTEM_CACHE", folder)
        yield folder


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Programs in a folder that only root may enter."""
    tmp_path.chmod(0o700)
    folder = tmp_path / "lib" / "bin"
    folder.mkdir(parents=True, mode=0o700)
    program = folder / "server"
    program.write_text("#!/bin/sh\necho started\n")
    program.chmod(0o700)
    (folder / "link").symlink_to("server")
    return tmp_path


def run_as_nobody(program: Path) -> str:
    return subprocess.check_output([program], user="nobody", group="nogroup", text=True, cwd="/")


def test_programs_that_only_root_reaches_are_copied_for_everybody(cache: Path, programs: Path) -> None:
    copy = reach.programs_for_server(programs, ["lib"], "test")
    assert copy.parent == cache / "programs"
    assert run_as_nobody(copy / "lib" / "bin" / "link") == "started\n"
    assert reach.programs_for_server(programs, ["lib"], "test") == copy


def test_copy_that_was_changed_is_made_anew(cache: Path, programs: Path) -> None:
    copy = reach.programs_for_server(programs, ["lib"], "test")
    (copy / "lib" / "bin" / "server").write_text("#!/bin/sh\necho another\n")
    assert reach.programs_for_server(programs, ["lib"], "test") == copy
    assert run_as_nobody(copy / "lib" / "bin" / "server") == "started\n"
    assert len(list((cache / "programs").iterdir())) == 1


def test_two_at_once_make_one_copy(cache: Path, programs: Path) -> None:
    source = (
        "import sys; from pathlib import Path; from databases.reach import programs_for_server; "
        "print(programs_for_server(Path(sys.argv[1]), ['lib'], 'test'))"
    )
    command = [sys.executable, "-c", source, str(programs)]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(reach.__file__).parents[1])
        for _ in range(2)
    ]
    copies = {process.communicate()[0].strip() for process in both}
    assert len(copies) == 1
    assert run_as_nobody(Path(copies.pop()) / "lib" / "bin" / "server") == "started\n"
    assert len(list((cache / "programs").iterdir())) == 1


@pytest.mark.parametrize("trouble", ["owner", "writable"])
def test_folder_that_another_user_made_or_may_change_is_not_used(
    cache: Path, programs: Path, trouble: str
) -> None:
    if trouble == "owner":
        os.chown(cache, 65534, 65534)
    else:
        cache.chmod(0o777)
    with pytest.raises(ServerFailed, match=r"does not belong to root|others may write into"):
        reach.programs_for_server(programs, ["lib"], "test")


def test_data_is_found_again_and_goes_with_the_folder_that_it_is_for(cache: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    home = reach.home_of(first, "postgres", keep=True)
    assert home.stat().st_mode & 0o777 == 0o700
    assert home.stat().st_uid == 65534
    assert reach.home_of(second, "postgres", keep=True) != home
    assert reach.home_of(first, "postgres", keep=True) == home
    (first / "postgres.place").unlink()
    reach.home_of(second, "postgres", keep=True)
    assert not home.exists()
    assert len(list((cache / "databases").iterdir())) == 1


def test_note_that_was_copied_with_a_clone_does_not_share_the_data(cache: Path, tmp_path: Path) -> None:
    home = reach.home_of(tmp_path, "postgres", keep=True)
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "postgres.place").write_text((tmp_path / "postgres.place").read_text())
    assert reach.home_of(copy, "postgres", keep=True) != home
    assert home.exists()


def test_says_so_where_there_is_no_user_to_run_the_server_as(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "SERVER_USER", "nobody-at-all")
    with pytest.raises(ServerFailed, match=r"no user `nobody-at-all`.* run this as an ordinary user"):
        reach.check_places()


def test_says_so_where_it_may_not_become_that_user(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "_can_become", lambda _: False)
    with pytest.raises(ServerFailed, match="may not become the user `nobody`"):
        reach.check_places()
    assert list((cache / "programs").iterdir()) == []
