"""Certificates for a Dask cluster that others could reach: whoever has one of them may run code there, and nobody else."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from veernet.errors import OptionError

ROLES = ("scheduler", "worker", "client")
CONFIG = "dask.yaml"
VALID_DAYS = 730


def make_certificates(folder: Path) -> None:
    """Write an authority's certificate, a certificate with its key for each role, and the Dask settings that name them.

    The authority's own key is written nowhere, so that no further certificate can be made: a new set replaces all of the old one.

    Args:
        folder: For ``ca.pem``, ``scheduler.pem``, ``worker.pem``, ``client.pem`` and ``dask.yaml``; only its owner may read them.

    Raises:
        OptionError: There are certificates already, or the folder cannot be written.
    """
    folder = folder.absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.glob("*.pem")):
            raise OptionError(str(folder), "holds certificates already", "remove them, or give another --out")
        authority_key = ec.generate_private_key(ec.SECP256R1())
        authority = _signed("VeerNet Dask authority", authority_key, authority_key, None)
        _write(folder / "ca.pem", _pem(authority))
        for role in ROLES:
            key = ec.generate_private_key(ec.SECP256R1())
            _write(
                folder / f"{role}.pem", _pem(_signed(f"veernet-{role}", key, authority_key, authority)) + _key_pem(key)
            )
        _write(folder / CONFIG, yaml.safe_dump(_settings(folder)).encode())
    except OSError as error:
        raise OptionError(str(folder), f"cannot be written ({error.strerror})", "give another --out") from error


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    authority_key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate | None,
) -> x509.Certificate:
    """A certificate for the key; without an authority, that of the authority itself."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(tz=datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.subject if authority else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))  # clocks differ
        .not_valid_after(now + datetime.timedelta(days=VALID_DAYS))
        .add_extension(x509.BasicConstraints(ca=authority is None, path_length=None), critical=True)
        .sign(authority_key, hashes.SHA256())
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)


def _write(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)


def _settings(folder: Path) -> dict[str, object]:
    """What ``DASK_CONFIG`` tells every process of the cluster, and its clients."""
    roles = {role: {"cert": str(folder / f"{role}.pem")} for role in ROLES}
    tls = {"ca-file": str(folder / "ca.pem"), **roles}
    return {"distributed": {"comm": {"require-encryption": True, "tls": tls}}}
