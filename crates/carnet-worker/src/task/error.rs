//! [`TaskError`]: why a task is not done.

use std::fmt;
use std::io;

use carnet_realm::client::ClientError;
use carnet_realm::layout::{ReadError, WriteError};

/// Why a task is not done: what whoever wanted it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskError {
    /// Of the capability: `[A-Z][A-Z0-9_]{0,63}`, such as `INVALID_IMAGE`. Anything else is told as
    /// `INVALID_CODE`.
    pub code: String,
    /// A sentence for people.
    pub message: String,
    /// Whether trying again may help.
    pub retryable: bool,
}

impl TaskError {
    /// One for which trying again is no help.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), retryable: false }
    }

    /// The same, for which it may be.
    #[must_use]
    pub fn retryable(self) -> Self {
        Self { retryable: true, ..self }
    }

    /// Of a content store that does not do what it was asked for.
    pub(super) fn of_store(error: &ClientError) -> Self {
        match error.refusal().map(|refusal| refusal.status.as_u16()) {
            Some(413) => Self::new("OUTPUT_TOO_LARGE", error.to_string()),
            Some(429 | 500..) | None => {
                Self::new("STORE_UNAVAILABLE", error.to_string()).retryable()
            }
            Some(_) => Self::new("STORE_REFUSED", error.to_string()),
        }
    }

    /// Of an input that is not to be had.
    pub(super) fn of_input(error: &ReadError<ClientError>) -> Self {
        match error {
            ReadError::Source(error) => Self::of_store(error),
            other => Self::new("INVALID_INPUT", other.to_string()),
        }
    }

    /// Of an output that is not stored.
    pub(super) fn of_output(error: &WriteError<ClientError>) -> Self {
        match error {
            WriteError::Sink(error) => Self::of_store(error),
            WriteError::Source(_) => Self::new("IO_ERROR", error.to_string()).retryable(),
            other => Self::new("INVALID_OUTPUT", other.to_string()),
        }
    }
}

/// What reading the input and writing the output can come to.
impl From<io::Error> for TaskError {
    fn from(error: io::Error) -> Self {
        let inner = error.get_ref();
        if let Some(error) = inner.and_then(|it| it.downcast_ref::<ReadError<ClientError>>()) {
            return Self::of_input(error);
        }
        match error.kind() {
            io::ErrorKind::FileTooLarge => Self::new("OUTPUT_TOO_LARGE", error.to_string()),
            _ => Self::new("IO_ERROR", error.to_string()).retryable(),
        }
    }
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for TaskError {}
