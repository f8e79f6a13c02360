//! The rows of apps, their versions, reviews and the audit log.

use chandlery_api::{AppVersionView, AppView, AuditView, PackageFile, Page, ReviewSettings, ReviewView};
use chandlery_core::Action;
use chandlery_core::Permission::{
    AppsCreate, AppsManage, AppsReview, AppsView, AuditView as AuditRead, RolesManage,
};
use http::StatusCode;

use super::Need::{App, Lifecycle, Platform, Workspace};
use super::Route;
use super::rest::{Undocumented, delete, get, patch, post, put};
use crate::http::{apps, attachments, audit, reviews};

const APPS: &str = "/api/v1/workspaces/{workspace}/apps";
const APP: &str = "/api/v1/workspaces/{workspace}/apps/{app}";

/// Every row.
pub(super) fn rows() -> Vec<Route> {
    let mut rows = app_rows();
    rows.extend(picture_rows());
    rows.extend(app_version_rows());
    rows.extend(review_rows());
    rows.extend(audit_rows());
    rows
}

fn app_rows() -> Vec<Route> {
    vec![
        get(APPS, Workspace(AppsView), apps::list_apps)
            .gives::<Page<AppView>>("List the apps of a workspace"),
        post(APPS, Workspace(AppsCreate), apps::create_app)
            .creates::<AppView>("Upload a package as a new app, or take one from a repository")
            .or(StatusCode::BAD_REQUEST),
        get(APP, App(AppsView), apps::get_app).gives::<AppView>("Get an app"),
        patch(APP, App(AppsCreate), apps::update_app)
            .gives::<AppView>("Change the draft of what people read of an app")
            .or(StatusCode::CONFLICT),
        delete(APP, App(AppsManage), apps::delete_app)
            .gives_nothing("Delete an app that has no versions")
            .or(StatusCode::CONFLICT),
        post(
            "/api/v1/workspaces/{workspace}/apps/{app}/suspend",
            Lifecycle(Action::Suspend),
            apps::suspend_app,
        )
        .gives::<AppView>("Take all versions of an app down from the store")
        .or(StatusCode::CONFLICT),
        post(
            "/api/v1/workspaces/{workspace}/apps/{app}/recover",
            Lifecycle(Action::Recover),
            apps::recover_app,
        )
        .gives::<AppView>("Put all versions of an app that were taken down back into the store")
        .or(StatusCode::CONFLICT),
        get("/api/v1/workspaces/{workspace}/apps/{app}/audit", App(AppsView), apps::list_app_audit)
            .gives::<Page<AuditView>>("List what was done to an app"),
    ]
}

fn picture_rows() -> Vec<Route> {
    const ICON: &str = "/api/v1/workspaces/{workspace}/apps/{app}/icon";
    const SCREENSHOTS: &str = "/api/v1/workspaces/{workspace}/apps/{app}/screenshots";
    let edit = App(AppsCreate);
    vec![
        put(ICON, edit, attachments::set_app_icon)
            .gives::<AppView>("Set the draft of an app's icon: at most 1 MiB and 1024×1024 pixels")
            .or(StatusCode::CONFLICT),
        delete(ICON, edit, attachments::delete_app_icon)
            .gives_nothing("Remove the draft of an app's icon")
            .or(StatusCode::CONFLICT),
        post(SCREENSHOTS, edit, attachments::create_screenshot).creates::<AppView>(
            "Add a screenshot to the draft of an app: at most 4 MiB and 4096×4096 pixels, and 6 of them",
        ),
        put(SCREENSHOTS, edit, attachments::order_screenshots)
            .gives::<AppView>("Put the screenshots of an app's draft into another order")
            .or(StatusCode::CONFLICT),
        delete(
            "/api/v1/workspaces/{workspace}/apps/{app}/screenshots/{picture}",
            edit,
            attachments::delete_screenshot,
        )
        .gives_nothing("Remove a screenshot from the draft of an app")
        .or(StatusCode::CONFLICT),
        get(
            "/api/v1/workspaces/{workspace}/apps/{app}/pictures/{picture}",
            App(AppsView),
            attachments::get_picture,
        )
        .sends("image/*", "Get the icon or a screenshot of the draft of an app"),
    ]
}

/// The path of something of a version.
macro_rules! of_version {
    ($suffix:literal) => {
        concat!("/api/v1/workspaces/{workspace}/apps/{app}/versions/{version}", $suffix)
    };
}

fn app_version_rows() -> Vec<Route> {
    use crate::http::app_versions as versions;
    const VERSIONS: &str = "/api/v1/workspaces/{workspace}/apps/{app}/versions";
    const VERSION: &str = of_version!("");
    let read = App(AppsView);
    let act = |row: Undocumented, summary| row.gives::<AppVersionView>(summary).or(StatusCode::CONFLICT);
    vec![
        get(VERSIONS, read, versions::list_app_versions)
            .gives::<Page<AppVersionView>>("List the versions of an app"),
        post(VERSIONS, App(AppsCreate), versions::create_app_version)
            .creates::<AppVersionView>("Upload a package as another version, or take one from a repository")
            .or(StatusCode::BAD_REQUEST),
        get(VERSION, read, versions::get_app_version).gives::<AppVersionView>("Get an app version"),
        patch(VERSION, Lifecycle(Action::Edit), versions::update_app_version)
            .gives::<AppVersionView>("Change the update log of a draft")
            .or(StatusCode::CONFLICT),
        delete(VERSION, Lifecycle(Action::Delete), versions::delete_app_version)
            .gives_nothing("Delete an app version")
            .or(StatusCode::CONFLICT),
        get(of_version!("/package"), read, versions::get_package)
            .sends("application/gzip", "Download the package of a version"),
        put(of_version!("/package"), Lifecycle(Action::Edit), versions::replace_package)
            .gives::<AppVersionView>("Replace the package of a draft")
            .or(StatusCode::CONFLICT)
            .or(StatusCode::BAD_REQUEST),
        get(of_version!("/files"), read, versions::list_files)
            .gives::<Page<PackageFile>>("List the files of a version's package"),
        get(of_version!("/file"), read, versions::get_file)
            .sends("application/octet-stream", "Read one file of a version's package")
            .or(StatusCode::PAYLOAD_TOO_LARGE),
        get(of_version!("/diff"), read, versions::compare_app_versions)
            .sends(
                "application/json",
                "Compare with another version: Chart.yaml, values, manifests, images, rights",
            )
            .or(StatusCode::CONFLICT),
        get(of_version!("/report"), read, versions::get_report)
            .sends("application/json", "Get what was found out about a version when it was submitted"),
        get(of_version!("/audit"), read, versions::list_app_version_audit)
            .gives::<Page<AuditView>>("List what was done to a version"),
        act(
            post(of_version!("/submit"), Lifecycle(Action::Submit), versions::submit_app_version),
            "Submit a version for review",
        ),
        act(
            post(of_version!("/cancel"), Lifecycle(Action::Cancel), versions::cancel_app_version),
            "Take a submission back",
        ),
        act(
            post(of_version!("/start-review"), Lifecycle(Action::StartReview), versions::start_review),
            "Begin to review a version",
        ),
        act(
            post(of_version!("/pass"), Lifecycle(Action::Pass), versions::pass_app_version),
            "Pass the phase of review under way",
        ),
        act(
            post(of_version!("/reject"), Lifecycle(Action::Reject), versions::reject_app_version),
            "Reject a version, with a reason",
        ),
        act(
            post(of_version!("/override-pass"), Lifecycle(Action::OverridePass), versions::override_pass),
            "Pass a version as an administrator, with a reason",
        ),
        act(
            post(
                of_version!("/override-reject"),
                Lifecycle(Action::OverrideReject),
                versions::override_reject,
            ),
            "Reject a version as an administrator, with a reason",
        ),
        act(
            post(of_version!("/release"), Lifecycle(Action::Release), versions::release_app_version),
            "Put a version that passed into the store",
        ),
        act(
            post(of_version!("/suspend"), Lifecycle(Action::Suspend), versions::suspend_app_version),
            "Take a version down from the store",
        ),
        act(
            post(of_version!("/recover"), Lifecycle(Action::Recover), versions::recover_app_version),
            "Put a version that was taken down back into the store",
        ),
    ]
}

fn review_rows() -> Vec<Route> {
    const SETTINGS: &str = "/api/v1/settings/review";
    vec![
        get("/api/v1/reviews", Platform(AppsReview), reviews::list_reviews)
            .gives::<Page<ReviewView>>("List submissions, the last ones first"),
        get(SETTINGS, Platform(AppsReview), reviews::get_review_settings)
            .gives::<ReviewSettings>("Say how reviews are done"),
        put(SETTINGS, Platform(RolesManage), reviews::update_review_settings)
            .gives::<ReviewSettings>("Set how reviews are done"),
    ]
}

fn audit_rows() -> Vec<Route> {
    const LINES: &str = "application/x-ndjson";
    let (platform, workspace) = (Platform(AuditRead), Workspace(AuditRead));
    vec![
        get("/api/v1/audit", platform, audit::list_audit)
            .gives::<Page<AuditView>>("List what was done, the last first"),
        get("/api/v1/audit.jsonl", platform, audit::export_audit_as_lines)
            .sends(LINES, "Get what was done as JSON lines, the last first"),
        get("/api/v1/audit.csv", platform, audit::export_audit_as_table)
            .sends("text/csv", "Get what was done as a table for spreadsheets, the last first"),
        get("/api/v1/workspaces/{workspace}/audit", workspace, audit::list_workspace_audit)
            .gives::<Page<AuditView>>("List what was done in a workspace, the last first"),
        get("/api/v1/workspaces/{workspace}/audit.jsonl", workspace, audit::export_workspace_audit_as_lines)
            .sends(LINES, "Get what was done in a workspace as JSON lines, the last first"),
        get("/api/v1/workspaces/{workspace}/audit.csv", workspace, audit::export_workspace_audit_as_table)
            .sends(
                "text/csv",
                "Get what was done in a workspace as a table for spreadsheets, the last first",
            ),
    ]
}
