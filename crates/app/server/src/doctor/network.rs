//! Addresses and ports: whether a server could have them, and whether the one that runs answers there.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use hotline_api_types::{Found, Looked};
use hotline_config::{Configuration, SipListener};
use hotline_sip::Transport;
use tokio::time::timeout;

use super::finding::{Finding, reason};

/// How long a SIP element may take to answer OPTIONS; RFC 3261's T1 lets it be sent again meanwhile.
pub(super) const ANSWER_MAX: Duration = Duration::from_secs(2);

pub(super) async fn look(configuration: &Configuration, runs: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for listener in &configuration.server.sip.listen {
        findings.push(if runs { answers(listener).await } else { sip_port(listener) });
    }
    if !runs {
        findings.push(tcp_port(pages(configuration.server.http.listen), configuration.server.http.listen));
        let tcp = configuration.server.media.tcp.iter();
        findings.extend(tcp.map(|tcp| tcp_port(browsers(tcp.listen), tcp.listen)));
        findings.push(media_ports(configuration));
    }
    findings.extend(ephemeral_ports(configuration));
    findings
}

fn about(listener: &SipListener) -> Looked {
    let transport = listener.transport.to_string();
    Looked::SipListener { transport, address: listener.address.to_string() }
}

fn sip_port(listener: &SipListener) -> Finding {
    let bound = match listener.transport {
        Transport::Udp => UdpSocket::bind(listener.address).map(drop),
        Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => {
            std::net::TcpListener::bind(listener.address).map(drop)
        }
    };
    of_port(about(listener), bound, listener.address)
}

fn pages(address: SocketAddr) -> Looked {
    Looked::Pages { address: address.to_string() }
}

fn browsers(address: SocketAddr) -> Looked {
    Looked::BrowserAudio { address: address.to_string() }
}

fn tcp_port(about: Looked, address: SocketAddr) -> Finding {
    of_port(about, std::net::TcpListener::bind(address).map(drop), address)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the others have one advice")]
fn of_port(about: Looked, bound: io::Result<()>, address: SocketAddr) -> Finding {
    let Err(error) = bound else { return Finding::good(about, Found::PortFree, "the port is free") };
    let port = address.port();
    let (found, advice) = match error.kind() {
        io::ErrorKind::AddrInUse => (
            Found::PortTaken { port },
            format!("`ss -lpn 'sport = :{port}'` shows who has it; stop that, or take another port"),
        ),
        io::ErrorKind::AddrNotAvailable => (
            Found::AddressNotHere { ip: address.ip().to_string() },
            format!("{} is no address of this machine: `ip address` shows those that are", address.ip()),
        ),
        _ => (
            Found::PortRefused { reason: reason(&error), said: error.to_string() },
            "take another address, or a port from 1024 on".to_owned(),
        ),
    };
    Finding::bad(about, found, format!("cannot be listened on: {error}"), advice)
}

/// Whether the server that runs answers OPTIONS there; over encrypted transports only whether somebody listens.
async fn answers(listener: &SipListener) -> Finding {
    let about = about(listener);
    let mut address = listener.address;
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            [127, 0, 0, 1].into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        });
    }
    let unheard = match listener.transport {
        Transport::Udp => match ask(address).await {
            Ok(status) => {
                return Finding::good(
                    about,
                    Found::Answers { status },
                    format!("the server answers ({status})"),
                );
            }
            Err(unheard) => unheard,
        },
        Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => {
            match timeout(ANSWER_MAX, tokio::net::TcpStream::connect(address)).await {
                Ok(Ok(_)) => {
                    return Finding::good(about, Found::TakesConnections, "somebody takes connections");
                }
                Ok(Err(error)) => Unheard::System(error),
                Err(_) => Unheard::Silent,
            }
        }
    };
    let says = unheard.to_string();
    let found = match unheard {
        Unheard::Silent => Found::Silent,
        Unheard::NotSip => Found::NotSip,
        Unheard::System(error) => Found::Unconnected { reason: reason(&error), said: error.to_string() },
    };
    Finding::bad(about, found, says, "is the configuration the one that the server was started with?")
}

/// Why no answer of a SIP element was heard.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unheard {
    #[error("no answer to OPTIONS")]
    Silent,
    #[error("something answers that is not SIP")]
    NotSip,
    #[error("{0}")]
    System(#[from] io::Error),
}

/// Sends OPTIONS over UDP; the status of the answer.
pub(super) async fn ask(address: SocketAddr) -> Result<u16, Unheard> {
    let local: SocketAddr = if address.is_ipv4() {
        ([0, 0, 0, 0], 0).into()
    } else {
        (std::net::Ipv6Addr::UNSPECIFIED, 0).into()
    };
    let socket = tokio::net::UdpSocket::bind(local).await?;
    socket.connect(address).await?;
    let own = socket.local_addr()?;
    let mark = own.port();
    let request = format!(
        "OPTIONS sip:{address} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKdoctor{mark};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:doctor@{own}>;tag=doctor{mark}\r\nTo: <sip:{address}>\r\n\
         Call-ID: doctor-{mark}-{}@{own}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
        std::process::id()
    );
    let mut answer = [0; 2048];
    for _ in 0..2 {
        socket.send(request.as_bytes()).await?;
        if let Ok(received) = timeout(ANSWER_MAX / 2, socket.recv(&mut answer)).await {
            return status(&answer[..received?]);
        }
    }
    Err(Unheard::Silent)
}

fn status(answer: &[u8]) -> Result<u16, Unheard> {
    let text = String::from_utf8_lossy(answer);
    let mut words = text.split(' ');
    let is_sip = words.next() == Some("SIP/2.0");
    let status = words.next().and_then(|word| word.parse().ok());
    status.filter(|_| is_sip).ok_or(Unheard::NotSip)
}

fn media_ports(configuration: &Configuration) -> Finding {
    let media = &configuration.server.media;
    let ports = media.ports.clone();
    let about = Looked::RtpPorts { first: *ports.start(), last: *ports.end() };
    let all = ports.len();
    let taken: Vec<u16> = ports.filter(|port| UdpSocket::bind((media.listen, *port)).is_err()).collect();
    match taken.len() {
        0 => Finding::good(
            about,
            Found::PortsFree { legs: all / 2 },
            format!("all free: room for {} legs", all / 2),
        ),
        count if count == all => Finding::bad(
            about,
            Found::PortsUnusable { ip: media.listen.to_string() },
            format!("none can be used at {}", media.listen),
            "is `media.listen` an address of this machine?",
        ),
        count => Finding::doubtful(
            about,
            Found::PortsTaken { count, of: all, first: taken[0] },
            format!("{count} of {all} are taken, the first of them {}", taken[0]),
            "they are left out; if other programs need them, take another range",
        ),
    }
}

/// The system gives ports out of its own range to any program, also those that calls need.
fn ephemeral_ports(configuration: &Configuration) -> Option<Finding> {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/sys/net/ipv4/{name}")).ok();
    let range = read("ip_local_port_range")?;
    let mut ends = range.split_whitespace().filter_map(|word| word.parse::<u16>().ok());
    let (first, last) = (ends.next()?, ends.next()?);
    let ports = &configuration.server.media.ports;
    let reserved = read("ip_local_reserved_ports").is_some_and(|text| !text.trim().is_empty());
    let apart = *ports.end() < first || *ports.start() > last;
    Some(if apart || reserved {
        Finding::good(
            Looked::SystemPorts,
            Found::PortsApart { first, last },
            format!("{first}-{last}, apart from those of calls or with reserved ones"),
        )
    } else {
        let reserve = format!("{}-{}", ports.start(), ports.end());
        let advice = format!("sysctl -w net.ipv4.ip_local_reserved_ports={reserve}");
        Finding::doubtful(
            Looked::SystemPorts,
            Found::PortsOverlap { first, last, reserve },
            format!("{first}-{last} overlap those of calls: any program may get one of them"),
            advice,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_answers_options_is_heard_and_others_are_told_apart() {
        let peer = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = peer.local_addr().unwrap();
        for (answer, expected) in [("SIP/2.0 200 OK\r\n\r\n", Some(200)), ("HTTP/1.1 400 Bad", None)] {
            let answering = async {
                let mut request = [0; 2048];
                let (_, from) = peer.recv_from(&mut request).await.unwrap();
                assert!(request.starts_with(b"OPTIONS sip:127.0.0.1:"));
                peer.send_to(answer.as_bytes(), from).await.unwrap();
            };
            let heard = tokio::join!(ask(address), answering).0;
            assert!(heard.is_ok() || matches!(heard, Err(Unheard::NotSip)), "{heard:?}");
            assert_eq!(heard.ok(), expected);
        }
    }

    #[test]
    fn a_taken_port_comes_with_the_command_that_shows_who_has_it() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let finding = tcp_port(pages(taken.local_addr().unwrap()), taken.local_addr().unwrap());
        assert!(finding.advice.unwrap().contains("ss -lpn"));
    }
}
