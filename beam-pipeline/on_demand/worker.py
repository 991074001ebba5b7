"""A process that does a runner's work: `worker.py ENDPOINT ID`."""

from __future__ import annotations

import os
import sys

from apache_beam.runners.worker import sdk_worker


def main() -> None:
    """Works until the runner hangs up."""
    endpoint, name = sys.argv[1:]
    # A worker counts the names of its metrics, and Prism takes those of all workers for one list.
    sdk_worker.SHORT_ID_CACHE._last_short_id = os.getpid() << 32
    sdk_worker.SdkHarness(endpoint, worker_id=name, state_cache_size=0, data_buffer_time_limit_ms=0).run()


if __name__ == "__main__":
    main()
