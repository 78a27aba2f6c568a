//! What is due by time: reports, feedback, requests to publishers, consent, audio levels.

use crate::forward::PACE_US;
use crate::receiver::LIVE_TIMEOUT_US;
use crate::{Core, Event, LayerBitrate, MediaKind, Time, TransmitBatch};
use polyana_wire::rtcp::{ReportBlock, Writer};

const REPORT_INTERVAL_US: u64 = 1_000_000;
/// With the audio interval after it: about a second.
const LAYERS_INTERVAL_US: u64 = 900_000;
/// A compound packet stays below any path's MTU.
const MAX_COMPOUND: usize = 1200;
/// Report blocks in one packet (RFC 3550: five bits).
const MAX_BLOCKS: usize = 31;
/// Space that one sender's SR, SDES and a request need.
const RESERVE: usize = 160;

/// One compound RTCP packet after another, each encrypted when it is full.
struct Compounds<'a> {
    batch: &'a mut TransmitBatch,
    path: crate::Path,
    srtp: &'a mut polyana_wire::srtp::Sender,
    ssrc: u32,
    plain: [u8; MAX_COMPOUND],
    length: usize,
    packets: u64,
    /// What has left.
    datagrams: u64,
    bytes: u64,
}

impl Compounds<'_> {
    /// Adds packets to the compound; every compound begins with a report (RFC 3550, section 6.1).
    fn add(&mut self, write: impl Fn(&mut Writer<'_>) -> Result<(), polyana_wire::Error>) {
        if self.length + RESERVE > MAX_COMPOUND {
            self.flush();
        }
        if !self.try_add(&write) && self.length > 0 {
            self.flush();
            self.try_add(&write);
        }
    }

    fn try_add(&mut self, write: &impl Fn(&mut Writer<'_>) -> Result<(), polyana_wire::Error>) -> bool {
        let ssrc = self.ssrc;
        let first = self.length == 0;
        let mut writer = Writer::new(&mut self.plain[self.length..]);
        if first && writer.receiver_report(ssrc, &[]).is_err() {
            return false;
        }
        let written = write(&mut writer).is_ok();
        if written {
            self.length += writer.length();
            self.packets += 1;
        }
        written
    }

    fn flush(&mut self) {
        if self.length == 0 {
            return;
        }
        let (plain, length, srtp) = (&self.plain, self.length, &mut self.srtp);
        let sent = self.batch.push(&self.path, None, |buffer| {
            buffer[..length].copy_from_slice(&plain[..length]);
            srtp.protect_rtcp(buffer, length).ok()
        });
        self.datagrams += u64::from(sent.is_some());
        self.bytes += sent.unwrap_or(0) as u64;
        self.length = 0;
    }
}

impl Core {
    pub(crate) fn run_timers(&mut self, now: Time, batch: &mut TransmitBatch) {
        while let Some((at, transport)) = self.timers.take(now) {
            let live = self
                .transports
                .get(transport)
                .is_some_and(|owner| owner.due == at);
            if live {
                self.run_transport(transport, now, batch);
            }
        }
        if now >= self.audio_due {
            self.audio_due = Time(now.0 + self.config.audio_interval_us);
            self.finish_audio_interval();
            self.hand_over_taps(now);
            if now.0.saturating_sub(self.layers_since.0) >= LAYERS_INTERVAL_US {
                self.tell_layer_bitrates(now);
            }
        }
    }

    fn run_transport(&mut self, index: usize, now: Time, batch: &mut TransmitBatch) {
        let owner = &mut self.transports[index];
        owner.due = Time(u64::MAX);
        if owner.ice.consent_lost(now, self.config.consent_timeout_us) {
            self.events
                .push_back(Event::IceDisconnected { transport: owner.id });
        }
        self.play(index, now);
        self.stop_quiet_encodings(index, now);
        self.begin_films(index, now, batch);
        self.pace(index, now, batch);
        self.send_reports(index, now, batch);
        self.ask_origins(index, now);
        let next = self.next_due(index, now);
        self.wake_transport(index, next);
    }

    fn stop_quiet_encodings(&mut self, index: usize, now: Time) {
        for position in 0..self.transports[index].receivers.len() {
            let receiver = self.transports[index].receivers[position];
            if self.receivers[receiver].kind == MediaKind::Audio || self.receivers[receiver].film.is_some() {
                continue; // silence may be sent as nothing (DTX); the picture of a film that stands is in memory
            }
            for encoding in 0..self.receivers[receiver].encodings.len() {
                let stream = &self.receivers[receiver].encodings[encoding];
                if stream.live && now.0.saturating_sub(stream.last_packet.0) > LIVE_TIMEOUT_US {
                    self.stop_encoding(receiver, encoding);
                }
            }
        }
    }

    fn send_reports(&mut self, index: usize, now: Time, batch: &mut TransmitBatch) {
        let owner = &mut self.transports[index];
        let gives_feedback = owner.may_give_feedback(self.config.feedback_interval_us, now);
        let (Some(path), Some(keys)) = (owner.ice.live_path(), owner.keys.as_mut()) else {
            return;
        };
        let ssrc = owner.ssrc;
        let mut compounds = Compounds {
            batch,
            path,
            srtp: &mut keys.sender,
            ssrc,
            plain: [0; MAX_COMPOUND],
            length: 0,
            packets: 0,
            datagrams: 0,
            bytes: 0,
        };
        let report_due = now >= owner.report_due;
        if report_due {
            owner.report_due = Time(now.0 + REPORT_INTERVAL_US).on_beat();
            let mut blocks: Vec<ReportBlock> = Vec::new();
            for &receiver in &owner.receivers {
                for encoding in self.receivers[receiver]
                    .encodings
                    .iter_mut()
                    .filter(|encoding| encoding.live)
                {
                    if let Some(media) = encoding.parameters.ssrc {
                        blocks.push(encoding.reception.block(media, now));
                    }
                }
            }
            for chunk in blocks.chunks(MAX_BLOCKS) {
                compounds.add(|writer| writer.receiver_report(ssrc, chunk));
            }
            if let Some(limit) = crate::police::limit_of(&self.config, &owner.receivers, &self.receivers) {
                compounds.add(|writer| writer.remb(ssrc, limit, &[]));
            }
        }
        for &sender in &owner.senders {
            let sender = &mut self.senders[sender];
            // All of them with the report of the transport: one compound, and one wake.
            if !report_due && !sender.reports.due(now) {
                continue;
            }
            let Some(segment) = sender.report_source() else {
                continue;
            };
            let encoding = &self.receivers[sender.receiver].encodings[usize::from(segment.encoding)];
            let Some(source) = encoding.reception.last_sr() else {
                continue;
            };
            let counts = (sender.packets, sender.payload_bytes);
            let (own, offset) = (sender.ssrc(), segment.timestamp_offset);
            let info = sender
                .reports
                .make(source, encoding.clock_rate, offset, counts, own, now);
            let cname = sender.cname.as_str();
            compounds.add(|writer| {
                writer.sender_report(&info, &[])?;
                writer.source_description(info.ssrc, cname)
            });
        }
        let mut asked = std::mem::take(&mut self.scratch);
        for &receiver in &owner.receivers {
            let receiver = &mut self.receivers[receiver];
            let decodes_from_keyframes = receiver.kind == MediaKind::Video;
            for encoding in &mut receiver.encodings {
                let Some(media) = encoding.parameters.ssrc else {
                    continue;
                };
                asked.clear();
                if encoding.nack.due(now, &mut asked).abandoned > 0 && decodes_from_keyframes {
                    encoding.keyframe.want();
                }
                for chunk in asked.chunks(64) {
                    self.counters.nacks_out += chunk.len() as u64;
                    compounds.add(|writer| writer.nack(ssrc, media, chunk));
                }
                if encoding.live && encoding.keyframe.due(now, self.config.keyframe_interval_us) {
                    self.counters.plis_out += 1;
                    compounds.add(|writer| writer.pli(ssrc, media));
                }
            }
        }
        self.scratch = asked;
        if gives_feedback && !owner.feedback.is_empty() {
            owner.feedback_sent = now;
            let feedback = std::cell::RefCell::new(&mut owner.feedback);
            compounds.flush(); // feedback may need the whole packet
            compounds.add(|writer| feedback.borrow_mut().write(writer, ssrc));
        }
        compounds.flush();
        self.counters.rtcp_packets_out += compounds.packets;
        let (datagrams, bytes) = (compounds.datagrams, compounds.bytes);
        owner.count_out(datagrams, bytes);
    }

    fn next_due(&self, index: usize, now: Time) -> Time {
        let owner = &self.transports[index];
        let mut due = Time(owner.report_due.0.max(now.0 + 1000));
        if owner.player.is_some() {
            let next = self.player_due(index).unwrap_or(Time(u64::MAX));
            return next.min(Time(now.0 + REPORT_INTERVAL_US));
        }
        if self.relays.transport == Some(index) {
            let next = self.origins_due(index).unwrap_or(Time(u64::MAX));
            return next.min(Time(now.0 + REPORT_INTERVAL_US));
        }
        if owner.keys.is_none() {
            return Time(now.0 + REPORT_INTERVAL_US);
        }
        let mut at = |time: Time| due = due.min(Time(time.0.max(now.0 + 1000)));
        if !owner.feedback.is_empty() {
            at(owner.feedback_at(self.config.feedback_interval_us, now));
        }
        if let Some(congestion) = &owner.congestion {
            congestion.due(now).into_iter().for_each(&mut at);
            if owner.senders.iter().any(|&sender| self.senders[sender].waits) {
                at(Time(now.0 + PACE_US));
            }
        }
        for &receiver in &owner.receivers {
            for encoding in self.receivers[receiver]
                .encodings
                .iter()
                .filter(|encoding| encoding.live)
            {
                encoding.nack.next_due().into_iter().for_each(&mut at);
                encoding
                    .keyframe
                    .next(self.config.keyframe_interval_us)
                    .into_iter()
                    .for_each(&mut at);
            }
        }
        let has_path = owner.ice.live_path().is_some();
        for &sender in &owner.senders {
            let sender = &self.senders[sender];
            if let Some(memory) = sender.memory.as_ref().filter(|_| has_path) {
                memory
                    .due(self.config.keyframe_interval_us)
                    .into_iter()
                    .for_each(&mut at);
            }
            if let Some(segment) = sender.report_source() {
                let encoding = &self.receivers[sender.receiver].encodings[usize::from(segment.encoding)];
                if encoding.reception.last_sr().is_some() {
                    at(sender.reports.next(now));
                }
            }
        }
        due
    }

    fn tell_layer_bitrates(&mut self, now: Time) {
        let elapsed_us = now.0 - self.layers_since.0;
        self.layers_since = now;
        let mut layers = Vec::new();
        let watched = self
            .receivers
            .iter_mut()
            .filter(|(_, receiver)| receiver.kind == MediaKind::Video && receiver.has_takers())
            .filter(|(_, receiver)| receiver.origin.is_none());
        for (_, receiver) in watched {
            let (id, count) = (receiver.id, receiver.encodings.len());
            for (number, encoding) in receiver.encodings.iter_mut().enumerate() {
                encoding
                    .layer_bytes
                    .take(elapsed_us, now, |inner, temporal, bits_per_second| {
                        let spatial = if count > 1 { number as u8 } else { inner };
                        layers.push(LayerBitrate {
                            receiver: id,
                            spatial,
                            temporal,
                            bits_per_second,
                        });
                    });
            }
        }
        if !layers.is_empty() {
            self.events.push_back(Event::LayerBitrates { layers });
        }
    }

    fn finish_audio_interval(&mut self) {
        let threshold = self.config.audio_threshold_dbov;
        let percentile = self.config.audio_min_percentile;
        let mut levels: Vec<(u64, f32)> = self
            .receivers
            .iter_mut()
            .filter(|(_, receiver)| receiver.kind == MediaKind::Audio)
            .filter_map(|(_, receiver)| Some((receiver.id, receiver.level.finish(threshold, percentile)?)))
            .collect();
        levels.sort_by(|a, b| b.1.total_cmp(&a.1));
        let active = !levels.is_empty();
        if active || self.audio_active {
            self.events.push_back(Event::AudioLevels { levels });
        }
        self.audio_active = active;
    }
}
