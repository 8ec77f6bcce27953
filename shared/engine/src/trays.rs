//! The trays an adviser works from: messages received, the last first, and calls to make, the first due first.
//!
//! A tray is an index of accounts by whoever they are assigned to; what is nobody's has a place of its own. A page merges the
//! places the reader may see and costs what it shows, not what there is.

use crate::Ports;
use crate::error::Error;
use crate::ports::table::{Index, Query};
use crate::store::accounts::read_account;
use crate::store::settings::Setup;
use cauce_domain::contact::alert::Alert;
use cauce_domain::debt::account::Account;
use cauce_domain::debt::customer::Portfolio;
use cauce_domain::ids::{CustomerId, ProjectId, SegmentId, UserId};
use chrono::{DateTime, NaiveDate, Utc};
use futures::stream::{FuturesOrdered, TryStreamExt};

/// Accounts looked at for one page, at most: filters that pass nearly nobody answer what they found so far.
const LOOKED_AT: usize = 1000;
/// Accounts counted, at most.
const COUNTED: usize = 1000;
/// Accounts sorted by amount, at most.
const SORTED: usize = 5000;

/// A tray.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tray {
    /// *Recibidos*.
    Received,
    /// *Llamadas*.
    Calls,
}

/// Which accounts of a tray.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Assigned to these advisers; none means anybody's and nobody's.
    pub advisers: Option<Vec<Option<UserId>>>,
    /// Of this supervisor.
    pub supervisor: Option<UserId>,
    /// Of this portfolio.
    pub portfolio: Option<Portfolio>,
    /// In one of these segments.
    pub segments: Option<Vec<SegmentId>>,
    /// With this alert.
    pub alert: Option<Alert>,
    /// With messages nobody has read, or without.
    pub unread: Option<bool>,
    /// Whose last message, or first call, is of this local day or later.
    pub from: Option<NaiveDate>,
    /// Whose last message, or first call, is of this local day or earlier.
    pub to: Option<NaiveDate>,
    /// With a telephone that works, or without.
    pub reachable: Option<bool>,
    /// With a variable of this value.
    pub variable: Option<(String, String)>,
    /// Calls whose hour has not come, too.
    pub waiting: bool,
}

/// A page of a tray.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The accounts.
    pub accounts: Vec<Account>,
    /// After which place the next page begins, if there may be one.
    pub next: Option<String>,
}

/// Where an account stands in a tray, if it does.
pub(crate) fn place(project: &ProjectId, tray: Tray, account: &Account) -> Option<(String, String)> {
    let sort = match tray {
        Tray::Received => crate::store::keys::instant(account.inbox.as_ref()?.last),
        Tray::Calls => account.calls.first()?.due.to_string(),
    };
    let whose = partition(project, tray, account.customer.adviser.as_ref());
    Some((whose, format!("{sort}#{}", account.id)))
}

fn partition(project: &ProjectId, tray: Tray, adviser: Option<&UserId>) -> String {
    let name = if tray == Tray::Received { "received" } else { "calls" };
    format!("{project}#{name}#{}", adviser.map_or("-", UserId::as_str))
}

impl Tray {
    fn index(self) -> Index {
        match self {
            Self::Received => Index::Inbox,
            Self::Calls => Index::Calls,
        }
    }
}

/// Reads a page of a tray.
pub async fn page(
    ports: &Ports,
    setup: &Setup,
    (tray, filter): (Tray, &Filter),
    (after, limit): (Option<&str>, usize),
    now: DateTime<Utc>,
) -> Result<Page, Error> {
    let (mut page, mut after, mut looked) = (Page::default(), after.map(str::to_owned), 0);
    loop {
        let some = places(ports, setup, (tray, filter), after.as_deref(), limit, now).await?;
        let full = some.len() == limit;
        for (sort, account) in some {
            (after, looked) = (Some(sort), looked + 1);
            if filter.takes(setup, tray, &account, now) {
                page.accounts.push(account);
            }
            if page.accounts.len() == limit {
                page.next = after;
                return Ok(page);
            }
        }
        if !full || looked >= LOOKED_AT {
            page.next = after.filter(|_| full);
            return Ok(page);
        }
    }
}

/// The next places of a tray, in its order, over everybody's that are asked for.
async fn places(
    ports: &Ports,
    setup: &Setup,
    (tray, filter): (Tray, &Filter),
    after: Option<&str>,
    limit: usize,
    now: DateTime<Utc>,
) -> Result<Vec<(String, Account)>, Error> {
    let most = u32::try_from(limit + 1).unwrap_or(u32::MAX);
    let today = setup.today(now);
    let query = |adviser: Option<&UserId>| {
        let query = Query::index(tray.index(), partition(setup.id(), tray, adviser)).limit(most);
        match tray {
            Tray::Received => query.between("0", after.unwrap_or("9")).descending(),
            Tray::Calls => query.between(after.unwrap_or("0"), format!("{today}\u{10FFFF}")),
        }
    };
    let everybody =
        || std::iter::once(None).chain(setup.users.iter().map(|user| Some(user.value.id.clone()))).collect();
    let advisers: Vec<Option<UserId>> = filter.advisers.clone().unwrap_or_else(everybody);
    let reads: FuturesOrdered<_> =
        advisers.iter().map(|adviser| async { ports.table.query(&query(adviser.as_ref())).await }).collect();
    let pages: Vec<_> = reads.try_collect().await?;
    let mut found = Vec::new();
    for page in pages {
        for (sort, stored) in page.sort_keys.into_iter().zip(&page.items) {
            if Some(sort.as_str()) != after {
                found.push((sort, read_account(stored)?));
            }
        }
    }
    found.sort_by(|a, b| if tray == Tray::Received { b.0.cmp(&a.0) } else { a.0.cmp(&b.0) });
    found.truncate(limit);
    Ok(found)
}

/// How many accounts of a tray there are, up to a thousand.
pub async fn count(
    ports: &Ports,
    setup: &Setup,
    (tray, filter): (Tray, &Filter),
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let (mut counted, mut after) = (0, None);
    loop {
        let page = page(ports, setup, (tray, filter), (after.as_deref(), 200), now).await?;
        counted += page.accounts.len();
        match page.next {
            Some(next) if counted < COUNTED => after = Some(next),
            _ => return Ok(counted.min(COUNTED)),
        }
    }
}

/// Calls to make by what is owed, the most first; refused where there are too many to be sorted at once.
pub async fn calls_by_amount(
    ports: &Ports,
    setup: &Setup,
    filter: &Filter,
    (most_first, limit): (bool, usize),
    now: DateTime<Utc>,
) -> Result<Vec<Account>, Error> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = page(ports, setup, (Tray::Calls, filter), (after.as_deref(), 200), now).await?;
        all.extend(page.accounts);
        if all.len() > SORTED {
            let message = format!("hay más de {SORTED} llamadas: filtre por asesor o cartera para ordenar por monto");
            return Err(Error::refused("too_many", "order", message));
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let owed = |account: &Account| {
        let carrying = account.summary.carrying.as_ref();
        carrying.and_then(|c| account.summary.open.get(&c.currency)).map_or(0, |open| open.balance)
    };
    let id = |account: &Account| CustomerId::clone(&account.id);
    match most_first {
        true => all.sort_by_key(|account| (std::cmp::Reverse(owed(account)), id(account))),
        false => all.sort_by_key(|account| (owed(account), id(account))),
    }
    all.truncate(limit);
    Ok(all)
}

impl Filter {
    /// Whether an account passes.
    fn takes(&self, setup: &Setup, tray: Tray, account: &Account, now: DateTime<Utc>) -> bool {
        let customer = &account.customer;
        let day = match tray {
            Tray::Received => account.inbox.as_ref().map(|inbox| setup.today(inbox.last)),
            Tray::Calls => account.calls.first().map(|call| call.due),
        };
        let is_ready = || account.calls.iter().any(|call| call.not_before.is_none_or(|at| at <= now));
        let reachable = || customer.phones.iter().any(|p| !p.invalid && !p.marks.unverified);
        let unread = || account.inbox.as_ref().is_some_and(|inbox| inbox.unread > 0);
        let variable = |(name, value): &(String, String)| customer.variables.get(name) == Some(value);
        self.supervisor.as_ref().is_none_or(|wanted| customer.supervisor.as_ref() == Some(wanted))
            && self.portfolio.is_none_or(|wanted| customer.portfolio == wanted)
            && self.segments.as_ref().is_none_or(|wanted| wanted.contains(&account.segment))
            && self.alert.is_none_or(|wanted| account.alerts.has(wanted))
            && self.unread.is_none_or(|wanted| unread() == wanted)
            && self.from.is_none_or(|from| day >= Some(from))
            && self.to.is_none_or(|to| day.is_some_and(|day| day <= to))
            && self.reachable.is_none_or(|wanted| reachable() == wanted)
            && self.variable.as_ref().is_none_or(variable)
            && (tray == Tray::Received || self.waiting || is_ready())
    }
}
