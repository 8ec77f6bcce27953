//! Tags and variables: what templates and segments can say of a customer.

use crate::Api;
use crate::caller::{Caller, Permission};
use crate::problem::{Problem, Query};
use axum::Json;
use axum::extract::State;
use cauce_domain::strategy::tag::TAGS;
use cauce_engine::import::reading::Variable;
use cauce_engine::ports::table::{Query as TableQuery, TableName};
use cauce_engine::store::codec::decode;
use cauce_engine::{preview, store};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(variables))
}

/// A tag.
#[derive(Debug, Serialize, ToSchema)]
struct TagView {
    /// How a template writes it.
    tag: String,
    /// What it means.
    meaning: String,
    /// Its value for the customer asked about, or a sample one.
    value: Option<String>,
}

/// For whom.
#[derive(Debug, Deserialize, IntoParams)]
struct For {
    /// A customer's id; absent shows a sample customer.
    customer: Option<String>,
}

async fn known(api: &Api, caller: &Caller) -> Result<Vec<Variable>, Problem> {
    let query = TableQuery::table(TableName::Settings, caller.setup.id().as_str()).prefix("variable#");
    let stored = store::query_all(api.ports.table.as_ref(), query).await.map_err(cauce_engine::Error::from)?;
    stored.iter().map(|s| decode(&s.body).map_err(Problem::from)).collect()
}

/// Lists every tag with its meaning and value.
#[utoipa::path(get, path = "/v1/tags", tag = "plantillas", params(For), responses((status = 200, body = [TagView])))]
async fn list(State(api): State<Api>, caller: Caller, Query(of): Query<For>) -> Result<Json<Vec<TagView>>, Problem> {
    caller.may(Permission::Read)?;
    let customer = caller.some_customer(&api, of.customer).await?;
    let values = preview::values(&api.ports, &caller.setup, customer.as_ref(), api.now()).await?;
    let variables = known(&api, &caller).await?;
    let named = variables.into_iter().map(|v| (format!("variable.{}", v.name), format!("Variable «{}»", v.name)));
    let all = TAGS.iter().map(|(tag, meaning)| ((*tag).to_owned(), (*meaning).to_owned())).chain(named);
    Ok(Json(all.map(|(tag, meaning)| TagView { value: values.get(&tag).cloned(), tag, meaning }).collect()))
}

/// A variable some load brought.
#[derive(Debug, Serialize, ToSchema)]
struct VariableView {
    /// Name.
    name: String,
    /// `customers` or `orders`.
    of: String,
}

/// Lists the variables that loads brought.
#[utoipa::path(get, path = "/v1/variables", tag = "segmentos", responses((status = 200, body = [VariableView])))]
async fn variables(State(api): State<Api>, caller: Caller) -> Result<Json<Vec<VariableView>>, Problem> {
    caller.may(Permission::Read)?;
    let view = |v: Variable| VariableView { name: v.name, of: v.of.code().to_owned() };
    Ok(Json(known(&api, &caller).await?.into_iter().map(view).collect()))
}
