//! `http.https.acme`: an authority that gives certificates.

use std::path::PathBuf;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hotline_acme::{Binding, Challenge, LETS_ENCRYPT, Settings};
use hotline_base::Pii;
use hotline_yaml::{Node, Reader, shown};

use crate::http::names;
use crate::services::secret;

/// Whom an authority may write to.
const CONTACTS_MAX: usize = 8;

pub(crate) fn acme(reader: &mut Reader<'_>, node: &Node, folder: PathBuf) -> Option<Settings> {
    let known = ["names", "terms_accepted", "directory", "contact", "challenge", "account"];
    let fields = reader.fields(node, "acme", &known)?;
    let names = reader.required(&fields, "names").and_then(|node| public(reader, node));
    let terms = reader.required(&fields, "terms_accepted").and_then(|node| {
        let accepted = reader.bool(Some(node), false)?;
        if !accepted {
            let remedy = "read the terms of the authority; `terms_accepted: true` says that you accept them";
            reader.mistake(
                node.place,
                "an authority gives no certificate to who does not accept its terms",
                remedy,
            );
        }
        accepted.then_some(())
    });
    let directory = match fields.optional("directory") {
        Some(node) => directory(reader, node),
        None => Some(LETS_ENCRYPT.to_owned()),
    };
    let contact = match fields.optional("contact") {
        Some(node) => contact(reader, node),
        None => Some(Vec::new()),
    };
    let challenge = match fields.optional("challenge") {
        Some(node) => challenge(reader, node),
        None => Some(Challenge::default()),
    };
    let binding = match fields.optional("account") {
        Some(node) => binding(reader, node).map(Some),
        None => Some(None),
    };
    terms?;
    Some(Settings {
        directory: directory?,
        names: names?,
        contact: contact?,
        challenge: challenge?,
        binding: binding?,
        folder,
    })
}

/// Names that an authority can vouch for.
fn public(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<String>> {
    let names = names(reader, Some(node))?;
    let remedy = "names that lead to this server in the DNS of the internet, such as `hotline.example`";
    let is_public = |name: &&String| {
        let last = name.rsplit('.').next().unwrap_or_default();
        let labels = name.split('.').all(|label| (1..=63).contains(&label.len()));
        labels
            && name.contains('.')
            && last.bytes().any(|byte| byte.is_ascii_alphabetic())
            && !name.contains(':')
    };
    if let Some(name) = names.iter().find(|name| !is_public(name)) {
        reader.mistake(node.place, format!("no authority vouches for `{}`", shown(name)), remedy);
        return None;
    }
    Some(names.iter().map(|name| name.to_ascii_lowercase()).collect())
}

fn directory(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let text = reader.text(node, "an address")?;
    let host = text.strip_prefix("https://").unwrap_or_default();
    let is_address =
        !host.is_empty() && !host.starts_with('/') && host.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_address {
        let remedy = format!("an address of `https`, such as `{LETS_ENCRYPT}`");
        reader.mistake(node.place, format!("`{}` is no directory of an authority", shown(text)), remedy);
        return None;
    }
    Some(text.to_owned())
}

fn contact(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<String>> {
    let mut all = Vec::new();
    for item in reader.list(node, "addresses", CONTACTS_MAX)? {
        let remedy = "such as `mailto:operations@example.com`";
        let text = reader.text(item, remedy)?;
        let address = text.strip_prefix("mailto:").and_then(|address| address.split_once('@'));
        let is_good = address.is_some_and(|(person, host)| !person.is_empty() && host.contains('.'))
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_good {
            reader.mistake(item.place, "is no address that an authority can write to", remedy);
            return None;
        }
        all.push(text.to_owned());
    }
    Some(all)
}

fn challenge(reader: &mut Reader<'_>, node: &Node) -> Option<Challenge> {
    let text = reader.text(node, "`tls-alpn-01` or `http-01`")?;
    let found = [Challenge::TlsAlpn01, Challenge::Http01].into_iter().find(|one| one.name() == text);
    if found.is_none() {
        let remedy = "`tls-alpn-01` (the authority comes to port 443) or `http-01` (to port 80)";
        reader.mistake(node.place, format!("`{}` is not known here", shown(text)), remedy);
    }
    found
}

fn binding(reader: &mut Reader<'_>, node: &Node) -> Option<Binding> {
    let fields = reader.fields(node, "account", &["id", "key"])?;
    let id = reader.required(&fields, "id").and_then(|node| reader.text(node, "the key's name"));
    let place = fields.optional("key").map(|node| node.place);
    let key = reader.required(&fields, "key").and_then(|node| secret(reader, node));
    let (id, key) = (id?.to_owned(), key?);
    let decoded = BASE64_URL_SAFE_NO_PAD.decode(key.expose().trim_end_matches('='));
    let Ok(key) = decoded else {
        let remedy = "as the authority gives it: letters, digits, `-` and `_` (base64url)";
        reader.mistake(place?, "the key cannot be read", remedy);
        return None;
    };
    Some(Binding { id, key: Pii::new(key) })
}

#[cfg(test)]
mod tests {
    use hotline_yaml::Source;

    use super::*;
    use crate::http::CertificateSource;
    use crate::server::parse;
    use crate::server::tests::GOOD;

    fn read(acme: &str) -> Result<Settings, String> {
        let https = format!("http: {{listen: 127.0.0.1:8080, https: {{listen: 127.0.0.1:8443, {acme}}}}}");
        let text = GOOD.replace("http: {listen: 127.0.0.1:8080}", &https);
        let read = parse(&Source::new("hotline.yaml", &text));
        let server = read.map_err(|found| found.iter().map(ToString::to_string).collect::<String>())?;
        match server.http.https.map(|https| https.certificate) {
            Some(CertificateSource::Authority(settings)) => Ok(settings),
            other => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn lets_encrypt_is_asked_by_a_handshake_unless_it_says_otherwise() {
        let usual = read("acme: {names: [Hotline.example], terms_accepted: true}").unwrap();
        let expected = Settings {
            directory: LETS_ENCRYPT.to_owned(),
            names: vec!["hotline.example".to_owned()],
            contact: Vec::new(),
            challenge: Challenge::TlsAlpn01,
            binding: None,
            folder: "data/tls".into(),
        };
        assert_eq!(usual, expected);
        let told = read(
            "folder: tls, acme: {names: [a.example, b.example], terms_accepted: true, challenge: http-01,
            directory: \"https://ca.lan:9000/acme/acme/directory\", contact: [\"mailto:it@a.example\"],
            account: {id: kid-1, key: c2VjcmV0}}",
        );
        let told = told.unwrap();
        assert_eq!((told.challenge, told.names.len(), told.contact.len()), (Challenge::Http01, 2, 1));
        let binding = told.binding.unwrap();
        assert_eq!((&*binding.id, &**binding.key.expose()), ("kid-1", &b"secret"[..]));
        assert_eq!(format!("{:?}", binding.key), "***");
    }

    #[test]
    fn what_no_authority_would_take_is_told_with_what_would_be_right() {
        let names = "names: [a.example], terms_accepted: true";
        for (acme, said) in [
            ("acme: {names: [a.example]}".to_owned(), "`terms_accepted`"),
            ("acme: {names: [a.example], terms_accepted: false}".to_owned(), "read the terms"),
            ("acme: {terms_accepted: true}".to_owned(), "`names`"),
            ("acme: {names: [], terms_accepted: true}".to_owned(), "1 to 32 of them"),
            (
                "acme: {names: [localhost], terms_accepted: true}".to_owned(),
                "no authority vouches for `localhost`",
            ),
            (
                "acme: {names: [192.0.2.7], terms_accepted: true}".to_owned(),
                "no authority vouches for `192.0.2.7`",
            ),
            (format!("acme: {{{names}, directory: \"http://ca.lan/\"}}"), "an address of `https`"),
            (format!("acme: {{{names}, contact: [it@a.example]}}"), "mailto:"),
            (format!("acme: {{{names}, challenge: dns-01}}"), "`tls-alpn-01`"),
            (format!("acme: {{{names}, account: {{id: a, key: \"a b\"}}}}"), "base64url"),
            (format!("acme: {{{names}, nmes: 1}}"), "nmes"),
            (format!("names: [b.example], acme: {{{names}}}"), "write them under `acme`"),
            (format!("certificate: a.pem, acme: {{{names}}}"), "keep the files or `acme`"),
        ] {
            let found = read(&acme).unwrap_err();
            assert!(found.contains(said), "{acme}: {found}");
        }
    }
}
