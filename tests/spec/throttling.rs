//! Slowing down whoever guesses: little for people who mistype, more with every failure, and never so
//! much that a stranger can keep somebody out.

use std::net::IpAddr;

use exeunt::clock::{SignedDuration, Timestamp};
use exeunt::throttle::{Throttle, TooMany};

use crate::support::noon;

/// Tries at a name, and tries from an address, that cost no waiting.
const FREE_FOR_A_NAME: usize = 5;
const FREE_FOR_AN_ADDRESS: usize = 20;

#[test]
fn a_few_tries_cost_no_waiting() {
    let throttle = Throttle::default();
    for _ in 0..FREE_FOR_A_NAME {
        assert_eq!(fails(&throttle, "alice", None, noon()), Ok(()));
    }
    assert_eq!(fails(&throttle, "alice", None, noon()), Err(wait(1)));
}

#[test]
fn waits_double_until_the_longest() {
    let throttle = exhausted("alice", None);
    let mut now = noon();
    for seconds in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
        assert_eq!(fails(&throttle, "alice", None, now), Err(wait(seconds)));
        assert_eq!(fails(&throttle, "alice", None, now + secs(seconds - 1)), Err(wait(1)));
        now += secs(seconds);
        assert_eq!(fails(&throttle, "alice", None, now), Ok(()), "after {seconds} seconds");
    }
}

#[test]
fn a_refused_try_counts_for_nothing() {
    let throttle = exhausted("alice", None);
    for _ in 0..1000 {
        assert_eq!(fails(&throttle, "alice", None, noon()), Err(wait(1)));
    }
    assert_eq!(fails(&throttle, "alice", None, noon() + secs(1)), Ok(()));
}

#[test]
fn while_nothing_has_failed_any_number_may_be_under_way() {
    let throttle = Throttle::default();
    let address = Some(ip("192.0.2.7"));
    let tries: Vec<_> = (0..500).map(|_| throttle.begin("alice", address, noon()).ok().unwrap()).collect();
    for one in tries {
        one.succeeded();
    }
    assert_eq!(fails(&throttle, "alice", address, noon()), Ok(()));
}

#[test]
fn after_the_free_failures_one_try_is_taken_at_a_time() {
    let throttle = exhausted("alice", None);
    let later = noon() + secs(1);
    let under_way = throttle.begin("alice", None, later).ok().unwrap();
    for _ in 0..64 {
        assert_eq!(throttle.begin("alice", None, later).err(), Some(wait(1)));
    }
    under_way.failed(later);
    assert_eq!(throttle.begin("alice", None, later).err(), Some(wait(2)));
}

#[test]
fn tries_that_were_under_way_together_all_count_when_they_fail() {
    let throttle = Throttle::default();
    let tries: Vec<_> = (0..64).map(|_| throttle.begin("alice", None, noon()).ok().unwrap()).collect();
    for one in tries {
        one.failed(noon());
    }
    assert_eq!(throttle.begin("alice", None, noon()).err(), Some(wait(60)));
}

#[test]
fn a_right_password_lets_its_owner_begin_afresh() {
    let throttle = exhausted("alice", None);
    throttle.begin("alice", None, noon() + secs(1)).ok().unwrap().succeeded();

    for _ in 0..FREE_FOR_A_NAME {
        assert_eq!(fails(&throttle, "alice", None, noon() + secs(1)), Ok(()));
    }
    assert_eq!(fails(&throttle, "alice", None, noon() + secs(1)), Err(wait(1)));
}

#[test]
fn a_right_password_does_not_forgive_its_address_the_guesses_at_others() {
    let throttle = Throttle::default();
    let address = Some(ip("192.0.2.7"));
    for number in 0..FREE_FOR_AN_ADDRESS {
        fails(&throttle, &format!("guess {number}"), address, noon()).unwrap();
        if number < FREE_FOR_AN_ADDRESS - 1 {
            throttle.begin("mallory", address, noon()).ok().unwrap().succeeded();
        }
    }
    assert_eq!(fails(&throttle, "another", address, noon()), Err(wait(1)));
}

#[test]
fn a_try_that_was_never_decided_counts_for_nothing() {
    let throttle = Throttle::default();
    let address = Some(ip("192.0.2.7"));
    for _ in 0..100 {
        drop(throttle.begin("alice", address, noon()).ok().unwrap());
    }
    let exhausted = exhausted("alice", None);
    for _ in 0..100 {
        drop(exhausted.begin("alice", None, noon() + secs(1)).ok().unwrap());
    }
}

#[test]
fn this_machines_own_addresses_are_everybodys() {
    let throttle = Throttle::default();
    for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
        for number in 0..100 {
            let name = format!("{address} {number}");
            assert_eq!(fails(&throttle, &name, Some(ip(address)), noon()), Ok(()));
        }
    }
}

#[test]
fn failures_are_forgotten_after_an_hour_without_tries() {
    let (forgetful, mindful) = (exhausted("alice", None), exhausted("alice", None));

    for _ in 0..FREE_FOR_A_NAME {
        assert_eq!(fails(&forgetful, "alice", None, noon() + secs(3600)), Ok(()));
    }
    assert!(fails(&forgetful, "alice", None, noon() + secs(3600)).is_err());

    assert_eq!(fails(&mindful, "alice", None, noon() + secs(3599)), Ok(()));
    assert_eq!(fails(&mindful, "alice", None, noon() + secs(3599)), Err(wait(2)));
}

#[test]
fn names_do_not_slow_each_other_down() {
    let throttle = exhausted("alice", None);
    assert_eq!(fails(&throttle, "bob", None, noon()), Ok(()));
}

#[test]
fn somebody_who_tries_many_names_waits_too() {
    let throttle = Throttle::default();
    let mallory = Some(ip("203.0.113.9"));
    for number in 0..FREE_FOR_AN_ADDRESS {
        assert_eq!(fails(&throttle, &format!("name {number}"), mallory, noon()), Ok(()));
    }

    assert_eq!(fails(&throttle, "one more", mallory, noon()), Err(wait(1)));
    assert_eq!(fails(&throttle, "one more", Some(ip("203.0.113.10")), noon()), Ok(()));
    assert_eq!(fails(&throttle, "one more", None, noon()), Ok(()));
}

#[test]
fn an_address_waits_a_quarter_of_an_hour_at_most() {
    let throttle = Throttle::default();
    let mallory = Some(ip("203.0.113.9"));
    let longest = longest_wait(40, |number, now| fails(&throttle, &format!("name {number}"), mallory, now));
    assert_eq!(longest, SignedDuration::from_mins(15));
}

#[test]
fn whatever_strangers_do_the_owner_of_a_name_waits_a_minute_at_most() {
    let throttle = Throttle::default();
    let strangers = |number: usize| Some(IpAddr::from([203, 0, 113, number as u8]));
    let longest = longest_wait(200, |number, now| fails(&throttle, "alice", strangers(number), now));
    assert_eq!(longest, SignedDuration::from_mins(1));
}

#[test]
fn an_ipv6_network_is_one_address() {
    let throttle = Throttle::default();
    for number in 0..FREE_FOR_AN_ADDRESS {
        let address = ip(&format!("2001:db8:0:7::{number:x}"));
        assert_eq!(fails(&throttle, &format!("name {number}"), Some(address), noon()), Ok(()));
    }

    let same = Some(ip("2001:db8:0:7:ffff:ffff:ffff:ffff"));
    assert_eq!(fails(&throttle, "one more", same, noon()), Err(wait(1)));
    assert_eq!(fails(&throttle, "one more", Some(ip("2001:db8:0:8::1")), noon()), Ok(()));
}

#[test]
fn an_ipv4_address_is_the_same_in_ipv6_clothes() {
    let throttle = Throttle::default();
    for number in 0..FREE_FOR_AN_ADDRESS {
        let address = if number % 2 == 0 { "203.0.113.9" } else { "::ffff:203.0.113.9" };
        assert_eq!(fails(&throttle, &format!("name {number}"), Some(ip(address)), noon()), Ok(()));
    }

    assert_eq!(fails(&throttle, "one more", Some(ip("::ffff:203.0.113.9")), noon()), Err(wait(1)));
    assert_eq!(fails(&throttle, "one more", Some(ip("::ffff:203.0.113.10")), noon()), Ok(()));
}

#[test]
fn a_clock_that_was_set_back_makes_nobody_wait_longer_than_the_longest_wait() {
    let throttle = exhausted("alice", None);
    let yesterday = noon() - SignedDuration::from_hours(24);

    let TooMany { wait } = fails(&throttle, "alice", None, yesterday).unwrap_err();
    assert!(wait <= SignedDuration::from_mins(1), "{wait}");

    assert_eq!(fails(&throttle, "alice", None, yesterday + wait), Ok(()), "having waited as long as told");
}

#[test]
fn a_flood_of_names_is_not_all_remembered() {
    let throttle = Throttle::default();
    fails(&throttle, "once", None, noon()).unwrap();

    flood(&throttle, 2, noon() + secs(1));

    for _ in 0..FREE_FOR_A_NAME {
        assert_eq!(fails(&throttle, "once", None, noon() + secs(2)), Ok(()), "its one failure is forgotten");
    }
}

#[test]
fn a_flood_of_names_does_not_free_the_one_under_attack() {
    let throttle = exhausted("alice", None);
    assert_eq!(fails(&throttle, "alice", None, noon() + secs(1)), Ok(()));

    flood(&throttle, 1, noon() + secs(2));

    assert_eq!(fails(&throttle, "alice", None, noon() + secs(2)), Err(wait(1)));
}

/// A try that is wrong, if it is taken.
fn fails(throttle: &Throttle, name: &str, address: Option<IpAddr>, now: Timestamp) -> Result<(), TooMany> {
    throttle.begin(name, address, now).map(|this_try| this_try.failed(now))
}

/// A throttle at which a name, or an address, has no free tries left.
fn exhausted(name: &str, address: Option<IpAddr>) -> Throttle {
    let throttle = Throttle::default();
    for _ in 0..FREE_FOR_A_NAME {
        fails(&throttle, name, address, noon()).unwrap();
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
            fails(throttle, &name, None, now).unwrap();
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
