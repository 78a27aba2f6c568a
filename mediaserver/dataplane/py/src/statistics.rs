//! Snapshots as frozen Python objects.

use polyana_io::core::{self, Counters};
use polyana_io::{ShellCounters, WorkerStatistics as Snapshot};
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyBytes, PyDict, PyList};
use std::collections::BTreeMap;

/// Declares the rows of a table: each field is a number of eight bytes, little-endian, the first one is the id.
/// Python gets the names and types as NumPy reads them, so that both sides cannot differ.
macro_rules! rows {
    ($fields:ident, $row:ident($from:ident: $kind:ty) { $($field:ident: $code:literal = $value:expr),* $(,)? }) => {
        pub(crate) const $fields: &[(&str, &str)] = &[$((stringify!($field), $code)),*];

        fn $row($from: &$kind) -> [[u8; 8]; $fields.len()] {
            [$($value.to_le_bytes()),*]
        }
    };
}

rows!(TRANSPORT_FIELDS, transport(from: core::TransportStatistics) {
    transport: "<i8" = from.transport,
    bytes_in: "<i8" = from.bytes_in,
    bytes_out: "<i8" = from.bytes_out,
    wire_bytes_out: "<i8" = from.wire_bytes_out,
    rtt_us: "<i8" = from.rtt_us.map_or(-1, u64::cast_signed),
    feedback_arrived: "<i8" = from.feedback_arrived,
    feedback_lost: "<i8" = from.feedback_lost,
    jitter_us: "<i8" = u64::from(from.jitter_us),
    keyframe_requests: "<i8" = from.keyframe_requests,
});
rows!(RECEIVER_FIELDS, receiver(from: core::ReceiverStatistics) {
    receiver: "<i8" = from.receiver,
    packets: "<i8" = from.packets,
    bytes: "<i8" = from.bytes,
    lost: "<i8" = from.lost,
    jitter_us: "<i8" = u64::from(from.jitter_us),
    frames: "<i8" = from.frames,
    live_encodings: "<i8" = u64::from(from.live_encodings),
});
rows!(SENDER_FIELDS, sender(from: core::SenderStatistics) {
    sender: "<i8" = from.sender,
    packets: "<i8" = from.packets,
    bytes: "<i8" = from.bytes,
    retransmitted: "<i8" = from.retransmitted,
    fraction_lost: "<f8" = f64::from(from.fraction_lost),
    encoding: "<i8" = from.encoding.map_or(-1, i64::from),
});

/// Its tables are bytes: a big room has thousands of rows, which nobody wants as objects.
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
    transports: Py<PyBytes>,
    #[pyo3(get)]
    receivers: Py<PyBytes>,
    #[pyo3(get)]
    senders: Py<PyBytes>,
}

#[pymethods]
impl WorkerStatistics {
    fn __repr__(&self) -> String {
        format!("{self:?}")
    }
}

/// Names the fields of a counter struct; a new field that is not listed here fails to compile.
fn counters(core: Counters, shell: ShellCounters) -> BTreeMap<&'static str, u64> {
    let mut all = BTreeMap::new();
    for (name, value) in core.entries().chain(shell.entries()) {
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
            transports: table(py, core.transports, |found| found.transport, transport)?,
            receivers: table(py, core.receivers, |found| found.receiver, receiver)?,
            senders: table(py, core.senders, |found| found.sender, sender)?,
        })
    }
}

/// In order of the ids.
fn table<T, const N: usize>(
    py: Python<'_>,
    mut found: Vec<T>,
    id: impl Fn(&T) -> u64,
    row: impl Fn(&T) -> [[u8; 8]; N],
) -> PyResult<Py<PyBytes>> {
    found.sort_unstable_by_key(id);
    let written = PyBytes::new_with(py, found.len() * N * 8, |bytes| {
        for (one, place) in found.iter().zip(bytes.as_chunks_mut::<8>().0.chunks_mut(N)) {
            place.copy_from_slice(&row(one));
        }
        Ok(())
    })?;
    Ok(written.unbind())
}
