//! The contract over SQLite, and what only a file can do.

use std::path::Path;
use std::time::Duration;

use carnet_store::{Store, StoreError, StoreOptions};
use carnet_ticket::realm::NodeKey;
use carnet_ticket::time::Timestamp;
use tempfile::TempDir;

use crate::contract::{self, NOW, node, realm};

/// Runs each test of the contract on a database of its own.
macro_rules! contract {
    ($($noun:ident: $($test:ident),+ $(,)?;)+) => { $($(
        #[tokio::test(flavor = "multi_thread")]
        async fn $test() {
            let directory = tempfile::tempdir().unwrap();
            contract::$noun::$test(open(directory.path()).unwrap()).await;
        }
    )+)+ };
}

contract! {
    api_keys: keys_are_stored_listed_newest_first_and_deleted_once;
    audit:
        numbers_have_no_gap_however_many_record_at_once,
        what_happened_is_recorded_and_what_did_not_is_not,
        the_chain_goes_on_from_its_end_whatever_fails_in_between,
        only_the_next_checkpoint_of_this_chain_is_stored,
        a_checkpoint_from_outside_tells_that_the_end_was_cut_off,
        retention_prunes_only_behind_a_checkpoint_and_the_rest_still_verifies,
        events_are_listed_by_what_they_say,
        an_export_of_everything_and_one_of_a_tenant_verify_offline;
    ca_certificates: a_ca_turns_over_and_comes_back_as_it_was_written;
    certificates:
        a_certificate_is_renewed_by_the_one_before_it,
        the_first_use_of_a_certificate_ends_those_before_it,
        a_revoked_certificate_is_numbered_listed_and_not_renewed,
        a_quarantined_member_has_nothing_and_gets_nothing_until_it_is_released,
        certificates_are_listed_newest_first_and_forgotten_a_month_after_their_end;
    enrollments:
        one_of_fifty_who_race_gets_the_certificate,
        a_lost_answer_is_given_again_for_ten_minutes_to_the_same_key,
        after_a_restore_open_tokens_count_no_more_and_revoked_members_are_out,
        what_is_refused_consumes_nothing,
        a_revoked_enrollment_is_good_for_nothing_and_a_used_one_is_not_revoked,
        open_enrollments_are_listed_newest_first;
    leases:
        of_sixteen_who_race_one_gets_the_lease,
        a_generation_only_grows,
        a_lease_lasts_a_second_to_a_quarter_of_an_hour;
    tasks:
        a_task_goes_from_asked_for_to_done,
        a_key_makes_one_task,
        an_attempt_that_was_taken_away_says_nothing_any_more,
        a_worker_that_does_not_take_it_counts_for_nothing,
        without_an_output_nothing_is_done,
        a_task_ends_once,
        what_is_overdue_is_found,
        of_many_events_the_oldest_line_goes;
    identity:
        what_was_set_stays_until_something_else_is,
        the_last_administrator_stays_one,
        a_quota_of_its_own_bounds_a_realm,
        tokens_are_their_owners_and_end_with_what_they_issued,
        a_client_waits_for_its_code_five_times_at_most,
        a_client_acts_for_one_owner_at_a_time;
    children:
        a_child_reads_back_with_everything_above_it,
        a_child_ends_with_what_is_above_it_and_its_row_stays,
        bytes_count_once_under_every_ticket_of_the_chain,
        what_one_child_sets_aside_is_not_there_for_another,
        the_results_below_a_ticket_are_those_of_all_that_rest_on_it;
    depots:
        a_depot_reads_back_as_it_was_made_and_only_in_its_realm,
        a_change_is_decided_on_what_is_there_and_made_whole_or_not,
        the_list_goes_from_the_newest_to_the_oldest;
    gc:
        what_is_swept_is_gone_and_costs_nothing,
        a_blob_of_two_realms_goes_with_the_second,
        whatever_names_a_node_keeps_it_from_the_sweep,
        what_was_swept_cannot_be_named,
        bytes_outside_are_named_by_their_row_or_by_an_upload,
        nodes_and_blobs_are_walked_by_their_keys;
    ledger:
        an_entry_is_found_by_each_of_its_ids_and_audited,
        walking_the_ledger_meets_every_entry_of_a_filter_once,
        a_name_finds_an_id_a_content_or_a_subject_and_nothing_that_is_only_like_it,
        ancestors_are_walked_up_to_sixteen_and_never_cut_off,
        entries_go_thirty_days_after_their_end;
    meters:
        what_is_spent_reads_back_and_only_grows,
        whichever_order_flushes_arrive_in_the_largest_stays,
        meters_go_thirty_seconds_after_their_end_and_others_never;
    revocations:
        numbers_have_no_gap_however_many_revoke_at_once_and_the_same_again_is_the_same,
        a_later_subject_line_is_new_and_an_earlier_one_is_not,
        revoking_a_task_ticket_revokes_its_row_and_the_other_way_round;
    sessions:
        a_session_reads_back_is_put_off_and_ends,
        a_link_opens_one_session_while_it_is_good,
        a_subject_has_a_hundred_sessions_and_a_new_one_ends_the_oldest;
    signing_keys:
        a_key_turns_over_and_comes_back_as_it_was_written,
        two_keys_never_sign_for_one_purpose;
    nodes:
        a_node_reads_back_only_in_a_realm_that_has_it,
        missing_children_are_named_in_order_and_nothing_is_stored,
        concurrent_uploads_never_pass_a_tickets_quota_by_a_byte,
        a_key_counts_once_per_ticket_also_when_the_realm_had_it,
        a_realms_quota_holds_over_what_it_has_and_what_is_reserved,
        reservations_end_when_they_are_released_or_their_time_is_over,
        a_ticket_that_has_ended_stores_nothing,
        a_damaged_node_is_repaired_by_its_next_upload,
        usage_equals_a_recount_after_any_history;
    tickets:
        a_ticket_reads_back_as_it_was_made,
        of_concurrent_commits_one_wins,
        the_four_states_are_reached_by_commit_and_revoke_alone,
        a_deleted_ticket_is_gone_with_its_uploads_and_only_from_its_realm,
        walking_the_list_meets_every_ticket_once_whatever_comes_and_goes_meanwhile;
    workers:
        what_was_set_of_a_worker_stays_when_it_registers_again,
        a_worker_without_certificate_is_quarantined_by_its_row,
        a_deleted_worker_leaves_its_id_and_no_certificate;
    writer:
        an_operation_that_fails_undoes_itself_and_not_its_neighbours,
        a_conflict_with_a_stored_row_is_an_error_of_that_operation_alone,
        a_caller_that_goes_away_leaves_all_or_nothing,
        what_was_written_before_closing_is_there_and_afterwards_nothing_is_taken;
}

pub fn open(directory: &Path) -> Result<Store, StoreError> {
    let path = directory.join("carnet.db");
    Store::open(&StoreOptions { path, busy_timeout: Duration::from_secs(5), readers: 2 })
}

async fn with_a_node() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).unwrap();
    store.put_node(node(b"kept", &[]), NOW).await.unwrap();
    store.close().await;
    directory
}

#[tokio::test]
async fn data_outlives_the_process_and_the_file_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let directory = with_a_node().await;
    let store = open(directory.path()).unwrap();
    assert!(store.node(&realm(), NodeKey::of(b"kept")).await.unwrap().is_some());
    store.close().await;
    assert!(!directory.path().join("carnet.db-wal").exists(), "closing leaves one file");
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
}

#[tokio::test]
async fn a_second_opener_is_refused_while_the_first_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let first = open(directory.path()).unwrap();
    assert!(matches!(open(directory.path()), Err(StoreError::InUse { .. })));
    first.close().await;
    drop(first);
    assert!(open(directory.path()).is_ok());
}

#[tokio::test]
async fn a_damaged_file_is_told_from_one_that_cannot_be_opened() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("carnet.db"), [0x5a; 8192]).unwrap();
    assert!(matches!(open(directory.path()), Err(StoreError::Corrupt(_))));

    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(matches!(open(&file), Err(StoreError::File { .. })));
}

#[tokio::test]
async fn a_changed_or_newer_schema_is_refused() {
    for (change, is_expected) in [
        (
            "UPDATE schema_migrations SET checksum = 'x'",
            (|error| matches!(error, StoreError::MigrationChanged { version: 1 })) as fn(_) -> _,
        ),
        (
            "INSERT INTO schema_migrations (version, name, checksum) VALUES (999, 'later', '')",
            |error| matches!(error, StoreError::SchemaTooNew { found: 999, .. }),
        ),
    ] {
        let directory = with_a_node().await;
        let file = directory.path().join("carnet.db");
        change_in(&file, change);
        assert!(open(directory.path()).is_err_and(is_expected), "{change}");
    }
}

/// Changes the database as somebody else would.
pub fn change_in(file: &Path, change: &str) {
    rusqlite::Connection::open(file).unwrap().execute_batch(change).unwrap();
}

/// Promise: R-72
#[tokio::test]
async fn the_file_is_smaller_when_nodes_are_gone() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).unwrap();
    let size = || std::fs::metadata(directory.path().join("carnet.db")).unwrap().len();
    let mut keys = Vec::new();
    for number in 0..100_u8 {
        let node = node(&vec![number; 50_000], &[]);
        keys.push(node.key);
        store.put_node(node, NOW).await.unwrap();
    }
    store.shrink().await.unwrap();
    let before = size();
    assert!(before > 5_000_000);
    let later = Timestamp(NOW.0 + 1);
    store.sweep_nodes(realm(), keys[..90].to_vec(), later, later).await.unwrap();
    store.shrink().await.unwrap();
    assert!(size() < before / 5, "{} of {before}", size());
    assert!(store.node(&realm(), keys[95]).await.unwrap().is_some());
}
