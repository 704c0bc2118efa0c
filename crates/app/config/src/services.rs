//! `services:` of the server's file: whom the server trusts and what it shows when it asks web services, for flows, webhooks,
//! streams and the speech engine.

use std::fs::File;
use std::io::Read as _;

use hotline_base::Pii;
use hotline_web_client::{Failure, Field, Keys};
use hotline_yaml::{Key, Node, Reader, Value, shown};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// Addresses that may have header fields.
pub const SERVICES_MAX: usize = 64;
/// Authorities that may be trusted besides the public ones.
const ROOTS_MAX: usize = 64;
/// The longest secret of a file.
const SECRET_BYTES_MAX: u64 = 8192;

/// How web services are asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Services {
    /// Authorities that are trusted besides the public ones.
    pub roots: Vec<CertificateDer<'static>>,
    /// Header fields by address.
    pub keys: Keys,
}

pub(crate) fn services(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<Services> {
    let Some(node) = node else { return Some(Services::default()) };
    let fields = reader.fields(node, "services", &["ca", "headers"])?;
    let roots = match fields.optional("ca") {
        Some(node) => roots(reader, node),
        None => Some(Vec::new()),
    };
    let keys = match fields.optional("headers") {
        Some(node) => keys(reader, node),
        None => Some(Keys::default()),
    };
    Some(Services { roots: roots?, keys: keys? })
}

fn roots(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<CertificateDer<'static>>> {
    let path = reader.text(node, "a file")?;
    let remedy = "certificates of authorities in PEM: `-----BEGIN CERTIFICATE-----`";
    let read = CertificateDer::pem_file_iter(path)
        .and_then(|all| all.take(ROOTS_MAX + 1).collect::<Result<Vec<_>, _>>());
    let roots = match read {
        Ok(roots) => roots,
        Err(error) => {
            reader.mistake(node.place, format!("`{}` cannot be read: {error}", shown(path)), remedy);
            return None;
        }
    };
    let mut store = RootCertStore::empty();
    let are_good = roots.iter().all(|root| store.add(root.clone()).is_ok());
    if !are_good || !(1..=ROOTS_MAX).contains(&roots.len()) {
        let problem =
            format!("`{}` holds no certificates of authorities, or more than {ROOTS_MAX}", shown(path));
        reader.mistake(node.place, problem, remedy);
        return None;
    }
    Some(roots)
}

fn keys(reader: &mut Reader<'_>, node: &Node) -> Option<Keys> {
    let entries = reader.entries(node, "header fields by address")?;
    if entries.len() > SERVICES_MAX {
        reader.mistake(node.place, format!("{} services", entries.len()), format!("at most {SERVICES_MAX}"));
        return None;
    }
    let all: Vec<Option<(String, Vec<Field>)>> =
        entries.into_iter().map(|(url, node)| service(reader, url, node)).collect();
    let all: Option<Vec<_>> = all.into_iter().collect();
    // Each of them was good by itself.
    Keys::new(all?).ok()
}

fn service(reader: &mut Reader<'_>, url: &Key, node: &Node) -> Option<(String, Vec<Field>)> {
    let entries = reader.entries(node, "header fields")?;
    let mut fields = Vec::new();
    let mut is_whole = true;
    for (name, value) in entries {
        let Some(secret) = secret(reader, value) else {
            is_whole = false;
            continue;
        };
        let field = (name.text.clone(), secret);
        // What is wrong is said without the value.
        match Keys::new([(url.text.clone(), vec![field.clone()])]) {
            Ok(_) => fields.push(field),
            Err(Failure::BadUrl) => {
                let remedy = "such as `https://crm.example/api`; also http, ws and wss";
                reader.mistake(url.place, format!("`{}` is no address", shown(&url.text)), remedy);
                return None;
            }
            Err(_) => {
                let problem = format!("header field `{}` cannot be sent", shown(&name.text));
                let remedy =
                    "a name of letters and `-` that is none of the connection's, a value of one line";
                reader.mistake(name.place, problem, remedy);
                is_whole = false;
            }
        }
    }
    is_whole.then(|| (url.text.clone(), fields))
}

/// A text, or `{file: …}` or `{env: …}` with a `prefix`.
pub(crate) fn secret(reader: &mut Reader<'_>, node: &Node) -> Option<Pii<String>> {
    if !matches!(node.value, Value::Map(_)) {
        return reader
            .text(node, "a text, or `{file: …}` or `{env: …}`")
            .map(|text| Pii::new(text.to_owned()));
    }
    let fields = reader.fields(node, "a value", &["file", "env", "prefix"])?;
    let prefix = match fields.optional("prefix") {
        Some(node) => reader.text(node, "a text")?,
        None => "",
    };
    let (place, found) = match (fields.optional("file"), fields.optional("env")) {
        (Some(node), None) => (node.place, of_file(reader.text(node, "a file")?)),
        (None, Some(node)) => {
            let name = reader.text(node, "the name of a variable of the environment")?;
            let found = std::env::var(name).map_err(|error| format!("`{}`: {error}", shown(name)));
            (node.place, found)
        }
        (Some(_), Some(_)) | (None, None) => {
            reader.mistake(node.place, "a value needs exactly one of `file` and `env`", "keep or add one");
            return None;
        }
    };
    match found {
        Ok(secret) if !secret.trim().is_empty() => Some(Pii::new(format!("{prefix}{}", secret.trim()))),
        Ok(_) => {
            reader.mistake(place, "there is nothing in it", "write the secret there");
            None
        }
        Err(problem) => {
            reader.mistake(place, problem, "what the server can read when it starts");
            None
        }
    }
}

pub(crate) fn of_file(path: &str) -> Result<String, String> {
    let told = |error: std::io::Error| format!("`{}`: {error}", shown(path));
    let mut text = String::new();
    let read =
        File::open(path).map_err(told)?.take(SECRET_BYTES_MAX + 1).read_to_string(&mut text).map_err(told)?;
    if read as u64 > SECRET_BYTES_MAX {
        return Err(format!("`{}` is longer than {SECRET_BYTES_MAX} bytes", shown(path)));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use hotline_yaml::{Source, read};

    use super::*;

    fn told(text: &str) -> (Option<Services>, Vec<String>) {
        let source = Source::new("hotline.yaml", text);
        let root = read(&source).expect("YAML");
        let mut reader = Reader::new(&source);
        let services = services(&mut reader, Some(&root));
        let mistakes = reader.into_diagnostics();
        (services.filter(|_| mistakes.is_empty()), mistakes.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_secret_comes_out_of_a_file_and_reaches_its_service_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("crm");
        std::fs::write(&file, "hunter2\n").expect("it is written");
        let text = format!(
            "headers:\n  https://crm.example/: {{Authorization: {{file: {}, prefix: \"Bearer \"}}, X-Team: blue}}\n",
            file.display()
        );
        let services = told(&text).0.expect("good");
        let sent: Vec<(&str, &str)> = (services.keys.fields("https://crm.example/customers/7"))
            .map(|(name, value)| (name.as_str(), value.expose().as_str()))
            .collect();
        assert_eq!(sent, [("Authorization", "Bearer hunter2"), ("X-Team", "blue")]);
        assert_eq!(services.keys.fields("https://elsewhere.example/").count(), 0);
        assert!(!format!("{services:?}").contains("hunter2"));
    }

    #[test]
    fn an_authority_of_the_house_is_read_and_anything_else_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("ca.pem");
        let ca = rcgen::generate_simple_self_signed(["house.example".to_owned()]).expect("a certificate");
        std::fs::write(&file, ca.cert.pem()).expect("it is written");
        assert_eq!(told(&format!("ca: {}\n", file.display())).0.expect("good").roots.len(), 1);
        std::fs::write(&file, "nothing of the kind").expect("it is written");
        assert!(told(&format!("ca: {}\n", file.display())).1[0].contains("holds no certificates"));
        assert!(told("ca: /nowhere/ca.pem\n").1[0].contains("cannot be read"));
    }

    #[test]
    fn what_is_missing_or_cannot_be_sent_is_told_without_the_secret() {
        let wrong = [
            ("{x: {env: HOTLINE_TEST_NO_SUCH}}", "HOTLINE_TEST_NO_SUCH"),
            ("{x: {file: /nowhere/key}}", "/nowhere/key"),
            ("{x: {prefix: a}}", "exactly one of"),
            ("{Host: hunter2}", "cannot be sent"),
            ("{x: \"hunter2\\n\"}", "cannot be sent"),
        ];
        for (fields, part) in wrong {
            let (_, found) = told(&format!("headers: {{\"https://a.example\": {fields}}}\n"));
            assert!(found.len() == 1 && found[0].contains(part), "{fields}: {found:?}");
            let problem = found[0].lines().next().unwrap_or_default();
            assert!(!problem.contains("hunter2"), "{problem}");
        }
        assert!(told("headers: {\"a.example\": {x: y}}\n").1[0].contains("no address"));
    }
}
