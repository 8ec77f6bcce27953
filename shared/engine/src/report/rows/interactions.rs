//! *Interacciones*: the lines of the log, the newest day first. Notes are not among them: what the team writes to itself stays
//! within the conversation.

use super::{Page, Reader};
use crate::error::Error;
use crate::interaction_log::{self, NOTE, Place};
use cauce_domain::debt::account::Account;

/// Lines of one page.
const PAGE: usize = 500;

pub(super) async fn page(reader: &mut Reader<'_>, place: Place) -> Result<Page, Error> {
    let user = reader.user;
    let sees = |account: Option<&Account>| match (user, account) {
        (Some(user), Some(account)) => user.sees(account),
        (Some(user), None) => !user.only_assigned,
        (None, _) => true,
    };
    let (filter, setup) = (&reader.report.filter, reader.setup);
    let (found, next) = interaction_log::page(reader.ports, setup, filter, (place, PAGE), (&sees, reader.now)).await?;
    reader.names.meet(reader.ports, &interaction_log::campaigns(&found)).await?;
    let told = found.iter().filter(|found| found.line.channel != Some(NOTE));
    let row = |found: &interaction_log::Found| {
        let account = found.account.as_ref();
        reader
            .columns
            .iter()
            .map(|column| interaction_log::shown(column, &found.line, account, &reader.names))
            .collect()
    };
    Ok((told.map(row).collect(), next))
}
