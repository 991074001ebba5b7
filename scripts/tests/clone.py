"""A clone beside this one that is set up already: what was installed is linked, not copied."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from provision.paths import ROOT

# What a set-up looks at to see that a part is there; they are written anew, not through a link.
STAMPS = ["node_modules/.beamline-stamp", ".venv/.beamline-stamp"]
RESTAMP = """
from provision.python_env import PythonEnvironment
from provision.step import write_stamp
step = PythonEnvironment()
write_stamp(step.stamp, step._key())
"""


def make_clone(folder: Path) -> Path:
    """The files that git would clone, with the changes of this working tree, and what was installed."""
    folder.mkdir(parents=True)
    listed = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = [name for name in os.fsdecode(subprocess.check_output(listed)).split("\0") if name]
    for name in names:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    shutil.copytree(ROOT / "dist", folder / "dist")  # A build would write through a link.
    for installed in ("node_modules", ".venv", ".node"):
        if (ROOT / installed).exists():  # Not where the machine's Node.js is new enough.
            shutil.copytree(ROOT / installed, folder / installed, symlinks=True, copy_function=link_or_copy)
    for name in STAMPS:
        (folder / name).unlink()
        shutil.copy2(ROOT / name, folder / name)
    for path in folder.glob(".venv/lib/*/site-packages/_editable_impl_*.pth"):
        path.unlink()
        path.write_text(str(folder / "beam-pipeline" / "src"))
    restamp = [sys.executable, "-c", RESTAMP]
    subprocess.run(restamp, check=True, env={**os.environ, "PYTHONPATH": str(folder / "scripts")})
    return folder


def link_or_copy(source: str, target: str) -> None:
    """Links what another user could read too; over the border of a disk it is copied."""
    try:
        if not Path(source).is_symlink() and Path(source).stat().st_mode & 0o044 == 0o044:
            os.link(source, target)
            return
    except OSError:
        pass
    shutil.copy2(source, target, follow_symlinks=False)


def give(folder: Path, user: pwd.struct_passwd) -> None:
    """Gives a clone to a user, but not the linked files, which are those of this clone, too."""
    for parent, _, files in os.walk(folder):
        os.chown(parent, user.pw_uid, user.pw_gid)
        for path in (Path(parent, name) for name in files):
            if path.lstat().st_nlink == 1:
                os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)


def use_python(clone: Path, python: Path) -> None:
    """Lets the clone's environment stand on another Python of the same version."""
    own = clone / ".venv" / "bin" / "python3"
    for path in (own, own.with_name("python"), clone / ".venv" / "pyvenv.cfg"):
        path.unlink()
    own.symlink_to(python)
    own.with_name("python").symlink_to("python3")
    (clone / ".venv" / "pyvenv.cfg").write_text(
        f"home = {python.parent}\ninclude-system-site-packages = false\n"
    )


def start(
    command: Sequence[str],
    clone: Path,
    *,
    environment: Mapping[str, str],
    umask: int,
    user: pwd.struct_passwd | None = None,
) -> subprocess.Popen[str]:
    """Starts a command in the clone, with both outputs in one, as this user or as another."""
    identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        command,
        cwd=clone,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        umask=umask,
        **identity,
    )
