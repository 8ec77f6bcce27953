//! Who calls: the key's project, and the user it acts as.

use crate::Api;
use crate::problem::Problem;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use cauce_domain::debt::account::Account;
use cauce_domain::ids::CustomerId;
use cauce_engine::store::accounts;
use cauce_engine::store::edits::By;
use cauce_engine::store::settings::{self, Grant, Role, Setup, User};
use std::sync::Arc;

/// A caller with its project's settings.
#[derive(Clone)]
pub(crate) struct Caller {
    /// The project.
    pub(crate) setup: Arc<Setup>,
    /// The user the key acts as; none acts as the project.
    pub(crate) user: Option<User>,
}

/// What a handler needs its caller to be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permission {
    /// Read anything of the project.
    Read,
    /// Work customers: outcomes of calls, promises, claims, notes, messages.
    Manage,
    /// Change what is known of customers.
    EditCustomers,
    /// Read and answer addresses nobody is known to have.
    Unregistered,
    /// Ask for reports.
    Report,
    /// Load customers, orders and payments, give up on orders and annul them.
    Operate,
    /// Change settings, templates, flows, mode.
    Configure,
}

impl Caller {
    /// Lets the caller on, or answers 403.
    pub(crate) fn may(&self, needed: Permission) -> Result<(), Problem> {
        let allowed = match self.user.as_ref().map(|u| u.role) {
            None | Some(Role::Administrator) => true,
            Some(Role::Supervisor) => needed != Permission::Configure,
            Some(Role::Adviser) => match needed {
                Permission::Read | Permission::Manage => true,
                Permission::EditCustomers => self.is_granted(Grant::EditCustomers),
                Permission::Unregistered => self.is_granted(Grant::Unregistered),
                Permission::Report => self.user.as_ref().is_some_and(User::may_report),
                Permission::Operate | Permission::Configure => false,
            },
        };
        let message = "su usuario no tiene permiso para esta operación";
        if allowed { Ok(()) } else { Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", message)) }
    }

    fn is_granted(&self, grant: Grant) -> bool {
        self.user.as_ref().is_some_and(|user| user.grants.contains(&grant))
    }

    /// Whether the caller sees a customer.
    pub(crate) fn sees(&self, account: &Account) -> bool {
        self.user.as_ref().is_none_or(|user| user.sees(account))
    }

    /// Whether the caller sees only some customers.
    pub(crate) fn sees_some(&self) -> bool {
        self.user.as_ref().is_some_and(|user| user.only_assigned)
    }

    /// Lets on who sees the whole project: figures and files of all of it are nobody else's.
    pub(crate) fn sees_all(&self) -> Result<(), Problem> {
        let message = "su usuario solo ve los clientes que tiene asignados";
        let refused = || Problem::new(StatusCode::FORBIDDEN, "only_assigned", message);
        if self.sees_some() { Err(refused()) } else { Ok(()) }
    }

    /// A customer the caller sees; another's is as if it were not there.
    pub(crate) async fn customer(&self, api: &Api, id: &str) -> Result<CustomerId, Problem> {
        let id = CustomerId::from(id);
        if self.sees_some() {
            let found = accounts::account(&api.ports, self.setup.id(), &id).await?;
            found.filter(|(account, _)| self.sees(account)).ok_or_else(|| Problem::not_found("el cliente"))?;
        }
        Ok(id)
    }

    /// The same where one may be named.
    pub(crate) async fn some_customer(&self, api: &Api, id: Option<String>) -> Result<Option<CustomerId>, Problem> {
        match id {
            Some(id) => Ok(Some(self.customer(api, &id).await?)),
            None => Ok(None),
        }
    }

    /// The author of what the caller does.
    pub(crate) fn author(&self) -> String {
        self.user.as_ref().map_or_else(|| "api".to_owned(), |u| u.id.to_string())
    }

    /// The caller as the author of a change made now.
    pub(crate) fn by(&self, api: &Api) -> By {
        By { author: self.author(), at: api.now() }
    }
}

/// Finds the caller by its key before any handler runs.
pub(crate) async fn identify(State(api): State<Api>, mut request: Request, next: Next) -> Result<Response, Problem> {
    let unauthorized = || {
        let message = "envíe la llave del proyecto en Authorization: Bearer … o X-Api-Key";
        Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    };
    let headers = request.headers();
    let bearer = headers.get("authorization").and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    let key = bearer.or_else(|| headers.get("x-api-key").and_then(|v| v.to_str().ok())).ok_or_else(unauthorized)?;
    let door = settings::door(&api.ports, "key", key.trim()).await?.ok_or_else(unauthorized)?;
    let setup = settings::load(&api.ports, &door.project).await?;
    let user = match &door.user {
        None => None,
        Some(id) => {
            let found = setup.users.iter().find(|u| u.value.id == *id && u.value.active);
            Some(found.ok_or_else(unauthorized)?.value.clone())
        }
    };
    request.extensions_mut().insert(Caller { setup: Arc::new(setup), user });
    Ok(next.run(request).await)
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let missing = || Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "falta la llave del proyecto");
        parts.extensions.get::<Self>().cloned().ok_or_else(missing)
    }
}
