//! The few system calls: epoll, recvmmsg, UDP GSO send.

use std::io;
use std::os::fd::RawFd;
use std::time::Duration;

const BATCH: usize = 32;
const SLOT: usize = 2048;

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

/// Buffers for one recvmmsg call, used by all sockets in turn.
pub struct ReceiveArena {
    bytes: Vec<u8>,
    lengths: Vec<usize>,
}

impl ReceiveArena {
    pub fn new() -> Self {
        Self {
            bytes: vec![0; BATCH * SLOT],
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
        for (header, vector) in headers.iter_mut().zip(&mut vectors) {
            header.msg_hdr.msg_iov = vector;
            header.msg_hdr.msg_iovlen = 1;
        }
        // SAFETY: the headers point at vectors and bytes that outlive the call.
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

/// What a CPU clock of this process or thread shows.
pub fn cpu(clock: libc::clockid_t) -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is valid for writing.
    unsafe { libc::clock_gettime(clock, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
