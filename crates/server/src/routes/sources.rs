//! The rows of external repositories.

use chandlery_api::{Page, RemovalImpact, SourceHook, SourceRunView, SourceView, ValidationView};
use chandlery_core::Permission::RepositoriesManage;
use http::StatusCode;

use super::Need::{Nothing, Repository, Workspace};
use super::Route;
use super::rest::{delete, get, post, put};
use crate::http::sources;

const SOURCE: &str = "/api/v1/repositories/{workspace}/{repository}/source";
const SYNC: &str = "/api/v1/repositories/{workspace}/{repository}/source/sync";
const RUNS: &str = "/api/v1/repositories/{workspace}/{repository}/source/runs";
const VALIDATE: &str = "/api/v1/repositories/{workspace}/{repository}/source/validate";
const DIGESTS: &str = "/api/v1/repositories/{workspace}/{repository}/source/digests";
const HOOK: &str = "/api/v1/repositories/{workspace}/{repository}/source/hook";
const REMOVAL: &str = "/api/v1/repositories/{workspace}/{repository}/removal";

/// Every row.
pub(super) fn rows() -> Vec<Route> {
    let manage = Repository(RepositoriesManage);
    vec![
        get(SOURCE, manage, sources::get_source)
            .gives::<SourceView>("Get the source of an external repository"),
        put(SOURCE, manage, sources::replace_source)
            .gives::<SourceView>("Replace the source of an external repository")
            .or(StatusCode::CONFLICT),
        post(SYNC, manage, sources::sync_source).gives::<SourceView>("Have a source looked at now"),
        get(RUNS, manage, sources::list_source_runs)
            .gives::<Page<SourceRunView>>("List the last looks at a source"),
        post(VALIDATE, manage, sources::validate_source)
            .gives::<ValidationView>("Try the source of a repository, or what somebody would make of it")
            .or(StatusCode::CONFLICT),
        post(
            "/api/v1/workspaces/{workspace}/sources/validate",
            Workspace(RepositoriesManage),
            sources::validate_new_source,
        )
        .gives::<ValidationView>("Try a source before there is a repository for it"),
        post(DIGESTS, manage, sources::accept_digest)
            .gives_nothing("Take over the digest that a source names now for a version"),
        post(HOOK, manage, sources::create_hook)
            .creates::<SourceHook>("Make the secret address that has a source looked at"),
        delete(HOOK, manage, sources::delete_hook).gives_nothing("Take the secret address of a source away"),
        // Who knows the secret may.
        post("/api/v1/hooks/{secret}", Nothing, sources::run_hook)
            .gives_nothing("Have the source looked at that this secret belongs to")
            .or(StatusCode::NOT_FOUND)
            .or(StatusCode::SERVICE_UNAVAILABLE),
        get(REMOVAL, manage, sources::get_removal_impact)
            .gives::<RemovalImpact>("Say what deleting a repository would do"),
    ]
}
