//! ICE-TCP, passive side (RFC 6544), with RFC 4571 framing: each datagram behind its 16-bit length.

use polyana_core::{Path, Protocol};
use polyana_wire::framing::{LENGTH_OCTETS, next_frame, write_frame};
use rustc_hash::FxHashMap;
use rustix::event::epoll;
use slab::Slab;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// What a slow reader may have waiting; whole frames beyond it are dropped, as a router would.
const MAX_UNSENT: usize = 512 << 10;
/// Without a valid check by then the connection is a stranger's.
const GREETING_TIMEOUT: Duration = Duration::from_secs(5);
/// Of one worker.
const MAX_CONNECTIONS: usize = 4096;

struct Connection {
    stream: TcpStream,
    path: Path,
    received: Vec<u8>,
    unsent: Vec<u8>,
    opened: Instant,
    /// The core accepted a check that came over it.
    accepted: bool,
}

/// What to do with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accepted,
    /// Another worker's peer: the connection moves there.
    Move(usize),
    Stranger,
}

/// A connection that leaves for another worker.
pub(crate) struct Moved {
    pub worker: usize,
    pub stream: TcpStream,
    pub remote: SocketAddr,
    pub bytes: Vec<u8>,
}

/// The ICE-TCP connections of one worker.
#[derive(Default)]
pub(crate) struct Connections {
    slab: Slab<Connection>,
    by_remote: FxHashMap<SocketAddr, usize>,
    next_sweep: Option<Instant>,
}

impl Connections {
    pub fn len(&self) -> usize {
        self.slab.len()
    }

    /// Takes a connection over; None: refused (too many, or already dead).
    pub fn add(
        &mut self,
        stream: TcpStream,
        remote: SocketAddr,
        bytes: Vec<u8>,
        poll: &impl std::os::fd::AsFd,
        token: impl Fn(usize) -> u64,
    ) -> Option<usize> {
        if self.slab.len() >= MAX_CONNECTIONS {
            return None;
        }
        stream.set_nonblocking(true).ok()?;
        stream.set_nodelay(true).ok()?;
        let local = stream.local_addr().ok()?;
        let path = Path {
            protocol: Protocol::Tcp,
            local,
            remote,
        };
        let entry = self.slab.vacant_entry();
        let key = entry.key();
        // Edge-triggered output, so that an idle writable socket does not wake the worker.
        let flags = epoll::EventFlags::IN | epoll::EventFlags::OUT | epoll::EventFlags::ET;
        epoll::add(poll, &stream, epoll::EventData::new_u64(token(key)), flags).ok()?;
        entry.insert(Connection {
            stream,
            path,
            received: bytes,
            unsent: Vec::new(),
            opened: Instant::now(),
            accepted: false,
        });
        self.by_remote.insert(remote, key);
        Some(key)
    }

    /// Writes what waits and reads what has come; each whole frame goes to `each`. Returns a connection that moves.
    pub fn ready(&mut self, key: usize, mut each: impl FnMut(Path, &mut [u8]) -> Verdict) -> Option<Moved> {
        let connection = self.slab.get_mut(key)?;
        let mut alive = connection.flush().is_ok();
        let mut buffer = [0; 16_384];
        while alive {
            match connection.stream.read(&mut buffer) {
                Ok(0) => alive = false,
                Ok(count) => {
                    connection.received.extend_from_slice(&buffer[..count]);
                    match connection.take_frames(&mut each) {
                        Ok(None) => {}
                        Ok(Some(worker)) => return self.move_away(key, worker),
                        Err(Broken) => alive = false,
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => alive = false,
            }
        }
        self.remove(key);
        None
    }

    /// Frames that came with a connection from another worker.
    pub fn replay(&mut self, key: usize, mut each: impl FnMut(Path, &mut [u8]) -> Verdict) {
        let broken = self
            .slab
            .get_mut(key)
            .is_some_and(|connection| connection.take_frames(&mut each).is_err());
        if broken {
            self.remove(key);
        }
    }

    /// Sends one datagram; false: no such connection, or its reader is too slow.
    pub fn send(&mut self, remote: &SocketAddr, datagram: &[u8]) -> bool {
        let Some(&key) = self.by_remote.get(remote) else {
            return false;
        };
        let connection = &mut self.slab[key];
        if connection.unsent.len() + datagram.len() > MAX_UNSENT {
            return false;
        }
        if write_frame(&mut connection.unsent, datagram).is_err() {
            return false;
        }
        if connection.flush().is_err() {
            self.remove(key);
            return false;
        }
        true
    }

    /// Ends the connections to these peers.
    pub fn close(&mut self, remotes: &[SocketAddr]) {
        let keys: Vec<usize> = remotes
            .iter()
            .filter_map(|remote| self.by_remote.get(remote).copied())
            .collect();
        keys.into_iter().for_each(|key| self.remove(key));
    }

    /// Ends connections that never showed a valid check; looks once a second.
    pub fn sweep(&mut self, now: Instant) {
        if self.slab.is_empty() || self.next_sweep.is_some_and(|next| now < next) {
            return;
        }
        self.next_sweep = Some(now + Duration::from_secs(1));
        let late =
            |connection: &Connection| !connection.accepted && now - connection.opened > GREETING_TIMEOUT;
        let keys: Vec<usize> = self
            .slab
            .iter()
            .filter(|(_, c)| late(c))
            .map(|(key, _)| key)
            .collect();
        keys.into_iter().for_each(|key| self.remove(key));
    }

    fn remove(&mut self, key: usize) {
        if let Some(connection) = self.slab.try_remove(key) {
            self.by_remote.remove(&connection.path.remote); // closing the stream takes it out of epoll
        }
    }

    fn move_away(&mut self, key: usize, worker: usize) -> Option<Moved> {
        let connection = self.slab.try_remove(key)?;
        self.by_remote.remove(&connection.path.remote);
        Some(Moved {
            worker,
            stream: connection.stream,
            remote: connection.path.remote,
            bytes: connection.received,
        })
    }
}

/// The peer broke the framing, or is not ours.
struct Broken;

impl Connection {
    /// Gives whole frames to `each`. `Some`: the connection belongs to that worker, frames included.
    fn take_frames(
        &mut self,
        each: &mut impl FnMut(Path, &mut [u8]) -> Verdict,
    ) -> Result<Option<usize>, Broken> {
        let mut offset = 0;
        let mut result = Ok(None);
        while let Some(length) = next_frame(&self.received[offset..]).map_err(|_| Broken)? {
            let start = offset + LENGTH_OCTETS;
            match each(self.path, &mut self.received[start..start + length]) {
                Verdict::Accepted => self.accepted = true,
                Verdict::Stranger if self.accepted => {}
                Verdict::Stranger => return Err(Broken),
                Verdict::Move(worker) => {
                    result = Ok(Some(worker)); // this frame goes along
                    break;
                }
            }
            offset = start + length;
        }
        self.received.drain(..offset);
        result
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut written = 0;
        while written < self.unsent.len() {
            match self.stream.write(&self.unsent[written..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.unsent.drain(..written);
        Ok(())
    }
}
