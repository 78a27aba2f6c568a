//! Framing of datagrams over a stream (RFC 4571): each behind its 16-bit length.
use crate::Error;

/// Octets of the length before each datagram.
pub const LENGTH_OCTETS: usize = 2;
/// Larger frames are nothing that WebRTC sends.
pub const MAX_FRAME: usize = 8192;

/// Length of the datagram that the stream begins with; None while it is not whole. `Malformed` when its peer cannot
/// be speaking WebRTC.
pub fn next_frame(stream: &[u8]) -> Result<Option<usize>, Error> {
    let Some((length, rest)) = stream.split_first_chunk::<LENGTH_OCTETS>() else {
        return Ok(None);
    };
    let length = usize::from(u16::from_be_bytes(*length));
    if length > MAX_FRAME {
        return Err(Error::Malformed);
    }
    Ok((rest.len() >= length).then_some(length))
}

/// Appends a datagram with its length. `NoSpace` for one that 16 bits cannot count.
pub fn write_frame(stream: &mut Vec<u8>, datagram: &[u8]) -> Result<(), Error> {
    let length = u16::try_from(datagram.len()).map_err(|_| Error::NoSpace)?;
    stream.extend_from_slice(&length.to_be_bytes());
    stream.extend_from_slice(datagram);
    Ok(())
}
