//! What people do in the tutorial, whichever way they do it.

use serde_json::Value;

use crate::server::Server;

/// The workspace of the tutorial.
pub(super) const WORKSPACE: &str = "demo";

/// The app of the tutorial, which is called like its chart.
pub(super) const APP: &str = "emqx";

/// One thing that somebody does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'a> {
    /// Make a platform role of these permissions.
    CreateRole(&'a str, &'a [&'a str]),
    /// Make an account with a platform role and the password of all.
    CreateAccount(&'a str, &'a str),
    /// Make the workspace.
    CreateWorkspace,
    /// Make an invitation to the workspace with a role; gives its secret.
    Invite(&'a str),
    /// Accept an invitation by its secret.
    Accept(&'a str),
    /// Make the app from its first package, with an update log.
    CreateApp(&'a [u8], &'a str),
    /// Add a version from a package, with an update log.
    CreateVersion(&'a [u8], &'a str),
    /// Put another package in the place of a version's.
    ReplacePackage(&'a str, &'a [u8]),
    /// Change the display name, the only keyword and the description.
    Edit(&'a str, &'a str, &'a str),
    /// Give the app an icon, an SVG.
    SetIcon(&'a str),
    /// Read the app.
    Read,
    /// Submit a version with an update log.
    Submit(&'a str, &'a str),
    /// Do something of the lifecycle to a version, with a message, which may be empty.
    Act(&'a str, &'a str, &'a str),
    /// The same to the whole app, without a message.
    ActOnApp(&'a str),
    /// List the reviews that nobody has decided.
    Queue,
    /// Read what was found out about a version.
    Report(&'a str),
    /// Make a category with a title.
    CreateCategory(&'a str, &'a str),
    /// Put the app into a category.
    Assign(&'a str),
    /// Search a category of the store.
    Search(&'a str, &'a str),
    /// Read the app as the store shows it.
    ReadListing,
    /// Compare two versions.
    Compare(&'a str, &'a str),
    /// List the versions.
    Versions,
    /// List what was done to a version, the last first.
    Audit(&'a str),
    /// Delete a version.
    Delete(&'a str),
}

/// What was answered, lists as arrays; or why it was refused.
pub(super) type Reply = Result<Value, String>;

/// A way to do things, as one account.
pub(super) trait Face: Sized {
    /// As the account of this name, whose password is that of all.
    fn sign_in(server: &Server, account: &str) -> Self;

    /// Does one thing.
    fn take(&self, step: Step<'_>) -> Reply;

    /// Does one thing that works.
    #[track_caller]
    fn does(&self, step: Step<'_>) -> Value {
        self.take(step).unwrap_or_else(|error| panic!("{step:?}: {error}"))
    }

    /// Is refused, in words that contain this.
    #[track_caller]
    fn may_not(&self, step: Step<'_>, words: &str) {
        let error = self.take(step).expect_err("this is not possible");
        assert!(error.contains(words), "{step:?} is refused without {words:?}: {error}");
    }
}
