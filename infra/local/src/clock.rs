//! The one clock: real, or set and advanced so that thirty days pass in seconds.

use chrono::{DateTime, Utc};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use uuid::{ContextV7, Timestamp, Uuid};

/// A clock.
#[derive(Debug)]
pub struct Clock {
    /// Milliseconds since 1970 when set; zero when real.
    set: AtomicI64,
    /// What orders the ids of one instant.
    ids: Mutex<ContextV7>,
}

impl Clock {
    /// The real time.
    pub fn real() -> Self {
        Self { set: AtomicI64::new(0), ids: Mutex::default() }
    }
    /// A clock that stands still until advanced.
    pub fn set_to(at: DateTime<Utc>) -> Self {
        Self { set: AtomicI64::new(at.timestamp_millis()), ids: Mutex::default() }
    }
    /// The time.
    pub fn now(&self) -> DateTime<Utc> {
        match self.set.load(Ordering::SeqCst) {
            0 => Utc::now(),
            millis => DateTime::from_timestamp_millis(millis).unwrap_or_default(),
        }
    }
    /// A new id, which begins with the time: what was made tells when.
    pub fn new_id(&self) -> Uuid {
        let now = self.now();
        let ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        Uuid::new_v7(Timestamp::from_unix(&*ids, seconds, now.timestamp_subsec_nanos()))
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
