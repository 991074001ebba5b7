"""How TLS is used, in libpq's own terms.

https://www.postgresql.org/docs/current/libpq-ssl.html
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from beam_pipeline.connect import certificates
from beam_pipeline.connect.connections import MYSQL_TLS, POSTGRES_TLS, Connection
from beam_pipeline.errors import ResourceError
from beam_pipeline.near_miss import did_you_mean

MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
# What libpq takes for the authorities that the operating system trusts.
_SYSTEM = "system"


@contextlib.contextmanager
def options(connection: Connection) -> Iterator[dict[str, str]]:
    """Yields libpq's options. Their files hold what the profile gave, and are gone after the block.

    Raises:
        ResourceError: The mode is none, a certificate cannot be read, or a name is another database's.
    """
    given = connection.tls
    place = connection.name
    for name in MYSQL_TLS:
        if name in given:
            own = POSTGRES_TLS[MYSQL_TLS.index(name)]
            raise ResourceError(f"{place}: `{name}` is MySQL's name; a PostgreSQL connection has `{own}`")
    mode = given.get("sslmode")
    if mode is not None and mode not in MODES:
        raise ResourceError(
            f"{place}: sslmode `{mode}` is none{did_you_mean(mode, MODES)} ({', '.join(MODES)})"
        )
    if ("sslcert" in given) != ("sslkey" in given):
        raise ResourceError(f"{place}: give `sslcert` and `sslkey`, or neither")
    read = {
        name: certificates.pem(given[name], f"{place}: {name}", anywhere=connection.anywhere)
        for name in ("sslrootcert", "sslcert", "sslkey")
        if name in given and given[name] != _SYSTEM
    }
    with certificates.as_files(*read.values()) as paths:
        found = {name: str(path) for name, path in zip(read, paths, strict=True)}
        if given.get("sslrootcert") == _SYSTEM:
            found["sslrootcert"] = _SYSTEM
        yield found if mode is None else {**found, "sslmode": mode}
