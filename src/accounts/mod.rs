//! Who may log in: accounts, their names and passwords, and the one-time links that open them.
//! It never knows who is logged in.

mod account;
mod code;
mod common_passwords;
mod file_store;
mod hasher;
mod logins;
mod name;
mod password;
mod password_rules;
mod patterns;
mod store;
mod timed_store;

pub use account::{Account, Link};
pub use code::Code;
pub use file_store::FileAccountStore;
pub use hasher::{Busy, Hasher, Verdict};
pub use logins::{Login, Logins, Place};
pub use name::{AccountName, NameError};
pub use password::{Cost, Password, PasswordHash};
pub use password_rules::{PasswordRefusal, PasswordRules};
pub use store::{AccountLock, AccountStore, ChangeLogins, LockKind};
pub use timed_store::TimedAccountStore;
