//! What a started server says about where things are.

use std::net::SocketAddr;

use hotline_config::{Configuration, Demo};

/// One line, or several, to the terminal.
#[expect(clippy::print_stdout, reason = "this is what the person who started the program reads")]
pub(crate) fn print(text: &str) {
    println!("{text}");
}

/// Where things are, and for a demonstration center how to try it.
pub(crate) fn started(configuration: &Configuration, sip: SocketAddr, http: SocketAddr) {
    print(&format!("\nHotline is ready.\n\n  SIP    {sip} (UDP)\n  Pages  http://{http}\n"));
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

fn demo_text(configuration: &Configuration, demo: &Demo) -> String {
    let mut text = format!(
        "Demonstration center (published passwords, loopback only)\n  {:<8} {:<16} {:<6} {:<16} {}\n",
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
