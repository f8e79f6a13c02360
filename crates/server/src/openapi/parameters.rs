//! What the document says of path parameters, tags and errors: the tables that rows refer to by name.

use chandlery_core::{
    AccountName, AppName, CategoryName, Digest, PhaseName, ProjectName, RepositoryName, RobotName, RoleName,
    TokenName, WebhookName, WorkspaceName,
};
use http::StatusCode;
use utoipa::openapi::{RefOr, Schema};

use super::{Schemas, reference};

/// A parameter in a path.
pub(super) struct PathParameter {
    /// As the patterns spell it.
    pub(super) name: &'static str,
    /// What it is.
    pub(super) description: &'static str,
    /// Its form.
    pub(super) schema: fn(&mut Schemas) -> RefOr<Schema>,
}

const fn parameter(
    name: &'static str,
    schema: fn(&mut Schemas) -> RefOr<Schema>,
    description: &'static str,
) -> PathParameter {
    PathParameter { name, description, schema }
}

fn integer(_: &mut Schemas) -> RefOr<Schema> {
    utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::Type::Integer).into()
}

/// Any text: one of a wrong form names nothing.
fn text(_schemas: &mut Schemas) -> RefOr<Schema> {
    utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::Type::String).into()
}

/// Every parameter of the REST API's paths.
pub(super) const PATH_PARAMETERS: &[PathParameter] = &[
    parameter("account", reference::<AccountName>, "The login name of an account."),
    parameter("app", reference::<AppName>, "The name of an app in its workspace."),
    parameter("category", reference::<CategoryName>, "The name of a category of the store."),
    parameter("delivery", integer, "The number of a delivery."),
    parameter("invitation", integer, "The number of an invitation."),
    parameter("phase", reference::<PhaseName>, "The name of a phase of review."),
    parameter("picture", reference::<Digest>, "The sha256 of a picture."),
    parameter("project", reference::<ProjectName>, "The name of a project in its workspace."),
    parameter("repository", reference::<RepositoryName>, "The name of a repository in its workspace."),
    parameter("robot", reference::<RobotName>, "The name of a robot in its workspace."),
    parameter("role", reference::<RoleName>, "The name of a role."),
    parameter("secret", text, "What the address was given with."),
    parameter("token", reference::<TokenName>, "The name of one of the caller's tokens."),
    parameter("version", text, "A version as `Chart.yaml` spells it."),
    parameter(
        "webhook",
        reference::<WebhookName>,
        "The name of a webhook among those of its workspace, or of the platform.",
    ),
    parameter("workspace", reference::<WorkspaceName>, "The name of a workspace."),
];

/// Every tag: the modules of the handlers, in the order of the document.
pub(super) const TAGS: &[(&str, &str)] = &[
    ("accounts", "Who may log in, and the caller itself."),
    ("logins", "The ways to log in to the console."),
    ("sessions", "Logging in to the console, and out."),
    ("tokens", "The caller's own tokens, for programs."),
    ("roles", "What accounts and members may do: sets of permissions with a name."),
    ("group_roles", "The roles that groups of the identity provider give."),
    ("workspaces", "The tenants: who owns repositories, apps and projects."),
    ("members", "Who may do what in a workspace."),
    ("invitations", "Ways into a workspace for who has a secret."),
    ("projects", "The parts of a workspace that apps are deployed to."),
    ("robots", "Programs of a workspace, with tokens of their own."),
    ("repositories", "Helm repositories and their settings."),
    ("sources", "Where external repositories come from, and how the last looks there went."),
    ("virtual_repositories", "Repositories that show several others as one."),
    ("categories", "The shelves of the store."),
    ("apps", "What workspaces publish."),
    ("attachments", "What apps look like: icons and screenshots."),
    ("app_versions", "Versions of apps: upload, review, release."),
    ("reviews", "The queue of reviewers, and how reviews are done."),
    ("audit", "Who did what to what, and when."),
    ("webhooks", "Where programs are told of what happens, and what became of it."),
    ("notifications", "What the caller is told by mail."),
    ("store", "What was released, for everyone who may read the store."),
    ("search", "Finding charts in all repositories, and apps in all workspaces, that the caller may see."),
    ("documentation", "This document."),
];

/// An error that operations answer with: its status, its name in the document, and when it happens.
pub(super) const ERRORS: &[(StatusCode, &str, &str)] = &[
    (
        StatusCode::BAD_REQUEST,
        "Invalid",
        "A parameter or the body breaks a rule; `detail` names the field and the rule. Unknown parameters and fields are refused.",
    ),
    (StatusCode::UNAUTHORIZED, "Unauthenticated", "There are no credentials, or they are not valid."),
    (StatusCode::FORBIDDEN, "Forbidden", "This account or token may not do this."),
    (StatusCode::NOT_FOUND, "NotFound", "It does not exist, or the caller may not know that it does."),
    (StatusCode::CONFLICT, "Conflict", "It exists already, or its state does not allow this."),
    (
        StatusCode::PRECONDITION_FAILED,
        "PreconditionFailed",
        "It changed since the caller read it: `If-Match` names another state.",
    ),
    (StatusCode::PAYLOAD_TOO_LARGE, "TooLarge", "The body is larger than the limit."),
    (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedType", "The body is of another media type."),
    (StatusCode::UNPROCESSABLE_ENTITY, "Unprocessable", "The body is well-formed, but cannot be processed."),
    (StatusCode::TOO_MANY_REQUESTS, "TooManyAttempts", "Too many attempts; see `Retry-After`."),
    (
        StatusCode::SERVICE_UNAVAILABLE,
        "Unavailable",
        "Something needed is not there right now; see `Retry-After`.",
    ),
    (StatusCode::INSUFFICIENT_STORAGE, "QuotaExceeded", "A quota is used up."),
];
