"""The failure of a database server."""


class ServerFailed(Exception):
    """The server could not be installed, initialised or started; the message says what to do."""
