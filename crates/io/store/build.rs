//! Rebuilds when a migration is added: `migrate!` only watches the files it saw.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
