//! The behaviour of the store: one suite, run on a real SQLite file and on a real PostgreSQL server.
//!
//! Each case has a database of its own; the PostgreSQL server is started once for all of them by
//! `behaviour/postgres.rs` and must be installed: nothing is skipped. Cases that take the database away run
//! last and alone.

#![expect(clippy::unwrap_used, reason = "what a case cannot do without fails it")]
#![expect(clippy::print_stdout, reason = "each case is named, as the test runner names tests")]

#[path = "behaviour/accounts.rs"]
mod accounts;
#[path = "behaviour/agent_time.rs"]
mod agent_time;
#[path = "behaviour/audit.rs"]
mod audit;
#[path = "behaviour/backup.rs"]
mod backup;
#[path = "behaviour/bench.rs"]
mod bench;
#[path = "behaviour/callbacks.rs"]
mod callbacks;
#[path = "behaviour/calls.rs"]
mod calls;
#[path = "behaviour/customers.rs"]
mod customers;
#[path = "behaviour/flows.rs"]
mod flows;
#[path = "behaviour/idempotency.rs"]
mod idempotency;
#[path = "behaviour/journal.rs"]
mod journal;
#[path = "behaviour/messages.rs"]
mod messages;
#[path = "behaviour/opening.rs"]
mod opening;
#[path = "behaviour/postgres.rs"]
mod postgres;
#[path = "behaviour/recordings.rs"]
mod recordings;
#[path = "behaviour/registrar.rs"]
mod registrar;
#[path = "behaviour/reports.rs"]
mod reports;
#[path = "behaviour/sample.rs"]
mod sample;
#[path = "behaviour/search.rs"]
mod search;
#[path = "behaviour/webhooks.rs"]
mod webhooks;
#[path = "behaviour/writer.rs"]
mod writer;

use bench::{Backend, Case, run_all, run_each_alone};

macro_rules! cases {
    ($($module:ident :: $name:ident,)*) => {
        &[$((concat!(stringify!($module), "::", stringify!($name)), |bench| Box::pin($module::$name(bench)))),*]
    };
}

const CASES: &[Case] = cases![
    accounts::a_user_comes_back_as_given,
    accounts::the_configuration_does_not_undo_a_changed_password,
    accounts::users_are_listed_by_name,
    accounts::users_are_listed_behind_a_name,
    accounts::unstorable_user_texts_are_refused,
    accounts::a_session_counts_until_it_expires,
    accounts::a_disabled_user_has_no_sessions,
    accounts::a_session_needs_a_user_and_a_fresh_token,
    accounts::sessions_end_one_by_one_by_user_and_by_time,
    accounts::the_people_of_a_demonstration_go_with_it,
    accounts::every_center_begins_with_seven_roles_and_makes_others,
    accounts::a_built_in_role_gets_what_came_later_and_not_what_was_taken_away,
    accounts::several_roles_add_up_and_a_token_may_less,
    accounts::of_two_edits_of_one_user_the_second_is_refused,
    accounts::former_passwords_are_remembered_and_wrong_ones_lock,
    accounts::a_code_is_used_once,
    accounts::sessions_are_listed_and_ended_by_their_ids,
    accounts::people_of_the_two_former_roles_keep_what_they_could_do,
    customers::a_customer_comes_back_as_given,
    customers::who_calls_comes_with_the_others_and_with_the_last_contacts,
    customers::merged_customers_keep_their_calls_even_those_that_end_later,
    customers::an_import_is_written_whole_or_not_at_all,
    customers::fields_of_customers_are_kept_with_their_versions,
    customers::a_number_of_two_customers_finds_the_one_changed_last,
    customers::of_two_edits_of_one_version_the_second_is_refused,
    customers::versions_grow_when_the_clock_goes_back,
    customers::search_looks_through_everything_in_any_case,
    customers::search_takes_wildcards_literally_and_is_bounded,
    customers::an_erased_customer_is_in_no_call_that_is_not_held,
    customers::the_blocked_are_found_apart,
    customers::unstorable_customers_are_refused_and_leave_nothing,
    messages::a_message_comes_back_as_given_and_once,
    messages::messages_of_mailboxes_are_listed_newest_first_page_by_page,
    messages::who_heard_a_message_first_stays_until_it_is_new_again,
    messages::mailboxes_count_what_is_new_and_what_was_heard,
    messages::the_oldest_messages_are_found_first_and_by_queue,
    audit::entries_come_back_newest_first,
    audit::entries_are_found_by_who_what_and_when,
    audit::writers_at_the_same_time_make_one_chain,
    audit::a_changed_row_breaks_the_chain,
    audit::a_missing_row_breaks_the_chain,
    audit::rows_cannot_be_changed_or_deleted,
    idempotency::a_key_stands_for_one_request_and_its_answer,
    idempotency::what_came_to_nothing_may_be_tried_again,
    idempotency::a_key_is_forgotten_after_a_day,
    journal::events_come_back_in_order_by_pages,
    journal::an_event_is_written_once,
    journal::a_call_without_a_record_is_open,
    journal::an_old_event_does_not_open_a_finished_call,
    journal::an_unreadable_event_does_not_stop_a_restart,
    calls::a_record_comes_back_with_its_recordings,
    calls::the_first_record_of_a_call_stands,
    calls::a_record_that_fails_leaves_nothing,
    calls::pages_follow_one_another_without_gap_or_overlap,
    calls::filters_can_be_combined,
    calls::an_agent_has_the_calls_it_took_and_those_it_was_offered,
    calls::a_repair_shows_in_the_record,
    search::a_call_is_found_by_everything_that_is_known_of_it,
    search::two_chinese_characters_are_found_in_notes_and_in_names,
    search::a_call_is_found_by_what_is_said_about_it_now,
    search::calls_of_before_there_was_a_search_are_found_after_a_while,
    webhooks::a_place_and_what_was_not_taken_are_kept_together,
    flows::a_flow_is_noted_when_it_changes,
    flows::a_configuration_is_noted_when_it_changes,
    flows::the_latest_configurations_are_kept_with_their_numbers,
    flows::what_calls_did_in_a_flow_is_counted_once_by_day,
    flows::old_figures_are_forgotten_day_by_day,
    customers::the_agent_who_had_a_customer_last_is_found_with_it,
    callbacks::whoever_wants_to_be_called_back_is_listed_once_until_it_is_done,
    callbacks::a_wish_is_kept_as_it_stands_until_somebody_was_reached,
    callbacks::who_was_not_reached_is_listed_until_somebody_has_seen_to_it,
    callbacks::a_wish_that_a_leader_gave_another_place_has_it_also_after_a_restart,
    agent_time::spans_of_a_session_come_back_in_order_and_once,
    agent_time::a_session_without_an_end_is_open,
    agent_time::the_latest_spans_of_all_agents_come_by_pages_and_no_further_back_than_asked,
    agent_time::help_comes_back_with_its_answer_and_outcome,
    agent_time::a_booking_stands_beside_what_was_measured,
    agent_time::the_last_disposition_of_each_agent_is_on_the_record,
    opening::the_tables_are_made_once_and_kept,
    opening::a_call_stored_before_agents_were_listed_is_found_by_them,
    opening::tables_of_a_later_version_are_refused,
    opening::who_only_reads_finds_everything_and_changes_nothing,
    opening::who_only_reads_is_told_of_tables_of_another_version,
    backup::a_backup_is_the_database_at_one_moment,
    backup::a_restored_database_is_what_was_backed_up,
    backup::a_restore_that_is_broken_off_leaves_what_was_there,
    backup::a_backup_of_earlier_tables_is_brought_up_to_date,
    recordings::nothing_of_a_held_call_is_erased,
    recordings::the_oldest_recordings_are_found_by_queue,
    recordings::a_call_is_forgotten_with_all_that_was_noted_of_it,
    recordings::what_is_not_over_is_not_forgotten,
    recordings::a_day_is_closed_once_with_what_belongs_to_no_other,
    reports::stays_are_counted_by_interval_and_once,
    reports::the_time_of_a_call_counts_for_the_interval_in_which_it_began_to_wait,
    reports::the_time_of_an_agent_counts_for_one_stay_and_not_for_those_called_back,
    reports::counting_anew_finds_and_mends_what_is_not_so,
    registrar::the_last_that_was_told_of_a_user_is_kept,
    registrar::contacts_that_have_expired_are_forgotten,
    registrar::a_state_is_made_once,
    registrar::a_state_that_was_left_is_taken_once,
    writer::a_correction_follows_the_record_that_it_is_about,
    writer::what_was_flushed_is_in_the_database_in_order,
    writer::what_was_written_is_there_after_closing,
    writer::an_impossible_entry_does_not_hold_up_the_others,
    writer::a_killed_server_keeps_what_it_acknowledged,
];

const OUTAGE_CASES: &[Case] = cases![
    writer::nothing_is_lost_while_the_database_is_away,
    writer::a_server_killed_during_an_outage_keeps_what_it_acknowledged,
    writer::requests_during_an_outage_fail_as_unavailable,
    writer::closing_during_an_outage_leaves_the_rest_to_the_next_start,
    registrar::contacts_told_during_an_outage_are_kept_in_order,
    writer::a_full_spool_holds_back_and_loses_nothing_of_the_queue,
    writer::a_record_is_given_back_by_a_full_queue_and_lost_by_none,
];

#[test]
fn behaviour_on_sqlite() {
    // A case may run this test once more as the process that it kills.
    if writer::is_to_be_killed() {
        return writer::acknowledge_until_killed();
    }
    let backend = Backend::sqlite();
    run_all(&backend, CASES);
    run_each_alone(&backend, OUTAGE_CASES);
}

#[test]
fn behaviour_on_postgres() {
    let backend = Backend::postgres();
    opening::both_databases_have_the_same_tables(&backend);
    backup::every_table_is_backed_up_and_fits_the_other_database(&backend);
    opening::references_are_collated_like_their_targets(&backend);
    run_all(&backend, CASES);
    run_each_alone(&backend, OUTAGE_CASES);
}

#[test]
fn searches_among_many_calls_on_sqlite() {
    search::usual_searches_are_quick_among_many_calls(&Backend::sqlite());
}

#[test]
fn searches_among_many_calls_on_postgres() {
    search::usual_searches_are_quick_among_many_calls(&Backend::postgres());
}
