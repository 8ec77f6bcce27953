//! A matter: whatever was promised, declared, disputed, agreed or noted about a customer's debt and stands until it ends.

use crate::author::By;
use crate::debt::agreement::Agreement;
use crate::debt::claim::Claim;
use crate::debt::payment_to_verify::PaymentToVerify;
use crate::debt::promise::Promise;
use crate::ids::MatterId;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// A fact for the next who works the customer (*recordatorio*), pinned until somebody takes it off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminder {
    /// Its id.
    pub id: MatterId,
    /// What to remember.
    pub text: String,
    /// The local day on which it asks for a call, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<NaiveDate>,
    /// Who noted it.
    pub by: By,
    /// Who took it off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<By>,
}

/// A matter of a customer's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "matter", rename_all = "snake_case")]
pub enum Matter {
    /// A promise to pay.
    Promise(Promise),
    /// A payment to verify.
    PaymentToVerify(PaymentToVerify),
    /// A claim.
    Claim(Claim),
    /// An agreement on other terms.
    Agreement(Agreement),
    /// A reminder.
    Reminder(Reminder),
}

impl Matter {
    /// Its id.
    pub fn id(&self) -> &MatterId {
        match self {
            Self::Promise(it) => &it.id,
            Self::PaymentToVerify(it) => &it.id,
            Self::Claim(it) => &it.id,
            Self::Agreement(it) => &it.id,
            Self::Reminder(it) => &it.id,
        }
    }

    /// The promise it is, if it is one.
    pub fn promise(&self) -> Option<&Promise> {
        match self {
            Self::Promise(it) => Some(it),
            _ => None,
        }
    }

    /// The payment to verify it is, if it is one.
    pub fn payment_to_verify(&self) -> Option<&PaymentToVerify> {
        match self {
            Self::PaymentToVerify(it) => Some(it),
            _ => None,
        }
    }

    /// The claim it is, if it is one.
    pub fn claim(&self) -> Option<&Claim> {
        match self {
            Self::Claim(it) => Some(it),
            _ => None,
        }
    }

    /// The agreement it is, if it is one.
    pub fn agreement(&self) -> Option<&Agreement> {
        match self {
            Self::Agreement(it) => Some(it),
            _ => None,
        }
    }

    /// The orders it names.
    pub fn orders(&self) -> &[String] {
        match self {
            Self::Promise(it) => &it.orders,
            Self::PaymentToVerify(it) => it.order.as_slice(),
            Self::Claim(it) => &it.orders,
            Self::Agreement(it) => &it.orders,
            Self::Reminder(_) => &[],
        }
    }

    /// Whether it may still change, or still changes something, on a local day; what is over is put away.
    pub fn stands(&self, today: NaiveDate) -> bool {
        match self {
            Self::Promise(it) => !it.is_over(today),
            Self::PaymentToVerify(it) => it.is_open(),
            Self::Claim(it) => it.is_open(),
            Self::Agreement(it) => it.annulled.is_none(),
            Self::Reminder(it) => it.done.is_none(),
        }
    }

    /// The local day on which it is looked at without anybody asking.
    pub fn next_look(&self) -> Option<NaiveDate> {
        match self {
            Self::Promise(it) => it.next_look(),
            Self::PaymentToVerify(it) => it.next_look(),
            Self::Reminder(it) => it.date.filter(|_| it.done.is_none()),
            Self::Claim(_) | Self::Agreement(_) => None,
        }
    }
}
