//! What goes wrong on the way to a provider and back, for a portfolio that meets all of it; and how it must have ended.

use super::Line;
use crate::fakes::{Asked, Memory, Script, Taken};
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::interaction::{Interaction, State};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// What a provider answers where something goes wrong.
pub(super) struct Mishaps {
    /// Too many were asked for.
    pub(super) too_many: Script,
    /// It takes none for now.
    pub(super) busy: Script,
    /// The address does not work.
    pub(super) dead: Script,
    /// It failed itself.
    pub(super) broken: Script,
}

impl Mishaps {
    /// What goes wrong with a message, drawn from where it goes.
    pub(super) fn fate(self) -> impl Fn(&Asked) -> Script {
        move |asked| match (number(asked) % 12, asked.before) {
            (1, _) => Script::TakeAndHangUp,
            (2, _) => Script::TakeBehindProxy,
            (3, _) => Script::TakeAndStutter,
            (4, 0) => self.too_many.clone(),
            (5, 0) => self.busy.clone(),
            (6, _) => self.dead.clone(),
            (7, _) => Script::TakeAndTellFirst,
            (8, _) => self.broken.clone(),
            _ => Script::Take,
        }
    }
}

/// A customer's number, as the end of a telephone or of the name in an e-mail address.
pub(super) fn number(asked: &Asked) -> u32 {
    let name = asked.to.split('@').next().unwrap_or_default();
    let digits: Vec<char> = name.chars().rev().take(4).take_while(char::is_ascii_digit).collect();
    digits.into_iter().rev().collect::<String>().parse().unwrap_or(0)
}

/// Whether nothing is ever told of a message: of some of those whose answer was lost.
pub(super) fn is_silent(taken: &Taken) -> bool {
    number(&taken.asked) % 24 == 1
}

/// When something happened by a provider's clock: an hour behind ours, or before it.
pub(super) fn askew(taken: &Taken, now: DateTime<Utc>) -> DateTime<Utc> {
    let hour = TimeDelta::hours(1);
    if number(&taken.asked).is_multiple_of(2) { now + hour } else { now - hour }
}

/// Forty-eight customers, half of whom owe since one day and half since another; everybody is to be written to today.
pub(super) async fn portfolio(line: &Line, due: [&str; 2]) {
    let names: Vec<String> = (0..48).map(|n| format!("C{n}")).collect();
    line.world.customers(&names.join(" ")).await;
    let orders: Vec<String> =
        (0..48).map(|n| format!("{} F-{n} {} 100.00", 100 + n, due[usize::from(n >= 24)])).collect();
    line.world.orders(&orders.join("\n")).await;
    let plan = line.world.plan().await.plan;
    assert_eq!((plan.send, plan.not_send.len()), (48, 0), "{plan:?}");
}

/// Each message left once and arrived, or nobody knows, or it failed and never left.
pub(super) fn judge(messages: &[Interaction], memory: &Memory, channel: Channel) {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for taken in memory.taken() {
        *times.entry(taken.asked.reference).or_default() += 1;
    }
    let mut ended: BTreeMap<&str, usize> = BTreeMap::new();
    for message in messages.iter().filter(|m| m.channel == Some(channel)) {
        let reference = cauce_engine::store::interactions::reference(message);
        let taken = times.get(&reference).copied().unwrap_or(0);
        assert!(taken <= 1, "{reference} left {taken} times");
        let arrived = matches!(message.state, State::Delivered | State::Opened);
        let unknown = message.state == State::Unknown;
        let failed = matches!(message.state, State::Failed { .. });
        assert!(arrived && taken == 1 || unknown || failed && taken == 0, "{:?} taken {taken}", message.state);
        *ended.entry(message.state.code()).or_default() += 1;
    }
    assert_eq!(ended.values().sum::<usize>(), 24, "{ended:?}");
    assert!(ended.len() == 3 && ended["unknown"] == 3 && ended["failed"] == 2, "every mishap was met: {ended:?}");
}
