//! The trays an adviser works from: messages received, the last first, and calls to make, the first due first.
//!
//! A tray is an index of accounts by whoever they are assigned to; what is nobody's has a place of its own. A page merges the
//! places the reader may see and costs what it shows, not what there is.

use crate::Ports;
use crate::error::Error;
use crate::last_channel::last_channel;
use crate::ports::table::{Index, Query};
use crate::store::accounts::read_account;
use crate::store::keys::instant;
use crate::store::settings::Setup;
use cauce_domain::contact::alert::Alert;
use cauce_domain::contact::channel::Channel;
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
    /// Who wrote to us since.
    pub since: Option<DateTime<Utc>>,
    /// With a telephone that works, or without.
    pub reachable: Option<bool>,
    /// With a variable of this value.
    pub variable: Option<(String, String)>,
    /// Last written to, or called, by this channel.
    pub last_channel: Option<Channel>,
    /// Calls whose hour has not come, too.
    pub waiting: bool,
    /// Assigned to this user, as adviser or supervisor.
    pub viewer: Option<UserId>,
    /// Those that are nobody's are the viewer's too.
    pub unassigned: bool,
}

/// A page of a tray.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The accounts.
    pub accounts: Vec<Account>,
    /// After which place the next page begins, if there may be one.
    pub next: Option<String>,
    /// How many accounts were looked at for it.
    looked: usize,
}

/// Where an account stands in a tray, if it does: what nobody has read apart, so that it is counted by itself.
pub(crate) fn place(project: &ProjectId, tray: Tray, account: &Account) -> Option<(String, String)> {
    let (part, sort) = match tray {
        Tray::Received => {
            let inbox = account.inbox.as_ref()?;
            let came = format!("{}#{}", instant(inbox.came.unwrap_or(inbox.last)), instant(inbox.last));
            (if inbox.unread > 0 { "unread" } else { "read" }, came)
        }
        Tray::Calls => ("calls", account.calls.first()?.due.to_string()),
    };
    let whose = partition(project, part, account.customer.adviser.as_ref());
    Some((whose, format!("{sort}#{}", account.id)))
}

fn partition(project: &ProjectId, part: &str, adviser: Option<&UserId>) -> String {
    format!("{project}#{part}#{}", adviser.map_or("-", UserId::as_str))
}

/// The places of a tray that a filter passes.
fn partitions(setup: &Setup, tray: Tray, filter: &Filter) -> Vec<String> {
    let parts: &[&str] = match (tray, filter.unread) {
        (Tray::Calls, _) => &["calls"],
        (Tray::Received, None) => &["unread", "read"],
        (Tray::Received, Some(true)) => &["unread"],
        (Tray::Received, Some(false)) => &["read"],
    };
    let everybody =
        || std::iter::once(None).chain(setup.users.iter().map(|user| Some(user.value.id.clone()))).collect();
    let advisers: Vec<Option<UserId>> = filter.advisers.clone().unwrap_or_else(everybody);
    let of =
        |adviser: &Option<UserId>| parts.iter().map(|part| partition(setup.id(), part, adviser.as_ref())).collect();
    advisers.iter().flat_map(|adviser| -> Vec<String> { of(adviser) }).collect()
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
    let (mut page, mut after) = (Page::default(), after.map(str::to_owned));
    loop {
        let (some, more) = places(ports, setup, (tray, filter), after.as_deref(), limit, now).await?;
        for (sort, account) in some {
            (after, page.looked) = (Some(sort), page.looked + 1);
            if filter.takes(setup, tray, &account, now) && filter.knows(ports, setup, &account).await? {
                page.accounts.push(account);
            }
            if page.accounts.len() == limit {
                page.next = after;
                return Ok(page);
            }
        }
        if !more || page.looked >= LOOKED_AT {
            page.next = after.filter(|_| more);
            return Ok(page);
        }
    }
}

/// The next places of a tray, in its order, over all that a filter passes; and whether there are more.
async fn places(
    ports: &Ports,
    setup: &Setup,
    (tray, filter): (Tray, &Filter),
    after: Option<&str>,
    limit: usize,
    now: DateTime<Utc>,
) -> Result<(Vec<(String, Account)>, bool), Error> {
    let most = u32::try_from(limit + 1).unwrap_or(u32::MAX);
    let today = setup.today(now);
    let query = |partition: &String| {
        let query = Query::index(tray.index(), partition.clone()).limit(most);
        match tray {
            Tray::Received => {
                let since = filter.since.map_or_else(|| "0".to_owned(), instant);
                query.between(since, after.unwrap_or("9")).descending()
            }
            Tray::Calls => query.between(after.unwrap_or("0"), format!("{today}\u{10FFFF}")),
        }
    };
    let earlier = |a: &str, b: &str| if tray == Tray::Received { b.cmp(a) } else { a.cmp(b) };
    let partitions = partitions(setup, tray, filter);
    let reads: FuturesOrdered<_> =
        partitions.iter().map(|partition| async { ports.table.query(&query(partition)).await }).collect();
    let pages: Vec<_> = reads.try_collect().await?;
    let (mut found, mut known_to): (Vec<(String, Account)>, Option<String>) = (Vec::new(), None);
    for page in pages {
        // Of a place that goes on nothing is known past its page, however short that is.
        if let (Some(last), Some(_)) = (page.sort_keys.last(), &page.next) {
            known_to =
                Some(known_to.map_or(last.clone(), |to| if earlier(last, &to).is_lt() { last.clone() } else { to }));
        }
        for (sort, stored) in page.sort_keys.into_iter().zip(&page.items) {
            if Some(sort.as_str()) != after {
                found.push((sort, read_account(stored)?));
            }
        }
    }
    found.sort_by(|a, b| earlier(&a.0, &b.0));
    let all = found.len();
    if let Some(to) = &known_to {
        found.retain(|(sort, _)| !earlier(sort, to).is_gt());
    }
    found.truncate(limit);
    let more = known_to.is_some() || found.len() < all;
    Ok((found, more))
}

/// How many accounts of a tray there are, up to a thousand.
pub async fn count(
    ports: &Ports,
    setup: &Setup,
    (tray, filter): (Tray, &Filter),
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let (mut counted, mut looked, mut after) = (0, 0, None);
    loop {
        let page = page(ports, setup, (tray, filter), (after.as_deref(), 200), now).await?;
        (counted, looked) = (counted + page.accounts.len(), looked + page.looked);
        match page.next {
            Some(next) if counted < COUNTED && looked < SORTED => after = Some(next),
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
    let (mut all, mut looked, mut after) = (Vec::new(), 0, None);
    loop {
        let page = page(ports, setup, (Tray::Calls, filter), (after.as_deref(), 200), now).await?;
        looked += page.looked;
        all.extend(page.accounts);
        if looked > SORTED {
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
    /// Whether what only the thread tells of an account passes: looked at last, of those that are left.
    async fn knows(&self, ports: &Ports, setup: &Setup, account: &Account) -> Result<bool, Error> {
        match self.last_channel {
            None => Ok(true),
            wanted => Ok(last_channel(ports, setup.id(), &account.id).await? == wanted),
        }
    }

    fn takes(&self, setup: &Setup, tray: Tray, account: &Account, now: DateTime<Utc>) -> bool {
        let customer = &account.customer;
        let day = match tray {
            Tray::Received => account.inbox.as_ref().map(|inbox| setup.today(inbox.last)),
            Tray::Calls => account.calls.first().map(|call| call.due),
        };
        let today = setup.today(now);
        let is_ready =
            || account.calls.iter().any(|call| call.due <= today && call.not_before.is_none_or(|at| at <= now));
        let in_charge = || [&customer.adviser, &customer.supervisor].into_iter().flatten();
        let seen = |id: &UserId| in_charge().any(|own| own == id) || self.unassigned && in_charge().next().is_none();
        let reachable = || customer.phones.iter().any(|p| !p.invalid && !p.marks.unverified);
        let unread = || account.inbox.as_ref().is_some_and(|inbox| inbox.unread > 0);
        let variable = |(name, value): &(String, String)| customer.variables.get(name) == Some(value);
        self.viewer.as_ref().is_none_or(seen)
            && self.supervisor.as_ref().is_none_or(|wanted| customer.supervisor.as_ref() == Some(wanted))
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
