//! The one clock: real, or set and advanced so that thirty days pass in seconds.

use chrono::{DateTime, Utc};
use std::sync::atomic::{AtomicI64, Ordering};

/// A clock.
#[derive(Debug)]
pub struct Clock {
    /// Milliseconds since 1970 when set; zero when real.
    set: AtomicI64,
}

impl Clock {
    /// The real time.
    pub fn real() -> Self {
        Self { set: AtomicI64::new(0) }
    }
    /// A clock that stands still until advanced.
    pub fn set_to(at: DateTime<Utc>) -> Self {
        Self { set: AtomicI64::new(at.timestamp_millis()) }
    }
    /// The time.
    pub fn now(&self) -> DateTime<Utc> {
        match self.set.load(Ordering::SeqCst) {
            0 => Utc::now(),
            millis => DateTime::from_timestamp_millis(millis).unwrap_or_default(),
        }
    }
    /// Whether it was set.
    pub fn is_set(&self) -> bool {
        self.set.load(Ordering::SeqCst) != 0
    }
    /// Moves a set clock forward; never back.
    pub fn advance_to(&self, at: DateTime<Utc>) {
        self.set.fetch_max(at.timestamp_millis(), Ordering::SeqCst);
    }
}
