//! The rows of virtual repositories.

use chandlery_api::{ResolvedChart, VirtualView};
use chandlery_core::Permission::{AppsView, RepositoriesManage};

use super::Need::Repository;
use super::Route;
use super::rest::{get, put};
use crate::http::virtual_repositories as handlers;

const VIRTUAL: &str = "/api/v1/repositories/{workspace}/{repository}/virtual";
const RESOLVE: &str = "/api/v1/repositories/{workspace}/{repository}/virtual/resolve";

/// Every row.
pub(super) fn rows() -> Vec<Route> {
    let manage = Repository(RepositoriesManage);
    vec![
        get(VIRTUAL, manage, handlers::get_virtual_members)
            .gives::<VirtualView>("Get what a virtual repository merges"),
        put(VIRTUAL, manage, handlers::replace_virtual_members)
            .gives::<VirtualView>("Replace what a virtual repository merges"),
        get(RESOLVE, Repository(AppsView), handlers::resolve_chart)
            .gives::<ResolvedChart>("Say which members a chart of a virtual repository comes from, and why"),
    ]
}
