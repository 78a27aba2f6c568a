//! Snapshots as frozen Python objects.

use polyana_io::core::Counters;
use polyana_io::{ShellCounters, WorkerStatistics as Snapshot};
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyDict, PyList};
use std::collections::BTreeMap;

/// Declares a frozen class with read-only fields.
macro_rules! record {
    ($name:ident { $($field:ident : $kind:ty),* $(,)? }) => {
        #[pyclass(frozen, from_py_object, module = "mediaserver._dataplane")]
        #[derive(Clone, Debug)]
        pub(crate) struct $name { $(#[pyo3(get)] $field: $kind),* }

        #[pymethods]
        impl $name {
            fn __repr__(&self) -> String {
                format!("{self:?}")
            }
        }
    };
}

record!(TransportStatistics {
    transport: u64,
    bytes_in: u64,
    bytes_out: u64,
    wire_bytes_out: u64,
    rtt_us: Option<u64>,
    feedback_arrived: u64,
    feedback_lost: u64,
    jitter_us: u32,
    keyframe_requests: u64,
});
record!(ReceiverStatistics {
    receiver: u64,
    packets: u64,
    bytes: u64,
    lost: u64,
    jitter_us: u32,
    frames: u64,
    live_encodings: u8,
});
record!(SenderStatistics {
    sender: u64,
    packets: u64,
    bytes: u64,
    retransmitted: u64,
    fraction_lost: f32,
    encoding: Option<u8>,
});
/// Its lists are made once: several readers look at each snapshot, and a big room has thousands of entries.
#[pyclass(frozen, module = "mediaserver._dataplane")]
#[derive(Debug)]
pub(crate) struct WorkerStatistics {
    #[pyo3(get)]
    worker: usize,
    #[pyo3(get)]
    counters: Py<PyDict>,
    #[pyo3(get)]
    cpu_us: u64,
    #[pyo3(get)]
    forward_latency: Py<PyList>,
    #[pyo3(get)]
    forward_latency_sum_us: u64,
    #[pyo3(get)]
    transports: Py<PyList>,
    #[pyo3(get)]
    receivers: Py<PyList>,
    #[pyo3(get)]
    senders: Py<PyList>,
}

#[pymethods]
impl WorkerStatistics {
    fn __repr__(&self) -> String {
        format!("{self:?}")
    }
}

/// Names the fields of a counter struct; a new field that is not listed here fails to compile.
macro_rules! entries {
    ($counters:expr, $kind:ident { $($field:ident),* $(,)? }) => {{
        let $kind { $($field),* } = $counters;
        [$((stringify!($field), $field)),*]
    }};
}

fn counters(core: Counters, shell: ShellCounters) -> BTreeMap<&'static str, u64> {
    let core = entries!(
        core,
        Counters {
            datagrams_in,
            rtp_packets_in,
            rtp_bytes_in,
            rtp_packets_out,
            rtp_bytes_out,
            rtcp_packets_in,
            rtcp_packets_out,
            nacks_in,
            nacks_out,
            plis_in,
            plis_out,
            retransmitted_in,
            retransmitted_out,
            retransmissions_awaited,
            retransmission_misses,
            padding_packets_out,
            duplicates_in,
            red_recovered,
            dropped_disabled,
            dropped_quiet,
            dropped_over_limit,
            dropped_dtls,
            stun_requests,
            error_stun_malformed,
            error_stun_unauthenticated,
            error_unknown_peer,
            error_unclassified,
            error_rtp_malformed,
            error_rtp_unknown_stream,
            error_rtcp_malformed,
            error_srtp_authentication,
            error_srtp_replayed,
            error_no_keys,
        }
    );
    let shell = entries!(
        shell,
        ShellCounters {
            receive_calls,
            send_calls,
            datagrams_out,
            send_dropped,
            send_errors,
            receive_errors,
            handed_over,
            error_unknown_peer,
            tcp_connections,
            tcp_refused,
            tcp_dropped,
            dropped_dtls_events,
        }
    );
    let mut all = BTreeMap::new();
    for (name, value) in core.into_iter().chain(shell) {
        *all.entry(name).or_default() += value;
    }
    all
}

impl WorkerStatistics {
    pub(crate) fn new(py: Python<'_>, snapshot: Snapshot) -> PyResult<Self> {
        let core = snapshot.core;
        Ok(Self {
            worker: snapshot.worker,
            counters: counters(core.counters, snapshot.shell).into_py_dict(py)?.unbind(),
            cpu_us: snapshot.cpu_us,
            forward_latency: PyList::new(py, snapshot.forward_latency.cumulative())?.unbind(),
            forward_latency_sum_us: snapshot.forward_latency.sum_us,
            transports: list(py, core.transports.into_iter().map(TransportStatistics::from))?,
            receivers: list(py, core.receivers.into_iter().map(ReceiverStatistics::from))?,
            senders: list(py, core.senders.into_iter().map(SenderStatistics::from))?,
        })
    }
}

fn list<'py, T: IntoPyObject<'py>>(
    py: Python<'py>,
    found: impl ExactSizeIterator<Item = T>,
) -> PyResult<Py<PyList>> {
    Ok(PyList::new(py, found)?.unbind())
}

impl From<polyana_io::core::TransportStatistics> for TransportStatistics {
    fn from(from: polyana_io::core::TransportStatistics) -> Self {
        Self {
            transport: from.transport,
            bytes_in: from.bytes_in,
            bytes_out: from.bytes_out,
            wire_bytes_out: from.wire_bytes_out,
            rtt_us: from.rtt_us,
            feedback_arrived: from.feedback_arrived,
            feedback_lost: from.feedback_lost,
            jitter_us: from.jitter_us,
            keyframe_requests: from.keyframe_requests,
        }
    }
}

impl From<polyana_io::core::ReceiverStatistics> for ReceiverStatistics {
    fn from(from: polyana_io::core::ReceiverStatistics) -> Self {
        Self {
            receiver: from.receiver,
            packets: from.packets,
            bytes: from.bytes,
            lost: from.lost,
            jitter_us: from.jitter_us,
            frames: from.frames,
            live_encodings: from.live_encodings,
        }
    }
}

impl From<polyana_io::core::SenderStatistics> for SenderStatistics {
    fn from(from: polyana_io::core::SenderStatistics) -> Self {
        Self {
            sender: from.sender,
            packets: from.packets,
            bytes: from.bytes,
            retransmitted: from.retransmitted,
            fraction_lost: from.fraction_lost,
            encoding: from.encoding,
        }
    }
}
