//! What went out under which number, for resends: what is asked for again must be the same, and what was never sent is not
//! sent twice.

use super::packet::Form;

/// More than the packets of a second, which is what a receiver asks for.
const REMEMBERED: u64 = 1024;

/// One octet for each number, so that a packet costs one store.
#[derive(Debug)]
pub(crate) struct SentLog {
    /// Numbers from here on are free.
    next: u64,
    forms: Box<[Sent; REMEMBERED as usize]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Sent {
    Not,
    Whole,
    Marked,
    /// As nothing but a number: the packet came late and is of a layer that is left out.
    Empty,
}

impl Default for SentLog {
    fn default() -> Self {
        Self {
            next: 0,
            forms: Box::new([Sent::Not; REMEMBERED as usize]),
        }
    }
}

impl SentLog {
    /// A packet goes out under this number.
    pub fn remember(&mut self, out: u64, form: Form) {
        if out > self.next {
            self.skip_to(out);
        }
        self.next = self.next.max(out + 1);
        self.forms[(out % REMEMBERED) as usize] = match form {
            Form::Whole { marker: false } => Sent::Whole,
            Form::Whole { marker: true } => Sent::Marked,
            Form::Empty => Sent::Empty,
        };
    }

    #[cold]
    fn skip_to(&mut self, out: u64) {
        for skipped in self.next.max(out.saturating_sub(REMEMBERED))..out {
            self.forms[(skipped % REMEMBERED) as usize] = Sent::Not;
        }
    }

    /// How a packet went out; None: it did not, or that is forgotten.
    pub fn form(&self, out: u64) -> Option<Form> {
        if out >= self.next || out + REMEMBERED < self.next {
            return None;
        }
        match self.forms[(out % REMEMBERED) as usize] {
            Sent::Not => None,
            Sent::Whole => Some(Form::Whole { marker: false }),
            Sent::Marked => Some(Form::Whole { marker: true }),
            Sent::Empty => Some(Form::Empty),
        }
    }
}
