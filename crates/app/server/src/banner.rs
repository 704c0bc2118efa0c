//! What a started server says about where things are.

use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};

use hotline_config::{CertificateSource, Configuration, Demo};
use hotline_sip_net::Listening;

use crate::server::Places;

/// One line, or several, to the terminal. Whoever reads it may have had enough, as `head` has.
pub(crate) fn print(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

/// Where things are, and for a demonstration center how to try it.
pub(crate) fn started(configuration: &Configuration, Places { sip, http, https }: &Places) {
    let https = https.map(|at| format!("         {}\n", https_place(configuration, at))).unwrap_or_default();
    let calls = match configuration.center.web.numbers.is_empty() {
        true => String::new(),
        false => format!("  Calls  http://{http}/call-us  (from a browser, without a phone)\n"),
    };
    print(&format!("\nHotline is ready.\n\n{}  Pages  http://{http}\n{https}{calls}", sip_lines(sip)));
    let numbers: Vec<String> = configuration
        .center
        .numbers
        .values()
        .map(|number| format!("  {:<6} flow {}, {}", number.id.as_str(), number.flow, number.language))
        .collect();
    print(&format!("Numbers to dial\n{}\n", numbers.join("\n")));
    if let Some(demo) = &configuration.demo {
        print(&demo_text(configuration, demo));
    }
}

/// What a browser in the network is to be given.
fn https_place(configuration: &Configuration, at: SocketAddr) -> String {
    let https = configuration.server.http.https.as_ref();
    let external = https.and_then(|https| https.external);
    let mut at = external.unwrap_or(at);
    if at.ip().is_unspecified() {
        let own = hotline_tls::local_names().into_iter().filter_map(|name| name.parse::<IpAddr>().ok());
        at.set_ip(own.min_by_key(|ip| (ip.is_loopback(), ip.is_ipv6())).unwrap_or(at.ip()));
    }
    let is_made = https.is_some_and(|https| matches!(https.certificate, CertificateSource::Made { .. }));
    let warned = if is_made { "  (made by this server: browsers warn of it once)" } else { "" };
    format!("https://{at}{warned}")
}

/// A line for each address of SIP, with all its transports.
fn sip_lines(sip: &[Listening]) -> String {
    let mut lines: Vec<(SocketAddr, String)> = Vec::new();
    for Listening { transport, local } in sip {
        match lines.iter_mut().find(|(address, _)| address == local) {
            Some((_, transports)) => transports.push_str(&format!(", {transport}")),
            None => lines.push((*local, transport.to_string())),
        }
    }
    lines.iter().map(|(address, transports)| format!("  SIP    {address} ({transports})\n")).collect()
}

fn demo_text(configuration: &Configuration, demo: &Demo) -> String {
    let mut text = format!(
        "Demonstration center (published passwords)\n  {:<8} {:<16} {:<6} {:<16} {}\n",
        "sign in", "password", "phone", "SIP password", "name"
    );
    for user in &demo.users {
        let phone = user.agent.as_deref().unwrap_or("");
        let sip = demo.sip_passwords.get(phone).map_or("", |password| password.expose());
        text.push_str(&format!(
            "  {:<8} {:<16} {phone:<6} {sip:<16} {}\n",
            user.user,
            user.password.expose(),
            user.name
        ));
    }
    text.push_str(&format!(
        "\nSIP domain {}. A whole call without a phone: `make demo`. Stop with Ctrl-C.",
        configuration.center.domain
    ));
    text
}

#[cfg(test)]
mod tests {
    use hotline_sip::Transport;

    use super::*;

    #[test]
    fn each_address_of_sip_has_a_line_with_its_transports() {
        let at = |transport, local: &str| Listening { transport, local: local.parse().unwrap() };
        let text = sip_lines(&[
            at(Transport::Udp, "192.0.2.1:5060"),
            at(Transport::Tcp, "192.0.2.1:5060"),
            at(Transport::Tls, "192.0.2.1:5061"),
        ]);
        assert_eq!(text, "  SIP    192.0.2.1:5060 (UDP, TCP)\n  SIP    192.0.2.1:5061 (TLS)\n");
    }
}
