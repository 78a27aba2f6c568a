//! The bare loop: what one core of this machine can do at most, without any SFU logic.
//!
//! For each burst: open the publisher's packets once, then for each receiver copy, seal with AES-128-GCM and send with
//! one segmented send on a connected socket. Prints microseconds of CPU for each outgoing packet as JSON.
//! Usage: limit RECEIVERS BURST PACKET_BYTES SECONDS

use polyana_wire::srtp::{Profile, Sender};
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

#[path = "../net.rs"]
#[allow(dead_code)]
mod net;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [receivers, burst, bytes, seconds] = arguments.as_slice() else {
        return Err("usage: limit RECEIVERS BURST PACKET_BYTES SECONDS".into());
    };
    let (receivers, burst, bytes): (usize, usize, usize) =
        (receivers.parse()?, burst.parse()?, bytes.parse()?);
    let duration = Duration::from_secs_f64(seconds.parse()?);

    // Tiny receive buffers: what arrives is dropped in the kernel at once, as a device frees it.
    let sinks = (0..receivers)
        .map(|_| tiny_sink())
        .collect::<Result<Vec<_>, _>>()?;
    let mut peers = Vec::new();
    for sink in &sinks {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(sink.local_addr()?)?;
        peers.push((socket, Sender::new(Profile::AeadAes128Gcm, &[7; 16], &[9; 12])?));
    }
    let slot = bytes + 16;
    let plain: Vec<u8> = rtp_packet(bytes)?;
    let mut buffer = vec![0u8; slot * burst];
    let (start, cpu) = (Instant::now(), net::process_cpu());
    let (mut index, mut packets) = (65_536u64, 0u64);
    while start.elapsed() < duration {
        for (socket, sender) in &peers {
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
    }
    let used = net::process_cpu().saturating_sub(cpu);
    println!(
        "{{\"us_per_packet\": {:.4}, \"packets\": {packets}}}",
        used.as_secs_f64() * 1e6 / packets as f64
    );
    Ok(())
}

fn tiny_sink() -> std::io::Result<UdpSocket> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let size: libc::c_int = 1;
    // SAFETY: `size` lives through the call and its length is given.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_RCVBUF,
            (&raw const size).cast(),
            size_of::<libc::c_int>() as u32,
        )
    };
    if result < 0 {
        Err(std::io::Error::last_os_error())
    } else {
        Ok(socket)
    }
}

fn rtp_packet(bytes: usize) -> Result<Vec<u8>, polyana_wire::Error> {
    let mut packet = vec![0x5a; bytes];
    polyana_wire::rtp::write_header(&mut packet, false, 96, 0, 0, 1, &[])?;
    Ok(packet)
}
