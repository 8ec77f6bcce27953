//! What a decision sees of an account: gathered once, stored with the decision, enough to repeat it.

use super::{Facts, Strategy};
use crate::contact::point::{self, Reach};
use crate::debt::account::Account;
use crate::strategy::flow::Span;
use crate::strategy::tag::{self, Sender};
use chrono::NaiveDate;

/// The span a customer's plan decides: the day's own, reaching back where a carry says so.
fn reach_back(span: Span, account: &Account) -> Span {
    match account.carry {
        Some(carry) if carry.on <= span.to && carry.from < span.from => Span { from: carry.from, ..span },
        _ => span,
    }
}

/// Gathers what the decision of the day needs to see of an account; `None` when no step of it falls in the span.
///
/// `done` are the offsets of the carrying order that fired or were finally decided before.
pub fn observe(account: &Account, strategy: &Strategy, span: Span, sender: Sender<'_>, done: &[i32]) -> Option<Facts> {
    let reaching = reach_back(span, account);
    let (_, step, _) = strategy.candidates(&account.segment, &account.summary, reaching, done).pop()?;
    let template = strategy.template(step);
    let reach = template.map_or(Reach::Usable, |t| {
        point::choose(&account.customer, t.audience, t.channel, &step.levels, strategy.calendar.midnight(span.to))
            .map_or_else(|reach| reach, |_| Reach::Usable)
    });
    Some(Facts {
        reach,
        missing_tag: template.and_then(|t| missing(account, &t.required, sender, span.to)),
        since: (reaching.from < span.from).then_some(reaching.from),
        done: done.to_vec(),
        ..Facts::of(account)
    })
}

/// Tags that only the orders themselves can fill; the second look, which reads them, decides on those.
const FROM_ORDERS: [&str; 8] =
    ["producto", "cuota", "total_vencido", "lista_ordenes", tag::STATEMENT, "pago", "link_pago", tag::PAY_HERE];

fn missing(account: &Account, required: &[String], sender: Sender<'_>, today: NaiveDate) -> Option<String> {
    let needs = |t: &&String| !FROM_ORDERS.contains(&t.as_str()) && !t.starts_with("variable.");
    let variables = required.iter().filter(|t| t.starts_with("variable.")).count();
    if variables == 0 && required.iter().all(|t| !needs(&t)) {
        return None;
    }
    let values = tag::values(account, None, sender, today);
    required.iter().filter(needs).find(|t| !values.contains_key(*t)).cloned()
}
