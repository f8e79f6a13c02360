//! The app store: roles, members, apps, versions with their reviews, the store's listings, and who is told of what.

/// The changes, in the words of [`in_dialect`](super::dialect::in_dialect).
///
/// A `workspace_id` of 0 stands for the platform, so that uniqueness holds there too. Lists and translations are JSON.
/// `information` is what people read of an app ([`chandlery_core`] does not look into it).
pub(super) const CHANGES: &[&str] = &[
    "ALTER TABLE accounts ADD COLUMN display_name {text} NOT NULL DEFAULT ''",
    "ALTER TABLE accounts ADD COLUMN email {text} NOT NULL DEFAULT ''",
    // The workspace of a robot; NULL for people.
    "ALTER TABLE accounts ADD COLUMN workspace_id BIGINT REFERENCES workspaces (id) ON DELETE CASCADE",
    // That role could do more than manage workspaces; the one that took its rights over is a role of its own.
    "UPDATE accounts SET role = 'repositories-manager' WHERE role = 'workspaces-manager'",
    "ALTER TABLE workspaces ADD COLUMN display_name {text} NOT NULL DEFAULT ''",
    // Not `description`: statements of older replicas join this table with one that has such a column.
    "ALTER TABLE workspaces ADD COLUMN about {text} NOT NULL DEFAULT ''",
    "CREATE TABLE settings (
        name {text} NOT NULL PRIMARY KEY,
        value {text} NOT NULL
    )",
    "CREATE TABLE roles (
        id {id},
        workspace_id BIGINT NOT NULL,
        kind {text} NOT NULL,
        name {text} NOT NULL,
        description {text} NOT NULL,
        permissions {text} NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        UNIQUE (workspace_id, kind, name)
    )",
    "CREATE TABLE members (
        workspace_id BIGINT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
        account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        role {text} NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (workspace_id, account_id)
    )",
    "CREATE INDEX members_account ON members (account_id)",
    "CREATE TABLE invitations (
        id {id},
        workspace_id BIGINT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
        role {text} NOT NULL,
        secret_hash {text} NOT NULL UNIQUE,
        created_by {text} NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL
    )",
    "CREATE INDEX invitations_workspace ON invitations (workspace_id, id)",
    "CREATE TABLE projects (
        id {id},
        workspace_id BIGINT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
        name {text} NOT NULL,
        display_name {text} NOT NULL,
        description {text} NOT NULL,
        created_at BIGINT NOT NULL,
        UNIQUE (workspace_id, name)
    )",
    "CREATE TABLE sessions (
        id {id},
        account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        secret_hash {text} NOT NULL UNIQUE,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL
    )",
    "CREATE INDEX sessions_account ON sessions (account_id)",
    "CREATE TABLE identities (
        issuer {text} NOT NULL,
        subject {text} NOT NULL,
        account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        PRIMARY KEY (issuer, subject)
    )",
    // A group of the identity provider gives a role: of the platform, or in one workspace.
    "CREATE TABLE group_roles (
        group_name {text} NOT NULL,
        workspace_id BIGINT NOT NULL,
        role {text} NOT NULL,
        PRIMARY KEY (group_name, workspace_id)
    )",
    // `apps` counts the visible listings of the category.
    "CREATE TABLE categories (
        id {id},
        name {text} NOT NULL UNIQUE,
        position BIGINT NOT NULL,
        icon {text} NOT NULL,
        title {text} NOT NULL,
        translations {text} NOT NULL,
        description {text} NOT NULL,
        apps BIGINT NOT NULL DEFAULT 0,
        revision BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL
    )",
    "CREATE TABLE apps (
        id {id},
        workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
        name {text} NOT NULL,
        chart_name {text} NOT NULL,
        display_name {text} NOT NULL,
        information {text} NOT NULL,
        category_id BIGINT NOT NULL REFERENCES categories (id),
        state {text} NOT NULL,
        created_by {text} NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        revision BIGINT NOT NULL,
        generation BIGINT NOT NULL,
        UNIQUE (workspace_id, name)
    )",
    "CREATE INDEX apps_category ON apps (category_id)",
    "CREATE INDEX apps_generation ON apps (generation)",
    // Apps that were deleted, for whoever keeps something derived from them.
    "CREATE TABLE removed_apps (
        app_id BIGINT NOT NULL PRIMARY KEY,
        generation BIGINT NOT NULL
    )",
    "CREATE INDEX removed_apps_generation ON removed_apps (generation)",
    "CREATE TABLE attachments (
        id {id},
        app_id BIGINT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
        kind {text} NOT NULL,
        digest {text} NOT NULL,
        size BIGINT NOT NULL,
        content_type {text} NOT NULL,
        width BIGINT NOT NULL,
        height BIGINT NOT NULL,
        created_at BIGINT NOT NULL
    )",
    "CREATE INDEX attachments_app ON attachments (app_id)",
    "CREATE INDEX attachments_digest ON attachments (digest)",
    // `sort_key` puts versions into the order of their precedence; `package_digest` and `provenance_digest` are blobs.
    "CREATE TABLE app_versions (
        id {id},
        app_id BIGINT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
        version {text} NOT NULL,
        sort_key {text} NOT NULL,
        app_version {text} NOT NULL,
        state {text} NOT NULL,
        package_digest {text} NOT NULL,
        size BIGINT NOT NULL,
        provenance_digest {text},
        provenance_size BIGINT,
        metadata {text} NOT NULL,
        update_log {text} NOT NULL,
        review_id BIGINT,
        created_by {text} NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        released_at BIGINT,
        revision BIGINT NOT NULL,
        UNIQUE (app_id, version)
    )",
    "CREATE INDEX app_versions_order ON app_versions (app_id, sort_key)",
    "CREATE INDEX app_versions_digest ON app_versions (package_digest)",
    "CREATE INDEX app_versions_provenance ON app_versions (provenance_digest)",
    // One row per submission. `phase` counts the phases that passed; `state` is the version's as of this submission.
    "CREATE TABLE reviews (
        id {id},
        version_id BIGINT NOT NULL REFERENCES app_versions (id) ON DELETE CASCADE,
        app_id BIGINT NOT NULL,
        workspace_id BIGINT NOT NULL,
        state {text} NOT NULL,
        phases {text} NOT NULL,
        phase BIGINT NOT NULL,
        submitted_by BIGINT NOT NULL,
        submitter {text} NOT NULL,
        reviewer {text} NOT NULL,
        package_digest {text} NOT NULL,
        report {text} NOT NULL,
        submitted_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL
    )",
    "CREATE INDEX reviews_version ON reviews (version_id)",
    "CREATE INDEX reviews_state ON reviews (state, id)",
    // Append-only: nothing updates or deletes these rows, and they refer to nothing, so that they outlive all.
    "CREATE TABLE audit (
        id {id},
        at BIGINT NOT NULL,
        actor {text} NOT NULL,
        role {text} NOT NULL,
        action {text} NOT NULL,
        kind {text} NOT NULL,
        name {text} NOT NULL,
        workspace_id BIGINT NOT NULL,
        workspace {text} NOT NULL,
        app_id BIGINT,
        version_id BIGINT,
        phase {text} NOT NULL,
        from_state {text} NOT NULL,
        to_state {text} NOT NULL,
        message {text} NOT NULL,
        digest {text} NOT NULL
    )",
    "CREATE INDEX audit_workspace ON audit (workspace_id, id)",
    "CREATE INDEX audit_app ON audit (app_id, id)",
    "CREATE INDEX audit_version ON audit (version_id, id)",
    "CREATE INDEX audit_actor ON audit (actor, id)",
    "CREATE INDEX audit_action ON audit (action, id)",
    "CREATE INDEX audit_kind ON audit (kind, id)",
    // What the store shows of an app: its information as of the last release. A chart name is one app's.
    // `sort_name` is the display name in lower case; `workspace_id`, `category_id` and `downloads` (the sum over the
    // versions) repeat what other tables know, so that each order of each shelf is a walk along one index.
    "CREATE TABLE listings (
        app_id BIGINT NOT NULL PRIMARY KEY REFERENCES apps (id) ON DELETE CASCADE,
        workspace_id BIGINT NOT NULL,
        category_id BIGINT NOT NULL,
        chart_name {text} NOT NULL UNIQUE,
        visible BOOLEAN NOT NULL,
        display_name {text} NOT NULL,
        sort_name {text} NOT NULL,
        information {text} NOT NULL,
        latest_version {text} NOT NULL,
        downloads BIGINT NOT NULL,
        first_released_at BIGINT NOT NULL,
        released_at BIGINT NOT NULL
    )",
    "CREATE INDEX listings_name ON listings (sort_name, app_id) WHERE visible",
    "CREATE INDEX listings_released ON listings (released_at, app_id) WHERE visible",
    "CREATE INDEX listings_downloads ON listings (downloads, app_id) WHERE visible",
    "CREATE INDEX listings_category_name ON listings (category_id, sort_name, app_id) WHERE visible",
    "CREATE INDEX listings_category_released ON listings (category_id, released_at, app_id) WHERE visible",
    "CREATE INDEX listings_category_downloads ON listings (category_id, downloads, app_id) WHERE visible",
    "CREATE INDEX listings_workspace_name ON listings (workspace_id, sort_name, app_id) WHERE visible",
    "CREATE INDEX listings_workspace_released ON listings (workspace_id, released_at, app_id) WHERE visible",
    "CREATE INDEX listings_workspace_downloads ON listings (workspace_id, downloads, app_id) WHERE visible",
    "CREATE TABLE downloads (
        app_id BIGINT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
        version {text} NOT NULL,
        downloads BIGINT NOT NULL,
        PRIMARY KEY (app_id, version)
    )",
    "CREATE TABLE webhooks (
        id {id},
        workspace_id BIGINT NOT NULL,
        name {text} NOT NULL,
        url {text} NOT NULL,
        secret {text} NOT NULL,
        events {text} NOT NULL,
        active BOOLEAN NOT NULL,
        created_by {text} NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        UNIQUE (workspace_id, name)
    )",
    // What is to be told to whom: by webhook (`webhook_id`) or by mail (`account_id`), written in the transaction of
    // what happened and sent afterwards by whoever holds the lease.
    "CREATE TABLE deliveries (
        id {id},
        webhook_id BIGINT REFERENCES webhooks (id) ON DELETE CASCADE,
        account_id BIGINT REFERENCES accounts (id) ON DELETE CASCADE,
        event {text} NOT NULL,
        payload {text} NOT NULL,
        state {text} NOT NULL,
        attempts BIGINT NOT NULL,
        next_at BIGINT NOT NULL,
        leased_until BIGINT NOT NULL,
        outcome {text} NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL
    )",
    "CREATE INDEX deliveries_due ON deliveries (state, next_at)",
    "CREATE INDEX deliveries_webhook ON deliveries (webhook_id, id)",
    "CREATE INDEX deliveries_account ON deliveries (account_id)",
    // Which events an account wants by mail; no row means those of its own apps and reviews.
    "CREATE TABLE notification_choices (
        account_id BIGINT NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
        mail_events {text} NOT NULL
    )",
    "CREATE TABLE idempotency_keys (
        account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        key {text} NOT NULL,
        request_digest {text} NOT NULL,
        status BIGINT NOT NULL,
        response {text} NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (account_id, key)
    )",
    "CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at)",
    "INSERT INTO categories (name, position, icon, title, translations, description, revision, created_at, updated_at)
     VALUES ('uncategorized', 1000000, '', 'Uncategorized', '{\"zh\":\"未分类\"}', '', 0, 0, 0)",
    // Whoever takes away an administrator's rights writes this row first, so that two do not take the last two at once.
    "INSERT INTO settings (name, value) VALUES ('administrators', '')",
    // The number of the last change of any app, for whoever keeps something derived from them.
    "INSERT INTO settings (name, value) VALUES ('apps-generation', '0')",
];
