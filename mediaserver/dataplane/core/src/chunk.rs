//! Prepared packets of a second of a film, as they are stored: nothing but header and encryption is missing.

use std::sync::Arc;

/// Of the header of a record: time (u32), stream (u8), flags (u8), length of the payload (u16), all big endian.
const HEADER: usize = 8;
const MARKER: u8 = 1;
/// A payload that fits every path with all that is put around it.
pub const MAX_PAYLOAD: usize = 1200;
/// Sound and three layers, and room for more.
pub const MAX_STREAMS: u8 = 16;

/// Checked bytes, shared by all who play them.
#[derive(Clone)]
pub struct Chunk(Arc<[u8]>);

/// Why bytes are no chunk, with the offset of the record at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ChunkError {
    Empty,
    Truncated(usize),
    /// A payload is empty or too long.
    Length(usize),
    /// Earlier than the record before.
    Order(usize),
    Stream(usize),
    /// Of no meaning.
    Flags(usize),
}

/// One packet of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    /// Microseconds from the begin of the chunk; packets of one frame have the same.
    pub at_us: u32,
    pub stream: u8,
    pub marker: bool,
    pub payload: &'a [u8],
    /// Where the next one begins.
    pub end: usize,
}

impl Chunk {
    /// Checks every record, so that playing cannot fail.
    pub fn new(bytes: &[u8]) -> Result<Self, ChunkError> {
        let (mut offset, mut last) = (0, 0);
        while offset < bytes.len() {
            let record = read(bytes, offset).ok_or(ChunkError::Truncated(offset))?;
            if record.payload.is_empty() || record.payload.len() > MAX_PAYLOAD {
                return Err(ChunkError::Length(offset));
            }
            if record.at_us < last {
                return Err(ChunkError::Order(offset));
            }
            if record.stream >= MAX_STREAMS {
                return Err(ChunkError::Stream(offset));
            }
            if bytes[offset + 5] & !MARKER != 0 {
                return Err(ChunkError::Flags(offset));
            }
            (offset, last) = (record.end, record.at_us);
        }
        if offset == 0 {
            return Err(ChunkError::Empty);
        }
        Ok(Self(bytes.into()))
    }

    /// The record at an offset; None: the chunk ends there.
    pub(crate) fn record(&self, offset: usize) -> Option<Record<'_>> {
        read(&self.0, offset)
    }
}

impl std::fmt::Debug for Chunk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Chunk({} bytes)", self.0.len())
    }
}

impl std::fmt::Display for ChunkError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => write!(f, "no packets"),
            Self::Truncated(at) => write!(f, "the record at {at} is truncated"),
            Self::Length(at) => write!(
                f,
                "the payload at {at} is empty or longer than {MAX_PAYLOAD} bytes"
            ),
            Self::Order(at) => write!(f, "the record at {at} is earlier than the one before"),
            Self::Stream(at) => write!(f, "the record at {at} is of stream {MAX_STREAMS} or above"),
            Self::Flags(at) => write!(f, "the record at {at} has unknown flags"),
        }
    }
}

fn read(bytes: &[u8], offset: usize) -> Option<Record<'_>> {
    let header: &[u8; HEADER] = bytes.get(offset..)?.first_chunk()?;
    let &[a, b, c, d, stream, flags, high, low] = header;
    let begin = offset + HEADER;
    let end = begin + usize::from(u16::from_be_bytes([high, low]));
    Some(Record {
        at_us: u32::from_be_bytes([a, b, c, d]),
        stream,
        marker: flags & MARKER != 0,
        payload: bytes.get(begin..end)?,
        end,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(at_us: u32, stream: u8, flags: u8, length: usize) -> Vec<u8> {
        let mut bytes = at_us.to_be_bytes().to_vec();
        bytes.extend([stream, flags]);
        bytes.extend((length as u16).to_be_bytes());
        bytes.extend(vec![7; length]);
        bytes
    }

    #[test]
    fn records_come_out_as_they_were_put_in() {
        let bytes = [
            record(0, 2, 1, 1200),
            record(0, 0, 0, 1),
            record(20_000, 0, 0, 80),
        ]
        .concat();
        let chunk = Chunk::new(&bytes).unwrap();
        let first = chunk.record(0).unwrap();
        assert_eq!((first.at_us, first.stream, first.marker), (0, 2, true));
        assert_eq!(first.payload, [7; 1200]);
        let last = chunk.record(chunk.record(first.end).unwrap().end).unwrap();
        assert_eq!((last.at_us, last.payload.len()), (20_000, 80));
        assert_eq!(chunk.record(last.end), None);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |bytes: &[u8]| Chunk::new(bytes).unwrap_err();
        let good = record(5, 0, 0, 10);
        assert_eq!(error(&[]), ChunkError::Empty);
        assert_eq!(error(&good[..17]), ChunkError::Truncated(0));
        assert_eq!(error(&good[..3]), ChunkError::Truncated(0));
        assert_eq!(error(&record(0, 0, 0, 0)), ChunkError::Length(0));
        assert_eq!(error(&record(0, 0, 0, 1201)), ChunkError::Length(0));
        assert_eq!(error(&record(0, 16, 0, 1)), ChunkError::Stream(0));
        assert_eq!(error(&record(0, 0, 2, 1)), ChunkError::Flags(0));
        assert_eq!(
            error(&[good.clone(), record(4, 0, 0, 1)].concat()),
            ChunkError::Order(18)
        );
    }

    #[test]
    fn any_bytes_are_a_chunk_or_an_error() {
        let mut random = crate::Random(9);
        for _ in 0..20_000 {
            let mut bytes = record(
                random.next() as u32 % 50,
                random.next() as u8 % 18,
                0,
                random.next() as usize % 30,
            );
            for _ in 0..random.next() % 3 {
                let at = random.next() as usize % bytes.len();
                bytes[at] = random.next() as u8;
            }
            bytes.truncate(random.next() as usize % 50);
            if let Ok(chunk) = Chunk::new(&bytes) {
                let (mut offset, mut records) = (0, 0);
                while let Some(record) = chunk.record(offset) {
                    (offset, records) = (record.end, records + 1);
                }
                assert_eq!(offset, bytes.len());
                assert!(records > 0);
            }
        }
    }
}
