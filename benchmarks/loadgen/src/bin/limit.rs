//! The bare loop: what one core of this machine can do at most, without any SFU logic.
//!
//! For each burst: for each receiver copy, seal with AES-128-GCM and send with one segmented send on a connected socket.
//! It works under the conditions of a measured server: bursts come at the shape's pace, so that caches and clocks cool
//! down in between, and receivers are drained on another core, as the generator drains its own (what is delivered costs
//! the sender more than what is dropped at a full socket). A pace of 0 sends as fast as it can.
//! Prints microseconds of CPU of the sending thread for each outgoing packet as JSON.
//! With more than one group, each burst goes to the receivers of the next one, as in rooms.
//! Usage: limit RECEIVERS GROUPS BURST PACKET_BYTES SECONDS BURSTS_PER_SECOND DRAIN_CORE

use polyana_wire::srtp::{Profile, Sender};
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

#[path = "../net.rs"]
#[allow(dead_code)]
mod net;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [receivers, groups, burst, bytes, seconds, pace, core] = arguments.as_slice() else {
        return Err(
            "usage: limit RECEIVERS GROUPS BURST PACKET_BYTES SECONDS BURSTS_PER_SECOND DRAIN_CORE".into(),
        );
    };
    let (receivers, groups): (usize, usize) = (receivers.parse()?, groups.parse()?);
    let (burst, bytes): (usize, usize) = (burst.parse()?, bytes.parse()?);
    let duration = Duration::from_secs_f64(seconds.parse()?);
    let pace: f64 = pace.parse()?;
    let interval = (pace > 0.0).then(|| Duration::from_secs_f64(1.0 / pace));

    let mut sinks = Vec::new();
    let mut peers = Vec::new();
    for _ in 0..receivers * groups {
        let sink = UdpSocket::bind("127.0.0.1:0")?;
        net::prepare_receiver(sink.as_raw_fd())?;
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(sink.local_addr()?)?;
        sinks.push(sink);
        peers.push((socket, Sender::new(Profile::AeadAes128Gcm, &[7; 16], &[9; 12])?));
    }
    let drain = Drain::start(sinks, core.parse()?);
    let slot = bytes + 16;
    let plain: Vec<u8> = rtp_packet(bytes)?;
    let mut buffer = vec![0u8; slot * burst];
    let (start, cpu) = (Instant::now(), thread_cpu());
    let (mut index, mut packets, mut bursts) = (65_536u64, 0u64, 0u32);
    while start.elapsed() < duration {
        let group = receivers * (bursts as usize % groups);
        for (socket, sender) in &peers[group..group + receivers] {
            for number in 0..burst {
                let packet = &mut buffer[slot * number..][..slot];
                packet[..bytes].copy_from_slice(&plain);
                let sequence = index + number as u64;
                packet[2..4].copy_from_slice(&(sequence as u16).to_be_bytes());
                sender.protect_rtp(sequence, 1, 12, packet, bytes)?;
            }
            net::send_segments(socket.as_raw_fd(), &buffer, slot)?;
            packets += burst as u64;
        }
        index += burst as u64;
        bursts += 1;
        if let Some(interval) = interval {
            std::thread::sleep((interval * bursts).saturating_sub(start.elapsed()));
        }
    }
    let used = thread_cpu().saturating_sub(cpu);
    let arrived = drain.stop();
    println!(
        "{{\"us_per_packet\": {:.4}, \"packets\": {packets}, \"loss\": {:.5}}}",
        used.as_secs_f64() * 1e6 / packets as f64,
        1.0 - arrived as f64 / packets as f64
    );
    Ok(())
}

/// Reads what arrives, on a core of its own.
struct Drain {
    done: Arc<AtomicBool>,
    arrived: Arc<AtomicU64>,
    thread: std::thread::JoinHandle<()>,
}

impl Drain {
    fn start(sinks: Vec<UdpSocket>, core: usize) -> Self {
        let (done, arrived) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stop, count) = (Arc::clone(&done), Arc::clone(&arrived));
        let thread = std::thread::spawn(move || {
            pin_thread(core).expect("the core exists");
            drain(&sinks, &stop, &count).expect("sockets of our own can be read");
        });
        Self {
            done,
            arrived,
            thread,
        }
    }

    /// How many datagrams came.
    fn stop(self) -> u64 {
        std::thread::sleep(Duration::from_millis(200));
        self.done.store(true, Ordering::Relaxed);
        let _ = self.thread.join(); // its panic has been reported
        self.arrived.load(Ordering::Relaxed)
    }
}

fn drain(sinks: &[UdpSocket], done: &AtomicBool, arrived: &AtomicU64) -> std::io::Result<()> {
    let poller = net::Poller::new()?;
    for (number, sink) in sinks.iter().enumerate() {
        poller.add(sink.as_raw_fd(), number as u64)?;
    }
    let (mut arena, mut ready) = (net::ReceiveArena::new(), Vec::new());
    while !done.load(Ordering::Relaxed) {
        std::thread::sleep(net::READ_INTERVAL);
        poller.wait(Duration::ZERO, &mut ready)?;
        for &number in &ready {
            let count = arena.receive(sinks[number as usize].as_raw_fd())?;
            arrived.fetch_add(count as u64, Ordering::Relaxed);
        }
    }
    Ok(())
}

/// CPU time of this thread.
fn thread_cpu() -> Duration {
    net::cpu(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// This thread runs on one core from now on.
fn pin_thread(core: usize) -> std::io::Result<()> {
    // SAFETY: all-zero is an empty set; the set lives through the call.
    let result = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(core, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set)
    };
    if result < 0 {
        Err(std::io::Error::last_os_error())
    } else {
        Ok(())
    }
}

fn rtp_packet(bytes: usize) -> Result<Vec<u8>, polyana_wire::Error> {
    let mut packet = vec![0x5a; bytes];
    polyana_wire::rtp::write_header(&mut packet, false, 96, 0, 0, 1, &[])?;
    Ok(packet)
}
