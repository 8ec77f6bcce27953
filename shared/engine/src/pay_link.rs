//! *Paga aquí*: a short link of a message's own to the ways to pay. Following it tells that the message was seen.
//!
//! Whoever holds a link learns how to pay and nothing else: no name, no balance.

use crate::Ports;
use crate::apply_event::seen_by_link;
use crate::error::Error;
use crate::reply_token;
use crate::store::accounts;
use crate::store::interactions::{self, Receipt};
use crate::store::keys;
use crate::store::settings::{self, Setup};
use cauce_domain::contact::interaction::Interaction;
use cauce_domain::debt::payment_method::PaymentMethod;
use cauce_domain::strategy::tag;
use cauce_domain::strategy::template::Compiled;
use chrono::{DateTime, Utc};

/// What a link leads to.
#[derive(Debug, Clone)]
pub struct Led {
    /// Who is paid.
    pub company: String,
    /// The ways to pay, the first to be offered first, their addresses filled.
    pub methods: Vec<PaymentMethod>,
}

/// Makes a message's link; none where there is no way to pay behind it, or nobody can reach us.
pub(crate) async fn issue(
    ports: &Ports,
    setup: &Setup,
    message: &Interaction,
    now: DateTime<Utc>,
) -> Result<Option<String>, Error> {
    let offers = setup.project().payment_methods.iter().any(|method| method.active);
    if !offers || ports.public_url.is_empty() {
        return Ok(None);
    }
    let receipt = Receipt::of(message.customer.clone(), message.day, message.id.clone());
    let token = reply_token::issue_pay(ports, setup.id(), &receipt, now).await?;
    Ok(token.map(|token| format!("{}/p/{token}", ports.public_url)))
}

/// What a link leads to, where it is ours.
pub async fn follow(ports: &Ports, token: &str, now: DateTime<Utc>) -> Result<Option<Led>, Error> {
    let Some((project, receipt)) = reply_token::follow_pay(ports, token).await? else { return Ok(None) };
    let setup = settings::load(ports, &project).await?;
    let Some(open) = accounts::open_account(ports, &project, &receipt.customer).await? else { return Ok(None) };
    let orders: Vec<_> = open.orders.into_iter().map(|(order, ..)| order).collect();
    let mut values = tag::values(&open.account, Some(&orders), setup.sender(), setup.today(now));
    values.values_mut().for_each(escape);
    // An address with a hole in it leads nowhere.
    let led = |method: &PaymentMethod| {
        let url = method.url.as_ref().map(|url| Compiled::parse(url).ok()?.fill(&values).ok());
        match url {
            Some(None) => None,
            Some(url) => Some(PaymentMethod { url, ..method.clone() }),
            None => Some(method.clone()),
        }
    };
    let methods = setup.project().payment_methods.iter().filter(|method| method.active).filter_map(led).collect();
    Ok(Some(Led { company: setup.project().name.clone(), methods }))
}

/// A value as it stands in any part of an address.
fn escape(value: &mut String) {
    let written: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
    *value = written.replace('+', "%20");
}

/// A person looked at the ways to pay, or chose one: the message was seen.
pub async fn seen(ports: &Ports, token: &str, chose: bool, now: DateTime<Utc>) -> Result<(), Error> {
    let Some((project, receipt)) = reply_token::follow_pay(ports, token).await? else { return Ok(()) };
    let setup = settings::load(ports, &project).await?;
    let key = keys::interaction(&project, &receipt.customer, receipt.day, &receipt.send);
    if interactions::read(ports, &key).await?.is_none() {
        return Ok(());
    }
    seen_by_link(ports, &setup, &receipt, chose, now).await
}
