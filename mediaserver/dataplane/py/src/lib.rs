//! `mediaserver._dataplane`: the data plane as a Python module. Only conversion; see `mediaserver/_dataplane.pyi`.

mod events;
mod statistics;

use polyana_io::core::{self, Command};
use polyana_io::{FORWARD_LATENCY_BOUNDS_US, NICE, Refused, Settings};
use polyana_wire::srtp::Profile;
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use std::net::SocketAddr;
use std::time::Duration;

/// Names in DTLS order of preference.
const PROFILES: [(&str, Profile); 3] = [
    ("SRTP_AEAD_AES_128_GCM", Profile::AeadAes128Gcm),
    ("SRTP_AEAD_AES_256_GCM", Profile::AeadAes256Gcm),
    ("SRTP_AES128_CM_SHA1_80", Profile::AesCm128HmacSha1_80),
];
const MAX_WORKERS: usize = 256;
const MAX_PAYLOAD_TYPE: u8 = 127;

#[pyclass(frozen, from_py_object, module = "mediaserver._dataplane")]
#[derive(Clone)]
struct CodecParameters(core::CodecParameters);

#[pymethods]
impl CodecParameters {
    #[new]
    #[pyo3(signature = (payload_type, mime_type, clock_rate, rtx_payload_type=None))]
    fn new(
        payload_type: u8,
        mime_type: String,
        clock_rate: u32,
        rtx_payload_type: Option<u8>,
    ) -> PyResult<Self> {
        if payload_type.max(rtx_payload_type.unwrap_or(0)) > MAX_PAYLOAD_TYPE || clock_rate == 0 {
            return Err(PyValueError::new_err(
                "payload types are 0..=127, a clock rate is above 0",
            ));
        }
        Ok(Self(core::CodecParameters {
            payload_type,
            mime_type,
            clock_rate,
            rtx_payload_type,
        }))
    }
}

#[pyclass(frozen, from_py_object, module = "mediaserver._dataplane")]
#[derive(Clone)]
struct Encoding(core::Encoding);

#[pymethods]
impl Encoding {
    #[new]
    #[pyo3(signature = (rid=None, ssrc=None, rtx_ssrc=None))]
    fn new(rid: Option<String>, ssrc: Option<u32>, rtx_ssrc: Option<u32>) -> Self {
        Self(core::Encoding { rid, ssrc, rtx_ssrc })
    }
}

#[pyclass(frozen, from_py_object, module = "mediaserver._dataplane")]
#[derive(Clone)]
struct PayloadTypeMapping(core::PayloadTypeMapping);

#[pymethods]
impl PayloadTypeMapping {
    #[new]
    #[pyo3(signature = (incoming, outgoing, outgoing_rtx=None, *, unwrap_red=false))]
    fn new(incoming: u8, outgoing: u8, outgoing_rtx: Option<u8>, unwrap_red: bool) -> PyResult<Self> {
        if incoming.max(outgoing).max(outgoing_rtx.unwrap_or(0)) > MAX_PAYLOAD_TYPE {
            return Err(PyValueError::new_err("payload types are 0..=127"));
        }
        Ok(Self(core::PayloadTypeMapping {
            incoming,
            outgoing,
            outgoing_rtx,
            unwrap_red,
        }))
    }
}

/// Checked packets of a film, shared by all who play them.
#[pyclass(frozen, module = "mediaserver._dataplane")]
struct Chunk(core::Chunk);

#[pymethods]
impl Chunk {
    #[new]
    fn new(records: &[u8]) -> PyResult<Self> {
        core::Chunk::new(records)
            .map(Self)
            .map_err(|error| PyValueError::new_err(error.to_string()))
    }
}

/// Worker threads with their sockets.
#[pyclass(frozen, module = "mediaserver._dataplane")]
struct DataPlane(polyana_io::DataPlane);

fn addresses(texts: &[String]) -> PyResult<Vec<SocketAddr>> {
    let parse = |text: &String| {
        text.parse()
            .map_err(|_| PyValueError::new_err(format!("not an address: {text}")))
    };
    texts.iter().map(parse).collect()
}

fn refused(refused: Refused) -> PyErr {
    match refused {
        Refused::Invalid(reason) => PyValueError::new_err(reason),
        Refused::Busy => PyOSError::new_err("the worker does not take commands"),
    }
}

#[pymethods]
impl DataPlane {
    #[new]
    #[pyo3(signature = (*, udp_binds, tcp_binds=Vec::new(), workers=1, coalesce_us=500, cache_packets=512,
        consent_timeout_us=15_000_000, keyframe_interval_us=500_000, audio_interval_us=300_000, audio_active_level=35,
        audio_min_percentile=40, loudest_speakers=0, loudest_from=0, max_video_bps=0, seed=None))]
    #[allow(clippy::too_many_arguments)] // keyword arguments of one settings object
    fn new(
        py: Python<'_>,
        udp_binds: Vec<String>,
        tcp_binds: Vec<String>,
        workers: usize,
        coalesce_us: u64,
        cache_packets: usize,
        consent_timeout_us: u64,
        keyframe_interval_us: u64,
        audio_interval_us: u64,
        audio_active_level: u8,
        audio_min_percentile: u8,
        loudest_speakers: usize,
        loudest_from: usize,
        max_video_bps: u64,
        seed: Option<u64>,
    ) -> PyResult<Self> {
        if udp_binds.is_empty() || !(1..=MAX_WORKERS).contains(&workers) {
            return Err(PyValueError::new_err(
                "needs an address to bind and 1..=256 workers",
            ));
        }
        if !(16..=16_384).contains(&cache_packets) || coalesce_us > 20_000 || audio_interval_us < 10_000 {
            return Err(PyValueError::new_err(
                "cache_packets is 16..=16384, coalesce_us at most 20000, audio_interval_us at least 10000",
            ));
        }
        if audio_active_level > 127 || audio_min_percentile > 100 {
            return Err(PyValueError::new_err(
                "audio_active_level is 0..=127, audio_min_percentile 0..=100",
            ));
        }
        let seed = seed.unwrap_or_else(|| {
            use std::hash::{BuildHasher, RandomState};
            RandomState::new().hash_one(std::process::id())
        });
        let settings = Settings {
            udp_binds: addresses(&udp_binds)?,
            tcp_binds: addresses(&tcp_binds)?,
            workers,
            coalesce: Duration::from_micros(coalesce_us),
            core: core::Config {
                cache_packets,
                consent_timeout_us,
                keyframe_interval_us,
                audio_interval_us,
                audio_threshold_dbov: audio_active_level,
                audio_min_percentile,
                loudest_speakers,
                loudest_from,
                max_video_bps,
                seed,
                ..Default::default()
            },
        };
        Ok(Self(py.detach(|| polyana_io::DataPlane::start(&settings))?))
    }

    #[getter]
    fn workers(&self) -> usize {
        self.0.workers()
    }

    #[getter]
    fn udp_addresses(&self) -> Vec<String> {
        self.0.udp_addresses().iter().map(ToString::to_string).collect()
    }

    #[getter]
    fn tcp_addresses(&self) -> Vec<String> {
        self.0.tcp_addresses().iter().map(ToString::to_string).collect()
    }

    fn fileno(&self) -> i32 {
        self.0.event_fd()
    }

    #[pyo3(signature = (limit=256))]
    fn poll_events<'py>(&self, py: Python<'py>, limit: usize) -> PyResult<Vec<Bound<'py, PyAny>>> {
        self.0
            .take_events(limit)
            .into_iter()
            .map(|event| events::to_python(py, event))
            .collect()
    }

    fn statistics(&self, py: Python<'_>) -> PyResult<Vec<statistics::WorkerStatistics>> {
        py.detach(|| self.0.statistics())
            .into_iter()
            .map(|found| statistics::WorkerStatistics::new(py, found))
            .collect()
    }

    fn ask_statistics(&self) -> Vec<usize> {
        self.0.ask_statistics()
    }

    fn close(&self, py: Python<'_>) {
        py.detach(|| self.0.close());
    }

    fn add_transport(&self, transport: u64, worker: usize, ufrag: String, password: String) -> PyResult<()> {
        self.0
            .add_transport(transport, worker, ufrag, password)
            .map_err(refused)
    }

    fn restart_ice(&self, transport: u64, ufrag: String, password: String) -> PyResult<()> {
        self.command(Command::RestartIce {
            transport,
            ufrag,
            password,
        })
    }

    fn remove_transport(&self, transport: u64) -> PyResult<()> {
        self.command(Command::RemoveTransport { transport })
    }

    fn set_srtp_keys(
        &self,
        transport: u64,
        profile: &str,
        receive_key: Vec<u8>,
        receive_salt: Vec<u8>,
        send_key: Vec<u8>,
        send_salt: Vec<u8>,
    ) -> PyResult<()> {
        let Some(&(_, profile)) = PROFILES.iter().find(|(name, _)| *name == profile) else {
            return Err(PyValueError::new_err(format!("unknown SRTP profile {profile}")));
        };
        let fits = [&receive_key, &send_key]
            .iter()
            .all(|key| key.len() == profile.key_length())
            && [&receive_salt, &send_salt]
                .iter()
                .all(|salt| salt.len() == profile.salt_length());
        if !fits {
            return Err(PyValueError::new_err(
                "key or salt length does not fit the profile",
            ));
        }
        let keys = core::SrtpKeys {
            profile,
            receive_key,
            receive_salt,
            send_key,
            send_salt,
        };
        self.command(Command::SetSrtpKeys { transport, keys })
    }

    fn send_dtls(&self, transport: u64, datagram: Vec<u8>) -> PyResult<()> {
        self.command(Command::SendDtls { transport, datagram })
    }

    #[pyo3(signature = (transport, receiver, *, kind, mid, codecs, encodings, extensions, nack))]
    #[allow(clippy::too_many_arguments)] // keyword arguments of one parameters object
    fn set_receiver(
        &self,
        transport: u64,
        receiver: u64,
        kind: &str,
        mid: String,
        codecs: Vec<CodecParameters>,
        encodings: Vec<Encoding>,
        extensions: Vec<(String, u8)>,
        nack: bool,
    ) -> PyResult<()> {
        let kind = match kind {
            "audio" => core::MediaKind::Audio,
            "video" => core::MediaKind::Video,
            other => {
                return Err(PyValueError::new_err(format!(
                    "kind is audio or video, not {other}"
                )));
            }
        };
        let parameters = core::ReceiverParameters {
            kind,
            mid,
            codecs: codecs.into_iter().map(|codec| codec.0).collect(),
            encodings: encodings.into_iter().map(|encoding| encoding.0).collect(),
            extensions,
            nack,
        };
        self.command(Command::SetReceiver {
            transport,
            receiver,
            parameters,
        })
    }

    fn enable_receiver(&self, receiver: u64, enabled: bool) -> PyResult<()> {
        self.command(Command::EnableReceiver { receiver, enabled })
    }

    fn remove_receiver(&self, receiver: u64) -> PyResult<()> {
        self.command(Command::RemoveReceiver { receiver })
    }

    #[pyo3(signature = (transport, sender, *, receiver, mid, ssrc, rtx_ssrc, cname, payload_types, extensions))]
    #[allow(clippy::too_many_arguments)] // as above
    fn set_sender(
        &self,
        transport: u64,
        sender: u64,
        receiver: u64,
        mid: String,
        ssrc: u32,
        rtx_ssrc: Option<u32>,
        cname: String,
        payload_types: Vec<PayloadTypeMapping>,
        extensions: Vec<(String, u8)>,
    ) -> PyResult<()> {
        if cname.len() > 255 {
            return Err(PyValueError::new_err("a CNAME has at most 255 bytes"));
        }
        let parameters = core::SenderParameters {
            receiver,
            mid,
            ssrc,
            rtx_ssrc,
            cname,
            payload_types: payload_types.into_iter().map(|mapping| mapping.0).collect(),
            extensions,
        };
        self.command(Command::SetSender {
            transport,
            sender,
            parameters,
        })
    }

    #[pyo3(signature = (sender, *, enabled, max_spatial=255, max_temporal=255))]
    fn set_sender_target(
        &self,
        sender: u64,
        enabled: bool,
        max_spatial: u8,
        max_temporal: u8,
    ) -> PyResult<()> {
        let target = core::SenderTarget {
            enabled,
            max_spatial,
            max_temporal,
        };
        self.command(Command::SetSenderTarget { sender, target })
    }

    fn remove_sender(&self, sender: u64) -> PyResult<()> {
        self.command(Command::RemoveSender { sender })
    }

    fn set_wanted_bitrate(&self, transport: u64, bits_per_second: u64) -> PyResult<()> {
        self.command(Command::SetWantedBitrate {
            transport,
            bits_per_second,
        })
    }

    fn request_keyframe(&self, receiver: u64) -> PyResult<()> {
        self.command(Command::RequestKeyframe { receiver })
    }

    #[getter]
    fn now_us(&self) -> u64 {
        self.0.now().0
    }

    fn add_tap(&self, tap: u64, receiver: u64) -> PyResult<()> {
        self.command(Command::AddTap { tap, receiver })
    }

    fn remove_tap(&self, tap: u64) -> PyResult<()> {
        self.command(Command::RemoveTap { tap })
    }

    /// `streams`: (receiver, encoding, payload type, clock rate).
    fn set_player(&self, transport: u64, streams: Vec<(u64, u8, u8, u32)>) -> PyResult<()> {
        let streams = streams
            .into_iter()
            .map(
                |(receiver, encoding, payload_type, clock_rate)| core::PlayerStream {
                    receiver,
                    encoding,
                    payload_type,
                    clock_rate,
                },
            )
            .collect();
        self.command(Command::SetPlayer { transport, streams })
    }

    #[pyo3(signature = (transport, chunk, *, media_us, restart=false))]
    fn play_chunk(&self, transport: u64, chunk: &Chunk, media_us: u64, restart: bool) -> PyResult<()> {
        self.command(Command::PlayChunk {
            transport,
            chunk: chunk.0.clone(),
            media_us,
            restart,
        })
    }

    #[pyo3(signature = (transport, chunk, *, media_us))]
    fn replace_chunk(&self, transport: u64, chunk: &Chunk, media_us: u64) -> PyResult<()> {
        self.command(Command::ReplaceChunk {
            transport,
            chunk: chunk.0.clone(),
            media_us,
        })
    }

    #[pyo3(signature = (transport, *, playing))]
    fn set_playing(&self, transport: u64, playing: bool) -> PyResult<()> {
        self.command(Command::SetPlaying { transport, playing })
    }
}

impl DataPlane {
    fn command(&self, command: Command) -> PyResult<()> {
        self.0.command(command).map_err(refused)
    }
}

#[pymodule]
fn _dataplane(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("FORWARD_LATENCY_BOUNDS_US", FORWARD_LATENCY_BOUNDS_US.to_vec())?;
    module.add("NICE", NICE)?;
    module.add("TRANSPORT_FIELDS", statistics::TRANSPORT_FIELDS.to_vec())?;
    module.add("RECEIVER_FIELDS", statistics::RECEIVER_FIELDS.to_vec())?;
    module.add("SENDER_FIELDS", statistics::SENDER_FIELDS.to_vec())?;
    module.add("SRTP_PROFILES", PROFILES.map(|(name, _)| name).to_vec())?;
    module.add_class::<DataPlane>()?;
    module.add_class::<CodecParameters>()?;
    module.add_class::<Encoding>()?;
    module.add_class::<PayloadTypeMapping>()?;
    module.add_class::<Chunk>()?;
    module.add_class::<events::IceSelected>()?;
    module.add_class::<events::IceDisconnected>()?;
    module.add_class::<events::ChunkPlayed>()?;
    module.add_class::<events::DtlsReceived>()?;
    module.add_class::<events::EncodingStarted>()?;
    module.add_class::<events::EncodingStopped>()?;
    module.add_class::<events::AudioLevels>()?;
    module.add_class::<events::SenderEncodingChanged>()?;
    module.add_class::<events::BandwidthEstimated>()?;
    module.add_class::<events::LayerBitrates>()?;
    module.add_class::<events::Tapped>()?;
    module.add_class::<events::CommandFailed>()?;
    module.add_class::<events::WorkerFailed>()?;
    module.add_class::<statistics::WorkerStatistics>()?;
    Ok(())
}
