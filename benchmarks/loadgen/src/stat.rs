//! Small things that all programs here need.

/// `/proc/PID/stat` as text: the driver parses utime and stime, so that the window is cut here to the millisecond.
pub fn read_cpu(pids: &[u32]) -> Vec<String> {
    let read = |pid| std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    pids.iter().map(read).collect()
}

pub fn unhex(text: &str) -> Result<Vec<u8>, String> {
    (0..text.len())
        .step_by(2)
        .map(|i| {
            text.get(i..i + 2)
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
                .ok_or_else(|| "bad hex".to_owned())
        })
        .collect()
}
