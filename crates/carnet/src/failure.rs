//! How failures end: what is said on stderr, and the exit code.

use std::error::Error;
use std::fmt;
use std::process::ExitCode;

use carnet_realm::client::{
    ClientError, GetTreeError, PutTreeError, Refusal, ScanFault, WalkError,
};
use carnet_realm::layout::{ReadError, WriteError};
use carnet_worker::WorkerError;

/// What a command found wrong, in its own words.
#[derive(Debug)]
pub enum Failure {
    /// A check failed, or something was denied or not there: exit 1.
    Check(String),
    /// The command is wrong: exit 2.
    Usage(String),
    /// It could not run: exit 3.
    CouldNotRun(String),
}

impl Failure {
    /// A credential does not count: the stable code of the reason, and what it means.
    pub fn denied(code: &str, reason: impl fmt::Display) -> Self {
        Self::Check(format!("{code}: {reason}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Check(text) | Self::Usage(text) | Self::CouldNotRun(text) => f.write_str(text),
        }
    }
}

impl Error for Failure {}

/// Says what went wrong, and gives the exit code.
pub fn report(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::from(code(error))
}

fn code(error: &anyhow::Error) -> u8 {
    for cause in error.chain() {
        if let Some(failure) = cause.downcast_ref::<Failure>() {
            return match failure {
                Failure::Check(_) => 1,
                Failure::Usage(_) => 2,
                Failure::CouldNotRun(_) => 3,
            };
        }
        if let Some(code) = code_of(cause) {
            return code;
        }
    }
    3
}

/// The exit code of an error of the content store.
fn code_of(error: &(dyn Error + 'static)) -> Option<u8> {
    if let Some(error) = error.downcast_ref::<ClientError>() {
        return Some(client_code(error));
    }
    if let Some(error) = error.downcast_ref::<ReadError<ClientError>>() {
        return Some(read_code(error));
    }
    if let Some(error) = error.downcast_ref::<WriteError<ClientError>>() {
        return Some(match error {
            WriteError::Sink(error) => client_code(error),
            WriteError::Source(_) => 3,
            _ => 1,
        });
    }
    if let Some(error) = error.downcast_ref::<WorkerError>() {
        return Some(worker_code(error));
    }
    if let Some(error) = error.downcast_ref::<WalkError>() {
        return Some(if let WalkError::Client(error) = error { client_code(error) } else { 1 });
    }
    if let Some(error) = error.downcast_ref::<PutTreeError>() {
        return Some(match error {
            PutTreeError::Client(error) | PutTreeError::NotStored { source: error, .. } => {
                client_code(error)
            }
            PutTreeError::Scan(faults) if faults.iter().all(is_unreadable) => 3,
            PutTreeError::File(fault) if is_unreadable(fault) => 3,
            _ => 1,
        });
    }
    let error = error.downcast_ref::<GetTreeError>()?;
    Some(match error {
        GetTreeError::Client(error) => client_code(error),
        GetTreeError::File { source, .. } => read_code(source),
        GetTreeError::Disk { .. } => 3,
        _ => 1,
    })
}

fn is_unreadable(fault: &ScanFault) -> bool {
    matches!(fault, ScanFault::Unreadable { .. })
}

fn read_code(error: &ReadError<ClientError>) -> u8 {
    match error {
        ReadError::Source(error) => client_code(error),
        ReadError::Out(_) => 3,
        _ => 1,
    }
}

/// What a worker or its CA has judged is an answer; what neither could do is not.
fn worker_code(error: &WorkerError) -> u8 {
    match error {
        WorkerError::NoIdentity { .. }
        | WorkerError::CertificateFile { .. }
        | WorkerError::FingerprintMismatch { .. }
        | WorkerError::UntrustedCa { .. }
        | WorkerError::EnrollmentRefused { .. } => 1,
        _ => 3,
    }
}

/// Refusals are answers; what the server could not do is not.
fn client_code(error: &ClientError) -> u8 {
    match error.refusal() {
        Some(Refusal { status, .. }) if status.is_client_error() => 1,
        _ => 3,
    }
}
