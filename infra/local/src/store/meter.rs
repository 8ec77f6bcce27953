//! What the table did, counted as DynamoDB would bill it, so that budgets are tests.

use std::sync::atomic::{AtomicU64, Ordering};

/// Running totals.
#[derive(Debug, Default)]
pub struct Meter {
    reads: AtomicU64,
    read_units: AtomicU64,
    queries: AtomicU64,
    writes: AtomicU64,
    write_units: AtomicU64,
}

/// Totals at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reading {
    /// Items read.
    pub reads: u64,
    /// Units read: one per 4 KB of a strong read.
    pub read_units: u64,
    /// Queries made.
    pub queries: u64,
    /// Items written or deleted.
    pub writes: u64,
    /// Units written: one per KB, twice that in a transaction, and what indexes take.
    pub write_units: u64,
}

impl std::ops::Sub for Reading {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self {
            reads: self.reads - other.reads,
            read_units: self.read_units - other.read_units,
            queries: self.queries - other.queries,
            writes: self.writes - other.writes,
            write_units: self.write_units - other.write_units,
        }
    }
}

fn units(bytes: usize, of: usize) -> u64 {
    bytes.div_ceil(of).max(1) as u64
}

impl Meter {
    /// Counts an item read by key.
    pub fn get(&self, bytes: usize) {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.read_units.fetch_add(units(bytes, 4096), Ordering::Relaxed);
    }
    /// Counts a query.
    pub fn query(&self, items: usize, bytes: usize) {
        self.queries.fetch_add(1, Ordering::Relaxed);
        self.reads.fetch_add(items as u64, Ordering::Relaxed);
        self.read_units.fetch_add(units(bytes, 4096), Ordering::Relaxed);
    }
    /// Counts a change; `index_units` is what its indexes take.
    pub fn write(&self, bytes: usize, transaction: bool, index_units: u64) {
        self.writes.fetch_add(1, Ordering::Relaxed);
        let base = units(bytes, 1024) * if transaction { 2 } else { 1 };
        self.write_units.fetch_add(base + index_units, Ordering::Relaxed);
    }
    /// Reads the totals.
    pub fn read(&self) -> Reading {
        Reading {
            reads: self.reads.load(Ordering::Relaxed),
            read_units: self.read_units.load(Ordering::Relaxed),
            queries: self.queries.load(Ordering::Relaxed),
            writes: self.writes.load(Ordering::Relaxed),
            write_units: self.write_units.load(Ordering::Relaxed),
        }
    }
}
