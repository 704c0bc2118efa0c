//! What the kernel alone costs: processes that receive and send as many packets as the server, and do nothing else. They are
//! this program too, in processes of their own, so that their processor time is told in the same way.

use std::io::Read as _;
use std::net::{SocketAddr, UdpSocket};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::banner;
use crate::bench::stage::Addresses;
use crate::cli::Forward;

const BEAT: Duration = Duration::from_millis(20);
/// A packet of 20 ms of G.711.
const PACKET: usize = 172;
const READY_MAX: usize = 256;

/// A running process that forwards, or sends. Dropping it ends it.
pub(super) struct Forwarder {
    pub(super) pid: u32,
    /// Where its sockets are: of each call the caller's, then the phone's, if it forwards.
    pub(super) sockets: Vec<SocketAddr>,
    /// Its standard input is open as long as this lives; then it ends.
    _child: Child,
}

impl Forwarder {
    /// For callers and phones at these addresses; without phones it sends to callers on its own.
    pub(super) async fn start(calls: u32, callers: SocketAddr, phones: Option<SocketAddr>) -> Result<Self> {
        let at = Addresses::of_this_process().nth(1);
        let mut command = Command::new(std::env::current_exe().context("this program")?);
        command.args(["bench", "forward", "--calls", &calls.to_string(), "--at", &at.to_string()]);
        command.args(["--callers", &callers.to_string()]);
        if let Some(phones) = phones {
            command.args(["--phones", &phones.to_string()]);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().context("starting a forwarder")?;
        let pid = child.id().context("the forwarder runs")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("stdout is a pipe")?).read_line(&mut line).await?;
        let ports: Result<Vec<u16>, _> = line.split_whitespace().map(str::parse).collect();
        let sockets =
            ports.context("the forwarder's ports")?.into_iter().map(|port| (at, port).into()).collect();
        Ok(Self { pid, sockets, _child: child })
    }
}

/// The process itself: runs until its standard input ends.
pub(crate) fn forward(options: &Forward) -> Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).context("raising the limit of open files")?;
    let legs = options.calls * if options.phones.is_some() { 2 } else { 1 };
    let sockets: Vec<UdpSocket> =
        (0..legs).map(|_| UdpSocket::bind((options.at, 0))).collect::<std::io::Result<_>>()?;
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let mut ports = Vec::new();
    for (number, socket) in (0..).zip(&sockets) {
        socket.set_nonblocking(true)?;
        epoll::add(&epoll, socket, EventData::new_u64(number), EventFlags::IN)?;
        ports.push(socket.local_addr()?.port().to_string());
    }
    banner::print(&ports.join(" "));
    std::thread::spawn(|| {
        // Nothing is ever written: it returns when who started us is gone.
        match std::io::stdin().read(&mut [0; 1]) {
            Ok(_) | Err(_) => std::process::exit(0),
        }
    });
    match options.phones {
        Some(phones) => pass_on(&epoll, &sockets, [options.callers, phones]),
        None => send_out(&epoll, &sockets, options.callers),
    }
}

/// One receive and one send for each packet.
fn pass_on(epoll: &impl rustix::fd::AsFd, sockets: &[UdpSocket], ends: [SocketAddr; 2]) -> Result<()> {
    let mut ready = Vec::with_capacity(READY_MAX);
    let mut packet = [0; 2048];
    loop {
        ready.clear();
        epoll::wait(epoll, spare_capacity(&mut ready), None)?;
        for number in ready.iter().map(|event: &epoll::Event| event.data.u64()) {
            let number = usize::try_from(number).expect("a socket's number");
            let Ok((length, _)) = sockets[number].recv_from(&mut packet) else { continue };
            // The load counts what is missing.
            let Ok(_) = sockets[number ^ 1].send_to(&packet[..length], ends[(number & 1) ^ 1]) else {
                continue;
            };
        }
    }
}

/// One packet to everyone each beat, and a receive for whatever comes.
fn send_out(epoll: &impl rustix::fd::AsFd, sockets: &[UdpSocket], callers: SocketAddr) -> Result<()> {
    let mut ready = Vec::with_capacity(READY_MAX);
    let mut received = [0; 2048];
    let mut packet = [0xff; PACKET];
    (packet[0], packet[1]) = (0x80, 0);
    let mut due = Instant::now();
    loop {
        ready.clear();
        let rest = due.saturating_duration_since(Instant::now());
        let rest = Timespec::try_from(rest).context("a time to wait")?;
        epoll::wait(epoll, spare_capacity(&mut ready), Some(&rest))?;
        for number in ready.iter().map(|event: &epoll::Event| event.data.u64()) {
            let number = usize::try_from(number).expect("a socket's number");
            let Ok(_) = sockets[number].recv_from(&mut received) else { continue };
        }
        if Instant::now() >= due {
            for socket in sockets {
                let Ok(_) = socket.send_to(&packet, callers) else { continue };
            }
            due += BEAT;
        }
    }
}
