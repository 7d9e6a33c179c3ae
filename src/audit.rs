//! What happened, for whoever has to know later: one line for each event. It never holds a password, a
//! token, a link, or a name that somebody typed and no account has.

use std::fmt;
use std::net::IpAddr;

use crate::account_id::AccountId;

/// Something worth a line. Its fields are what they are called.
#[allow(missing_docs, reason = "said once for all fields")]
pub enum Event<'a> {
    /// Somebody logged in.
    LoggedIn { account: AccountId, session: &'a dyn fmt::Display, address: Option<IpAddr> },
    /// Somebody did not. `account` where the name is one.
    LoginFailed { account: Option<AccountId>, why: LoginFailure, address: Option<IpAddr> },
    /// Sessions ended because somebody asked for it.
    LoggedOut { account: AccountId, which: &'a str, ended: usize },
    /// Sessions that should have ended are still in the store.
    NotLoggedOut { error: &'a dyn fmt::Display },
    /// The store has let go of all that it had kept.
    EndingsDone,
    /// A one-time link was made.
    LinkMade { account: Option<AccountId> },
    /// A one-time link was used.
    Joined { account: AccountId, address: Option<IpAddr> },
    /// An account was made.
    AccountAdded { account: AccountId },
    /// An account was disabled.
    AccountDisabled { account: AccountId },
    /// A disabled account may log in again.
    AccountEnabled { account: AccountId },
    /// An account was removed for good.
    AccountRemoved { account: AccountId },
    /// An account's password was taken away.
    PasswordTaken { account: AccountId },
    /// Somebody changed their password.
    PasswordChanged { account: AccountId, address: Option<IpAddr> },
    /// Somebody could not.
    PasswordNotChanged { account: AccountId, why: LoginFailure, address: Option<IpAddr> },
    /// A hash was made anew with today's parameters.
    HashRenewed { account: AccountId },
    /// A post from another site was refused. Where it was from, as far as the browser said, and where the
    /// site itself is: when people are refused by mistake, the two show it.
    CrossSiteRefused { origin: &'a str, site: &'a str },
}

/// Why a login failed, or a password was not changed; only the log says all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginFailure {
    /// No account has this name, or it is none.
    UnknownName,
    /// The password is another one.
    WrongPassword,
    /// The account is disabled, or has no password yet.
    Closed,
    /// The account changed while its password was being checked.
    Changed,
    /// Too many tries.
    Throttled,
    /// Too many passwords are being checked at once.
    Busy,
}

/// Writes the event's line.
pub fn record(event: &Event<'_>) {
    match event {
        Event::NotLoggedOut { .. } => tracing::error!(target: "audit", "{event}"),
        Event::LoginFailed { .. } | Event::PasswordNotChanged { .. } | Event::CrossSiteRefused { .. } => {
            tracing::warn!(target: "audit", "{event}");
        }
        _ => tracing::info!(target: "audit", "{event}"),
    }
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LoggedIn { account, session, address } => {
                write!(f, "logged in account={account} session={session}{}", FromAddress(*address))
            }
            Self::LoginFailed { account, why, address } => {
                write!(f, "login failed why={why:?}")?;
                if let Some(account) = account {
                    write!(f, " account={account}")?;
                }
                write!(f, "{}", FromAddress(*address))
            }
            Self::LoggedOut { account, which, ended } => {
                write!(f, "logged out account={account} which={which} ended={ended}")
            }
            Self::NotLoggedOut { error } => write!(f, "not logged out yet error={error}"),
            Self::EndingsDone => f.write_str("sessions that could not be ended have ended"),
            Self::LinkMade { account: Some(account) } => write!(f, "link made account={account}"),
            Self::LinkMade { account: None } => f.write_str("link made for the first account"),
            Self::Joined { account, address } => {
                write!(f, "joined account={account}{}", FromAddress(*address))
            }
            Self::AccountAdded { account } => write!(f, "account added account={account}"),
            Self::AccountDisabled { account } => write!(f, "account disabled account={account}"),
            Self::AccountEnabled { account } => write!(f, "account enabled account={account}"),
            Self::AccountRemoved { account } => write!(f, "account removed account={account}"),
            Self::PasswordTaken { account } => write!(f, "password taken away account={account}"),
            Self::PasswordChanged { account, address } => {
                write!(f, "password changed account={account}{}", FromAddress(*address))
            }
            Self::PasswordNotChanged { account, why, address } => {
                write!(f, "password not changed why={why:?} account={account}{}", FromAddress(*address))
            }
            Self::HashRenewed { account } => write!(f, "hash renewed account={account}"),
            Self::CrossSiteRefused { origin, site } => {
                write!(f, "cross-site post refused origin={origin:?} site={site:?}")
            }
        }
    }
}

struct FromAddress(Option<IpAddr>);

impl fmt::Display for FromAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |address| write!(f, " address={address}"))
    }
}
