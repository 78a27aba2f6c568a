//! Who comes to a film, or has lost its picture, gets it from memory: nobody else notices, and no keyframe is waited for.

use crate::{Core, Event, Time, TransmitBatch};

impl Core {
    /// Begins, or begins once more, what a peer gets of films.
    pub(crate) fn begin_films(&mut self, index: usize, now: Time, batch: &mut TransmitBatch) {
        for position in 0..self.transports[index].senders.len() {
            let number = self.transports[index].senders[position];
            if self.senders[number].memory.is_some() {
                self.begin_film(index, number, now, batch);
            }
        }
    }

    fn begin_film(&mut self, index: usize, number: usize, now: Time, batch: &mut TransmitBatch) {
        let owner = &mut self.transports[index];
        let sender = &mut self.senders[number];
        let source = &mut self.receivers[sender.receiver];
        // What has just come in is forwarded at once, and that begins where it must.
        if source.queued || owner.outlet().is_none() {
            return;
        }
        if !sender.must_begin(source, self.config.keyframe_interval_us, now) {
            return;
        }
        if sender.begin_from_memory(source, now) {
            let encoding = sender.current.map(|encoding| encoding as u8);
            self.events.push_back(Event::SenderEncodingChanged {
                sender: sender.id,
                encoding,
            });
            self.forward_waiting(index, number, now, batch);
        } else {
            for encoding in &mut source.encodings {
                encoding.keyframe.want();
            }
            let player = source.transport;
            self.wake_transport(player, now);
        }
    }

    /// Has a peer's films begun soon, where they have not.
    pub(crate) fn wake_for_films(&mut self, index: usize, now: Time) {
        let senders = &self.transports[index].senders;
        if senders
            .iter()
            .any(|&sender| self.senders[sender].memory.is_some())
        {
            self.wake_transport(index, now);
        }
    }
}
