//! Slowing down whoever guesses: little for people who mistype, more with every failure, and never so
//! much that a stranger can keep somebody out.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use exeunt::clock::{SignedDuration, Timestamp};
use exeunt::files::Folder;
use exeunt::throttle::{Begun, FileThrottleStore, Throttle, TooMany, Try};
use tempfile::TempDir;

use crate::support::{names_in, noon};

/// Tries at a name, and tries from an address, that cost no waiting.
const FREE_FOR_A_NAME: usize = 5;
const FREE_FOR_AN_ADDRESS: usize = 20;

#[tokio::test]
async fn a_few_tries_cost_no_waiting() {
    let throttle = Home::new();
    for _ in 0..FREE_FOR_A_NAME {
        assert_eq!(fails(&throttle, "alice", None, noon()).await, Ok(()));
    }
    assert_eq!(fails(&throttle, "alice", None, noon()).await, Err(wait(1)));
}

/// ASVS 6.1.1, 6.3.1.
#[tokio::test]
async fn waits_double_until_the_longest() {
    let throttle = exhausted("alice", None).await;
    let mut now = noon();
    for seconds in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
        assert_eq!(fails(&throttle, "alice", None, now).await, Err(wait(seconds)));
        assert_eq!(fails(&throttle, "alice", None, now + secs(seconds - 1)).await, Err(wait(1)));
        now += secs(seconds);
        assert_eq!(fails(&throttle, "alice", None, now).await, Ok(()), "after {seconds} seconds");
    }
}

#[tokio::test]
async fn a_refused_try_counts_for_nothing() {
    let throttle = exhausted("alice", None).await;
    for _ in 0..1000 {
        assert_eq!(fails(&throttle, "alice", None, noon()).await, Err(wait(1)));
    }
    assert_eq!(fails(&throttle, "alice", None, noon() + secs(1)).await, Ok(()));
}

#[tokio::test]
async fn while_nothing_has_failed_any_number_may_be_under_way() {
    let throttle = Home::new();
    let address = Some(ip("192.0.2.7"));
    let tries = all_at_once(&throttle, 500, address).await;
    for one in tries {
        one.succeeded(noon()).await;
    }
    assert_eq!(fails(&throttle, "alice", address, noon()).await, Ok(()));
}

#[tokio::test]
async fn after_the_free_failures_one_try_is_taken_at_a_time() {
    let throttle = exhausted("alice", None).await;
    let later = noon() + secs(1);
    let under_way = taken(&throttle, "alice", None, later).await;
    for _ in 0..64 {
        assert_eq!(refused(&throttle, later).await, wait(1));
    }
    under_way.failed(later).await;
    assert_eq!(refused(&throttle, later).await, wait(2));
}

#[tokio::test]
async fn tries_that_were_under_way_together_all_count_when_they_fail() {
    let throttle = Home::new();
    let tries = all_at_once(&throttle, 64, None).await;
    for one in tries {
        one.failed(noon()).await;
    }
    assert_eq!(refused(&throttle, noon()).await, wait(60));
}

#[tokio::test]
async fn a_right_password_lets_its_owner_begin_afresh() {
    let throttle = exhausted("alice", None).await;
    taken(&throttle, "alice", None, noon() + secs(1)).await.succeeded(noon()).await;

    for _ in 0..FREE_FOR_A_NAME {
        assert_eq!(fails(&throttle, "alice", None, noon() + secs(1)).await, Ok(()));
    }
    assert_eq!(fails(&throttle, "alice", None, noon() + secs(1)).await, Err(wait(1)));
}

#[tokio::test]
async fn a_right_password_does_not_forgive_its_address_the_guesses_at_others() {
    let throttle = Home::new();
    let address = Some(ip("192.0.2.7"));
    for number in 0..FREE_FOR_AN_ADDRESS {
        fails(&throttle, &format!("guess {number}"), address, noon()).await.unwrap();
        if number < FREE_FOR_AN_ADDRESS - 1 {
            taken(&throttle, "mallory", address, noon()).await.succeeded(noon()).await;
        }
    }
    assert_eq!(fails(&throttle, "another", address, noon()).await, Err(wait(1)));
}

#[tokio::test]
async fn a_try_that_was_never_decided_counts_for_nothing() {
    let throttle = Home::new();
    let address = Some(ip("192.0.2.7"));
    for _ in 0..100 {
        drop(taken(&throttle, "alice", address, noon()).await);
    }
    let exhausted = exhausted("alice", None).await;
    for _ in 0..100 {
        drop(taken(&exhausted, "alice", None, noon() + secs(1)).await);
    }
}

#[tokio::test]
async fn this_machines_own_addresses_are_everybodys() {
    let throttle = Home::new();
    for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
        for number in 0..100 {
            let name = format!("{address} {number}");
            assert_eq!(fails(&throttle, &name, Some(ip(address)), noon()).await, Ok(()));
        }
    }
}

#[tokio::test]
async fn failures_are_forgotten_after_an_hour_without_tries() {
    let (forgetful, mindful) = (exhausted("alice", None).await, exhausted("alice", None).await);

    for _ in 0..FREE_FOR_A_NAME {
        assert_eq!(fails(&forgetful, "alice", None, noon() + secs(3600)).await, Ok(()));
    }
    assert!(fails(&forgetful, "alice", None, noon() + secs(3600)).await.is_err());

    assert_eq!(fails(&mindful, "alice", None, noon() + secs(3599)).await, Ok(()));
    assert_eq!(fails(&mindful, "alice", None, noon() + secs(3599)).await, Err(wait(2)));
}

#[tokio::test]
async fn names_do_not_slow_each_other_down() {
    let throttle = exhausted("alice", None).await;
    assert_eq!(fails(&throttle, "bob", None, noon()).await, Ok(()));
}

/// ASVS 6.1.1, 6.3.1.
#[tokio::test]
async fn somebody_who_tries_many_names_waits_too() {
    let throttle = Home::new();
    let mallory = Some(ip("203.0.113.9"));
    for number in 0..FREE_FOR_AN_ADDRESS {
        assert_eq!(fails(&throttle, &format!("name {number}"), mallory, noon()).await, Ok(()));
    }

    assert_eq!(fails(&throttle, "one more", mallory, noon()).await, Err(wait(1)));
    assert_eq!(fails(&throttle, "one more", Some(ip("203.0.113.10")), noon()).await, Ok(()));
    assert_eq!(fails(&throttle, "one more", None, noon()).await, Ok(()));
}

#[tokio::test]
async fn an_address_waits_a_quarter_of_an_hour_at_most() {
    let throttle = Home::new();
    let mallory = Some(ip("203.0.113.9"));
    let longest =
        longest_wait(40, async |number, now| fails(&throttle, &format!("name {number}"), mallory, now).await)
            .await;
    assert_eq!(longest, SignedDuration::from_mins(15));
}

/// ASVS 6.1.1, 6.3.1.
#[tokio::test]
async fn whatever_strangers_do_the_owner_of_a_name_waits_a_minute_at_most() {
    let throttle = Home::new();
    let strangers = |number: usize| Some(IpAddr::from([203, 0, 113, number as u8]));
    let longest =
        longest_wait(200, async |number, now| fails(&throttle, "alice", strangers(number), now).await).await;
    assert_eq!(longest, SignedDuration::from_mins(1));
}

#[tokio::test]
async fn an_ipv6_network_is_one_address() {
    let throttle = Home::new();
    for number in 0..FREE_FOR_AN_ADDRESS {
        let address = ip(&format!("2001:db8:0:7::{number:x}"));
        assert_eq!(fails(&throttle, &format!("name {number}"), Some(address), noon()).await, Ok(()));
    }

    let same = Some(ip("2001:db8:0:7:ffff:ffff:ffff:ffff"));
    assert_eq!(fails(&throttle, "one more", same, noon()).await, Err(wait(1)));
    assert_eq!(fails(&throttle, "one more", Some(ip("2001:db8:0:8::1")), noon()).await, Ok(()));
}

#[tokio::test]
async fn an_ipv4_address_is_the_same_in_ipv6_clothes() {
    let throttle = Home::new();
    for number in 0..FREE_FOR_AN_ADDRESS {
        let address = if number % 2 == 0 { "203.0.113.9" } else { "::ffff:203.0.113.9" };
        assert_eq!(fails(&throttle, &format!("name {number}"), Some(ip(address)), noon()).await, Ok(()));
    }

    assert_eq!(fails(&throttle, "one more", Some(ip("::ffff:203.0.113.9")), noon()).await, Err(wait(1)));
    assert_eq!(fails(&throttle, "one more", Some(ip("::ffff:203.0.113.10")), noon()).await, Ok(()));
}

#[tokio::test]
async fn a_clock_that_was_set_back_makes_nobody_wait_longer_than_the_longest_wait() {
    let throttle = exhausted("alice", None).await;
    let yesterday = noon() - SignedDuration::from_hours(24);

    let TooMany { wait } = fails(&throttle, "alice", None, yesterday).await.unwrap_err();
    assert!(wait <= SignedDuration::from_mins(1), "{wait}");

    assert_eq!(
        fails(&throttle, "alice", None, yesterday + wait).await,
        Ok(()),
        "having waited as long as told"
    );
}

#[tokio::test]
async fn a_flood_of_names_is_not_all_remembered() {
    let throttle = Home::new();
    fails(&throttle, "once", None, noon()).await.unwrap();

    flood(&throttle, 2, noon() + secs(1)).await;

    for _ in 0..FREE_FOR_A_NAME {
        assert_eq!(
            fails(&throttle, "once", None, noon() + secs(2)).await,
            Ok(()),
            "its one failure is forgotten"
        );
    }
}

#[tokio::test]
async fn a_flood_of_names_does_not_free_the_one_under_attack() {
    let throttle = exhausted("alice", None).await;
    assert_eq!(fails(&throttle, "alice", None, noon() + secs(1)).await, Ok(()));

    flood(&throttle, 1, noon() + secs(2)).await;

    assert_eq!(fails(&throttle, "alice", None, noon() + secs(2)).await, Err(wait(1)));
}

#[tokio::test]
async fn where_somebody_has_logged_in_strangers_elsewhere_make_nobody_wait() {
    let throttle = Home::new();
    let home = Some(ip("192.0.2.7"));
    gets_in(&throttle, "alice", home, noon()).await;
    for number in 0..FREE_FOR_A_NAME {
        fails(&throttle, "alice", Some(ip(&format!("203.0.113.{number}"))), noon()).await.unwrap();
    }

    assert_eq!(refused(&throttle, noon()).await, wait(1), "elsewhere");
    for _ in 0..FREE_FOR_A_NAME {
        assert_eq!(fails(&throttle, "alice", home, noon()).await, Ok(()), "at home");
    }
    assert_eq!(fails(&throttle, "alice", home, noon()).await, Err(wait(1)), "their own failures");
    assert_eq!(refused(&throttle, noon()).await, wait(1), "which cost strangers nothing");
}

#[tokio::test]
async fn where_somebody_has_logged_in_neighbours_who_try_many_names_do_not_keep_them_out() {
    let throttle = Home::new();
    let shared = Some(ip("192.0.2.7"));
    gets_in(&throttle, "alice", shared, noon()).await;
    for number in 0..FREE_FOR_AN_ADDRESS {
        fails(&throttle, &format!("name {number}"), shared, noon()).await.unwrap();
    }

    assert_eq!(fails(&throttle, "bob", shared, noon()).await, Err(wait(1)), "who has never logged in there");
    assert_eq!(fails(&throttle, "alice", shared, noon()).await, Ok(()));
}

#[tokio::test]
async fn a_login_at_home_does_not_free_the_strangers_who_try_elsewhere() {
    let throttle = Home::new();
    let home = Some(ip("192.0.2.7"));
    gets_in(&throttle, "alice", home, noon()).await;
    for _ in 0..=FREE_FOR_A_NAME {
        let _ = fails(&throttle, "alice", None, noon()).await;
    }
    gets_in(&throttle, "alice", home, noon()).await;
    assert_eq!(refused(&throttle, noon()).await, wait(1));
}

#[tokio::test]
async fn a_place_is_known_for_a_quarter_of_a_year() {
    let throttle = Home::new();
    let home = Some(ip("192.0.2.7"));
    assert_eq!(taken(&throttle, "alice", home, noon()).await.last_login, None);
    gets_in(&throttle, "alice", home, noon()).await;

    let days = |days: i64| noon() + SignedDuration::from_hours(24 * days);
    assert_eq!(taken(&throttle, "alice", home, days(89)).await.last_login, Some(noon()));
    assert_eq!(taken(&throttle, "alice", home, days(90)).await.last_login, None);
    assert_eq!(taken(&throttle, "bob", home, days(1)).await.last_login, None, "whose name it is not");
}

#[tokio::test]
async fn no_restart_shortens_a_wait() {
    let throttle = exhausted("alice", None).await;
    let mallory = Some(ip("203.0.113.9"));
    for number in 0..FREE_FOR_AN_ADDRESS {
        fails(&throttle, &format!("name {number}"), mallory, noon()).await.unwrap();
    }
    fails(&throttle, "alice", None, noon() + secs(1)).await.unwrap();

    let throttle = throttle.restarted();

    let now = noon() + secs(1);
    assert_eq!(refused(&throttle, now).await, wait(2));
    assert_eq!(fails(&throttle, "one more", mallory, noon()).await, Err(wait(1)));
    let throttle = throttle.restarted();
    assert_eq!(fails(&throttle, "alice", None, now + secs(2)).await, Ok(()));
    assert_eq!(refused(&throttle.restarted(), now + secs(2)).await, wait(4), "and so they go on");
}

#[tokio::test]
async fn a_restart_forgets_what_was_forgiven_and_not_where_somebody_logged_in() {
    let throttle = exhausted("alice", None).await;
    let home = Some(ip("192.0.2.7"));
    gets_in(&throttle, "alice", home, noon() + secs(1)).await;

    let throttle = throttle.restarted();

    assert_eq!(taken(&throttle, "alice", home, noon()).await.last_login, Some(noon() + secs(1)));
    for _ in 0..FREE_FOR_A_NAME {
        assert_eq!(fails(&throttle, "alice", None, noon() + secs(1)).await, Ok(()));
    }
}

/// Somebody who types a password where the name belongs does so once or twice.
#[tokio::test]
async fn nothing_is_on_the_disk_of_what_somebody_mistyped() {
    let throttle = Home::new();
    for _ in 1..FREE_FOR_A_NAME {
        fails(&throttle, "correct-horse-battery-staple", Some(ip("192.0.2.7")), noon()).await.unwrap();
    }
    assert_eq!(throttle.files(), [""; 0]);

    fails(&throttle, "correct-horse-battery-staple", None, noon()).await.unwrap();
    assert_eq!(throttle.files().len(), 1, "with the failure that costs a wait");
}

#[tokio::test]
async fn a_sweep_removes_what_costs_nobody_a_wait_any_more() {
    let throttle = exhausted("alice", None).await;
    gets_in(&throttle, "bob", Some(ip("192.0.2.7")), noon()).await;
    let later = noon() + secs(3000);
    for _ in 0..FREE_FOR_A_NAME {
        fails(&throttle, "carol", None, later).await.unwrap();
    }
    assert_eq!(throttle.files().len(), 3);

    assert_eq!(throttle.sweep(noon() + secs(3599)).await.unwrap(), 0);
    assert_eq!(throttle.sweep(noon() + secs(3600)).await.unwrap(), 1, "alice");
    let throttle = throttle.restarted();
    assert!(fails(&throttle, "carol", None, later).await.is_err());
    assert_eq!(throttle.sweep(noon() + SignedDuration::from_hours(24 * 90)).await.unwrap(), 2);
    assert_eq!(throttle.files(), [""; 0]);
}

/// A throttle with a folder of its own.
struct Home {
    throttle: Throttle,
    folder: TempDir,
}

/// Names, networks and places that are remembered at once: few, so that a flood need not be long.
const REMEMBERED: usize = 1000;

impl Home {
    fn new() -> Self {
        Self::of(TempDir::new().unwrap())
    }

    fn of(folder: TempDir) -> Self {
        let store = FileThrottleStore::in_folder(Folder::at(folder.path().join("throttle")));
        Self { throttle: Throttle::remembering(REMEMBERED, Arc::new(store)), folder }
    }

    /// The same folder under a new process.
    fn restarted(self) -> Self {
        Self::of(self.folder)
    }

    fn files(&self) -> Vec<String> {
        let folder = self.folder.path().join("throttle");
        if folder.exists() { names_in(&folder) } else { Vec::new() }
    }
}

impl Deref for Home {
    type Target = Throttle;

    fn deref(&self) -> &Throttle {
        &self.throttle
    }
}

/// A try that is wrong, if it is taken.
async fn fails(
    throttle: &Throttle,
    name: &str,
    address: Option<IpAddr>,
    now: Timestamp,
) -> Result<(), TooMany> {
    match throttle.begin(name, address, now).await.unwrap() {
        Begun::Try(this_try) => {
            this_try.failed(now).await;
            Ok(())
        }
        Begun::TooMany(too_many) => Err(too_many),
    }
}

/// A try that is taken.
async fn taken<'a>(throttle: &'a Throttle, name: &str, address: Option<IpAddr>, now: Timestamp) -> Try<'a> {
    match throttle.begin(name, address, now).await.unwrap() {
        Begun::Try(this_try) => this_try,
        Begun::TooMany(too_many) => panic!("{name} has to wait: {too_many:?}"),
    }
}

/// Somebody logs in.
async fn gets_in(throttle: &Throttle, name: &str, address: Option<IpAddr>, now: Timestamp) {
    taken(throttle, name, address, now).await.succeeded(now).await;
}

/// A try at alice's that is not taken.
async fn refused(throttle: &Throttle, now: Timestamp) -> TooMany {
    match throttle.begin("alice", None, now).await.unwrap() {
        Begun::Try(_) => panic!("that try is taken"),
        Begun::TooMany(too_many) => too_many,
    }
}

/// Tries at alice's, all under way together.
async fn all_at_once(throttle: &Throttle, count: usize, address: Option<IpAddr>) -> Vec<Try<'_>> {
    let mut tries = Vec::new();
    for _ in 0..count {
        tries.push(taken(throttle, "alice", address, noon()).await);
    }
    tries
}

/// A throttle at which a name, or an address, has no free tries left.
async fn exhausted(name: &str, address: Option<IpAddr>) -> Home {
    let throttle = Home::new();
    for _ in 0..FREE_FOR_A_NAME {
        fails(&throttle, name, address, noon()).await.unwrap();
    }
    throttle
}

/// Tries as soon as it may, many times over, and answers the longest that it had to wait.
async fn longest_wait(
    tries: usize,
    begin: impl AsyncFn(usize, Timestamp) -> Result<(), TooMany>,
) -> SignedDuration {
    let (mut now, mut longest) = (noon(), SignedDuration::ZERO);
    for number in 0..tries {
        while let Err(TooMany { wait }) = begin(number, now).await {
            longest = longest.max(wait);
            now += wait;
        }
    }
    longest
}

/// More names than are remembered at once, each tried a few times.
async fn flood(throttle: &Throttle, tries: usize, now: Timestamp) {
    for number in 0..2 * REMEMBERED {
        let name = format!("flood {number}");
        for _ in 0..tries {
            fails(throttle, &name, None, now).await.unwrap();
        }
    }
}

fn wait(seconds: i64) -> TooMany {
    TooMany { wait: secs(seconds) }
}

fn secs(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}
