//! The rows of webhooks and of what accounts are told.

use chandlery_api::{DeliveryView, NotificationChoices, Page, WebhookView};
use chandlery_core::Permission::AuditView;
use http::StatusCode;

use super::Need::{FullAccount, Platform, Workspace};
use super::Route;
use super::rest::{delete, get, patch, post, put};
use crate::http::{notifications, webhooks};

const WEBHOOKS: &str = "/api/v1/webhooks";
const WEBHOOK: &str = "/api/v1/webhooks/{webhook}";
const WORKSPACE_WEBHOOKS: &str = "/api/v1/workspaces/{workspace}/webhooks";
const WORKSPACE_WEBHOOK: &str = "/api/v1/workspaces/{workspace}/webhooks/{webhook}";
const CHOICES: &str = "/api/v1/notification-choices";

/// Every row.
pub(super) fn rows() -> Vec<Route> {
    let mut rows = webhook_rows();
    rows.extend(workspace_webhook_rows());
    rows.push(
        get(CHOICES, FullAccount, notifications::get_notification_choices)
            .gives::<NotificationChoices>("Say what the caller is told by mail"),
    );
    rows.push(
        put(CHOICES, FullAccount, notifications::set_notification_choices)
            .gives::<NotificationChoices>("Choose what the caller is told by mail"),
    );
    rows
}

/// Those that hear of all workspaces. The service asks for `roles.manage` as well.
fn webhook_rows() -> Vec<Route> {
    let manage = Platform(AuditView);
    vec![
        get(WEBHOOKS, manage, webhooks::list_webhooks)
            .gives::<Page<WebhookView>>("List the webhooks that hear of all workspaces"),
        post(WEBHOOKS, manage, webhooks::create_webhook)
            .creates::<WebhookView>("Create a webhook that hears of all workspaces"),
        get(WEBHOOK, manage, webhooks::get_webhook).gives::<WebhookView>("Get a webhook"),
        patch(WEBHOOK, manage, webhooks::update_webhook)
            .gives::<WebhookView>("Change a webhook")
            .or(StatusCode::CONFLICT),
        delete(WEBHOOK, manage, webhooks::delete_webhook).gives_nothing("Delete a webhook"),
        post("/api/v1/webhooks/{webhook}/test", manage, webhooks::test_webhook)
            .creates::<DeliveryView>("Send a ping to a webhook"),
        get("/api/v1/webhooks/{webhook}/deliveries", manage, webhooks::list_deliveries)
            .gives::<Page<DeliveryView>>("List what a webhook was told, the last first"),
        post(
            "/api/v1/webhooks/{webhook}/deliveries/{delivery}/redeliver",
            manage,
            webhooks::redeliver_webhook,
        )
        .gives::<DeliveryView>("Send a delivery again, now"),
    ]
}

/// Those of one workspace. The service asks for `workspaces.manage` as well.
fn workspace_webhook_rows() -> Vec<Route> {
    const DELIVERIES: &str = "/api/v1/workspaces/{workspace}/webhooks/{webhook}/deliveries";
    let manage = Workspace(AuditView);
    vec![
        get(WORKSPACE_WEBHOOKS, manage, webhooks::list_workspace_webhooks)
            .gives::<Page<WebhookView>>("List the webhooks of a workspace"),
        post(WORKSPACE_WEBHOOKS, manage, webhooks::create_workspace_webhook)
            .creates::<WebhookView>("Create a webhook of a workspace"),
        get(WORKSPACE_WEBHOOK, manage, webhooks::get_workspace_webhook)
            .gives::<WebhookView>("Get a webhook of a workspace"),
        patch(WORKSPACE_WEBHOOK, manage, webhooks::update_workspace_webhook)
            .gives::<WebhookView>("Change a webhook of a workspace")
            .or(StatusCode::CONFLICT),
        delete(WORKSPACE_WEBHOOK, manage, webhooks::delete_workspace_webhook)
            .gives_nothing("Delete a webhook of a workspace"),
        post(
            "/api/v1/workspaces/{workspace}/webhooks/{webhook}/test",
            manage,
            webhooks::test_workspace_webhook,
        )
        .creates::<DeliveryView>("Send a ping to a webhook of a workspace"),
        get(DELIVERIES, manage, webhooks::list_workspace_deliveries)
            .gives::<Page<DeliveryView>>("List what a webhook of a workspace was told, the last first"),
        post(
            "/api/v1/workspaces/{workspace}/webhooks/{webhook}/deliveries/{delivery}/redeliver",
            manage,
            webhooks::redeliver_workspace_webhook,
        )
        .gives::<DeliveryView>("Send a delivery of a workspace's webhook again, now"),
    ]
}
