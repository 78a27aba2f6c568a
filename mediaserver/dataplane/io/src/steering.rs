//! Which socket of a port gets a datagram: the kernel asks a small filter (`SO_ATTACH_REUSEPORT_CBPF`, socket(7)).
//!
//! RTCP goes to sockets of its own. Nothing of it is urgent to the millisecond, and receivers of video send feedback twenty
//! times a second each: read with the media, every one of them would wake the worker.

use crate::udp::{UdpSocket, set_option};
use std::io;

/// Sockets of each worker on a port, in the order in which they are bound.
pub(crate) const SOCKETS: usize = 2;

/// Offset of the network header for loads (filter.h: SKF_NET_OFF).
const NETWORK: u32 = libc::SKF_NET_OFF.cast_unsigned();
/// The source port behind a header without options, which UDP is hardly ever sent with.
const PORT_BEHIND_IPV4: u32 = NETWORK + 20;
const PORT_BEHIND_IPV6: u32 = NETWORK + 40;

/// Sends what comes to the port of `socket` to its `workers * SOCKETS` sockets. Without it the kernel chooses by addresses.
pub(crate) fn steer(socket: &UdpSocket, workers: usize) -> io::Result<()> {
    let mut code = program(workers as u32);
    let filter = libc::sock_fprog {
        len: code.len() as u16,
        filter: code.as_mut_ptr(),
    };
    set_option(socket, libc::SOL_SOCKET, libc::SO_ATTACH_REUSEPORT_CBPF, filter)
}

/// The number of the socket: that of the worker by the peer's port, then media (0) or RTCP (1; RFC 5761, section 4). A
/// datagram that is too short for a load ends the program with 0.
fn program(workers: u32) -> Vec<libc::sock_filter> {
    use libc::{
        BPF_A, BPF_ABS, BPF_ADD, BPF_ALU, BPF_B, BPF_H, BPF_IMM, BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JMP, BPF_K,
        BPF_LD, BPF_LDX, BPF_MEM, BPF_MOD, BPF_MUL, BPF_RET, BPF_RSH, BPF_ST, BPF_X,
    };
    let step = |code: u32, k: u32| libc::sock_filter {
        code: code as u16,
        jt: 0,
        jf: 0,
        k,
    };
    let jump = |condition: u32, k: u32, jt: u8, jf: u8| libc::sock_filter {
        code: (BPF_JMP | condition | BPF_K) as u16,
        jt,
        jf,
        k,
    };
    vec![
        step(BPF_LD | BPF_IMM, 0),
        step(BPF_ST, 0), // M[0]: RTCP or not
        step(BPF_LD | BPF_B | BPF_ABS, 0),
        jump(BPF_JGE, 128, 0, 6),
        jump(BPF_JGT, 191, 5, 0),
        step(BPF_LD | BPF_B | BPF_ABS, 1),
        jump(BPF_JGE, 192, 0, 3),
        jump(BPF_JGT, 223, 2, 0),
        step(BPF_LD | BPF_IMM, 1),
        step(BPF_ST, 0),
        step(BPF_LD | BPF_B | BPF_ABS, NETWORK),
        step(BPF_ALU | BPF_RSH | BPF_K, 4), // version of IP
        jump(BPF_JEQ, 6, 2, 0),
        step(BPF_LD | BPF_H | BPF_ABS, PORT_BEHIND_IPV4),
        jump(BPF_JGE, 0, 1, 0),
        step(BPF_LD | BPF_H | BPF_ABS, PORT_BEHIND_IPV6),
        step(BPF_ALU | BPF_MOD | BPF_K, workers),
        step(BPF_ALU | BPF_MUL | BPF_K, SOCKETS as u32),
        step(BPF_LDX | BPF_MEM, 0),
        step(BPF_ALU | BPF_ADD | BPF_X, 0),
        step(BPF_RET | BPF_A, 0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket as Plain;

    const RTP: [u8; 12] = [0x80, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const FEEDBACK: [u8; 12] = [0x8f, 205, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0];

    /// Which of the sockets has something to read.
    fn arrived(sockets: &[UdpSocket]) -> Vec<usize> {
        let mut fds: Vec<_> = sockets
            .iter()
            .map(|socket| rustix::event::PollFd::new(socket, rustix::event::PollFlags::IN))
            .collect();
        let timeout = rustix::event::Timespec {
            tv_sec: 5,
            tv_nsec: 0,
        };
        rustix::event::poll(&mut fds, Some(&timeout)).expect("poll");
        let ready = |fd: &rustix::event::PollFd<'_>| fd.revents().contains(rustix::event::PollFlags::IN);
        (0..fds.len()).filter(|&index| ready(&fds[index])).collect()
    }

    /// The socket that gets a datagram of a peer, and the peer's port.
    fn receiver_of(host: &str, workers: usize, datagram: &[u8]) -> (usize, u16) {
        let first = UdpSocket::bind(format!("{host}:0").parse().expect("address")).expect("bind");
        let address = first.local();
        let mut sockets = vec![first];
        for _ in 1..workers * SOCKETS {
            sockets.push(UdpSocket::bind(address).expect("bind"));
        }
        steer(&sockets[0], workers).expect("filter");
        let peer = Plain::bind(format!("{host}:0")).expect("bind");
        peer.send_to(datagram, address).expect("send");
        let arrived = arrived(&sockets);
        assert_eq!(arrived.len(), 1, "{arrived:?}");
        (arrived[0], peer.local_addr().expect("address").port())
    }

    #[test]
    fn rtcp_has_sockets_of_its_own() {
        for host in ["127.0.0.1", "[::1]"] {
            for workers in [1, 3] {
                for (datagram, offset) in [(&RTP[..], 0), (&FEEDBACK, 1), (&[0, 1], 0), (&[22; 20], 0)] {
                    let (socket, port) = receiver_of(host, workers, datagram);
                    assert_eq!(
                        socket,
                        usize::from(port) % workers * SOCKETS + offset,
                        "{host} {datagram:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_shortest_datagrams_arrive_too() {
        for datagram in [&[][..], &[0x8f]] {
            assert_eq!(receiver_of("127.0.0.1", 2, datagram).0, 0);
        }
    }
}
