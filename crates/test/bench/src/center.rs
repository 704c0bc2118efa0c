//! A center with many agents.

use std::fmt::Write as _;
use std::net::IpAddr;

use hotline_tests::{ADMIN, Center, DOMAIN, sip_password};

/// The number whose flow answers and leads into the queue at once.
pub const QUEUE_NUMBER: &str = "4100";
/// RTP ports of the server: one call uses two, on even numbers.
pub const SERVER_PORTS: &str = "20000-29999";
/// What [`Center`] gives its administrator.
const ADMIN_PASSWORD: &str = "admin-password";

/// A center with the agents `1001`, `1002`…, whose trunk calls from `carrier`. Agents have `wrap_up_s`, phones ring
/// for five seconds.
#[must_use]
pub fn center(base: Center, carrier: IpAddr, agents: &[String], wrap_up_s: u32) -> Center {
    base.file("config/center.yaml", &center_yaml(carrier, agents, wrap_up_s)).edit(
        "config/hotline.yaml",
        "20000-20999",
        SERVER_PORTS,
    )
}

fn center_yaml(carrier: IpAddr, agents: &[String], wrap_up_s: u32) -> String {
    let mut text = format!(
        "domain: {DOMAIN}\nlanguage: en\ndial_plan: {{country: \"1\", national_prefix: \"\", \
         international_prefix: \"011\"}}\nnumbers:\n"
    );
    for (number, flow) in
        [("4000", "main"), (QUEUE_NUMBER, "straight"), ("4200", "second"), ("4300", "short_menu")]
    {
        line(&mut text, &format!("  \"{number}\": {{flow: {flow}}}"));
    }
    line(&mut text, "queues:");
    for queue in ["sales", "support"] {
        let times = format!("ring_timeout_s: 5, wrap_up_s: {wrap_up_s}, wait_max_s: 300");
        line(
            &mut text,
            &format!("  {queue}: {{name: {queue}, {times}, waiting_max: 1000, members: {agents:?}}}"),
        );
    }
    line(&mut text, "agents:");
    for agent in agents {
        let password = sip_password(agent);
        line(&mut text, &format!("  \"{agent}\": {{name: Agent {agent}, sip_password: {password}}}"));
    }
    line(&mut text, &format!("trunks:\n  carrier: {{peers: [{carrier}]}}\ndemo:"));
    line(&mut text, &format!("  {ADMIN}: {{name: Administrator, password: {ADMIN_PASSWORD}, role: admin}}"));
    text
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a String takes everything");
}
