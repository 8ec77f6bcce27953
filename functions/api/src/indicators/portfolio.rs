//! What is owed and collected, as it stood on a day.

use super::{Asked, Found, share};
use crate::Api;
use crate::caller::Caller;
use crate::problem::{Problem, Query};
use axum::Json;
use axum::extract::State;
use cauce_domain::debt::promise::PromiseState;
use cauce_domain::debt::receivables::{Counted, Group, Orders};
use cauce_domain::debt::standing::{Arrears, Standing};
use cauce_engine::close_day;
use cauce_engine::columns::Names;
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(portfolio))
        .routes(routes!(receivables))
        .routes(routes!(payments))
        .routes(routes!(promises))
        .routes(routes!(dso))
}

/// The portfolio by arrears (*situación de cartera*): what is to be collected and not yet due, 0 to 30, 31 to 60, 61 to 90 and more
/// than 90 days past due; the portfolio at risk (*cartera en riesgo*: more than 30 days past due); customers by segment, of the whole.
#[utoipa::path(get, path = "/v1/indicators/portfolio", tag = "indicadores", params(Asked), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn portfolio(State(api): State<Api>, caller: Caller, Query(asked): Query<Asked>) -> Result<Json<Value>, Problem> {
    let found = Found::of(&api, &caller, &asked).await?;
    let mut json = found.told(|_, standing| {
        let of = |arrears: Arrears| standing.arrears.get(&arrears).copied().unwrap_or_default();
        let whole = standing.orders().balance;
        let series = Arrears::ALL.map(|arrears| {
            let Counted { count, amount } = of(arrears);
            json!({ "key": arrears.code(), "name": arrears.spanish(), "orders": count, "amount": amount, "share": share(amount, whole) })
        });
        let at_risk = [Arrears::UpTo60, Arrears::UpTo90, Arrears::Over90].map(|arrears| of(arrears).amount).iter().sum();
        json!({ "series": series, "pending": whole, "at_risk": at_risk, "at_risk_share": share(at_risk, whole) })
    });
    if caller.sees_all().is_ok() && asked.is_all() {
        let counts = close_day::counts(&api.ports, &caller.setup, found.day.pred_opt().unwrap_or(found.day)).await?;
        let by_segment = counts.map(|counts| counts.by_segment).unwrap_or_default();
        let names = Names::of_setup(&caller.setup);
        let shown = |(id, customers): (&String, &u64)| json!({ "key": id, "name": names.segment(&id.as_str().into()), "customers": customers });
        json["customers_by_segment"] = by_segment.iter().map(shown).collect();
    }
    Ok(Json(json))
}

/// What a series of receivables is told apart by: key and name of a group.
fn key_of(by: &str, group: &Group, names: &Names<'_>) -> Option<(String, String)> {
    let user = |id: &Option<cauce_domain::ids::UserId>| match id {
        Some(id) => (id.to_string(), names.user(id.as_str())),
        None => ("none".to_owned(), "Sin asignar".to_owned()),
    };
    Some(match by {
        "adviser" => user(&group.adviser),
        "supervisor" => user(&group.supervisor),
        "segment" => (group.segment.to_string(), names.segment(&group.segment)),
        "flow" => {
            let flow = names.setup.active_flow(&group.segment);
            flow.map_or_else(
                || ("none".to_owned(), "Sin flujo".to_owned()),
                |flow| (flow.id.to_string(), flow.name.clone()),
            )
        }
        "portfolio" => (group.portfolio.code().to_owned(), group.portfolio.spanish().to_owned()),
        "product" => match &group.product {
            Some(product) => (product.clone(), product.clone()),
            None => ("none".to_owned(), "Sin producto u otros".to_owned()),
        },
        _ => return None,
    })
}

fn receivable(key: &str, name: &str, orders: &Orders, overdue: i64) -> Value {
    let total = orders.total;
    json!({
        "key": key, "name": name, "orders": orders.count, "total": total,
        "collected": orders.collected(), "collected_share": share(orders.collected(), total),
        "pending": orders.balance, "pending_share": share(orders.balance, total),
        "overdue": overdue, "overdue_share": share(overdue, total),
        "uncollectible": orders.lost, "uncollectible_share": share(orders.lost, total),
    })
}

/// A month as a series names it: `2026-03`.
fn named(month: NaiveDate) -> String {
    month.format("%Y-%m").to_string()
}

/// Accounts receivable (*cuentas por cobrar*): the total of orders that were not annulled, and of it what was collected, is pending,
/// is overdue and was given up on; by the month orders are due, or by who or what they are of. Advisers are those in charge now.
#[utoipa::path(get, path = "/v1/indicators/receivables", tag = "indicadores", params(Asked), responses((status = 200, body = Object), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn receivables(
    State(api): State<Api>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, Problem> {
    let found = Found::of(&api, &caller, &asked).await?;
    let names = Names::of_setup(&caller.setup);
    let by = asked.by.as_deref().unwrap_or("month");
    let known = ["month", "adviser", "supervisor", "segment", "flow", "portfolio", "product"];
    if !known.contains(&by) {
        return Err(Problem::invalid("by", format!("use uno de: {}", known.join(", "))));
    }
    Ok(Json(found.told(|currency, all| {
        let mut series = Vec::new();
        if by == "month" {
            for (month, orders) in &all.months {
                let overdue = all.overdue.get(month).copied().unwrap_or_default();
                series.push(receivable(&named(*month), &named(*month), orders, overdue));
            }
        } else {
            let mut groups: BTreeMap<(String, String), Standing> = BTreeMap::new();
            for (group, standing) in found.groups.iter().filter(|(group, _)| group.currency == currency) {
                if let Some(key) = key_of(by, group, &names) {
                    groups.entry(key).or_default().add(standing);
                }
            }
            // Payments alone, without orders, are of no series.
            let with_orders = groups.iter().filter(|(_, standing)| !standing.months.is_empty());
            series.extend(with_orders.map(|((key, name), it)| receivable(key, name, &it.orders(), it.overdue())));
        }
        json!({ "series": series, "all": receivable("all", "Todo", &all.orders(), all.overdue()) })
    })))
}

/// Effective payments by the month of their value date.
#[utoipa::path(get, path = "/v1/indicators/payments", tag = "indicadores", params(Asked), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn payments(State(api): State<Api>, caller: Caller, Query(asked): Query<Asked>) -> Result<Json<Value>, Problem> {
    let found = Found::of(&api, &caller, &asked).await?;
    Ok(Json(found.told(|_, all| {
        let month = |(month, it): (&NaiveDate, &Counted)| json!({ "key": named(*month), "name": named(*month), "payments": it.count, "amount": it.amount });
        json!({ "series": all.paid.iter().map(month).collect::<Vec<_>>() })
    })))
}

/// Promises to pay by the month they were due: kept, kept in part, broken, live and annulled; and the share kept of those that were
/// judged.
#[utoipa::path(get, path = "/v1/indicators/promises", tag = "indicadores", params(Asked), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn promises(State(api): State<Api>, caller: Caller, Query(asked): Query<Asked>) -> Result<Json<Value>, Problem> {
    let found = Found::of(&api, &caller, &asked).await?;
    Ok(Json(found.told(|_, all| {
        let month = |(month, states): (&NaiveDate, &BTreeMap<PromiseState, Counted>)| {
            let of = |state: PromiseState| states.get(&state).copied().unwrap_or_default();
            let [kept, partly, broken] = [PromiseState::Kept, PromiseState::PartlyKept, PromiseState::Broken].map(of);
            let [live, annulled] = [PromiseState::Live, PromiseState::Annulled].map(of);
            let judged = kept.count + partly.count + broken.count;
            let shown = |it: Counted| json!({ "promises": it.count, "amount": it.amount });
            json!({
                "key": named(*month), "name": named(*month), "kept": shown(kept), "partly_kept": shown(partly),
                "broken": shown(broken), "live": shown(live), "annulled": shown(annulled),
                "kept_share": share(kept.count, judged),
            })
        };
        json!({ "series": all.promised.iter().map(month).collect::<Vec<_>>() })
    })))
}

/// The mean time to collect (*DSO, período medio de cobro*): what is overdue over what fell due in the last ninety days, times
/// ninety.
#[utoipa::path(get, path = "/v1/indicators/dso", tag = "indicadores", params(Asked), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn dso(State(api): State<Api>, caller: Caller, Query(asked): Query<Asked>) -> Result<Json<Value>, Problem> {
    let found = Found::of(&api, &caller, &asked).await?;
    Ok(Json(found.told(|_, all| {
        let days = all.dso().map(|days| (days * 10.0).round() / 10.0);
        json!({ "overdue": all.overdue(), "fell_due_in_90_days": all.fell_due, "days": days })
    })))
}
