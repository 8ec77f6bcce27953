//! The channel by which a customer was last written to: read off the thread, where it is asked for. No account keeps it, since
//! every message that leaves would have to write one.

use crate::Ports;
use crate::error::Error;
use crate::store::interactions::of_customer;
use cauce_domain::contact::channel::Channel;
use cauce_domain::contact::interaction::{Interaction, State};
use cauce_domain::ids::{CustomerId, ProjectId};

/// Messages looked back on.
const LOOKED_AT: u32 = 20;

/// The channel of the last communication that left, or call of a flow's that was made.
pub(crate) async fn last_channel(
    ports: &Ports,
    project: &ProjectId,
    customer: &CustomerId,
) -> Result<Option<Channel>, Error> {
    let newest = of_customer(ports, project, customer, None, LOOKED_AT).await?;
    let left = |message: &&Interaction| {
        !matches!(
            message.state,
            State::Scheduled { .. } | State::Sending { .. } | State::NotSent { .. } | State::ToManage
        )
    };
    let at = |message: &&Interaction| (message.day, message.times.values().min().copied());
    Ok(newest.iter().filter(left).max_by_key(at).and_then(|message| message.channel))
}
