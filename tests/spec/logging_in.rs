//! Logging in: who gets in, what the session is, and what a stranger learns from being refused.

use exeunt::actions::{LoggedIn, log_in};
use exeunt::clock::SignedDuration;

use crate::support::{PASSWORD, World, attempt, crowd};

#[tokio::test]
async fn the_right_password_starts_a_session_on_disk_and_leads_to_the_account_page() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.visitor();
    alice.opens("/").await.leads_to("/login");

    alice.logs_in("alice").await;

    world.only_session_file();
    alice.opens("/").await.is(200).says("Logged in as <b>alice</b>");
}

#[tokio::test]
async fn a_name_is_the_same_in_any_case_and_width() {
    let world = World::open().await.with_account("Älice").await;
    for typed in ["älice", "ÄLICE", " Älice ", "ＡLICE".replace('Ａ', "Ä").as_str(), "A\u{308}lice"] {
        let mut visitor = world.visitor();
        visitor.tries(typed, PASSWORD).await.leads_to("/");
    }
}

#[tokio::test]
async fn a_password_counts_with_its_spaces_and_in_any_unicode_form() {
    let world = World::open().await;
    let link = world.invite("alice").await;
    let chosen = "  caf\u{e9} au lait, s'il vous pla\u{ee}t ";
    world.visitor().posts(&link, &[("new_password", chosen)]).await.leads_to("/");

    let decomposed = "  cafe\u{301} au lait, s'il vous plai\u{302}t ";
    world.visitor().tries("alice", decomposed).await.leads_to("/");
    world.visitor().tries("alice", chosen.trim()).await.is(422);
}

/// ASVS 6.3.8.
#[tokio::test]
async fn every_refusal_is_the_same_answer() {
    let world = World::open().await.with_account("alice").await;
    world.invite("invited").await;
    let refused = world.visitor().tries("alice", "wrong horse battery staple").await;
    refused.is(422).says("The name or the password is wrong.");
    assert!(refused.cookies_set().is_empty());

    for (name, password) in [
        ("nobody", PASSWORD),
        ("invited", PASSWORD),
        ("alice", ""),
        ("", PASSWORD),
        ("no/name", PASSWORD),
        ("alice", &"x".repeat(1025)),
    ] {
        let other = world.visitor().tries(name, password).await;
        other.is(422);
        let typed = format!("value=\"{name}\"");
        let same = other.body.replace(&typed, "value=\"alice\"");
        if !name.is_empty() {
            assert_eq!(same, refused.body, "{name:?} is refused in the same words");
        }
    }
    assert!(world.session_files().is_empty());
}

/// ASVS 6.3.8.
#[tokio::test]
async fn every_refusal_costs_one_run_of_scrypt() {
    // Dear enough that a run is what takes the time.
    let world = World::hashing(15).await.with_account("alice").await;
    let tries = [("alice", "wrong horse battery staple"), ("nobody", "x"), ("no/name", "x")];
    // The least of several, taken in turns: other tests run at the same time.
    let mut times = [std::time::Duration::MAX; 3];
    for _ in 0..5 {
        for ((name, password), least) in tries.iter().zip(&mut times) {
            let start = std::time::Instant::now();
            world.visitor().tries(name, password).await.is(422);
            *least = start.elapsed().min(*least);
        }
    }
    let (least, most) = (times.iter().min().unwrap(), times.iter().max().unwrap());
    assert!(*most < *least * 4, "as long for any name: {times:?}");
}

/// ASVS 6.3.8.
#[tokio::test]
async fn a_disabled_account_is_refused_like_a_wrong_password() {
    let world = World::open().await.with_account("alice").await;
    world.change_account("alice", |account| account.disabled = true).await;

    world.visitor().tries("alice", PASSWORD).await.is(422).says("The name or the password is wrong.");
}

#[tokio::test]
async fn an_account_that_is_disabled_while_its_password_is_checked_lets_nobody_in() {
    let world = World::hashing(17).await.with_account("alice").await;
    let mut alice = world.visitor();
    let login = tokio::spawn(async move { alice.tries("alice", PASSWORD).await });
    world.until(|| world.posts("/login") == 1).await;
    world.visitor().opens("/login").await.is(200);

    world.change_account("alice", |account| account.disabled = true).await;

    login.await.unwrap().is(422).says("The name or the password is wrong.");
    assert!(world.session_files().is_empty());
}

#[tokio::test]
async fn without_remember_the_cookie_ends_with_the_browser() {
    let world = World::open().await.with_account("alice").await;
    let answer = world.visitor().tries("alice", PASSWORD).await;
    let [cookie] = answer.cookies_set()[..] else { panic!("one cookie: {answer:?}") };
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
}

#[tokio::test]
async fn with_remember_it_stays_for_thirty_days() {
    let world = World::open().await.with_account("alice").await;
    let fields = [("username", "alice"), ("password", PASSWORD), ("remember", "yes")];
    let answer = world.visitor().posts("/login", &fields).await;
    let [cookie] = answer.cookies_set()[..] else { panic!("one cookie: {answer:?}") };
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000"), "{cookie}");
}

#[tokio::test]
async fn the_token_is_on_no_disk_and_in_no_page() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let token = alice.cookie().trim_start_matches("exeunt=").to_owned();
    assert_eq!(token.len(), 43);

    alice.opens("/").await.is(200).does_not_say(&token);
    let file = world.only_session_file();
    let bytes = std::fs::read(&file).unwrap();
    assert!(!contains(&bytes, token.as_bytes()), "not in the file");
    assert!(!file.to_string_lossy().contains(&token), "not in its name");
}

/// ASVS 7.2.4.
#[tokio::test]
async fn logging_in_again_ends_the_session_that_the_browser_had() {
    let world = World::open().await.with_account("alice").await.with_account("bob").await;
    let mut browser = world.logged_in("alice").await;
    let before = browser.clone();

    browser.logs_in("bob").await;

    world.only_session_file();
    assert!(!before.clone().is_logged_in().await);
    browser.opens("/").await.says("Logged in as <b>bob</b>");
}

#[tokio::test]
async fn a_hundred_sessions_are_kept_and_the_next_login_ends_the_one_seen_longest_ago() {
    let world = World::open().await.with_account("alice").await;
    let mut first = world.logged_in("alice").await;
    let mut second = None;
    for number in 1..100 {
        world.passes(SignedDuration::from_secs(1));
        let visitor = world.logged_in("alice").await;
        if number == 1 {
            second = Some(visitor);
        }
    }
    assert_eq!(world.session_files().len(), 100);
    world.passes(SignedDuration::from_mins(2));
    assert!(first.is_logged_in().await, "and is seen now");

    world.logged_in("alice").await;

    assert_eq!(world.session_files().len(), 100);
    assert!(first.is_logged_in().await, "the oldest, but seen just now");
    assert!(!second.unwrap().is_logged_in().await, "the one seen longest ago");
}

#[tokio::test]
async fn an_outdated_hash_is_renewed_at_login_without_ending_a_session() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let outdated = world.account("alice").await.password;
    let dearer = world.beside(6).await;

    let outcome = log_in(&dearer, attempt("alice", PASSWORD)).await;

    assert!(matches!(outcome, Ok(LoggedIn::Started(_))), "{outcome:?}");
    assert_ne!(world.account("alice").await.password, outdated, "the hash is a new one");
    assert!(alice.is_logged_in().await);
    world.visitor().tries("alice", PASSWORD).await.leads_to("/");
}

#[tokio::test]
async fn logins_that_renew_the_same_hash_at_once_all_get_in() {
    let world = World::open().await.with_account("alice").await;
    let dearer = world.beside(6).await;
    let mut logins = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let dearer = std::sync::Arc::clone(&dearer);
        logins.spawn(async move { log_in(&dearer, attempt("alice", PASSWORD)).await });
    }
    for outcome in logins.join_all().await {
        assert!(matches!(outcome, Ok(LoggedIn::Started(_))), "{outcome:?}");
    }
    assert_eq!(world.session_files().len(), 10);
}

/// ASVS 6.3.1.
#[tokio::test]
async fn wrong_tries_are_slowed_down_before_a_password_is_hashed_and_the_page_says_for_how_long() {
    let world = World::open().await.with_account("alice").await;
    for _ in 0..6 {
        world.visitor().tries("alice", "wrong horse battery staple").await.is(422);
        world.passes(SignedDuration::from_secs(1));
    }
    let answer = world.visitor().tries("alice", PASSWORD).await;
    answer.is(429).says("Too many tries. Please wait");
    assert_eq!(answer.header("retry-after"), "1");
    assert!(answer.cookies_set().is_empty());

    world.passes(SignedDuration::from_mins(1));
    world.visitor().tries("alice", PASSWORD).await.leads_to("/");
}

/// ASVS 6.3.8.
#[tokio::test]
async fn names_that_nobody_has_are_slowed_down_in_the_same_way() {
    let world = World::open().await.with_account("alice").await;
    let mut statuses = Vec::new();
    for name in ["alice", "nobody"] {
        let mut of_name = Vec::new();
        for _ in 0..8 {
            of_name.push(world.visitor().tries(name, "wrong horse battery staple").await.status);
        }
        statuses.push(of_name);
    }
    assert_eq!(statuses[0], statuses[1]);
    assert_eq!(statuses[0][7], 429);
}

#[tokio::test]
async fn a_login_that_finds_the_queue_full_is_told_to_come_back() {
    let world = World::hashing(17).await;
    let _crowd = crowd(&world).await;

    let answer = world.visitor().tries("nobody", PASSWORD).await;

    answer.is(503).says("too much to do").says("<h1>Log in</h1>");
    assert_eq!(answer.header("retry-after"), "5");
}

#[tokio::test]
async fn of_many_logins_at_once_the_queue_serves_some_the_rest_come_back_and_get_in() {
    let world = World::hashing(15).await.with_account("alice").await;
    let many = std::thread::available_parallelism().unwrap().get() * 60;
    let mut tries = tokio::task::JoinSet::new();
    for number in 0..many {
        let mut visitor = world.visitor();
        tries.spawn(async move { visitor.tries(&format!("nobody-{number}"), PASSWORD).await });
    }
    let answers = tries.join_all().await;
    let (refused, served): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 503);
    assert!(
        !refused.is_empty() && served.len() >= many / 60 * 16,
        "{} of {many} were refused",
        refused.len()
    );
    for answer in served {
        answer.is(422);
    }
    for answer in refused {
        assert_eq!(answer.header("retry-after"), "5");
    }

    world.visitor().tries("alice", PASSWORD).await.leads_to("/");
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
