//! Depots of a realm.

use carnet_authority::audit::Event;
use carnet_store::{DepotRow, DepotState, StoreDepotError, StoreError};
use carnet_ticket::realm::{DepotId, NodeKey, RealmId};

use super::{NoRandomness, Realms, random};
use crate::depot::{self, HISTORY_DEFAULT, InvalidDepot, MAIN};

/// What of a depot is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DepotFields {
    /// Its title.
    pub title: Option<String>,
    /// How many former roots it keeps.
    pub max_history: Option<u64>,
}

/// Why a depot was not made or changed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum DepotError {
    /// A depot cannot be that.
    #[error(transparent)]
    Invalid(#[from] InvalidDepot),
    /// The realm has no such depot.
    #[error("the realm has no such depot")]
    Unknown,
    /// The main depot keeps its title, and stays.
    #[error("the main depot keeps its title, and stays")]
    Main,
    /// Another depot has the title.
    #[error("another depot has this title")]
    TitleTaken,
    /// The depot has another root than was expected.
    #[error("the depot has another root")]
    OtherRoot(NodeKey),
    /// The realm does not have the new root.
    #[error("the realm does not have the new root")]
    MissingRoot(NodeKey),
    /// An id could not be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<StoreDepotError> for DepotError {
    fn from(error: StoreDepotError) -> Self {
        match error {
            StoreDepotError::MissingRoot(root) => Self::MissingRoot(root),
            StoreDepotError::Store(error) => Self::Store(error),
            _ => Self::TitleTaken,
        }
    }
}

impl DepotFields {
    fn check(&self) -> Result<(), InvalidDepot> {
        self.title.as_deref().map_or(Ok(()), depot::check_title)?;
        self.max_history.map_or(Ok(()), depot::check_max_history)
    }
}

impl Realms {
    /// Makes the depot that every realm has, unless it is there.
    pub async fn make_main_depot(
        &self,
        realm: RealmId,
        event: impl FnOnce(&DepotId) -> Event + Send,
    ) -> Result<(), DepotError> {
        if self.store.has_depot(&realm, MAIN).await? {
            return Ok(());
        }
        match self.insert_depot(realm, MAIN.to_owned(), HISTORY_DEFAULT, event).await {
            // Somebody else was first.
            Ok(_) | Err(DepotError::TitleTaken) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Makes a depot whose root is the empty directory.
    pub async fn create_depot(
        &self,
        realm: RealmId,
        fields: DepotFields,
        event: impl Fn(&DepotId) -> Event + Send + Sync,
    ) -> Result<DepotRow, DepotError> {
        fields.check()?;
        let max_history = fields.max_history.unwrap_or(HISTORY_DEFAULT);
        if let Some(title) = fields.title {
            return self.insert_depot(realm, title, max_history, &event).await;
        }
        // Named after the moment, or a later one, further away each time: however many are taken, few are tried.
        let now = self.now().0;
        for later in
            std::iter::successors(Some(0_i64), |later| later.checked_mul(2)?.checked_add(1))
        {
            let title = format!("Depot {}", now.saturating_add(later));
            match self.insert_depot(realm, title, max_history, &event).await {
                Err(DepotError::TitleTaken) => {}
                settled => return settled,
            }
        }
        Err(DepotError::TitleTaken)
    }

    async fn insert_depot(
        &self,
        realm: RealmId,
        title: String,
        max_history: u64,
        event: impl FnOnce(&DepotId) -> Event + Send,
    ) -> Result<DepotRow, DepotError> {
        let now = self.now();
        let id = DepotId::new(now, random()?);
        let state =
            DepotState { title, root: NodeKey::EMPTY_DICT, history: Vec::new(), max_history };
        Ok(self.store.audited(event(&id)).insert_depot(id, realm, state, now).await?)
    }

    /// A depot of `realm`.
    pub async fn depot(
        &self,
        realm: &RealmId,
        id: &DepotId,
    ) -> Result<Option<DepotRow>, StoreError> {
        self.store.depot(realm, id).await
    }

    /// At most `limit` depots of `realm`, newest first, before number `before`.
    pub async fn list_depots(
        &self,
        realm: &RealmId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<DepotRow>, StoreError> {
        self.store.list_depots(realm, before, limit).await
    }

    /// Changes a depot's title, or how many former roots it keeps.
    pub async fn update_depot(
        &self,
        realm: RealmId,
        id: DepotId,
        fields: DepotFields,
        event: Event,
    ) -> Result<DepotRow, DepotError> {
        fields.check()?;
        let decide = move |now: &DepotState| {
            let title = fields.title.unwrap_or_else(|| now.title.clone());
            if now.title == MAIN && title != MAIN {
                return Err(DepotError::Main);
            }
            let max_history = fields.max_history.unwrap_or(now.max_history);
            let history = depot::cut(&now.history, max_history);
            Ok(DepotState { title, root: now.root, history, max_history })
        };
        self.change_depot(realm, id, decide, event).await
    }

    /// Gives a depot a new root, if it still has the `expected` one.
    pub async fn commit_depot(
        &self,
        realm: RealmId,
        id: DepotId,
        root: NodeKey,
        expected: Option<NodeKey>,
        event: Event,
    ) -> Result<DepotRow, DepotError> {
        let decide = move |now: &DepotState| {
            if expected.is_some_and(|expected| expected != now.root) {
                return Err(DepotError::OtherRoot(now.root));
            }
            let history = depot::history_after(now.root, &now.history, now.max_history, root);
            Ok(DepotState { root, history, ..now.clone() })
        };
        self.change_depot(realm, id, decide, event).await
    }

    async fn change_depot(
        &self,
        realm: RealmId,
        id: DepotId,
        decide: impl FnOnce(&DepotState) -> Result<DepotState, DepotError> + Send + 'static,
        event: Event,
    ) -> Result<DepotRow, DepotError> {
        let changed = self.store.audited(event).change_depot(realm, id, self.now(), decide).await?;
        changed.ok_or(DepotError::Unknown)
    }

    /// Deletes a depot. What it named stays for as long as something else names it.
    pub async fn delete_depot(
        &self,
        realm: RealmId,
        id: DepotId,
        event: Event,
    ) -> Result<(), DepotError> {
        let row = self.store.depot(&realm, &id).await?.ok_or(DepotError::Unknown)?;
        // No other depot ever comes to be called this.
        if row.state.title == MAIN {
            return Err(DepotError::Main);
        }
        let is_deleted = self.store.audited(event).delete_depot(realm, id).await?;
        is_deleted.then_some(()).ok_or(DepotError::Unknown)
    }
}
