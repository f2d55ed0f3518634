//! [`Speaker`]: who speaks for a worker, and what that lets it say of itself.

use std::sync::Arc;

use carnet_ticket::identity::{Leaf, Member};
use http::Uri;

use super::Reach;

/// Who speaks for a worker.
#[derive(Debug, Clone)]
pub(crate) enum Speaker {
    /// Whoever this certificate names.
    Certificate(Arc<Leaf>),
    /// Whoever a token names.
    Token {
        /// The worker id in it.
        subject: String,
        /// Whether it is one of the configuration; else it is signed.
        is_static: bool,
    },
}

impl Speaker {
    /// Whom an id is bound to.
    pub(super) fn identity(&self) -> String {
        match self {
            Self::Certificate(leaf) => leaf.identity.to_string(),
            Self::Token { subject, .. } => subject.clone(),
        }
    }

    /// Who it is in the fleet.
    pub(super) fn member(&self) -> Option<Member> {
        match self {
            Self::Certificate(leaf) => Member::of(&leaf.identity),
            Self::Token { .. } => None,
        }
    }

    /// Whether it showed a token of the configuration; nothing, if it showed none at all.
    pub(super) fn shows_static(&self) -> Option<bool> {
        match self {
            Self::Certificate(_) => None,
            Self::Token { is_static, .. } => Some(*is_static),
        }
    }

    /// The certificate that it came with.
    pub(crate) fn leaf(&self) -> Option<&Arc<Leaf>> {
        match self {
            Self::Certificate(leaf) => Some(leaf),
            Self::Token { .. } => None,
        }
    }

    /// Whether it may say that it is at `url`: https, of a host that its certificate names; a token names none.
    pub(super) fn may_be_at(&self, url: &str) -> bool {
        let Ok(url) = url.parse::<Uri>() else { return false };
        let Some(host) = url.host() else { return false };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let is_its = match self {
            Self::Certificate(leaf) => leaf.names(host),
            Self::Token { .. } => true,
        };
        url.scheme_str() == Some("https") && is_its
    }

    /// Whether it may say that it is called at `url`: as [`Self::may_be_at`], and in plain where those are called so who
    /// come by a token.
    pub(super) fn may_be_called_at(&self, url: &str, reach: Reach) -> bool {
        let is_plain = self.leaf().is_none() && reach == Reach::Loopback && reach.has(url);
        is_plain || self.may_be_at(url)
    }
}
