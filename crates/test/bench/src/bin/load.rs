//! What a bridged call costs: the built server under SIPp and rtpblast, beside the physical limit of the same
//! minutes. `perf-kit/README.md` says what is measured and what the figures mean.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use hotline_api_client::Client;
use hotline_api_types::{AgentState, Live};
use hotline_base::{Now, Pii, Rng, Time, WallTime};
use hotline_bench::{QUEUE_NUMBER, center};
use hotline_sip::{Datagram, Endpoint, EndpointConfig, Event, Flow, Login, Register};
use hotline_tests::{Center, DOMAIN, eventually, sip_password};
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::Instant;

/// What is measured.
#[derive(Debug, Parser)]
#[command(about)]
struct Options {
    /// Bridged calls at once, one run for each number.
    #[arg(long, value_delimiter = ',', default_values_t = [50, 100])]
    calls: Vec<u32>,
    /// How long is measured once all calls are up, in seconds.
    #[arg(long, default_value_t = 12)]
    window: u32,
    /// How often the series is repeated.
    #[arg(long, default_value_t = 3)]
    repeats: u32,
}

/// Where the kit's callers and agents are (`perfrun.py`).
const CARRIER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
const PHONES: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3)), 5070);
/// More agents than calls, so that nobody waits.
const SPARE_AGENTS: u32 = 20;
/// Calls that begin in a second.
const RAMP: u32 = 20;
/// Seconds of the relay's run.
const RELAY_S: u32 = 5;
const REGISTRATION: Duration = Duration::from_secs(3600);
const REGISTERED_WITHIN: Duration = Duration::from_secs(20);

#[tokio::main]
async fn main() -> ExitCode {
    match measure(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("load: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn measure(options: &Options) -> Result<()> {
    let most = options.calls.iter().max().context("some calls")?;
    let work = std::env::temp_dir().join(format!("hotline-load-{}", std::process::id()));
    std::fs::create_dir_all(&work)?;
    build(&work, "rtpblast").await?;
    build(&work, "relaybench").await?;

    let agents: Vec<String> = (0..most + SPARE_AGENTS).map(|number| (1001 + number).to_string()).collect();
    let hotline = center(Center::new(), CARRIER, &agents, 1).start().await?;
    register(hotline.sip(), &agents)?;
    let admin = hotline.admin().await?;
    for agent in &agents {
        admin.put(&format!("/api/v1/agents/{agent}/state"), &json!({"state": "ready"})).await?;
    }
    let pid = hotline.pid().context("the server runs")?;
    for run in 1..=options.repeats {
        for calls in &options.calls {
            wait_until_ready(&admin).await?;
            let limit = relay(&work, *calls).await?;
            let label = format!("{calls} calls, run {run}");
            let result = bridged(&work, hotline.sip(), pid, *calls, options.window, &label).await?;
            report(&label, &result, &limit)?;
        }
    }
    std::fs::remove_dir_all(&work)?;
    Ok(())
}

/// Compiles a program of the kit.
async fn build(work: &Path, program: &str) -> Result<()> {
    let source = kit().join(format!("{program}.c"));
    let mut command = Command::new("cc");
    command.arg("-O2").arg("-o").arg(work.join(program)).arg(source).args(["-lm", "-lpthread"]);
    ensure!(command.status().await.context("cc")?.success(), "{program} does not compile");
    Ok(())
}

/// Registers every agent from the address at which SIPp will then answer for all of them: the server rings a phone
/// where it registered from.
fn register(server: SocketAddr, agents: &[String]) -> Result<()> {
    let socket = UdpSocket::bind(PHONES)?;
    socket.set_read_timeout(Some(Duration::from_millis(50)))?;
    let mut endpoint = Endpoint::new(EndpointConfig::new(DOMAIN, PHONES), Rng::from_number(1), [1; 32]);
    let started = Instant::now();
    let now = || Now { mono: Time(started.elapsed().as_micros() as u64), wall: WallTime(0) };
    let mut buffer = [0; 4096];
    for (done, agent) in agents.iter().enumerate() {
        let register = Register {
            flow: Flow::udp(PHONES, server),
            user: Pii::new(agent.clone()),
            domain: DOMAIN.to_owned(),
            credentials: Some(Login {
                username: Pii::new(agent.clone()),
                password: Pii::new(sip_password(agent)),
            }),
            expires: REGISTRATION,
        };
        endpoint.register(now(), register).context("room for a registration")?;
        loop {
            while let Some(transmit) = endpoint.poll_transmit() {
                socket.send_to(&transmit.bytes, transmit.flow.remote)?;
            }
            match endpoint.poll_event() {
                Some(Event::RegistrationSucceeded { .. }) => break,
                Some(event) => anyhow::bail!("agent {agent}: {event:?}"),
                None => {}
            }
            ensure!(started.elapsed() < REGISTERED_WITHIN, "only {done} agents are registered");
            if let Ok((length, remote)) = socket.recv_from(&mut buffer) {
                let bytes = bytes::Bytes::copy_from_slice(&buffer[..length]);
                endpoint.handle_datagram(now(), Datagram { flow: Flow::udp(PHONES, remote), bytes });
            }
            endpoint.handle_timeout(now());
        }
    }
    Ok(())
}

async fn wait_until_ready(admin: &Client) -> Result<()> {
    eventually("all agents to be ready", async || {
        let live: Live = serde_json::from_value(admin.get("/api/v1/live").await?)?;
        Ok(live.agents.iter().all(|agent| agent.state == AgentState::Ready).then_some(()))
    })
    .await
}

/// The plainest relay there can be, at the same load.
async fn relay(work: &Path, calls: u32) -> Result<Value> {
    let mut command = Command::new(work.join("relaybench"));
    command.args(["epoll", &calls.to_string(), &RELAY_S.to_string(), "paced"]);
    run(command).await
}

/// One run of the kit.
async fn bridged(
    work: &Path,
    server: SocketAddr,
    pid: u32,
    calls: u32,
    window: u32,
    label: &str,
) -> Result<Value> {
    let mut command = Command::new("python3");
    command.arg(kit().join("perfrun.py")).arg("--media");
    command.env("RTPBLAST", work.join("rtpblast")).env("PERF_DIR", work);
    let arguments = [
        ("--pid", pid.to_string()),
        ("--server", server.to_string()),
        ("--ext", QUEUE_NUMBER.to_owned()),
        ("--calls", calls.to_string()),
        ("--rate", RAMP.to_string()),
        ("--settle", "4".to_owned()),
        ("--window", window.to_string()),
        ("--label", label.to_owned()),
    ];
    for (name, value) in arguments {
        command.arg(name).arg(value);
    }
    run(command).await
}

/// Runs a program whose last line is JSON.
async fn run(mut command: Command) -> Result<Value> {
    let output = command.output().await.with_context(|| format!("{command:?}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_str(text.lines().last().unwrap_or_default())?)
}

fn report(label: &str, result: &Value, limit: &Value) -> Result<()> {
    let number = |value: &Value, name: &str| value[name].as_f64().with_context(|| format!("{name}: {value}"));
    let cost = number(result, "cpu_ms_per_call_s")?;
    let floor = number(limit, "cpu_ms_per_call_s")?;
    say(&format!(
        "{label}: {cost:.2} cpu-ms per call-second, relay {floor:.2}, ratio {:.2}; delay p50 {} p99 {} ms, lost {} %, \
         {} of {} packets/s, other work {} cores, steal {} %",
        cost / floor,
        result["owd_p50"],
        result["owd_p99"],
        result["loss_pct"],
        result["rxm_pps"],
        result["tx_pps"],
        result["foreign_cores"],
        result["steal_pct"],
    ));
    say(&result.to_string());
    Ok(())
}

fn kit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("perf-kit")
}

#[expect(clippy::print_stdout, reason = "a program for the terminal")]
fn say(line: &str) {
    println!("{line}");
}
