//! The torture messages of RFC 5118 (IPv6), each by its name there, with the verdict that RFC gives.

#![expect(clippy::unwrap_used, reason = "what a test cannot read fails it")]

use core::net::{IpAddr, Ipv6Addr};

use hotline_sip::{Message, SipUri};

const FROM: &str = "From: sip:user@example.com;tag=81x2\n";
const VIA: &str = "Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111\n";

/// The lines of the message with its last header and what ends the headers.
fn whole(lines: &str, body: &str) -> String {
    let body = body.replace('\n', "\r\n");
    format!("{}Content-Length: {}\r\n\r\n{body}", lines.replace('\n', "\r\n"), body.len())
}

fn accepted(lines: &str, body: &str) -> Message {
    Message::parse(whole(lines, body)).unwrap_or_else(|error| panic!("{error}"))
}

fn register(uri: &str) -> String {
    format!(
        "REGISTER {uri} SIP/2.0\nTo: sip:user@example.com\n{FROM}{VIA}Call-ID: SSG9559905523997077@hlau_4100\n\
         Max-Forwards: 70\nContact: \"Caller\" <sip:caller@[2001:db8::1]>\nCSeq: 98176 REGISTER\n"
    )
}

fn target(message: &Message) -> SipUri {
    message.uri().unwrap().sip().unwrap().clone()
}

fn address(text: &str) -> IpAddr {
    IpAddr::V6(text.parse::<Ipv6Addr>().unwrap())
}

/// RFC 5118 §4.1.
#[test]
fn ipv6_good() {
    let message = accepted(&register("sip:[2001:db8::10]"), "");
    assert_eq!(target(&message).host.ip(), Some(address("2001:db8::10")));
    let contacts = message.contacts().unwrap();
    assert_eq!(contacts.first().unwrap().uri.sip().unwrap().host.ip(), Some(address("2001:db8::1")));
    assert_eq!(message.top_via().unwrap().host.ip(), Some(address("2001:db8::9:1")));
}

/// RFC 5118 §4.2: without brackets it is no URI: 400.
#[test]
fn ipv6_bad() {
    let malformed = Message::parse(whole(&register("sip:2001:db8::10"), "")).unwrap_err();
    assert_eq!(malformed.status(), Some(400));
}

/// RFC 5118 §4.3: the 5070 is a part of the address.
#[test]
fn port_ambiguous() {
    let target = target(&accepted(&register("sip:[2001:db8::10:5070]"), ""));
    assert_eq!((target.host.ip(), target.port), (Some(address("2001:db8::10:5070")), None));
}

/// RFC 5118 §4.4.
#[test]
fn port_unambiguous() {
    let target = target(&accepted(&register("sip:[2001:db8::10]:5070"), ""));
    assert_eq!((target.host.ip(), target.port), (Some(address("2001:db8::10")), Some(5070)));
}

/// RFC 5118 §4.5: brackets in `received` are against the grammar and forgiven.
#[test]
fn via_received_param_with_delim() {
    let message = accepted(
        &format!(
            "BYE sip:[2001:db8::10] SIP/2.0\nTo: sip:user@example.com;tag=bd76ya\n{FROM}\
             Via: SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3-111\n\
             Call-ID: SSG9559905523997077@hlau_4100\nMax-Forwards: 70\nCSeq: 321 BYE\n"
        ),
        "",
    );
    assert_eq!(message.top_via().unwrap().received(), Some(address("2001:db8::9:255")));
}

/// RFC 5118 §4.5.
#[test]
fn via_received_param_no_delim() {
    let message = accepted(
        &format!(
            "OPTIONS sip:[2001:db8::10] SIP/2.0\nTo: sip:user@example.com\n{FROM}\
             Via: SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3\n\
             Call-ID: SSG95523997077@hlau_4100\nMax-Forwards: 70\nContact: \"Caller\" <sip:caller@[2001:db8::9:1]>\n\
             CSeq: 921 OPTIONS\n"
        ),
        "",
    );
    assert_eq!(message.top_via().unwrap().received(), Some(address("2001:db8::9:255")));
}

fn invite(via: &str, to: &str) -> String {
    format!(
        "INVITE sip:user@{to} SIP/2.0\nTo: sip:user@{to}\n{FROM}{via}Call-ID: SSG9559905523997077@hlau_4100\n\
         Contact: \"Caller\" <sip:caller@[2001:db8::20]>\nCSeq: 8612 INVITE\nMax-Forwards: 70\n\
         Content-Type: application/sdp\n"
    )
}

/// RFC 5118 §4.6: the body is there whole; what is in it is read by `sdp`.
#[test]
fn ipv6_in_sdp() {
    let body = "v=0\no=assistant 971731711378798081 0 IN IP6 2001:db8::20\n\
                s=Live video feed for today's meeting\nc=IN IP6 2001:db8::20\nt=3338481189 3370017201\n\
                m=audio 6000 RTP/AVP 2\na=rtpmap:2 G726-32/8000\nm=video 6024 RTP/AVP 107\n\
                a=rtpmap:107 H263-1998/90000\n";
    let message = accepted(&invite(VIA, "[2001:db8::10]"), body);
    assert_eq!(message.body(), body.replace('\n', "\r\n"));
}

/// RFC 5118 §4.7: both families in one message.
#[test]
fn mult_ip_in_header() {
    let message = accepted(
        &format!(
            "BYE sip:user@host.example.net SIP/2.0\nVia: SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111\n\
             Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144\n\
             Via: SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200\n\
             Call-ID: 997077@lau_4100\nMax-Forwards: 70\nCSeq: 89187 BYE\nTo: sip:user@example.net;tag=9817--94\n{FROM}"
        ),
        "",
    );
    let vias = message.vias().unwrap();
    let hosts: Vec<_> = vias.iter().map(|via| via.host.ip().unwrap().is_ipv6()).collect();
    assert_eq!((hosts, vias[0].port), (vec![true, false, true], Some(6050)));
    assert_eq!(vias[2].received(), Some("192.0.2.200".parse().unwrap()));
}

/// RFC 5118 §4.8.
#[test]
fn mult_ip_in_sdp() {
    let body = "v=0\no=bob 280744730 28977631 IN IP4 host.example.com\ns=\nt=0 0\nm=audio 22334 RTP/AVP 0\n\
                c=IN IP4 192.0.2.1\nm=video 6024 RTP/AVP 107\nc=IN IP6 2001:db8::1\na=rtpmap:107 H263-1998/90000\n";
    let message = accepted(&invite(VIA, "[2001:db8::10]"), body);
    assert_eq!(message.body().len(), body.len() + body.lines().count());
}

/// RFC 5118 §4.9.
#[test]
fn ipv4_mapped_ipv6() {
    let via = "Via: SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19\n\
               Via: SIP/2.0/UDP [::ffff:192.0.2.2];branch=z9hG4bKas3-111\n";
    let message = accepted(&invite(via, "example.com"), "");
    let via = message.top_via().unwrap();
    assert_eq!((via.host.ip(), via.port), (Some(address("::ffff:192.0.2.10")), Some(19_823)));
}

fn options(host: &str) -> Message {
    accepted(
        &format!(
            "OPTIONS sip:user@{host} SIP/2.0\nTo: sip:user@{host}\nFrom: sip:user@example.com;tag=810x2\n\
             Via: SIP/2.0/UDP lab1.east.example.com;branch=z9hG4bKas3-111\nCall-ID: G9559905523997077@hlau_4100\n\
             CSeq: 689 OPTIONS\nMax-Forwards: 70\n"
        ),
        "",
    )
}

/// RFC 5118 §4.10: the grammar of RFC 3261 asked for a third colon, which must be tolerated.
#[test]
fn ipv6_bug_abnf_3_colons() {
    let message = options("[2001:db8:::192.0.2.1]");
    assert_eq!(target(&message).host.ip(), Some(address("2001:db8::192.0.2.1")));
}

/// RFC 5118 §4.10.
#[test]
fn ipv6_correct_abnf_2_colons() {
    let message = options("[2001:db8::192.0.2.1]");
    assert_eq!(target(&message).host.ip(), Some(address("2001:db8::192.0.2.1")));
}
