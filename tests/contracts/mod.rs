//! What every adapter of a port promises: one suite, run over each of them.

/// Makes a test of every promise of `Table` over the table that an expression opens; what it opens beside stays open.
macro_rules! table_contract {
    ($open:expr) => {
        table_contract! { $open,
            a_write_makes_all_changes_or_none
            a_failed_write_returns_what_is_stored_and_who_wrote_it
            versions_count_writes_and_guard_them
            of_many_writers_of_one_version_one_wins
            each_of_many_stands_by_itself
            limits_are_kept_before_anything_is_written
            a_query_reads_a_range_in_order_page_by_page
            a_page_ends_at_a_megabyte
            an_item_moves_through_its_indexes_and_pages_with_equal_sort_keys
            a_keys_only_index_answers_without_bodies
            sums_start_at_zero
            no_version_comes_twice_whatever_a_write_expects
            a_body_comes_back_as_it_was
            many_are_read_in_the_order_asked
        }
    };
    ($open:expr, $($promise:ident)*) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $promise() {
            let (_open, table) = $open;
            crate::contracts::table::$promise(table).await;
        })*
    };
}
use table_contract;

mod aws;
mod dynamodb;
mod files;
mod sqlite;
mod table;
