//! Whether a process is alive, and whether it can do its work.

use std::sync::atomic::Ordering;

use exeunt::clock::SignedDuration;
use reqwest::Method;

use crate::support::World;

#[tokio::test]
async fn whoever_asks_whether_it_is_alive_hears_one_word() {
    let world = World::open().await;
    let answer = world.visitor().opens("/healthz").await;
    assert_eq!(
        (answer.is(200).header("content-type"), &*answer.body),
        ("text/plain; charset=utf-8", "alive\n")
    );
    world.visitor().sends(Method::HEAD, "/healthz", None).await.is(200);
    world.visitor().posts("/healthz", &[]).await.is(405);
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn it_is_ready_when_it_can_write_read_and_delete_and_leaves_nothing_behind() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let before = world.session_files();

    let answer = alice.opens("/readyz").await;

    assert_eq!(
        (answer.is(200).header("content-type"), &*answer.body),
        ("text/plain; charset=utf-8", "ready\n")
    );
    assert_eq!(world.session_files(), before);
    assert_eq!(answer.cookies_set(), Vec::<&str>::new());
}

#[tokio::test]
async fn it_is_not_ready_when_the_store_fails_though_it_is_alive() {
    let (world, broken) = World::breakable().await;
    broken.store(true, Ordering::SeqCst);
    let answer = world.visitor().opens("/readyz").await;
    assert_eq!((answer.is(503).header("retry-after"), &*answer.body), ("5", "not ready\n"));
    world.visitor().opens("/healthz").await.is(200);
}

#[tokio::test]
async fn however_many_ask_the_stores_are_checked_once_a_second() {
    let (world, broken) = World::breakable().await;
    world.visitor().opens("/readyz").await.is(200);
    broken.store(true, Ordering::SeqCst);
    world.visitor().opens("/readyz").await.is(200);
    world.passes(SignedDuration::from_secs(1));
    world.visitor().opens("/readyz").await.is(503);
    broken.store(false, Ordering::SeqCst);
    world.visitor().opens("/readyz").await.is(503);
    world.passes(SignedDuration::from_secs(1));
    world.visitor().opens("/readyz").await.is(200);
}
