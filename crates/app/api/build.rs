//! Says where the built pages are, so that they can be put into the binary; if they are not built, a page that
//! says so takes their place.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

const PLACEHOLDER: &str = "<!doctype html><title>Hotline</title><p>The pages are not built: run <code>make web</code> and build again.\n";

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let built = manifest.join("../../../web/dist");
    // The folder has to exist: cargo runs this again at every build if it watches something that does not.
    fs::create_dir_all(&built)?;
    println!("cargo::rerun-if-changed={}", built.display());
    let pages = if built.join("index.html").is_file() { built } else { placeholder(&out)? };
    println!("cargo::rustc-env=HOTLINE_PAGES={}", pages.display());
    Ok(())
}

fn placeholder(out: &Path) -> io::Result<PathBuf> {
    let pages = out.join("pages");
    fs::create_dir_all(&pages)?;
    fs::write(pages.join("index.html"), PLACEHOLDER)?;
    Ok(pages)
}
