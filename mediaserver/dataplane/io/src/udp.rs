//! UDP sockets with what a media server needs: many datagrams for each call, and the right source address.
//!
//! Receive: recvmmsg with UDP_GRO, so that a burst from one peer is one read. Send: a message for each [`Transmit`], with
//! UDP_SEGMENT where it holds several datagrams; the kernel splits them (the one big saving of the path). Many messages
//! leave in one sendmmsg.

use polyana_core::{Path, Protocol, Transmit, TransmitBatch};
use socket2::{Domain, SockAddr, SockAddrStorage, Socket, Type};
use std::cell::Cell;
use std::io;
use std::mem::MaybeUninit;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

/// Messages for each recvmmsg.
const BATCH: usize = 32;
/// Messages for each sendmmsg.
pub(crate) const GROUPS: usize = 64;
/// With GRO one message holds up to a whole IP packet's worth of datagrams.
const SLOT: usize = 65_536;
/// A second of a fast uplink may wait while the worker is busy.
const BUFFER_BYTES: usize = 8 << 20;
/// Room for packet info of either family, a segment size and a time.
const CONTROL: usize = 128;

/// Control messages must be aligned like their headers.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Control([u8; CONTROL]);

pub(crate) struct UdpSocket {
    socket: Socket,
    local: SocketAddr,
    wildcard: bool,
    /// False after the kernel or the device has refused segmentation.
    gso: Cell<bool>,
}

/// What became of a send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    Done,
    /// The socket buffer is full.
    Full,
    /// The peer or the path refused; nothing of ours is wrong.
    Failed,
}

impl UdpSocket {
    /// Fails when anybody else has the address, also one that would share it.
    pub fn bind_alone(address: SocketAddr) -> io::Result<Socket> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM.cloexec(), None)?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.bind(&address.into())?;
        Ok(socket)
    }

    /// Binds with SO_REUSEPORT, so that each worker has a socket of its own on the port.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(
            Domain::for_address(address),
            Type::DGRAM.nonblocking().cloexec(),
            None,
        )?;
        socket.set_reuse_port(true)?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
            set_option(&socket, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1)?;
        } else {
            set_option(&socket, libc::IPPROTO_IP, libc::IP_PKTINFO, 1)?;
        }
        grow_buffers(&socket);
        // Old kernels lack it: datagrams then come one by one.
        let _ = set_option(&socket, libc::SOL_UDP, libc::UDP_GRO, 1);
        socket.bind(&address.into())?;
        let local = socket
            .local_addr()?
            .as_socket()
            .ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok(Self {
            wildcard: local.ip().is_unspecified(),
            socket,
            local,
            gso: Cell::new(true),
        })
    }

    /// From now on it is known of each message when it came.
    pub fn note_times(&self) -> io::Result<()> {
        set_option(&self.socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1)
    }

    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// True when datagrams with this local address leave from this socket.
    pub fn serves(&self, local: &SocketAddr) -> bool {
        *local == self.local
            || (self.wildcard && local.is_ipv4() == self.local.is_ipv4() && local.port() == self.local.port())
    }

    /// Sends a group of datagrams from `path.local` to `path.remote`.
    pub fn send(&self, transmit: &Transmit, bytes: &[u8]) -> Sent {
        if transmit.segment < transmit.length {
            if self.gso.get() {
                match self.send_message(&transmit.path, bytes, Some(transmit.segment)) {
                    Err(error) if refuses_segmentation(&error) => self.gso.set(false),
                    result => return outcome(&result),
                }
            }
            let each = bytes
                .chunks(transmit.segment)
                .map(|one| self.send_message(&transmit.path, one, None));
            return each
                .map(|result| outcome(&result))
                .find(|sent| *sent != Sent::Done)
                .unwrap_or(Sent::Done);
        }
        outcome(&self.send_message(&transmit.path, bytes, None))
    }

    /// Sends many groups, all from here, in one call: entering the kernel costs a tenth of sending a burst. Returns how
    /// many have left; the next one could not, and [`Self::send`] tells why.
    pub fn send_many(&self, transmits: &[Transmit], batch: &TransmitBatch) -> usize {
        let mut messages = [const { MaybeUninit::<Message>::uninit() }; GROUPS];
        let mut headers = [const { MaybeUninit::<libc::mmsghdr>::uninit() }; GROUPS];
        let mut count = 0;
        for ((transmit, message), header) in transmits.iter().zip(&mut messages).zip(&mut headers) {
            let segment = (transmit.segment < transmit.length).then_some(transmit.segment);
            if segment.is_some() && !self.gso.get() {
                break;
            }
            let source = self.wildcard.then_some(transmit.path.local.ip());
            let bytes = batch.bytes(transmit);
            let message = message.write(Message::new(transmit.path.remote, source, bytes, segment));
            header.write(libc::mmsghdr {
                msg_hdr: message.header(),
                msg_len: 0,
            });
            count += 1;
        }
        if count == 0 {
            return 0;
        }
        // SAFETY: the first `count` headers are written; what they point to lives in `messages` and `batch`, and the kernel
        // only reads it.
        let sent = unsafe {
            libc::sendmmsg(
                self.socket.as_raw_fd(),
                headers.as_mut_ptr().cast(),
                count as u32,
                0,
            )
        };
        sent.max(0) as usize
    }

    fn send_message(&self, path: &Path, bytes: &[u8], segment: Option<usize>) -> io::Result<()> {
        let source = self.wildcard.then_some(path.local.ip());
        let mut message = Message::new(path.remote, source, bytes, segment);
        // SAFETY: what the header points to outlives the call; the kernel only reads it.
        let sent = unsafe { libc::sendmsg(self.socket.as_raw_fd(), &message.header(), 0) };
        if sent < 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(())
        }
    }
}

/// What the header of a message to send points to.
struct Message {
    remote: SockAddr,
    vector: libc::iovec,
    control: Control,
    control_length: usize,
}

impl Message {
    /// `bytes` must outlive it. `segment`: of each of its datagrams, when there are several.
    fn new(remote: SocketAddr, source: Option<IpAddr>, bytes: &[u8], segment: Option<usize>) -> Self {
        let mut control = Control([0; CONTROL]);
        let mut writer = ControlWriter {
            control: &mut control,
            length: 0,
        };
        if let Some(segment) = segment {
            writer.add(libc::SOL_UDP, libc::UDP_SEGMENT, segment as u16);
        }
        if let Some(source) = source {
            writer.add_source(source);
        }
        Self {
            remote: remote.into(),
            vector: libc::iovec {
                iov_base: bytes.as_ptr().cast_mut().cast(),
                iov_len: bytes.len(),
            },
            control_length: writer.length,
            control,
        }
    }

    /// Points to this message, which must stay where it is.
    fn header(&mut self) -> libc::msghdr {
        // SAFETY: all-zero is a valid msghdr.
        let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
        header.msg_name = self.remote.as_ptr().cast_mut().cast();
        header.msg_namelen = self.remote.len();
        header.msg_iov = &mut self.vector;
        header.msg_iovlen = 1;
        header.msg_controllen = self.control_length;
        if header.msg_controllen > 0 {
            header.msg_control = self.control.0.as_mut_ptr().cast();
        }
        header
    }
}

impl AsFd for UdpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Appends control messages; the buffer is large enough for all that are ever added together.
struct ControlWriter<'a> {
    control: &'a mut Control,
    length: usize,
}

impl ControlWriter<'_> {
    fn add<T: Copy>(&mut self, level: libc::c_int, kind: libc::c_int, value: T) {
        // SAFETY: pure arithmetic.
        let (space, length, offset) = unsafe {
            (
                libc::CMSG_SPACE(size_of::<T>() as u32) as usize,
                libc::CMSG_LEN(size_of::<T>() as u32) as usize,
                libc::CMSG_LEN(0) as usize,
            )
        };
        let target = &mut self.control.0[self.length..self.length + space];
        let header = libc::cmsghdr {
            cmsg_len: length,
            cmsg_level: level,
            cmsg_type: kind,
        };
        // SAFETY: `target` has CMSG_SPACE(T) bytes: the header, then the value; unaligned writes need no alignment.
        unsafe {
            target
                .as_mut_ptr()
                .cast::<libc::cmsghdr>()
                .write_unaligned(header);
            target.as_mut_ptr().add(offset).cast::<T>().write_unaligned(value);
        }
        self.length += space;
    }

    /// The source address of what is sent (RFC 3542, section 6.2; ip(7)).
    fn add_source(&mut self, ip: IpAddr) {
        match ip {
            IpAddr::V4(ip) => {
                let address = libc::in_addr {
                    s_addr: u32::from_ne_bytes(ip.octets()),
                };
                let none = libc::in_addr { s_addr: 0 };
                let info = libc::in_pktinfo {
                    ipi_ifindex: 0,
                    ipi_spec_dst: address,
                    ipi_addr: none,
                };
                self.add(libc::IPPROTO_IP, libc::IP_PKTINFO, info);
            }
            IpAddr::V6(ip) => {
                let address = libc::in6_addr { s6_addr: ip.octets() };
                let info = libc::in6_pktinfo {
                    ipi6_addr: address,
                    ipi6_ifindex: 0,
                };
                self.add(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, info);
            }
        }
    }
}

fn outcome(result: &io::Result<()>) -> Sent {
    match result {
        Ok(()) => Sent::Done,
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock) => Sent::Full,
        Err(_) => Sent::Failed,
    }
}

fn refuses_segmentation(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EIO | libc::EINVAL | libc::EOPNOTSUPP | libc::EMSGSIZE)
    )
}

/// Options whose value is a pointer to something need that to live through the call, which copies it.
pub(crate) fn set_option<T: Copy>(
    socket: &impl AsFd,
    level: libc::c_int,
    name: libc::c_int,
    value: T,
) -> io::Result<()> {
    // SAFETY: `value` lives through the call and its length is given.
    let result = unsafe {
        libc::setsockopt(
            socket.as_fd().as_raw_fd(),
            level,
            name,
            (&raw const value).cast(),
            size_of::<T>() as libc::socklen_t,
        )
    };
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// As large as allowed: FORCE needs CAP_NET_ADMIN, the plain option stops at net.core.{r,w}mem_max.
fn grow_buffers(socket: &Socket) {
    for (force, plain) in [
        (libc::SO_RCVBUFFORCE, libc::SO_RCVBUF),
        (libc::SO_SNDBUFFORCE, libc::SO_SNDBUF),
    ] {
        if set_option(socket, libc::SOL_SOCKET, force, BUFFER_BYTES as libc::c_int).is_err() {
            let _ = set_option(socket, libc::SOL_SOCKET, plain, BUFFER_BYTES as libc::c_int);
        }
    }
}

/// Buffers for one recvmmsg, used by all sockets of a worker in turn.
pub(crate) struct ReceiveArena {
    bytes: Box<[u8]>,
    names: Vec<SockAddrStorage>,
    controls: Vec<Control>,
    /// What was read and not yet taken, by slot; None: from no address.
    messages: Vec<Option<Received>>,
}

/// A message in its slot.
struct Received {
    path: Path,
    length: usize,
    /// Bytes of each of its datagrams; the last may be shorter.
    segment: usize,
    came_us: Option<u64>,
}

impl ReceiveArena {
    pub fn new() -> Self {
        Self {
            bytes: vec![0; BATCH * SLOT].into_boxed_slice(),
            names: (0..BATCH).map(|_| SockAddrStorage::zeroed()).collect(),
            controls: vec![Control([0; CONTROL]); BATCH],
            messages: Vec::with_capacity(BATCH),
        }
    }

    /// Reads one batch of messages in place of the one before. True: more may wait.
    pub fn receive(&mut self, socket: &UdpSocket) -> io::Result<bool> {
        self.messages.clear();
        let mut vectors: [libc::iovec; BATCH] = std::array::from_fn(|index| libc::iovec {
            iov_base: self.bytes[index * SLOT..].as_mut_ptr().cast(),
            iov_len: SLOT,
        });
        // SAFETY: all-zero is a valid mmsghdr.
        let mut headers: [libc::mmsghdr; BATCH] = unsafe { std::mem::zeroed() };
        for index in 0..BATCH {
            let header = &mut headers[index].msg_hdr;
            header.msg_name = (&raw mut self.names[index]).cast();
            header.msg_namelen = size_of::<SockAddrStorage>() as libc::socklen_t;
            header.msg_iov = &mut vectors[index];
            header.msg_iovlen = 1;
            header.msg_control = self.controls[index].0.as_mut_ptr().cast();
            header.msg_controllen = CONTROL;
        }
        // SAFETY: every pointer in `headers` is to memory that outlives the call, with its length given.
        let count = unsafe {
            libc::recvmmsg(
                socket.socket.as_raw_fd(),
                headers.as_mut_ptr(),
                BATCH as u32,
                libc::MSG_DONTWAIT,
                std::ptr::null_mut(),
            )
        };
        if count < 0 {
            let error = io::Error::last_os_error();
            return match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(false),
                // An ICMP error about something sent earlier; the next read is fine.
                io::ErrorKind::ConnectionRefused => Ok(true),
                _ => Err(error),
            };
        }
        let count = count as usize;
        for (index, header) in headers[..count].iter().enumerate() {
            let message = self.read(index, header, socket);
            self.messages.push(message);
        }
        Ok(count == BATCH)
    }

    /// Gives each datagram of the batch to `each`, with when it came, microseconds on the wall clock, where the socket
    /// notes it. Returns how many there are.
    pub fn take(&mut self, mut each: impl FnMut(Path, Option<u64>, &mut [u8])) -> usize {
        let mut datagrams = 0;
        for (index, message) in self.messages.drain(..).enumerate() {
            let Some(Received {
                path,
                length,
                segment,
                came_us,
            }) = message
            else {
                continue;
            };
            for datagram in self.bytes[index * SLOT..][..length].chunks_mut(segment) {
                each(path, came_us, datagram);
                datagrams += 1;
            }
        }
        datagrams
    }

    /// The addresses of one message, and the size of its datagrams when GRO joined several.
    fn read(&mut self, index: usize, header: &libc::mmsghdr, socket: &UdpSocket) -> Option<Received> {
        // SAFETY: the kernel wrote an address of `msg_namelen` bytes into this storage.
        let name = unsafe {
            SockAddr::new(
                std::mem::replace(&mut self.names[index], SockAddrStorage::zeroed()),
                header.msg_hdr.msg_namelen,
            )
        };
        let remote = name.as_socket()?;
        let Noted { ip, segment, came_us } = read_control(&header.msg_hdr);
        let local = SocketAddr::new(ip.unwrap_or(socket.local.ip()), socket.local.port());
        let path = Path {
            protocol: Protocol::Udp,
            local,
            remote: plain(remote),
        };
        let length = header.msg_len as usize;
        let segment = segment.filter(|&segment| segment > 0).unwrap_or(length.max(1));
        Some(Received {
            path,
            length,
            segment,
            came_us,
        })
    }
}

/// Scope and flow of an IPv6 address say nothing about who the peer is.
fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), address.port())
}

/// What the kernel notes of a received message.
#[derive(Default)]
struct Noted {
    /// To which it was sent.
    ip: Option<IpAddr>,
    /// Of GRO.
    segment: Option<usize>,
    /// When it came, microseconds on the wall clock.
    came_us: Option<u64>,
}

fn read_control(header: &libc::msghdr) -> Noted {
    let mut noted = Noted::default();
    // SAFETY: the kernel filled the control buffer; the CMSG functions stay inside msg_controllen, and each value is
    // read unaligned with the type that its level and type define.
    unsafe {
        let mut message = libc::CMSG_FIRSTHDR(header);
        while !message.is_null() {
            let data = libc::CMSG_DATA(message);
            match ((*message).cmsg_level, (*message).cmsg_type) {
                (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                    let info = data.cast::<libc::in_pktinfo>().read_unaligned();
                    noted.ip = Some(IpAddr::from(info.ipi_addr.s_addr.to_ne_bytes()));
                }
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                    let info = data.cast::<libc::in6_pktinfo>().read_unaligned();
                    noted.ip = Some(IpAddr::from(info.ipi6_addr.s6_addr));
                }
                (libc::SOL_UDP, libc::UDP_GRO) => {
                    noted.segment = Some(data.cast::<libc::c_int>().read_unaligned() as usize);
                }
                (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) => {
                    let time = data.cast::<libc::timespec>().read_unaligned();
                    noted.came_us = Some(time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1000);
                }
                _ => {}
            }
            message = libc::CMSG_NXTHDR(header, message);
        }
    }
    noted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use std::net::UdpSocket as Peer;
    use std::time::Duration;

    fn any() -> SocketAddr {
        "127.0.0.1:0".parse().unwrap()
    }

    fn peer() -> (Peer, SocketAddr) {
        let peer = Peer::bind(any()).unwrap();
        peer.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let address = peer.local_addr().unwrap();
        (peer, address)
    }

    /// Datagrams of these lengths, filled with numbers that tell them apart.
    fn add(batch: &mut TransmitBatch, local: SocketAddr, remote: SocketAddr, datagrams: &[(u8, usize)]) {
        let path = Path {
            protocol: Protocol::Udp,
            local,
            remote,
        };
        for &(number, length) in datagrams {
            batch.push(&path, None, |buffer| {
                buffer[..length].fill(number);
                Some(length)
            });
        }
    }

    fn arrived(peer: &Peer) -> (u8, usize) {
        let mut buffer = [0; 2000];
        let length = peer.recv(&mut buffer).unwrap();
        assert!(buffer[..length].iter().all(|&byte| byte == buffer[0]));
        (buffer[0], length)
    }

    #[test]
    fn many_groups_leave_in_one_call_and_arrive_as_they_were() {
        for bound in [any(), "0.0.0.0:0".parse().unwrap()] {
            let socket = UdpSocket::bind(bound).unwrap();
            let local = SocketAddr::new(any().ip(), socket.local().port());
            let peers: Vec<_> = (0..GROUPS + 3).map(|_| peer()).collect();
            let mut batch = TransmitBatch::default();
            for (number, (_, remote)) in peers.iter().enumerate() {
                let number = number as u8;
                add(
                    &mut batch,
                    local,
                    *remote,
                    &[(number, 1200), (number + 1, 1200), (number + 2, 300)],
                );
            }
            let transmits = batch.transmits();
            assert_eq!(transmits.len(), peers.len());
            assert_eq!(socket.send_many(transmits, &batch), GROUPS);
            assert_eq!(socket.send_many(&transmits[GROUPS..], &batch), 3);
            for (number, (peer, _)) in peers.iter().enumerate() {
                let number = number as u8;
                assert_eq!(arrived(peer), (number, 1200));
                assert_eq!(arrived(peer), (number + 1, 1200));
                assert_eq!(arrived(peer), (number + 2, 300));
            }
        }
    }

    #[test]
    fn what_cannot_leave_is_found_and_holds_nobody_up() {
        let socket = UdpSocket::bind(any()).unwrap();
        let (first, second) = (peer(), peer());
        let nobody: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let mut batch = TransmitBatch::default();
        add(&mut batch, socket.local(), first.1, &[(1, 100)]);
        add(&mut batch, socket.local(), nobody, &[(2, 100)]);
        add(&mut batch, socket.local(), second.1, &[(3, 100)]);
        let transmits = batch.transmits();
        assert_eq!(socket.send_many(transmits, &batch), 1);
        assert_eq!(socket.send_many(&transmits[1..], &batch), 0);
        assert_eq!(
            socket.send(&transmits[1], batch.bytes(&transmits[1])),
            Sent::Failed
        );
        assert_eq!(socket.send_many(&transmits[2..], &batch), 1);
        assert_eq!((arrived(&first.0), arrived(&second.0)), ((1, 100), (3, 100)));
    }

    #[test]
    fn it_is_known_when_what_waited_to_be_read_came() {
        let (peer, _) = peer();
        let mut arena = ReceiveArena::new();
        // When something came, and the moments before and after it was sent.
        let mut came = |socket: &UdpSocket| {
            let before = Clock::waited_us(0, u64::MAX);
            peer.send_to(&[7; 100], socket.local()).unwrap();
            let after = Clock::waited_us(0, u64::MAX);
            let mut found = None;
            while found.is_none() {
                arena.receive(socket).unwrap();
                arena.take(|_, came_us, _| found = Some(came_us));
            }
            (before..=after, found.unwrap())
        };
        let socket = UdpSocket::bind(any()).unwrap();
        assert_eq!(came(&socket).1, None);
        socket.note_times().unwrap();
        // The kernel begins a little later; until then it notes when something is read.
        let is_noted = |_| {
            let (sent, came_us) = came(&socket);
            sent.contains(&came_us.unwrap())
        };
        assert!((0..10_000).any(is_noted));
    }

    #[test]
    fn where_the_kernel_segments_nothing_groups_are_left_to_be_sent_one_by_one() {
        let socket = UdpSocket::bind(any()).unwrap();
        socket.gso.set(false);
        let (peer, remote) = peer();
        let mut batch = TransmitBatch::default();
        add(&mut batch, socket.local(), remote, &[(1, 100), (2, 100)]);
        let transmit = &batch.transmits()[0];
        assert_eq!(socket.send_many(batch.transmits(), &batch), 0);
        assert_eq!(socket.send(transmit, batch.bytes(transmit)), Sent::Done);
        assert_eq!((arrived(&peer), arrived(&peer)), ((1, 100), (2, 100)));
    }
}
