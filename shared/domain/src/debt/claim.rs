//! A claim (*reclamo*): the customer disputes what it owes. Up to two at once, in different categories.

use crate::author::By;
use crate::contact::file::MessageFile;
use crate::ids::MatterId;
use serde::{Deserialize, Serialize};

/// How many claims of a customer may be open at once.
pub const MOST_OPEN: usize = 2;

/// What a claim is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// *Condiciones contractuales*.
    Contract,
    /// *Errores de facturación*.
    Billing,
    /// *Problemas con el pago*.
    Payment,
    /// *Problemas con producto/servicio*.
    Product,
}

impl Category {
    /// The category in Spanish.
    pub fn spanish(self) -> &'static str {
        match self {
            Self::Contract => "Condiciones contractuales",
            Self::Billing => "Errores de facturación",
            Self::Payment => "Problemas con el pago",
            Self::Product => "Problemas con producto/servicio",
        }
    }
}

/// What an open claim does to the collection; a project chooses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimEffect {
    /// Its orders are not chased; the customer's others are. One that names no order is about all of them.
    #[default]
    ExcludeOrders,
    /// Nothing automatic is sent to the customer.
    PauseCustomer,
    /// The collection goes on.
    None,
}

/// A claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Its id.
    pub id: MatterId,
    /// What it is about.
    pub category: Category,
    /// The orders it is about; none means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<String>,
    /// What the customer says.
    pub description: String,
    /// What shows it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<MessageFile>,
    /// What it does to the collection, as the project had it when the claim was opened.
    #[serde(default)]
    pub effect: ClaimEffect,
    /// Who opened it.
    pub by: By,
    /// Who closed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<By>,
    /// How it ended, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
}

impl Claim {
    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// Whether it keeps an order from being chased.
    pub fn disputes(&self, code: &str) -> bool {
        self.is_open() && self.effect == ClaimEffect::ExcludeOrders && self.orders.iter().any(|order| order == code)
    }

    /// Whether it keeps everything automatic from the customer.
    pub fn holds_the_customer(&self) -> bool {
        let all_orders = self.effect == ClaimEffect::ExcludeOrders && self.orders.is_empty();
        self.is_open() && (all_orders || self.effect == ClaimEffect::PauseCustomer)
    }
}
