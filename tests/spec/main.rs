//! What Exeunt promises, one file for each capability. Tests run against the real server on a real
//! socket, with real files, and in a real browser; each name is a sentence that is true.

#![allow(clippy::unwrap_used, reason = "in a test it is one more way to fail")]

mod support;

// What a person does.
mod account_page;
mod changing_password;
mod events;
mod guessing;
mod joining;
mod logging_in;
mod logging_out;
mod sessions_over_time;

// The same in real browsers, with JavaScript and without.
mod going_back;
mod in_a_browser;
mod in_other_browsers;
mod leaving_together;
mod pages;
mod showing_passwords;

// What every answer keeps to.
mod assets;
mod at_the_door;
mod behind_a_proxy;
mod behind_the_door;
mod cookies;
mod cross_site;
mod error_pages;
mod headers;
mod health;
mod htmx;
mod returning;

// What an operator does, and what goes on behind the site.
mod auditing;
mod closing_accounts;
mod command_line;
mod deploying;
mod figures;
mod logs;
mod settings;
mod sweeping;

// What the rooms promise.
mod account_store;
mod names;
mod passwords;
mod read_before;
mod records;
mod running_out;
mod serving;
mod session_store;
mod sharing_fsyncs;
mod slow_visitors;
mod speaking_http2;
mod throttle_store;
mod throttling;
mod tokens;

// What nothing may break: races, crashes, disks that fail and files that lie.
mod failing_disks;
mod histories;
mod hostile_files;
mod power_cuts;

// What nobody may come to see.
mod secrets;

// How the house is built.
mod architecture;

// What others ask of such a house.
mod asvs;
