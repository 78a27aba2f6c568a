//! The few system calls: epoll, recvmmsg, UDP GSO send.

use std::io;
use std::os::fd::RawFd;
use std::time::{Duration, Instant};

const BATCH: usize = 32;
const SLOT: usize = 2048;
/// Room for one control message with a timespec, aligned for its header.
const CONTROL_WORDS: usize = 8;
/// Receivers are read this often: the kernel has noted the arrivals, and a program that waits for each packet would make
/// the server pay for waking it.
pub const READ_INTERVAL: Duration = Duration::from_millis(2);

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

pub struct Poller {
    fd: RawFd,
}

impl Poller {
    pub fn new() -> io::Result<Self> {
        // SAFETY: no pointers.
        Ok(Self {
            fd: check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?,
        })
    }

    pub fn add(&self, fd: RawFd, token: u64) -> io::Result<()> {
        let mut event = libc::epoll_event {
            events: libc::EPOLLIN as u32,
            u64: token,
        };
        // SAFETY: `event` lives through the call; the kernel copies it.
        check(unsafe { libc::epoll_ctl(self.fd, libc::EPOLL_CTL_ADD, fd, &mut event) })?;
        Ok(())
    }

    /// Waits at most `timeout` and lists the tokens that are readable.
    pub fn wait(&self, timeout: Duration, ready: &mut Vec<u64>) -> io::Result<()> {
        ready.clear();
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; 256];
        let timeout = libc::timespec {
            tv_sec: timeout.as_secs() as i64,
            tv_nsec: i64::from(timeout.subsec_nanos()),
        };
        // SAFETY: `events` has room for the number given, `timeout` lives through the call.
        let count = unsafe {
            libc::epoll_pwait2(
                self.fd,
                events.as_mut_ptr(),
                events.len() as i32,
                &timeout,
                std::ptr::null(),
            )
        };
        match check(count) {
            Ok(count) => ready.extend(events[..count as usize].iter().map(|event| event.u64)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// What waits on a socket at most, bytes: a moment in which this program does not run must not look like loss.
const RECEIVE_BUFFER: libc::c_int = 1 << 20;

/// The kernel notes when each datagram arrives on this socket, however late it is read, and keeps many of them.
pub fn prepare_receiver(fd: RawFd) -> io::Result<()> {
    // The limit of the system holds for who may not exceed it.
    set_option(fd, libc::SO_RCVBUFFORCE, RECEIVE_BUFFER)
        .or_else(|_| set_option(fd, libc::SO_RCVBUF, RECEIVE_BUFFER))?;
    set_option(fd, libc::SO_TIMESTAMPNS, 1)
}

fn set_option(fd: RawFd, name: libc::c_int, value: libc::c_int) -> io::Result<()> {
    // SAFETY: `value` lives through the call, its size is given.
    check(unsafe {
        libc::setsockopt(
            fd,
            libc::SOL_SOCKET,
            name,
            (&raw const value).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    })?;
    Ok(())
}

/// Turns the kernel's time of day into microseconds since the start.
pub struct Epoch {
    start: Instant,
    real_us: i64,
}

impl Epoch {
    /// The start is now.
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            real_us: micros(&time_of(libc::CLOCK_REALTIME)),
        }
    }

    pub fn start(&self) -> Instant {
        self.start
    }

    pub fn now_us(&self) -> u64 {
        self.start.elapsed().as_micros() as u64
    }

    fn since(&self, real: &libc::timespec) -> u64 {
        (micros(real) - self.real_us).max(0) as u64
    }
}

fn micros(time: &libc::timespec) -> i64 {
    time.tv_sec * 1_000_000 + time.tv_nsec / 1000
}

/// Buffers for one recvmmsg call, used by all sockets in turn.
pub struct ReceiveArena {
    bytes: Vec<u8>,
    control: Vec<[u64; CONTROL_WORDS]>,
    lengths: Vec<usize>,
}

impl ReceiveArena {
    pub fn new() -> Self {
        Self {
            bytes: vec![0; BATCH * SLOT],
            control: vec![[0; CONTROL_WORDS]; BATCH],
            lengths: Vec::with_capacity(BATCH),
        }
    }

    /// Reads what waits on a socket, at most 32 datagrams; returns how many.
    pub fn receive(&mut self, fd: RawFd) -> io::Result<usize> {
        let mut vectors: [libc::iovec; BATCH] = std::array::from_fn(|i| libc::iovec {
            iov_base: self.bytes[i * SLOT..].as_mut_ptr().cast(),
            iov_len: SLOT,
        });
        // SAFETY: an all-zero mmsghdr is valid: null name and control.
        let mut headers: [libc::mmsghdr; BATCH] = unsafe { std::mem::zeroed() };
        for ((header, vector), control) in headers.iter_mut().zip(&mut vectors).zip(&mut self.control) {
            control[0] = 0; // the length of the first control message: there may be none
            header.msg_hdr.msg_iov = vector;
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_control = control.as_mut_ptr().cast();
            header.msg_hdr.msg_controllen = size_of_val(control);
        }
        // SAFETY: the headers point at vectors, bytes and control buffers that outlive the call.
        let count = unsafe {
            libc::recvmmsg(
                fd,
                headers.as_mut_ptr(),
                BATCH as u32,
                libc::MSG_DONTWAIT,
                std::ptr::null_mut(),
            )
        };
        self.lengths.clear();
        match check(count) {
            Ok(count) => self
                .lengths
                .extend(headers[..count as usize].iter().map(|h| h.msg_len as usize)),
            Err(error) if is_passing(&error) => {}
            Err(error) => return Err(error),
        }
        Ok(self.lengths.len())
    }

    pub fn datagram(&mut self, index: usize) -> &mut [u8] {
        &mut self.bytes[index * SLOT..][..self.lengths[index]]
    }

    /// When a datagram came, microseconds since `epoch`; None on a socket without `prepare_receiver`.
    pub fn arrived_us(&self, index: usize, epoch: &Epoch) -> Option<u64> {
        let message = self.control[index].as_ptr().cast::<libc::cmsghdr>();
        // SAFETY: the buffer is aligned for and larger than a header with a timespec; the kernel has written both, or
        // the length is 0.
        unsafe {
            let is_time = (*message).cmsg_len >= libc::CMSG_LEN(size_of::<libc::timespec>() as u32) as usize
                && (*message).cmsg_type == libc::SCM_TIMESTAMPNS;
            is_time.then(|| epoch.since(&libc::CMSG_DATA(message).cast::<libc::timespec>().read_unaligned()))
        }
    }

    pub fn full(&self) -> bool {
        self.lengths.len() == BATCH
    }
}

fn is_passing(error: &io::Error) -> bool {
    // A refused port is the server's business: the report will show the silence.
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted | io::ErrorKind::ConnectionRefused
    )
}

/// Sends equal datagrams of `segment` bytes in one call (UDP_SEGMENT); the socket is connected.
pub fn send_segments(fd: RawFd, bytes: &[u8], segment: usize) -> io::Result<()> {
    let mut vector = libc::iovec {
        iov_base: bytes.as_ptr().cast_mut().cast(),
        iov_len: bytes.len(),
    };
    // Aligned for cmsghdr; CMSG_SPACE of a u16 is 24 on 64-bit Linux.
    let mut control = [0u64; 4];
    // SAFETY: zero is valid for msghdr; all pointers live through the call; the control buffer has room for one
    // header with a u16.
    let sent = unsafe {
        let mut header: libc::msghdr = std::mem::zeroed();
        header.msg_iov = &mut vector;
        header.msg_iovlen = 1;
        if bytes.len() > segment {
            header.msg_control = control.as_mut_ptr().cast();
            header.msg_controllen = libc::CMSG_SPACE(2) as usize;
            let message = libc::CMSG_FIRSTHDR(&header);
            (*message).cmsg_level = libc::SOL_UDP;
            (*message).cmsg_type = libc::UDP_SEGMENT;
            (*message).cmsg_len = libc::CMSG_LEN(2) as usize;
            libc::CMSG_DATA(message)
                .cast::<u16>()
                .write_unaligned(segment as u16);
        }
        libc::sendmsg(fd, &header, 0)
    };
    match check(sent as i32) {
        Err(error) if !is_passing(&error) => Err(error),
        _ => Ok(()),
    }
}

/// CPU time of this process.
pub fn process_cpu() -> Duration {
    cpu(libc::CLOCK_PROCESS_CPUTIME_ID)
}

/// CPU time of a process, its threads that have ended among it (clock_getcpuclockid(3)); 0 without such a process.
pub fn cpu_of(pid: u32) -> Duration {
    cpu(!(pid as libc::clockid_t) << 3 | 2)
}

/// What a CPU clock shows; 0 when there is no such clock.
pub fn cpu(clock: libc::clockid_t) -> Duration {
    let time = time_of(clock);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn time_of(clock: libc::clockid_t) -> libc::timespec {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is valid for writing.
    unsafe { libc::clock_gettime(clock, &mut time) };
    time
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;
    use std::os::fd::AsRawFd;

    /// Two clocks are read one after the other.
    const SLACK_US: u64 = 1000;

    #[test]
    fn a_datagram_arrives_when_the_kernel_got_it_not_when_it_is_read() {
        let epoch = Epoch::new();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(socket.local_addr().unwrap()).unwrap();
        let mut arena = ReceiveArena::new();
        for stamped in [false, true] {
            if stamped {
                prepare_receiver(socket.as_raw_fd()).unwrap();
            }
            let before = epoch.now_us();
            socket.send(b"packet").unwrap();
            let after = epoch.now_us();
            while arena.receive(socket.as_raw_fd()).unwrap() == 0 {}
            let arrived = arena.arrived_us(0, &epoch);
            assert_eq!(arrived.is_some(), stamped);
            assert!(arrived.is_none_or(|us| us + SLACK_US >= before && us <= after + SLACK_US));
        }
    }

    #[test]
    fn a_process_has_used_what_its_own_clock_says() {
        let before = process_cpu();
        let found = cpu_of(std::process::id());
        assert!(before <= found && found <= process_cpu());
        assert_eq!(cpu_of(u32::MAX >> 4), Duration::ZERO);
    }
}
