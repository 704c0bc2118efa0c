//! Servers by name, over a DNS server that the tests run.

#![expect(clippy::unwrap_used, reason = "what a test cannot do without fails it")]

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, NAPTR, SRV};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use hotline_sip::uri::Host;
use hotline_sip::{Destination, Place, Transport};
use hotline_sip_net::{LocateError, Names, PLACES_MAX, Resolver, TTL_MIN};
use tokio::net::UdpSocket;

type Zone = BTreeMap<(String, RecordType), Vec<RData>>;

/// How long every answer may be kept, in seconds.
const TTL: u32 = 120;

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

fn srv(priority: u16, weight: u16, port: u16, target: &str) -> RData {
    RData::SRV(SRV::new(priority, weight, port, name(target)))
}

fn naptr(order: u16, services: &str, replacement: &str) -> RData {
    let (flags, services) = (b"s".to_vec().into_boxed_slice(), services.as_bytes().into());
    RData::NAPTR(NAPTR::new(order, 10, flags, services, Box::default(), name(replacement)))
}

fn a(last: u8) -> RData {
    RData::A(A(Ipv4Addr::new(192, 0, 2, last)))
}

fn zone(records: &[(&str, RecordType, Vec<RData>)]) -> Zone {
    records.iter().map(|(name, kind, data)| (((*name).to_owned(), *kind), data.clone())).collect()
}

fn answer(zone: &Zone, query: &Message) -> Option<Message> {
    let question = query.queries.first()?;
    let mut reply = Message::new(query.metadata.id, MessageType::Response, OpCode::Query);
    reply.add_query(question.clone());
    let wanted = question.name().to_ascii().to_lowercase();
    match zone.get(&(wanted.clone(), question.query_type())) {
        Some(data) => {
            for data in data {
                reply.add_answer(Record::from_rdata(question.name().clone(), TTL, data.clone()));
            }
        }
        None if zone.keys().any(|(name, _)| *name == wanted) => {}
        None => reply.metadata.response_code = ResponseCode::NXDomain,
    }
    Some(reply)
}

/// A name server for `zone`; its address.
async fn serve(zone: Zone) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 4096];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
            let query = Message::from_vec(&buffer[..length]).unwrap();
            if let Some(reply) = answer(&zone, &query) {
                socket.send_to(&reply.to_vec().unwrap(), from).await.unwrap();
            }
        }
    });
    address
}

async fn resolver(zone: Zone) -> Resolver {
    Resolver::new(&[serve(zone).await], Arc::new(Names::default())).unwrap()
}

fn destination(host: &str, port: Option<u16>, transport: Option<Transport>) -> Destination {
    Destination { host: Host::parse(host).unwrap(), port, transport, secure: false }
}

/// Transport, place and priority of each.
fn shown(places: &[Place]) -> Vec<(Transport, String, u16)> {
    places.iter().map(|place| (place.transport, place.remote.to_string(), place.priority)).collect()
}

#[tokio::test]
async fn naptr_names_the_transport_then_srv_the_hosts_then_their_addresses() {
    let resolver = resolver(zone(&[
        (
            "carrier.example.",
            RecordType::NAPTR,
            vec![
                naptr(50, "SIPS+D2T", "_sips._tcp.carrier.example."),
                naptr(10, "E2U+sip", "enum.carrier.example."),
                naptr(20, "SIP+D2T", "_sip._tcp.carrier.example."),
                naptr(90, "SIP+D2U", "_sip._udp.carrier.example."),
            ],
        ),
        (
            "_sip._tcp.carrier.example.",
            RecordType::SRV,
            vec![srv(20, 0, 5070, "spare.carrier.example."), srv(10, 60, 5060, "main.carrier.example.")],
        ),
        ("main.carrier.example.", RecordType::A, vec![a(1), a(2)]),
        ("spare.carrier.example.", RecordType::A, vec![a(9)]),
        ("spare.carrier.example.", RecordType::AAAA, vec![RData::AAAA(AAAA("2001:db8::9".parse().unwrap()))]),
    ]))
    .await;
    let located = resolver.locate(&destination("carrier.example", None, None)).await.unwrap();
    let tcp = |place: &str, priority| (Transport::Tcp, place.to_owned(), priority);
    let mut places = shown(&located.places);
    places.sort_by_key(|(_, place, priority)| (*priority, place.clone()));
    let spare = [tcp("192.0.2.9:5070", 20), tcp("[2001:db8::9]:5070", 20)];
    assert_eq!(places, [&[tcp("192.0.2.1:5060", 10), tcp("192.0.2.2:5060", 10)][..], &spare].concat());
    assert_eq!(located.places[0].weight, 60);
    assert!((Duration::from_secs(100)..=Duration::from_secs(120)).contains(&located.ttl), "{located:?}");
}

#[tokio::test]
async fn without_naptr_srv_is_asked_by_transport_and_without_srv_the_addresses() {
    let resolver = resolver(zone(&[
        ("_sip._tcp.srv.example.", RecordType::SRV, vec![srv(1, 1, 5080, "host.srv.example.")]),
        ("host.srv.example.", RecordType::A, vec![a(3)]),
        ("srv.example.", RecordType::A, vec![a(4)]),
        ("plain.example.", RecordType::A, vec![a(5)]),
        ("_sip._udp.none.example.", RecordType::SRV, vec![srv(0, 0, 0, ".")]),
        ("none.example.", RecordType::A, vec![a(6)]),
    ]))
    .await;
    for (host, port, transport, place) in [
        ("srv.example", None, None, (Transport::Tcp, "192.0.2.3:5080")),
        ("srv.example", None, Some(Transport::Tcp), (Transport::Tcp, "192.0.2.3:5080")),
        ("srv.example", None, Some(Transport::Udp), (Transport::Udp, "192.0.2.4:5060")),
        ("srv.example", Some(5090), None, (Transport::Udp, "192.0.2.4:5090")),
        ("plain.example", None, None, (Transport::Udp, "192.0.2.5:5060")),
        ("plain.example", None, Some(Transport::Tls), (Transport::Tls, "192.0.2.5:5061")),
        ("none.example", None, None, (Transport::Udp, "192.0.2.6:5060")),
    ] {
        let located = resolver.locate(&destination(host, port, transport)).await.unwrap();
        let places = shown(&located.places);
        let (transport, remote) = place;
        let asked = format!("{host} {port:?} {transport:?}");
        assert_eq!(
            places.iter().map(|(transport, place, _)| (*transport, &**place)).collect::<Vec<_>>(),
            [(transport, remote)],
            "{asked}"
        );
    }
    let secure = Destination { secure: true, ..destination("plain.example", None, None) };
    assert_eq!(shown(&resolver.locate(&secure).await.unwrap().places)[0].1, "192.0.2.5:5061");
}

#[tokio::test]
async fn an_address_asks_nobody() {
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let resolver = Resolver::new(&[silent.local_addr().unwrap()], Arc::new(Names::default())).unwrap();
    let located = resolver.locate(&destination("192.0.2.7", None, None)).await.unwrap();
    assert_eq!(shown(&located.places)[0].1, "192.0.2.7:5060");
}

#[tokio::test]
async fn what_is_not_there_and_who_does_not_answer_are_told_apart() {
    let unknown = resolver(zone(&[])).await.locate(&destination("gone.example", None, None)).await;
    assert_eq!(unknown, Err(LocateError::Unknown));
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let resolver = Resolver::new(&[silent.local_addr().unwrap()], Arc::new(Names::default())).unwrap();
    let resolver = resolver.within(Duration::from_millis(50));
    let answer = resolver.locate(&destination("carrier.example", None, None)).await;
    assert!(matches!(answer, Err(LocateError::Unanswered(_))));
}

#[tokio::test]
async fn however_many_hosts_dns_names_their_number_is_bounded() {
    let many: Vec<RData> =
        (0..60).map(|number| srv(number, 1, 5060, &format!("host{number}.many.example."))).collect();
    let mut records = vec![("_sip._udp.many.example.".to_owned(), RecordType::SRV, many)];
    for number in 0..60_u8 {
        let addresses = (0..4).map(|_| a(number)).chain([a(number + 100), a(number + 160)]).collect();
        records.push((format!("host{number}.many.example."), RecordType::A, addresses));
    }
    let records: Vec<_> = records.iter().map(|(name, kind, data)| (&**name, *kind, data.clone())).collect();
    let many = destination("many.example", None, Some(Transport::Udp));
    let located = resolver(zone(&records)).await.locate(&many).await;
    // An answer that fits no datagram is asked for by TCP, which this server does not speak.
    match located {
        Ok(located) => assert!((1..=PLACES_MAX).contains(&located.places.len())),
        Err(error) => assert!(matches!(error, LocateError::Unanswered(_)), "{error}"),
    }
}

#[tokio::test]
async fn names_are_told_for_the_certificates_of_the_servers() {
    let names = Arc::new(Names::default());
    let server = serve(zone(&[("tls.example.", RecordType::A, vec![a(8)])])).await;
    let resolver = Resolver::new(&[server], Arc::clone(&names)).unwrap();
    let located = resolver.locate(&destination("tls.example", None, Some(Transport::Tls))).await.unwrap();
    assert!(located.ttl >= TTL_MIN);
    assert!(format!("{names:?}").contains("tls.example"));
}
