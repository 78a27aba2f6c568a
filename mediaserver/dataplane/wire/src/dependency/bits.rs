//! Bits in network order, and the non-symmetric numbers of the AV1 specification (section 4.10.7).
use crate::Error;

pub(super) struct Bits<'a> {
    data: &'a [u8],
    /// Bits read so far.
    pub at: usize,
}

impl<'a> Bits<'a> {
    pub fn new(data: &'a [u8], at: usize) -> Self {
        Self { data, at }
    }

    /// The next `count` bits, at most 32.
    pub fn take(&mut self, count: usize) -> Result<u32, Error> {
        if self.at + count > self.data.len() * 8 {
            return Err(Error::Truncated);
        }
        let mut value = 0;
        for _ in 0..count {
            let bit = self.data[self.at / 8] >> (7 - self.at % 8) & 1;
            value = value << 1 | u32::from(bit);
            self.at += 1;
        }
        Ok(value)
    }

    pub fn flag(&mut self) -> Result<bool, Error> {
        Ok(self.take(1)? == 1)
    }

    /// A number below `limit`: the smaller ones take a bit less.
    pub fn non_symmetric(&mut self, limit: u32) -> Result<u32, Error> {
        let width = 32 - limit.leading_zeros();
        let short = (1 << width) - limit;
        let value = self.take(width as usize - 1)?;
        if value < short {
            return Ok(value);
        }
        Ok((value << 1) - short + self.take(1)?)
    }
}

/// Appends bits to a buffer that is zero behind what was written.
pub(super) struct BitWriter<'a> {
    out: &'a mut [u8],
    at: usize,
}

impl<'a> BitWriter<'a> {
    pub fn new(out: &'a mut [u8]) -> Self {
        Self { out, at: 0 }
    }

    pub fn put(&mut self, value: u32, count: usize) -> Result<(), Error> {
        for place in (0..count).rev() {
            let bit = (value >> place & 1) as u8;
            let octet = self.out.get_mut(self.at / 8).ok_or(Error::NoSpace)?;
            if self.at.is_multiple_of(8) {
                *octet = 0;
            }
            *octet |= bit << (7 - self.at % 8);
            self.at += 1;
        }
        Ok(())
    }

    /// Octets written, the last one filled up with zeros.
    pub fn length(&self) -> usize {
        self.at.div_ceil(8)
    }
}
