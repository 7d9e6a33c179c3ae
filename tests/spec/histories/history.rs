//! What was asked of one account's sites, and what came of it, with the time of each question and answer.

use std::time::Instant;

/// A token, by its place in the history.
pub type TokenNo = usize;

/// A password, by its number: no two are alike.
pub type PasswordNo = usize;

/// From before a question left until after its answer came.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub began: Instant,
    pub ended: Instant,
}

/// A session that somebody was given.
#[derive(Clone, Copy, Debug)]
pub struct Opening {
    pub span: Span,
    /// The password that opened it.
    pub password: PasswordNo,
}

/// Somebody looked at a page with a token.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub span: Span,
    pub token: TokenNo,
    pub let_in: bool,
}

/// Somebody tried a password, and was told.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    pub span: Span,
    pub password: PasswordNo,
    pub let_in: bool,
}

/// Something that ends sessions.
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    pub span: Span,
    pub reach: Reach,
    /// Whether there was an answer. Without one it may have been done, or not.
    pub answered: bool,
}

/// Which sessions end.
#[derive(Clone, Copy, Debug)]
pub enum Reach {
    /// This one.
    One(TokenNo),
    /// All others of whoever has this one.
    Others(TokenNo),
    /// All, at the word of whoever has this one; if it is over, this one alone.
    All(TokenNo),
    /// All, at an operator's word.
    ByOperator,
    /// All, but for the one that a changed password opens.
    PasswordChange { old: PasswordNo, new: PasswordNo, opened: Option<TokenNo> },
    /// All that began before it, and nobody logs in until the account is enabled again.
    Disabling { enabling: Span },
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// By [`TokenNo`].
    pub openings: Vec<Opening>,
    pub looks: Vec<Look>,
    pub attempts: Vec<Attempt>,
    pub endings: Vec<Ending>,
    /// What needs no history to be wrong.
    pub wrongs: Vec<String>,
}

/// How much there was to hold against the rules.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    pub sessions: usize,
    pub looks_let_in: usize,
    pub looks_refused: usize,
    pub logins_refused: usize,
    pub endings: usize,
    pub endings_without_an_answer: usize,
}

impl Figures {
    pub fn add(&mut self, history: &History) {
        self.sessions += history.openings.len();
        self.looks_let_in += history.looks.iter().filter(|look| look.let_in).count();
        self.looks_refused += history.looks.iter().filter(|look| !look.let_in).count();
        self.logins_refused += history.attempts.iter().filter(|attempt| !attempt.let_in).count();
        self.endings += history.endings.len();
        self.endings_without_an_answer += history.endings.iter().filter(|ending| !ending.answered).count();
    }
}
