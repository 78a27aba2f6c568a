"""A certificate made on the spot, so that phones in the same network get HTTPS and with it their cameras."""

import ipaddress
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from signalling.private_file import write_private

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
#: Browsers refuse longer ones (CA/Browser Forum, 2026: 200 days).
VALID_DAYS = 199
RENEW_BEFORE_DAYS = 14


def ensure_certificate(folder: Path, addresses: Iterable[str], now: datetime) -> tuple[Path, Path]:
    """Paths of certificate and key in `folder`; made anew before expiry, when an address is new, or when the
    two files are no pair. Raises `OSError`."""
    certificate, key = folder / "certificate.pem", folder / "certificate-key.pem"
    names = [ipaddress.ip_address(address) for address in addresses]
    if not (certificate.exists() and key.exists() and _still_good(certificate, key, names, now)):
        _write(certificate, key, names, now)
    return certificate, key


def _still_good(certificate: Path, key: Path, addresses: list[IpAddress], now: datetime) -> bool:
    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        private = serialization.load_pem_private_key(key.read_bytes(), password=None)
    except (ValueError, TypeError, x509.ExtensionNotFound):  # TypeError: the key has a password
        return False
    renewal = found.not_valid_after_utc - timedelta(days=RENEW_BEFORE_DAYS)
    return (
        private.public_key() == found.public_key()
        and set(names.get_values_for_type(x509.IPAddress)).issuperset(addresses)
        and found.not_valid_before_utc <= now < renewal  # the clock may have been wrong when it was made
    )


def _write(certificate: Path, key: Path, addresses: list[IpAddress], now: datetime) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Polyana")])
    local = [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")]
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    names += [x509.IPAddress(address) for address in dict.fromkeys([*addresses, *local])]
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )
    write_private(
        key,
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
