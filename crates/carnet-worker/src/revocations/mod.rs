//! The revocations of the control plane, heard as they come. Source: control plane spec, section 4.
//!
//! A [`Follower`] reads the stream over the worker's own mTLS and puts what it says in force in the worker's gate:
//! connections of who was revoked are cut. After a gap the snapshot tells the rest; after a break it tries again. It
//! never stops a worker.

mod events;
mod follow;
mod keys;

pub(crate) use follow::Follower;
pub(crate) use keys::{FeedKeys, published};

use carnet_gate::FeedError;
use http::StatusCode;

use crate::fetch::FetchError;

/// Why a stream was left.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FollowError {
    #[error("the control plane gives no answer")]
    Fetch(#[from] FetchError),
    #[error("the control plane answers {0}")]
    Status(StatusCode),
    #[error("the answer is not what was asked for")]
    Answer,
    #[error(transparent)]
    Events(#[from] events::BadEvents),
    #[error("nothing came for too long")]
    Silent,
    #[error("the control plane ended the stream")]
    Ended,
    #[error("revocations were missing: the snapshot had them")]
    CaughtUp,
    #[error(transparent)]
    Feed(#[from] FeedError),
}
