//! What use has shown of an address: where it does not work, until when it is left alone, how WhatsApp knows it.

use crate::contact::channel::Channel;
use chrono::{DateTime, Days, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Soft bounces that suspend an e-mail address, when nothing was delivered between them.
const SOFT_BOUNCES: usize = 3;
/// The days within which they count.
const SOFT_DAYS: Days = Days::new(14);
/// How long they suspend it.
const SUSPENDED: Days = Days::new(30);
/// How long free text may be written after a person wrote: WhatsApp's day, less what a message may be under way.
const WINDOW: TimeDelta = TimeDelta::minutes(24 * 60 - 5);

/// How WhatsApp knows a telephone, as its last message told.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OnWhatsapp {
    /// The number as WhatsApp writes it, which may be another way to write the same one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<String>,
    /// The person's id for this business.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// When the person last wrote, by the number of ours it came to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub wrote: BTreeMap<String, DateTime<Utc>>,
}

impl std::fmt::Debug for OnWhatsapp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnWhatsapp(…)")
    }
}

/// Until when free text may be written to who wrote at an instant.
pub fn free_until(wrote: DateTime<Utc>) -> DateTime<Utc> {
    wrote + WINDOW
}

impl OnWhatsapp {
    /// Whether free text may leave from a number of ours.
    pub fn window_is_open(&self, account: &str, at: DateTime<Utc>) -> bool {
        self.wrote.get(account).is_some_and(|wrote| at < free_until(*wrote))
    }
}

/// What use has shown of an address.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Marks {
    /// Channels on which it does not work: until an instant, or until somebody edits it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unreachable: BTreeMap<Channel, Option<DateTime<Utc>>>,
    /// Somebody asked in their own words to be left alone: nothing automatic until a person has read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent_until: Option<DateTime<Utc>>,
    /// It may be somebody else's by now: no debt is written to it until a person has made sure.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unverified: bool,
    /// When a person last made sure whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<DateTime<Utc>>,
    /// Recent soft bounces, by what tells one from another.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub soft_bounces: BTreeMap<String, DateTime<Utc>>,
    /// How WhatsApp knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whatsapp: Option<OnWhatsapp>,
}

impl Marks {
    /// Whether it is known not to work on a channel at an instant.
    pub fn rules_out(&self, channel: Channel, at: DateTime<Utc>) -> bool {
        self.unverified || self.unreachable.get(&channel).is_some_and(|until| until.is_none_or(|until| at < until))
    }

    /// Whether it asked to be left alone at an instant.
    pub fn is_silent(&self, at: DateTime<Utc>) -> bool {
        self.silent_until.is_some_and(|until| at < until)
    }

    /// It became somebody else's at an instant, or may have: unless a person has made sure since.
    pub fn doubt(&mut self, at: DateTime<Utc>) {
        if self.verified.is_none_or(|verified| verified < at) {
            self.unverified = true;
            self.whatsapp = None;
        }
    }

    /// A person made sure whose it is: what use had shown against it is forgotten; how WhatsApp writes it is not.
    pub fn verify(&mut self, at: DateTime<Utc>) {
        *self = Self { whatsapp: self.whatsapp.take(), verified: self.verified.max(Some(at)), ..Self::default() };
    }

    /// It does not work on a channel. What was known for longer stays.
    pub fn rule_out(&mut self, channel: Channel, until: Option<DateTime<Utc>>) {
        let known = self.unreachable.entry(channel).or_insert(until);
        *known = match (*known, until) {
            (Some(before), Some(now)) => Some(before.max(now)),
            _ => None,
        };
    }

    /// It answered, or a message arrived: what was only suspected is forgotten.
    pub fn proved(&mut self, channel: Channel) {
        if channel == Channel::Email {
            self.soft_bounces.clear();
        }
        if self.unreachable.get(&channel).is_some_and(Option::is_some) {
            self.unreachable.remove(&channel);
        }
    }

    /// A mailbox refused a message for now; the third within two weeks suspends it.
    pub fn bounced_softly(&mut self, message: &str, at: DateTime<Utc>) {
        self.soft_bounces.retain(|_, before| before.checked_add_days(SOFT_DAYS).is_some_and(|end| at <= end));
        self.soft_bounces.insert(message.to_owned(), at);
        if self.soft_bounces.len() >= SOFT_BOUNCES {
            self.soft_bounces.clear();
            self.rule_out(Channel::Email, at.checked_add_days(SUSPENDED));
        }
    }

    /// Takes over what was known of the same address.
    pub fn keep(&mut self, before: &Self) {
        before.unreachable.iter().for_each(|(channel, until)| self.rule_out(*channel, *until));
        self.silent_until = self.silent_until.max(before.silent_until);
        self.unverified |= before.unverified;
        self.verified = self.verified.max(before.verified);
        self.soft_bounces.extend(before.soft_bounces.clone());
        self.whatsapp = self.whatsapp.take().or_else(|| before.whatsapp.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    #[test]
    fn three_soft_bounces_in_two_weeks_suspend_an_address_for_thirty_days() {
        let mut marks = Marks::default();
        marks.bounced_softly("1", at("2026-03-01T00:00:00Z"));
        marks.bounced_softly("1", at("2026-03-01T00:00:05Z"));
        marks.bounced_softly("2", at("2026-03-10T00:00:00Z"));
        assert!(!marks.rules_out(Channel::Email, at("2026-03-10T00:00:00Z")), "one of them was told twice");
        marks.bounced_softly("3", at("2026-03-16T00:00:00Z"));
        assert!(!marks.rules_out(Channel::Email, at("2026-03-16T00:00:00Z")), "the first is too long ago");
        marks.proved(Channel::Email);
        marks.bounced_softly("4", at("2026-03-17T00:00:00Z"));
        assert!(!marks.rules_out(Channel::Email, at("2026-03-17T00:00:00Z")), "something was delivered between");
        marks.bounced_softly("5", at("2026-03-18T00:00:00Z"));
        marks.bounced_softly("6", at("2026-03-19T00:00:00Z"));
        assert!(marks.rules_out(Channel::Email, at("2026-04-17T23:00:00Z")));
        assert!(!marks.rules_out(Channel::Email, at("2026-04-18T00:00:00Z")));
        assert!(!marks.rules_out(Channel::Sms, at("2026-03-20T00:00:00Z")));
    }

    #[test]
    fn what_is_known_for_good_is_not_shortened() {
        let mut marks = Marks::default();
        marks.rule_out(Channel::Whatsapp, None);
        marks.rule_out(Channel::Whatsapp, Some(at("2026-03-10T00:00:00Z")));
        marks.proved(Channel::Whatsapp);
        assert!(marks.rules_out(Channel::Whatsapp, at("2030-01-01T00:00:00Z")));
    }

    #[test]
    fn the_window_closes_before_whatsapps_day_does() {
        let wrote = at("2026-03-10T12:00:00Z");
        let known = OnWhatsapp { wrote: BTreeMap::from([("1".to_owned(), wrote)]), ..OnWhatsapp::default() };
        assert!(known.window_is_open("1", at("2026-03-11T11:54:59Z")));
        assert!(!known.window_is_open("1", at("2026-03-11T11:55:00Z")));
        assert!(!known.window_is_open("2", wrote), "it is of the number that was written to");
    }
}
