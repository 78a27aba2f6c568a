"""The certificate made on the spot: whom it names, how long it lives, when it is made anew."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from signalling.tls import RENEW_BEFORE_DAYS, VALID_DAYS, ensure_certificate

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADDRESSES = ["192.0.2.7", "2001:db8::7"]


def made(folder: Path, addresses: list[str] = ADDRESSES, now: datetime = NOW) -> x509.Certificate:
    certificate, _ = ensure_certificate(folder, addresses, now)
    return x509.load_pem_x509_certificate(certificate.read_bytes())


def names(certificate: x509.Certificate) -> x509.SubjectAlternativeName:
    return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value


def test_it_names_this_machine_and_its_addresses(tmp_path: Path) -> None:
    found = names(made(tmp_path, [*ADDRESSES, "127.0.0.1"]))
    assert found.get_values_for_type(x509.DNSName) == ["localhost"]
    wanted = [ip_address(address) for address in [*ADDRESSES, "127.0.0.1", "::1"]]
    assert found.get_values_for_type(x509.IPAddress) == wanted, "each once"


def test_browsers_take_its_life_and_use(tmp_path: Path) -> None:
    certificate = made(tmp_path)
    assert certificate.not_valid_before_utc == NOW - timedelta(hours=1), "clocks differ"
    assert certificate.not_valid_after_utc == NOW + timedelta(days=VALID_DAYS)
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc < timedelta(days=200)
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_openssl_takes_the_pair(tmp_path: Path) -> None:
    pair = ensure_certificate(tmp_path / "new" / "folder", ADDRESSES, NOW)
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(*pair)


def test_the_key_is_for_its_owner_only(tmp_path: Path) -> None:
    loose = tmp_path / "certificate-key.pem"
    loose.write_bytes(b"")
    loose.chmod(0o644)
    _, key = ensure_certificate(tmp_path, ADDRESSES, NOW)
    assert key == loose and key.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["certificate-key.pem", "certificate.pem"]


def test_it_is_kept_while_it_is_good(tmp_path: Path) -> None:
    first = made(tmp_path)
    last_day = NOW + timedelta(days=VALID_DAYS - RENEW_BEFORE_DAYS, seconds=-1)
    assert made(tmp_path, ADDRESSES[:1], last_day) == first


def test_it_is_made_anew_before_it_expires(tmp_path: Path) -> None:
    first = made(tmp_path)
    later = NOW + timedelta(days=VALID_DAYS - RENEW_BEFORE_DAYS)
    second = made(tmp_path, now=later)
    assert second != first and second.not_valid_after_utc == later + timedelta(days=VALID_DAYS)


def test_it_is_made_anew_for_a_new_address(tmp_path: Path) -> None:
    first = made(tmp_path)
    second = made(tmp_path, [*ADDRESSES, "198.51.100.1"])
    assert second != first
    assert ip_address("198.51.100.1") in names(second).get_values_for_type(x509.IPAddress)


def test_it_is_made_anew_when_the_clock_was_ahead(tmp_path: Path) -> None:
    ahead = made(tmp_path, now=NOW + timedelta(days=30))
    assert made(tmp_path) != ahead, "browsers would find it not valid yet"


@pytest.mark.parametrize("name", ["certificate.pem", "certificate-key.pem"])
@pytest.mark.parametrize("damage", ["missing", "damaged", "of another pair"])
def test_it_is_made_anew_when_the_files_are_no_pair(tmp_path: Path, name: str, damage: str) -> None:
    first = made(tmp_path / "here")
    file = tmp_path / "here" / name
    if damage == "missing":
        file.unlink()
    elif damage == "damaged":
        file.write_bytes(file.read_bytes()[:100])
    else:
        made(tmp_path / "there")
        file.write_bytes((tmp_path / "there" / name).read_bytes())
    assert made(tmp_path / "here") != first
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
        tmp_path / "here/certificate.pem", tmp_path / "here/certificate-key.pem"
    )


def test_a_folder_that_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match="file"):
        ensure_certificate(tmp_path / "file", ADDRESSES, NOW)
