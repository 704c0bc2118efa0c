//! `servers:` of a trunk.

use hotline_call::{SERVERS_MAX, Server};
use hotline_sip::uri::Uri;
use hotline_sip::{Destination, Transport};

use crate::format::{SERVER, names};
use hotline_yaml::{Node, Reader, Value};

const WEIGHT_MAX: usize = 65_535;
const REMEDY: &str = "such as `sip.example.net`, `192.0.2.5:5080`, `sip:sip.example.net;transport=tcp` or \
                      `sips:sip.example.net`";

pub(super) fn servers(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<Server>> {
    let items = reader.list(node, "servers", SERVERS_MAX)?;
    let mut servers: Vec<Server> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let priority = u16::try_from(index).unwrap_or(u16::MAX);
        let Some(server) = server(reader, item, priority) else { continue };
        if servers.iter().any(|known| known.destination == server.destination) {
            reader.mistake(item.place, format!("`{}` is there twice", server.destination), "keep one");
            continue;
        }
        servers.push(server);
    }
    Some(servers)
}

/// A server by itself has the priority of its place in the list.
fn server(reader: &mut Reader<'_>, node: &Node, priority: u16) -> Option<Server> {
    if !matches!(node.value, Value::Map(_)) {
        let destination = destination(reader, node)?;
        return Some(Server { destination, priority, weight: 0 });
    }
    let fields = reader.fields(node, "a server", &names(&SERVER))?;
    let destination = reader.required(&fields, "server").and_then(|node| destination(reader, node));
    let mut number = |key: &str, otherwise: u16| match fields.optional(key) {
        Some(node) => reader.count(node, 0..=WEIGHT_MAX).and_then(|count| u16::try_from(count).ok()),
        None => Some(otherwise),
    };
    let (priority, weight) = (number("priority", priority), number("weight", 1));
    Some(Server { destination: destination?, priority: priority?, weight: weight? })
}

fn destination(reader: &mut Reader<'_>, node: &Node) -> Option<Destination> {
    let text = reader.text(node, "a server")?;
    let destination = parse(text);
    if destination.is_none() {
        reader.mistake(node.place, format!("`{text}` is no server"), REMEDY);
    }
    destination
}

/// A SIP URI without a user, or what follows `sip:` in one.
fn parse(text: &str) -> Option<Destination> {
    let has_scheme = text.starts_with("sip:") || text.starts_with("sips:");
    let uri = if has_scheme { text.to_owned() } else { format!("sip:{text}") };
    let Ok(Uri::Sip(uri)) = Uri::parse(&uri) else { return None };
    let secure = text.starts_with("sips:");
    let transport = match uri.params.text("transport") {
        Some(name) => Some(Transport::parse(&name)?),
        None => None,
    };
    let is_usable = match transport {
        Some(Transport::Udp | Transport::Tcp) => !secure,
        Some(Transport::Tls) | None => true,
        // A browser calls us.
        Some(Transport::Ws | Transport::Wss) => false,
    };
    if uri.user.is_some() || uri.headers.is_some() || !is_usable {
        return None;
    }
    Some(Destination { host: uri.host, port: uri.port, transport, secure })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        parse(text).map(|destination| destination.to_string())
    }

    #[test]
    fn a_server_is_written_as_people_write_it() {
        for (text, meant) in [
            ("sip.example.net", "sip:sip.example.net"),
            ("192.0.2.5:5080", "sip:192.0.2.5:5080"),
            ("[2001:db8::5]:5080", "sip:[2001:db8::5]:5080"),
            ("sip:sip.example.net;transport=TCP", "sip:sip.example.net;transport=tcp"),
            ("sip.example.net;transport=tls", "sip:sip.example.net;transport=tls"),
            ("sips:sip.example.net", "sips:sip.example.net"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(meant));
        }
        for text in [
            "",
            "ann@sip.example.net",
            "sip.example.net;transport=ws",
            "sips:sip.example.net;transport=udp",
            "sip.example.net:99999",
            "sip.example.net;transport=pigeon",
            "http://sip.example.net",
            "a b",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
