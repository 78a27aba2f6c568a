//! Small things that all programs here need.

/// CPU seconds of these processes together, user and system, all threads.
pub fn cpu_seconds(pids: &[u32]) -> f64 {
    pids.iter()
        .map(|&pid| crate::net::cpu_of(pid).as_secs_f64())
        .sum()
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
