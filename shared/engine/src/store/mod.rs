//! What is stored, how it is keyed, and how it is written so that a retry knows its own work.
//!
//! | table | partition | sort keys |
//! |---|---|---|
//! | accounts | `project#customer` | `a` the account, `o#due#code` orders owed, `z#o#code` closed ones, `p#id` matters that stand, `z#p#id` ended ones, `z#m#code` movements, `z#n#year` its part of the portfolio's sums, `z#e#instant#id` edits, `z#g#instant` that it was given to somebody else |
//! | accounts | `project#oc#code`, `project#mv#code` | `p`: whose order or movement a code is |
//! | accounts | `project#nm#letters` | `word#customer`: who has a word in its name |
//! | accounts | `project#ad#hmac` | an address: `c#customer` who has it, `g` its guard, `x#scope` opt-outs, `d#day` today's message |
//! | interactions | `project#customer` | `i#day#id` its thread: messages, ours and theirs, calls, what happened to its debt; `l#week` the contact ledger |
//! | interactions | `project#customer` | `k#campaign` what the customer is to a campaign; in the day index by `project#k#campaign#shard` |
//! | interactions | `project#k#campaign` | `t#shard` a campaign's sums; `project#kt#campaign#shard` tickets of recipients to be measured; `project#ks#campaign` `s` its start |
//! | interactions | `project#un` | an address nobody is known to have, by its HMAC; `project#un#hmac` its `i#day#id` messages |
//! | interactions | `project#rc#provider#id` | `r` the receipt: whose message a provider's id is, and its text |
//! | interactions | `project#pk#provider#id` | `e#event` reports that came before their receipt |
//! | settings | `project` | `project`, `user#…`, `template#…`, `segment#…`, `flow#…`, `mapping#…`, `key#…` listed API keys |
//! | settings | `project#campaigns` | campaigns; `project#running` those that run; `project#columns` `user#tray` chosen columns |
//! | settings | `project#edits` | `instant#id`: who changed which setting |
//! | settings | `key#hash`, `account#provider#id`, `projects` | the ways to a project from outside |
//! | jobs | `project#walk#id` | `p#shard` a walk's parts, `m#customer` who moved; `project#walking` walks under way |
//! | jobs | `project#reports` | reports that wait for their dawn; `project#reports-of#user` whose; `project#report-of-day` one a day; `project#report#id` how far |
//! | jobs | `project#sums#shard` | the portfolio's sums by group and year; `project#indicating` how far; `project#indicators#day` how they stood; `project#sends` what was sent, by day and shard |
//! | jobs | `project#…` | the process log, chunks of loads, runs, idempotency keys, statistics |

pub mod accounts;
pub mod assignments;
pub mod chosen_columns;
pub mod codec;
pub mod commit;
pub mod cursor;
pub mod edits;
pub mod interactions;
pub mod jobs;
pub mod keys;
pub mod received;
pub mod settings;
pub mod setups;
pub mod whole_account;

use crate::ports::PortError;
use crate::ports::table::{Page, Query, Stored, Table};
use futures::future::BoxFuture;

/// Reads every page of a query.
pub fn query_all(table: &dyn Table, query: Query) -> BoxFuture<'_, Result<Vec<Stored>, PortError>> {
    Box::pin(async move {
        let mut items = Vec::new();
        let mut after = query.after.clone();
        loop {
            let page: Page = table.query(&query.clone().after(after)).await?;
            items.extend(page.items);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(items),
            }
        }
    })
}
