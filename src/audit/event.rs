//! What is worth a line: what happened, to which account and session, and who asked for it. An event holds
//! nothing that somebody typed, but where a page of another site is.

use std::fmt::Display;
use std::net::IpAddr;

use serde::{Serialize, Serializer};
use tracing::Level;

use super::asker::{Asker, RequestId};
use crate::account_id::AccountId;
use crate::metrics::Metrics;

/// One event. As JSON it is one flat object that says only what applies.
#[derive(Serialize)]
pub struct Event<'a> {
    #[serde(flatten)]
    what: What<'a>,
    #[serde(serialize_with = "as_text", skip_serializing_if = "Option::is_none")]
    account: Option<AccountId>,
    #[serde(serialize_with = "as_text", skip_serializing_if = "Option::is_none")]
    session: Option<&'a dyn Display>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<&'a RequestId>,
}

/// What happened. Its fields are what they are called.
#[derive(Clone, Copy, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[allow(missing_docs, reason = "said once for all fields")]
pub enum What<'a> {
    /// Somebody logged in; `session` is the new one.
    LoggedIn,
    /// Somebody did not. With the account where the name is one, and was looked up.
    LoginFailed { why: Why },
    /// Sessions ended because somebody asked for it; `session` where it was one.
    LoggedOut { which: &'a str, ended: usize },
    /// Sessions that should have ended are still in the store.
    NotLoggedOut {
        which: &'a str,
        left: usize,
        #[serde(serialize_with = "shown")]
        error: &'a dyn Display,
    },
    /// The store has let go of all that it had kept.
    EndingsDone,
    /// A session was removed that had been over by one of its clocks.
    Expired,
    /// A one-time link was made; without an account it is for the first.
    LinkMade,
    /// A one-time link was used.
    Joined,
    /// An account was made.
    AccountAdded,
    /// An account was disabled.
    AccountDisabled,
    /// An account may log in again that was disabled, or closed by wrong passwords.
    AccountEnabled,
    /// An account was removed for good.
    AccountRemoved,
    /// An account's password was taken away.
    PasswordTaken,
    /// Somebody changed their password.
    PasswordChanged,
    /// Somebody could not.
    PasswordNotChanged { why: Why },
    /// A hash was made anew with today's parameters.
    HashRenewed,
    /// A post from another site was refused. Where it was from, as far as the browser said, and where the
    /// site itself is: when people are refused by mistake, the two show it.
    CrossSiteRefused { origin: &'a str, site: &'a str },
    /// A `next` that leads elsewhere was not followed. `host` where it names one.
    NextRefused {
        #[serde(skip_serializing_if = "Option::is_none")]
        host: Option<&'a str>,
    },
    /// A visitor was told that the store cannot be reached.
    StoreFailed { error: &'a str },
}

/// Why a login failed, or a password was not changed; only the audit line says all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// No account has this name, or it is none.
    UnknownName,
    /// The password is another one.
    WrongPassword,
    /// The account is disabled, or has no password yet.
    Closed,
    /// The account changed while its password was being checked.
    Changed,
    /// Too many failures in a row: from there no password lets anybody in.
    TooManyFailures,
    /// Too many tries. Whose name it was is not looked up: that would take longer for one that is an account's.
    Throttled,
    /// Too many passwords are being checked at once.
    Busy,
}

impl Why {
    /// As the line has it.
    fn as_str(self) -> &'static str {
        match self {
            Self::UnknownName => "unknown_name",
            Self::WrongPassword => "wrong_password",
            Self::Closed => "closed",
            Self::Changed => "changed",
            Self::TooManyFailures => "too_many_failures",
            Self::Throttled => "throttled",
            Self::Busy => "busy",
        }
    }
}

impl Serialize for Why {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'a> Event<'a> {
    /// To nobody's account.
    #[must_use]
    pub fn new(what: What<'a>) -> Self {
        Self { what, account: None, session: None, address: None, request: None }
    }

    /// To this account, where it is one.
    #[must_use]
    pub fn of(what: What<'a>, account: impl Into<Option<AccountId>>) -> Self {
        Self { account: account.into(), ..Self::new(what) }
    }

    /// To this session of it.
    #[must_use]
    pub fn session(self, session: &'a dyn Display) -> Self {
        Self { session: Some(session), ..self }
    }

    /// Asked for from there.
    #[must_use]
    pub fn by(self, asker: &'a Asker) -> Self {
        Self { address: asker.address, request: asker.request.as_ref(), ..self }
    }

    /// Counts it, where it is one of those that are counted.
    pub(super) fn count(&self, metrics: &Metrics) {
        match self.what {
            What::LoggedIn => metrics.login("logged_in"),
            // Nobody learns from the figures which names there are.
            What::LoginFailed { why: why @ (Why::Throttled | Why::Busy) } => metrics.login(why.as_str()),
            What::LoginFailed { .. } => metrics.login("refused"),
            What::LoggedOut { which, .. } => metrics.logout(which),
            What::NotLoggedOut { which, .. } => metrics.logout_failed(which),
            What::Expired => metrics.expired(),
            _ => {}
        }
    }

    /// How loud it is in a log that has other lines too.
    pub(super) fn level(&self) -> Level {
        match self.what {
            What::NotLoggedOut { .. } | What::StoreFailed { .. } => Level::ERROR,
            What::LoginFailed { .. }
            | What::PasswordNotChanged { .. }
            | What::CrossSiteRefused { .. }
            | What::NextRefused { .. } => Level::WARN,
            _ => Level::INFO,
        }
    }
}

fn as_text<S: Serializer>(value: &Option<impl Display>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => shown(value, serializer),
        None => serializer.serialize_none(),
    }
}

fn shown<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
