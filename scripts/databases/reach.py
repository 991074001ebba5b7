"""Places that the server's user can reach, where this process is root and the clone lies in root's own home.

Neither server runs as root, and its user may pass through no folder of mode 0700. What it needs lies outside
then, in `/var/cache/beamline` (or in BEAMLINE_CACHE, if everybody may enter that): a copy of the programs,
which everybody may read and only root may change, and the data, which only the server's user may read.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from databases.failure import ServerFailed
from provision.paths import cache_directory

SERVER_USER = "nobody"
SYSTEM_CACHE = Path("/var/cache/beamline")


def server_user() -> pwd.struct_passwd | None:
    """The user that servers run as where this process is root; None where they run as this one's user.

    Raises:
        ServerFailed: if there is no such user.
    """
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SERVER_USER)
    except KeyError:
        raise ServerFailed(
            f"a database server cannot run as root, and this machine has no user `{SERVER_USER}` that it "
            "could run as: run this as an ordinary user"
        ) from None


def own(path: Path) -> None:
    """Gives a path to the user that the server runs as."""
    if user := server_user():
        os.chown(path, user.pw_uid, user.pw_gid)


def reachable(path: Path) -> bool:
    """Whether every folder above the path lets any user pass."""
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


def home_of(directory: Path, kind: str, *, keep: bool) -> Path:
    """The folder for all that the server reads and writes by itself, its data among it.

    That is `directory`, which this process's user owns; for root, one that only the server's user enters.
    """
    if server_user() is None:
        return directory
    home = directory / f"{kind}-server"
    if keep or not reachable(home):  # State that is kept lies in folders of mode 0700.
        return _home_outside(directory / f"{kind}.place", kind)
    home.mkdir(mode=0o700, exist_ok=True)
    own(home)
    return home


def programs_for_server(base: Path, parts: Sequence[str], name: str) -> Path:
    """`base` itself if the server's user can read all of these parts of it, else a copy that it can read."""
    if server_user() is None:
        return base
    folders = [base / part for part in parts]
    if reachable(base / "any") and all(map(_readable, folders)):
        return base
    place = _public_folder("programs")
    key = _content(folders)
    copy = place / f"{name}-{key[:16]}"
    with _alone_in(place):
        if not copy.exists() or _content([copy / part for part in parts]) != key:
            with tempfile.TemporaryDirectory(dir=place, prefix="new-") as scratch:
                fresh = Path(scratch) / "copy"
                for part in parts:
                    shutil.copytree(base / part, fresh / part, symlinks=True)
                _let_read(fresh)
                shutil.rmtree(copy, ignore_errors=True)  # Damaged.
                fresh.replace(copy)
    return copy


def check_places() -> None:
    """Whether a server could run here at all; before minutes are spent on an installation.

    Raises:
        ServerFailed: if not, with the reason.
    """
    user = server_user()
    if user is None:
        return
    probe = Path(tempfile.mkdtemp(dir=_public_folder("programs"), prefix="new-"))
    try:
        try:
            own(probe)
        except OSError as error:
            raise ServerFailed(
                f"a database server cannot run as root, and files cannot be given to the user "
                f"`{SERVER_USER}` here ({error.strerror}): run this as an ordinary user"
            ) from None
        if not _can_become(user):
            raise ServerFailed(
                f"a database server cannot run as root, and this process may not become the user "
                f"`{SERVER_USER}`: run this as an ordinary user"
            )
    finally:
        shutil.rmtree(probe, ignore_errors=True)


def _home_outside(note: Path, kind: str) -> Path:
    """The folder that the note names; a new one if it names none, or one that another note owns."""
    place = _public_folder("databases")
    note = note.resolve()
    with _alone_in(place):
        _sweep(place)
        with suppress(OSError):
            home = place / Path(note.read_text()).name
            if _owner_of(home) == str(note):
                return home
        home = place / f"{kind}-{secrets.token_hex(8)}"
        note.touch(mode=0o600)
        note.write_text(str(home))
        home.mkdir(mode=0o700)
        (home / "belongs-to").write_text(str(note), errors="surrogateescape")
        own(home)
        return home


def _sweep(place: Path) -> None:
    """Removes the folders whose note is gone: with `make clean`, or with the whole clone."""
    for home in place.iterdir():
        owner = _owner_of(home)
        with suppress(OSError):
            if owner is not None and Path(Path(owner).read_text()).name == home.name:
                continue
        if home.is_dir():
            shutil.rmtree(home, ignore_errors=True)


def _owner_of(home: Path) -> str | None:
    try:
        return (home / "belongs-to").read_text(errors="surrogateescape")
    except OSError:
        return None


def _public_folder(name: str) -> Path:
    """A folder that everybody may enter and that nobody but root can change or could have laid there.

    Raises:
        ServerFailed: if there is no place for one.
    """
    reasons = []
    for cache in dict.fromkeys([cache_directory().absolute(), SYSTEM_CACHE]):
        existing = next(each for each in (cache, *cache.parents) if each.exists())
        problem = _mistrust(existing.resolve())
        if problem is None:
            folder = cache / name
            try:
                folder.mkdir(parents=True, exist_ok=True)
                for each in (folder, cache):
                    each.chmod(0o755)  # Whatever the umask.
            except OSError as error:
                problem = f"{folder} could not be made ({error.strerror})"
            else:
                problem = _mistrust(folder.resolve())
        if problem is None:
            return folder.resolve()
        reasons.append(problem)
    raise ServerFailed(
        f"running as root, and the database server, which runs as `{SERVER_USER}`, has no place that it can "
        f"reach ({'; '.join(reasons)}): name one in BEAMLINE_CACHE, or run this as an ordinary user"
    )


def _mistrust(folder: Path) -> str | None:
    """What is wrong with a folder as a place for programs that others run."""
    for each in [folder, *folder.parents]:
        status = each.stat()
        if not status.st_mode & 0o001:
            return f"only root may enter {each}"
        if status.st_uid != 0:
            return f"{each} does not belong to root"
        if status.st_mode & 0o022 and not (status.st_mode & stat.S_ISVTX and each != folder):
            return f"others may write into {each}"
    if os.statvfs(folder).f_flag & os.ST_NOEXEC:
        return "no program may be run there (noexec)"
    return None


@contextmanager
def _alone_in(place: Path) -> Iterator[None]:
    """Two demos that start at the same time come one after the other."""
    with (place.parent / f".{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _can_become(user: pwd.struct_passwd) -> bool:
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def _below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            yield Path(parent, name)


def _readable(folder: Path) -> bool:
    own_paths = (path for path in [folder, *_below(folder)] if not path.is_symlink())
    return all(
        path.stat().st_mode & (wanted := 0o005 if path.is_dir() else 0o004) == wanted for path in own_paths
    )


def _let_read(folder: Path) -> None:
    for path in [folder, *_below(folder)]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def _content(folders: Sequence[Path]) -> str:
    """A hash of names, links and bytes."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(_below(folder)):
            digest.update(os.fsencode(path.relative_to(folder)) + b"\0")
            if path.is_symlink():
                digest.update(os.fsencode(path.readlink()))
            elif path.is_file():
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
