//! Accounts and their tokens.

use chandlery_core::{AccountName, Digest, Permission, TokenScope};
use chandlery_store::Connection;
use chandlery_store::accounts::{self, AccountChange, AccountRow, NewAccount};
use chandlery_store::tokens::{self, NewToken};

use crate::support::{Fixture, at, on_every_database};

on_every_database!(accounts_live, tokens_live, tokens_end);

async fn create(
    connection: &impl Connection,
    name: &AccountName,
    password_hash: Option<&str>,
    role: &str,
    second: i64,
) -> chandlery_core::Result<AccountRow> {
    let role = role.parse()?;
    let account = NewAccount {
        name,
        password_hash,
        display_name: "",
        email: "",
        workspace_id: None,
        role: &role,
        created_at: at(second),
    };
    accounts::create(connection, &account).await
}

async fn accounts_live(fixture: &Fixture) {
    let connection = fixture.store.database().writer();
    assert_eq!(accounts::count(connection).await.unwrap(), 0);
    let admin = "admin".parse().unwrap();
    let made = create(connection, &admin, Some("hash"), "platform-admin", 1).await.unwrap();
    assert_eq!(made.created_at, at(1));
    let again = create(connection, &admin, None, "platform-regular", 2).await;
    assert_eq!(again.unwrap_err().to_string(), "account admin already exists");
    let robot = "a.robot".parse().unwrap();
    create(connection, &robot, None, "platform-regular", 2).await.unwrap();
    let names: Vec<_> = accounts::list(connection, "", 9)
        .await
        .unwrap()
        .into_iter()
        .map(|row| row.name.to_string())
        .collect();
    assert_eq!(names, ["a.robot", "admin"]);
    assert_eq!(accounts::count(connection).await.unwrap(), 2);
    assert_eq!(accounts::find(connection, &admin).await.unwrap(), Some(made.clone()));

    let change = AccountChange { disabled: Some(true), ..AccountChange::default() };
    let changed = accounts::update(connection, &admin, &change).await.unwrap();
    assert_eq!(
        (changed.disabled, changed.password_hash.as_deref(), changed.role),
        (true, Some("hash"), made.role)
    );
    let change = AccountChange {
        password_hash: Some("new".to_owned()),
        role: Some("workspaces-manager".parse().unwrap()),
        disabled: Some(false),
        display_name: Some("The admin".to_owned()),
        email: Some("admin@example.com".to_owned()),
    };
    let changed = accounts::update(connection, &admin, &change).await.unwrap();
    assert_eq!(accounts::find(connection, &admin).await.unwrap(), Some(changed.clone()));
    assert_eq!((changed.disabled, changed.password_hash.as_deref()), (false, Some("new")));
    assert!(changed.permissions.contains(Permission::WorkspacesManage));
    assert_eq!((changed.display_name.as_str(), changed.email.as_str()), ("The admin", "admin@example.com"));

    accounts::delete(connection, &robot).await.unwrap();
    assert_eq!(accounts::delete(connection, &robot).await.unwrap_err().code(), "not_found");
    assert_eq!(accounts::update(connection, &robot, &change).await.unwrap_err().code(), "not_found");
    assert_eq!(accounts::find(connection, &robot).await.unwrap(), None);
}

fn token(account_id: i64, name: &str, secret: &str) -> NewToken {
    NewToken {
        account_id,
        name: name.parse().unwrap(),
        secret_hash: Digest::of(secret.as_bytes()),
        scope: TokenScope::Push,
        repository_id: None,
        expires_at: None,
        created_at: at(0),
    }
}

async fn tokens_live(fixture: &Fixture) {
    let connection = fixture.store.database().writer();
    let owner = "owner".parse().unwrap();
    let account = create(connection, &owner, None, "platform-regular", 0).await.unwrap();
    let made = tokens::create(connection, &token(account.id, "ci", "secret")).await.unwrap();
    let taken = tokens::create(connection, &token(account.id, "ci", "other")).await.unwrap_err();
    assert_eq!(taken.to_string(), "token ci already exists");
    let same_secret = tokens::create(connection, &token(account.id, "ci2", "secret")).await.unwrap_err();
    assert_eq!(same_secret.code(), "already_exists");

    let find = |secret: &'static str| async move {
        tokens::find_by_secret(connection, &Digest::of(secret.as_bytes()), at(100)).await.unwrap()
    };
    assert_eq!(find("secret").await, Some((made.clone(), account.clone())));
    assert_eq!(find("other").await, None);
    assert_eq!(tokens::list(connection, account.id).await.unwrap(), [made]);

    let disable = AccountChange { disabled: Some(true), ..AccountChange::default() };
    accounts::update(connection, &owner, &disable).await.unwrap();
    assert_eq!(find("secret").await, None, "a disabled account's token");
    let enable = AccountChange { disabled: Some(false), ..AccountChange::default() };
    accounts::update(connection, &owner, &enable).await.unwrap();
    assert!(find("secret").await.is_some());

    let name = "ci".parse().unwrap();
    tokens::delete(connection, account.id, &name).await.unwrap();
    assert_eq!(find("secret").await, None, "a revoked token");
    assert_eq!(tokens::delete(connection, account.id, &name).await.unwrap_err().code(), "not_found");
}

async fn tokens_end(fixture: &Fixture) {
    let connection = fixture.store.database().writer();
    let owner = "owner".parse().unwrap();
    let account = create(connection, &owner, None, "platform-regular", 0).await.unwrap();
    let short = NewToken { expires_at: Some(at(10)), ..token(account.id, "short", "short") };
    tokens::create(connection, &short).await.unwrap();
    for (now, works) in [(at(9), true), (at(10), false), (at(11), false)] {
        let found = tokens::find_by_secret(connection, &short.secret_hash, now).await.unwrap();
        assert_eq!(found.is_some(), works, "{now}");
    }
    let repository_id = fixture.repository().await;
    let bound = NewToken { repository_id: Some(repository_id), ..token(account.id, "bound", "bound") };
    let made = tokens::create(connection, &bound).await.unwrap();
    assert_eq!(made.repository_id, Some(repository_id));
    chandlery_store::repositories::delete(connection, repository_id).await.unwrap();
    let names: Vec<_> = tokens::list(connection, account.id)
        .await
        .unwrap()
        .into_iter()
        .map(|row| row.name.to_string())
        .collect();
    assert_eq!(names, ["short"], "a token for a repository ends with it");
    accounts::delete(connection, &owner).await.unwrap();
    assert_eq!(tokens::list(connection, account.id).await.unwrap(), []);
}
