"""Whether a PostgreSQL could run here: the demo and the tests start one as another user than root."""

from __future__ import annotations

from pathlib import Path

from databases.failure import ServerFailed
from databases.reach import check_places
from provision.paths import STATE
from provision.step import Step, StepFailed


class PostgresUser(Step):
    """Nothing to install (the programs come with the part `python`): it fails before the others begin."""

    title = "postgres"

    @property
    def lock(self) -> Path:
        return STATE / "locks" / "postgres"

    def is_done(self) -> bool:
        try:
            check_places()
        except ServerFailed as error:
            raise StepFailed(str(error)) from None
        return True

    def run(self, notes: list[str]) -> None:
        """Never called."""
