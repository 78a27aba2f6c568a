//! Sends and receives the media of a benchmark on sockets that a Python driver has connected.
//!
//! The driver does signalling, ICE and DTLS for each peer, then starts this program with the open sockets and a JSON
//! plan on standard input. One thread runs everything, so that the program fits beside the server on a two-core
//! machine; it counts every packet by its sequence number and decrypts a sample.

mod histogram;
mod net;
mod plan;
mod publisher;
mod stat;
mod subscriber;

use plan::{Plan, Report};
use std::io::Read;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let report = run(&serde_json::from_str(&text)?)?;
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

fn run(plan: &Plan) -> Result<Report, Box<dyn std::error::Error>> {
    let epoch = Instant::now();
    let mut publishers = plan
        .publishers
        .iter()
        .map(publisher::Publisher::new)
        .collect::<Result<Vec<_>, _>>()?;
    let mut subscribers = plan
        .subscribers
        .iter()
        .map(|peer| subscriber::Subscriber::new(peer, &plan.rtx_payload_types))
        .collect::<Result<Vec<_>, _>>()?;
    let poller = net::Poller::new()?;
    for (index, subscriber) in subscribers.iter().enumerate() {
        poller.add(subscriber.fd(), index as u64)?;
    }
    let mut arena = net::ReceiveArena::new();
    let warm = epoch + Duration::from_secs_f64(plan.warmup_s);
    let end = warm + Duration::from_secs_f64(plan.duration_s);
    // Packets on their way at the end still count: the window closes a little after the last one was sent.
    let drained = end + Duration::from_millis(300);
    let mut measuring = false;
    let mut ready = Vec::new();
    let mut charged = (Vec::new(), Vec::new());
    loop {
        let now = Instant::now();
        if now >= drained {
            break;
        }
        if !measuring && now >= warm {
            measuring = true;
            publishers
                .iter_mut()
                .for_each(publisher::Publisher::start_measuring);
            subscribers
                .iter_mut()
                .for_each(subscriber::Subscriber::start_measuring);
            charged.0 = stat::read_cpu(&plan.server_pids);
        }
        if measuring && charged.1.is_empty() && now >= end {
            charged.1 = stat::read_cpu(&plan.server_pids);
        }
        let mut next = drained;
        for publisher in &mut publishers {
            if now < end {
                next = next.min(publisher.run(now, epoch)?);
            }
            publisher.drain(&mut arena)?;
        }
        for subscriber in &mut subscribers {
            next = next.min(subscriber.run_timers(now)?);
        }
        poller.wait(next.saturating_duration_since(Instant::now()), &mut ready)?;
        for &index in &ready {
            subscribers[index as usize].receive(&mut arena, epoch)?;
        }
    }
    Ok(Report::new(&publishers, &subscribers, plan, &charged))
}
