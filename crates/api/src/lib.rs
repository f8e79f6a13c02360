//! Request and response types of Chandlery's REST API, shared by server and client.
//!
//! Requests are closed types: an unknown field is an error, so that nobody sets by accident or on purpose what the
//! type does not offer. Responses may gain fields. Timestamps are RFC 3339 in UTC.

mod account;
mod app;
mod audit;
mod category;
mod login;
mod page;
mod problem;
mod repository;
mod robot;
mod role;
mod search;
mod session;
mod source;
mod storefront;
mod token;
mod virtual_repository;
mod webhook;
mod workspace;

pub use account::{AccountView, CreateAccount, MembershipView, UpdateAccount, UpdatePassword, Whoami};
pub use app::{
    ActOnVersion, AppInformation, AppListQuery, AppMaintainer, AppVersionView, AppView, ChineseTexts,
    CompareQuery, OrderScreenshots, PackageReference, Picture, ReviewQuery, ReviewSettings, ReviewStatus,
    ReviewSummary, ReviewView, UpdateApp, UpdateAppVersion,
};
pub use audit::{AuditExportQuery, AuditQuery, AuditView};
pub use category::{AppCategory, CategoryView, CreateCategory, DeleteCategory, UpdateCategory};
pub use login::{LoginMethods, OidcLogin};
pub use page::{Page, PageQuery};
pub use problem::Problem;
pub use repository::{CreateRepository, RepositoryKind, RepositoryView, UpdateRepository};
pub use robot::{CreateRobot, CreatedRobot, RobotView, RotateRobot};
pub use role::{CreateRole, GroupRole, GroupRoleQuery, PermissionView, RoleView, UpdateRole};
pub use search::{SearchHit, SearchQuery};
pub use session::{CreateSession, SessionView};
pub use source::{
    AcceptDigest, CacheMode, CategoryOfPattern, ChangedDigest, ImportRule, ImportState, RemovalImpact,
    SourceCredentials, SourceHook, SourceKind, SourceRequest, SourceRunView, SourceSettings, SourceSummary,
    SourceView, ValidateSource, ValidationStage, ValidationView,
};
pub use storefront::{
    AppHit, AppQuery, PackageFile, PackageFileQuery, StoreApp, StoreAppView, StoreChineseTexts,
    StoreInformation, StoreMaintainer, StorePage, StoreQuery, StoreSort, StoreVersion, StoreVersionView,
};
pub use token::{CreateToken, CreatedToken, TokenView};
pub use virtual_repository::{
    ResolveQuery, ResolvedChart, ResolvedVersion, Shadowed, ShadowedBecause, VirtualMember, VirtualRequest,
    VirtualSummary, VirtualView,
};
pub use webhook::{
    AttemptView, CreateWebhook, DeliveryStatus, DeliveryView, Notification, NotificationChoices,
    NotificationLinks, NotifiedVersion, UpdateNotificationChoices, UpdateWebhook, WebhookView,
};
pub use workspace::{
    AcceptInvitation, CreateInvitation, CreateMember, CreateProject, CreateWorkspace, CreatedInvitation,
    InvitationView, MemberView, ProjectView, UpdateMember, UpdateProject, UpdateWorkspace, WorkspaceView,
};
