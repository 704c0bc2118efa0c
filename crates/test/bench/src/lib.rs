//! What the measuring programs share: the center they start, and what the kernel says of its process.
//!
//! `benches/` times single parts, `bin/soak.rs` keeps a server busy and looks at what is left, `perf-kit/` is what other servers
//! were measured with. What calls cost here is measured by the server's own `hotline bench`. Must never know: the inside of the
//! server. Start reading at `bin/soak.rs`.

mod center;
mod process;

pub use center::{QUEUE_NUMBER, SERVER_PORTS, center};
pub use process::Usage;
