//! What a worker tells about itself.

use polyana_core::Statistics;

/// Upper bounds of the forward latency histogram, microseconds from socket to socket.
pub const FORWARD_LATENCY_BOUNDS_US: [u64; 14] = [
    50, 100, 200, 300, 500, 700, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 1_000_000,
];

polyana_core::counters! {
    /// Counters of the shell since the start.
    ShellCounters {
        receive_calls,
        send_calls,
        datagrams_out,
        /// The socket buffer was full: the network card or the kernel is the bottleneck.
        send_dropped,
        send_errors,
        receive_errors,
        /// Datagrams given to another worker.
        handed_over,
        /// Gatherings of packets that another worker, busy or failed, did not take.
        relay_dropped,
        error_unknown_peer,
        tcp_connections,
        tcp_refused,
        /// Frames for connections that read too slowly.
        tcp_dropped,
        dropped_dtls_events,
    }
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
