//! Time zones: what the clocks of a place show.

use std::borrow::Cow;
use std::rc::Rc;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// A Go `*time.Location`.
#[derive(Clone, Debug)]
pub(super) enum Zone {
    /// `time.UTC`.
    Utc,
    /// `time.Local`: no environment is read here, so it is UTC under its own name.
    Local,
    /// A name and an offset that a text had.
    Fixed(Rc<FixedZone>),
    /// A zone of the tz database.
    Named(TimeZone),
}

/// A zone that never changes its offset.
#[derive(Debug)]
pub(super) struct FixedZone {
    /// As it stood in the text; may be empty.
    pub(super) name: Vec<u8>,
    /// Seconds east of Greenwich.
    pub(super) offset: i64,
}

/// What a zone's clocks show at a time.
pub(super) struct Look<'a> {
    /// `CET`; empty when nobody gave it a name.
    pub(super) abbreviation: Cow<'a, [u8]>,
    /// Seconds east of Greenwich.
    pub(super) offset: i64,
    /// Summer time?
    pub(super) is_dst: bool,
}

impl Zone {
    /// The zone of a name as `time.LoadLocation` finds it, in the database that is part of this program: what is
    /// installed where it runs must not change what a chart renders to.
    pub(super) fn load(name: &str) -> Option<Self> {
        match name {
            "" | "UTC" => Some(Self::Utc),
            "Local" => Some(Self::Local),
            _ => {
                let zone = TimeZoneDatabase::bundled().get(name).ok()?;
                // Go finds files, by their exact names.
                (zone.iana_name() == Some(name)).then_some(Self::Named(zone))
            }
        }
    }

    /// A zone made of an abbreviation and an offset.
    pub(super) fn fixed(name: &[u8], offset: i64) -> Self {
        Self::Fixed(Rc::new(FixedZone { name: name.to_vec(), offset }))
    }

    /// What its clocks show at a Unix time.
    pub(super) fn look(&self, unix: i64) -> Look<'_> {
        match self {
            Self::Utc | Self::Local => Look { abbreviation: b"UTC"[..].into(), offset: 0, is_dst: false },
            Self::Fixed(zone) => {
                Look { abbreviation: zone.name[..].into(), offset: zone.offset, is_dst: false }
            }
            Self::Named(zone) => {
                let limits = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
                let time = Timestamp::from_second(unix.clamp(limits.0, limits.1)).unwrap_or_default();
                let info = zone.to_offset_info(time);
                Look {
                    abbreviation: info.abbreviation().as_bytes().to_vec().into(),
                    offset: info.offset().seconds().into(),
                    is_dst: info.dst().is_dst(),
                }
            }
        }
    }

    /// The name of the location as its `String` method gives it.
    pub(super) fn name(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Utc => b"UTC"[..].into(),
            Self::Local => b"Local"[..].into(),
            Self::Fixed(zone) => zone.name[..].into(),
            Self::Named(zone) => zone.iana_name().unwrap_or_default().as_bytes().into(),
        }
    }

    /// Are both the same `*time.Location`?
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Utc, Self::Utc) | (Self::Local, Self::Local) => true,
            (Self::Fixed(left), Self::Fixed(right)) => Rc::ptr_eq(left, right),
            (Self::Named(left), Self::Named(right)) => left == right,
            _ => false,
        }
    }
}
