//! What a power cut may not undo, and what it may not leave half done. Each act is recorded call by call on
//! the disk; then the power goes at every point, everything that was not fsynced is lost, kept, torn or
//! out of order, and the house is opened on what is left. `EXEUNT_SEED` has the same states again, and
//! `EXEUNT_STATES` more of them at each point.

use std::fs;
use std::path::Path;

use exeunt::accounts::{AccountName, Code};
use exeunt::actions::{
    self, Added, Attempt, Choice, FirstKey, Joined, LoggedIn, Pace, PasswordChange, Visit, add_account,
    change_password, disable_account, enable_account, finish_endings, invitation, join, log_in,
    log_out_everywhere, log_out_here, log_out_one, log_out_others, offer_first_account, remove_account,
    reset_account, resume, sweep,
};
use exeunt::app::App;
use exeunt::clock::SignedDuration;
use exeunt::sessions::{CAP, LastingFor, Presence, Token};
use tempfile::TempDir;

use crate::support::power::{Account, Change, Fault, House, Trace, Watched, traced};
use crate::support::program::{Place, Server};
use crate::support::{PASSWORD, attempt, visit_with};

/// Chosen at a link.
const CHOSEN: &str = "chosen by candlelight, twice";

// Logging in.

#[tokio::test]
async fn a_first_login_is_kept_or_never_was() {
    let mut house = House::empty().with("bob").await.with_account("alice").await.watched();

    let started = logs_in(&mut house, "alice", &[]).await;

    house.answers(starts(&started));
    house.survives("a first login").await;
}

#[tokio::test]
async fn a_further_login_is_kept_or_never_was() {
    let mut house = House::empty().with("alice").await.with("bob").await.watched();

    let started = logs_in(&mut house, "alice", &[]).await;

    house.answers(starts(&started));
    house.survives("a further login").await;
}

#[tokio::test]
async fn a_login_that_replaces_a_session_ends_that_one() {
    let mut house = House::empty().with("alice").await.with("bob").await;
    let old = house.session("alice").await;
    let mut house = house.watched();

    let started = logs_in(&mut house, "alice", &[&old]).await;

    house.answers(Change { ends: vec![old], ..starts(&started) });
    house.survives("a login that replaces a session").await;
}

#[tokio::test]
async fn a_login_at_the_cap_ends_the_session_seen_longest_ago() {
    let mut house = House::empty().with("bob").await.with_account("alice").await;
    let oldest = house.session("alice").await;
    house.passes(SignedDuration::from_mins(1));
    for _ in 1..CAP {
        house.session("alice").await;
    }
    let mut house = house.watched();

    let started = logs_in(&mut house, "alice", &[]).await;

    house.answers(Change { ends: vec![oldest], ..starts(&started) });
    house.survives("a login at the cap").await;
}

#[tokio::test]
async fn a_hash_that_is_renewed_is_never_lost() {
    let mut house = House::hashing(3).with("alice").await.with("bob").await.watched();
    let outdated = kept(&house, "alice").await;

    let started = logs_in(&mut house, "alice", &[]).await;

    assert_ne!(kept(&house, "alice").await.password, outdated.password, "it is renewed");
    house.answers(starts(&started));
    house.survives("a login that renews a hash").await;
}

#[tokio::test]
async fn a_session_is_not_lost_by_being_seen() {
    let mut house = House::empty().with("alice").await;
    let seen = house.session("alice").await;
    house.passes(SignedDuration::from_mins(5));
    let mut house = house.watched();

    resume(house.app(), &[seen], Presence::Active).await;

    house.answers(Change::default());
    house.survives("being seen").await;
}

// Logging out. What follows brings nothing back.

#[tokio::test]
async fn logging_out_here_is_for_good() {
    let mut house = House::empty().with("alice").await.with("bob").await;
    let this = house.session("alice").await;
    let mut house = house.watched();

    log_out_here(house.app(), &visit_with(&this)).await.unwrap();

    house.answers(ends([this]));
    let started = logs_in(&mut house, "alice", &[]).await;
    house.answers(starts(&started));
    house.survives("logging out here").await;
}

#[tokio::test]
async fn logging_out_of_the_last_session_is_for_good() {
    let mut house = House::empty().with("bob").await.with_account("alice").await;
    let this = house.session("alice").await;
    let mut house = house.watched();

    log_out_here(house.app(), &visit_with(&this)).await.unwrap();

    house.answers(ends([this]));
    sweeps(&mut house, 0).await;
    let started = logs_in(&mut house, "alice", &[]).await;
    house.answers(starts(&started));
    house.survives("logging out of the last session").await;
}

#[tokio::test]
async fn logging_out_the_others_is_for_good_and_keeps_this_one() {
    let mut house = House::empty().with("bob").await.with_account("alice").await;
    let (_, this) = house.session_for("alice", LastingFor::ThisVisit).await;
    let others = [house.session("alice").await, house.session("alice").await];
    let mut house = house.watched();

    log_out_others(house.app(), &this, &attempt("", "").visit).await.unwrap();

    house.answers(ends(others));
    house.survives("logging out the others").await;
}

#[tokio::test]
async fn logging_out_everywhere_is_for_good() {
    let mut house = House::empty().with("bob").await.with_account("alice").await;
    let (token, this) = house.session_for("alice", LastingFor::ThisVisit).await;
    let others = [house.session("alice").await, house.session("alice").await];
    let mut house = house.watched();

    log_out_everywhere(house.app(), &this, &visit_with(&token)).await.unwrap();

    house.answers(ends([&[token], &others[..]].concat()));
    house.survives("logging out everywhere").await;
}

#[tokio::test]
async fn logging_out_one_by_its_id_is_for_good() {
    let mut house = House::empty().with("alice").await.with("bob").await;
    let (_, this) = house.session_for("alice", LastingFor::ThisVisit).await;
    let one = house.session("alice").await;
    let mut house = house.watched();

    log_out_one(house.app(), &this, one.session_id(), &attempt("", "").visit).await.unwrap();

    house.answers(ends([one]));
    house.survives("logging out one").await;
}

// When the disk does not let go of a session. The answer says so; it is refused all the same.

#[tokio::test]
async fn a_session_that_could_only_be_emptied_is_over_for_good() {
    for fault in [Fault::KeepsFiles, Fault::OpensNoFolder] {
        let mut house = House::empty().with("alice").await.with("bob").await;
        let this = house.session("alice").await;
        let mut house = house.watched();

        house.fails(fault);
        assert!(log_out_here(house.app(), &visit_with(&this)).await.is_err(), "it is said");

        house.answers(ends([this]));
        house.fails(None);
        assert_eq!(finish_endings(house.app()).await, 0);
        house.answers(Change::default());
        house.survives(&format!("an ending on a disk that {fault:?}")).await;
    }
}

#[tokio::test]
async fn an_ending_whose_fsync_failed_is_for_good_once_it_was_tried_again() {
    let mut house = House::empty().with("bob").await.with_account("alice").await;
    let this = house.session("alice").await;
    let mut house = house.watched();
    house.fails(Fault::SyncsNoFolder);
    assert!(log_out_here(house.app(), &visit_with(&this)).await.is_err(), "it is said");
    house.fails(None);
    house.is_left_with(&ends([this.clone()]));

    // It takes away the folder, and with it what is still to be fsynced.
    sweeps(&mut house, 0).await;
    assert_eq!(finish_endings(house.app()).await, 0);

    house.answers(ends([this]));
    house.survives("an ending whose fsync failed").await;
}

// Accounts.

#[tokio::test]
async fn an_account_with_a_password_is_made_whole_or_not_at_all() {
    let mut house = House::empty().with("alice").await.without("carol").watched();

    add(house.app(), "carol").await;

    house.answers(is("carol", Account::with_password(PASSWORD)));
    house.survives("adding an account with a password").await;
}

#[tokio::test]
async fn an_account_with_a_link_is_made_whole_or_not_at_all() {
    let mut house = House::empty().with("alice").await.without("carol").watched();

    let added = add_account(house.app(), name("carol"), FirstKey::Link).await;

    let Ok(Added::Account(Some(code))) = added else { panic!("{added:?}") };
    house.answers(is("carol", Account::without_password().and_link(&code)));
    house.survives("adding an account with a link").await;
}

#[tokio::test]
async fn an_account_is_kept_from_the_first_moment_of_a_data_folder() {
    let mut house = House::before_the_first_moment().without("alice").watched();

    add(house.app(), "alice").await;

    house.answers(is("alice", Account::with_password(PASSWORD)));
    let started = logs_in(&mut house, "alice", &[]).await;
    house.answers(starts(&started));
    house.survives("the first moments").await;
}

// Joining.

#[tokio::test]
async fn the_link_for_the_first_account_opens_it_until_there_is_one() {
    let mut house = House::before_the_first_moment().without("alice").watched();

    let code = offer_first_account(house.app()).await.unwrap().expect("no account yet");
    house.answers(is("alice", Account::missing().and_link(&code)));
    let started = joins(&house, &code, "alice").await;

    house.answers(Change { account: Some(("alice", Account::with_password(CHOSEN))), ..starts(&started) });
    house.survives("joining as the first").await;
}

#[tokio::test]
async fn a_link_opens_its_account_until_the_password_chosen_does() {
    let mut house = House::empty().with("bob").await;
    let code = house.invites("alice").await;
    let mut house = house.watched();

    let started = joins(&house, &code, "alice").await;

    house.answers(Change { account: Some(("alice", Account::with_password(CHOSEN))), ..starts(&started) });
    house.survives("joining").await;
}

#[tokio::test]
async fn no_session_from_before_lives_beside_a_password_chosen_at_a_link() {
    let mut house = House::empty().with("bob").await.with_account("alice").await;
    let old = [house.session("alice").await, house.session("alice").await];
    let code = house.invites_again("alice").await;
    let mut house = house.watched();

    let started = joins(&house, &code, "alice").await;

    house.answers(Change {
        ends: old.to_vec(),
        account: Some(("alice", Account::with_password(CHOSEN).never_beside(&old))),
        ..starts(&started)
    });
    house.survives("joining anew").await;
}

// Changing a password, and closing an account.

#[tokio::test]
async fn no_session_from_before_lives_beside_a_changed_password() {
    let mut house = House::empty().with("bob").await.with_account("alice").await;
    let (token, this) = house.session_for("alice", LastingFor::Days30).await;
    let old = [token, house.session("alice").await];
    let mut house = house.watched();

    let visit = Visit { tokens: vec![old[0].clone()], ..attempt("", "").visit };
    let change = actions::Change { this: &this, current_password: PASSWORD, new_password: CHOSEN, visit };
    let changed = change_password(house.app(), change).await;

    let Ok(PasswordChange::Done(Some(started))) = changed else { panic!("{changed:?}") };
    house.answers(Change {
        ends: old.to_vec(),
        account: Some(("alice", Account::with_password(CHOSEN).never_beside(&old))),
        ..starts(&started.token)
    });
    house.survives("changing a password").await;
}

#[tokio::test]
async fn what_a_disabled_account_had_is_over_for_good() {
    let mut house = House::empty().with("bob").await.with_account("alice").await;
    let old = [house.session("alice").await, house.session("alice").await];
    let mut house = house.watched();

    assert_eq!(disable_account(house.app(), &name("alice")).await.unwrap(), Some(2));
    house.answers(Change {
        ends: old.to_vec(),
        account: Some(("alice", Account::without_password())),
        ..Change::default()
    });

    assert!(enable_account(house.app(), &name("alice")).await.unwrap());
    house.answers(is("alice", Account::with_password(PASSWORD)));
    house.survives("disabling and enabling an account").await;
}

#[tokio::test]
async fn a_removed_account_is_gone_for_good_and_its_sessions_with_it() {
    let mut house = House::empty().with("bob").await.with_account("alice").await;
    let old = [house.session("alice").await];
    let mut house = house.watched();

    assert_eq!(remove_account(house.app(), &name("alice")).await.unwrap(), Some(1));

    // Under way, it is disabled first.
    house.answers_by_way_of(
        ("alice", Account::without_password()),
        Change { ends: old.to_vec(), ..is("alice", Account::missing()) },
    );
    house.survives("removing an account").await;
}

#[tokio::test]
async fn no_session_from_before_lives_beside_a_link_for_a_new_password() {
    let mut house = House::empty().with("bob").await.with_account("alice").await;
    let old = [house.session("alice").await, house.session("alice").await];
    let mut house = house.watched();

    let reset = reset_account(house.app(), &name("alice")).await.unwrap().expect("the account");

    house.answers(Change {
        ends: old.to_vec(),
        ..is("alice", Account::without_password().and_link(&reset.code).never_beside(&old))
    });
    house.survives("resetting an account").await;
}

// Sweeping.

#[tokio::test]
async fn a_sweep_takes_what_is_over_and_nothing_else() {
    let mut house = House::empty().with("alice").await.with("bob").await.with_account("carol").await;
    let mut over = Vec::new();
    for person in ["alice", "carol"] {
        over.push(house.session_for(person, LastingFor::ThisVisit).await.0);
    }
    let empty = house.data().join("sessions").join("0".repeat(16));
    fs::create_dir(empty).unwrap();
    damage(&house, "alice").await;
    house.passes(SignedDuration::from_hours(2));
    house.knows(ends(over));
    let mut house = house.watched();

    sweeps(&mut house, 3).await;

    let started = logs_in(&mut house, "carol", &[]).await;
    house.answers(starts(&started));
    house.survives("sweeping").await;
}

// When a process is killed, and the power goes once another one has taken over.

#[tokio::test]
async fn what_one_process_made_and_did_not_fsync_the_next_one_does() {
    for changes in 0.. {
        let mut house = House::before_the_first_moment().without("alice").without("bob").recorded();
        house.is_killed_after(changes);
        if house.opens() {
            let _ = add_account(house.app(), name("alice"), FirstKey::Password(PASSWORD)).await;
        }
        house.is_left_with(&is("alice", Account::with_password(PASSWORD)));

        let was_killed = house.begins_again();
        add(house.app(), "bob").await;
        house.answers(is("bob", Account::with_password(PASSWORD)));
        let started = logs_in(&mut house, "bob", &[]).await;
        house.answers(starts(&started));

        house.survives(&format!("killed after {changes} changes at the first start")).await;
        if !was_killed {
            break;
        }
    }
}

#[tokio::test]
async fn what_one_process_began_to_end_the_next_one_ends_for_good() {
    for changes in 0.. {
        let mut house = House::empty().with("alice").await;
        let this = house.session("alice").await;
        let mut house = house.watched();
        house.is_killed_after(changes);
        let _ = log_out_here(house.app(), &visit_with(&this)).await;
        house.is_left_with(&ends([this.clone()]));

        let was_killed = house.begins_again();
        log_out_here(house.app(), &visit_with(&this)).await.unwrap();
        house.answers(ends([this]));

        house.survives(&format!("killed after {changes} changes of a logout")).await;
        if !was_killed {
            break;
        }
    }
}

#[tokio::test]
async fn a_link_that_is_over_for_the_next_process_is_over_for_good() {
    for changes in 0.. {
        let mut house = House::empty().with("bob").await;
        let code = house.invites("alice").await;
        let mut house = house.watched();
        house.is_killed_after(changes);
        let _ = join(house.app(), &code, choice("alice")).await;
        let new = is("alice", Account::with_password(CHOSEN));
        house.is_left_with(&new);

        if !house.begins_again() {
            break;
        }
        let is_over = invitation(house.app(), &code).await.unwrap().is_none();

        house.answers(if is_over { new } else { Change::default() });
        house.survives(&format!("killed after {changes} changes of joining")).await;
    }
}

// The real program, on the real disk.

#[tokio::test]
async fn no_answer_leaves_before_what_it_says_is_on_the_disk() {
    let (place, notes) = (Place::new(), TempDir::new().unwrap());
    let trace = notes.path().join("trace");
    place.runs_with(PASSWORD, &["account", "add", "alice", "--password-stdin"]).done();
    let program = place.program(&["serve", "--listen", "127.0.0.1:0"]);
    let server = Server::start(traced(&program, &trace));
    let mut alice = server.visitor();
    alice.logs_in("alice").await;
    alice.logs_out().await.leads_to("/login?logged_out");
    server.stops().done();

    let trace = Trace::read(&trace);
    let [login, logout] = trace.all(&["\"HTTP/1.1 303"])[..] else { panic!("two answers") };
    assert!(login.text.contains("set-cookie: exeunt="));

    let sessions = place.data().join("sessions");
    let [made] = trace.all(&["open", sessions.to_str().unwrap(), "O_EXCL"])[..] else {
        panic!("one session")
    };
    let file = made.text.rsplit_once(" = ").and_then(|(_, opened)| opened.split(['<', '>']).nth(1)).unwrap();
    let folder = Path::new(file).parent().unwrap();
    assert_eq!(folder.parent().unwrap(), sessions);
    let of = |path: &Path| format!("<{}>)", path.display());

    let written = trace.then(made, &["write(", &format!("<{file}>")]);
    let synced = trace.then(written, &["fsync(", &of(Path::new(file))]);
    let named = trace.then(synced, &["fsync(", &of(folder)]);
    let found = trace.then(named, &["fsync(", &of(&sessions)]);
    assert!(found.returned < login.began, "{found:?} before {login:?}");

    let removed = trace.then(login, &["unlink", file]);
    let gone = trace.then(removed, &["fsync(", &of(folder)]);
    assert!(gone.returned < logout.began, "{gone:?} before {logout:?}");
}

// What is done here.

async fn add(app: &App, person: &str) {
    let added = add_account(app, name(person), FirstKey::Password(PASSWORD)).await;
    assert!(matches!(added, Ok(Added::Account(None))), "{person} was not added: {added:?}");
}

async fn logs_in(house: &mut Watched, person: &str, held: &[&Token]) -> Token {
    let tokens = held.iter().map(|&token| token.clone()).collect();
    let attempt = attempt(person, PASSWORD);
    let visit = Visit { tokens, ..attempt.visit };
    let logged_in = log_in(house.app(), Attempt { visit, ..attempt }).await;
    let Ok(LoggedIn::Started(started)) = logged_in else { panic!("{person}: {logged_in:?}") };
    started.token
}

async fn joins(house: &Watched, code: &Code, person: &str) -> Token {
    let joined = join(house.app(), code, choice(person)).await;
    let Ok(Joined::Started(started)) = joined else { panic!("{person}: {joined:?}") };
    started.token
}

fn choice(username: &str) -> Choice<'_> {
    Choice { username, new_password: CHOSEN, visit: attempt("", "").visit }
}

/// Takes away `removed` sessions, none of them live.
async fn sweeps(house: &mut Watched, removed: usize) {
    let swept = sweep(house.app(), Pace::AtOnce, |_, _| ()).await.unwrap().unwrap();
    assert_eq!((swept.removed, swept.failed), (removed, 0));
    house.answers(Change::default());
}

async fn kept(house: &Watched, person: &str) -> exeunt::accounts::Account {
    house.app().accounts.read(&name(person)).await.unwrap().unwrap()
}

/// A session's file that is none.
async fn damage(house: &House, person: &str) {
    let account = house.account(person).await.id;
    let file = house.data().join("sessions").join(account.to_string()).join("0".repeat(32));
    fs::write(&file, "damaged").unwrap();
    fs::File::options().write(true).open(&file).unwrap().set_modified(house.app().now().into()).unwrap();
}

fn starts(token: &Token) -> Change {
    Change { starts: vec![token.clone()], ..Change::default() }
}

fn ends(tokens: impl Into<Vec<Token>>) -> Change {
    Change { ends: tokens.into(), ..Change::default() }
}

fn is(person: &'static str, account: Account) -> Change {
    Change { account: Some((person, account)), ..Change::default() }
}

fn name(name: &str) -> AccountName {
    AccountName::parse(name).unwrap()
}
