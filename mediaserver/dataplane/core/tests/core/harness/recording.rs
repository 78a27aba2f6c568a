//! RTP of a real encoder (tests/fixtures, made by tests/interop/record_rtp.py), sent again by a peer of the network.

use super::{Network, Source, id, receiver_parameters, uri};
use polyana_core::{CodecParameters, ReceiverId, ReceiverParameters};
use polyana_wire::rtp::{self, Header};
use std::path::Path;

/// One recorded packet.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub timestamp: u32,
    pub marker: bool,
    pub payload: Vec<u8>,
    pub descriptor: Option<Vec<u8>>,
}

#[derive(Clone, Debug)]
pub struct Recording {
    pub mime_type: String,
    /// The packets of one RTP time each.
    pub pictures: Vec<Vec<Recorded>>,
}

impl Recording {
    pub fn load(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures");
        let content = std::fs::read(folder.join(format!("{name}.rtp"))).unwrap();
        let head = content.iter().position(|&octet| octet == b'\n').unwrap();
        let text = std::str::from_utf8(&content[..head]).unwrap();
        let field = |name: &str| {
            let value = text.split(&format!("\"{name}\": ")).nth(1).unwrap();
            value
                .split([',', '}'])
                .next()
                .unwrap()
                .trim_matches('"')
                .to_owned()
        };
        let descriptor_id: u8 = field("dependency_descriptor_id").parse().unwrap();
        let mut pictures: Vec<Vec<Recorded>> = Vec::new();
        let mut rest = &content[head + 1..];
        while let [high, low, more @ ..] = rest {
            let (packet, behind) = more.split_at(u16::from_be_bytes([*high, *low]).into());
            rest = behind;
            let header = Header::parse(packet).unwrap();
            let end = packet.len() - rtp::padding_length(packet, &header).unwrap();
            let recorded = Recorded {
                timestamp: header.timestamp,
                marker: header.marker,
                payload: packet[header.length..end].to_vec(),
                descriptor: header
                    .extensions(packet)
                    .find(|(id, _)| *id == descriptor_id)
                    .map(|(_, value)| value.to_vec()),
            };
            match pictures.last_mut() {
                Some(picture) if picture[0].timestamp == recorded.timestamp => picture.push(recorded),
                _ => pictures.push(vec![recorded]),
            }
        }
        Self {
            mime_type: field("mime_type"),
            pictures,
        }
    }

    /// A source without packets of its own, and how it is announced.
    pub fn source(&self, ssrc: u32) -> (Source, ReceiverParameters) {
        let mut source = Source::video(ssrc);
        source.active = false;
        let mut parameters = receiver_parameters(&source);
        parameters.codecs = vec![CodecParameters {
            mime_type: self.mime_type.clone(),
            ..parameters.codecs[0].clone()
        }];
        parameters
            .extensions
            .push((uri::DESCRIPTOR.into(), id::DESCRIPTOR));
        (source, parameters)
    }
}

impl Network {
    /// A peer announces a recording; nothing is sent yet.
    pub fn publish_recording(&mut self, peer: usize, recording: &Recording, ssrc: u32) -> ReceiverId {
        let (source, parameters) = recording.source(ssrc);
        self.publish_as(peer, vec![source], parameters)
    }

    /// Sends one picture of a recording now.
    pub fn send_picture(&mut self, peer: usize, ssrc: u32, picture: &[Recorded]) {
        let now = self.now;
        for recorded in picture {
            let owner = &mut self.peers[peer];
            let source = owner
                .sources
                .iter_mut()
                .find(|source| source.ssrc == ssrc)
                .unwrap();
            let descriptor = recorded.descriptor.iter();
            source.extensions = descriptor.map(|value| (id::DESCRIPTOR, value.clone())).collect();
            let packet = source.packet(
                now,
                &recorded.payload,
                recorded.marker,
                (false, 0),
                &owner.srtp_out,
                &mut owner.transport_sequence,
            );
            self.send(peer, packet);
        }
    }
}
