//! A seeded network in memory: a core, clients that speak STUN and SRTP to it, links that lose, delay and copy, and a
//! clock that only the test moves.

pub mod link;
pub mod peer;
pub mod random;
pub mod recording;
pub mod show;
pub mod sink;
pub mod source;

pub use link::Link;
pub use peer::{Feedback, Peer};
pub use random::Random;
pub use recording::{Recorded, Recording};
pub use sink::{Received, Sink};
pub use source::{Codec, Source};

use polyana_core::{
    CodecParameters, Command, Config, Core, Disposition, Encoding, Event, MediaKind, Owners, Path,
    PayloadTypeMapping, ReceiverId, ReceiverParameters, SenderId, SenderParameters, SenderTarget, Time,
    TransmitBatch, TransportId,
};
use polyana_wire::srtp::Profile;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;

/// Any instant; the tests' clock starts here.
pub const START: Time = Time(1_700_000_000_000_000);
/// A core that wants to run again at once this often is spinning.
const MAX_ROUNDS_AT_ONE_INSTANT: u32 = 20;

/// Extension ids of publishers in these tests; subscribers use others.
pub mod id {
    pub const MID: u8 = 1;
    pub const RID: u8 = 2;
    pub const REPAIRED_RID: u8 = 3;
    pub const AUDIO_LEVEL: u8 = 4;
    pub const TRANSPORT: u8 = 5;
    pub const SEND_TIME: u8 = 6;
    pub const ORIENTATION: u8 = 7;
    pub const DESCRIPTOR: u8 = 8;
    pub const OUT_MID: u8 = 11;
    pub const OUT_AUDIO_LEVEL: u8 = 12;
    pub const OUT_TRANSPORT: u8 = 13;
    pub const OUT_SEND_TIME: u8 = 14;
    pub const OUT_ORIENTATION: u8 = 9;
    pub const OUT_DESCRIPTOR: u8 = 10;
}

pub mod uri {
    pub const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
    pub const RID: &str = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
    pub const REPAIRED_RID: &str = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";
    pub const AUDIO_LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
    pub const TRANSPORT: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
    pub const SEND_TIME: &str = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";
    pub const ORIENTATION: &str = "urn:3gpp:video-orientation";
    pub const DESCRIPTOR: &str =
        "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";
}

/// Ordered by time, then by order of sending.
type Flight = Reverse<(Time, u64, Option<usize>, Vec<u8>)>;

/// Whether all networks span two workers: these tests are built a second time for that.
pub fn spans() -> bool {
    env!("CARGO_CRATE_NAME") == "spanning"
}

pub struct Network {
    pub core: Core,
    /// The other worker of a network that spans two: of all peers but the first.
    far: Option<Core>,
    /// What was passed on to it, if that is kept.
    pub crossed: Option<Vec<u8>>,
    owners: Owners,
    pub now: Time,
    pub peers: Vec<Peer>,
    pub events: Vec<(Time, Event)>,
    pub random: Random,
    /// Datagrams that the core sent, and in how many sends.
    pub datagrams_out: u64,
    pub sends: u64,
    /// Bytes of the largest batch.
    pub largest_batch: usize,
    /// How often the core was polled while a frame was still coming in.
    pub polls_of_open_frames: u64,
    /// Instants at which something happened.
    pub rounds: u64,
    /// How long datagrams wait for the core to read them.
    pub unread_us: u64,
    /// Datagrams to addresses of nobody.
    pub astray: Vec<(Path, Vec<u8>)>,
    batch: TransmitBatch,
    flights: BinaryHeap<Flight>,
    flown: u64,
    next_id: u64,
}

impl Network {
    pub fn new(seed: u64) -> Self {
        Self::with_config(seed, Config::default())
    }

    pub fn with_config(seed: u64, config: Config) -> Self {
        Self::on_workers(seed, config, spans())
    }

    /// Two workers: the first peer is on one of them, and what the server plays; all others are on the other one.
    pub fn spanning(seed: u64) -> Self {
        Self::spanning_with(seed, Config::default())
    }

    pub fn spanning_with(seed: u64, config: Config) -> Self {
        Self::on_workers(seed, config, true)
    }

    fn on_workers(seed: u64, config: Config, spans: bool) -> Self {
        Self {
            core: Core::new(
                Config {
                    seed,
                    ..config.clone()
                },
                START,
            ),
            far: spans.then(|| {
                Core::new(
                    Config {
                        seed: !seed,
                        ..config
                    },
                    START,
                )
            }),
            crossed: None,
            owners: Owners::default(),
            now: START,
            peers: Vec::new(),
            events: Vec::new(),
            random: Random(seed),
            datagrams_out: 0,
            sends: 0,
            largest_batch: 0,
            polls_of_open_frames: 0,
            rounds: 0,
            unread_us: 0,
            astray: Vec::new(),
            batch: TransmitBatch::default(),
            flights: BinaryHeap::new(),
            flown: 0,
            next_id: 1,
        }
    }

    pub fn command(&mut self, command: Command) {
        let now = self.now;
        let given = if let Command::AddTransport { transport, .. } = &command {
            let worker = usize::from(self.far.is_some() && self.is_far(*transport));
            self.owners.add_transport(*transport, worker).unwrap();
            vec![(worker, command)]
        } else {
            let routed = self.owners.route(command).unwrap();
            let mut given = routed.before;
            given.push((routed.worker, routed.command));
            given.extend(routed.after);
            given
        };
        for (worker, command) in given {
            self.worker(worker).command(now, command);
        }
    }

    fn worker(&mut self, worker: usize) -> &mut Core {
        match worker {
            0 => &mut self.core,
            _ => self.far.as_mut().unwrap(),
        }
    }

    fn is_far(&self, transport: TransportId) -> bool {
        self.peers
            .iter()
            .position(|peer| peer.transport == transport)
            .is_some_and(|peer| peer > 0)
    }

    /// A connected client with keys; returns its index.
    pub fn add_peer(&mut self) -> usize {
        self.add_peer_with(Profile::AeadAes128Gcm)
    }

    pub fn add_peer_with(&mut self, profile: Profile) -> usize {
        let index = self.add_stranger(profile);
        let peer = &self.peers[index];
        let (transport, keys) = (peer.transport, peer.keys.clone());
        self.command(Command::SetSrtpKeys { transport, keys });
        self.peers[index].checks = true;
        self.run_ms(50);
        index
    }

    /// A client whose transport exists, without keys, and that checks no path yet.
    pub fn add_stranger(&mut self, profile: Profile) -> usize {
        let index = self.peers.len();
        let transport = self.id();
        let address = SocketAddr::from(([198, 51, 100, index as u8 + 1], 40_000 + index as u16));
        let server = SocketAddr::from(([192, 0, 2, 1], 7882));
        let mut peer = Peer::new(transport, address, server, profile);
        peer.checks = false;
        let (ufrag, password) = (peer.ufrag.clone(), peer.password.clone());
        self.peers.push(peer);
        self.command(Command::AddTransport {
            transport,
            ufrag,
            password,
        });
        index
    }

    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// The client sends this source, told by SSRC.
    pub fn publish(&mut self, peer: usize, source: Source) -> ReceiverId {
        let parameters = receiver_parameters(&source);
        self.publish_as(peer, vec![source], parameters)
    }

    /// The client sends these sources as encodings of one track with these parameters.
    pub fn publish_as(
        &mut self,
        peer: usize,
        sources: Vec<Source>,
        parameters: ReceiverParameters,
    ) -> ReceiverId {
        let receiver = self.id();
        let transport = self.peers[peer].transport;
        self.command(Command::SetReceiver {
            transport,
            receiver,
            parameters,
        });
        for mut source in sources {
            source.next_at = source.next_at.max(self.now);
            source.next_report = Time(self.now.0 + 300_000);
            self.peers[peer].sources.push(source);
        }
        receiver
    }

    /// Simulcast told by RID, lowest first: SSRCs 1000, 2000, 3000 with RTX.
    pub fn publish_simulcast(&mut self, peer: usize, rids: &[&str]) -> ReceiverId {
        let mut sources = Vec::new();
        for (layer, rid) in rids.iter().enumerate() {
            let mut source = Source::video(1000 * (layer as u32 + 1));
            source.packets_per_frame = layer + 1;
            source.timestamp_base = 1_000_000_000 * layer as u32 + 7;
            source.picture_id = 3000 * (layer as u16 + 1);
            source.index = 500 + 20_000 * layer as u64;
            source.extensions = vec![(id::MID, b"v".to_vec()), (id::RID, rid.as_bytes().to_vec())];
            source.rtx_extensions = Some(vec![
                (id::MID, b"v".to_vec()),
                (id::REPAIRED_RID, rid.as_bytes().to_vec()),
            ]);
            sources.push(source);
        }
        let mut parameters = receiver_parameters(&sources[0]);
        parameters.mid = "v".into();
        parameters.encodings = rids
            .iter()
            .map(|rid| Encoding {
                rid: Some((*rid).into()),
                ..Encoding::default()
            })
            .collect();
        self.publish_as(peer, sources, parameters)
    }

    /// The client receives a track with RTX and all extensions; the SSRC is 100 times the sender's id.
    pub fn subscribe(&mut self, peer: usize, receiver: ReceiverId) -> SenderId {
        let parameters = sender_parameters(receiver, 0);
        self.subscribe_as(peer, parameters)
    }

    /// `parameters.ssrc == 0`: chosen here, with its RTX.
    pub fn subscribe_as(&mut self, peer: usize, mut parameters: SenderParameters) -> SenderId {
        let sender = self.id();
        if parameters.ssrc == 0 {
            parameters.ssrc = 100 * sender as u32;
            parameters.rtx_ssrc = parameters.rtx_ssrc.map(|_| 100 * sender as u32 + 1);
        }
        let sink = Sink::new(sender, parameters.ssrc, parameters.rtx_ssrc, &parameters.cname);
        self.peers[peer].sinks.push(sink);
        let transport = self.peers[peer].transport;
        self.command(Command::SetSender {
            transport,
            sender,
            parameters,
        });
        sender
    }

    pub fn target(&mut self, sender: SenderId, target: SenderTarget) {
        self.command(Command::SetSenderTarget { sender, target });
    }

    pub fn sink(&self, sender: SenderId) -> &Sink {
        self.peers
            .iter()
            .flat_map(|peer| &peer.sinks)
            .find(|sink| sink.sender == sender)
            .unwrap()
    }

    pub fn sink_mut(&mut self, sender: SenderId) -> &mut Sink {
        self.peers
            .iter_mut()
            .flat_map(|peer| &mut peer.sinks)
            .find(|sink| sink.sender == sender)
            .unwrap()
    }

    pub fn source(&mut self, ssrc: u32) -> &mut Source {
        self.peers
            .iter_mut()
            .flat_map(|peer| &mut peer.sources)
            .find(|source| source.ssrc == ssrc)
            .unwrap()
    }

    /// Sends a datagram from a peer's address through its link.
    pub fn send(&mut self, peer: usize, datagram: Vec<u8>) {
        let link = self.peers[peer].up;
        for delay in link.copies(&mut self.random) {
            self.fly(delay + self.unread_us, None, peer, &datagram);
        }
    }

    /// Gives a datagram to the core at once, from any path.
    pub fn inject(&mut self, path: Path, datagram: &[u8]) -> Disposition {
        let disposition = self.receive(path, &mut datagram.to_vec());
        self.poll();
        disposition
    }

    /// Gives a datagram to the worker that knows its peer.
    pub fn receive(&mut self, path: Path, datagram: &mut [u8]) -> Disposition {
        let disposition = self.core.receive_late(self.now, self.unread_us, path, datagram);
        match &mut self.far {
            Some(far) if disposition == Disposition::Foreign => {
                far.receive_late(self.now, self.unread_us, path, datagram)
            }
            _ => disposition,
        }
    }

    /// Events that no poll has fetched yet.
    pub fn drain_events(&mut self) -> impl Iterator<Item = Event> + '_ {
        let far = self.far.iter_mut().flat_map(Core::drain_events);
        self.core.drain_events().chain(far)
    }

    fn fly(&mut self, delay: u64, to: Option<usize>, from: usize, datagram: &[u8]) {
        self.flown += 1;
        // The address of a flight upwards is the one that the peer had when it sent.
        let datagram = match to {
            Some(_) => datagram.to_vec(),
            None => [&encode_address(self.peers[from].address)[..], datagram].concat(),
        };
        let number = match to {
            Some(to) => Some(to),
            None => {
                self.flights
                    .push(Reverse((Time(self.now.0 + delay), self.flown, None, datagram)));
                return;
            }
        };
        self.flights
            .push(Reverse((Time(self.now.0 + delay), self.flown, number, datagram)));
    }

    pub fn run_ms(&mut self, milliseconds: u64) {
        self.run_us(milliseconds * 1000);
    }

    pub fn run_us(&mut self, microseconds: u64) {
        let end = Time(self.now.0 + microseconds);
        let mut rounds = 0;
        loop {
            let next = self.next_instant();
            if next > end {
                break;
            }
            rounds = if next > self.now { 0 } else { rounds + 1 };
            assert!(rounds < MAX_ROUNDS_AT_ONE_INSTANT, "the core spins");
            self.now = next.max(self.now);
            self.round();
        }
        self.now = end;
    }

    fn next_instant(&self) -> Time {
        let flight = self.flights.peek().map(|Reverse((at, ..))| *at);
        let peers = self.peers.iter().filter_map(Peer::next_due).min();
        let far = self.far.as_ref().and_then(Core::next_wake);
        [flight, peers, self.core.next_wake(), far]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(Time(u64::MAX))
            .max(self.now)
    }

    /// Everything that is due at this instant.
    fn round(&mut self) {
        self.rounds += 1;
        let mut answers: Vec<(usize, Vec<Vec<u8>>)> = Vec::new();
        while self
            .flights
            .peek()
            .is_some_and(|Reverse((at, ..))| *at <= self.now)
        {
            let Reverse((_, _, to, mut datagram)) = self.flights.pop().unwrap();
            match to {
                None => {
                    let (address, rest) = datagram.split_at_mut(6);
                    let (protocol, local) = self
                        .peers
                        .iter()
                        .find(|peer| encode_address(peer.address)[..] == *address)
                        .map_or(
                            (
                                polyana_core::Protocol::Udp,
                                SocketAddr::from(([192, 0, 2, 1], 7882)),
                            ),
                            |peer| (peer.protocol, peer.server),
                        );
                    let path = Path {
                        protocol,
                        local,
                        remote: decode_address(address),
                    };
                    self.receive(path, rest);
                }
                Some(peer) => {
                    let mut out = Vec::new();
                    self.peers[peer].receive(self.now, &mut datagram, &mut out);
                    answers.push((peer, out));
                }
            }
        }
        for (index, peer) in self.peers.iter_mut().enumerate() {
            let mut out = Vec::new();
            peer.tick(self.now, &mut out);
            answers.push((index, out));
        }
        for (peer, out) in answers {
            out.into_iter().for_each(|datagram| self.send(peer, datagram));
        }
        self.polls_of_open_frames += u64::from(self.core.frame_is_open());
        self.poll();
    }

    /// Lets the core work; what it sends starts to travel.
    pub fn poll(&mut self) {
        while self.poll_once() {}
    }

    fn poll_once(&mut self) -> bool {
        let mut batch = std::mem::take(&mut self.batch);
        batch.clear();
        self.relay();
        let mut has_more = self.core.poll(self.now, &mut batch);
        self.send_batch(&batch);
        if let Some(far) = &mut self.far {
            batch.clear();
            has_more |= far.poll(self.now, &mut batch);
            self.send_batch(&batch);
        }
        self.relay();
        self.batch = batch;
        let (now, events) = (self.now, self.drain_events().collect::<Vec<_>>());
        self.events.extend(events.into_iter().map(|event| (now, event)));
        if let Some((_, Event::CommandFailed { reason })) = self
            .events
            .iter()
            .find(|(_, event)| matches!(event, Event::CommandFailed { .. }))
        {
            panic!("a command failed: {reason}");
        }
        has_more
    }

    pub fn workers(&mut self) -> impl Iterator<Item = &mut Core> {
        std::iter::once(&mut self.core).chain(&mut self.far)
    }

    /// What the workers have for each other.
    pub fn relay(&mut self) {
        let Some(far) = &mut self.far else { return };
        let now = self.now;
        let (near, crossed) = (&mut self.core, &mut self.crossed);
        near.drain_relayed(|_, records| {
            far.receive_relayed(now, records);
            if let Some(crossed) = crossed {
                crossed.extend(&*records);
            }
            records.clear();
        });
        far.drain_relayed(|_, records| {
            near.receive_relayed(now, records);
            records.clear();
        });
    }

    fn send_batch(&mut self, batch: &TransmitBatch) {
        let bytes = batch.transmits().iter().map(|transmit| transmit.length).sum();
        self.largest_batch = self.largest_batch.max(bytes);
        for transmit in batch.transmits() {
            self.sends += 1;
            let bytes = batch.bytes(transmit);
            assert!(
                bytes.len() <= 65_000 && transmit.datagrams() <= 64,
                "fits one GSO send"
            );
            for datagram in bytes.chunks(transmit.segment) {
                self.datagrams_out += 1;
                let found = self
                    .peers
                    .iter()
                    .position(|peer| peer.address == transmit.path.remote);
                let Some(peer) = found else {
                    self.astray.push((transmit.path, datagram.to_vec()));
                    continue;
                };
                self.peers[peer].wire_bytes += datagram.len() as u64 + 28;
                let link = self.peers[peer].down;
                let Some(waits) = link.queue(self.now.0, &mut self.peers[peer].free_at, datagram.len())
                else {
                    continue;
                };
                self.peers[peer].waits.push((self.now, waits));
                for delay in link.copies(&mut self.random) {
                    self.fly(delay + waits, Some(peer), peer, datagram);
                }
            }
        }
    }

    /// Gives the worker of all peers but the first what another one might have passed on.
    pub fn pass_on(&mut self, records: &[u8]) {
        let now = self.now;
        self.worker(1).receive_relayed(now, records);
        self.poll();
    }

    /// Takes the events so far.
    pub fn take_events(&mut self) -> Vec<Event> {
        self.events.drain(..).map(|(_, event)| event).collect()
    }

    pub fn counters(&self) -> polyana_core::Counters {
        self.statistics().counters
    }

    pub fn statistics(&self) -> polyana_core::Statistics {
        let mut statistics = polyana_core::Statistics::default();
        self.core.statistics(&mut statistics);
        if let Some(far) = &self.far {
            let mut there = polyana_core::Statistics::default();
            far.statistics(&mut there);
            statistics.counters += there.counters;
            statistics.transports.append(&mut there.transports);
            statistics.receivers.append(&mut there.receivers);
            statistics.senders.append(&mut there.senders);
        }
        statistics
    }
}

fn encode_address(address: SocketAddr) -> [u8; 6] {
    let SocketAddr::V4(address) = address else {
        panic!("tests use IPv4")
    };
    let [a, b, c, d] = address.ip().octets();
    let [high, low] = address.port().to_be_bytes();
    [a, b, c, d, high, low]
}

fn decode_address(bytes: &[u8]) -> SocketAddr {
    SocketAddr::from((
        [bytes[0], bytes[1], bytes[2], bytes[3]],
        u16::from_be_bytes([bytes[4], bytes[5]]),
    ))
}

/// One encoding, its SSRCs told, with all extensions.
pub fn receiver_parameters(source: &Source) -> ReceiverParameters {
    ReceiverParameters {
        kind: if source.is_video() {
            MediaKind::Video
        } else {
            MediaKind::Audio
        },
        mid: if source.is_video() { "v" } else { "a" }.into(),
        codecs: codecs(source),
        encodings: vec![Encoding {
            rid: None,
            ssrc: Some(source.ssrc),
            rtx_ssrc: source.rtx_payload_type.map(|_| source.rtx_ssrc),
        }],
        extensions: vec![
            (uri::MID.into(), id::MID),
            (uri::RID.into(), id::RID),
            (uri::REPAIRED_RID.into(), id::REPAIRED_RID),
            (uri::AUDIO_LEVEL.into(), id::AUDIO_LEVEL),
            (uri::TRANSPORT.into(), id::TRANSPORT),
            (uri::SEND_TIME.into(), id::SEND_TIME),
            (uri::ORIENTATION.into(), id::ORIENTATION),
        ],
        nack: true,
    }
}

fn codecs(source: &Source) -> Vec<CodecParameters> {
    let clock_rate = source.clock_rate;
    let mime_type = match source.codec {
        Codec::Vp8 { .. } => "video/VP8",
        Codec::H264 => "video/H264",
        Codec::Opus { .. } => "audio/opus",
    };
    let media = CodecParameters {
        payload_type: source.payload_type,
        mime_type: mime_type.into(),
        clock_rate,
        rtx_payload_type: source.rtx_payload_type,
    };
    let red = source.red.map(|(payload_type, _)| CodecParameters {
        payload_type,
        mime_type: "audio/red".into(),
        clock_rate,
        rtx_payload_type: None,
    });
    red.into_iter().chain([media]).collect()
}

/// Payload types 96 -> 120 with RTX 121 and 111 -> 63.
pub fn sender_parameters(receiver: ReceiverId, ssrc: u32) -> SenderParameters {
    SenderParameters {
        receiver,
        mid: "7".into(),
        ssrc,
        rtx_ssrc: Some(ssrc + 1),
        cname: "publisher".into(),
        payload_types: vec![mapping(96, 120, Some(121)), mapping(111, 63, None)],
        extensions: vec![
            (uri::MID.into(), id::OUT_MID),
            (uri::AUDIO_LEVEL.into(), id::OUT_AUDIO_LEVEL),
            (uri::TRANSPORT.into(), id::OUT_TRANSPORT),
            (uri::SEND_TIME.into(), id::OUT_SEND_TIME),
            (uri::ORIENTATION.into(), id::OUT_ORIENTATION),
            (uri::DESCRIPTOR.into(), id::OUT_DESCRIPTOR),
        ],
    }
}

pub fn mapping(incoming: u8, outgoing: u8, outgoing_rtx: Option<u8>) -> PayloadTypeMapping {
    PayloadTypeMapping {
        incoming,
        outgoing,
        outgoing_rtx,
        unwrap_red: false,
    }
}

pub fn transport_of(network: &Network, peer: usize) -> TransportId {
    network.peers[peer].transport
}
