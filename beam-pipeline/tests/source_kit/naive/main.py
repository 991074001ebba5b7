"""`beam_pipeline.main`, which finds the naive source, too; `--measured` measures the memory of it."""

from __future__ import annotations

import runpy
import sys

from beam_pipeline.modules import registry
from source_kit.naive.module import find

if __name__ == "__main__":
    registry.find = find
    if sys.argv[1:2] == ["--measured"]:
        import peak_memory

        peak_memory.main(sys.argv[2:])
    else:
        runpy.run_module("beam_pipeline.main", run_name="__main__")
