//! The serving loop: connections, from the listener to their end, and what each may take of the server meanwhile.
//! It never decides what is answered.

mod connection;
mod endless;
mod http1;
mod http2;
mod limits;
mod listener;
mod neighbours;
mod server;
mod stay;
mod wire;

pub use endless::Endless;
pub use limits::Limits;
pub use listener::Listener;
pub use neighbours::Neighbours;
pub use server::serve;
pub use stay::Stay;
