//! How many customers an audience has, and by which channels they can be reached.

use super::{Tally, Walker};
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::point::{self, Levels};
use cauce_domain::debt::account::Account;
use cauce_domain::strategy::campaign::Audience;
use cauce_domain::strategy::template;

/// Counts one customer.
pub(super) fn look(walker: &Walker<'_>, audience: &Audience, account: &Account, tally: &mut Tally) {
    if !audience.takes(account, walker.setup.today(walker.now)) {
        return;
    }
    tally.matched += 1;
    for channel in Channel::WRITTEN {
        let to = template::Audience::Customer;
        if point::choose(&account.customer, to, channel, &Levels::default(), walker.now).is_ok() {
            *tally.reachable.entry(channel.code().to_owned()).or_default() += 1;
        }
    }
}
