//! `media.turn`: TURN servers (RFC 8656) that pages are told of.

use hotline_base::Pii;
use hotline_yaml::{Node, Reader, shown};

use crate::services::secret;

/// Addresses of TURN servers.
const URLS_MAX: usize = 8;

/// TURN servers, and what opens them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Addresses, such as `turn:turn.example:3478`.
    pub urls: Vec<String>,
    /// What opens them.
    pub access: TurnAccess,
}

/// What opens a TURN server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TurnAccess {
    /// A secret of both, from which passwords for some hours are derived.
    Secret(Pii<String>),
    /// The same for everybody.
    Fixed {
        /// The user name.
        user: String,
        /// The password.
        password: Pii<String>,
    },
}

pub(crate) fn turn(reader: &mut Reader<'_>, node: &Node) -> Option<Turn> {
    let fields = reader.fields(node, "turn", &["urls", "secret", "user", "password"])?;
    let urls = reader.required(&fields, "urls").and_then(|node| urls(reader, node));
    let access = match (fields.optional("secret"), fields.optional("user"), fields.optional("password")) {
        (Some(node), None, None) => secret(reader, node).map(TurnAccess::Secret),
        (None, Some(user), Some(password)) => {
            let user = reader.text(user, "a user name").map(str::to_owned);
            let password = secret(reader, password);
            Some(TurnAccess::Fixed { user: user?, password: password? })
        }
        _ => {
            let remedy = "`secret` (as `static-auth-secret` of coturn), or `user` and `password`";
            reader.mistake(node.place, "a TURN server is opened in one way", remedy);
            None
        }
    };
    Some(Turn { urls: urls?, access: access? })
}

fn urls(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<String>> {
    let remedy = "such as `turn:turn.example:3478` or `turns:turn.example:443?transport=tcp`";
    let items = reader.list(node, "addresses", URLS_MAX)?;
    let mut urls = Vec::new();
    for item in items {
        let text = reader.text(item, remedy)?;
        if !is_turn(text) {
            reader.mistake(item.place, format!("`{}` is no TURN server", shown(text)), remedy);
            return None;
        }
        urls.push(text.to_owned());
    }
    Some(urls)
}

/// RFC 7065 §3.1.
fn is_turn(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("turn:").or_else(|| text.strip_prefix("turns:")) else { return false };
    let (place, transport) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !place.ends_with(']') => (host, Some(port)),
        _ => (place, None),
    };
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'[' | b']' | b':');
    !host.is_empty()
        && host.bytes().all(is_host)
        && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
        && transport.is_none_or(|transport| matches!(transport, "transport=udp" | "transport=tcp"))
}

#[cfg(test)]
mod tests {
    use hotline_yaml::Source;

    use super::*;
    use crate::server::parse;
    use crate::server::tests::GOOD;

    fn read(turn: &str) -> Result<Turn, String> {
        let media = format!("media: {{listen: 127.0.0.1, turn: {turn}, ports: 20000-20100}}");
        let text = GOOD.replace("media: {listen: 127.0.0.1, ports: 20000-20100}", &media);
        let read = parse(&Source::new("hotline.yaml", &text));
        let server = read.map_err(|found| found.iter().map(ToString::to_string).collect::<String>())?;
        server.media.turn.ok_or_else(|| "none".to_owned())
    }

    #[test]
    fn turn_servers_have_addresses_and_one_way_to_be_opened() {
        let both = "[\"turn:turn.example:3478\", \"turns:[2001:db8::1]:443?transport=tcp\"]";
        let derived = read(&format!("{{urls: {both}, secret: north}}")).unwrap();
        assert_eq!((derived.urls.len(), derived.access), (2, TurnAccess::Secret(Pii::from("north"))));
        let fixed = read("{urls: [\"turn:turn.example\"], user: pages, password: north}").unwrap();
        let access = TurnAccess::Fixed { user: "pages".to_owned(), password: Pii::from("north") };
        assert_eq!(fixed.access, access);
        for (turn, said) in [
            ("{secret: north}", "`urls`"),
            ("{urls: [], secret: north}", "1 to 8 of them"),
            ("{urls: [\"turn:turn.example\"]}", "opened in one way"),
            ("{urls: [\"turn:turn.example\"], user: pages}", "opened in one way"),
            ("{urls: [\"turn:turn.example\"], secret: a, user: pages, password: b}", "opened in one way"),
            ("{urls: [\"https://turn.example\"], secret: a}", "is no TURN server"),
            ("{urls: [\"turn:turn.example:0\"], secret: a}", "is no TURN server"),
            ("{urls: [\"turn:turn.example?transport=sctp\"], secret: a}", "is no TURN server"),
        ] {
            let found = read(turn).unwrap_err();
            assert!(found.contains(said), "{turn}: {found}");
        }
    }
}
