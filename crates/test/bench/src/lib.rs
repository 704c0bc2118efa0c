//! What the measuring programs share: the center they start, and what the kernel says of its process.
//!
//! `benches/` times single parts, `bin/soak.rs` keeps a server busy and looks at what is left, `bin/load.rs` measures
//! what bridged calls cost. Must never know: the inside of the server. Start reading at `bin/load.rs`.

mod center;
mod process;

pub use center::{QUEUE_NUMBER, SERVER_PORTS, center};
pub use process::Usage;
