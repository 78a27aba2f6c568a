//! Tracks that go out: each packet of the source is written once into the batch, renumbered and encrypted there.

mod forward;
mod layers;
mod memory;
pub(crate) mod munger;
pub(crate) mod packet;
mod plain_header;
pub(crate) mod report;
mod resend;
pub(crate) mod retransmit;
pub(crate) mod selector;
mod sent;
mod shape;
mod stamp;
mod switch;

use crate::api::{MediaKind, SenderId, SenderParameters, SenderTarget, Time};
use crate::receiver::Receiver;
use layers::Layers;
use memory::Memory;
use munger::{Munger, Segment};
use report::SenderReports;
pub(crate) use resend::Resend;
use retransmit::ResendLimit;
pub(crate) use retransmit::Wish;
use sent::SentLog;
use shape::Shape;
use stamp::Stamps;

pub(crate) struct Sender {
    pub id: SenderId,
    /// Slab indices.
    pub transport: usize,
    pub receiver: usize,
    pub kind: MediaKind,
    pub cname: String,
    pub target: SenderTarget,
    /// The encoding that is forwarded now.
    pub current: Option<usize>,
    shape: Shape,
    munger: Munger,
    /// When the newest packet went out, for timestamps across a switch without reports.
    last_sent: Time,
    next_rtx: u64,
    resend: ResendLimit,
    stamps: Stamps,
    pub reports: SenderReports,
    pub packets: u64,
    pub bytes: u64,
    pub payload_bytes: u64,
    pub retransmitted: u64,
    pub fraction_lost: f32,
    layers: Layers,
    /// What was forwarded before the last switch: packets of it may still come.
    before: Option<Before>,
    /// As the newest packet told them.
    active_targets: Option<(u32, u8)>,
    sent: SentLog,
    /// What comes after `munger.highest_source()` waits for the line to be free.
    pub waits: bool,
    /// Where the source is the picture of a film.
    pub memory: Option<Box<Memory>>,
}

/// The encoding before a switch.
struct Before {
    encoding: usize,
    layers: Layers,
    /// Its packets from here on are not wanted.
    end: u64,
    until: Time,
}

/// Counts of one call, added to the core's counters by the caller.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sent {
    pub packets: u64,
    pub bytes: u64,
    /// The encoding changed.
    pub switched: bool,
    /// The packet of the source with which it began, where that is not yet sent.
    pub started_at: Option<u64>,
    /// A keyframe of this encoding is needed.
    pub wants_keyframe: Option<usize>,
}

impl Sender {
    pub fn new(
        id: SenderId,
        transport: usize,
        receiver: usize,
        source: &Receiver,
        parameters: &SenderParameters,
        random: u64,
    ) -> Self {
        let shape = Shape::new(parameters, source);
        Self {
            id,
            transport,
            receiver,
            kind: source.kind,
            cname: parameters.cname.clone(),
            target: SenderTarget::default(),
            current: None,
            stamps: Stamps::new(shape.needs_stamps, 0),
            shape,
            munger: Munger::new(random as u16),
            last_sent: Time::default(),
            next_rtx: random >> 16 & 0x7fff,
            resend: ResendLimit::default(),
            reports: SenderReports::default(),
            packets: 0,
            bytes: 0,
            payload_bytes: 0,
            retransmitted: 0,
            fraction_lost: 0.0,
            layers: Layers::Single,
            before: None,
            active_targets: None,
            sent: SentLog::default(),
            waits: false,
            memory: has_memory(source).then(Box::default),
        }
    }

    pub fn ssrc(&self) -> u32 {
        self.shape.ssrc
    }

    /// Takes new parameters of the same SSRC; numbering goes on.
    pub fn configure(&mut self, receiver: usize, source: &Receiver, parameters: &SenderParameters) {
        let shape = Shape::new(parameters, source);
        if self.shape != shape {
            self.stamps = Stamps::new(shape.needs_stamps, self.munger.next_out());
            self.shape = shape;
        }
        self.cname.clone_from(&parameters.cname);
        if self.receiver != receiver {
            self.receiver = receiver;
            self.current = None;
            self.before = None;
            self.waits = false;
            self.memory = has_memory(source).then(Box::default);
            self.munger.forget();
        }
    }

    /// The publisher's stream began anew: what was mapped is gone.
    pub fn source_restarted(&mut self, encoding: usize) {
        self.before = None;
        if self.current == Some(encoding) {
            self.current = None;
            self.waits = false;
            self.munger.forget();
        }
    }

    /// True when this ends what was being sent.
    pub fn set_target(&mut self, target: SenderTarget) -> bool {
        self.target = target;
        self.waits &= target.enabled;
        !target.enabled && self.current.take().is_some()
    }

    /// What is pending is not for this peer; what comes next begins as after a pause. Gives how much that is.
    pub fn leave_out_pending(&mut self, source: &Receiver) -> u64 {
        self.current = None;
        if !self.target.enabled {
            return 0;
        }
        source
            .encodings
            .iter()
            .map(|encoding| encoding.pending.len() as u64)
            .sum()
    }

    /// RTP timestamp offset and encoding for sender reports.
    pub fn report_source(&self) -> Option<Segment> {
        self.current?;
        let newest = self.munger.newest().filter(|_| self.munger.started())?;
        Some(self.with_own_times(newest))
    }
}

fn has_memory(source: &Receiver) -> bool {
    source.film.is_some() && source.kind == MediaKind::Video
}
