"""Certificates for tests, made anew: of a known authority and an unknown one, and wrong in each way."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Made:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def authority(name: str) -> Made:
    return _made(name, None, [], is_authority=True)


def server(name: str, issuer: Made | None, *, host: str = "127.0.0.1", days: int = 30) -> Made:
    address = x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
    return _made(name, issuer, [x509.SubjectAlternativeName([address])], days=days)


def client(name: str, issuer: Made) -> Made:
    return _made(name, issuer, [])


def write(folder: Path, name: str, made: Made) -> tuple[str, str]:
    """Writes the certificate and its key, and returns where."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}-key.pem"
    certificate.write_bytes(made.pem)
    key.touch(mode=0o600)
    key.write_bytes(made.key_pem)
    return str(certificate), str(key)


def _made(
    name: str, issuer: Made | None, extensions: list[Any], *, is_authority: bool = False, days: int = 30
) -> Made:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 60 * DAY)
        .not_valid_after(now + days * DAY)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return Made(builder.sign(key if issuer is None else issuer.key, hashes.SHA256()), key)
