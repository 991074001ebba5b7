"""`scripts/setup [PART…]`."""

from __future__ import annotations

import argparse
import sys
import time

from provision.console import Console
from provision.mariadb import MariaDb
from provision.node import Build, NodePackages
from provision.node_runtime import NodeRuntime
from provision.postgres import PostgresUser
from provision.preflight import check_folders
from provision.prism import Prism
from provision.python_env import PythonEnvironment
from provision.step import Step, StepFailed, perform
from provision.temporal_cli import TemporalCli
from provision.time_skipping import TimeSkippingServer

PARTS: dict[str, tuple[type[Step], ...]] = {
    "node": (NodeRuntime, NodePackages),
    "python": (PythonEnvironment,),
    "build": (Build,),
    "temporal": (TemporalCli,),
    "time-skipping": (TimeSkippingServer,),
    "databases": (MariaDb,),
    "postgres": (PostgresUser,),
    "prism": (Prism,),
}
DEFAULT_PARTS = ["node", "python", "build", "temporal"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/setup", description="Installs what Beamline needs.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one of {', '.join(PARTS)}")
    arguments = parser.parse_args()
    unknown = [part for part in arguments.parts if part not in PARTS]
    if unknown:
        parser.error(f"unknown part `{unknown[0]}`; parts are {', '.join(PARTS)}")

    steps = [step() for part in arguments.parts or DEFAULT_PARTS for step in PARTS[part]]
    console = Console()
    started = time.monotonic()
    try:
        done = [step.is_done() for step in steps]  # All are asked: one may say that it cannot work.
        if all(done):
            return 0
        check_folders()
        console.parts = done.count(False)
        done = [perform(step, console) for step in steps]
    except StepFailed as error:
        console.failed(str(error))
        return 1
    except KeyboardInterrupt:
        console.failed("stopped; what was finished is kept, the next set-up goes on from here")
        return 130
    if any(done):
        console.finished("set-up", time.monotonic() - started)
    return 0


if __name__ == "__main__":
    sys.exit(main())
