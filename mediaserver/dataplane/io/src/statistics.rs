//! What a worker tells about itself.

use polyana_core::Statistics;

/// Upper bounds of the forward latency histogram, microseconds from socket to socket.
pub const FORWARD_LATENCY_BOUNDS_US: [u64; 14] = [
    50, 100, 200, 300, 500, 700, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 1_000_000,
];

/// Counters of the shell since the start.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct ShellCounters {
    pub receive_calls: u64,
    pub send_calls: u64,
    pub datagrams_out: u64,
    /// The socket buffer was full: the network card or the kernel is the bottleneck.
    pub send_dropped: u64,
    pub send_errors: u64,
    pub receive_errors: u64,
    /// Datagrams given to another worker.
    pub handed_over: u64,
    pub error_unknown_peer: u64,
    pub tcp_connections: u64,
    pub tcp_refused: u64,
    /// Frames for connections that read too slowly.
    pub tcp_dropped: u64,
    pub dropped_dtls_events: u64,
}

/// A histogram with the bounds above; the last count is of all beyond.
#[derive(Clone, Debug, Default)]
pub struct LatencyHistogram {
    counts: [u64; FORWARD_LATENCY_BOUNDS_US.len() + 1],
    /// Sum of all values.
    pub sum_us: u64,
}

impl LatencyHistogram {
    pub(crate) fn record(&mut self, value_us: u64, times: u64) {
        let bucket = FORWARD_LATENCY_BOUNDS_US.partition_point(|&bound| bound < value_us);
        self.counts[bucket] += times;
        self.sum_us += value_us * times;
    }

    /// Cumulative counts for each bound, then the total.
    pub fn cumulative(&self) -> Vec<u64> {
        self.counts
            .iter()
            .scan(0, |sum, count| {
                *sum += count;
                Some(*sum)
            })
            .collect()
    }
}

/// A snapshot of one worker.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct WorkerStatistics {
    pub worker: usize,
    pub core: Statistics,
    pub shell: ShellCounters,
    /// CPU time of the thread.
    pub cpu_us: u64,
    pub forward_latency: LatencyHistogram,
}
