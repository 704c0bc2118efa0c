//! A phone on a loopback socket: it talks on its own 20 ms clock and keeps all that it hears.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hotline_media::{Codec, Encoder, Opus};
use hotline_rtp::Header;

const PACKET: Duration = Duration::from_millis(20);

/// One packet of a phone that talks.
pub(crate) enum Say {
    Audio(Vec<i16>),
    /// A telephone-event: payload type, timestamp, payload.
    Event(u8, u32, Vec<u8>),
}

/// A phone before its call.
pub(crate) struct Phone {
    pub(crate) address: SocketAddr,
    socket: UdpSocket,
}

/// A phone in its call.
pub(crate) struct Call {
    heard: Arc<AtomicU64>,
    hung_up: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Heard>>,
}

/// One packet that came.
pub(crate) struct Heard {
    pub(crate) header: Header,
    pub(crate) payload: Vec<u8>,
}

impl Phone {
    pub(crate) fn new() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a port");
        let address = socket.local_addr().expect("it is bound");
        Self { address, socket }
    }

    /// Sends packet `n` of `talk` to `port` at `begin` + `n` · 20 ms, until it hangs up.
    pub(crate) fn call(
        self,
        port: u16,
        codec: Codec,
        begin: Instant,
        mut talk: impl FnMut(u32) -> Say + Send + 'static,
    ) -> Call {
        let heard = Arc::new(AtomicU64::new(0));
        let hung_up = Arc::new(AtomicBool::new(false));
        let (count, end) = (Arc::clone(&heard), Arc::clone(&hung_up));
        let thread = std::thread::spawn(move || {
            let to = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let (mut kept, mut encoder) = (Vec::new(), codec.encoder(Opus::default()));
            for packet in 0_u32.. {
                self.listen_until(begin + PACKET * packet, &mut kept, &count);
                if end.load(Ordering::Relaxed) {
                    break;
                }
                let datagram = encode(packet, &mut encoder, talk(packet));
                self.socket.send_to(&datagram, to).expect("loopback takes packets");
            }
            kept
        });
        Call { heard, hung_up, thread }
    }

    fn listen_until(&self, deadline: Instant, kept: &mut Vec<Heard>, count: &AtomicU64) {
        let mut buffer = [0; 2048];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            self.socket.set_read_timeout(Some(left)).expect("the time left is not zero");
            let Ok((length, _)) = self.socket.recv_from(&mut buffer) else { continue };
            let (header, payload) = Header::parse(&buffer[..length]).expect("the server sends RTP");
            kept.push(Heard { header, payload: buffer[payload].to_vec() });
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Call {
    /// How many packets it has heard.
    pub(crate) fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    /// Ends the call; gives back all that it heard.
    pub(crate) fn hang_up(self) -> Vec<Heard> {
        self.hung_up.store(true, Ordering::Relaxed);
        self.thread.join().expect("the phone did not panic")
    }
}

fn encode(packet: u32, encoder: &mut Encoder, say: Say) -> Vec<u8> {
    let audio_type = encoder.codec().usual_payload_type();
    let (payload_type, timestamp, payload) = match say {
        Say::Audio(samples) => {
            let payload = encoder.payload(&samples);
            (audio_type, (50_000 + packet * 160) * encoder.codec().clock_factor(), payload)
        }
        Say::Event(payload_type, timestamp, payload) => (payload_type, timestamp, payload),
    };
    let sequence = u16::try_from(packet % 65_536).expect("the remainder fits");
    Header { marker: packet == 0, payload_type, sequence, timestamp, ssrc: 7 }.packet(&payload)
}
