//! [`WorkerState`]: whether a worker is given work. Source: worker runtime spec, section 9.

use std::time::Duration;

/// What a worker is, as far as work goes: the highest of these that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WorkerState {
    /// Says that it is there, and is given work.
    Online,
    /// Was not heard for too long.
    Lost,
    /// Finishes what it has.
    Draining,
    /// An administrator keeps work from it.
    Cordoned,
    /// Is out of the fleet until it is released and enrolls again.
    Quarantined,
}

/// What a worker says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reported {
    /// It takes work.
    #[default]
    Online,
    /// It takes no more.
    Draining,
}

/// A worker says something of itself that it cannot say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a worker is online or draining")]
pub struct InvalidStatus;

/// What an administrator has set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AdminStates {
    /// No work until it is uncordoned.
    pub cordoned: bool,
    /// No work until it is uncordoned, and it goes when it has finished.
    pub draining: bool,
    /// Out of the fleet.
    pub quarantined: bool,
}

impl WorkerState {
    /// Every state, from the lowest.
    pub const ALL: [Self; 5] =
        [Self::Online, Self::Lost, Self::Draining, Self::Cordoned, Self::Quarantined];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Lost => "lost",
            Self::Draining => "draining",
            Self::Cordoned => "cordoned",
            Self::Quarantined => "quarantined",
        }
    }

    /// The state of a worker that was last heard `age` ago.
    pub fn of(admin: AdminStates, reported: Reported, age: Duration, lost_after: Duration) -> Self {
        let applies = [
            (admin.quarantined, Self::Quarantined),
            (admin.cordoned, Self::Cordoned),
            (admin.draining || reported == Reported::Draining, Self::Draining),
            (age >= lost_after, Self::Lost),
        ];
        applies.into_iter().find(|(applies, _)| *applies).map_or(Self::Online, |(_, state)| state)
    }
}

impl Reported {
    /// What a worker says; nothing is `online`.
    pub fn parse(text: &str) -> Result<Self, InvalidStatus> {
        match text {
            "" | "online" => Ok(Self::Online),
            "draining" => Ok(Self::Draining),
            _ => Err(InvalidStatus),
        }
    }
}
