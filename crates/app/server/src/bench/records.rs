//! `hotline bench records`: how long searches for calls take among so many that a center has after years.

mod center;

use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use hotline_store::{CallSearch, SPOOL_BYTES_MAX, Store, Writer};
use serde_json::{Value, json};

use super::process::machine;
use super::rounded;
use super::tally::Times;
use crate::{banner, cli};
use center::{Center, searches};

/// The longest that one of a hundred searches may take, in milliseconds.
const REQUIRED_P99_MS: f64 = 300.0;
/// Calls in one transaction.
const PORTION: u64 = 1000;
/// Calls on a page, as the page of a browser asks for.
const PAGE: usize = 50;

/// How long one kind of search took.
struct Row {
    what: &'static str,
    times: Times,
    /// Calls that were found, of all searches together.
    found: usize,
}

/// Fills a database, measures, says what was found, and fails if that was asked for.
pub(crate) async fn records(options: &cli::BenchRecords) -> Result<()> {
    let directory = tempfile::Builder::new().prefix("hotline-bench-").tempdir().context("a directory")?;
    let own = format!("sqlite://{}", directory.path().join("records.db").display());
    let store = Store::open(options.database.as_deref().unwrap_or(&own)).await?;
    let any = store.search_calls(&CallSearch::default(), None, 1).await?;
    ensure!(any.calls.is_empty(), "there are calls in this database: name one that is empty");
    let begun = Instant::now();
    let writer = Writer::start(store.clone(), &directory.path().join("spool"), SPOOL_BYTES_MAX).await?;
    fill(&store, &writer, options.rows).await?;
    writer.close().await?;
    let filled_s = begun.elapsed().as_secs_f64();
    super::tell_again("");
    super::tell("searching");
    let rows = measure(&store, options).await?;
    store.close().await;
    let is_met = rows.iter().all(|row| row.times.quantile_ms(0.99) < REQUIRED_P99_MS);
    report(options, &rows, filled_s, is_met);
    if options.require && !is_met {
        bail!("the required figures are not met");
    }
    Ok(())
}

async fn fill(store: &Store, writer: &Writer, rows: u64) -> Result<()> {
    let mut center = Center::new(rows);
    for customer in center.customers() {
        store.create_customer(&customer).await?;
    }
    let begun = Instant::now();
    let mut written = 0;
    while written < rows {
        let count = PORTION.min(rows - written);
        let (records, said) = center.calls(written..written + count);
        for disposition in said {
            writer.write(hotline_store::JournalEntry::Disposition(disposition));
        }
        writer.flush().await?;
        store.save_records(&records).await?;
        written += count;
        if written.is_multiple_of(10 * PORTION) {
            let rate = written as f64 / begun.elapsed().as_secs_f64();
            super::tell_again(&format!("{written} of {rows} calls, {rate:.0} a second"));
        }
    }
    Ok(())
}

/// All kinds of searches in turn, so that none finds everything in memory because it comes after itself.
async fn measure(store: &Store, options: &cli::BenchRecords) -> Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    for turn in 0..options.turns {
        for (position, (what, search)) in searches(options.rows, turn).into_iter().enumerate() {
            let begun = Instant::now();
            let page = store.search_calls(&search, None, PAGE).await.with_context(|| what)?;
            let took = begun.elapsed();
            if rows.len() <= position {
                rows.push(Row { what, times: Times::default(), found: 0 });
            }
            rows[position].times.add(took);
            rows[position].found += page.calls.len();
        }
    }
    Ok(rows)
}

fn report(options: &cli::BenchRecords, rows: &[Row], filled_s: f64, is_met: bool) {
    let kind = if options.database.is_some() { "PostgreSQL" } else { "SQLite" };
    let quantiles = |times: &Times| [0.5, 0.99, 1.0].map(|part| times.quantile_ms(part));
    if options.json {
        let row = |row: &Row| -> Value {
            let [p50, p99, max] = quantiles(&row.times).map(rounded);
            json!({"what": row.what, "searches": row.times.len(), "found": row.found, "p50_ms": p50, "p99_ms": p99, "max_ms": max})
        };
        let report = json!({
            "machine": machine(), "optimised": !cfg!(debug_assertions), "database": kind, "calls": options.rows,
            "filled_s": rounded(filled_s), "searches": rows.iter().map(row).collect::<Vec<_>>(),
            "required": {"p99_ms": REQUIRED_P99_MS}, "required_met": is_met,
        });
        banner::print(&format!("{report:#}"));
        return;
    }
    banner::print(&format!(
        "{} calls in {kind}, written in {filled_s:.0} s, on {}.\nThe first page of {PAGE}, in milliseconds, {} searches of each kind.",
        options.rows,
        machine(),
        options.turns
    ));
    if cfg!(debug_assertions) {
        banner::print("This program is built without optimisation.");
    }
    banner::print("\n       p50       p99       max  found");
    for row in rows {
        let [p50, p99, max] = quantiles(&row.times);
        banner::print(&format!("{p50:>10.1}{p99:>10.1}{max:>10.1}{:>7}  {}", row.found, row.what));
    }
    let met = if is_met { "met" } else { "not met" };
    banner::print(&format!("required  {REQUIRED_P99_MS:>10.1}  of each: {met}"));
}
