//! Failing disks: each call that an act makes of the disk fails in turn, in every way that a disk can. The
//! answer says so, nothing is left half made, nobody is let in by mistake, and no logout is forgotten.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use exeunt::account_id::AccountId;
use exeunt::accounts::AccountName;
use exeunt::actions::{
    Added, Everybody, FirstKey, LoggedIn, Pace, Resumed, add_account, finish_endings, list_all_sessions,
    log_in, offer_first_account, resume, sweep,
};
use exeunt::app::Stores;
use exeunt::clock::SignedDuration;
use exeunt::files::Folder;
use exeunt::sessions::{
    Browser, CAP, FileSessionStore, LastingFor, NewSession, Presence, Session, SessionStore, Token,
};
use rustix::io::Errno;

use crate::support::{Answer, FailingSite, NEW_PASSWORD, PASSWORD, Trouble, Visitor, attempt, noon};

// Logging in.

#[tokio::test]
async fn a_first_login_is_whole_or_leaves_nothing() {
    let site = FailingSite::of_alice().await;
    let before = async || {
        site.forgets_everybody();
        (site.world.visitor(), BTreeSet::new())
    };
    site.in_every_way("a first login", before, logs_in, async |state, answer| {
        is_whole_or_nothing(&site, state, &answer).await;
    })
    .await;
}

#[tokio::test]
async fn a_second_login_is_whole_or_leaves_nothing() {
    let site = FailingSite::of_alice().await;
    let before = async || {
        site.forgets_everybody();
        site.world.logged_in("alice").await;
        (site.world.visitor(), site.sessions())
    };
    site.in_every_way("a second login", before, logs_in, async |state, answer| {
        is_whole_or_nothing(&site, state, &answer).await;
    })
    .await;
}

#[tokio::test]
async fn a_login_in_the_place_of_an_older_one_is_whole_or_leaves_the_older_one() {
    let site = FailingSite::of_alice().await;
    let before = async || {
        site.forgets_everybody();
        let visitor = site.world.logged_in("alice").await;
        (visitor.clone(), (visitor, site.sessions()))
    };
    let does = async |state: &mut (Visitor, _)| state.0.tries("alice", PASSWORD).await;
    site.in_every_way("a login over an older one", before, does, async |(visitor, held), answer| {
        let (mut older, before) = held;
        if answer.status == 303 {
            assert_ne!(older.clone().opens("/").await.status, 200, "the older one is over at once");
            is_whole_or_nothing(&site, (visitor, BTreeSet::new()), &answer).await;
            assert!(!older.is_logged_in().await);
        } else {
            is_whole_or_nothing(&site, (visitor, before), &answer).await;
            assert!(older.is_logged_in().await, "nothing has changed for this browser");
        }
    })
    .await;
}

#[tokio::test]
async fn a_login_beyond_the_cap_is_whole_or_leaves_nothing() {
    let site = FailingSite::of_alice().await;
    let alice = site.world.account("alice").await;
    let before = async || {
        while site.sessions().len() < CAP {
            site.world.app().sessions.start(new_session(alice.id), site.world.now()).await.unwrap();
        }
        (site.world.visitor(), site.sessions())
    };
    site.in_every_way("a login beyond the cap", before, logs_in, async |(visitor, before), answer| {
        let may_be_over = usize::from(site.disk.has_failed());
        said_whether_it_worked(&answer, &site);
        site.recovers().await;
        let now = site.sessions();
        if answer.status == 303 {
            assert!(now.contains(&site.world.session_of(&visitor)));
            assert!(now.len() <= CAP + may_be_over, "{}", now.len());
        } else {
            assert_eq!(now, before);
        }
        site.world.logged_in("alice").await;
        assert_eq!(site.sessions().len(), CAP, "the next login keeps to it");
    })
    .await;
}

#[tokio::test]
async fn a_login_that_renews_the_hash_leaves_the_old_hash_or_the_new_one() {
    let site = FailingSite::of_alice().await;
    let outdated = site.world.beside(3).await;
    let before = async || {
        site.forgets_everybody();
        site.forgets("alice");
        let added = add_account(&outdated, parsed("alice"), FirstKey::Password(PASSWORD)).await;
        assert!(matches!(added, Ok(Added::Account(None))));
        (site.world.visitor(), ())
    };
    site.in_every_way("a login that renews the hash", before, logs_in, async |(visitor, ()), answer| {
        said_whether_it_worked(&answer, &site);
        site.recovers().await;
        let held = visitor.has_cookie().then(|| site.world.session_of(&visitor));
        assert_eq!(site.sessions(), held.into_iter().collect());
        site.world.logged_in("alice").await;
        site.leaves_nothing_half_written().await;
    })
    .await;
}

#[tokio::test]
async fn a_login_that_the_machine_failed_counts_for_nothing() {
    let site = FailingSite::of_alice().await;
    let mut visitor = site.world.visitor();
    for first in 0..40 {
        site.disk.gets(Trouble::FromNowOn(Errno::IO), first % 20);
        visitor.tries("alice", PASSWORD).await.is(503);
    }
    site.recovers().await;
    // Five may be wrong without waiting: none of them has been used up.
    for _ in 0..5 {
        visitor.tries("alice", "something else altogether").await.is(422);
    }
    visitor.tries("alice", PASSWORD).await.is(429);
    site.world.passes(SignedDuration::from_secs(1));
    visitor.logs_in("alice").await;
}

// Looking at pages.

#[tokio::test]
async fn the_account_page_is_shown_to_its_owner_or_to_nobody() {
    let site = FailingSite::of_alice().await;
    let before = async || {
        site.forgets_everybody();
        site.world.logged_in("alice").await;
        let here = site.world.logged_in("alice").await;
        // Long enough for being seen to be written down.
        site.world.passes(SignedDuration::from_mins(2));
        here
    };
    let does = async |here: &mut Visitor| here.opens("/").await;
    site.in_every_way("the account page", before, does, async |mut here, answer| {
        assert!(answer.cookies_set().is_empty(), "a session that nobody can read may well be alive");
        if answer.status == 200 {
            answer.says("Firefox on Windows").does_not_say("Nowhere else.");
            let others = answer.body.matches("<li class=\"session\">").count();
            let unread = answer.body.matches("1 more session may be there").count();
            assert_eq!(others + unread, 1, "the other is there or may be: {}", answer.body);
        } else {
            is_not_now(&answer);
            answer.does_not_say("Firefox").does_not_say("127.0.0.1").does_not_say("which");
            assert!(site.disk.has_failed());
        }
        site.recovers().await;
        here.opens("/").await.is(200);
        assert_eq!(site.sessions().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_session_that_could_not_be_ended_is_not_there_although_nobody_can_read_it() {
    let site = FailingSite::of_alice().await;
    let (mut here, phone) = site.two_of_alice().await;
    site.disk.gets(Trouble::FromNowOn(Errno::IO), 0);
    phone.clone().logs_out().await.is(503).says("Not logged out yet");
    let mut shown = BTreeSet::new();
    for call in 0..30 {
        site.disk.gets(Trouble::Once(Errno::IO), call);
        let page = here.opens("/").await;
        if page.status == 200 && site.disk.has_failed() {
            page.says("Nowhere else.");
            shown.insert(call);
        }
    }
    assert!(!shown.is_empty(), "what the page can do without is the session that has ended");
    site.recovers().await;
    assert!(!phone.clone().is_logged_in().await);
}

#[tokio::test]
async fn a_list_of_all_sessions_says_how_many_it_cannot_tell_of() {
    let site = FailingSite::of_alice().await;
    let before = async || {
        site.forgets_everybody();
        site.world.logged_in("alice").await;
        site.world.logged_in("alice").await;
    };
    let does = async |_: &mut ()| list_all_sessions(site.world.app()).await;
    let (unread, unlisted_once) = (Cell::new(0), Cell::new(false));
    site.in_every_way("a list of all sessions", before, does, async |(), listed| {
        match listed {
            Ok(Everybody { listing, unlisted }) => {
                // They are one account's.
                let told_of = listing.sessions.len() + listing.unread.len();
                assert_eq!(told_of, if unlisted.is_empty() { 2 } else { 0 });
                assert!(unlisted.len() <= 1);
                unread.set(unread.get().max(listing.unread.len()));
                unlisted_once.set(unlisted_once.get() || !unlisted.is_empty());
            }
            Err(_) => assert!(site.disk.has_failed()),
        }
        site.recovers().await;
        let Everybody { listing, unlisted } = list_all_sessions(site.world.app()).await.unwrap();
        assert!(listing.is_whole() && unlisted.is_empty());
    })
    .await;
    assert_eq!(unread.get(), 2, "there are disks of which neither can be read, and the folder can");
    assert!(unlisted_once.get(), "and such of which the folder above can be read alone");
}

#[tokio::test]
async fn a_session_is_found_though_it_cannot_be_looked_for_everywhere() {
    let site = FailingSite::of_alice().await;
    let folder = Folder::on(Arc::new(site.disk.clone()), site.world.data().join("sessions"));
    let store = FileSessionStore::open(folder).unwrap();
    let mut sessions = Vec::new();
    for _ in 0..6 {
        let account = AccountId::generate();
        let session = Session::start(new_session(account), Token::generate(account).session_id(), noon());
        store.create(&session).await.unwrap();
        sessions.push(session);
    }
    let mut in_spite_of_it = 0;
    for session in &sessions {
        site.disk.counts();
        assert_eq!(store.owner(session.id).await.unwrap(), Some(session.account));
        for call in 0..site.disk.calls().len() {
            site.disk.gets(Trouble::Once(Errno::IO), call);
            match store.owner(session.id).await {
                Ok(owner) => {
                    assert_eq!(owner, Some(session.account), "call {call}");
                    in_spite_of_it += usize::from(site.disk.has_failed());
                }
                Err(_) => assert!(site.disk.has_failed()),
            }
        }
    }
    assert!(in_spite_of_it > 0, "the first of six folders is looked into before the others");
}

#[tokio::test]
async fn it_says_whether_it_is_ready_and_leaves_no_session_behind() {
    let site = FailingSite::of_alice().await;
    let before = async || {
        // The stores are checked once a second.
        site.world.passes(SignedDuration::from_secs(1));
        site.world.visitor()
    };
    let does = async |visitor: &mut Visitor| visitor.opens("/readyz").await;
    site.in_every_way("being ready", before, does, async |mut visitor, answer| {
        assert!(answer.status == 200 || (answer.status == 503 && site.disk.has_failed()), "{answer:?}");
        site.recovers().await;
        site.world.passes(SignedDuration::from_secs(1));
        visitor.opens("/readyz").await.is(200).says("ready");
        assert!(site.sessions().is_empty());
        site.leaves_nothing_half_written().await;
    })
    .await;
}

#[tokio::test]
async fn while_nothing_can_be_read_nobody_is_let_in_and_nobody_is_named() {
    let site = FailingSite::of_alice().await;
    let mut alice = site.world.logged_in("alice").await;
    let mut nobody = site.world.visitor().with_cookie(&format!("exeunt={}", "A".repeat(43)));
    for errno in [Errno::IO, Errno::NOSPC, Errno::ROFS, Errno::ACCESS, Errno::MFILE, Errno::INTR] {
        site.disk.gets(Trouble::FromNowOn(errno), 0);
        for visitor in [&mut alice, &mut nobody] {
            let answer = visitor.opens("/").await;
            is_not_now(&answer);
            answer.does_not_say("alice");
            assert!(answer.cookies_set().is_empty());
            visitor.logs_out_of("others").await.is(503).does_not_say("alice");
        }
        assert!(site.disk.has_failed());
    }
    site.recovers().await;
    assert!(alice.is_logged_in().await);
    assert!(!nobody.is_logged_in().await);
}

#[tokio::test]
async fn the_login_page_and_the_logout_page_are_shown_whatever_the_disk_does() {
    let site = FailingSite::of_alice().await;
    for path in ["/login", "/logout"] {
        let before = async || {
            site.forgets_everybody();
            site.world.logged_in("alice").await
        };
        let does = async |alice: &mut Visitor| alice.opens(path).await;
        let act = format!("GET {path} with a cookie");
        site.in_every_way(&act, before, does, async |mut alice, answer| {
            assert!(answer.cookies_set().is_empty());
            let is_known = path == "/login" && !site.disk.has_failed();
            answer.is(if is_known { 303 } else { 200 });
            site.recovers().await;
            assert!(alice.is_logged_in().await);
        })
        .await;
    }
}

#[tokio::test]
async fn pages_for_which_no_disk_is_needed_ask_nothing_of_it() {
    let site = FailingSite::of_alice().await;
    let page = site.world.visitor().opens("/login").await.body;
    let style = page.split('"').find(|part| part.starts_with("/assets/")).expect("a style sheet").to_owned();
    site.disk.gets(Trouble::FromNowOn(Errno::IO), 0);
    let mut visitor = site.world.visitor();
    for path in ["/login", "/login?logged_out", "/logout", &style] {
        visitor.opens(path).await.is(200);
    }
    visitor.opens("/nothing").await.is(404);
    visitor.opens("/").await.leads_to("/login");
    visitor.logs_out().await.leads_to("/login?logged_out");
    assert_eq!(site.disk.calls(), []);
}

// Logging out.

#[tokio::test]
async fn a_logout_that_fails_says_so_and_is_never_forgotten() {
    let site = FailingSite::of_alice().await;
    let another = site.world.beside(4).await;
    let before = async || {
        site.forgets_everybody();
        site.world.logged_in("alice").await
    };
    let does = async |alice: &mut Visitor| (alice.clone(), alice.logs_out().await);
    site.in_every_way("logging out", before, does, async |alice, (mut stolen, answer)| {
        assert_eq!(answer.cookies_expired(), ["exeunt"]);
        assert!(!alice.has_cookie());
        if answer.status == 303 {
            answer.leads_to("/login?logged_out");
            assert!(site.sessions().is_empty(), "what was said is so");
        } else {
            answer.is(503).says("Not logged out yet");
            assert!(site.disk.has_failed());
            assert_eq!(answer.header("retry-after"), "5");
            stolen.clone().opens("/").await.leads_to("/login");
        }
        if !site.disk.trouble().is_some_and(Trouble::may_keep_everything_as_it_is) {
            // It knows nothing of this logout, just as after a restart.
            let resumed = resume(&another, &[stolen.token()], Presence::Passive).await;
            assert!(matches!(resumed, Resumed::Stranger), "every other process agrees: {resumed:?}");
        }
        site.recovers().await;
        assert!(site.sessions().is_empty());
        assert!(!stolen.is_logged_in().await);
    })
    .await;
}

#[tokio::test]
async fn logging_others_out_ends_them_or_says_that_it_did_not() {
    let site = FailingSite::of_alice().await;
    let does = async |here_and_phone: &mut (Visitor, Visitor)| here_and_phone.0.logs_out_of("others").await;
    site.in_every_way(
        "logging others out",
        async || site.two_of_alice().await,
        does,
        async |two, answer| {
            ends_the_phone_or_says_so(&site, two, &answer, "others").await;
        },
    )
    .await;
}

#[tokio::test]
async fn logging_one_out_by_its_id_ends_it_or_says_that_it_did_not() {
    let site = FailingSite::of_alice().await;
    let does = async |(here, phone): &mut (Visitor, Visitor)| {
        here.logs_out_of(&phone.token().session_id().to_string()).await
    };
    site.in_every_way(
        "logging one out",
        async || site.two_of_alice().await,
        does,
        async |two, answer| {
            let id = two.1.token().session_id().to_string();
            ends_the_phone_or_says_so(&site, two, &answer, &id).await;
        },
    )
    .await;
}

#[tokio::test]
async fn logging_out_everywhere_ends_this_browser_and_says_what_it_did_not_end() {
    let site = FailingSite::of_alice().await;
    let does = async |(here, _): &mut (Visitor, Visitor)| (here.clone(), here.logs_out_of("all").await);
    let before = async || site.two_of_alice().await;
    site.in_every_way(
        "logging out everywhere",
        before,
        does,
        async |(_, mut phone), (mut stolen, answer)| {
            assert_eq!(answer.cookies_expired(), ["exeunt"]);
            assert_ne!(stolen.clone().opens("/").await.status, 200, "this browser is out in any case");
            if answer.status == 303 {
                answer.leads_to("/login?logged_out");
                assert!(site.sessions().is_empty(), "what was said is so");
            } else {
                answer.is(503);
                assert!(site.disk.has_failed());
            }
            site.recovers().await;
            assert!(!stolen.is_logged_in().await);
            if phone.is_logged_in().await {
                answer.is(503).says("Logged out here, but not elsewhere");
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_logout_is_in_the_log_when_it_fails_and_when_it_is_done() {
    let site = FailingSite::of_alice().await;
    let mut alice = site.world.logged_in("alice").await;
    let token = alice.token();
    site.world.audited();
    site.disk.gets(Trouble::ReadOnly, 0);

    alice.logs_out().await.is(503);
    for _ in 0..3 {
        assert_eq!(finish_endings(site.world.app()).await, 1, "it is tried again for as long as it takes");
    }
    let lines = site.world.audited();
    let [not_logged_out, store_failed] = &lines[..] else { panic!("two lines: {lines:?}") };
    assert!(
        not_logged_out
            .contains(r#""event":"not_logged_out","which":"this","left":1,"error":"ending 1 session"#)
    );
    assert!(not_logged_out.contains("Read-only file system"), "{not_logged_out}");
    assert!(store_failed.contains(r#""event":"store_failed""#), "what the visitor was told: {store_failed}");

    site.recovers().await;
    let done = site.world.audited();
    assert_eq!(done, [r#"{"time":"2026-11-23T12:00:00Z","event":"endings_done"}"#]);
    assert!(!lines.concat().contains(&token.reveal()), "and never a token");
}

#[tokio::test]
async fn logging_out_of_nothing_works_on_a_disk_that_takes_no_change() {
    let site = FailingSite::of_alice().await;
    let mut alice = site.world.logged_in("alice").await;
    let mut gone = alice.clone();
    alice.logs_out().await.leads_to("/login?logged_out");
    site.world.logged_in("alice").await;

    site.disk.gets(Trouble::ReadOnly, 0);

    gone.logs_out().await.leads_to("/login?logged_out");
    assert_eq!(finish_endings(site.world.app()).await, 0, "there is nothing to try again");
}

// Joining and adding accounts.

#[tokio::test]
async fn a_link_opens_an_account_or_still_works() {
    let site = FailingSite::empty().await;
    let before = async || {
        site.forgets_everybody();
        site.forgets("alice");
        (site.world.visitor(), site.world.invite("alice").await)
    };
    site.in_every_way("joining", before, joins, async |state, answer| {
        has_joined_or_still_can(&site, state, &answer).await;
    })
    .await;
}

#[tokio::test]
async fn the_first_link_makes_an_account_or_still_works() {
    let site = FailingSite::empty().await;
    let before = async || {
        site.forgets_everybody();
        site.forgets("alice");
        (site.world.visitor(), site.world.first_link().await)
    };
    site.in_every_way("making the first account", before, joins, async |state, answer| {
        has_joined_or_still_can(&site, state, &answer).await;
    })
    .await;
}

#[tokio::test]
async fn a_password_is_changed_or_not_and_its_owner_hears_which() {
    let site = FailingSite::empty().await;
    let before = async || {
        site.forgets_everybody();
        site.forgets("alice");
        let added = add_account(site.world.app(), parsed("alice"), FirstKey::Password(PASSWORD)).await;
        assert!(matches!(added, Ok(Added::Account(None))), "{added:?}");
        site.world.logged_in("alice").await;
        site.world.logged_in("alice").await
    };
    let does = async |here: &mut Visitor| here.changes_password(PASSWORD, NEW_PASSWORD).await;
    site.in_every_way("changing a password", before, does, async |mut here, answer| {
        let heard = |text| answer.status == 503 && site.disk.has_failed() && answer.body.contains(text);
        let led = |path| answer.status == 303 && answer.header("location").starts_with(path);
        // A session that was found gone when it was to end leads to the login page.
        let (changed, gone) = (led("/?password_changed"), led("/login") && site.disk.has_failed());
        let not = heard("Your password is not changed");
        let (maybe, untouched) = (heard("Your password may be changed or not"), heard("Not now"));
        assert!(changed || gone || not || maybe || untouched, "{answer:?}");
        assert_eq!(here.has_cookie(), untouched || changed || gone);
        site.recovers().await;

        let goes_on = untouched || (changed && !answer.cookies_set().is_empty());
        assert_eq!(here.is_logged_in().await, goes_on);
        let opens = async |password| {
            let tried = log_in(site.world.app(), attempt("alice", password)).await;
            matches!(tried, Ok(LoggedIn::Started(_)))
        };
        let new = opens(NEW_PASSWORD).await;
        assert_ne!(new, opens(PASSWORD).await, "one of the two is hers");
        assert!(if changed { new } else { maybe || !new }, "what was said is so");
        assert!(untouched || site.sessions().len() <= 2 + usize::from(not), "no session of before goes on");
        site.leaves_nothing_half_written().await;
    })
    .await;
}

#[tokio::test]
async fn an_account_is_added_whole_or_not_at_all() {
    let site = FailingSite::empty().await;
    let adds =
        async |_: &mut ()| add_account(site.world.app(), parsed("alice"), FirstKey::Password(PASSWORD)).await;
    let before = async || site.forgets("alice");
    site.in_every_way("adding an account", before, adds, async |(), added| {
        let is_added = matches!(added, Ok(Added::Account(None)));
        assert!(is_added || (added.is_err() && site.disk.has_failed()), "{added:?}");
        site.recovers().await;
        let again = adds(&mut ()).await;
        assert!(matches!(again, Ok(Added::Account(None) | Added::NameTaken)), "{again:?}");
        assert!(!is_added || matches!(again, Ok(Added::NameTaken)), "what was said is so");
        let tried = log_in(site.world.app(), attempt("alice", PASSWORD)).await;
        assert!(matches!(tried, Ok(LoggedIn::Started(_))), "{tried:?}");
        site.leaves_nothing_half_written().await;
    })
    .await;
}

// What goes on behind the site.

#[tokio::test]
async fn a_sweep_never_ends_what_is_live_and_the_next_one_removes_what_is_over() {
    let site = FailingSite::of_alice().await;
    let before = async || {
        site.forgets_everybody();
        site.world.logged_in("alice").await;
        site.world.passes(SignedDuration::from_hours(2));
        let live = [site.world.logged_in("alice").await, site.world.logged_in("alice").await];
        live.map(|visitor| site.world.session_of(&visitor))
    };
    let does = async |_: &mut _| sweep(site.world.app(), Pace::AtOnce, |_, _| {}).await;
    site.in_every_way("a sweep", before, does, async |live, swept| {
        assert!(swept.is_ok() || site.disk.has_failed());
        site.recovers().await;
        assert!(site.sessions().is_superset(&live.clone().into()));
        sweep(site.world.app(), Pace::AtOnce, |_, _| {}).await.unwrap();
        assert_eq!(site.sessions(), live.into());
    })
    .await;
}

#[tokio::test]
async fn a_start_fails_or_loses_nothing() {
    let site = FailingSite::of_alice().await;
    let mut alice = site.world.logged_in("alice").await;
    let data = Folder::on(Arc::new(site.disk.clone()), site.world.data());
    let before = async || {
        fs::write(site.world.data().join("accounts/.tmp-0011223344556677"), "half").unwrap();
    };
    let does = async |(): &mut ()| Stores::files(&data).map(drop);
    site.in_every_way("a start", before, does, async |(), opened| {
        if let Err(error) = opened {
            assert!(site.disk.has_failed());
            let folder = site.world.data().to_str().unwrap();
            assert!(error.to_string().contains(folder), "{error} names the folder");
        }
        site.recovers().await;
        site.leaves_nothing_half_written().await;
        site.world.account("alice").await;
    })
    .await;
    assert!(alice.is_logged_in().await);
}

#[tokio::test]
async fn a_link_for_the_first_account_is_offered_or_the_older_one_still_works() {
    let site = FailingSite::empty().await;
    let before = async || site.world.first_link().await;
    let does = async |_: &mut _| offer_first_account(site.world.app()).await;
    site.in_every_way("offering the first link", before, does, async |older, offered| {
        site.recovers().await;
        if let Ok(Some(code)) = offered {
            site.world.visitor().opens(&format!("/join/{}", code.reveal())).await.is(200);
            site.world.visitor().opens(&older).await.is(404);
        } else {
            assert!(site.disk.has_failed());
            site.world.first_link().await;
        }
        site.leaves_nothing_half_written().await;
    })
    .await;
}

async fn logs_in<T>(state: &mut (Visitor, T)) -> Answer {
    state.0.tries("alice", PASSWORD).await
}

async fn joins((visitor, link): &mut (Visitor, String)) -> Answer {
    visitor.posts(link, &[("username", "alice"), ("new_password", PASSWORD)]).await
}

/// After the answer to a login, there is its session beside those that were there `before`, or it says that
/// there is none.
async fn is_whole_or_nothing(
    site: &FailingSite,
    (mut visitor, mut expected): (Visitor, BTreeSet<PathBuf>),
    answer: &Answer,
) {
    said_whether_it_worked(answer, site);
    site.recovers().await;
    if answer.status == 303 {
        expected.insert(site.world.session_of(&visitor));
        assert!(visitor.is_logged_in().await);
    }
    assert_eq!(site.sessions(), expected, "nobody holds the token of any other");
    if answer.status != 303 {
        site.world.logged_in("alice").await;
    }
}

/// A login or a joining is answered with a cookie, or with the words for what the machine cannot do now.
fn said_whether_it_worked(answer: &Answer, site: &FailingSite) {
    if answer.status == 303 {
        answer.leads_to("/");
        assert!(answer.cookies_set().last().is_some_and(|set| !set.contains("Max-Age=0")));
    } else {
        is_not_now(answer);
        assert!(answer.cookies_set().is_empty());
        assert!(site.disk.has_failed());
    }
}

fn is_not_now(answer: &Answer) {
    answer.is(503).says("Not now").does_not_say("os error");
    assert_eq!(answer.header("retry-after"), "5");
}

async fn has_joined_or_still_can(site: &FailingSite, (visitor, link): (Visitor, String), answer: &Answer) {
    said_whether_it_worked(answer, site);
    site.recovers().await;
    let held = visitor.has_cookie().then(|| site.world.session_of(&visitor));
    assert_eq!(site.sessions(), held.into_iter().collect(), "nobody holds the token of any other");
    let still_works = joins(&mut (site.world.visitor(), link)).await.status == 303;
    assert!(!still_works || answer.status == 503, "a link works once");
    site.world.logged_in("alice").await;
    site.leaves_nothing_half_written().await;
}

/// The phone is logged out; or the answer says that it is not yet, and it is refused all the same; or the
/// answer says that nothing was done, and it can be asked again. This browser stays logged in.
async fn ends_the_phone_or_says_so(
    site: &FailingSite,
    (mut here, mut phone): (Visitor, Visitor),
    answer: &Answer,
    which: &str,
) {
    assert!(answer.cookies_set().is_empty());
    if answer.status == 303 {
        answer.leads_to("/");
        assert_eq!(site.sessions(), [site.world.session_of(&here)].into(), "what was said is so");
    } else {
        assert!(site.disk.has_failed());
        assert_eq!(answer.is(503).header("retry-after"), "5");
        if answer.body.contains("Not logged out yet") {
            phone.clone().opens("/").await.leads_to("/login");
        } else {
            is_not_now(answer);
        }
    }
    site.recovers().await;
    if !answer.body.contains("Not now") {
        assert!(!phone.is_logged_in().await);
        assert_eq!(site.sessions(), [site.world.session_of(&here)].into());
    }
    if answer.status == 303 {
        here.opens("/").await.is(200).says("1 other session ended.");
    }
    here.logs_out_of(which).await.leads_to("/");
    assert!(!phone.is_logged_in().await);
    assert!(here.is_logged_in().await);
}

impl FailingSite {
    /// Alice, here and at her phone, and nowhere else.
    async fn two_of_alice(&self) -> (Visitor, Visitor) {
        self.forgets_everybody();
        (self.world.logged_in("alice").await, self.world.logged_in("alice").await)
    }
}

fn parsed(name: &str) -> AccountName {
    AccountName::parse(name).expect("a name")
}

fn new_session(account: AccountId) -> NewSession {
    NewSession {
        account,
        account_name: "alice".to_owned(),
        lasting: LastingFor::ThisVisit,
        browser: Browser::from_user_agent(""),
        address: None,
    }
}
