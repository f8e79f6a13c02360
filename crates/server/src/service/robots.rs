//! Robots: programs of a workspace. Each is an account that nobody logs in with, one role there and one token.

use chandlery_api::{CreateRobot, CreatedRobot, RobotView, RotateRobot};
use chandlery_core::{
    AccountName, Digest, Error, PLATFORM_REGULAR, Permission, Result, RobotName, RoleName, TokenName,
    TokenScope,
};
use chandlery_store::accounts::{self, NewAccount};
use chandlery_store::robots::{self, RobotRow};
use chandlery_store::roles::{self, RoleOwner};
use chandlery_store::tokens::{self, NewToken};
use chandlery_store::{Transaction, members};
use jiff::Timestamp;

use super::accounts::ROBOT_PREFIX;
use super::rights::{covers, may_give};
use super::texts::check_name;
use super::trail::{self, Change};
use crate::app::{App, WorkspaceScope};
use crate::authentication::{TOKEN_PREFIX, random_secret};

/// What a robot's only token is called.
const TOKEN: &str = "robot";

fn owner(scope: &WorkspaceScope) -> RoleOwner {
    RoleOwner::Workspace(scope.workspace.id)
}

/// The login name of a robot: of no other one, because its last part has no `.`.
fn login_name(scope: &WorkspaceScope, robot: &RobotName) -> Result<AccountName> {
    let name = format!("{ROBOT_PREFIX}{}.{robot}", scope.workspace.name);
    name.parse().map_err(|_| {
        Error::invalid(
            "name",
            format!("is too long: {name} is the robot's login name, of at most 63 characters"),
        )
    })
}

fn view(row: RobotRow) -> Result<RobotView> {
    let name = row.account.as_str().rsplit('.').next().unwrap_or_default();
    Ok(RobotView {
        name: name.parse().map_err(Error::internal)?,
        account: row.account,
        description: row.description,
        role: row.role,
        scope: row.scope,
        expires_at: row.expires_at,
        created_at: row.created_at,
    })
}

fn change<'a>(
    action: &'static str,
    scope: &'a WorkspaceScope,
    account: &AccountName,
    message: String,
) -> Change<'a> {
    Change { action, name: account.to_string(), workspace: Some(&scope.workspace), message }
}

/// The robots behind the one called `after`, by name.
pub(crate) async fn list(
    app: &App,
    scope: &WorkspaceScope,
    after: &str,
    limit: u32,
) -> Result<Vec<RobotView>> {
    scope.require(Permission::WorkspacesManage)?;
    let after = format!("{ROBOT_PREFIX}{}.{after}", scope.workspace.name);
    let rows = robots::list(app.store.database().reader(), scope.workspace.id, &after, limit).await?;
    rows.into_iter().map(view).collect()
}

/// One robot.
pub(crate) async fn get(app: &App, scope: &WorkspaceScope, name: &RobotName) -> Result<RobotView> {
    scope.require(Permission::WorkspacesManage)?;
    let login = login_name(scope, name).map_err(|_| not_found(name))?;
    let row = robots::find(app.store.database().reader(), scope.workspace.id, &login).await?;
    view(row.ok_or_else(|| not_found(name))?)
}

/// Makes a robot with its token.
pub(crate) async fn create(app: &App, scope: &WorkspaceScope, request: CreateRobot) -> Result<CreatedRobot> {
    scope.require(Permission::WorkspacesManage)?;
    check_name("description", &request.description)?;
    let login = login_name(scope, &request.name)?;
    let now = Timestamp::now();
    check_expiry(request.expires_at, now)?;
    let transaction = app.store.database().begin().await?;
    may_give(&transaction, &scope.actor, owner(scope), &request.role).await?;
    let account = NewAccount {
        name: &login,
        password_hash: None,
        display_name: &request.description,
        email: "",
        workspace_id: Some(scope.workspace.id),
        role: &PLATFORM_REGULAR.parse()?,
        created_at: now,
    };
    let account = accounts::create(&transaction, &account).await.map_err(|error| match error {
        Error::AlreadyExists(_) => Error::AlreadyExists(format!("robot {}", request.name)),
        other => other,
    })?;
    members::create(&transaction, scope.workspace.id, account.id, &request.role, now).await?;
    let secret = new_token(&transaction, account.id, request.scope, request.expires_at).await?;
    let message = told(&request.role, request.scope);
    trail::note(&transaction, &scope.actor, change("robot.create", scope, &login, message)).await?;
    transaction.commit().await?;
    let robot = RobotView {
        name: request.name,
        account: login,
        description: request.description,
        role: request.role,
        scope: request.scope,
        expires_at: request.expires_at,
        created_at: now,
    };
    Ok(CreatedRobot { robot, secret })
}

/// Gives a robot a new token: the old one stops working at once.
pub(crate) async fn rotate(
    app: &App,
    scope: &WorkspaceScope,
    name: &RobotName,
    request: RotateRobot,
) -> Result<CreatedRobot> {
    scope.require(Permission::WorkspacesManage)?;
    check_expiry(request.expires_at, Timestamp::now())?;
    let transaction = app.store.database().begin().await?;
    let row = manageable(&transaction, scope, name).await?;
    tokens::delete(&transaction, row.account_id, &row.token).await?;
    let secret = new_token(&transaction, row.account_id, row.scope, request.expires_at).await?;
    let message = told(&row.role, row.scope);
    trail::note(&transaction, &scope.actor, change("robot.rotate", scope, &row.account, message)).await?;
    transaction.commit().await?;
    app.authentication.forget();
    Ok(CreatedRobot { robot: view(RobotRow { expires_at: request.expires_at, ..row })?, secret })
}

/// Deletes a robot with its token.
pub(crate) async fn delete(app: &App, scope: &WorkspaceScope, name: &RobotName) -> Result<()> {
    scope.require(Permission::WorkspacesManage)?;
    let transaction = app.store.database().begin().await?;
    let row = manageable(&transaction, scope, name).await?;
    accounts::delete(&transaction, &row.account).await?;
    let message = told(&row.role, row.scope);
    trail::note(&transaction, &scope.actor, change("robot.delete", scope, &row.account, message)).await?;
    transaction.commit().await?;
    app.authentication.forget();
    Ok(())
}

/// A robot that may do no more here than who changes it: its new token would be a way to its rights.
async fn manageable(transaction: &Transaction, scope: &WorkspaceScope, name: &RobotName) -> Result<RobotRow> {
    let login = login_name(scope, name).map_err(|_| not_found(name))?;
    let row = robots::find(transaction, scope.workspace.id, &login).await?;
    let row = row.ok_or_else(|| not_found(name))?;
    let granted = roles::permissions(transaction, owner(scope), &row.role).await?.unwrap_or_default();
    covers(&scope.actor, owner(scope), granted, format_args!("the robot {name} has"))?;
    Ok(row)
}

async fn new_token(
    transaction: &Transaction,
    account_id: i64,
    scope: TokenScope,
    expires_at: Option<Timestamp>,
) -> Result<String> {
    let secret = random_secret(TOKEN_PREFIX)?;
    let name: TokenName = TOKEN.parse()?;
    let token = NewToken {
        account_id,
        name,
        secret_hash: Digest::of(secret.as_bytes()),
        scope,
        repository_id: None,
        expires_at,
        created_at: Timestamp::now(),
    };
    tokens::create(transaction, &token).await?;
    Ok(secret)
}

fn check_expiry(expires_at: Option<Timestamp>, now: Timestamp) -> Result<()> {
    if expires_at.is_some_and(|expiry| expiry <= now) {
        return Err(Error::invalid("expires_at", "lies in the past"));
    }
    Ok(())
}

fn told(role: &RoleName, scope: TokenScope) -> String {
    format!("role {role}, scope {}", scope.as_str())
}

fn not_found(name: &RobotName) -> Error {
    Error::not_found(format_args!("robot {name}"))
}
