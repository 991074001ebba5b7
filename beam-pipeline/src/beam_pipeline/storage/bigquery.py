"""Clients of BigQuery: the one place where they are made.

`BIGQUERY_EMULATOR_HOST` (`http://host:port`) leads to an emulator, without credentials; else the clients
use the application default credentials. Google's packages are imported at the first use.
"""

from __future__ import annotations

import functools
import os
from typing import Any

_EMULATOR = "BIGQUERY_EMULATOR_HOST"
# So long a call is tried again while BigQuery does not answer, or answers that it cannot now.
RETRY_SECONDS = 60
# So long one try of a call waits for its answer.
CALL_SECONDS = 60


def open_client(project: str, location: str | None = None) -> Any:
    """A `google.cloud.bigquery.Client`, one for the process.

    Args:
        project: The project that jobs run in, and that pays for them.
        location: Where jobs run; None lets BigQuery choose by the data.
    """
    return _client_of(os.getpid(), os.environ.get(_EMULATOR), project, location)


def open_read_client() -> Any | None:
    """A client of the Storage Read API, one for the process; None for an emulator, which has none."""
    return None if os.environ.get(_EMULATOR) else _read_client_of(os.getpid())


def retry() -> Any:
    """How the calls of a client are tried again."""
    from google.cloud.bigquery import DEFAULT_RETRY

    return DEFAULT_RETRY.with_timeout(RETRY_SECONDS)


@functools.lru_cache(16)
def _client_of(process: int, emulator: str | None, project: str, location: str | None) -> Any:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import bigquery

    if emulator is None:
        return bigquery.Client(project, location=location)
    return bigquery.Client(
        project,
        AnonymousCredentials(),
        location=location,
        client_options={"api_endpoint": emulator},
    )


@functools.lru_cache(1)
def _read_client_of(process: int) -> Any:
    from google.cloud.bigquery_storage_v1 import BigQueryReadClient

    return BigQueryReadClient()
