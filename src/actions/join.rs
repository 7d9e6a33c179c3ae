//! Joining: a one-time link is opened, a password chosen, and its owner is logged in. A link works once,
//! whoever else opens it at the same moment.

use super::ActionError;
use super::end_sessions::end_sessions;
use super::start_session::{LetInBy, Started, Visit, start_session};
use crate::account_id::AccountId;
use crate::accounts::{
    Account, AccountName, Busy, Code, Link, LockKind, NameError, PasswordHash, PasswordRefusal,
};
use crate::app::App;
use crate::audit::{Asker, Event, What};
use crate::sessions::LastingFor;

/// What a link opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invitation {
    /// The first account, whose name is still to be chosen.
    First,
    /// This account.
    For(AccountName),
}

/// What somebody chose at a link. Not to be printed: it holds a password.
pub struct Choice<'a> {
    /// A name, for the first account.
    pub username: &'a str,
    /// As typed.
    pub new_password: &'a str,
    /// Where they are.
    pub visit: Visit,
}

/// What came of it.
#[derive(Debug)]
pub enum Joined {
    /// They have joined and are logged in.
    Started(Started),
    /// The link has been used, is too old, or was never one.
    LinkOver,
    /// The name will not do.
    NameRefused(NameError),
    /// The password will not do.
    PasswordRefused(PasswordRefusal),
    /// Too many passwords are being hashed at once.
    Busy,
}

/// Makes a new link for the first account, in the place of an older one; `None` when there is an account.
///
/// # Errors
/// When the store fails.
pub async fn offer_first_account(app: &App) -> Result<Option<Code>, ActionError> {
    if !app.accounts.names().await?.is_empty() {
        return Ok(None);
    }
    let code = Code::generate(None);
    app.accounts.offer_first(&Link::new(&code, app.now())).await?;
    app.audit.record(&Event::new(What::LinkMade));
    Ok(Some(code))
}

/// What the link opens now, if it still opens anything.
///
/// # Errors
/// When the store cannot say.
pub async fn invitation(app: &App, code: &Code) -> Result<Option<Invitation>, ActionError> {
    Ok(match code.account() {
        None => opens_first(app, code).await?.then_some(Invitation::First),
        Some(name) => opened_by(app, code, name).await?.map(|account| Invitation::For(account.name)),
    })
}

/// Opens the link.
///
/// # Errors
/// When a store fails. The link still works then, unless its account was made.
pub async fn join(app: &App, code: &Code, choice: Choice<'_>) -> Result<Joined, ActionError> {
    let name = match invitation(app, code).await? {
        None => return Ok(Joined::LinkOver),
        Some(Invitation::For(name)) => name,
        Some(Invitation::First) => match AccountName::parse(choice.username) {
            Ok(name) => name,
            Err(refusal) => return Ok(Joined::NameRefused(refusal)),
        },
    };
    let password = match app.password_rules.check(choice.new_password, &name) {
        Ok(password) => password,
        Err(refusal) => return Ok(Joined::PasswordRefused(refusal)),
    };
    let Ok(hash) = app.hasher.hash(password).await.map_err(|Busy| ()) else {
        return Ok(Joined::Busy);
    };
    let asker = &choice.visit.asker;
    let account = match code.account() {
        None => make_first(app, code, name, hash, asker).await?,
        Some(name) => redeem(app, code, name, hash, asker).await?,
    };
    let Some(account) = account else { return Ok(Joined::LinkOver) };
    app.audit.record(&Event::of(What::Joined, account.id).by(asker));
    let started = start_session(app, &account, LastingFor::ThisVisit, LetInBy::Link, &choice.visit).await?;
    let Some(started) = started else { return Ok(Joined::LinkOver) };
    if let Err(error) = app.throttle.logged_in(account.name.as_str(), asker.address, app.now()).await {
        // They are in; from there they may have to wait like a stranger.
        tracing::error!(%error, account = %account.id, "where somebody joined was not noted");
    }
    Ok(Joined::Started(started))
}

async fn opens_first(app: &App, code: &Code) -> Result<bool, ActionError> {
    let offer = app.accounts.first_offer().await?;
    let opens = offer.is_some_and(|link| link.opens_with(code, app.now()));
    Ok(opens && app.accounts.names().await?.is_empty())
}

async fn opened_by(app: &App, code: &Code, name: &AccountName) -> Result<Option<Account>, ActionError> {
    let account = app.accounts.read(name).await?.filter(|account| !account.disabled);
    Ok(account.filter(|account| account.link.as_ref().is_some_and(|link| link.opens_with(code, app.now()))))
}

/// Of several who open the link at once, the first to hold the lock makes the account.
async fn make_first(
    app: &App,
    code: &Code,
    name: AccountName,
    hash: PasswordHash,
    asker: &Asker,
) -> Result<Option<Account>, ActionError> {
    let _lock = app.accounts.lock(AccountId::NOBODY, LockKind::Exclusive).await?;
    if !opens_first(app, code).await? {
        return Ok(None);
    }
    let mut account = Account::new(name, app.now());
    account.password = Some(hash);
    if !app.accounts.create(&account).await? {
        return Ok(None);
    }
    app.audit.record(&Event::of(What::AccountAdded, account.id).by(asker));
    if let Err(error) = app.accounts.withdraw_first().await {
        // With an account there, it opens nothing any more.
        tracing::warn!(%error, "the used first link is still on disk");
    }
    Ok(Some(account))
}

/// Sessions end before the password changes: a crash between the two leaves a link that still works, and
/// never an old session beside a new password.
async fn redeem(
    app: &App,
    code: &Code,
    name: &AccountName,
    hash: PasswordHash,
    asker: &Asker,
) -> Result<Option<Account>, ActionError> {
    let Some(account) = opened_by(app, code, name).await? else { return Ok(None) };
    let _lock = app.accounts.lock(account.id, LockKind::Exclusive).await?;
    let Some(mut account) = opened_by(app, code, name).await? else { return Ok(None) };
    let ids = app.sessions.ids(account.id).await?;
    end_sessions(app, account.id, &ids, "all", asker).await.map_err(|kept| kept.source)?;
    account.password = Some(hash);
    account.link = None;
    Ok(app.accounts.update(&account).await?.then_some(account))
}
