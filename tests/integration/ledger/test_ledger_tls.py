"""Verified TLS to a server: it proves who it is, or nothing is sent."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from customer_orders.errors import LedgerError
from customer_orders.ledger import Ledger
from postgres import UNPRIVILEGED, Postgres, as_root, postgres


def certificate(folder: Path, host: str) -> tuple[Path, Path]:
    """A certificate that a host has signed itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / f"{host}.crt", folder / f"{host}.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    files[1].chmod(0o600)
    return files


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server that speaks TLS, as localhost."""
    with postgres() as server:
        files = certificate(server.folder, "localhost")
        if as_root():
            for file in files:
                shutil.chown(file, UNPRIVILEGED)
        server.stop()
        server.settings += ("ssl=on", f"ssl_cert_file={files[0]}", f"ssl_key_file={files[1]}")
        server.start()
        yield server


def ask(server: Postgres, host: str, trusted: Path) -> None:
    """Ask for the ledger's tables as a URL of another machine would be."""
    url = server.url("postgres").replace("@127.0.0.1", f"@{host}")
    url += f"?sslmode=verify-full&sslrootcert={trusted}"
    with closing(Ledger(url)) as ledger:
        ledger.require()


def test_a_server_that_proves_who_it_is(server: Postgres) -> None:
    """It is asked, and has no tables."""
    with pytest.raises(LedgerError, match="has no tables yet"):
        ask(server, "localhost", server.folder / "localhost.crt")


def test_a_server_that_nobody_vouches_for(server: Postgres, tmp_path: Path) -> None:
    """Its certificate is signed by somebody else than the trusted one."""
    stranger, _ = certificate(tmp_path, "localhost")
    with pytest.raises(LedgerError, match="certificate verify failed") as caught:
        ask(server, "localhost", stranger)
    assert "TLS" in caught.value.hint


def test_a_server_under_another_name(server: Postgres) -> None:
    """A certificate that is good, for another host."""
    with pytest.raises(LedgerError, match="does not match host name"):
        ask(server, "127.0.0.1", server.folder / "localhost.crt")
