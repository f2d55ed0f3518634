//! Servers that keep their large nodes in a folder or in a bucket, and a look behind them.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use carnet_realm::node::Encoded;
use carnet_ticket::realm::NodeKey;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::s3::Bucket;
use crate::support::{As, Server, file};

/// What stays in the database is at most this.
pub const INLINE_MAX: usize = 64 << 10;

/// Long enough ago for what is collected in these tests.
pub const AN_HOUR: Duration = Duration::from_hours(1);

/// A server that collects what was not used for a minute, only when it is told to; and, if it keeps its large nodes
/// there, the bucket.
pub struct Place {
    pub server: Server,
    pub bucket: Option<Bucket>,
}

const SETTINGS: [(&str, &str); 2] = [("realm.gc_grace", "1m"), ("realm.gc_interval", "0")];

impl Place {
    pub async fn folder() -> Self {
        Self { server: Server::start_with(&SETTINGS).await, bucket: None }
    }

    pub async fn bucket() -> Self {
        let bucket = Bucket::start().await;
        let settings = [&bucket.settings()[..], &SETTINGS].concat();
        let server = Server::start_with(&settings).await;
        Self { server, bucket: Some(bucket) }
    }

    pub async fn all() -> [Self; 2] {
        [Self::folder().await, Self::bucket().await]
    }

    /// Where the bytes of a large node are.
    pub fn file(&self, key: NodeKey) -> PathBuf {
        let name = hex::encode(key.as_bytes());
        match &self.bucket {
            Some(bucket) => bucket.file(key.as_bytes()),
            None => self.server.directory.path().join("blobs").join(&name[..2]).join(name),
        }
    }

    pub async fn usage(&self) -> Value {
        self.server.get(As::Api, "/api/realm/self/usage").await.expect(200).json()
    }

    /// What a collection answers.
    pub async fn collect(&self, dry_run: bool) -> Value {
        let body = json!({ "dryRun": dry_run });
        self.server.post(As::Admin, "/api/admin/gc", &body).await.expect(200).json()
    }

    /// Whether a caller's realm has a node.
    pub async fn has(&self, caller: As<'_>, key: NodeKey) -> bool {
        let answer = self.server.get_node(caller, key).await;
        if answer.status == 404 { false } else { !answer.expect(200).bytes.is_empty() }
    }

    pub fn database(&self) -> Connection {
        Connection::open(self.server.directory.path().join("carnet.db")).unwrap()
    }

    /// Counts everything again: usage and the realms of each node are exact, and each node of a realm has all its
    /// children in it.
    pub fn recount(&self) {
        let database = self.database();
        let wrong = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        let usage = "SELECT COUNT(*) FROM realm_usage u WHERE (physical, logical, nodes) <> \
            (SELECT COALESCE(SUM(b.size), 0), COALESCE(SUM(b.own_bytes), 0), COUNT(*) \
             FROM realm_nodes n JOIN blobs b ON b.key = n.key WHERE n.realm = u.realm)";
        assert_eq!(wrong(usage), 0, "usage is not what there is");
        let refs = "SELECT COUNT(*) FROM blobs b \
            WHERE refs <> (SELECT COUNT(*) FROM realm_nodes n WHERE n.key = b.key) OR refs = 0";
        assert_eq!(wrong(refs), 0, "a node is not in as many realms as it says");
        let rows =
            "SELECT n.realm, n.key, b.children FROM realm_nodes n JOIN blobs b ON b.key = n.key";
        let mut rows = database.prepare(rows).unwrap();
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        let rows: Vec<(String, Vec<u8>, Vec<u8>)> = rows.collect::<Result<_, _>>().unwrap();
        let has: HashSet<_> = rows.iter().map(|(realm, key, _)| (realm, &key[..])).collect();
        for (realm, _, children) in &rows {
            for child in
                children.chunks(16).filter(|child| *child != NodeKey::EMPTY_DICT.as_bytes())
            {
                assert!(has.contains(&(realm, child)), "a child is missing");
            }
        }
    }
}

/// A node of exactly this many bytes.
pub fn node_of(len: usize, fill: u8) -> Encoded {
    let node = file("a/b", &vec![fill; len - 80]);
    assert_eq!(node.bytes.len(), len);
    node
}
