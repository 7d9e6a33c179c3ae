//! What every store of accounts promises, held against each one that there is; then what files add to
//! it.

use std::any::Any;
use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use exeunt::account_id::AccountId;
use exeunt::accounts::{
    Account, AccountLock, AccountName, AccountStore, Code, FileAccountStore, Link, LockKind, Logins, Place,
};
use exeunt::clock::SignedDuration;
use exeunt::files::Folder;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::support::{Pipe, Undeletable, mode, names_in, noon, promises};

promises! {
    what_was_created_is_read_back_as_it_was,
    creating_never_overwrites,
    of_many_who_create_one_name_only_one_does,
    what_was_never_created_is_not_there,
    updating_replaces_the_account,
    updating_never_creates,
    updating_never_replaces_another_account_of_that_name,
    removing_frees_the_name,
    removing_what_is_gone_is_success,
    removing_never_removes_another_account_of_that_name,
    whoever_reads_during_an_update_finds_the_old_one_or_the_new_one,
    names_are_in_order,
    nobody_has_tried_to_log_in_to_a_new_account,
    of_many_who_change_an_accounts_logins_at_once_none_undoes_what_another_did,
    logins_of_accounts_are_kept_apart,
    removing_an_account_removes_what_is_known_of_its_logins,
    an_account_is_there_for_every_process,
    several_may_share_a_lock,
    an_exclusive_lock_waits_for_shared_ones,
    a_shared_lock_waits_for_an_exclusive_one,
    an_exclusive_lock_waits_for_another,
    locks_of_different_accounts_do_not_wait_for_each_other,
    a_lock_that_nobody_waits_for_any_more_is_given_back,
    there_is_no_first_link_until_one_is_offered,
    a_newer_first_link_takes_the_place_of_the_older,
    a_first_link_that_was_withdrawn_is_gone_for_every_process,
    the_first_link_and_locks_are_no_accounts,
}

async fn what_was_created_is_read_back_as_it_was(home: Home) {
    let store = home.store();
    let mut disabled = account("bob");
    disabled.disabled = true;
    for account in [account("alice"), disabled, with_everything(account(&"𠀀".repeat(63)))] {
        assert!(store.create(&account).await.unwrap());
        assert_eq!(store.read(&account.name).await.unwrap(), Some(account));
    }
}

async fn creating_never_overwrites(home: Home) {
    let store = home.store();
    let first = account("alice");
    assert!(store.create(&first).await.unwrap());

    assert!(!store.create(&with_everything(account("alice"))).await.unwrap());
    assert!(!store.create(&with_everything(first.clone())).await.unwrap(), "not even itself");

    assert_eq!(store.read(&first.name).await.unwrap(), Some(first));
}

async fn of_many_who_create_one_name_only_one_does(home: Home) {
    let tries: Vec<_> = (0..8)
        .map(|_| {
            let (store, account) = (home.store(), account("alice"));
            tokio::spawn(async move { store.create(&account).await.unwrap().then_some(account) })
        })
        .collect();

    let mut created = Vec::new();
    for one in tries {
        created.extend(one.await.unwrap());
    }

    assert_eq!(created.len(), 1);
    assert_eq!(home.store().read(&name("alice")).await.unwrap(), created.pop());
}

async fn what_was_never_created_is_not_there(home: Home) {
    let store = home.store();
    assert_eq!(store.read(&name("alice")).await.unwrap(), None);
    assert!(store.names().await.unwrap().is_empty());
}

async fn updating_replaces_the_account(home: Home) {
    let store = home.store();
    let old = account("alice");
    store.create(&old).await.unwrap();
    store.create(&account("bob")).await.unwrap();
    let new = with_everything(old);

    assert!(store.update(&new).await.unwrap());

    assert_eq!(store.read(&new.name).await.unwrap(), Some(new));
    assert_eq!(store.names().await.unwrap(), [name("alice"), name("bob")]);
}

async fn updating_never_creates(home: Home) {
    let store = home.store();
    let never = account("alice");

    assert!(!store.update(&never).await.unwrap());

    assert_eq!(store.read(&never.name).await.unwrap(), None);
    assert!(store.names().await.unwrap().is_empty());
}

async fn updating_never_replaces_another_account_of_that_name(home: Home) {
    let store = home.store();
    let (removed, new) = (with_everything(account("alice")), account("alice"));
    store.create(&new).await.unwrap();

    assert!(!store.update(&removed).await.unwrap());

    assert_eq!(store.read(&new.name).await.unwrap(), Some(new));
}

async fn removing_frees_the_name(home: Home) {
    let (store, other) = (home.store(), home.store());
    let (old, new) = (with_everything(account("alice")), account("alice"));
    store.create(&old).await.unwrap();
    store.create(&account("bob")).await.unwrap();

    store.remove(&old).await.unwrap();

    assert_eq!(other.read(&old.name).await.unwrap(), None);
    assert_eq!(other.names().await.unwrap(), [name("bob")]);
    assert!(!other.update(&old).await.unwrap(), "and nothing writes it back");
    assert!(other.create(&new).await.unwrap());
    assert_eq!(store.read(&old.name).await.unwrap(), Some(new));
}

async fn removing_what_is_gone_is_success(home: Home) {
    let (store, alice) = (home.store(), account("alice"));
    store.remove(&alice).await.expect("what was never there");
    store.create(&alice).await.unwrap();
    store.remove(&alice).await.unwrap();
    home.store().remove(&alice).await.expect("what somebody else has removed");
    assert!(store.names().await.unwrap().is_empty());
}

async fn removing_never_removes_another_account_of_that_name(home: Home) {
    let store = home.store();
    let (removed, new) = (account("alice"), account("alice"));
    store.create(&new).await.unwrap();

    store.remove(&removed).await.unwrap();

    assert_eq!(store.read(&new.name).await.unwrap(), Some(new));
}

async fn whoever_reads_during_an_update_finds_the_old_one_or_the_new_one(home: Home) {
    let store = home.store();
    let old = account("alice");
    let new = with_everything(old.clone());
    store.create(&old).await.unwrap();
    let (writer, versions) = (home.store(), [old.clone(), new.clone()]);
    let writing = tokio::spawn(async move {
        for version in versions.iter().cycle().take(100) {
            assert!(writer.update(version).await.unwrap());
        }
    });

    while !writing.is_finished() {
        let read = store.read(&old.name).await.unwrap().expect("it is always there");
        assert!(read == old || read == new, "{read:?}");
    }
    writing.await.unwrap();
}

async fn names_are_in_order(home: Home) {
    let store = home.store();
    for each in ["мария", "bob", "alice", "7", "alice.b", "zoë"] {
        store.create(&account(each)).await.unwrap();
    }

    let names = store.names().await.unwrap();

    assert_eq!(names, ["7", "alice", "alice.b", "bob", "zoë", "мария"].map(name));
}

async fn nobody_has_tried_to_log_in_to_a_new_account(home: Home) {
    let alice = account("alice");
    home.store().create(&alice).await.unwrap();
    assert_eq!(home.store().logins(alice.id).await.unwrap(), Logins::default());
}

async fn of_many_who_change_an_accounts_logins_at_once_none_undoes_what_another_did(home: Home) {
    let alice = account("alice");
    home.store().create(&alice).await.unwrap();
    let tries: Vec<_> = (0..100)
        .map(|_| {
            let (store, id) = (home.store(), alice.id);
            let count = Box::new(|logins: &mut Logins| logins.count(Place::Elsewhere));
            tokio::spawn(async move { store.change_logins(id, count).await.unwrap() })
        })
        .collect();

    let mut admitted = 0;
    for one in tries {
        admitted += usize::from(one.await.unwrap());
    }

    assert_eq!(admitted, 70);
    assert_eq!(home.store().logins(alice.id).await.unwrap().latest(), (None, 100));
}

async fn logins_of_accounts_are_kept_apart(home: Home) {
    let (store, alice) = (home.store(), account("alice"));
    assert!(count(&*store, alice.id).await);
    assert!(count(&*store, AccountId::NOBODY).await, "there need be no such account");
    assert!(count(&*store, AccountId::NOBODY).await);
    assert_eq!(store.logins(alice.id).await.unwrap().latest(), (None, 1));
    assert_eq!(store.logins(AccountId::NOBODY).await.unwrap().latest(), (None, 2));
    assert_eq!(store.logins(account("bob").id).await.unwrap().latest(), (None, 0));
}

async fn removing_an_account_removes_what_is_known_of_its_logins(home: Home) {
    let (store, alice, bob) = (home.store(), account("alice"), account("bob"));
    for account in [&alice, &bob] {
        store.create(account).await.unwrap();
        count(&*store, account.id).await;
    }
    store.remove(&alice).await.unwrap();
    assert_eq!(home.store().logins(alice.id).await.unwrap(), Logins::default());
    assert_eq!(home.store().logins(bob.id).await.unwrap().latest(), (None, 1));
}

async fn an_account_is_there_for_every_process(home: Home) {
    let (here, there) = (home.store(), home.store());
    let old = account("alice");
    here.create(&old).await.unwrap();
    assert_eq!(there.read(&old.name).await.unwrap(), Some(old.clone()));
    let new = with_everything(old);

    here.update(&new).await.unwrap();

    assert_eq!(there.read(&new.name).await.unwrap(), Some(new));
}

async fn several_may_share_a_lock(home: Home) {
    let alice = AccountId::generate();
    let _first = locked(&home, alice, LockKind::Shared).await;
    let _second = locked(&home, alice, LockKind::Shared).await;
    let _third = locked(&home, alice, LockKind::Shared).await;
    let waiting = waits(&home, alice, LockKind::Exclusive).await;
    waiting.abort();
}

async fn an_exclusive_lock_waits_for_shared_ones(home: Home) {
    let alice = AccountId::generate();
    let first = locked(&home, alice, LockKind::Shared).await;
    let second = locked(&home, alice, LockKind::Shared).await;

    let exclusive = waits(&home, alice, LockKind::Exclusive).await;
    drop(first);
    let exclusive = still_waits(exclusive).await;
    drop(second);

    comes(exclusive).await;
}

async fn a_shared_lock_waits_for_an_exclusive_one(home: Home) {
    let alice = AccountId::generate();
    let exclusive = locked(&home, alice, LockKind::Exclusive).await;

    let shared = waits(&home, alice, LockKind::Shared).await;
    let other = waits(&home, alice, LockKind::Shared).await;
    drop(exclusive);

    let _both = (comes(shared).await, comes(other).await);
}

async fn an_exclusive_lock_waits_for_another(home: Home) {
    let alice = AccountId::generate();
    let first = locked(&home, alice, LockKind::Exclusive).await;

    let second = waits(&home, alice, LockKind::Exclusive).await;
    drop(first);

    comes(second).await;
}

async fn locks_of_different_accounts_do_not_wait_for_each_other(home: Home) {
    let _alices = locked(&home, AccountId::generate(), LockKind::Exclusive).await;
    let _bobs = locked(&home, AccountId::generate(), LockKind::Exclusive).await;
    let _nobodys = locked(&home, AccountId::NOBODY, LockKind::Exclusive).await;
}

async fn a_lock_that_nobody_waits_for_any_more_is_given_back(home: Home) {
    let alice = AccountId::generate();
    let first = locked(&home, alice, LockKind::Exclusive).await;
    let leaves = waits(&home, alice, LockKind::Exclusive).await;
    leaves.abort();
    assert!(leaves.await.is_err_and(|error| error.is_cancelled()));

    drop(first);

    locked(&home, alice, LockKind::Exclusive).await;
}

async fn there_is_no_first_link_until_one_is_offered(home: Home) {
    let store = home.store();
    assert_eq!(store.first_offer().await.unwrap(), None);
    let link = a_link();

    store.offer_first(&link).await.unwrap();

    assert_eq!(store.first_offer().await.unwrap(), Some(link));
}

async fn a_newer_first_link_takes_the_place_of_the_older(home: Home) {
    let (store, other) = (home.store(), home.store());
    let (older, newer) = (a_link(), a_link());
    assert_ne!(older, newer);
    store.offer_first(&older).await.unwrap();

    other.offer_first(&newer).await.unwrap();

    assert_eq!(store.first_offer().await.unwrap(), Some(newer));
}

async fn a_first_link_that_was_withdrawn_is_gone_for_every_process(home: Home) {
    let (store, other) = (home.store(), home.store());
    store.withdraw_first().await.expect("what was never offered can be withdrawn");
    store.offer_first(&a_link()).await.unwrap();

    store.withdraw_first().await.unwrap();

    assert_eq!(other.first_offer().await.unwrap(), None);
    other.withdraw_first().await.expect("and so can what was withdrawn");
    let again = a_link();
    other.offer_first(&again).await.unwrap();
    assert_eq!(store.first_offer().await.unwrap(), Some(again));
}

async fn the_first_link_and_locks_are_no_accounts(home: Home) {
    let store = home.store();
    store.offer_first(&a_link()).await.unwrap();
    let _lock = locked(&home, AccountId::NOBODY, LockKind::Exclusive).await;
    assert!(store.names().await.unwrap().is_empty());
}

// What files add: everybody can see where an account is, and anybody may have put something beside it.

#[tokio::test]
async fn an_account_is_the_file_of_its_name() {
    let home = in_a_folder();

    home.store().create(&account("alice")).await.unwrap();

    let file = home.path().join("alice");
    assert_eq!(mode(home.path()), 0o700);
    assert_eq!(mode(&home.path().join(".locks")), 0o700);
    assert_eq!(mode(&file), 0o600);
    assert_eq!(names_in(home.path()), [".locks", "alice"], "and nothing is left of writing it");
}

#[tokio::test]
async fn a_change_leaves_nothing_behind_and_the_file_closed() {
    let home = in_a_folder();
    let (store, old) = (home.store(), account("alice"));
    store.create(&old).await.unwrap();
    let file = home.path().join("alice");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();

    store.update(&with_everything(old)).await.unwrap();

    assert_eq!(names_in(home.path()), [".locks", "alice"]);
    assert_eq!(mode(&file), 0o600);
}

#[tokio::test]
async fn a_damaged_file_is_no_account_and_its_name_stays_taken() {
    let home = in_a_folder();
    let (store, alice) = (home.store(), with_everything(account("alice")));
    store.create(&alice).await.unwrap();
    let file = home.path().join("alice");
    let whole = fs::read(&file).unwrap();
    let cut = &whole[..whole.len() - 1];
    fs::write(&file, cut).unwrap();

    assert_eq!(store.read(&alice.name).await.unwrap(), None);
    assert!(!store.create(&account("alice")).await.unwrap());
    assert!(!store.update(&alice).await.unwrap());
    store.remove(&alice).await.unwrap();

    assert_eq!(fs::read(&file).unwrap(), cut, "whoever can mend it still can");
    assert_eq!(store.names().await.unwrap(), [name("alice")]);
    fs::write(&file, &whole).unwrap();
    assert_eq!(store.read(&alice.name).await.unwrap(), Some(alice), "only the damage made it none");
}

#[tokio::test]
async fn a_file_that_is_truncated_or_has_one_wrong_bit_is_no_account() {
    let home = in_a_folder();
    let (store, alice) = (home.store(), with_everything(account("alice")));
    store.create(&alice).await.unwrap();
    let file = home.path().join("alice");
    let mut bytes = fs::read(&file).unwrap();

    for length in 0..bytes.len() {
        fs::write(&file, &bytes[..length]).unwrap();
        assert_eq!(store.read(&alice.name).await.unwrap(), None, "{length} bytes");
    }
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(&file, &bytes).unwrap();
        assert_eq!(store.read(&alice.name).await.unwrap(), None, "bit {bit}");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
}

#[tokio::test]
async fn another_accounts_file_under_this_name_is_no_account() {
    let home = in_a_folder();
    let store = home.store();
    store.create(&account("alice")).await.unwrap();
    fs::copy(home.path().join("alice"), home.path().join("bob")).unwrap();

    assert_eq!(store.read(&name("bob")).await.unwrap(), None);
    assert!(!store.create(&account("bob")).await.unwrap());
}

#[tokio::test]
async fn a_link_to_a_good_file_is_no_account_and_nothing_is_written_through_it() {
    let home = in_a_folder();
    let (store, alice) = (home.store(), account("alice"));
    store.create(&alice).await.unwrap();
    let (file, elsewhere) = (home.path().join("alice"), home.path().join(".elsewhere"));
    fs::rename(&file, &elsewhere).unwrap();
    symlink(&elsewhere, &file).unwrap();
    let bytes = fs::read(&elsewhere).unwrap();

    assert_eq!(store.read(&alice.name).await.unwrap(), None);
    assert!(!store.create(&account("alice")).await.unwrap());
    assert!(!store.update(&with_everything(alice)).await.unwrap());

    assert_eq!(fs::read(&elsewhere).unwrap(), bytes);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_ten_seconds_for_a_lock_is_told_so_and_may_ask_again() {
    let home = in_a_folder();
    let (process, another) = (home.store(), home.store());
    let id = AccountId::generate();
    let held = process.lock(id, LockKind::Exclusive).await.unwrap();
    for store in [&process, &another] {
        for kind in [LockKind::Shared, LockKind::Exclusive] {
            let begun = tokio::time::Instant::now();
            let refused = store.lock(id, kind).await.err().expect("it is held");
            assert!(refused.to_string().contains("somebody holds the lock"), "{refused}");
            assert_eq!(begun.elapsed().as_secs(), 10);
        }
    }
    drop(held);
    another.lock(id, LockKind::Exclusive).await.unwrap();
}

#[tokio::test]
async fn what_is_no_file_is_no_account() {
    let home = in_a_folder();
    let store = home.store();
    store.create(&account("alice")).await.unwrap();
    fs::create_dir(home.path().join("lost+found")).unwrap();

    assert_eq!(store.read(&name("lost+found")).await.unwrap(), None);
    assert_eq!(store.names().await.unwrap(), [name("alice")]);
}

#[tokio::test]
async fn files_that_no_account_could_be_called_are_passed_over() {
    let home = in_a_folder();
    let store = home.store();
    store.create(&account("alice")).await.unwrap();
    for foreign in ["Alice", "README", "a b", "-alice", ".alice", "ａlice", "alice~"] {
        fs::copy(home.path().join("alice"), home.path().join(foreign)).unwrap();
    }

    assert_eq!(store.names().await.unwrap(), [name("alice")]);
}

#[tokio::test]
async fn a_pipe_is_no_account_and_nobody_waits_for_it() {
    let home = in_a_folder();
    let store = home.store();
    let _pipes = ["alice", ".first"].map(|name| Pipe::at(home.path().join(name)));

    let asked = async {
        assert_eq!(store.read(&name("alice")).await.unwrap(), None);
        assert!(!store.create(&account("alice")).await.unwrap());
        assert!(!store.update(&account("alice")).await.unwrap());
        assert_eq!(store.first_offer().await.unwrap(), None);
    };
    timeout(Duration::from_secs(10), asked).await.expect("nothing waits for a pipe");
}

#[tokio::test]
async fn sweeping_removes_what_a_crash_left_but_not_what_is_being_written() {
    let home = in_a_folder();
    home.store().create(&account("alice")).await.unwrap();
    for (left, age) in [(".tmp-0011223344556677", 61), (".tmp-8899aabbccddeeff", 59), ("alice", 600)] {
        let file = File::options().create(true).append(true).open(home.path().join(left)).unwrap();
        file.set_modified((noon() - SignedDuration::from_mins(age)).into()).unwrap();
    }

    home.store().sweep(noon()).await.unwrap();

    assert_eq!(names_in(home.path()), [".locks", ".tmp-8899aabbccddeeff", "alice"]);
}

#[tokio::test]
async fn a_folder_that_others_may_look_into_is_closed_when_the_store_opens() {
    let home = in_a_folder();
    for folder in [home.path(), &home.path().join(".locks")] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }

    home.store();

    assert_eq!(mode(home.path()), 0o700);
    assert_eq!(mode(&home.path().join(".locks")), 0o700);
}

#[tokio::test]
async fn when_the_disk_fails_nothing_has_changed_and_nobody_says_otherwise() {
    let home = in_a_folder();
    let (store, alice, link) = (home.store(), account("alice"), a_link());
    store.create(&alice).await.unwrap();
    store.offer_first(&link).await.unwrap();
    let held = Undeletable::folder_of(&home.path().join("alice"));

    assert!(store.create(&account("bob")).await.is_err());
    assert!(store.update(&with_everything(alice.clone())).await.is_err());
    assert!(store.remove(&alice).await.is_err());
    assert!(store.offer_first(&a_link()).await.is_err());
    assert_eq!(store.first_offer().await.unwrap(), Some(link));
    assert!(store.withdraw_first().await.is_err());

    drop(held);
    assert_eq!(store.names().await.unwrap(), [name("alice")]);
    assert_eq!(store.read(&alice.name).await.unwrap(), Some(alice));
    assert_eq!(store.first_offer().await.unwrap(), None, "emptied, where it could not be removed");
    assert_eq!(names_in(home.path()), [".first", ".locks", "alice"]);
}

#[tokio::test]
async fn damaged_logins_keep_nobody_out() {
    let home = in_a_folder();
    let (store, alice) = (home.store(), account("alice"));
    for _ in 0..70 {
        count(&*store, alice.id).await;
    }
    let file = home.path().join(".logins").join(alice.id.to_string());
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    fs::write(file, b"damaged").unwrap();

    assert_eq!(store.logins(alice.id).await.unwrap(), Logins::default());
    assert!(count(&*store, alice.id).await);
}

/// Counts one try from where nobody has logged in.
async fn count(store: &dyn AccountStore, id: AccountId) -> bool {
    let count = |logins: &mut Logins| logins.count(Place::Elsewhere);
    store.change_logins(id, Box::new(count)).await.unwrap()
}

/// Where one store keeps its accounts. Each [`Home::store`] is what another process would open.
struct Home {
    open: Box<dyn Fn() -> Arc<dyn AccountStore> + Send + Sync>,
    path: PathBuf,
    _keep: Box<dyn Any + Send + Sync>,
}

fn in_a_folder() -> Home {
    let data = TempDir::new().unwrap();
    let path = data.path().join("accounts");
    let folder = Folder::at(&path);
    let open = Box::new(move || -> Arc<dyn AccountStore> {
        Arc::new(FileAccountStore::open(folder.clone()).unwrap())
    });
    open();
    Home { open, path, _keep: Box::new(data) }
}

impl Home {
    fn store(&self) -> Arc<dyn AccountStore> {
        (self.open)()
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

/// A lock that is to be had at once, by a process of its own.
async fn locked(home: &Home, account: AccountId, kind: LockKind) -> AccountLock {
    comes(wants(home, account, kind)).await
}

/// Somebody who cannot have the lock yet.
async fn waits(home: &Home, account: AccountId, kind: LockKind) -> JoinHandle<AccountLock> {
    still_waits(wants(home, account, kind)).await
}

fn wants(home: &Home, account: AccountId, kind: LockKind) -> JoinHandle<AccountLock> {
    let store = home.store();
    tokio::spawn(async move { store.lock(account, kind).await.unwrap() })
}

/// A lock that is free is had in far less than this.
async fn still_waits(mut waiting: JoinHandle<AccountLock>) -> JoinHandle<AccountLock> {
    let came = timeout(Duration::from_millis(200), &mut waiting).await;
    assert!(came.is_err(), "somebody got a lock that another one holds");
    waiting
}

async fn comes(waiting: JoinHandle<AccountLock>) -> AccountLock {
    timeout(Duration::from_secs(20), waiting).await.expect("the lock is free").unwrap()
}

fn account(called: &str) -> Account {
    Account::new(name(called), noon())
}

/// With a password and a link.
fn with_everything(mut account: Account) -> Account {
    let hash = "$scrypt$ln=17,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g";
    account.password = Some(serde_json::from_value(hash.into()).unwrap());
    account.link = Some(a_link());
    account
}

fn name(text: &str) -> AccountName {
    AccountName::parse(text).unwrap()
}

fn a_link() -> Link {
    Link::new(&Code::generate(None), noon())
}
