//! What can be typed after `hotline`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// A call center in one program: SIP trunk, IVR, queues, agents, recordings, pages.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Cli {
    /// The server's settings; they name every other file.
    #[arg(long, short, global = true, default_value = "config/hotline.yaml", env = "HOTLINE_CONFIG")]
    pub(crate) config: PathBuf,

    /// How much is logged, as `info` or `info,hotline_api=debug`.
    #[arg(long, global = true, default_value = "info", env = "HOTLINE_LOG")]
    pub(crate) log: String,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server (this is also what happens without a command).
    Run,
    /// Check the configuration and every flow, and say all mistakes at once.
    Check,
    /// Show a whole call: two scripted phones call each other through a server, with ladder, record and recording.
    Demo(Demo),
    /// Add a person who can sign in, or give one a new password, which is read from standard input.
    User(User),
}

#[derive(Args, Debug)]
pub(crate) struct Demo {
    /// The number that the caller dials; the first configured one unless given.
    #[arg(long)]
    pub(crate) number: Option<String>,
    /// The key that the caller presses in the menu.
    #[arg(long, default_value_t = '1')]
    pub(crate) key: char,
    /// How long the two talk, in seconds.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(3..=60))]
    pub(crate) talk_s: u64,
    /// Always start a server of its own, even if one runs.
    #[arg(long)]
    pub(crate) alone: bool,
}

#[derive(Args, Debug)]
pub(crate) struct User {
    /// The name to sign in with.
    pub(crate) user: String,
    /// The name that others see.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The agent this person is; an administrator without.
    #[arg(long)]
    pub(crate) agent: Option<String>,
    /// Whether this person may do everything.
    #[arg(long)]
    pub(crate) admin: bool,
}
