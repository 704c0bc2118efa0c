//! What may be written in `sip`, and what is said of each mistake.

use hotline_yaml::Source;
use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;

use super::*;
use crate::server::parse;

const REST: &str = "\nmedia: {listen: 127.0.0.1, ports: 20000-20100}\nhttp: {listen: 127.0.0.1:8080}\n\
    storage: {database: sqlite://d, recordings: r, sounds: s, flows: f, center: c}\n";

fn read(sip: &str) -> Result<Sip, Vec<String>> {
    let source = Source::new("hotline.yaml", &format!("sip:\n{sip}{REST}"));
    let read = parse(&source).map(|server| server.sip);
    read.map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect())
}

fn good(sip: &str) -> Sip {
    read(sip).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

/// The only mistake, which must be told at this place and with these words.
#[track_caller]
fn mistake(sip: &str, place: &str, words: &[&str]) {
    let mistakes = read(sip).expect_err("this is a mistake");
    let [told] = &mistakes[..] else { panic!("{mistakes:?}") };
    assert!(told.starts_with(&format!("hotline.yaml:{place}: ")), "{told}");
    for word in words {
        assert!(told.contains(word), "no `{word}` in {told}");
    }
}

fn listeners(sip: &Sip) -> Vec<String> {
    let shown = |one: &SipListener| format!("{} {} {}", one.transport, one.address, one.external);
    sip.listen.iter().map(shown).collect()
}

/// A certificate with its key in files of a directory.
fn certificate() -> TempDir {
    let directory = TempDir::new().unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["sip.example".into()]).unwrap().self_signed(&key).unwrap();
    std::fs::write(directory.path().join("certificate.pem"), certificate.pem()).unwrap();
    std::fs::write(directory.path().join("key.pem"), key.serialize_pem()).unwrap();
    std::fs::write(directory.path().join("ca.pem"), certificate.pem()).unwrap();
    directory
}

/// `sip` with a listener of TLS and this in `tls`, in which `DIR` stands for the directory.
fn secured(directory: &TempDir, listener: &str, tls: &str) -> String {
    let text =
        format!("  listen:\n    - {{transport: tls, address: 127.0.0.1:5061{listener}}}\n  tls: {{{tls}}}");
    text.replace("DIR", &directory.path().display().to_string())
}

const FILES: &str = "certificate: DIR/certificate.pem, key: DIR/key.pem";

#[test]
fn one_address_is_udp_and_tcp() {
    let sip = good("  listen: 127.0.0.1:5060");
    assert_eq!(sip, Sip::at("127.0.0.1:5060".parse().unwrap()));
    assert_eq!(listeners(&sip), ["UDP 127.0.0.1:5060 127.0.0.1:5060", "TCP 127.0.0.1:5060 127.0.0.1:5060"]);
    let sip = good("  listen: 0.0.0.0:5060\n  external: 203.0.113.7:5080");
    assert_eq!(listeners(&sip), ["UDP 0.0.0.0:5060 203.0.113.7:5080", "TCP 0.0.0.0:5060 203.0.113.7:5080"]);
    assert_eq!(sip.udp(), Some("0.0.0.0:5060".parse().unwrap()));
}

#[test]
fn a_list_has_an_entry_for_each_address() {
    let sip = good(
        "  listen:\n    - 192.0.2.1:5060\n    - {transport: udp, address: \"[2001:db8::1]:5060\"}\n    \
         - {transport: ws, address: 0.0.0.0:8088, external: 203.0.113.7:80}\n  \
         connections: {max: 100, per_source: 10}",
    );
    assert_eq!(
        listeners(&sip),
        [
            "UDP 192.0.2.1:5060 192.0.2.1:5060",
            "TCP 192.0.2.1:5060 192.0.2.1:5060",
            "UDP [2001:db8::1]:5060 [2001:db8::1]:5060",
            "WS 0.0.0.0:8088 203.0.113.7:80"
        ]
    );
    assert_eq!((sip.limits.connections, sip.limits.connections_per_source), (100, 10));
    assert_eq!(good("  listen: 127.0.0.1:5060\n  connections: {max: 5}").limits.connections_per_source, 5);
}

#[test]
fn certificates_are_read_and_clients_asked() {
    let directory = certificate();
    let sip = good(&secured(&directory, "", FILES));
    assert_eq!(sip.listen[0].client_auth, ClientAuth::None);
    let tls = format!("{FILES}, client_ca: DIR/ca.pem, client_auth: optional");
    let sip = good(&secured(&directory, "", &tls));
    assert_eq!(sip.listen[0].client_auth, ClientAuth::Optional);
    let sip = good(&secured(&directory, ", client_auth: required", &tls));
    assert_eq!(sip.listen[0].client_auth, ClientAuth::Required);
    assert_eq!(sip.tls.client_ca, Some(directory.path().join("ca.pem")));
}

#[test]
fn addresses_that_cannot_be_used_are_told() {
    mistake("  listen: 127.0.0.1", "2:11", &["`127.0.0.1` cannot be used", "address and port"]);
    mistake("  listen: 0.0.0.0:5060", "2:11", &["phones cannot reach 0.0.0.0:5060", "`external:"]);
    let everywhere = "  listen:\n    - {transport: tcp, address: \"[::]:5060\"}";
    mistake(everywhere, "3:7", &["phones cannot reach [::]:5060", "`external:"]);
    mistake(
        "  listen: 0.0.0.0:5060\n  external: \"[2001:db8::1]:5060\"",
        "3:13",
        &["does not lead to 0.0.0.0:5060", "an IPv4 address"],
    );
    let beside = "  listen: [192.0.2.1:5060]\n  external: 203.0.113.7:5060";
    mistake(beside, "3:13", &["`external` beside a list", "each of its entries"]);
    mistake("  listen: []", "2:11", &["0 addresses", "1 to 32"]);
    mistake("  external: 203.0.113.7:5060", "2:3", &["sip without `listen`", "add `listen:"]);
}

#[test]
fn entries_that_cannot_be_used_are_told() {
    let entry = |entry: &str| format!("  listen:\n    - {entry}");
    mistake(&entry("{transport: sctp, address: 127.0.0.1:5060}"), "3:19", &["unknown transport", "`wss`"]);
    mistake(&entry("{transport: tsl, address: 127.0.0.1:5060}"), "3:19", &["did you mean `tls`?"]);
    mistake(&entry("{address: 127.0.0.1:5060}"), "3:7", &["without `transport`"]);
    mistake(&entry("{transport: tcp}"), "3:7", &["without `address`"]);
    let unknown = entry("{transport: tcp, adress: 127.0.0.1:5060, address: 127.0.0.1:5060}");
    mistake(&unknown, "3:24", &["unknown key `adress`", "did you mean `address`?"]);
    let asking = entry("{transport: tcp, address: 127.0.0.1:5060, client_auth: required}");
    mistake(&asking, "3:62", &["`client_auth` for TCP", "remove it"]);
    let twice = entry("127.0.0.1:5060\n    - {transport: ws, address: 127.0.0.1:5060}");
    mistake(&twice, "4:7", &["WS at 127.0.0.1:5060 is taken", "line 3"]);
}

#[test]
fn certificates_that_cannot_be_used_are_told() {
    let directory = certificate();
    let at = |listener: &str, tls: &str| secured(&directory, listener, tls);
    std::fs::write(directory.path().join("empty.pem"), "").unwrap();
    mistake(&at("", ""), "3:7", &["TLS without a certificate", "certificate: FILE"]);
    mistake(&at("", "certificate: DIR/certificate.pem"), "4:8", &["tls without `key`"]);
    mistake(&at("", "key: DIR/key.pem"), "4:8", &["tls without `certificate`"]);
    let missing = "certificate: DIR/missing.pem, key: DIR/key.pem";
    mistake(&at("", missing), "4:22", &["missing.pem", "No such file", "in PEM"]);
    let empty = "certificate: DIR/empty.pem, key: DIR/key.pem";
    mistake(&at("", empty), "4:22", &["empty.pem: no certificate in it"]);
    let client_auth = format!("{FILES}, client_auth: required");
    mistake(&at("", &client_auth), "3:7", &["nobody can check", "`client_ca: FILE`"]);
    let unused = at("", &format!("client_ca: DIR/ca.pem, {FILES}"));
    mistake(&unused, "4:20", &["no listener asks", "`client_auth: optional`"]);
    mistake(&at(", client_auth: always", FILES), "3:62", &["`always` is no way", "`required`"]);
}

#[test]
fn limits_that_make_no_sense_are_told() {
    let limits = |limits: &str| format!("  listen: 127.0.0.1:5060\n  connections: {{{limits}}}");
    mistake(&limits("max: 0"), "3:22", &["unexpected number 0", "from 1"]);
    mistake(&limits("max: 10, per_source: 11"), "3:38", &["than all may", "which is 10"]);
}
