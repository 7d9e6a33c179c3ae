//! Exeunt is the front door of a server-rendered site: people log in, see where they are logged in,
//! and log out, here or everywhere. Logged out means logged out.
//!
//! Read the modules in this order. Doors ([`cli`], [`web`]) take what comes from outside and call one
//! of the [`actions`]; actions are the only place where the rooms ([`accounts`], [`sessions`],
//! [`throttle`], [`audit`]) meet; rooms stand on the ground ([`record`], [`files`], [`clock`] and the
//! few words that they share). Imports point down, and `tests/spec/architecture.rs` holds them to it.

pub mod config;

pub mod cli;
pub mod web;

pub mod actions;
pub mod app;

pub mod accounts;
pub mod audit;
pub mod sessions;
pub mod throttle;

pub mod account_id;
pub mod clock;
pub mod files;
pub mod metrics;
pub mod mutex;
pub mod network;
pub mod record;
pub mod store_error;
