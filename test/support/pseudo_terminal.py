"""Runs a command in a pseudo-terminal and copies what it writes to standard output, byte by byte.

Usage: pseudo_terminal.py COLUMNS ROWS COMMAND…
"""

import fcntl
import os
import pty
import struct
import sys
import termios

columns, rows = int(sys.argv[1]), int(sys.argv[2])
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.execvp(sys.argv[3], sys.argv[3:])
while True:
    try:
        written = os.read(terminal, 65536)
    except OSError:  # Linux says so that nobody has the terminal open any more.
        written = b""
    if not written:
        break
    sys.stdout.buffer.write(written)
    sys.stdout.buffer.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
