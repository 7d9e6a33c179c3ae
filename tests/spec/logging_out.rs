//! Logging out: the session ends on the server, the cookie goes, and the account stays.

use crate::support::World;

#[tokio::test]
async fn logging_out_ends_the_session_on_the_server() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let stolen = alice.clone();
    assert_eq!(world.session_files().len(), 1);

    alice.logs_out().await.leads_to("/login?logged_out");

    assert!(world.session_files().is_empty(), "the session's file is gone");
    assert!(!alice.has_cookie(), "the cookie is gone");
    assert!(!stolen.clone().is_logged_in().await, "its token opens nothing any more");
}
