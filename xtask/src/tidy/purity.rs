//! Proves that the core reaches no operating system: it compiles for a machine that has none
//! (`wasm32-unknown-unknown`), or, where that target is not installed, nothing in its dependency tree for that
//! machine is a known door to one.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};

use super::Problem;
use super::layers::{Layer, Package};

/// A machine without files, sockets, threads and clock.
const BARE: &str = "wasm32-unknown-unknown";

/// Packages through which code reaches the operating system, a clock, a log or a runtime.
const DOORS: &[&str] = &[
    "async-std",
    "axum",
    "chrono",
    "crossbeam-channel",
    "futures-executor",
    "getrandom",
    "hyper",
    "io-uring",
    "libc",
    "log",
    "metrics",
    "mio",
    "nix",
    "parking_lot",
    "polling",
    "rand",
    "rayon",
    "rustix",
    "smol",
    "socket2",
    "sqlx",
    "tempfile",
    "tokio",
    "tracing",
    "wasm-bindgen",
    "windows-sys",
];

/// How the proof was made; problems are appended.
pub(super) fn check(root: &Path, packages: &[Package], problems: &mut Vec<Problem>) -> Result<&'static str> {
    let core: Vec<&Package> = packages.iter().filter(|package| package.layer == Layer::Core).collect();
    ensure!(!core.is_empty(), "there is no package under crates/core");
    if installed(root)? {
        compile(root, &core, problems)?;
        return Ok("a build without an operating system");
    }
    for package in core {
        let tree =
            cargo(root, &["tree", "--edges", "normal", "--prefix", "none", "--format", "{p}"], &[package])?;
        ensure!(tree.status.success(), "cargo tree: {}", String::from_utf8_lossy(&tree.stderr));
        problems.extend(doors(package, &String::from_utf8_lossy(&tree.stdout)));
    }
    Ok("its dependency tree")
}

/// The doors in what `cargo tree` printed.
fn doors(package: &Package, tree: &str) -> Vec<Problem> {
    let names: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    let found = DOORS.iter().filter(|door| names.contains(*door));
    found.map(|door| Problem::new(&package.manifest, 0, format!("{} reaches {door}", package.name))).collect()
}

fn compile(root: &Path, core: &[&Package], problems: &mut Vec<Problem>) -> Result<()> {
    let checked = cargo(root, &["check", "--quiet"], core)?;
    if !checked.status.success() {
        let errors = String::from_utf8_lossy(&checked.stderr).into_owned();
        problems.push(Problem::new("crates/core", 0, format!("does not compile for {BARE}:\n{errors}")));
    }
    Ok(())
}

fn installed(root: &Path) -> Result<bool> {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", BARE])
        .current_dir(root)
        .output()
        .context("running rustc")?;
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok(output.status.success() && Path::new(&folder).is_dir())
}

fn cargo(root: &Path, arguments: &[&str], packages: &[&Package]) -> Result<Output> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).args(["--locked", "--target", BARE]).current_dir(root);
    for package in packages {
        command.args(["--package", &package.name]);
    }
    command.output().context("running cargo")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_is_found_however_deep_it_is() {
        let package = Package {
            name: "hotline-sip".to_owned(),
            manifest: "crates/core/sip/Cargo.toml".to_owned(),
            layer: Layer::Core,
            dependencies: Vec::new(),
        };
        let pure = "hotline-sip v0.1.0 (crates/core/sip)\nbytes v1.12.2\nlibcruby v1.0.0\n";
        assert_eq!(doors(&package, pure), []);
        let found = doors(&package, &format!("{pure}sha2 v0.11.1\nlibc v0.2.188\nlibc v0.2.188 (*)\n"));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].to_string().ends_with("hotline-sip reaches libc"));
    }
}
