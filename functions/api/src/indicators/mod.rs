//! Indicators (*Indicadores*): series ready to be drawn. Amounts are minor units of their currency, whose decimals are told;
//! shares are of a hundred.

mod portfolio;
mod sends;

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::Problem;
use cauce_domain::debt::customer::Portfolio;
use cauce_domain::debt::money::Currency;
use cauce_domain::debt::receivables::Group;
use cauce_domain::debt::standing::Standing;
use cauce_engine::indicators;
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    portfolio::routes().merge(sends::routes())
}

/// Whose.
#[derive(Debug, Deserialize, IntoParams)]
struct Asked {
    /// As it stood on a local day; the last drawn up where none is named.
    day: Option<NaiveDate>,
    /// A currency.
    currency: Option<String>,
    /// An adviser's user id, or `none`.
    adviser: Option<String>,
    /// A supervisor's user id, or `none`.
    supervisor: Option<String>,
    /// A segment's id.
    segment: Option<String>,
    /// A flow's id: the segments it serves.
    flow: Option<String>,
    /// `current` or `written_off`.
    #[param(value_type = Option<String>)]
    portfolio: Option<Portfolio>,
    /// A product, of orders alone: one of the first fifteen the project had, or `none` for all others.
    product: Option<String>,
    /// What series are told apart by: `month`, `adviser`, `supervisor`, `segment`, `flow`, `portfolio` or `product`.
    by: Option<String>,
}

impl Asked {
    /// Whether the whole portfolio is asked for.
    fn is_all(&self) -> bool {
        let texts = [&self.currency, &self.adviser, &self.supervisor, &self.segment, &self.flow, &self.product];
        texts.iter().all(|text| text.is_none()) && self.portfolio.is_none()
    }

    fn takes(&self, caller: &Caller, group: &Group) -> bool {
        let same = |wanted: &Option<String>, has: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| wanted == has.unwrap_or("none"))
        };
        let flow = || caller.setup.active_flow(&group.segment).map(|flow| flow.id.as_str());
        same(&self.currency, Some(group.currency.code()))
            && same(&self.adviser, group.adviser.as_ref().map(|id| id.as_str()))
            && same(&self.supervisor, group.supervisor.as_ref().map(|id| id.as_str()))
            && same(&self.segment, Some(group.segment.as_str()))
            && (self.flow.is_none() || same(&self.flow, flow()))
            && self.portfolio.is_none_or(|wanted| wanted == group.portfolio)
            && same(&self.product, group.product.as_deref())
            && caller.user.as_ref().is_none_or(|user| user.is_in_charge(&group.adviser, &group.supervisor))
    }
}

/// A portfolio as asked for: the day, and its groups.
struct Found {
    day: NaiveDate,
    groups: Vec<(Group, Standing)>,
}

impl Found {
    async fn of(api: &Api, caller: &Caller, asked: &Asked) -> Result<Self, Problem> {
        caller.may(Permission::Read)?;
        let found = indicators::latest(&api.ports, caller.setup.id(), asked.day).await?;
        let missing = "los indicadores: se calculan cada madrugada y guardan 400 días";
        let mut found = found.ok_or_else(|| Problem::not_found(missing))?;
        found.groups.retain(|(group, _)| asked.takes(caller, group));
        Ok(Self { day: found.day, groups: found.groups })
    }

    /// The sums by currency.
    fn by_currency(&self) -> BTreeMap<Currency, Standing> {
        let mut all: BTreeMap<Currency, Standing> = BTreeMap::new();
        self.groups.iter().for_each(|(group, it)| all.entry(group.currency).or_default().add(it));
        all
    }

    /// An answer of one part per currency.
    fn told(&self, each: impl Fn(Currency, &Standing) -> Value) -> Value {
        let of = |(currency, standing): (&Currency, &Standing)| {
            let mut json = each(*currency, standing);
            json["currency"] = currency.code().into();
            json["decimals"] = currency.decimals().into();
            json
        };
        json!({ "day": self.day, "currencies": self.by_currency().iter().map(of).collect::<Vec<_>>() })
    }
}

/// A part of a whole, of a hundred, to two decimals; nothing of nothing.
fn share(part: i64, whole: i64) -> Option<f64> {
    (whole != 0).then(|| (part as f64 * 10_000.0 / whole as f64).round() / 100.0)
}
