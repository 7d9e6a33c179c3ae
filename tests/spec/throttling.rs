//! Slowing down whoever guesses: little for people who mistype, more with every failure, and never so
//! much that a stranger can keep somebody out.

use std::net::IpAddr;

use exeunt::clock::{SignedDuration, Timestamp};
use exeunt::throttle::{Throttle, TooMany};

use crate::support::NOON;

/// Tries at a name, and tries from an address, that cost no waiting.
const FREE_FOR_A_NAME: usize = 5;
const FREE_FOR_AN_ADDRESS: usize = 20;

#[test]
fn a_few_tries_cost_no_waiting() {
    let throttle = Throttle::default();
    for _ in 0..FREE_FOR_A_NAME {
        assert_eq!(throttle.begin("alice", None, noon()), Ok(()));
    }
    assert_eq!(throttle.begin("alice", None, noon()), Err(wait(1)));
}

#[test]
fn waits_double_until_the_longest() {
    let throttle = exhausted("alice", None);
    let mut now = noon();
    for seconds in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
        assert_eq!(throttle.begin("alice", None, now), Err(wait(seconds)));
        assert_eq!(throttle.begin("alice", None, now + secs(seconds - 1)), Err(wait(1)));
        now += secs(seconds);
        assert_eq!(throttle.begin("alice", None, now), Ok(()), "after {seconds} seconds");
    }
}

#[test]
fn a_refused_try_counts_for_nothing() {
    let throttle = exhausted("alice", None);
    for _ in 0..1000 {
        assert_eq!(throttle.begin("alice", None, noon()), Err(wait(1)));
    }
    assert_eq!(throttle.begin("alice", None, noon() + secs(1)), Ok(()));
}

#[test]
fn tries_that_begin_at_once_count_before_any_of_them_is_decided() {
    let throttle = Throttle::default();
    let begun = std::thread::scope(|scope| {
        let tries: Vec<_> =
            (0..64).map(|_| scope.spawn(|| throttle.begin("alice", None, noon()).is_ok())).collect();
        tries.into_iter().map(|one| one.join().unwrap()).filter(|&begun| begun).count()
    });
    assert_eq!(begun, FREE_FOR_A_NAME);
}

#[test]
fn a_right_password_lets_its_owner_begin_afresh() {
    let throttle = Throttle::default();
    for _ in 0..FREE_FOR_A_NAME {
        throttle.begin("alice", None, noon()).unwrap();
    }

    throttle.succeeded("alice", None);

    for _ in 0..FREE_FOR_A_NAME {
        assert_eq!(throttle.begin("alice", None, noon()), Ok(()));
    }
    assert!(throttle.begin("alice", None, noon()).is_err());
}

#[test]
fn a_right_password_does_not_forgive_its_address_the_guesses_at_others() {
    let throttle = Throttle::default();
    let address = Some(ip("192.0.2.7"));
    for number in 0..FREE_FOR_AN_ADDRESS - 1 {
        throttle.begin(&format!("guess {number}"), address, noon()).unwrap();
        throttle.begin("mallory", address, noon()).unwrap();
        throttle.succeeded("mallory", address);
    }

    assert_eq!(throttle.begin("guess", address, noon()), Ok(()));
    assert_eq!(throttle.begin("another", address, noon()), Err(wait(1)));
}

#[test]
fn a_right_password_makes_nobody_else_at_its_address_wait() {
    let throttle = Throttle::default();
    let address = Some(ip("192.0.2.7"));
    for number in 0..FREE_FOR_AN_ADDRESS {
        throttle.begin(&format!("guess {number}"), address, noon()).unwrap();
    }
    let later = noon() + secs(1);

    throttle.begin("alice", address, later).unwrap();
    throttle.succeeded("alice", address);

    assert_eq!(throttle.begin("bob", address, later), Ok(()));
}

#[test]
fn a_try_that_was_never_decided_counts_for_nothing() {
    let throttle = Throttle::default();
    let address = Some(ip("192.0.2.7"));
    for _ in 0..100 {
        assert_eq!(throttle.begin("alice", address, noon()), Ok(()));
        throttle.undecided("alice", address);
    }
}

#[test]
fn a_try_that_was_never_decided_makes_nobody_wait_again() {
    let throttle = exhausted("alice", None);
    let later = noon() + secs(1);

    throttle.begin("alice", None, later).unwrap();
    throttle.undecided("alice", None);

    assert_eq!(throttle.begin("alice", None, later), Ok(()));
}

#[test]
fn failures_are_forgotten_after_an_hour_without_tries() {
    let (forgetful, mindful) = (exhausted("alice", None), exhausted("alice", None));

    for _ in 0..FREE_FOR_A_NAME {
        assert_eq!(forgetful.begin("alice", None, noon() + secs(3600)), Ok(()));
    }
    assert!(forgetful.begin("alice", None, noon() + secs(3600)).is_err());

    assert_eq!(mindful.begin("alice", None, noon() + secs(3599)), Ok(()));
    assert_eq!(mindful.begin("alice", None, noon() + secs(3599)), Err(wait(2)));
}

#[test]
fn names_do_not_slow_each_other_down() {
    let throttle = exhausted("alice", None);
    assert_eq!(throttle.begin("bob", None, noon()), Ok(()));
}

#[test]
fn somebody_who_tries_many_names_waits_too() {
    let throttle = Throttle::default();
    let mallory = Some(ip("203.0.113.9"));
    for number in 0..FREE_FOR_AN_ADDRESS {
        assert_eq!(throttle.begin(&format!("name {number}"), mallory, noon()), Ok(()));
    }

    assert_eq!(throttle.begin("one more", mallory, noon()), Err(wait(1)));
    assert_eq!(throttle.begin("one more", Some(ip("203.0.113.10")), noon()), Ok(()));
    assert_eq!(throttle.begin("one more", None, noon()), Ok(()));
}

#[test]
fn an_address_waits_a_quarter_of_an_hour_at_most() {
    let throttle = Throttle::default();
    let mallory = Some(ip("203.0.113.9"));
    let longest = longest_wait(40, |number, now| throttle.begin(&format!("name {number}"), mallory, now));
    assert_eq!(longest, SignedDuration::from_mins(15));
}

#[test]
fn whatever_strangers_do_the_owner_of_a_name_waits_a_minute_at_most() {
    let throttle = Throttle::default();
    let strangers = |number: usize| Some(IpAddr::from([203, 0, 113, number as u8]));
    let longest = longest_wait(200, |number, now| throttle.begin("alice", strangers(number), now));
    assert_eq!(longest, SignedDuration::from_mins(1));
}

#[test]
fn an_ipv6_network_is_one_address() {
    let throttle = Throttle::default();
    for number in 0..FREE_FOR_AN_ADDRESS {
        let address = ip(&format!("2001:db8:0:7::{number:x}"));
        assert_eq!(throttle.begin(&format!("name {number}"), Some(address), noon()), Ok(()));
    }

    let same = Some(ip("2001:db8:0:7:ffff:ffff:ffff:ffff"));
    assert_eq!(throttle.begin("one more", same, noon()), Err(wait(1)));
    assert_eq!(throttle.begin("one more", Some(ip("2001:db8:0:8::1")), noon()), Ok(()));
}

#[test]
fn an_ipv4_address_is_the_same_in_ipv6_clothes() {
    let throttle = Throttle::default();
    for number in 0..FREE_FOR_AN_ADDRESS {
        let address = if number % 2 == 0 { "203.0.113.9" } else { "::ffff:203.0.113.9" };
        assert_eq!(throttle.begin(&format!("name {number}"), Some(ip(address)), noon()), Ok(()));
    }

    assert_eq!(throttle.begin("one more", Some(ip("::ffff:203.0.113.9")), noon()), Err(wait(1)));
    assert_eq!(throttle.begin("one more", Some(ip("::ffff:203.0.113.10")), noon()), Ok(()));
}

#[test]
fn a_clock_that_was_set_back_makes_nobody_wait_longer_than_the_longest_wait() {
    let throttle = exhausted("alice", None);
    let yesterday = noon() - SignedDuration::from_hours(24);

    let TooMany { wait } = throttle.begin("alice", None, yesterday).unwrap_err();
    assert!(wait <= SignedDuration::from_mins(1), "{wait}");

    assert_eq!(throttle.begin("alice", None, yesterday + wait), Ok(()), "having waited as long as told");
}

#[test]
fn a_flood_of_names_is_not_all_remembered() {
    let throttle = Throttle::default();
    throttle.begin("once", None, noon()).unwrap();

    flood(&throttle, 2, noon() + secs(1));

    for _ in 0..FREE_FOR_A_NAME {
        assert_eq!(throttle.begin("once", None, noon() + secs(2)), Ok(()), "its one failure is forgotten");
    }
}

#[test]
fn a_flood_of_names_does_not_free_the_one_under_attack() {
    let throttle = exhausted("alice", None);
    assert_eq!(throttle.begin("alice", None, noon() + secs(1)), Ok(()));

    flood(&throttle, 1, noon() + secs(2));

    assert_eq!(throttle.begin("alice", None, noon() + secs(2)), Err(wait(1)));
}

/// A throttle at which a name, or an address, has no free tries left.
fn exhausted(name: &str, address: Option<IpAddr>) -> Throttle {
    let throttle = Throttle::default();
    for _ in 0..FREE_FOR_A_NAME {
        throttle.begin(name, address, noon()).unwrap();
    }
    throttle
}

/// Tries as soon as it may, many times over, and answers the longest that it had to wait.
fn longest_wait(tries: usize, begin: impl Fn(usize, Timestamp) -> Result<(), TooMany>) -> SignedDuration {
    let (mut now, mut longest) = (noon(), SignedDuration::ZERO);
    for number in 0..tries {
        while let Err(TooMany { wait }) = begin(number, now) {
            longest = longest.max(wait);
            now += wait;
        }
    }
    longest
}

/// Twice as many names as are remembered at once, each tried a few times.
fn flood(throttle: &Throttle, tries: usize, now: Timestamp) {
    for number in 0..200_000 {
        let name = format!("flood {number}");
        for _ in 0..tries {
            throttle.begin(&name, None, now).unwrap();
        }
    }
}

fn wait(seconds: i64) -> TooMany {
    TooMany { wait: secs(seconds) }
}

fn secs(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

fn noon() -> Timestamp {
    NOON.parse().unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}
