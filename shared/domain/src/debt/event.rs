//! What happens to a customer's debt (state *Generado* of the glossary): kept in its thread, told to webhooks, and what
//! messages of events are triggered by.

use crate::author::By;
use crate::debt::money::Currency;
use crate::ids::CustomerId;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($variant:ident $code:literal $spanish:literal),+ $(,)?) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum EventKind {
            $(#[doc = $spanish] $variant),+
        }
        impl EventKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The name in code, files and URLs.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }
            /// What a reader is told.
            pub fn spanish(self) -> &'static str {
                match self { $(Self::$variant => $spanish),+ }
            }
        }
    };
}

kinds! {
    PromiseMade "promise_made" "Compromiso de pago",
    PromiseKept "promise_kept" "Compromiso cumplido",
    PromisePartlyKept "promise_partly_kept" "Compromiso cumplido en parte",
    PromiseBroken "promise_broken" "Compromiso incumplido",
    PromiseReopened "promise_reopened" "Compromiso vigente otra vez",
    PromiseAnnulled "promise_annulled" "Compromiso anulado",
    PaymentToVerify "payment_to_verify" "Pago a verificar",
    PaymentVerified "payment_verified" "Pago verificado",
    PaymentRejected "payment_rejected" "Pago no verificado",
    PaymentEscalated "payment_escalated" "Pago a verificar fuera de plazo",
    Payment "payment" "Pago efectivo",
    Adjustment "adjustment" "Ajuste",
    PaymentAnnulled "payment_annulled" "Anulación de pago",
    ClaimOpened "claim_opened" "Reclamo abierto",
    ClaimEdited "claim_edited" "Reclamo modificado",
    ClaimClosed "claim_closed" "Reclamo cerrado",
    AgreementMade "agreement_made" "Acuerdo de nuevos términos",
    AgreementAnnulled "agreement_annulled" "Acuerdo anulado",
    OrderUncollectible "order_uncollectible" "Orden marcada como incobrable",
    OrderCollectible "order_collectible" "Orden cobrable otra vez",
    OrderAnnulled "order_annulled" "Orden anulada",
    OrderRestored "order_restored" "Anulación de orden revertida",
    Paused "paused" "Comunicaciones pausadas",
    Resumed "resumed" "Comunicaciones reanudadas",
    ReminderNoted "reminder_noted" "Recordatorio",
    ReminderDone "reminder_done" "Recordatorio atendido",
    AlertCleared "alert_cleared" "Alerta retirada",
}

/// One thing that happened. The amount is in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its id, in order of time.
    pub id: String,
    /// To whom.
    pub customer: CustomerId,
    /// The local day.
    pub day: NaiveDate,
    /// What.
    pub event: EventKind,
    /// Who or what made it happen: a user, `api`, a load, `cauce` itself.
    pub by: By,
    /// What it is about.
    #[serde(flatten)]
    pub about: About,
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct About {
    /// The id or code of the promise, payment, claim, order…
    pub subject: String,
    /// The orders concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<String>,
    /// The local date it speaks of: of a payment its value date, of a promise the day it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<NaiveDate>,
    /// How much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// In which currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// More of it, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_written_as_it_is_named() {
        for kind in EventKind::ALL {
            assert_eq!(serde_json::to_string(kind).expect("json"), format!("\"{}\"", kind.code()));
        }
    }
}
