//! Calls to make in a dossier: put into the tray, settled by a management, replaced by another.

use super::Dossier;
use cauce_domain::contact::call_entry::{CallEntry, CallReason, EntryState, OpenCall};
use cauce_domain::contact::management::Management;
use cauce_domain::ids::SendId;
use chrono::{DateTime, NaiveDate, Utc};

impl Dossier<'_> {
    /// Has the customer called from a local day on. Of one reason there is one: a later one takes its place. Who is paused or
    /// cannot pay is called when that was agreed on, and not otherwise. Answers whether the customer will be called.
    pub(crate) fn add_call(&mut self, reason: CallReason, due: NaiveDate, not_before: Option<DateTime<Utc>>) -> bool {
        if self.is_held() && reason != CallReason::CallBack {
            return false;
        }
        let (replaced, mut kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.account.calls).into_iter().partition(|call| call.reason == reason);
        let id = SendId::new(self.desk.ports.new_id().simple().to_string());
        let call = OpenCall { id, due, not_before, reason, by: self.desk.by.clone() };
        for old in replaced {
            // One that was asked for a moment ago, and is not stored yet, never was.
            if self.entries.remove(&old.id).is_none() {
                self.put_entry(&old, EntryState::Withdrawn);
            }
        }
        self.put_entry(&call, EntryState::ToManage);
        kept.push(call);
        kept.sort_by_key(|call| call.due);
        self.account.calls = kept;
        true
    }

    /// The calls that were due are managed; one agreed on for a later day stays.
    pub(crate) fn settle_calls(&mut self, management: &Management) {
        let today = self.desk.today;
        let (due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.account.calls).into_iter().partition(|call| call.due <= today);
        self.account.calls = later;
        let contacted = management.situation.is_contact();
        for call in due {
            self.put_entry(&call, EntryState::Managed { management: management.id.clone(), contacted });
        }
    }

    fn put_entry(&mut self, call: &OpenCall, state: EntryState) {
        let customer = self.account.id.clone();
        let (id, day, reason, by) = (call.id.clone(), call.due, call.reason, call.by.clone());
        self.entries.insert(id.clone(), CallEntry { id, customer, day, reason, by, state });
    }
}
