//! The lifecycle of an app version, as data: states, actions, who may do which and where it leads
//! (product.md, "Lifecycle of an app version").

use serde::{Deserialize, Serialize};

use crate::{Error, Permission, PhaseName, Result};

/// The state of an app version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum VersionState {
    /// Uploaded, can be edited.
    Draft,
    /// Waits for a reviewer.
    Submitted,
    /// A reviewer has begun, or a phase has passed and another is to come.
    InReview,
    /// Approved, not yet in the store.
    Passed,
    /// Refused with a reason; can be edited again.
    Rejected,
    /// Released: in the store.
    Active,
    /// Taken down from the store; what is installed keeps running.
    Suspended,
}

/// What can be done to an app version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Change its texts or replace its package.
    Edit,
    /// Ask for review, with an update log.
    Submit,
    /// Take the submission back.
    Cancel,
    /// Begin to review.
    StartReview,
    /// Pass a phase of review.
    Pass,
    /// Refuse, with a reason.
    Reject,
    /// Pass all phases at once: an administrator's decision against the usual way.
    OverridePass,
    /// Refuse whatever the phase: an administrator's decision against the usual way.
    OverrideReject,
    /// Put it into the store.
    Release,
    /// Take it down from the store.
    Suspend,
    /// Put it back into the store.
    Recover,
    /// Remove it.
    Delete,
}

/// Who may take an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Who has the permission in the app's workspace.
    Workspace(Permission),
    /// Who has the permission on the platform.
    Platform(Permission),
    /// A reviewer of the phase under way: the permission on the platform, what the phase asks for beyond it, and not
    /// the submitter unless the platform allows it.
    Reviewer(Permission),
    /// Who submitted it, or has the permission in the workspace.
    SubmitterOr(Permission),
    /// Who has every permission there is.
    Administrator,
}

/// Where an action leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    State(VersionState),
    /// `passed` after the last phase, else the next phase of `in-review`.
    Phase,
    /// Nowhere: the version is removed.
    Gone,
}

/// A row of the table.
struct Rule {
    action: Action,
    from: &'static [VersionState],
    who: Who,
    next: Next,
    /// Whether a message has to say why.
    reason: bool,
}

const fn rule(action: Action, from: &'static [VersionState], who: Who, next: Next) -> Rule {
    let reason = matches!(action, Action::Reject | Action::OverridePass | Action::OverrideReject);
    Rule { action, from, who, next, reason }
}

/// The table.
const RULES: &[Rule] = {
    use Next::{Gone, Phase, State};
    use Permission::{AppsCreate, AppsManage, AppsRelease, AppsReview, WorkspacesManage};
    use VersionState::{Active, Draft, InReview, Passed, Rejected, Submitted, Suspended};
    use Who::{Administrator, Platform, Reviewer, SubmitterOr, Workspace};
    &[
        rule(Action::Edit, &[Draft, Rejected], Workspace(AppsCreate), State(Draft)),
        rule(Action::Submit, &[Draft, Rejected], Workspace(AppsManage), State(Submitted)),
        rule(Action::Cancel, &[Submitted, InReview, Passed], SubmitterOr(WorkspacesManage), State(Draft)),
        rule(Action::StartReview, &[Submitted], Reviewer(AppsReview), State(InReview)),
        rule(Action::Pass, &[Submitted, InReview], Reviewer(AppsReview), Phase),
        rule(Action::Reject, &[Submitted, InReview], Reviewer(AppsReview), State(Rejected)),
        rule(Action::OverridePass, &[Submitted, InReview], Administrator, State(Passed)),
        rule(Action::OverrideReject, &[Submitted, InReview, Passed], Administrator, State(Rejected)),
        rule(Action::Release, &[Passed], Workspace(AppsRelease), State(Active)),
        rule(Action::Suspend, &[Active], Platform(AppsReview), State(Suspended)),
        rule(Action::Recover, &[Suspended], Platform(AppsReview), State(Active)),
        rule(Action::Delete, &[Draft, Rejected, Passed, Suspended], Workspace(AppsManage), Gone),
    ]
};

impl VersionState {
    /// Every state there is.
    pub const ALL: &'static [Self] = &[
        Self::Draft,
        Self::Submitted,
        Self::InReview,
        Self::Passed,
        Self::Rejected,
        Self::Active,
        Self::Suspended,
    ];

    /// The state's name, as the API, the database and messages spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::InReview => "in-review",
            Self::Passed => "passed",
            Self::Rejected => "rejected",
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }

    /// The actions that lead on from here, whoever may take them, in the order of the table.
    pub fn actions(self) -> impl Iterator<Item = Action> {
        RULES.iter().filter(move |rule| rule.from.contains(&self)).map(|rule| rule.action)
    }
}

impl std::str::FromStr for VersionState {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.iter().copied().find(|state| state.as_str() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|state| state.as_str()).collect();
            Error::invalid("state", format!("{text:?} is not one of {}", known.join(", ")))
        })
    }
}

impl Action {
    /// Every action there is.
    pub const ALL: &'static [Self] = &[
        Self::Edit,
        Self::Submit,
        Self::Cancel,
        Self::StartReview,
        Self::Pass,
        Self::Reject,
        Self::OverridePass,
        Self::OverrideReject,
        Self::Release,
        Self::Suspend,
        Self::Recover,
        Self::Delete,
    ];

    /// The action's name, as the API's paths, the audit log and messages spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::Submit => "submit",
            Self::Cancel => "cancel",
            Self::StartReview => "start-review",
            Self::Pass => "pass",
            Self::Reject => "reject",
            Self::OverridePass => "override-pass",
            Self::OverrideReject => "override-reject",
            Self::Release => "release",
            Self::Suspend => "suspend",
            Self::Recover => "recover",
            Self::Delete => "delete",
        }
    }

    fn rule(self) -> &'static Rule {
        RULES.iter().find(|rule| rule.action == self).expect("the table has a row for every action")
    }

    /// Who may take it.
    #[must_use]
    pub fn who(self) -> Who {
        self.rule().who
    }

    /// Whether a message has to say why.
    #[must_use]
    pub fn needs_reason(self) -> bool {
        self.rule().reason
    }

    /// Where it leads from `state` when `phases_left` more phases are to pass after the one under way; `None` means
    /// that the version is removed.
    ///
    /// # Errors
    /// [`Error::IllegalAction`] when the action is not possible in this state; who may do what there is the caller's to
    /// add.
    pub fn next(self, state: VersionState, phases_left: usize) -> Result<Option<VersionState>> {
        let rule = self.rule();
        if !rule.from.contains(&state) {
            return Err(Error::IllegalAction { action: self, state, allowed: Vec::new() });
        }
        Ok(match rule.next {
            Next::State(state) => Some(state),
            Next::Phase if phases_left == 0 => Some(VersionState::Passed),
            Next::Phase => Some(VersionState::InReview),
            Next::Gone => None,
        })
    }
}

impl std::str::FromStr for Action {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|action| action.as_str() == text)
            .ok_or_else(|| Error::invalid("action", format!("{text:?} is not an action")))
    }
}

/// The moves that take what a rule imports from a draft into the store, in their order. Nobody has looked at it then:
/// whoever lets a rule do that has to be able to make each of them against the usual way.
pub const MOVES_OF_RULES: &[Action] = &[Action::Submit, Action::OverridePass, Action::Release];

/// The state of an app, which follows from those of its versions: in the store if one is; else taken down if one was;
/// else a draft.
#[must_use]
pub fn app_state(versions: impl IntoIterator<Item = VersionState>) -> VersionState {
    let rank = |state| match state {
        VersionState::Active => 2,
        VersionState::Suspended => 1,
        _ => 0,
    };
    match versions.into_iter().map(rank).max() {
        Some(2) => VersionState::Active,
        Some(1) => VersionState::Suspended,
        _ => VersionState::Draft,
    }
}

/// The phases of review when nothing else is set.
#[must_use]
pub fn default_phases() -> Vec<PhaseName> {
    phases(&["review"])
}

/// The preset of three phases: the vendor's own check, the business's, the technicians'.
#[must_use]
pub fn three_phases() -> Vec<PhaseName> {
    phases(&["isv", "business", "technical"])
}

fn phases(names: &[&str]) -> Vec<PhaseName> {
    names.iter().map(|name| name.parse().expect("a name of lower-case letters")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every state × action, with one phase: the table of product.md, spelt out once more.
    #[test]
    fn the_whole_table() {
        use VersionState::{Active, Draft, InReview, Passed, Rejected, Submitted, Suspended};
        const NO: Option<&str> = None;
        let to = Some::<&str>;
        #[rustfmt::skip]
        let expected = [
            //                      draft            submitted         in-review         passed            rejected          active             suspended
            (Action::Edit,           [to("draft"),     NO,               NO,               NO,               to("draft"),      NO,                NO]),
            (Action::Submit,         [to("submitted"), NO,               NO,               NO,               to("submitted"),  NO,                NO]),
            (Action::Cancel,         [NO,              to("draft"),      to("draft"),      to("draft"),      NO,               NO,                NO]),
            (Action::StartReview,    [NO,              to("in-review"),  NO,               NO,               NO,               NO,                NO]),
            (Action::Pass,           [NO,              to("passed"),     to("passed"),     NO,               NO,               NO,                NO]),
            (Action::Reject,         [NO,              to("rejected"),   to("rejected"),   NO,               NO,               NO,                NO]),
            (Action::OverridePass,   [NO,              to("passed"),     to("passed"),     NO,               NO,               NO,                NO]),
            (Action::OverrideReject, [NO,              to("rejected"),   to("rejected"),   to("rejected"),   NO,               NO,                NO]),
            (Action::Release,        [NO,              NO,               NO,               to("active"),     NO,               NO,                NO]),
            (Action::Suspend,        [NO,              NO,               NO,               NO,               NO,               to("suspended"),   NO]),
            (Action::Recover,        [NO,              NO,               NO,               NO,               NO,               NO,                to("active")]),
            (Action::Delete,         [to("gone"),      NO,               NO,               to("gone"),       to("gone"),       NO,                to("gone")]),
        ];
        let states = [Draft, Submitted, InReview, Passed, Rejected, Active, Suspended];
        assert_eq!(states, VersionState::ALL);
        assert_eq!(expected.map(|(action, _)| action), Action::ALL);
        for (action, row) in expected {
            for (state, expected) in states.into_iter().zip(row) {
                let next = action.next(state, 0);
                let name = next.as_ref().ok().map(|next| next.map_or("gone", VersionState::as_str));
                assert_eq!(name, expected, "{action:?} from {state:?}");
                assert_eq!(state.actions().any(|other| other == action), expected.is_some());
            }
        }
    }

    #[test]
    fn phases_pass_one_after_the_other() {
        let states = |left| Action::Pass.next(VersionState::InReview, left).unwrap();
        assert_eq!(states(2), Some(VersionState::InReview));
        assert_eq!(states(0), Some(VersionState::Passed));
        assert_eq!(three_phases().len(), 3);
        assert_eq!(default_phases().len(), 1);
    }

    #[test]
    fn a_rule_moves_as_the_table_allows() {
        let moved = MOVES_OF_RULES
            .iter()
            .fold(VersionState::Draft, |state, action| action.next(state, 2).unwrap().unwrap());
        assert_eq!(moved, VersionState::Active);
        assert!(MOVES_OF_RULES.iter().any(|action| action.who() == Who::Administrator));
    }

    #[test]
    fn the_state_of_an_app() {
        use VersionState::{Active, Draft, Passed, Rejected, Suspended};
        let cases: [(&[VersionState], VersionState); 5] = [
            (&[], Draft),
            (&[Draft, Rejected, Passed], Draft),
            (&[Draft, Suspended], Suspended),
            (&[Suspended, Active, Draft], Active),
            (&[Active], Active),
        ];
        for (versions, expected) in cases {
            assert_eq!(app_state(versions.iter().copied()), expected, "{versions:?}");
        }
    }

    #[test]
    fn names_are_the_serialised_ones() {
        for &state in VersionState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
            assert_eq!(state.as_str().parse::<VersionState>().unwrap(), state);
        }
        for &action in Action::ALL {
            assert_eq!(serde_json::to_value(action).unwrap(), action.as_str());
            assert_eq!(action.as_str().parse::<Action>().unwrap(), action);
        }
        let error = Action::Release.next(VersionState::Draft, 0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "release is not possible while the version is draft; possible now: nothing"
        );
    }
}
