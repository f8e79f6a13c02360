//! What people and programs are told of.

use serde::{Deserialize, Serialize};

use crate::{Action, Error, Result, VersionState};

/// Something that happened to an app version, as subscribers name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Event {
    /// It waits for a reviewer.
    #[serde(rename = "version.submitted")]
    Submitted,
    /// Its submission was taken back.
    #[serde(rename = "version.cancelled")]
    Cancelled,
    /// A reviewer has begun.
    #[serde(rename = "version.review-started")]
    ReviewStarted,
    /// It passed a phase of review, and another one is to come.
    #[serde(rename = "version.phase-passed")]
    PhasePassed,
    /// It passed the last phase of review.
    #[serde(rename = "version.passed")]
    Passed,
    /// It was refused, with a reason.
    #[serde(rename = "version.rejected")]
    Rejected,
    /// It is in the store.
    #[serde(rename = "version.released")]
    Released,
    /// It was taken down from the store.
    #[serde(rename = "version.suspended")]
    Suspended,
    /// It was put back into the store.
    #[serde(rename = "version.recovered")]
    Recovered,
}

/// Who is told of an event by mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Those who review: `apps.review` on the platform.
    Reviewers,
    /// Who submitted the version, and those who manage the app: `apps.manage` in its workspace.
    SubmitterAndManagers,
    /// Who submitted the version.
    Submitter,
    /// Those who manage the app: `apps.manage` in its workspace.
    Managers,
}

impl Event {
    /// Every event there is.
    pub const ALL: &'static [Self] = &[
        Self::Submitted,
        Self::Cancelled,
        Self::ReviewStarted,
        Self::PhasePassed,
        Self::Passed,
        Self::Rejected,
        Self::Released,
        Self::Suspended,
        Self::Recovered,
    ];

    /// What an action that led to a state is told as; nothing for those that concern nobody else.
    #[must_use]
    pub fn of(action: Action, state: VersionState) -> Option<Self> {
        match action {
            Action::Submit => Some(Self::Submitted),
            Action::Cancel => Some(Self::Cancelled),
            Action::StartReview => Some(Self::ReviewStarted),
            Action::Pass if state != VersionState::Passed => Some(Self::PhasePassed),
            Action::Pass | Action::OverridePass => Some(Self::Passed),
            Action::Reject | Action::OverrideReject => Some(Self::Rejected),
            Action::Release => Some(Self::Released),
            Action::Suspend => Some(Self::Suspended),
            Action::Recover => Some(Self::Recovered),
            Action::Edit | Action::Delete => None,
        }
    }

    /// Who is told of it by mail. Webhooks are told of what they ask for.
    #[must_use]
    pub fn audience(self) -> Audience {
        match self {
            Self::Submitted | Self::Cancelled | Self::PhasePassed => Audience::Reviewers,
            Self::ReviewStarted => Audience::Submitter,
            Self::Passed | Self::Rejected => Audience::SubmitterAndManagers,
            Self::Released | Self::Suspended | Self::Recovered => Audience::Managers,
        }
    }

    /// The event's name, as webhooks, the API and the database spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "version.submitted",
            Self::Cancelled => "version.cancelled",
            Self::ReviewStarted => "version.review-started",
            Self::PhasePassed => "version.phase-passed",
            Self::Passed => "version.passed",
            Self::Rejected => "version.rejected",
            Self::Released => "version.released",
            Self::Suspended => "version.suspended",
            Self::Recovered => "version.recovered",
        }
    }

    /// What happened, in words that follow the name of a version.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::Submitted => "was submitted for review",
            Self::Cancelled => "is no longer submitted for review",
            Self::ReviewStarted => "is being reviewed",
            Self::PhasePassed => "passed a phase of review",
            Self::Passed => "passed review",
            Self::Rejected => "was rejected",
            Self::Released => "was released into the store",
            Self::Suspended => "was taken down from the store",
            Self::Recovered => "is back in the store",
        }
    }
}

impl std::str::FromStr for Event {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.iter().copied().find(|event| event.as_str() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|event| event.as_str()).collect();
            Error::invalid("event", format!("{text:?} is not one of {}", known.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_json() {
        for event in Event::ALL {
            assert_eq!(serde_json::to_value(event).unwrap(), event.as_str());
            assert_eq!(event.as_str().parse::<Event>().unwrap(), *event);
        }
        assert!("version.deleted".parse::<Event>().unwrap_err().to_string().contains("version.released"));
    }

    #[test]
    fn what_actions_are_told_as() {
        use VersionState::{Draft, InReview, Passed, Rejected};
        let cases = [
            (Action::Pass, InReview, Some(Event::PhasePassed)),
            (Action::Pass, Passed, Some(Event::Passed)),
            (Action::OverridePass, Passed, Some(Event::Passed)),
            (Action::OverrideReject, Rejected, Some(Event::Rejected)),
            (Action::Edit, Draft, None),
        ];
        for (action, state, event) in cases {
            assert_eq!(Event::of(action, state), event, "{action:?}");
        }
    }
}
