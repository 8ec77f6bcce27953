//! Payment orders, payments and exclusions, one by one: the same rules as the files'.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::customers::taken;
use crate::problem::{Body, Path, Problem};
use axum::Json;
use axum::extract::State;
use cauce_domain::debt::order::{Order, days_past_due};
use cauce_engine::import::direct::direct;
use cauce_engine::import::job::Kind;
use cauce_engine::store::accounts;
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(upsert_order))
        .routes(routes!(read_order))
        .routes(routes!(add_payment))
        .routes(routes!(add_exclusion))
}

/// An order as read: what is stored, and what today makes of it.
pub(crate) fn shown(order: &Order, today: NaiveDate) -> Value {
    let mut json = serde_json::to_value(order).unwrap_or_default();
    json["balance"] = order.balance().into();
    json["excess"] = order.excess().into();
    json["state"] = json!(order.state(today));
    json["days_past_due"] = days_past_due(order.due, today).into();
    json
}

/// An order to load; absent fields stay, `-` erases. Amounts as texts with a decimal dot.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OrderBody {
    /// The customer's document type.
    document_kind: String,
    /// Its number.
    document_number: String,
    /// Order code, unique in the project.
    code: String,
    /// Due date, yyyy-mm-dd.
    #[serde(default)]
    due: String,
    /// Amount, such as `"1234.50"`.
    #[serde(default)]
    amount: String,
    /// ISO 4217.
    currency: Option<String>,
    /// Issue date.
    issued: Option<String>,
    /// Interest.
    interest: Option<String>,
    /// Discounts.
    discounts: Option<String>,
    /// Pending balance, in projects that load balances.
    balance: Option<String>,
    /// Product.
    product: Option<String>,
    /// Instalment.
    instalment: Option<String>,
    /// Link to the document.
    document_url: Option<String>,
    /// Where it is paid.
    payment_link: Option<String>,
    /// What to quote when paying.
    payment_reference: Option<String>,
    /// Void.
    annulled: Option<bool>,
    /// Variables.
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

/// Loads an order by its code.
#[utoipa::path(post, path = "/v1/orders", tag = "órdenes", request_body = OrderBody, responses((status = 200, body = Object), (status = 422, body = Problem)))]
async fn upsert_order(
    State(api): State<Api>,
    caller: Caller,
    Body(body): Body<OrderBody>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Operate)?;
    // A change that says nothing of due date or amount keeps what is stored.
    let known = accounts::order_by_code(&api.ports, caller.setup.id(), body.code.trim()).await?.map(|found| found.1);
    let due =
        if body.due.is_empty() { known.as_ref().map(|o| o.due.to_string()).unwrap_or_default() } else { body.due };
    let amount = match (body.amount.is_empty(), &known) {
        (true, Some(o)) => cauce_domain::debt::money::Money::new(o.amount, o.currency).plain(),
        _ => body.amount,
    };
    let mut fields = BTreeMap::from([
        ("Tipo de documento", body.document_kind),
        ("Número de documento", body.document_number),
        ("Código de pago", body.code),
        ("Fecha de vencimiento", due),
        ("Monto", amount),
    ]);
    let optional = [
        ("Moneda", body.currency),
        ("Fecha de emisión", body.issued),
        ("Intereses", body.interest),
        ("Descuentos", body.discounts),
        ("Saldo pendiente", body.balance),
        ("Producto", body.product),
        ("Número de cuota", body.instalment),
        ("URL documento", body.document_url),
        ("Link de pago", body.payment_link),
        ("Referencia de pago", body.payment_reference),
        ("Anulada", body.annulled.map(|a| if a { "Sí" } else { "No" }.to_owned())),
    ];
    fields.extend(optional.into_iter().filter_map(|(column, value)| Some((column, value?))));
    let by = caller.by(&api);
    let done = direct(&api.ports, &caller.setup, Kind::Orders, &fields, &body.variables, &by).await?;
    Ok(Json(taken(&done)))
}

/// Reads an order by its code.
#[utoipa::path(get, path = "/v1/orders/{code}", tag = "órdenes", params(("code" = String, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
async fn read_order(State(api): State<Api>, caller: Caller, Path(code): Path<String>) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Read)?;
    let found = accounts::order_by_code(&api.ports, caller.setup.id(), &code).await?;
    let (customer, order, ..) = found.ok_or_else(|| Problem::not_found("la orden"))?;
    caller.customer(&api, customer.as_str()).await?;
    let mut json = shown(&order, caller.setup.today(api.now()));
    json["customer"] = json!(customer);
    Ok(Json(json))
}

/// A payment, adjustment or annulment.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PaymentBody {
    /// The order paid; without it the customer's oldest due orders are.
    order: Option<String>,
    /// The customer's document type, without order.
    document_kind: Option<String>,
    /// Its number, without order.
    document_number: Option<String>,
    /// Movement code: the same one again changes nothing.
    code: String,
    /// `pago`, `ajuste` or `anulación`.
    kind: Option<String>,
    /// Value date, yyyy-mm-dd.
    date: String,
    /// Amount, such as `"100.00"`.
    amount: String,
    /// ISO 4217; the order's when absent.
    currency: Option<String>,
    /// Means of payment.
    method: Option<String>,
    /// Reference; of an annulment, the movement annulled.
    reference: Option<String>,
}

/// Records a payment, adjustment or annulment.
#[utoipa::path(post, path = "/v1/payments", tag = "pagos", request_body = PaymentBody, responses((status = 200, body = Object), (status = 422, body = Problem)))]
async fn add_payment(
    State(api): State<Api>,
    caller: Caller,
    Body(body): Body<PaymentBody>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Operate)?;
    if body.code.trim().is_empty() {
        return Err(Problem::invalid("code", "indique el código del movimiento, para no registrarlo dos veces"));
    }
    let mut fields =
        BTreeMap::from([("Código de movimiento", body.code), ("Fecha", body.date), ("Monto", body.amount)]);
    let optional = [
        ("Código de pago", body.order),
        ("Tipo de documento", body.document_kind),
        ("Número de documento", body.document_number),
        ("Tipo", body.kind),
        ("Moneda", body.currency),
        ("Medio de pago", body.method),
        ("Referencia", body.reference),
    ];
    fields.extend(optional.into_iter().filter_map(|(column, value)| Some((column, value?))));
    let by = caller.by(&api);
    let done = direct(&api.ports, &caller.setup, Kind::Payments, &fields, &BTreeMap::new(), &by).await?;
    Ok(Json(taken(&done)))
}

/// Somebody not to be contacted.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ExclusionBody {
    /// The customer's document type.
    document_kind: Option<String>,
    /// Its number.
    document_number: Option<String>,
    /// Or an address, whoever has it.
    address: Option<String>,
    /// `whatsapp`, `sms`, `correo` or `todos`.
    channel: Option<String>,
    /// Why.
    reason: Option<String>,
}

/// Excludes a customer or an address from a channel or from all.
#[utoipa::path(post, path = "/v1/exclusions", tag = "clientes", request_body = ExclusionBody, responses((status = 200, body = Object), (status = 422, body = Problem)))]
async fn add_exclusion(
    State(api): State<Api>,
    caller: Caller,
    Body(body): Body<ExclusionBody>,
) -> Result<Json<Value>, Problem> {
    caller.may(Permission::Operate)?;
    let optional = [
        ("Tipo de documento", body.document_kind),
        ("Número de documento", body.document_number),
        ("Dirección", body.address),
        ("Canal", body.channel),
        ("Motivo", body.reason),
    ];
    let fields = optional.into_iter().filter_map(|(column, value)| Some((column, value?))).collect();
    let by = caller.by(&api);
    let done = direct(&api.ports, &caller.setup, Kind::Exclusions, &fields, &BTreeMap::new(), &by).await?;
    Ok(Json(json!({ "changed": done.changed })))
}
