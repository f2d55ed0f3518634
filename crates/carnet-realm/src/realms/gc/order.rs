//! [`Order`]: nodes, each before those that it names.

use std::collections::HashMap;

use carnet_store::StoreError;
use carnet_ticket::realm::NodeKey;

use super::roots::Unnamed;
use crate::realms::{PAGE, Realms, take_children};

/// Goes through unnamed nodes from the top.
pub(super) struct Order<'a> {
    realms: &'a Realms,
    /// How often each is named by others that have not been gone through.
    names: HashMap<NodeKey, u32>,
    /// Those that are named by none.
    ready: Vec<NodeKey>,
}

impl<'a> Order<'a> {
    pub(super) async fn of(realms: &'a Realms, unnamed: &Unnamed) -> Result<Self, StoreError> {
        let nodes: Vec<_> = unnamed.nodes.iter().copied().collect();
        let mut names: HashMap<_, u32> = HashMap::new();
        let mut rest = &nodes[..];
        while !rest.is_empty() {
            let some = rest[..rest.len().min(PAGE)].to_vec();
            let read = realms.store.children_of(&unnamed.realm, some).await?;
            rest = &rest[read.len()..];
            let children = read.into_iter().filter_map(|(_, children)| children).flatten();
            for child in children.filter(|child| unnamed.nodes.contains(child)) {
                *names.entry(child).or_default() += 1;
            }
        }
        let ready = nodes.into_iter().filter(|node| !names.contains_key(node)).collect();
        Ok(Self { realms, names, ready })
    }

    /// The next of those that are still unnamed: at most `max`, or none when all were gone through.
    pub(super) async fn next(
        &mut self,
        unnamed: &Unnamed,
        max: usize,
    ) -> Result<Vec<NodeKey>, StoreError> {
        let mut next = Vec::new();
        while next.len() < max && !self.ready.is_empty() {
            let (store, max) = (&self.realms.store, PAGE.min(max - next.len()));
            let read = take_children(store, &unnamed.realm, &mut self.ready, max).await?;
            for (node, children) in read {
                children.into_iter().flatten().for_each(|child| self.lower(child));
                next.extend(Some(node).filter(|node| unnamed.nodes.contains(node)));
            }
        }
        Ok(next)
    }

    fn lower(&mut self, child: NodeKey) {
        let Some(names) = self.names.get_mut(&child) else { return };
        *names -= 1;
        if *names == 0 {
            self.names.remove(&child);
            self.ready.push(child);
        }
    }
}
