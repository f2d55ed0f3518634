//! [`Life`]: in which state a task is, and where it can go from there.

/// Where a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskState {
    /// It waits for a worker.
    Pending,
    /// A worker is asked to do it.
    Placed,
    /// A worker does it.
    Running,
    /// It is done, and has its output.
    Succeeded,
    /// It is not done, and nobody tries again.
    Failed,
    /// Somebody did not want it any more.
    Cancelled,
    /// It took too long.
    Expired,
}

impl TaskState {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Placed,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
        Self::Expired,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Placed => "placed",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// The state of this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether nothing comes after it.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Placed | Self::Running)
    }

    /// Whether a worker has it.
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Placed | Self::Running)
    }
}

/// What becomes of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A worker is chosen.
    Place,
    /// The worker that was chosen did not take it. That is no attempt.
    Unplace,
    /// The worker has begun.
    Start,
    /// The worker is done.
    Succeed,
    /// The worker could not do it.
    Fail {
        /// Whether trying again may help.
        is_retryable: bool,
    },
    /// The worker is lost, quarantined, or let its lease run out.
    Lose,
    /// Somebody does not want it any more.
    Cancel,
    /// Its time is over.
    Expire,
    /// No worker was found for too long.
    GiveUp,
}

/// Why something cannot become of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LifeError {
    /// Nothing becomes of it any more.
    #[error("the task is over")]
    Final,
    /// What was said is of an attempt that is over.
    #[error("the attempt is over")]
    Stale,
}

/// The state of a task, and which attempt it is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// The state.
    pub state: TaskState,
    /// The attempt, from 1.
    pub attempt: u32,
    /// The last attempt there will be.
    pub max_attempts: u32,
}

impl Life {
    /// A task that nobody has tried.
    pub const fn new(max_attempts: u32) -> Self {
        Self { state: TaskState::Pending, attempt: 1, max_attempts }
    }

    /// What `step` makes of it.
    pub fn after(self, step: Step) -> Result<Self, LifeError> {
        use TaskState::{Cancelled, Expired, Failed, Pending, Placed, Running, Succeeded};
        if self.state.is_final() {
            return Err(LifeError::Final);
        }
        let state = match (step, self.state) {
            (Step::Place, Pending) => Placed,
            (Step::Unplace, Placed) => Pending,
            // A worker may say so twice.
            (Step::Start, Placed | Running) => Running,
            (Step::Succeed, Placed | Running) => Succeeded,
            (Step::Fail { is_retryable: true } | Step::Lose, Placed | Running) => {
                return Ok(self.again());
            }
            (Step::Fail { is_retryable: false }, Placed | Running) | (Step::GiveUp, Pending) => {
                Failed
            }
            (Step::Cancel, _) => Cancelled,
            (Step::Expire, _) => Expired,
            _ => return Err(LifeError::Stale),
        };
        Ok(Self { state, ..self })
    }

    /// The next attempt, if there is one.
    fn again(self) -> Self {
        if self.attempt < self.max_attempts {
            Self { state: TaskState::Pending, attempt: self.attempt + 1, ..self }
        } else {
            Self { state: TaskState::Failed, ..self }
        }
    }
}
