//! Events as frozen Python objects.

use crate::statistics::WorkerStatistics;
use polyana_io::core::{Event, Path};
use polyana_io::{ShellEvent, protocol_name};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Declares a frozen class with read-only fields, `__match_args__` and a `__repr__`.
macro_rules! event {
    ($name:ident { $($field:ident : $kind:ty),* }) => {
        #[pyclass(frozen, module = "mediaserver._dataplane")]
        #[derive(Debug)]
        pub(crate) struct $name { $(#[pyo3(get)] $field: $kind),* }

        #[pymethods]
        impl $name {
            fn __repr__(&self) -> String {
                format!("{self:?}")
            }

            #[classattr]
            fn __match_args__() -> ($(event!(@text $field),)*) {
                ($(stringify!($field),)*)
            }
        }
    };
    (@text $field:ident) => { &'static str };
}

event!(IceSelected { transport: u64, protocol: &'static str, local: String, remote: String });
event!(IceDisconnected { transport: u64 });
event!(ChunkPlayed {
    transport: u64,
    media_us: u64
});
event!(DtlsReceived { transport: u64, datagram: Py<PyBytes> });
event!(EncodingStarted {
    receiver: u64,
    encoding: u8,
    ssrc: u32
});
event!(EncodingStopped {
    receiver: u64,
    encoding: u8
});
event!(AudioLevels {
    worker: usize,
    levels: Vec<(u64, f32)>
});
event!(SenderEncodingChanged { sender: u64, encoding: Option<u8> });
event!(BandwidthEstimated {
    transport: u64,
    bits_per_second: u64
});
event!(LayerBitrates { layers: Vec<(u64, u8, u8, u64)> });
event!(Tapped {
    tap: u64,
    records: Py<PyBytes>,
    packets: u32,
    lost: u64,
    dropped: u64,
    ended: bool
});
event!(CommandFailed { reason: String });
event!(WorkerFailed {
    worker: usize,
    reason: String
});

fn object<'py, T>(py: Python<'py>, value: T) -> PyResult<Bound<'py, PyAny>>
where
    T: Into<PyClassInitializer<T>> + pyo3::PyClass,
{
    Ok(Bound::new(py, value)?.into_any())
}

pub(crate) fn to_python(py: Python<'_>, event: ShellEvent) -> PyResult<Bound<'_, PyAny>> {
    match event {
        ShellEvent::WorkerFailed { worker, reason } => object(py, WorkerFailed { worker, reason }),
        ShellEvent::Core(worker, event) => core_to_python(py, worker, event),
        ShellEvent::Statistics(found) => object(py, WorkerStatistics::new(py, *found)?),
    }
}

fn core_to_python(py: Python<'_>, worker: usize, event: Event) -> PyResult<Bound<'_, PyAny>> {
    match event {
        Event::IceSelected {
            transport,
            path:
                Path {
                    protocol,
                    local,
                    remote,
                },
        } => {
            let (local, remote) = (local.to_string(), remote.to_string());
            object(
                py,
                IceSelected {
                    transport,
                    protocol: protocol_name(protocol),
                    local,
                    remote,
                },
            )
        }
        Event::ChunkPlayed { transport, media_us } => object(py, ChunkPlayed { transport, media_us }),
        Event::IceDisconnected { transport } => object(py, IceDisconnected { transport }),
        Event::DtlsReceived { transport, datagram } => {
            let datagram = PyBytes::new(py, &datagram).unbind();
            object(py, DtlsReceived { transport, datagram })
        }
        Event::EncodingStarted {
            receiver,
            encoding,
            ssrc,
        } => object(
            py,
            EncodingStarted {
                receiver,
                encoding,
                ssrc,
            },
        ),
        Event::EncodingStopped { receiver, encoding } => object(py, EncodingStopped { receiver, encoding }),
        Event::AudioLevels { levels } => object(py, AudioLevels { worker, levels }),
        Event::SenderEncodingChanged { sender, encoding } => {
            object(py, SenderEncodingChanged { sender, encoding })
        }
        Event::BandwidthEstimated {
            transport,
            bits_per_second,
        } => object(
            py,
            BandwidthEstimated {
                transport,
                bits_per_second,
            },
        ),
        Event::LayerBitrates { layers } => {
            let layers = layers
                .iter()
                .map(|layer| {
                    (
                        layer.receiver,
                        layer.spatial,
                        layer.temporal,
                        layer.bits_per_second,
                    )
                })
                .collect();
            object(py, LayerBitrates { layers })
        }
        Event::Tapped {
            tap,
            records,
            packets,
            lost,
            dropped,
            ended,
        } => {
            let records = PyBytes::new(py, &records).unbind();
            object(
                py,
                Tapped {
                    tap,
                    records,
                    packets,
                    lost,
                    dropped,
                    ended,
                },
            )
        }
        Event::CommandFailed { reason } => object(py, CommandFailed { reason }),
    }
}
