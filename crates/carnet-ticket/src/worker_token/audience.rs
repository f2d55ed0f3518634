//! [`Audience`]: the two kinds of endpoint that a token is for.

/// What a token is for, and which endpoint demands it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audience {
    /// A worker calls the control plane.
    ControlPlane,
    /// The control plane calls a worker.
    Rpc,
}

impl Audience {
    /// Both.
    pub const ALL: [Self; 2] = [Self::ControlPlane, Self::Rpc];

    /// Its text in a token.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ControlPlane => "worker:control-plane",
            Self::Rpc => "worker:rpc",
        }
    }

    /// The audience of exactly this text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|audience| audience.as_str() == text)
    }
}
