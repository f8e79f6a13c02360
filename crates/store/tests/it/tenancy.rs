//! Roles, members, invitations, projects, sessions, robots, identities and groups.

use chandlery_core::{AccountName, Digest, Permission, PermissionSet, RoleName, TokenScope};
use chandlery_store::accounts::{self, AccountRow, NewAccount};
use chandlery_store::invitations::{self, NewInvitation};
use chandlery_store::projects::{self, ProjectRow};
use chandlery_store::roles::{self, RoleOwner, RoleRow};
use chandlery_store::tokens::{self, NewToken};
use chandlery_store::workspaces::{self, WorkspaceRow};
use chandlery_store::{Connection, groups, identities, members, robots, sessions};

use crate::support::{Fixture, at, on_every_database};

on_every_database!(
    roles_live,
    members_live,
    workspaces_end,
    invitations_work_once,
    projects_live,
    sessions_live,
    robots_live,
    groups_give_roles,
    identities_are_one_account_each,
    members_of_groups_have_their_roles,
);

fn name(text: &str) -> AccountName {
    text.parse().unwrap()
}

fn role(text: &str) -> RoleName {
    text.parse().unwrap()
}

async fn account(
    connection: &impl Connection,
    login: &str,
    role: &str,
    workspace_id: Option<i64>,
) -> AccountRow {
    let new = NewAccount {
        name: &name(login),
        password_hash: workspace_id.is_none().then_some("hash"),
        display_name: "",
        email: "",
        workspace_id,
        role: &role.parse().unwrap(),
        created_at: at(0),
    };
    accounts::create(connection, &new).await.unwrap()
}

async fn workspace(connection: &impl Connection, name: &str) -> WorkspaceRow {
    workspaces::create(connection, &name.parse().unwrap(), at(0)).await.unwrap()
}

fn custom(text: &str, permissions: &[Permission]) -> RoleRow {
    RoleRow {
        name: role(text),
        description: String::new(),
        permissions: PermissionSet::of(permissions),
        created_at: at(1),
        updated_at: at(1),
    }
}

async fn roles_live(fixture: &Fixture) {
    let connection = fixture.store.database().writer();
    let team = workspace(connection, "team").await;
    let (platform, team) = (RoleOwner::Platform, RoleOwner::Workspace(team.id));
    let review = custom("review", &[Permission::AppsReview]);
    roles::create(connection, platform, &review).await.unwrap();
    assert_eq!(roles::create(connection, platform, &review).await.unwrap_err().code(), "already_exists");
    roles::create(connection, team, &custom("review", &[Permission::AppsView])).await.unwrap();
    roles::create(connection, team, &custom("a", &[])).await.unwrap();
    assert_eq!(roles::find(connection, platform, &review.name).await.unwrap(), Some(review.clone()));
    let names = async |owner, after, limit| -> Vec<String> {
        let rows = roles::list(connection, owner, after, limit).await.unwrap();
        rows.into_iter().map(|row| row.name.to_string()).collect()
    };
    assert_eq!(names(platform, "", 9).await, ["review"]);
    assert_eq!(names(team, "", 9).await, ["a", "review"]);
    assert_eq!(names(team, "", 1).await, ["a"]);
    assert_eq!(names(team, "a", 9).await, ["review"]);

    let somebody = account(connection, "somebody", "review", None).await;
    assert_eq!(somebody.permissions, review.permissions);
    assert_eq!(roles::delete(connection, platform, &review.name).await.unwrap_err().code(), "conflict");
    let changed = RoleRow { permissions: PermissionSet::NONE, updated_at: at(2), ..review.clone() };
    roles::update(connection, platform, &changed).await.unwrap();
    let found = accounts::find(connection, &somebody.name).await.unwrap().unwrap();
    assert_eq!(found.permissions, PermissionSet::NONE);
    accounts::delete(connection, &somebody.name).await.unwrap();
    roles::delete(connection, platform, &review.name).await.unwrap();
    assert_eq!(roles::delete(connection, platform, &review.name).await.unwrap_err().code(), "not_found");
    assert_eq!(roles::update(connection, platform, &changed).await.unwrap_err().code(), "not_found");
    assert!(roles::find(connection, team, &review.name).await.unwrap().is_some());
}

async fn members_live(fixture: &Fixture) {
    let database = fixture.store.database();
    let connection = database.writer();
    let team = workspace(connection, "team").await;
    let owner = account(connection, "owner", "platform-regular", None).await;
    let other = account(connection, "other", "platform-regular", None).await;
    let robot = account(connection, "robot.team.ci", "platform-regular", Some(team.id)).await;
    let admin = role("workspace-admin");
    for (account, role) in [(&owner, &admin), (&other, &role("gone")), (&robot, &admin)] {
        members::create(connection, team.id, account.id, role, at(3)).await.unwrap();
    }
    let again = members::create(connection, team.id, owner.id, &admin, at(4)).await;
    assert_eq!(again.unwrap_err().code(), "already_exists");
    let people = members::list(connection, team.id, "", 9).await.unwrap();
    let people: Vec<_> = people.iter().map(|member| member.account.as_str()).collect();
    assert_eq!(people, ["other", "owner"], "robots are not people");
    assert_eq!(members::list(connection, team.id, "other", 1).await.unwrap()[0].account, owner.name);
    assert!(members::find(connection, team.id, &robot.name).await.unwrap().is_none());
    let granted = members::memberships(connection, owner.id).await.unwrap();
    assert!(granted.workspaces().next().unwrap().1.contains(Permission::AppsManage));
    // A role that is gone grants nothing.
    let granted = members::memberships(connection, other.id).await.unwrap();
    assert_eq!(granted.workspaces().next(), Some((team.id, PermissionSet::NONE)));

    let administered = async || {
        let transaction = database.begin().await.unwrap();
        members::has_administrator(&transaction, team.id).await.unwrap()
    };
    assert!(administered().await);
    members::update(connection, team.id, &owner.name, &role("workspace-viewer")).await.unwrap();
    assert!(!administered().await, "a robot administers nothing");
    members::update(connection, team.id, &other.name, &admin).await.unwrap();
    assert!(administered().await);
    let disable = accounts::AccountChange { disabled: Some(true), ..Default::default() };
    accounts::update(connection, &other.name, &disable).await.unwrap();
    assert!(!administered().await, "nor does who cannot log in");
    members::delete(connection, team.id, &other.name).await.unwrap();
    assert_eq!(members::delete(connection, team.id, &other.name).await.unwrap_err().code(), "not_found");
    let update = members::update(connection, team.id, &other.name, &admin).await;
    assert_eq!(update.unwrap_err().code(), "not_found");

    let platform = async || {
        let transaction = database.begin().await.unwrap();
        accounts::has_administrator(&transaction).await.unwrap()
    };
    assert!(!platform().await);
    account(connection, "robot.team.root", "platform-admin", Some(team.id)).await;
    assert!(!platform().await);
    account(connection, "root", "platform-admin", None).await;
    assert!(platform().await);
}

async fn workspaces_end(fixture: &Fixture) {
    let connection = fixture.store.database().writer();
    let team = workspace(connection, "team").await;
    let other = workspace(connection, "other").await;
    assert_eq!(workspaces::find_by_id(connection, team.id).await.unwrap(), Some(team.clone()));
    let owner = account(connection, "owner", "platform-regular", None).await;
    members::create(connection, team.id, owner.id, &role("workspace-admin"), at(0)).await.unwrap();
    let robot = account(connection, "robot.team.ci", "platform-regular", Some(team.id)).await;
    roles::create(connection, RoleOwner::Workspace(team.id), &custom("mine", &[])).await.unwrap();
    groups::create(connection, "devs", RoleOwner::Workspace(team.id), &role("mine")).await.unwrap();
    let names = async |member, after| -> Vec<String> {
        let rows = workspaces::list(connection, member, after, 9).await.unwrap();
        rows.into_iter().map(|row| row.name.to_string()).collect()
    };
    assert_eq!(names(None, "").await, ["other", "team"]);
    assert_eq!(names(None, "other").await, ["team"]);
    assert_eq!(names(Some(owner.id), "").await, ["team"]);
    let web = ProjectRow {
        name: "web".parse().unwrap(),
        display_name: String::new(),
        description: String::new(),
        created_at: at(0),
    };
    projects::create(connection, team.id, &web).await.unwrap();
    assert_eq!(workspaces::delete(connection, &team.name).await.unwrap_err().code(), "conflict");
    projects::delete(connection, team.id, &web.name).await.unwrap();
    workspaces::delete(connection, &team.name).await.unwrap();
    assert_eq!(workspaces::delete(connection, &team.name).await.unwrap_err().code(), "not_found");
    assert!(accounts::find(connection, &robot.name).await.unwrap().is_none());
    assert!(accounts::find(connection, &owner.name).await.unwrap().is_some());
    assert_eq!(groups::list(connection, RoleOwner::Workspace(team.id), "", 9).await.unwrap(), []);
    assert_eq!(names(None, "").await, [other.name.to_string()]);
}

async fn invitations_work_once(fixture: &Fixture) {
    let connection = fixture.store.database().writer();
    let (team, other) = (workspace(connection, "team").await, workspace(connection, "other").await);
    let (viewer, owner) = (role("workspace-viewer"), name("owner"));
    let create = async |workspace_id, secret: &str| {
        let invitation = NewInvitation {
            workspace_id,
            role: &viewer,
            secret_hash: Digest::of(secret.as_bytes()),
            created_by: &owner,
            created_at: at(0),
            expires_at: at(10),
        };
        invitations::create(connection, &invitation).await.unwrap()
    };
    let first = create(team.id, "first").await;
    let second = create(team.id, "second").await;
    let third = create(team.id, "third").await;
    create(other.id, "elsewhere").await;
    let listed = invitations::list(connection, team.id, first.id, 1).await.unwrap();
    assert_eq!(listed, std::slice::from_ref(&second));
    let take = async |secret: &str, second| {
        invitations::take(connection, &Digest::of(secret.as_bytes()), at(second)).await.unwrap()
    };
    assert_eq!(take("first", 10).await, None, "it has expired");
    assert_eq!(take("first", 9).await, Some(first));
    assert_eq!(take("first", 9).await, None, "it was used");
    let foreign = invitations::delete(connection, other.id, second.id).await;
    assert_eq!(foreign.unwrap_err().code(), "not_found");
    assert_eq!(invitations::delete(connection, team.id, second.id).await.unwrap(), second);
    invitations::delete_of(connection, Some(other.id), &name("owner")).await.unwrap();
    assert_eq!(invitations::list(connection, team.id, 0, 9).await.unwrap(), [third]);
    assert_eq!(invitations::list(connection, other.id, 0, 9).await.unwrap(), []);
    invitations::delete_of(connection, None, &name("owner")).await.unwrap();
    assert_eq!(invitations::list(connection, team.id, 0, 9).await.unwrap(), []);
}

async fn projects_live(fixture: &Fixture) {
    let connection = fixture.store.database().writer();
    let (team, other) = (workspace(connection, "team").await, workspace(connection, "other").await);
    let project = |name: &str| ProjectRow {
        name: name.parse().unwrap(),
        display_name: "Web".to_owned(),
        description: String::new(),
        created_at: at(5),
    };
    for name in ["web", "api", "db"] {
        projects::create(connection, team.id, &project(name)).await.unwrap();
    }
    projects::create(connection, other.id, &project("web")).await.unwrap();
    let again = projects::create(connection, team.id, &project("web")).await;
    assert_eq!(again.unwrap_err().to_string(), "project web already exists");
    let listed = projects::list(connection, team.id, "api", 9).await.unwrap();
    assert_eq!(listed, [project("db"), project("web")]);
    let changed = ProjectRow { description: "all".to_owned(), ..project("web") };
    projects::update(connection, team.id, &changed).await.unwrap();
    assert_eq!(projects::find(connection, team.id, &changed.name).await.unwrap(), Some(changed.clone()));
    assert_eq!(projects::find(connection, other.id, &changed.name).await.unwrap(), Some(project("web")));
    projects::delete(connection, team.id, &changed.name).await.unwrap();
    let gone = projects::delete(connection, team.id, &changed.name).await;
    assert_eq!(gone.unwrap_err().code(), "not_found");
    assert_eq!(projects::update(connection, team.id, &changed).await.unwrap_err().code(), "not_found");
}

async fn sessions_live(fixture: &Fixture) {
    let connection = fixture.store.database().writer();
    let owner = account(connection, "owner", "platform-regular", None).await;
    let hash = |secret: &str| Digest::of(secret.as_bytes());
    for (secret, end) in [("a", 10), ("b", 20), ("c", 30)] {
        sessions::create(connection, owner.id, &hash(secret), at(0), at(end)).await.unwrap();
    }
    let find = async |secret: &str, second| {
        sessions::find_by_secret(connection, &hash(secret), at(second)).await.unwrap()
    };
    let (session, found) = find("a", 9).await.unwrap();
    assert_eq!((session.account_id, found.name), (owner.id, owner.name.clone()));
    assert!(find("a", 10).await.is_none());
    sessions::extend(connection, session.id, at(15)).await.unwrap();
    assert_eq!(find("a", 14).await.unwrap().0.expires_at, at(15));
    let disable = |disabled| accounts::AccountChange { disabled: Some(disabled), ..Default::default() };
    accounts::update(connection, &owner.name, &disable(true)).await.unwrap();
    assert!(find("a", 9).await.is_none());
    accounts::update(connection, &owner.name, &disable(false)).await.unwrap();
    assert!(sessions::delete(connection, &hash("a")).await.unwrap().is_some());
    assert!(sessions::delete(connection, &hash("a")).await.unwrap().is_none());
    assert_eq!(sessions::delete_expired(connection, at(20)).await.unwrap(), 1);
    assert!(find("c", 9).await.is_some());
    sessions::delete_of(connection, owner.id).await.unwrap();
    assert!(find("c", 9).await.is_none());
}

async fn robots_live(fixture: &Fixture) {
    let connection = fixture.store.database().writer();
    let (team, other) = (workspace(connection, "team").await, workspace(connection, "other").await);
    account(connection, "person", "platform-regular", None).await;
    for login in ["robot.team.b", "robot.team.a"] {
        let robot = account(connection, login, "platform-regular", Some(team.id)).await;
        members::create(connection, team.id, robot.id, &role("workspace-viewer"), at(0)).await.unwrap();
        let token = NewToken {
            account_id: robot.id,
            name: "robot".parse().unwrap(),
            secret_hash: Digest::of(login.as_bytes()),
            scope: TokenScope::Pull,
            repository_id: None,
            expires_at: Some(at(10)),
            created_at: at(0),
        };
        tokens::create(connection, &token).await.unwrap();
    }
    let listed = robots::list(connection, team.id, "", 9).await.unwrap();
    let names: Vec<_> = listed.iter().map(|robot| robot.account.as_str()).collect();
    assert_eq!(names, ["robot.team.a", "robot.team.b"]);
    assert_eq!(robots::list(connection, team.id, "robot.team.a", 1).await.unwrap(), listed[1..]);
    let found = robots::find(connection, team.id, &name("robot.team.a")).await.unwrap();
    assert_eq!(found.as_ref(), Some(&listed[0]));
    assert_eq!((listed[0].scope, listed[0].expires_at), (TokenScope::Pull, Some(at(10))));
    assert_eq!(robots::find(connection, other.id, &name("robot.team.a")).await.unwrap(), None);
    assert_eq!(robots::find(connection, team.id, &name("person")).await.unwrap(), None);
    let people = accounts::list(connection, "", 9).await.unwrap();
    let people: Vec<_> = people.iter().map(|account| account.name.as_str()).collect();
    assert_eq!(people, ["person"]);
}

async fn groups_give_roles(fixture: &Fixture) {
    let connection = fixture.store.database().writer();
    let team = workspace(connection, "team").await;
    let (platform, in_team) = (RoleOwner::Platform, RoleOwner::Workspace(team.id));
    groups::create(connection, "devs", in_team, &role("workspace-regular")).await.unwrap();
    let again = groups::create(connection, "devs", in_team, &role("workspace-viewer")).await;
    assert_eq!(again.unwrap_err().code(), "already_exists");
    groups::create(connection, "devs", platform, &role("platform-regular")).await.unwrap();
    groups::create(connection, "org:admins/x", platform, &role("platform-admin")).await.unwrap();
    let list = async |owner, after, limit| -> Vec<(String, String)> {
        let rows = groups::list(connection, owner, after, limit).await.unwrap();
        rows.into_iter().map(|(group, role)| (group, role.to_string())).collect()
    };
    let row = |group: &str, role: &str| (group.to_owned(), role.to_owned());
    let of_platform = [row("devs", "platform-regular"), row("org:admins/x", "platform-admin")];
    assert_eq!(list(platform, "", 9).await, of_platform);
    assert_eq!(list(platform, "", 1).await, of_platform[..1]);
    assert_eq!(list(platform, "devs", 9).await, of_platform[1..]);
    assert_eq!(list(in_team, "", 9).await, [row("devs", "workspace-regular")]);
    let found = groups::find(connection, "devs", in_team).await.unwrap();
    assert_eq!(found, Some(role("workspace-regular")));
    groups::delete(connection, "devs", in_team).await.unwrap();
    assert_eq!(groups::delete(connection, "devs", in_team).await.unwrap_err().code(), "not_found");
    assert_eq!(groups::find(connection, "devs", in_team).await.unwrap(), None);
}

async fn identities_are_one_account_each(fixture: &Fixture) {
    let connection = fixture.store.database().writer();
    let somebody = account(connection, "somebody", "platform-regular", None).await;
    identities::create(connection, "https://issuer", "subject", somebody.id).await.unwrap();
    let again = identities::create(connection, "https://issuer", "subject", somebody.id).await;
    assert_eq!(again.unwrap_err().code(), "already_exists");
    let found = identities::find(connection, "https://issuer", "subject").await.unwrap();
    assert_eq!(found.unwrap().name, somebody.name);
    assert!(identities::find(connection, "https://other", "subject").await.unwrap().is_none());
    accounts::delete(connection, &somebody.name).await.unwrap();
    assert!(identities::find(connection, "https://issuer", "subject").await.unwrap().is_none());
}

/// What somebody holds by hand and what their groups give are added up, and only the latter ends with the group.
async fn members_of_groups_have_their_roles(fixture: &Fixture) {
    let connection = fixture.store.database().writer();
    let (team, other) = (workspace(connection, "team").await, workspace(connection, "other").await);
    let platform = RoleOwner::Platform;
    roles::create(connection, platform, &custom("review", &[Permission::AppsReview])).await.unwrap();
    roles::create(connection, platform, &custom("curate", &[Permission::CategoriesManage])).await.unwrap();
    let rules = [
        ("reviewers", platform, "review"),
        ("curators", platform, "curate"),
        ("admins", platform, "platform-admin"),
        ("devs", RoleOwner::Workspace(team.id), "workspace-admin"),
        ("guests", RoleOwner::Workspace(team.id), "workspace-viewer"),
        ("guests", RoleOwner::Workspace(other.id), "workspace-viewer"),
        ("guests", platform, "gone"),
    ];
    for (group, owner, role_name) in rules {
        groups::create(connection, group, owner, &role(role_name)).await.unwrap();
    }
    let somebody = account(connection, "somebody", "platform-regular", None).await;
    let nobody = account(connection, "nobody", "platform-regular", None).await;
    let by_hand = somebody.permissions;
    members::create(connection, team.id, somebody.id, &role("workspace-viewer"), at(0)).await.unwrap();
    let set = async |names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        groups::replace(connection, somebody.id, &names).await.unwrap();
        assert_eq!(groups::of_account(connection, somebody.id).await.unwrap(), names);
        accounts::find(connection, &somebody.name).await.unwrap().unwrap().permissions
    };
    let workspaces_held = async || {
        let rows = workspaces::list(connection, Some(somebody.id), "", 9).await.unwrap();
        let held = members::workspaces_of(connection, somebody.id).await.unwrap();
        let memberships = members::memberships(connection, somebody.id).await.unwrap();
        assert_eq!(rows.len(), held.len());
        assert_eq!(memberships.workspaces().count(), held.len());
        for (row, held) in rows.iter().zip(&held) {
            let granted = memberships.workspaces().find(|(id, _)| *id == row.id).unwrap().1;
            assert_eq!(granted, held.permissions);
        }
        let administers = |row: &members::MembershipRow| row.permissions.contains(Permission::AppsManage);
        held.iter()
            .map(|row| (row.workspace.to_string(), row.role.to_string(), administers(row)))
            .collect::<Vec<_>>()
    };
    let row =
        |workspace: &str, administers| (workspace.to_owned(), "workspace-viewer".to_owned(), administers);
    let viewer = vec![row("team", false)];
    assert_eq!(workspaces_held().await, viewer);
    let both = PermissionSet::of(&[Permission::AppsReview, Permission::CategoriesManage]);
    assert_eq!(set(&["reviewers", "curators", "unknown"]).await, by_hand.with(both));
    assert_eq!(workspaces_held().await, viewer);
    assert_eq!(set(&["admins"]).await, PermissionSet::ALL);
    assert_eq!(set(&["devs", "guests"]).await, by_hand);
    assert_eq!(workspaces_held().await, [row("other", false), row("team", true)]);
    let untouched = accounts::find(connection, &nobody.name).await.unwrap().unwrap();
    assert_eq!(untouched.permissions, by_hand);
    assert_eq!(set(&[]).await, by_hand);
    assert_eq!(workspaces_held().await, viewer);
    // An administrator by a group is not the last one, who has to stay.
    set(&["admins"]).await;
    let transaction = fixture.store.database().begin().await.unwrap();
    assert!(!accounts::has_administrator(&transaction).await.unwrap());
}
