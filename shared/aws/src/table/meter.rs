//! Capacity as DynamoDB reports it: what a budget is counted in and a bill is made of.

use std::sync::atomic::{AtomicU64, Ordering};

/// Units are counted in halves: an eventually consistent read costs half of one.
#[derive(Debug, Default)]
pub struct Meter {
    read_halves: AtomicU64,
    write_halves: AtomicU64,
}

/// Capacity units.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Units {
    /// Read units.
    pub read: f64,
    /// Write units, indexes included.
    pub write: f64,
}

impl Meter {
    pub(super) fn read(&self, units: Option<f64>) {
        self.read_halves.fetch_add(halves(units), Ordering::Relaxed);
    }
    pub(super) fn write(&self, units: Option<f64>) {
        self.write_halves.fetch_add(halves(units), Ordering::Relaxed);
    }
    /// What was used so far.
    pub fn used(&self) -> Units {
        let units = |count: &AtomicU64| count.load(Ordering::Relaxed) as f64 / 2.0;
        Units { read: units(&self.read_halves), write: units(&self.write_halves) }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "capacities are small and positive")]
fn halves(units: Option<f64>) -> u64 {
    (units.unwrap_or(0.0) * 2.0).round() as u64
}
