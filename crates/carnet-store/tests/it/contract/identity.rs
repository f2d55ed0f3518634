//! Owners of realms, agent tokens, clients.

use std::time::Duration;

use carnet_store::{
    AgentOwner, Approval, ApproveClient, OwnerKind, PendingClient, SetUser, SetUserError, Store,
    TokenRow,
};
use carnet_ticket::realm::{AgentToken, ClientId, RealmId, TokenId};
use carnet_ticket::rights::RealmRole;
use carnet_ticket::time::Timestamp;

use super::{NOW, new_ticket, node, put, ticket_id};

fn user(subject: &str) -> RealmId {
    RealmId::dev_user(subject).unwrap()
}

fn owner(subject: &str) -> AgentOwner {
    let realm = user(subject);
    AgentOwner { id: realm.to_string(), own: realm, home: realm }
}

fn set(subject: &str, role: Option<RealmRole>, quota_limit: Option<u64>) -> SetUser {
    let realm = user(subject);
    let (kind, id) = (OwnerKind::User, realm.to_string());
    SetUser { realm, kind, id, role, quota_limit, standing_admins: vec![user("root")] }
}

fn token_id(number: u8) -> TokenId {
    AgentToken::parse(&AgentToken::text(&[number; 30])).unwrap().id()
}

fn token(number: u8, subject: &str) -> TokenRow {
    TokenRow {
        id: token_id(number),
        owner: owner(subject),
        name: format!("token {number}"),
        description: (number == 1).then(|| "the first".to_owned()),
        created_at: NOW,
        expires_at: NOW.after(Duration::from_secs(u64::from(number))),
    }
}

fn pending(key: &str) -> PendingClient {
    PendingClient {
        id: ClientId::of(key),
        public_key: key.to_owned(),
        name: "a client".to_owned(),
        code: "ABCDEF".to_owned(),
        expires_at: NOW.after(Duration::from_mins(10)),
    }
}

fn approve(key: &str, subject: &str, code: &str, now: Timestamp) -> ApproveClient {
    ApproveClient {
        id: ClientId::of(key),
        code: code.to_owned(),
        owner: owner(subject),
        expires_at: now.after(Duration::from_hours(1)),
    }
}

pub async fn what_was_set_stays_until_something_else_is(store: Store) {
    store.see_user(user("a"), Some("a@example.org".to_owned()), None, NOW).await.unwrap();
    assert_eq!(store.set_role(&user("a")).await.unwrap(), None);
    store.set_user(set("a", Some(RealmRole::Authorized), None), NOW).await.unwrap();
    let done = store.set_user(set("a", None, Some(100)), NOW).await.unwrap();
    assert_eq!(done.role_before, Some(RealmRole::Authorized));
    store.see_user(user("a"), None, Some("Ann".to_owned()), NOW).await.unwrap();
    store.set_user(set("b", None, Some(0)), NOW).await.unwrap();

    let users = store.list_users(None, 10).await.unwrap();
    let [b, a] = &users[..] else { panic!("{users:?}") };
    assert_eq!((a.role, a.quota_limit), (Some(RealmRole::Authorized), Some(100)));
    assert_eq!((a.email.as_deref(), a.name.as_deref()), (None, Some("Ann")));
    assert_eq!((b.realm, b.role, b.quota_limit), (user("b"), None, Some(0)));
    assert_eq!(store.list_users(Some(b.seq), 10).await.unwrap().len(), 1);
    assert_eq!(store.quota_limit(&user("c")).await.unwrap(), None);
}

pub async fn the_last_administrator_stays_one(store: Store) {
    let demote = |subject| set(subject, Some(RealmRole::Authorized), None);
    let is_last = |done: Result<_, _>| matches!(done, Err(SetUserError::LastAdmin));
    assert!(is_last(store.set_user(demote("root"), NOW).await), "nobody else is one");
    store.set_user(demote("a"), NOW).await.unwrap();
    store.set_user(set("a", Some(RealmRole::Admin), None), NOW).await.unwrap();
    store.set_user(demote("root"), NOW).await.unwrap();
    assert!(is_last(store.set_user(demote("a"), NOW).await), "the other was demoted");
    store.set_user(set("a", None, Some(1)), NOW).await.unwrap();
    store.set_user(set("root", Some(RealmRole::Admin), None), NOW).await.unwrap();
    store.set_user(demote("a"), NOW).await.unwrap();
}

pub async fn a_quota_of_its_own_bounds_a_realm(store: Store) {
    let in_realm = |data: &[u8], realm_quota| carnet_store::PutNode {
        realm: user("a"),
        realm_quota,
        ..node(data, &[])
    };
    store.set_user(set("a", None, Some(6)), NOW).await.unwrap();
    assert!(put(&store, in_realm(b"five!", None)).await);
    assert!(store.put_node(in_realm(b"more", Some(1000)), NOW).await.is_err());
    store.set_user(set("a", None, Some(0)), NOW).await.unwrap();
    assert!(put(&store, in_realm(b"more", Some(1))).await, "0 is no limit, whatever all have");
}

pub async fn tokens_are_their_owners_and_end_with_what_they_issued(store: Store) {
    for number in 1..=3 {
        store.insert_token(token(number, "a")).await.unwrap();
    }
    let names = |rows: Vec<TokenRow>| rows.into_iter().map(|row| row.name).collect::<Vec<_>>();
    let later = NOW.after(Duration::from_secs(2));
    assert_eq!(
        names(store.list_tokens(&owner("a").id, later).await.unwrap()),
        ["token 3", "token 2"]
    );
    assert_eq!(names(store.list_tokens(&owner("b").id, NOW).await.unwrap()), [""; 0]);

    let agent = store.token_agent(token_id(3)).await.unwrap().unwrap();
    assert_eq!((agent.owner, agent.owner_role, agent.key), (owner("a"), None, None));
    store.set_user(set("a", Some(RealmRole::Admin), None), NOW).await.unwrap();
    let agent = store.token_agent(token_id(3)).await.unwrap().unwrap();
    assert_eq!(
        (agent.owner_role, agent.home_role),
        (Some(RealmRole::Admin), Some(RealmRole::Admin))
    );

    let mut ticket = new_ticket(1);
    ticket.issuer = token_id(3).to_string();
    store.insert_ticket(ticket).await.unwrap();
    let is_live = async || store.ticket(&ticket_id(1)).await.unwrap().unwrap().is_issuer_live;
    assert!(is_live().await);
    assert!(!store.delete_token(&owner("b").id, token_id(3)).await.unwrap(), "not theirs");
    assert!(store.delete_token(&owner("a").id, token_id(3)).await.unwrap());
    assert!(!store.delete_token(&owner("a").id, token_id(3)).await.unwrap());
    assert!(!is_live().await);
    assert_eq!(store.token_agent(token_id(3)).await.unwrap(), None);
}

pub async fn a_client_waits_for_its_code_five_times_at_most(store: Store) {
    let waiting = store.await_client(pending("k"), NOW).await.unwrap();
    let again = PendingClient { code: "ZZZZZZ".to_owned(), ..pending("k") };
    assert_eq!(store.await_client(again, NOW).await.unwrap(), waiting, "it waits as it did");
    let enter = async |code: &str, now| {
        store.approve_client(approve("k", "a", code, now), now).await.unwrap()
    };
    for _ in 0..4 {
        assert_eq!(enter("AAAAAA", NOW).await, Approval::WrongCode);
    }
    assert!(matches!(enter("ABCDEF", NOW).await, Approval::Approved(_)));
    assert_eq!(enter("ABCDEF", NOW).await, Approval::NonePending, "a code is good once");

    store.await_client(pending("k"), NOW).await.unwrap();
    for _ in 0..5 {
        assert_eq!(enter("AAAAAA", NOW).await, Approval::WrongCode);
    }
    assert_eq!(enter("ABCDEF", NOW).await, Approval::NonePending);
    store.await_client(pending("k"), NOW).await.unwrap();
    let late = NOW.after(Duration::from_millis(600_001));
    assert_eq!(store.pending_client(ClientId::of("k"), late).await.unwrap(), None);
    assert_eq!(enter("ABCDEF", late).await, Approval::NonePending);
}

pub async fn a_client_acts_for_one_owner_at_a_time(store: Store) {
    let enter = async |subject: &str, now| {
        let waits = PendingClient { expires_at: now, ..pending("k") };
        store.await_client(waits, now).await.unwrap();
        store.approve_client(approve("k", subject, "ABCDEF", now), now).await.unwrap()
    };
    let approved = |approval| match approval {
        Approval::Approved(client) => client,
        other => panic!("{other:?}"),
    };
    let first = approved(enter("a", NOW).await);
    assert_eq!(enter("b", NOW).await, Approval::Held);
    let soon = Timestamp(NOW.0 + 1000);
    let renewed = approved(enter("a", soon).await);
    assert_eq!(
        (renewed.created_at, renewed.expires_at),
        (NOW, Timestamp(first.expires_at.0 + 1000))
    );

    let id = ClientId::of("k");
    let mut ticket = new_ticket(1);
    (ticket.issuer, ticket.created_at) = (id.to_string(), soon);
    store.insert_ticket(ticket).await.unwrap();
    let is_live = async || store.ticket(&ticket_id(1)).await.unwrap().unwrap().is_issuer_live;
    let after = Timestamp(renewed.expires_at.0 + 1);
    assert_eq!(store.client(id, after).await.unwrap(), None);
    assert!(is_live().await, "what it issued outlives its time");
    assert_eq!(approved(enter("b", after).await).owner, owner("b"));
    assert!(!is_live().await, "and not that it acts for another");
    assert_eq!(store.list_clients(&owner("a").id, after).await.unwrap(), []);
    assert!(!store.delete_client(&owner("a").id, id).await.unwrap());
    assert!(store.delete_client(&owner("b").id, id).await.unwrap());
    assert_eq!(store.client_agent(id).await.unwrap(), None);
}
