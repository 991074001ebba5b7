"""How TLS is used, in MySQL's own five modes.

https://dev.mysql.com/doc/refman/8.4/en/connection-options.html#option_general_ssl-mode
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from enum import Enum

from beam_pipeline.connect import certificates
from beam_pipeline.connect.connections import MYSQL_TLS, POSTGRES_TLS, Connection
from beam_pipeline.errors import ResourceError
from beam_pipeline.near_miss import did_you_mean


class Mode(Enum):
    """MySQL's `--ssl-mode`."""

    DISABLED = "DISABLED"
    PREFERRED = "PREFERRED"
    REQUIRED = "REQUIRED"
    VERIFY_CA = "VERIFY_CA"
    VERIFY_IDENTITY = "VERIFY_IDENTITY"


# What a profile may also be written with: PostgreSQL's names.
_OTHER_NAMES = dict(zip(POSTGRES_TLS, MYSQL_TLS, strict=True))
_OTHER_MODES = {
    "DISABLE": "DISABLED",
    "PREFER": "PREFERRED",
    "REQUIRE": "REQUIRED",
    "VERIFY-CA": "VERIFY_CA",
    "VERIFY-FULL": "VERIFY_IDENTITY",
}


@dataclass(frozen=True)
class Tls:
    """What a connection wants.

    Attributes:
        mode: How TLS is used.
        context: None where it is not used at all.
        shows_own: Whether the client has a certificate, too.
    """

    mode: Mode
    context: ssl.SSLContext | None
    shows_own: bool = False


def wanted(connection: Connection) -> Tls:
    """Reads the mode and the certificates of a connection.

    Raises:
        ResourceError: The mode is none, a certificate cannot be read, or they contradict each other.
    """
    given = _given(connection)
    place = connection.name
    mode = _mode(given, place)
    if mode is Mode.DISABLED:
        return Tls(mode, None)
    trusted = given.get("ssl_ca")
    verifies = mode in (Mode.VERIFY_CA, Mode.VERIFY_IDENTITY)
    if trusted is not None and not verifies:
        raise ResourceError(
            f"{place}: ssl_mode {mode.value} looks at no certificate, so `ssl_ca` would protect nothing; "
            "write ssl_mode VERIFY_CA or VERIFY_IDENTITY, or leave `ssl_ca` out"
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = mode is Mode.VERIFY_IDENTITY
    context.verify_mode = ssl.CERT_REQUIRED if verifies else ssl.CERT_NONE
    if trusted is not None:
        text = certificates.pem(trusted, f"{place}: ssl_ca", anywhere=connection.anywhere)
        try:
            context.load_verify_locations(cadata=text)
        except (ssl.SSLError, ValueError) as error:
            raise ResourceError(f"{place}: ssl_ca holds no certificate that can be read: {error}") from None
    elif verifies:
        context.load_default_certs()
    _load_own(context, given, place, connection.anywhere)
    return Tls(mode, context, "ssl_cert" in given)


def _given(connection: Connection) -> dict[str, str]:
    given = {name: text for name, text in connection.tls.items() if name in MYSQL_TLS}
    for other, name in _OTHER_NAMES.items():
        if other in connection.tls:
            if name in given:
                raise ResourceError(f"{connection.name}: give `{name}` or `{other}`, not both")
            given[name] = connection.tls[other]
    return given


def _mode(given: dict[str, str], place: str) -> Mode:
    if "ssl_mode" not in given:
        # As MySQL's own programs do.
        return Mode.VERIFY_CA if "ssl_ca" in given else Mode.PREFERRED
    text = given["ssl_mode"].strip().upper()
    text = _OTHER_MODES.get(text, text)
    names = [mode.value for mode in Mode]
    if text not in names:
        raise ResourceError(
            f"{place}: ssl_mode `{given['ssl_mode']}` is none{did_you_mean(text, names)} ({', '.join(names)})"
        )
    return Mode(text)


def _load_own(context: ssl.SSLContext, given: dict[str, str], place: str, anywhere: bool) -> None:
    """The client's certificate, for a server that asks for one; its key may stand in the same text."""
    if "ssl_cert" not in given:
        if "ssl_key" in given:
            raise ResourceError(f"{place}: `ssl_key` is the key of `ssl_cert`, which is missing")
        return
    texts = [
        certificates.pem(given[name], f"{place}: {name}", anywhere=anywhere)
        for name in ("ssl_cert", "ssl_key")
        if name in given
    ]
    with certificates.as_files(*texts) as paths:
        try:
            # An empty password: nobody is there to be asked for one.
            context.load_cert_chain(str(paths[0]), paths[1] if len(paths) > 1 else None, password="")
        except (ssl.SSLError, ValueError) as error:
            raise ResourceError(
                f"{place}: ssl_cert and ssl_key cannot be used together: {error}; the key must be that of "
                "the certificate, and have no password"
            ) from None
