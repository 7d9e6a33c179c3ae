//! One guess at an account's password: counted, and held against its hash. For whoever has to wait it takes
//! the same time whatever comes of it, whether there is an account or not. It never says more than whether
//! it was right.

use super::ActionError;
use crate::account_id::AccountId;
use crate::accounts::{Account, Busy, Password, PasswordHash, Place, Verdict};
use crate::app::App;

/// What came of it.
pub(super) enum Guess {
    /// Right. With a new hash where the old one was made with other parameters than today's.
    Right(Option<PasswordHash>),
    /// Wrong, or there is nothing that it could be right for.
    Wrong,
    /// Too many before it were wrong: whether this one is, nobody looked.
    TooMany,
    /// Too many passwords are being checked at once; it does not count.
    Busy,
}

/// Guesses that `typed` is the password of `account`, where that is one that is open.
pub(super) async fn guess(
    app: &App,
    account: Option<&Account>,
    typed: Password,
    place: Place,
) -> Result<Guess, ActionError> {
    // What nobody has is counted too: the disk takes its time.
    let id = account.map_or(AccountId::NOBODY, |account| account.id);
    let is_admitted = app.accounts.logins(id).await?.admit(place);
    let open = account.filter(|account| is_admitted && !account.disabled);
    let hash = open.and_then(|account| account.password.clone());
    let Ok(hashing) = app.hasher.verify(typed, hash) else { return Ok(Guess::Busy) };

    let counting = app.accounts.change_logins(id, Box::new(move |logins| logins.count(place)));
    let (verdict, counted) = tokio::join!(hashing, counting);
    let is_admitted = counted? && is_admitted;
    Ok(match verdict {
        Err(Busy) => Guess::Busy,
        Ok(_) if !is_admitted && account.is_some() => Guess::TooMany,
        Ok(Verdict::Right { renewed }) => Guess::Right(renewed),
        Ok(Verdict::Wrong) => Guess::Wrong,
    })
}
