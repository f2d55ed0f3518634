//! Tasks by what they are and where.

use carnet_ticket::identity::{CapabilityId, WorkerId};
use carnet_ticket::task::TaskState;
use rusqlite::params;

use super::{TaskRow, row};
use crate::error::StoreError;
use crate::open::Store;
use crate::row::signed;
use crate::sql::{self, Parts};

const UNFINISHED: &str = "SELECT * FROM tasks WHERE state IN ('pending', 'placed', 'running') AND seq > ?1 \
    ORDER BY seq LIMIT ?2";

/// Whose tasks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum OfTenant {
    /// Anybody's.
    #[default]
    Any,
    /// Those that belong to no tenant.
    None,
    /// Those of one tenant.
    One(String),
}

/// Which tasks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// Whose.
    pub tenant: OfTenant,
    /// In this state.
    pub state: Option<TaskState>,
    /// Of this capability.
    pub capability: Option<CapabilityId>,
    /// That this worker has, or had last.
    pub worker_id: Option<WorkerId>,
}

impl OfTenant {
    /// Whether a task of `tenant` is one of them.
    pub fn has(&self, tenant: Option<&str>) -> bool {
        match self {
            Self::Any => true,
            Self::None => tenant.is_none(),
            Self::One(one) => tenant == Some(one),
        }
    }
}

impl Store {
    /// At most `limit` tasks before number `before`, newest first.
    pub async fn list_tasks(
        &self,
        filter: TaskFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<TaskRow>, StoreError> {
        let mut query = Parts::new("SELECT * FROM tasks WHERE seq < ");
        query.push("", before.map_or(i64::MAX, signed));
        match filter.tenant {
            OfTenant::Any => {}
            OfTenant::None => {
                query.push_text(" AND tenant_id IS NULL");
            }
            OfTenant::One(tenant) => {
                query.push(" AND tenant_id = ", tenant);
            }
        }
        if let Some(state) = filter.state {
            query.push(" AND state = ", state.as_str().to_owned());
        }
        if let Some(capability) = filter.capability {
            query.push(" AND capability = ", capability.as_str().to_owned());
        }
        if let Some(worker) = filter.worker_id {
            query.push(" AND worker_id = ", worker.as_str().to_owned());
        }
        query.push(" ORDER BY seq DESC LIMIT ", limit);
        self.read(move |connection| query.all(connection, row::read)).await
    }

    /// At most `limit` tasks behind number `after` of which something may still become, in order.
    pub async fn unfinished_tasks(
        &self,
        after: u64,
        limit: u32,
    ) -> Result<Vec<TaskRow>, StoreError> {
        self.read(move |connection| {
            sql::all(connection, UNFINISHED, params![signed(after), limit], row::read)
        })
        .await
    }
}
