//! The contact ledger: what has reached out to a customer in one ISO week, and what that forbids.
//!
//! One item per customer and week, version-checked: the claim of a send writes its entry in the same transaction, so two
//! sends cannot both pass a limit. Flow, campaign, event, manual, call and imported history all enter it.

use crate::contact::channel::Channel;
use crate::contact::origin::{Class, Origin};
use crate::ids::SendId;
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

/// One contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The message.
    pub send: SendId,
    /// What fires once: its step's key, or its own id.
    pub step: String,
    /// Local day.
    pub day: NaiveDate,
    /// Channel.
    pub channel: Channel,
    /// The carrying order.
    pub debt: String,
    /// Origin.
    pub origin: Origin,
    /// It counts against nobody's limit: it acknowledges what the customer paid or declared.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exempt: bool,
    /// The customer was effectively reached (it opened the message).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reached: bool,
}

/// The limits a project sets on automatic contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caps {
    /// Automatic contacts per customer and local day.
    pub per_day: u32,
    /// After an effective contact, only that channel for the rest of the calendar week and for seven days.
    pub one_channel_a_week_after_contact: bool,
}

/// The ledger's refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The step has fired already.
    Fired,
    /// A limit is reached.
    Cap(String),
}

/// The entries of a week.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Week {
    /// The entries, oldest first.
    pub entries: Vec<Entry>,
}

/// The ISO week a day belongs to, as the ledger's key spells it: `2026-W07`.
pub fn week_of(day: NaiveDate) -> String {
    let week = day.iso_week();
    format!("{}-W{:02}", week.year(), week.week())
}

/// Whether one more message of a class may leave, given the entries of this week and the one before.
///
/// A second flow message for the same local day and a second message of the same step are refused whatever the caps say.
/// What acknowledges a payment, and what a person decides on, counts against nobody's limit; that it left is known all the
/// same.
pub fn admits(
    entries: &[&Entry],
    (step, class): (&str, Class),
    day: NaiveDate,
    channel: Channel,
    caps: Caps,
) -> Result<(), Refusal> {
    if entries.iter().any(|e| e.step == step) {
        return Err(Refusal::Fired);
    }
    if class == Class::Receipt {
        return Ok(());
    }
    let today = entries.iter().filter(|e| e.day == day && e.origin.is_automatic() && !e.exempt).count();
    let flow = |e: &&Entry| e.day == day && e.origin == Origin::Flow;
    if today >= caps.per_day as usize || class == Class::Reminder && entries.iter().any(flow) {
        return Err(Refusal::Cap(format!("ya recibió {today} contacto(s) automático(s) hoy")));
    }
    let in_reach = |e: &&&Entry| e.reached && ((day - e.day).num_days() < 7 || week_of(e.day) == week_of(day));
    if caps.one_channel_a_week_after_contact
        && let Some(other) = entries.iter().filter(in_reach).find(|e| e.channel != channel)
    {
        return Err(Refusal::Cap(format!("ya hubo contacto por {} esta semana", other.channel.spanish())));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }
    fn entry(on: &str, channel: Channel, reached: bool) -> Entry {
        Entry {
            send: "s".into(),
            step: format!("step {on}"),
            day: day(on),
            channel,
            debt: "F".into(),
            origin: Origin::Flow,
            exempt: false,
            reached,
        }
    }
    const CAPS: Caps = Caps { per_day: 1, one_channel_a_week_after_contact: true };

    #[test]
    fn weeks_are_iso_weeks() {
        assert_eq!(week_of(day("2026-01-01")), "2026-W01");
        assert_eq!(week_of(day("2027-01-01")), "2026-W53");
    }

    #[test]
    fn a_step_fires_once_and_a_day_has_one_message() {
        let sent = entry("2026-03-10", Channel::Sms, false);
        let admits = |key, class, on| admits(&[&sent], (key, class), day(on), Channel::Email, CAPS);
        let mail = |key, on| admits(key, Class::Reminder, on);
        assert_eq!(mail("step 2026-03-10", "2026-03-12"), Err(Refusal::Fired));
        assert!(matches!(mail("other", "2026-03-10"), Err(Refusal::Cap(_))));
        assert_eq!(mail("other", "2026-03-11"), Ok(()));
        assert!(admits("event", Class::Notice, "2026-03-10").is_err(), "it asks for something");
        assert_eq!(admits("receipt", Class::Receipt, "2026-03-10"), Ok(()));
    }

    #[test]
    fn what_a_person_wrote_takes_no_automatic_messages_place() {
        let written = Entry { origin: Origin::Manual, ..entry("2026-03-10", Channel::Sms, false) };
        let told = Entry { origin: Origin::Event, ..written.clone() };
        let flow = |before: &Entry| admits(&[before], ("step", Class::Reminder), day("2026-03-10"), Channel::Sms, CAPS);
        assert_eq!(flow(&written), Ok(()));
        assert!(flow(&told).is_err());
        assert_eq!(flow(&Entry { exempt: true, ..told.clone() }), Ok(()), "a receipt takes nobody's place");
    }

    #[test]
    fn in_colombia_one_channel_a_week_once_the_customer_was_reached() {
        let seen = entry("2026-03-10", Channel::Whatsapp, true);
        for (on, channel, free, fine) in [
            ("2026-03-12", Channel::Whatsapp, false, true),
            ("2026-03-12", Channel::Sms, false, false),
            ("2026-03-12", Channel::Sms, true, true),
            ("2026-03-16", Channel::Sms, false, false),
            ("2026-03-17", Channel::Sms, false, true),
        ] {
            let caps = Caps { one_channel_a_week_after_contact: !free, ..CAPS };
            let admitted = admits(&[&seen], ("other", Class::Reminder), day(on), channel, caps);
            assert_eq!(admitted.is_ok(), fine, "{on} {channel}");
        }
    }
}
