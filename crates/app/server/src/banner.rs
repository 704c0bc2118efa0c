//! What a started server says about where things are.

use std::io::Write as _;
use std::net::SocketAddr;

use hotline_config::{Configuration, Demo};
use hotline_sip_net::Listening;

/// One line, or several, to the terminal. Whoever reads it may have had enough, as `head` has.
pub(crate) fn print(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

/// Where things are, and for a demonstration center how to try it.
pub(crate) fn started(configuration: &Configuration, sip: &[Listening], http: SocketAddr) {
    print(&format!("\nHotline is ready.\n\n{}  Pages  http://{http}\n", sip_lines(sip)));
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
