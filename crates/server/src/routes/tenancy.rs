//! The rows of roles, workspaces and all that belongs to one.

use chandlery_api::{
    CreatedInvitation, CreatedRobot, GroupRole, InvitationView, LoginMethods, MemberView, MembershipView,
    Page, PermissionView, ProjectView, RobotView, RoleView, SessionView, WorkspaceView,
};
use chandlery_core::Permission::{RolesManage, WorkspacesManage};
use http::StatusCode;

use super::Need::{Account, Anyone, FullAccount, Member, Nothing, Platform, Workspace};
use super::Route;
use super::rest::{delete, get, patch, post};
use crate::http::{group_roles, invitations, logins, members, projects, robots, roles, sessions, workspaces};

const ROLES: &str = "/api/v1/roles";
const ROLE: &str = "/api/v1/roles/{role}";
const WORKSPACES: &str = "/api/v1/workspaces";
const WORKSPACE: &str = "/api/v1/workspaces/{workspace}";
const WORKSPACE_ROLES: &str = "/api/v1/workspaces/{workspace}/roles";
const WORKSPACE_ROLE: &str = "/api/v1/workspaces/{workspace}/roles/{role}";
const MEMBERS: &str = "/api/v1/workspaces/{workspace}/members";
const MEMBER: &str = "/api/v1/workspaces/{workspace}/members/{account}";
const INVITATIONS: &str = "/api/v1/workspaces/{workspace}/invitations";
const INVITATION: &str = "/api/v1/workspaces/{workspace}/invitations/{invitation}";
const ROBOTS: &str = "/api/v1/workspaces/{workspace}/robots";
const ROBOT: &str = "/api/v1/workspaces/{workspace}/robots/{robot}";
const PROJECTS: &str = "/api/v1/workspaces/{workspace}/projects";
const PROJECT: &str = "/api/v1/workspaces/{workspace}/projects/{project}";

/// Every row.
pub(super) fn rows() -> Vec<Route> {
    let mut rows = role_rows();
    rows.extend(group_role_rows());
    rows.extend(session_rows());
    rows.extend(workspace_rows());
    rows.extend(member_rows());
    rows.extend(project_rows());
    rows.extend(robot_rows());
    rows
}

fn role_rows() -> Vec<Route> {
    let (platform, workspace) = (Platform(RolesManage), Workspace(WorkspacesManage));
    vec![
        get("/api/v1/permissions", Account, roles::list_permissions)
            .gives::<Page<PermissionView>>("List the permissions that roles grant"),
        get(ROLES, Account, roles::list_roles).gives::<Page<RoleView>>("List the roles of the platform"),
        post(ROLES, platform, roles::create_role).creates::<RoleView>("Create a role of the platform"),
        get(ROLE, Account, roles::get_role).gives::<RoleView>("Get a role of the platform"),
        patch(ROLE, platform, roles::update_role)
            .gives::<RoleView>("Change a role of the platform")
            .or(StatusCode::CONFLICT),
        delete(ROLE, platform, roles::delete_role)
            .gives_nothing("Delete a role of the platform that nobody has")
            .or(StatusCode::CONFLICT),
        get(WORKSPACE_ROLES, Member, roles::list_workspace_roles)
            .gives::<Page<RoleView>>("List the roles of a workspace"),
        post(WORKSPACE_ROLES, workspace, roles::create_workspace_role)
            .creates::<RoleView>("Create a role of a workspace"),
        get(WORKSPACE_ROLE, Member, roles::get_workspace_role).gives::<RoleView>("Get a role of a workspace"),
        patch(WORKSPACE_ROLE, workspace, roles::update_workspace_role)
            .gives::<RoleView>("Change a role of a workspace")
            .or(StatusCode::CONFLICT),
        delete(WORKSPACE_ROLE, workspace, roles::delete_workspace_role)
            .gives_nothing("Delete a role of a workspace that nobody has")
            .or(StatusCode::CONFLICT),
    ]
}

fn group_role_rows() -> Vec<Route> {
    const GROUP_ROLES: &str = "/api/v1/group-roles";
    const WORKSPACE_GROUP_ROLES: &str = "/api/v1/workspaces/{workspace}/group-roles";
    let (platform, workspace) = (Platform(RolesManage), Workspace(WorkspacesManage));
    vec![
        get(GROUP_ROLES, platform, group_roles::list_group_roles)
            .gives::<Page<GroupRole>>("List the roles of the platform that groups give"),
        post(GROUP_ROLES, platform, group_roles::create_group_role)
            .creates::<GroupRole>("Give the members of a group a role of the platform"),
        delete(GROUP_ROLES, platform, group_roles::delete_group_role)
            .gives_nothing("Take the role of the platform from the members of a group")
            .or(StatusCode::NOT_FOUND),
        get(WORKSPACE_GROUP_ROLES, workspace, group_roles::list_workspace_group_roles)
            .gives::<Page<GroupRole>>("List the roles in a workspace that groups give"),
        post(WORKSPACE_GROUP_ROLES, workspace, group_roles::create_workspace_group_role)
            .creates::<GroupRole>("Give the members of a group a role in a workspace"),
        delete(WORKSPACE_GROUP_ROLES, workspace, group_roles::delete_workspace_group_role)
            .gives_nothing("Take the role in a workspace from the members of a group"),
    ]
}

fn session_rows() -> Vec<Route> {
    const SESSION: &str = "/api/v1/session";
    // What is asked for is the cookie itself, and whose it is.
    vec![
        get("/api/v1/login-methods", Nothing, logins::get_login_methods)
            .gives::<LoginMethods>("List the ways to log in to the console"),
        post(SESSION, Anyone, sessions::create_session)
            .creates::<SessionView>("Log in to the console by password: sets a cookie")
            .or(StatusCode::FORBIDDEN),
        get(SESSION, Nothing, sessions::get_session)
            .gives::<SessionView>("Get the session of the cookie")
            .or(StatusCode::NOT_FOUND)
            .or(StatusCode::SERVICE_UNAVAILABLE),
        delete(SESSION, Nothing, sessions::delete_session)
            .gives_nothing("Log out of the console")
            .or(StatusCode::FORBIDDEN)
            .or(StatusCode::SERVICE_UNAVAILABLE),
    ]
}

fn workspace_rows() -> Vec<Route> {
    let manage = Workspace(WorkspacesManage);
    vec![
        get(WORKSPACES, Account, workspaces::list_workspaces)
            .gives::<Page<WorkspaceView>>("List the caller's workspaces, or all for those who manage them"),
        post(WORKSPACES, Platform(WorkspacesManage), workspaces::create_workspace)
            .creates::<WorkspaceView>("Create a workspace"),
        get(WORKSPACE, Member, workspaces::get_workspace).gives::<WorkspaceView>("Get a workspace"),
        patch(WORKSPACE, manage, workspaces::update_workspace).gives::<WorkspaceView>("Change a workspace"),
        delete(WORKSPACE, manage, workspaces::delete_workspace)
            .gives_nothing("Delete an empty workspace")
            .or(StatusCode::CONFLICT),
    ]
}

fn member_rows() -> Vec<Route> {
    let manage = Workspace(WorkspacesManage);
    vec![
        get(MEMBERS, Member, members::list_members)
            .gives::<Page<MemberView>>("List the members of a workspace"),
        post(MEMBERS, manage, members::create_member).creates::<MemberView>("Make an account a member"),
        get(MEMBER, Member, members::get_member).gives::<MemberView>("Get a member of a workspace"),
        patch(MEMBER, manage, members::update_member)
            .gives::<MemberView>("Give a member another role")
            .or(StatusCode::CONFLICT),
        // Oneself, or another one for those who manage the workspace.
        delete(MEMBER, Member, members::delete_member)
            .gives_nothing("Remove a member, or leave")
            .or(StatusCode::FORBIDDEN)
            .or(StatusCode::CONFLICT),
        get(INVITATIONS, manage, invitations::list_invitations)
            .gives::<Page<InvitationView>>("List the invitations to a workspace"),
        post(INVITATIONS, manage, invitations::create_invitation)
            .creates::<CreatedInvitation>("Create an invitation to a workspace"),
        delete(INVITATION, manage, invitations::delete_invitation).gives_nothing("Revoke an invitation"),
        post("/api/v1/invitations/accept", FullAccount, invitations::accept_invitation)
            .gives::<MembershipView>("Accept an invitation")
            .or(StatusCode::NOT_FOUND)
            .or(StatusCode::CONFLICT),
    ]
}

fn project_rows() -> Vec<Route> {
    let manage = Workspace(WorkspacesManage);
    vec![
        get(PROJECTS, Member, projects::list_projects)
            .gives::<Page<ProjectView>>("List the projects of a workspace"),
        post(PROJECTS, manage, projects::create_project).creates::<ProjectView>("Create a project"),
        get(PROJECT, Member, projects::get_project).gives::<ProjectView>("Get a project"),
        patch(PROJECT, manage, projects::update_project).gives::<ProjectView>("Change a project"),
        delete(PROJECT, manage, projects::delete_project).gives_nothing("Delete a project"),
    ]
}

fn robot_rows() -> Vec<Route> {
    let manage = Workspace(WorkspacesManage);
    vec![
        get(ROBOTS, manage, robots::list_robots).gives::<Page<RobotView>>("List the robots of a workspace"),
        post(ROBOTS, manage, robots::create_robot).creates::<CreatedRobot>("Create a robot with its token"),
        get(ROBOT, manage, robots::get_robot).gives::<RobotView>("Get a robot"),
        post("/api/v1/workspaces/{workspace}/robots/{robot}/rotate", manage, robots::rotate_robot)
            .gives::<CreatedRobot>("Give a robot a new token"),
        delete(ROBOT, manage, robots::delete_robot).gives_nothing("Delete a robot with its token"),
    ]
}
