//! Addresses and ports: whether a server could have them, and whether the one that runs answers there.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use hotline_config::{Configuration, SipListener};
use hotline_sip::Transport;
use tokio::time::timeout;

use super::finding::Finding;

/// How long a SIP element may take to answer OPTIONS; RFC 3261's T1 lets it be sent again meanwhile.
pub(super) const ANSWER_MAX: Duration = Duration::from_secs(2);

pub(super) async fn look(configuration: &Configuration, runs: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for listener in &configuration.server.sip.listen {
        findings.push(if runs { answers(listener).await } else { sip_port(listener) });
    }
    if !runs {
        findings.push(tcp_port("pages and API", configuration.server.http.listen));
        let tcp = configuration.server.media.tcp.iter();
        findings.extend(tcp.map(|tcp| tcp_port("audio of browsers by TCP", tcp.listen)));
        findings.push(media_ports(configuration));
    }
    findings.extend(ephemeral_ports(configuration));
    findings
}

fn name(listener: &SipListener) -> String {
    format!("SIP over {} at {}", listener.transport, listener.address)
}

fn sip_port(listener: &SipListener) -> Finding {
    let bound = match listener.transport {
        Transport::Udp => UdpSocket::bind(listener.address).map(drop),
        Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => {
            std::net::TcpListener::bind(listener.address).map(drop)
        }
    };
    match bound {
        Ok(()) => Finding::good(name(listener), "the port is free"),
        Err(error) => taken(name(listener), &error, listener.address),
    }
}

fn tcp_port(what: &str, address: SocketAddr) -> Finding {
    let subject = format!("{what} at {address}");
    match std::net::TcpListener::bind(address) {
        Ok(_) => Finding::good(subject, "the port is free"),
        Err(error) => taken(subject, &error, address),
    }
}

fn taken(subject: String, error: &std::io::Error, address: SocketAddr) -> Finding {
    use std::io::ErrorKind;
    let port = address.port();
    let advice = if error.kind() == ErrorKind::AddrInUse {
        format!("`ss -lpn 'sport = :{port}'` shows who has it; stop that, or take another port")
    } else if error.kind() == ErrorKind::AddrNotAvailable {
        format!("{} is no address of this machine: `ip address` shows those that are", address.ip())
    } else {
        "take another address, or a port from 1024 on".to_owned()
    };
    Finding::bad(subject, format!("cannot be listened on: {error}"), advice)
}

/// Whether the server that runs answers OPTIONS there; over encrypted transports only whether somebody listens.
async fn answers(listener: &SipListener) -> Finding {
    let subject = name(listener);
    let mut address = listener.address;
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            [127, 0, 0, 1].into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        });
    }
    let answer = match listener.transport {
        Transport::Udp => ask(address).await.map(|status| format!("the server answers ({status})")),
        Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => {
            let connected = timeout(ANSWER_MAX, tokio::net::TcpStream::connect(address)).await;
            match connected {
                Ok(Ok(_)) => Ok("somebody takes connections".to_owned()),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err("no answer".to_owned()),
            }
        }
    };
    match answer {
        Ok(says) => Finding::good(subject, says),
        Err(error) => {
            Finding::bad(subject, error, "is the configuration the one that the server was started with?")
        }
    }
}

/// Sends OPTIONS over UDP; the status of the answer.
pub(super) async fn ask(address: SocketAddr) -> Result<u16, String> {
    let text = |error: std::io::Error| error.to_string();
    let local: SocketAddr = if address.is_ipv4() {
        ([0, 0, 0, 0], 0).into()
    } else {
        (std::net::Ipv6Addr::UNSPECIFIED, 0).into()
    };
    let socket = tokio::net::UdpSocket::bind(local).await.map_err(text)?;
    socket.connect(address).await.map_err(text)?;
    let own = socket.local_addr().map_err(text)?;
    let mark = own.port();
    let request = format!(
        "OPTIONS sip:{address} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKdoctor{mark};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:doctor@{own}>;tag=doctor{mark}\r\nTo: <sip:{address}>\r\n\
         Call-ID: doctor-{mark}-{}@{own}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
        std::process::id()
    );
    let mut answer = [0; 2048];
    for _ in 0..2 {
        socket.send(request.as_bytes()).await.map_err(text)?;
        if let Ok(received) = timeout(ANSWER_MAX / 2, socket.recv(&mut answer)).await {
            return status(&answer[..received.map_err(text)?]);
        }
    }
    Err("no answer to OPTIONS".to_owned())
}

fn status(answer: &[u8]) -> Result<u16, String> {
    let text = String::from_utf8_lossy(answer);
    let mut words = text.split(' ');
    let is_sip = words.next() == Some("SIP/2.0");
    let status = words.next().and_then(|word| word.parse().ok());
    status.filter(|_| is_sip).ok_or_else(|| "something answers that is not SIP".to_owned())
}

fn media_ports(configuration: &Configuration) -> Finding {
    let media = &configuration.server.media;
    let ports = media.ports.clone();
    let subject = format!("RTP ports {}-{}", ports.start(), ports.end());
    let all = ports.len();
    let taken: Vec<u16> = ports.filter(|port| UdpSocket::bind((media.listen, *port)).is_err()).collect();
    match taken.len() {
        0 => Finding::good(subject, format!("all free: room for {} legs", all / 2)),
        count if count == all => Finding::bad(
            subject,
            format!("none can be used at {}", media.listen),
            "is `media.listen` an address of this machine?",
        ),
        count => Finding::doubtful(
            subject,
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
    let subject = "ports of the system";
    Some(if apart || reserved {
        Finding::good(subject, format!("{first}-{last}, apart from those of calls or with reserved ones"))
    } else {
        Finding::doubtful(
            subject,
            format!("{first}-{last} overlap those of calls: any program may get one of them"),
            format!("sysctl -w net.ipv4.ip_local_reserved_ports={}-{}", ports.start(), ports.end()),
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
        for (answer, expected) in [
            ("SIP/2.0 200 OK\r\n\r\n", Ok(200)),
            ("HTTP/1.1 400 Bad", Err("something answers that is not SIP".into())),
        ] {
            let answering = async {
                let mut request = [0; 2048];
                let (_, from) = peer.recv_from(&mut request).await.unwrap();
                assert!(request.starts_with(b"OPTIONS sip:127.0.0.1:"));
                peer.send_to(answer.as_bytes(), from).await.unwrap();
            };
            assert_eq!(tokio::join!(ask(address), answering).0, expected);
        }
    }

    #[test]
    fn a_taken_port_comes_with_the_command_that_shows_who_has_it() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let finding = tcp_port("pages", taken.local_addr().unwrap());
        assert!(finding.advice.unwrap().contains("ss -lpn"));
    }
}
