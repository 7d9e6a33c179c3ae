//! What no history may show. Each rule is as sharp as the times allow: where two things overlapped, either
//! may have come first.

use super::history::{Attempt, Ending, History, Look, Opening, Reach, Span, TokenNo};

/// What an ending does to a session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    Nothing,
    MayEnd,
    Ends,
}

impl Span {
    fn is_before(&self, later: &Self) -> bool {
        self.ended < later.began
    }
}

impl History {
    /// Everything in it that cannot be.
    pub fn violations(&self) -> Vec<String> {
        let looks = self.looks.iter().filter_map(|look| self.look_is_wrong(look));
        let attempts = self.attempts.iter().filter_map(|attempt| self.attempt_is_wrong(attempt));
        self.wrongs.iter().cloned().chain(looks).chain(attempts).collect()
    }

    fn look_is_wrong(&self, look: &Look) -> Option<String> {
        let token = look.token;
        if look.let_in {
            let over = self.endings.iter().find(|ending| {
                ending.span.is_before(&look.span) && self.effect(ending, token) == Effect::Ends
            })?;
            return Some(format!("token {token} was let in at {:?} after {over:?}", look.span));
        }
        let explained = self.endings.iter().any(|ending| {
            ending.span.began < look.span.ended && self.effect(ending, token) >= Effect::MayEnd
        });
        (!explained)
            .then(|| format!("token {token} was refused at {:?}, and nothing had ended it", look.span))
    }

    fn attempt_is_wrong(&self, attempt: &Attempt) -> Option<String> {
        let Attempt { span, password, let_in } = attempt;
        for ending in &self.endings {
            let overlaps = ending.span.began < span.ended;
            match ending.reach {
                Reach::PasswordChange { old, new, .. } => {
                    let changed = ending.answered && ending.span.is_before(span);
                    if *let_in && changed && old == *password {
                        return Some(format!(
                            "password {password} let somebody in at {span:?} after {ending:?}"
                        ));
                    }
                    let not_yet = new == *password && (!ending.answered || span.began < ending.span.ended);
                    if !let_in && overlaps && (old == *password || not_yet) {
                        return None;
                    }
                }
                Reach::Disabling { enabling } => {
                    if *let_in && ending.answered && ending.span.is_before(span) && span.is_before(&enabling)
                    {
                        return Some(format!(
                            "somebody was let in at {span:?} to an account disabled by {ending:?}"
                        ));
                    }
                    if !let_in && overlaps && span.began < enabling.ended {
                        return None;
                    }
                }
                _ => {}
            }
        }
        (!let_in).then(|| format!("password {password} was refused at {span:?}, and nothing had changed it"))
    }

    fn effect(&self, ending: &Ending, token: TokenNo) -> Effect {
        let effect = self.effect_if_done(ending, token);
        if ending.answered { effect } else { effect.min(Effect::MayEnd) }
    }

    fn effect_if_done(&self, ending: &Ending, token: TokenNo) -> Effect {
        let opening = &self.openings[token];
        match ending.reach {
            Reach::One(one) if one == token => Effect::Ends,
            Reach::One(_) => Effect::Nothing,
            Reach::Others(by) if by == token => Effect::Nothing,
            Reach::All(by) if by == token => Effect::Ends,
            Reach::All(by) if self.may_be_over(by, ending) => all(ending, opening).min(Effect::MayEnd),
            Reach::Others(_) | Reach::All(_) | Reach::ByOperator => all(ending, opening),
            Reach::PasswordChange { opened, .. } if opened == Some(token) => Effect::Nothing,
            Reach::PasswordChange { old, .. }
                if old == opening.password && opening.span.began < ending.span.ended =>
            {
                Effect::Ends
            }
            Reach::PasswordChange { .. } => all(ending, opening),
            Reach::Disabling { enabling } => {
                let before = opening.span.began < ending.span.ended && opening.span.is_before(&enabling);
                if before { Effect::Ends } else { all(ending, opening).min(Effect::MayEnd) }
            }
        }
    }

    /// Whether something else may have ended `token` before this was done in its name.
    fn may_be_over(&self, token: TokenNo, done: &Ending) -> bool {
        let opening = &self.openings[token];
        self.endings.iter().any(|other| {
            let reaches = match other.reach {
                Reach::One(one) => one == token,
                Reach::Others(by) => by != token && all(other, opening) > Effect::Nothing,
                Reach::PasswordChange { opened, .. } if opened == Some(token) => false,
                Reach::All(by) if by == token => true,
                _ => all(other, opening) > Effect::Nothing,
            };
            reaches && other.span.began < done.span.ended && !std::ptr::eq(other, done)
        })
    }
}

/// What ends every session does to one: it ends those that began before it, and may or may not end those
/// that began meanwhile.
fn all(ending: &Ending, opening: &Opening) -> Effect {
    if opening.span.is_before(&ending.span) {
        Effect::Ends
    } else if opening.span.began < ending.span.ended {
        Effect::MayEnd
    } else {
        Effect::Nothing
    }
}
