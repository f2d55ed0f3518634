//! Depots: a name for a root that moves, and the roots that it had. Source: realm spec, section 8.

use carnet_ticket::realm::NodeKey;

/// The depot that every realm has.
pub const MAIN: &str = "main";

/// How many former roots are kept where nobody says.
pub const HISTORY_DEFAULT: u64 = 20;

const HISTORY_MAX: u64 = 100;
const TITLE_MAX: usize = 128;

/// What a depot cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDepot {
    /// A title that is empty or too long.
    #[error("a title has 1 to {TITLE_MAX} characters")]
    Title,
    /// More or fewer former roots than may be kept.
    #[error("maxHistory is from 1 to {HISTORY_MAX}")]
    MaxHistory,
}

impl InvalidDepot {
    /// The field that is at fault.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::MaxHistory => "maxHistory",
        }
    }
}

/// Whether a depot may be called this.
pub fn check_title(title: &str) -> Result<(), InvalidDepot> {
    let is_good = (1..=TITLE_MAX).contains(&title.chars().count());
    is_good.then_some(()).ok_or(InvalidDepot::Title)
}

/// Whether a depot may keep that many former roots.
pub fn check_max_history(max_history: u64) -> Result<(), InvalidDepot> {
    let is_good = (1..=HISTORY_MAX).contains(&max_history);
    is_good.then_some(()).ok_or(InvalidDepot::MaxHistory)
}

/// The former roots of a depot once `new` is committed, newest first: the root that it had, then those before
/// without the new one, as many as are kept. The same root again changes nothing.
pub fn history_after(
    root: NodeKey,
    history: &[NodeKey],
    max_history: u64,
    new: NodeKey,
) -> Vec<NodeKey> {
    if new == root {
        return history.to_vec();
    }
    let older = history.iter().copied().filter(|former| *former != new);
    cut(&std::iter::once(root).chain(older).collect::<Vec<_>>(), max_history)
}

/// The newest of `history`, as many as are kept.
pub fn cut(history: &[NodeKey], max_history: u64) -> Vec<NodeKey> {
    let kept = usize::try_from(max_history).unwrap_or(usize::MAX);
    history.iter().take(kept).copied().collect()
}
