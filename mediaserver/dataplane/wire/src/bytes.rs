//! Checked access to big-endian fields. A read past the end is [`Error::Truncated`], never a panic.
use crate::Error;

pub(crate) fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], Error> {
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk::<N>())
        .copied()
        .ok_or(Error::Truncated)
}

pub(crate) fn u8_at(bytes: &[u8], at: usize) -> Result<u8, Error> {
    bytes.get(at).copied().ok_or(Error::Truncated)
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Result<u16, Error> {
    array_at(bytes, at).map(u16::from_be_bytes)
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Result<u32, Error> {
    array_at(bytes, at).map(u32::from_be_bytes)
}

/// Writes fields one after the other into a caller's buffer.
pub(crate) struct Cursor<'a> {
    out: &'a mut [u8],
    length: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(out: &'a mut [u8]) -> Self {
        Self { out, length: 0 }
    }

    pub(crate) fn length(&self) -> usize {
        self.length
    }

    pub(crate) fn written(&self) -> &[u8] {
        &self.out[..self.length]
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let room = self
            .out
            .get_mut(self.length..self.length + bytes.len())
            .ok_or(Error::NoSpace)?;
        room.copy_from_slice(bytes);
        self.length += bytes.len();
        Ok(())
    }

    /// Zeroes up to a 32-bit boundary, counted from the start.
    pub(crate) fn pad_to_word(&mut self) -> Result<(), Error> {
        let padding = self.length.wrapping_neg() % 4;
        self.put(&[0; 3][..padding])
    }

    /// Overwrites what was written before; ignored where it was not.
    pub(crate) fn patch_u16(&mut self, at: usize, value: u16) {
        if let Some(field) = self.out[..self.length].get_mut(at..at + 2) {
            field.copy_from_slice(&value.to_be_bytes());
        }
    }
}
