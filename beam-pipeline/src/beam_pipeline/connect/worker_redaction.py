"""Keeps secrets out of what a Beam worker sends to its runner: logs, and the text of errors.

On Dataflow both end in Cloud Logging and in the job's messages. In a process that runs a pipeline itself
the harness prints the text, too; its logs are redacted by the formatter (main.py).
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

from beam_pipeline.connect import secrets

# Beam's handler that sends a worker's records to the runner; the process of a runner has none.
_HANDLER = "FnApiLogRecordHandler"


def install() -> None:
    """Redacts from now on, if this process has a worker in it; calling it again does nothing."""
    for handler in logging.getLogger().handlers:
        if type(handler).__name__ == _HANDLER and _redact_record not in handler.filters:
            handler.addFilter(_redact_record)
    harness: Any = sys.modules.get("apache_beam.runners.worker.sdk_worker")
    if harness is not None:
        # The harness answers a failed bundle with the text of its traceback, past any logger.
        harness.traceback = _RedactedTraceback()


def _redact_record(record: logging.LogRecord) -> bool:
    text = record.getMessage()
    if record.exc_info:
        text += "\n" + "".join(traceback.format_exception(*record.exc_info))
        record.exc_info = None
    record.msg, record.args, record.exc_text = secrets.redact(text), None, None
    return True


class _RedactedTraceback:
    """Stands in for the module `traceback`."""

    def __getattr__(self, name: str) -> Any:
        return getattr(traceback, name)

    def format_exc(self, *arguments: Any, **options: Any) -> str:
        return secrets.redact(traceback.format_exc(*arguments, **options))

    def format_exception(self, *arguments: Any, **options: Any) -> list[str]:
        return [secrets.redact("".join(traceback.format_exception(*arguments, **options)))]
