//! What a report may be about.

use super::rows::{customers, orders, payments, processes, promises};
use crate::columns::Column;
use crate::interaction_log;
use serde::{Deserialize, Serialize};

/// What a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// *Interacciones*: what was said or done.
    Interactions,
    /// *Clientes*.
    Customers,
    /// *Órdenes de pago*.
    Orders,
    /// *Pagos*: payments and adjustments.
    Payments,
    /// *Compromisos de pago*.
    Promises,
    /// *Log de procesos*: what loads, updates and reports came to.
    Processes,
}

impl Subject {
    /// Every subject.
    pub const ALL: [Self; 6] =
        [Self::Interactions, Self::Customers, Self::Orders, Self::Payments, Self::Promises, Self::Processes];

    /// The name in URLs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Interactions => "interactions",
            Self::Customers => "customers",
            Self::Orders => "orders",
            Self::Payments => "payments",
            Self::Promises => "promises",
            Self::Processes => "processes",
        }
    }

    /// The subject of a name.
    pub fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|subject| subject.code() == code)
    }

    /// The name a reader sees; of a sheet too.
    pub fn spanish(self) -> &'static str {
        match self {
            Self::Interactions => "Interacciones",
            Self::Customers => "Clientes",
            Self::Orders => "Órdenes de pago",
            Self::Payments => "Pagos",
            Self::Promises => "Compromisos de pago",
            Self::Processes => "Log de procesos",
        }
    }

    /// The states its rows may be filtered by; any of interactions, which are of many kinds.
    pub fn states(self) -> &'static [&'static str] {
        match self {
            Self::Interactions | Self::Processes => &[],
            Self::Customers => &["active", "inactive"],
            Self::Orders => &["current", "past_due", "paid", "annulled", "uncollectible"],
            Self::Payments => &["effective", "annulled"],
            Self::Promises => &["live", "kept", "partly_kept", "broken", "annulled"],
        }
    }

    /// Whether its rows are customers', so that who sees some customers may have theirs.
    pub fn is_of_customers(self) -> bool {
        self != Self::Processes
    }

    /// How its files' names begin.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Interactions => "interacciones",
            Self::Customers => "clientes",
            Self::Orders => "ordenes-de-pago",
            Self::Payments => "pagos",
            Self::Promises => "compromisos-de-pago",
            Self::Processes => "log-de-procesos",
        }
    }

    /// Its columns, in the order they are shown.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::Interactions => &interaction_log::COLUMNS,
            Self::Customers => &customers::COLUMNS,
            Self::Orders => &orders::COLUMNS,
            Self::Payments => &payments::COLUMNS,
            Self::Promises => &promises::COLUMNS,
            Self::Processes => &processes::COLUMNS,
        }
    }

    /// The column of a name.
    pub fn column(self, code: &str) -> Option<&'static Column> {
        self.columns().iter().find(|column| column.code == code)
    }
}
