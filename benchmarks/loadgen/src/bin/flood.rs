//! Sends given datagrams to a server at a fixed rate from many sockets and counts what comes back.
//!
//! Reads a JSON plan on standard input: `target`, `sockets`, `per_second`, `seconds`, `server_pids`, `datagrams`
//! (hexadecimal, sent in turn) and optionally `fd`, a connected socket to send from instead of own ones. Every datagram
//! is a send of its own, as strangers' packets do not come in bursts of one flow.

use serde::{Deserialize, Serialize};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};
use std::time::{Duration, Instant};

#[path = "../net.rs"]
#[allow(dead_code)]
mod net;
#[path = "../stat.rs"]
mod stat;

#[derive(Deserialize)]
struct Plan {
    target: SocketAddr,
    sockets: usize,
    per_second: f64,
    seconds: f64,
    server_pids: Vec<u32>,
    datagrams: Vec<String>,
    fd: Option<RawFd>,
}

#[derive(Serialize, Default)]
struct Report {
    sent: u64,
    sent_bytes: u64,
    answers: u64,
    answered_bytes: u64,
    server_cpu_s: f64,
    window_s: f64,
}

/// Datagrams between two looks at the clock and at the answers.
const BATCH: usize = 32;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let plan: Plan = serde_json::from_reader(std::io::stdin())?;
    println!("{}", serde_json::to_string(&run(&plan)?)?);
    Ok(())
}

fn run(plan: &Plan) -> Result<Report, Box<dyn std::error::Error>> {
    let datagrams = plan
        .datagrams
        .iter()
        .map(|text| stat::unhex(text))
        .collect::<Result<Vec<_>, _>>()?;
    let own = (0..if plan.fd.is_some() { 0 } else { plan.sockets })
        .map(|_| socket(plan.target))
        .collect::<Result<Vec<_>, _>>()?;
    let fds: Vec<RawFd> = own.iter().map(AsRawFd::as_raw_fd).chain(plan.fd).collect();
    let mut arena = net::ReceiveArena::new();
    let mut report = Report::default();
    let start = Instant::now();
    let end = start + Duration::from_secs_f64(plan.seconds);
    let before = stat::cpu_seconds(&plan.server_pids);
    while Instant::now() < end {
        let due = (start.elapsed().as_secs_f64() * plan.per_second) as u64;
        if due <= report.sent {
            std::thread::sleep(Duration::from_micros(200));
        }
        for number in report.sent..due.min(report.sent + BATCH as u64) {
            let datagram = &datagrams[number as usize % datagrams.len()];
            net::send_segments(fds[number as usize % fds.len()], datagram, datagram.len())?;
            report.sent += 1;
            report.sent_bytes += datagram.len() as u64;
        }
        let turn = report.sent as usize / BATCH;
        count_answers(&mut arena, fds[turn % fds.len()], &mut report)?;
    }
    report.window_s = start.elapsed().as_secs_f64();
    // What is still in the server's socket costs it time too.
    std::thread::sleep(Duration::from_millis(200));
    report.server_cpu_s = stat::cpu_seconds(&plan.server_pids) - before;
    for &fd in &fds {
        count_answers(&mut arena, fd, &mut report)?;
    }
    Ok(report)
}

fn socket(target: SocketAddr) -> std::io::Result<UdpSocket> {
    let socket = UdpSocket::bind(if target.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })?;
    socket.connect(target)?;
    Ok(socket)
}

fn count_answers(arena: &mut net::ReceiveArena, fd: RawFd, report: &mut Report) -> std::io::Result<()> {
    loop {
        let count = arena.receive(fd)?;
        report.answers += count as u64;
        report.answered_bytes += (0..count)
            .map(|index| arena.datagram(index).len() as u64)
            .sum::<u64>();
        if !arena.full() {
            return Ok(());
        }
    }
}
