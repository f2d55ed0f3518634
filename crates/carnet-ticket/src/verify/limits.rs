//! [`Limits`]: how much may be spent under a credential, counted by [`Meter`]s.

use std::fmt;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Meter {
    /// Operations; the last one ends the credential.
    Ops,
    /// Ticks; the last one ends the credential.
    Ticks,
    /// Bytes moved.
    BandwidthBytes,
    /// Cursors taken up again.
    CursorResumes,
    /// Cursor steps.
    CursorAdvances,
}

impl Meter {
    /// Every meter, in the order of [`Limits`].
    pub const ALL: [Self; 5] =
        [Self::Ops, Self::Ticks, Self::BandwidthBytes, Self::CursorResumes, Self::CursorAdvances];

    /// The stable name: snake case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ops => "ops",
            Self::Ticks => "ticks",
            Self::BandwidthBytes => "bandwidth_bytes",
            Self::CursorResumes => "cursor_resumes",
            Self::CursorAdvances => "cursor_advances",
        }
    }
}

impl fmt::Display for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How much may be spent, by meter; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Operations.
    pub ops: Option<u64>,
    /// Ticks.
    pub ticks: Option<u64>,
    /// Bytes moved.
    pub bandwidth_bytes: Option<u64>,
    /// Cursors taken up again.
    pub cursor_resumes: Option<u64>,
    /// Cursor steps.
    pub cursor_advances: Option<u64>,
}

impl Limits {
    /// No limit at all.
    pub const fn none() -> Self {
        Self {
            ops: None,
            ticks: None,
            bandwidth_bytes: None,
            cursor_resumes: None,
            cursor_advances: None,
        }
    }

    /// Whether nothing is limited, so that nothing needs to be counted.
    pub const fn is_none(&self) -> bool {
        matches!(
            self,
            Self {
                ops: None,
                ticks: None,
                bandwidth_bytes: None,
                cursor_resumes: None,
                cursor_advances: None
            }
        )
    }

    /// The limit of one meter.
    pub const fn of(&self, meter: Meter) -> Option<u64> {
        match meter {
            Meter::Ops => self.ops,
            Meter::Ticks => self.ticks,
            Meter::BandwidthBytes => self.bandwidth_bytes,
            Meter::CursorResumes => self.cursor_resumes,
            Meter::CursorAdvances => self.cursor_advances,
        }
    }
}
