//! Amounts in requests: texts with a decimal dot, in a currency that is named or is the customer's.

use crate::Api;
use crate::caller::Caller;
use crate::customers::found;
use crate::problem::Problem;
use cauce_domain::country::NumberStyle;
use cauce_domain::debt::amount;
use cauce_domain::debt::money::Currency;
use cauce_engine::store::accounts;

/// The currency a request is in: the one it names, its order's, the one the customer owes in, or the project's.
pub(crate) async fn currency(
    api: &Api,
    caller: &Caller,
    id: &str,
    (named, order): (Option<&str>, Option<&str>),
) -> Result<Currency, Problem> {
    let bad = |e: cauce_domain::debt::money::UnknownCurrency| Problem::invalid("currency", e.to_string());
    if let Some(named) = named {
        return named.parse().map_err(bad);
    }
    if let Some(code) = order.filter(|code| code.len() <= 200)
        && let Some((_, order, ..)) = accounts::order_by_code(&api.ports, caller.setup.id(), code).await?
    {
        return Ok(order.currency);
    }
    let (account, _) = found(api, caller, id).await?;
    let owed = account.summary.carrying.map(|carrying| carrying.currency);
    owed.map_or_else(|| caller.setup.project().country.currency().parse().map_err(bad), Ok)
}

/// Minor units of an amount such as `"1234.50"`.
pub(crate) fn minor(field: &str, text: &str, currency: Currency) -> Result<i64, Problem> {
    let read = amount::parse(text, NumberStyle::DotDecimal, currency);
    read.map(|money| money.minor).map_err(|e| Problem::invalid(field, e.to_string()))
}
