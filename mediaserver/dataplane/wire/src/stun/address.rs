//! XOR-MAPPED-ADDRESS (RFC 8489, section 14.2).
use super::MAGIC_COOKIE;
use crate::Error;
use crate::bytes::{array_at, u8_at, u16_at};
use std::net::{IpAddr, SocketAddr};

const FAMILY_IPV4: u8 = 1;
const FAMILY_IPV6: u8 = 2;
/// Octets of the longest value: family, port and an IPv6 address.
const MAXIMUM_LENGTH: usize = 20;

/// What an address is combined with: the magic cookie, then the transaction id.
fn mask(transaction_id: &[u8; 12]) -> [u8; 16] {
    let mut mask = [0; 16];
    mask[..4].copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
    mask[4..].copy_from_slice(transaction_id);
    mask
}

fn xor<const N: usize>(octets: [u8; N], mask: &[u8; 16]) -> [u8; N] {
    std::array::from_fn(|i| octets[i] ^ mask[i])
}

pub(super) fn parse_xor(value: &[u8], transaction_id: &[u8; 12]) -> Result<SocketAddr, Error> {
    let mask = mask(transaction_id);
    let port = u16_at(value, 2)? ^ (MAGIC_COOKIE >> 16) as u16;
    let ip = match u8_at(value, 1)? {
        FAMILY_IPV4 => IpAddr::from(xor(array_at::<4>(value, 4)?, &mask)),
        FAMILY_IPV6 => IpAddr::from(xor(array_at::<16>(value, 4)?, &mask)),
        _ => return Err(Error::Malformed),
    };
    Ok(SocketAddr::new(ip, port))
}

/// The value of the attribute and its length. An IPv4-mapped IPv6 address (a dual-stack socket's view of IPv4) is
/// told as IPv4, which is what the peer sent from.
pub(super) fn xor_value(address: SocketAddr, transaction_id: &[u8; 12]) -> ([u8; MAXIMUM_LENGTH], usize) {
    let mask = mask(transaction_id);
    let mut value = [0; MAXIMUM_LENGTH];
    let port = address.port() ^ (MAGIC_COOKIE >> 16) as u16;
    value[2..4].copy_from_slice(&port.to_be_bytes());
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => {
            value[1] = FAMILY_IPV4;
            value[4..8].copy_from_slice(&xor(ip.octets(), &mask));
            (value, 8)
        }
        IpAddr::V6(ip) => {
            value[1] = FAMILY_IPV6;
            value[4..].copy_from_slice(&xor(ip.octets(), &mask));
            (value, MAXIMUM_LENGTH)
        }
    }
}
