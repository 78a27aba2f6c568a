//! Sends and receives the media of a benchmark on sockets that a Python driver has connected.
//!
//! The driver does signalling, ICE and DTLS for each peer, then starts this program with the open sockets and a JSON
//! plan on standard input. One thread runs everything, so that the program fits beside the server on a two-core
//! machine; it counts every packet by its sequence number and decrypts a sample.

mod feedback;
mod histogram;
mod net;
mod plan;
mod publisher;
mod stat;
mod subscriber;

use plan::{Plan, Report, Window};
use publisher::Publisher;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::io::Read;
use std::time::{Duration, Instant};
use subscriber::Subscriber;

type Failure = Box<dyn std::error::Error>;

/// Packets on their way at the end still count: the window closes a little after the last one was sent.
const DRAIN: Duration = Duration::from_millis(300);

fn main() -> Result<(), Failure> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let report = Generator::new(&serde_json::from_str(&text)?)?.run()?;
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

/// Peers by one number: publishers first, then subscribers. Somebody who does both has one of each on one socket.
struct Generator<'a> {
    plan: &'a Plan,
    epoch: net::Epoch,
    publishers: Vec<Publisher>,
    subscribers: Vec<Subscriber>,
    poller: net::Poller,
    arena: net::ReceiveArena,
    /// When each peer has something to do next.
    due: BinaryHeap<Reverse<(Instant, usize)>>,
    next_read: Instant,
}

impl<'a> Generator<'a> {
    fn new(plan: &'a Plan) -> Result<Self, Failure> {
        let epoch = net::Epoch::new();
        let poller = net::Poller::new()?;
        let receiving: HashSet<i32> = plan.subscribers.iter().map(|peer| peer.fd).collect();
        let mut publishers = Vec::new();
        for peer in &plan.publishers {
            let is_alone = !receiving.contains(&peer.peer.fd);
            if is_alone {
                poller.add(peer.peer.fd, publishers.len() as u64)?;
            }
            publishers.push(Publisher::new(peer, is_alone)?);
        }
        let mut subscribers = Vec::new();
        for peer in &plan.subscribers {
            net::prepare_receiver(peer.fd)?;
            poller.add(peer.fd, (publishers.len() + subscribers.len()) as u64)?;
            subscribers.push(Subscriber::new(peer, &plan.rtx_payload_types)?);
        }
        let peers = publishers.len() + subscribers.len();
        let due = (0..peers).map(|peer| Reverse((epoch.start(), peer))).collect();
        Ok(Self {
            plan,
            publishers,
            subscribers,
            poller,
            arena: net::ReceiveArena::new(),
            due,
            next_read: epoch.start(),
            epoch,
        })
    }

    fn run(mut self) -> Result<Report, Failure> {
        let warm = self.epoch.start() + Duration::from_secs_f64(self.plan.warmup_s);
        let end = warm + Duration::from_secs_f64(self.plan.duration_s);
        self.run_until(warm)?;
        self.publishers.iter_mut().for_each(Publisher::start_measuring);
        self.subscribers.iter_mut().for_each(Subscriber::start_measuring);
        let before = self.charged();
        self.run_until(end)?;
        let after = self.charged();
        self.publishers.iter_mut().for_each(Publisher::stop);
        self.run_until(end + DRAIN)?;
        let window = Window {
            seconds: self.plan.duration_s,
            server_cpu_s: after.0 - before.0,
            own_cpu_s: after.1 - before.1,
        };
        Ok(Report::new(&self.publishers, &self.subscribers, &window))
    }

    /// CPU seconds of the server and of this program.
    fn charged(&self) -> (f64, f64) {
        let server = stat::cpu_seconds(&self.plan.server_pids);
        (server, net::process_cpu().as_secs_f64())
    }

    fn run_until(&mut self, end: Instant) -> Result<(), Failure> {
        let mut ready = Vec::new();
        loop {
            let now = Instant::now();
            if now >= end {
                return Ok(());
            }
            if now >= self.next_read {
                self.next_read = now + net::READ_INTERVAL;
                self.poller.wait(Duration::ZERO, &mut ready)?;
                for &peer in &ready {
                    self.receive(peer as usize)?;
                    // Who sends does not wait for who receives: pictures of many would leave at the same moment.
                    self.run_due(Instant::now())?;
                }
            }
            let next = self.run_due(now)?.min(self.next_read).min(end);
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
    }

    /// Does what is due; returns when something is due again.
    fn run_due(&mut self, now: Instant) -> Result<Instant, Failure> {
        while let Some(mut first) = self.due.peek_mut()
            && first.0.0 <= now
        {
            let peer = first.0.1;
            first.0.0 = match peer.checked_sub(self.publishers.len()) {
                None => self.publishers[peer].run(now, &self.epoch)?,
                Some(subscriber) => self.subscribers[subscriber].run_timers(now)?,
            };
        }
        Ok(self.due.peek().map_or(now, |first| first.0.0))
    }

    fn receive(&mut self, peer: usize) -> Result<(), Failure> {
        match peer.checked_sub(self.publishers.len()) {
            None => self.publishers[peer].drain(&mut self.arena)?,
            Some(subscriber) => self.subscribers[subscriber].receive(&mut self.arena, &self.epoch)?,
        }
        Ok(())
    }
}
