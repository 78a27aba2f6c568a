//! An arriving packet is read once and put into the cache of its stream.

use super::{Arrival, Encoding, Outcome, dependencies, redundancy};
use crate::cache::{Refused, SLOT};
use crate::extension::{Ids, Kind};
use crate::meta::{Content, Meta, Red};
use polyana_wire::payload::{Codec, Vp8Descriptor, Vp9Descriptor, is_keyframe_start};

/// Where a packet belongs, and where its payload lies in it (behind the original number, for a retransmission).
pub(super) struct Place {
    pub codec: Codec,
    pub payload_type: u8,
    pub sequence: u64,
    pub offset: usize,
    pub length: usize,
}

/// `ids`: of the header extensions.
pub(super) fn store(stream: &mut Encoding, arrival: &Arrival<'_>, place: &Place, ids: &Ids) -> Outcome {
    if arrival.packet.len() > SLOT {
        return Outcome::Malformed;
    }
    let mut meta = read(arrival, place, ids);
    match stream.cache.admits(&meta) {
        Ok(()) => {}
        Err(Refused::Duplicate) => return Outcome::Duplicate,
        Err(Refused::TooOld) => return Outcome::TooOld,
    }
    if place.codec == Codec::Red {
        match redundancy::recover(stream, &meta, arrival.packet) {
            Ok(primary) => meta.red.primary = primary,
            Err(_) => return Outcome::Malformed,
        }
    }
    if let Some(id) = ids.id(Kind::DependencyDescriptor)
        && let Some((_, element)) = arrival
            .header
            .extensions(arrival.packet)
            .find(|(found, _)| *found == id)
        && let Some((described, starts)) = dependencies::record(&mut stream.dependencies, element)
    {
        meta.described = Some(described);
        meta.keyframe_start |= starts;
    }
    stream
        .layer_bytes
        .count(&meta, stream.dependencies.as_deref(), arrival.packet.len());
    stream.cache.insert(meta, arrival.packet);
    stream.pending.push(meta.sequence);
    if meta.keyframe_start {
        stream.keyframe.arrived();
        // Parameter sets and slices of H.264 come in packets of their own: the first one is what a decoder begins with.
        let first = stream.group.and_then(|first| stream.cache.get(first));
        if first.is_none_or(|(first, _)| first.timestamp != meta.timestamp) {
            stream.group = Some(meta.sequence);
        }
    }
    Outcome::Stored
}

fn read(arrival: &Arrival<'_>, place: &Place, ids: &Ids) -> Meta {
    let payload = &arrival.packet[place.offset..place.offset + place.length];
    let content = match place.codec {
        Codec::Vp8 => Vp8Descriptor::parse(payload).map(Content::Vp8),
        Codec::Vp9 => Vp9Descriptor::parse(payload).map(Content::Vp9),
        _ => Ok(Content::Other),
    };
    let mut elements = arrival.header.extensions(arrival.packet);
    let is_forwarded = elements.any(|(id, _)| ids.is_forwarded(id));
    let extension = arrival.header.extension.filter(|_| is_forwarded);
    Meta {
        sequence: place.sequence,
        timestamp: arrival.header.timestamp,
        arrival: arrival.now,
        payload_type: place.payload_type,
        marker: arrival.header.marker,
        keyframe_start: place.length > 0 && is_keyframe_start(place.codec, payload),
        extension: extension.map(|(profile, at, size)| (profile, at as u16, size as u16)),
        payload_offset: place.offset as u16,
        payload_length: place.length as u16,
        content: content.unwrap_or(Content::Other),
        described: None,
        red: Red::default(),
    }
}
