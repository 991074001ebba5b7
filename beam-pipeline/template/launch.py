"""The file that Google's launcher runs: it starts the module that also runs locally."""

import os
import sys

from beam_pipeline.main import main

if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    # Not sys.exit: open connections must not hold the process back.
    os._exit(code)
