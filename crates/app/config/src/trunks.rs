//! `trunks:` of the center.

use std::net::IpAddr;

use hotline_base::TrunkId;
use hotline_sip::{IpPrefix, TrunkConfig};
use hotline_yaml::{Node, Reader};

const PEERS_MAX: usize = 256;

pub(crate) fn trunks(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<TrunkConfig>> {
    let mut trunks = Vec::new();
    for (key, value) in reader.entries(node, "trunks")? {
        if reader.check_name(&key.text, key.place, "a trunk's id").is_none() {
            continue;
        }
        let Some(fields) = reader.fields(value, "a trunk", &["peers"]) else { continue };
        let Some(peers) = reader.required(&fields, "peers") else { continue };
        let Some(items) = reader.list(peers, "addresses", PEERS_MAX) else { continue };
        let peers = items.iter().filter_map(|item| prefix(reader, item)).collect();
        trunks.push(TrunkConfig { id: TrunkId::from(key.text.as_str()), peers });
    }
    Some(trunks)
}

/// `192.0.2.7` or `192.0.2.0/24`.
fn prefix(reader: &mut Reader<'_>, node: &Node) -> Option<IpPrefix> {
    let text = reader.text(node, "an address such as `192.0.2.7` or `192.0.2.0/24`")?;
    let prefix = parse_prefix(text);
    if prefix.is_none() {
        reader.mistake(
            node.place,
            format!("`{text}` is no address"),
            "such as `192.0.2.7`, `192.0.2.0/24` or `2001:db8::/32`",
        );
    }
    prefix
}

fn parse_prefix(text: &str) -> Option<IpPrefix> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u8>().ok()?)),
        None => (text, None),
    };
    let addr: IpAddr = address.parse().ok()?;
    let longest = if addr.is_ipv4() { 32 } else { 128 };
    let len = length.unwrap_or(longest);
    (len <= longest).then_some(IpPrefix { addr, len })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_blocks() {
        assert_eq!(parse_prefix("192.0.2.7").map(|prefix| prefix.len), Some(32));
        assert_eq!(parse_prefix("2001:db8::/32").map(|prefix| prefix.len), Some(32));
        assert!(parse_prefix("192.0.2.0/33").is_none());
        assert!(parse_prefix("trunk.example").is_none());
    }
}
