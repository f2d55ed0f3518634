//! What of a parent a child may get: no field exceeds the parent's.

use carnet_ticket::realm::NodeKey;
use carnet_ticket::rights::WriteLimits;
use carnet_ticket::time::Timestamp;

use super::CreateTicket;
use crate::accept;

/// How deep below its root ticket a child may be.
pub const DEPTH_MAX: u32 = 16;

/// What a child is cut from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// What it may read; none for the whole realm.
    pub input: Option<Vec<NodeKey>>,
    /// What it may still write: its quota is what is left. None when it may not, or not any more.
    pub write: Option<WriteLimits>,
    /// The last moment at which it counts.
    pub expires_at: Timestamp,
    /// How deep it is; a ticket without a parent is at 0.
    pub depth: u32,
    /// Whether it may make children of itself.
    pub delegable: bool,
}

/// Who makes a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The parent itself.
    Itself,
    /// Somebody whose the realm is.
    Owner,
}

/// What a child gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// What it may read; none for the whole realm.
    pub input: Option<Vec<NodeKey>>,
    /// What it may write; none for nothing.
    pub write: Option<WriteLimits>,
    /// The last moment at which it counts.
    pub expires_at: Timestamp,
    /// How deep it is.
    pub depth: u32,
    /// Whether it may make children of itself.
    pub delegable: bool,
}

/// What of a child would exceed its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} exceeds the parent", self.field())]
pub enum Exceeds {
    /// A key that the parent cannot use.
    Input,
    /// Writing, which the parent may not.
    Writable,
    /// More bytes than the parent has left.
    Quota,
    /// Types that the parent does not accept.
    Accept,
    /// Children, which the parent may not make.
    Delegable,
    /// Its depth.
    Depth,
}

impl Exceeds {
    /// The field that is at fault.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Writable => "writable",
            Self::Quota => "quota",
            Self::Accept => "accept",
            Self::Delegable => "delegable",
            Self::Depth => "depth",
        }
    }
}

/// Cuts a child from `parent`: what `request` does not say it gets from there. `is_usable` tells the keys that the
/// parent can use, `expires_at` is how long it would live without one.
pub fn attenuate(
    parent: Parent,
    by: By,
    request: &CreateTicket,
    is_usable: impl Fn(&NodeKey) -> bool,
    expires_at: Timestamp,
) -> Result<Child, Exceeds> {
    let input = match &request.input {
        Some(keys) if parent.input.is_some() && !keys.iter().all(is_usable) => {
            return Err(Exceeds::Input);
        }
        Some(keys) => Some(keys.clone()),
        None => parent.input,
    };
    let write = match &request.writable {
        None => None,
        Some(wanted) => {
            let limits = parent.write.ok_or(Exceeds::Writable)?;
            let quota = match (wanted.quota, limits.quota) {
                (Some(wanted), Some(left)) if wanted > left => return Err(Exceeds::Quota),
                (wanted, left) => wanted.or(left),
            };
            let accept = match &wanted.accept {
                Some(wanted) if !accept::are_within(wanted, &limits.accept) => {
                    return Err(Exceeds::Accept);
                }
                Some(wanted) => wanted.clone(),
                None => limits.accept,
            };
            Some(WriteLimits { quota, accept })
        }
    };
    if !parent.delegable && (by == By::Itself || request.delegable) {
        return Err(Exceeds::Delegable);
    }
    if parent.depth >= DEPTH_MAX {
        return Err(Exceeds::Depth);
    }
    Ok(Child {
        input,
        write,
        expires_at: expires_at.min(parent.expires_at),
        depth: parent.depth + 1,
        delegable: request.delegable,
    })
}
