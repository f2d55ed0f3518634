//! How a file is split into nodes, written and read. Source: realm spec, section 3.
//!
//! A file's content is its nodes' data in pre-order. Every node is filled as far as it can be; depth is the
//! least that holds the file.

mod read;
mod write;

pub use read::{Content, NodeSource, ReadError, read_content, read_file};
pub use write::{NodeSink, WriteError, write_file};

use crate::node::{FILE_INFO_LEN, HEADER_LEN, KEY_LEN};

const DEPTH_MAX: u32 = 10;
const NODE_LIMIT_MIN: u32 = 1024;
const NODE_LIMIT_MAX: u32 = 16 << 20;

/// Why a file cannot be split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// The node limit is not a multiple of 16 in 1024 to 16 MiB.
    #[error("a node limit is a multiple of 16 from 1024 to 16777216")]
    BadNodeLimit,
    /// The file is larger than ten levels hold.
    #[error("the file is too large")]
    TooLarge,
}

/// How a file of one size is split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    node_limit: u32,
    /// How many levels of nodes it has.
    pub depth: u32,
    /// The file node.
    pub root: Part,
}

/// One node of a layout: how much is its own, and what its children hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Its own bytes of data.
    pub data: u64,
    /// How many children it has.
    pub children: u64,
    /// The bytes of all its children together.
    rest: u64,
    /// How many bytes one child holds at most.
    child_capacity: u128,
    /// The level below, counted from the leaves; 0 for none.
    child_depth: u32,
}

/// How a file of `size` bytes is split into nodes of at most `node_limit`.
pub fn layout(size: u64, node_limit: u32) -> Result<Layout, LayoutError> {
    check(node_limit)?;
    let depth = (1..=DEPTH_MAX)
        .find(|depth| root_capacity(node_limit, *depth) >= u128::from(size))
        .ok_or(LayoutError::TooLarge)?;
    Ok(Layout { node_limit, depth, root: fill(node_limit, root_budget(node_limit), depth, size) })
}

/// The most bytes of data in a tree of `depth` levels, 1 to 10: below an inner node, and below a root.
/// Other depths count as the nearest of these.
pub fn capacity(node_limit: u32, depth: u32) -> Result<(u128, u128), LayoutError> {
    check(node_limit)?;
    let depth = depth.clamp(1, DEPTH_MAX);
    Ok((inner_capacity(node_limit, depth), root_capacity(node_limit, depth)))
}

impl Layout {
    /// The parts of the children of `part`, left to right.
    pub fn children(&self, part: &Part) -> impl Iterator<Item = Part> + use<> {
        let (node_limit, part) = (self.node_limit, *part);
        let mut rest = part.rest;
        (0..part.children).map(move |_| {
            let size = rest.min(u64::try_from(part.child_capacity).unwrap_or(u64::MAX));
            rest -= size;
            fill(node_limit, inner_budget(node_limit), part.child_depth, size)
        })
    }
}

fn check(node_limit: u32) -> Result<(), LayoutError> {
    let is_good =
        (NODE_LIMIT_MIN..=NODE_LIMIT_MAX).contains(&node_limit) && node_limit.is_multiple_of(16);
    is_good.then_some(()).ok_or(LayoutError::BadNodeLimit)
}

fn inner_budget(node_limit: u32) -> u64 {
    u64::from(node_limit) - HEADER_LEN as u64
}

fn root_budget(node_limit: u32) -> u64 {
    inner_budget(node_limit) - FILE_INFO_LEN as u64
}

fn inner_capacity(node_limit: u32, depth: u32) -> u128 {
    capacity_with(inner_budget(node_limit), node_limit, depth)
}

fn root_capacity(node_limit: u32, depth: u32) -> u128 {
    capacity_with(root_budget(node_limit), node_limit, depth)
}

/// A node whose budget is all children, or all data where there is no level below. Each level multiplies by
/// at most 2^20, so ten of them need saturating arithmetic: beyond u64 the exact number does not matter.
fn capacity_with(budget: u64, node_limit: u32, depth: u32) -> u128 {
    let budget = u128::from(budget);
    if depth <= 1 {
        return budget;
    }
    let per_child = inner_capacity(node_limit, depth - 1) - KEY_LEN as u128;
    budget.saturating_add((budget / KEY_LEN as u128).saturating_mul(per_child))
}

fn fill(node_limit: u32, budget: u64, depth: u32, size: u64) -> Part {
    if size <= budget {
        return Part { data: size, children: 0, rest: 0, child_capacity: 0, child_depth: 0 };
    }
    let child_capacity = inner_capacity(node_limit, depth - 1);
    let over = u128::from(size - budget);
    // At most budget / 16, since the depth was chosen to hold the size.
    let children =
        u64::try_from(over.div_ceil(child_capacity - KEY_LEN as u128)).unwrap_or(u64::MAX);
    let data = budget - KEY_LEN as u64 * children;
    Part { data, children, rest: size - data, child_capacity, child_depth: depth - 1 }
}
