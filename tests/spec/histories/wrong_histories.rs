//! The rules themselves: each is shown histories that it must let pass, and the nearest that it must not.

use std::time::{Duration, Instant};

use super::history::{Attempt, Ending, History, Look, Opening, Reach, Span};

/// A history on a clock of its own, in milliseconds.
struct Told {
    start: Instant,
    history: History,
}

impl Told {
    /// Two sessions of one account, opened at 0 and at 10 with password 0.
    fn of_two_sessions() -> Self {
        let mut told = Self { start: Instant::now(), history: History::default() };
        told.opens(0, 1, 0);
        told.opens(10, 11, 0);
        told
    }

    fn span(&self, began: u64, ended: u64) -> Span {
        let at = |millis| self.start + Duration::from_millis(millis);
        Span { began: at(began), ended: at(ended) }
    }

    fn opens(&mut self, began: u64, ended: u64, password: usize) {
        self.history.openings.push(Opening { span: self.span(began, ended), password });
        self.tries(began, ended, password, true);
    }

    fn tries(&mut self, began: u64, ended: u64, password: usize, let_in: bool) {
        self.history.attempts.push(Attempt { span: self.span(began, ended), password, let_in });
    }

    fn ends(&mut self, began: u64, ended: u64, reach: Reach) {
        self.history.endings.push(Ending { span: self.span(began, ended), reach, answered: true });
    }

    fn ends_without_an_answer(&mut self, began: u64, ended: u64, reach: Reach) {
        self.history.endings.push(Ending { span: self.span(began, ended), reach, answered: false });
    }

    fn looks(&mut self, began: u64, ended: u64, token: usize, let_in: bool) {
        self.history.looks.push(Look { span: self.span(began, ended), token, let_in });
    }

    #[track_caller]
    fn is_right(&self) {
        assert_eq!(self.history.violations(), Vec::<String>::new());
    }

    #[track_caller]
    fn is_wrong(&self) {
        assert_eq!(self.history.violations().len(), 1, "{:?}", self.history.violations());
    }
}

#[test]
fn nobody_is_let_in_after_the_answer_to_a_logout() {
    for (look, right) in [((25, 31), true), ((30, 31), true), ((31, 32), false)] {
        let mut told = Told::of_two_sessions();
        told.ends(20, 30, Reach::One(0));
        told.looks(look.0, look.1, 0, true);
        if right { told.is_right() } else { told.is_wrong() }
    }
}

#[test]
fn nobody_is_refused_before_anything_ended_their_session() {
    for (look, right) in [((15, 19), false), ((15, 21), true), ((40, 41), true)] {
        let mut told = Told::of_two_sessions();
        told.ends(20, 30, Reach::One(0));
        told.looks(look.0, look.1, 0, false);
        if right { told.is_right() } else { told.is_wrong() }
    }
    let mut told = Told::of_two_sessions();
    told.ends(20, 30, Reach::One(1));
    told.looks(40, 41, 0, false);
    told.is_wrong();
}

#[test]
fn what_had_no_answer_may_have_been_done_or_not() {
    for let_in in [true, false] {
        let mut told = Told::of_two_sessions();
        told.ends_without_an_answer(20, 30, Reach::One(0));
        told.looks(40, 41, 0, let_in);
        told.is_right();
    }
}

#[test]
fn logging_the_others_out_ends_each_of_them_and_not_this_one() {
    for (token, let_in, right) in [(0, true, true), (0, false, false), (1, true, false), (1, false, true)] {
        let mut told = Told::of_two_sessions();
        told.ends(20, 30, Reach::Others(0));
        told.looks(40, 41, token, let_in);
        if right { told.is_right() } else { told.is_wrong() }
    }
}

#[test]
fn logging_out_everywhere_ends_all_that_began_before() {
    let mut told = Told::of_two_sessions();
    told.ends(20, 30, Reach::All(0));
    told.looks(40, 41, 1, true);
    told.is_wrong();

    // Whoever orders it may be out by then, and then it ends no other.
    told.ends(15, 20, Reach::One(0));
    told.is_right();
}

#[test]
fn a_session_that_began_while_all_were_ended_may_be_among_them_or_not() {
    for let_in in [true, false] {
        let mut told = Told::of_two_sessions();
        told.ends(20, 30, Reach::ByOperator);
        told.opens(29, 35, 0);
        told.looks(40, 41, 2, let_in);
        told.is_right();
    }
    let mut told = Told::of_two_sessions();
    told.ends(20, 30, Reach::ByOperator);
    told.opens(31, 35, 0);
    told.looks(40, 41, 2, false);
    told.is_wrong();
}

#[test]
fn no_session_that_the_old_password_opened_outlives_its_change() {
    let change = Reach::PasswordChange { old: 0, new: 1, opened: Some(2) };
    for (token, let_in, right) in [(2, true, true), (2, false, false), (3, true, false), (3, false, true)] {
        let mut told = Told::of_two_sessions();
        told.opens(20, 30, 1);
        told.opens(25, 35, 0);
        told.ends(20, 30, change);
        told.looks(40, 41, token, let_in);
        if right { told.is_right() } else { told.is_wrong() }
    }
}

#[test]
fn the_old_password_opens_nothing_after_its_change_and_the_new_one_does() {
    let change = Reach::PasswordChange { old: 0, new: 1, opened: None };
    for (began, password, let_in, right) in [
        (25, 0, true, true),
        (25, 0, false, true),
        (25, 1, false, true),
        (31, 0, true, false),
        (31, 0, false, true),
        (31, 1, true, true),
        (31, 1, false, false),
        (12, 0, false, true),
    ] {
        let mut told = Told::of_two_sessions();
        told.ends(20, 30, change);
        told.tries(began, 40, password, let_in);
        if right { told.is_right() } else { told.is_wrong() }
    }
    let mut told = Told::of_two_sessions();
    told.ends(20, 30, change);
    told.tries(12, 15, 0, false);
    told.is_wrong();
}

#[test]
fn nobody_logs_in_to_a_disabled_account_and_enabling_revives_nothing() {
    let told_of = |look: Option<(usize, bool)>, attempt: Option<(u64, u64, bool)>| {
        let mut told = Told::of_two_sessions();
        let enabling = told.span(50, 60);
        told.opens(25, 35, 0);
        told.ends(20, 30, Reach::Disabling { enabling });
        if let Some((token, let_in)) = look {
            told.looks(70, 71, token, let_in);
        }
        if let Some((began, ended, let_in)) = attempt {
            told.tries(began, ended, 0, let_in);
        }
        told
    };
    for token in [0, 2] {
        told_of(Some((token, true)), None).is_wrong();
        told_of(Some((token, false)), None).is_right();
    }
    told_of(None, Some((31, 45, true))).is_wrong();
    told_of(None, Some((31, 51, true))).is_right();
    told_of(None, Some((31, 45, false))).is_right();
    told_of(None, Some((61, 65, false))).is_wrong();
}
