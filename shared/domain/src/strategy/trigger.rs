//! Events (*Eventos*): what happens to a customer's debt and is told to the customer, whether the flow is stopped or not.

use crate::debt::event::{About, EventKind};
use crate::ids::TemplateId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Most templates of one trigger.
pub const MOST_TEMPLATES: usize = 3;
/// Most minutes a message of an event may be kept back: three days.
pub const MOST_DELAY: u32 = 3 * 24 * 60;
/// Most days before its date on which a promise is spoken of.
pub const MOST_DAYS_BEFORE: u8 = 15;

macro_rules! triggers {
    ($($variant:ident $code:literal $spanish:literal $kind:ident),+ $(,)?) => {
        /// What sets a message of an event off.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Trigger {
            $(#[doc = $spanish] $variant),+
        }
        impl Trigger {
            /// Every trigger.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The name in code, files and URLs.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }
            /// What a reader is told.
            pub fn spanish(self) -> &'static str {
                match self { $(Self::$variant => $spanish),+ }
            }
            /// Whether it acknowledges what the customer pays, declares or asks, rather than asking for something.
            pub fn is_receipt(self) -> bool {
                match self { $(Self::$variant => triggers!(@$kind)),+ }
            }
        }
    };
    (@receipt) => { true };
    (@notice) => { false };
}

triggers! {
    PromiseMade "promise_made" "Compromiso de pago registrado" receipt,
    PromiseUpcoming "promise_upcoming" "Días antes del compromiso" notice,
    PromiseDue "promise_due" "El día del compromiso" notice,
    PromiseBroken "promise_broken" "Compromiso incumplido" notice,
    PaymentToVerify "payment_to_verify" "Pago a verificar recibido" receipt,
    PaymentVerified "payment_verified" "Pago verificado" receipt,
    PaymentRejected "payment_rejected" "Pago no verificado" receipt,
    Payment "payment" "Pago recibido" receipt,
    PaymentAnnulled "payment_annulled" "Pago anulado" notice,
    OrderAnnulled "order_annulled" "Orden anulada" notice,
    ClaimOpened "claim_opened" "Reclamo abierto" receipt,
    ClaimClosed "claim_closed" "Reclamo cerrado" receipt,
}

impl Trigger {
    /// What an event of the debt sets off.
    pub fn of(event: EventKind) -> Option<Self> {
        Some(match event {
            EventKind::PromiseMade => Self::PromiseMade,
            EventKind::PromiseBroken => Self::PromiseBroken,
            EventKind::PaymentToVerify => Self::PaymentToVerify,
            EventKind::PaymentVerified => Self::PaymentVerified,
            EventKind::PaymentRejected => Self::PaymentRejected,
            EventKind::Payment => Self::Payment,
            EventKind::PaymentAnnulled => Self::PaymentAnnulled,
            EventKind::OrderAnnulled => Self::OrderAnnulled,
            EventKind::ClaimOpened => Self::ClaimOpened,
            EventKind::ClaimClosed => Self::ClaimClosed,
            _ => return None,
        })
    }

    /// Whether it is set off by the day, and not by what somebody does.
    pub fn is_dated(self) -> bool {
        matches!(self, Self::PromiseUpcoming | Self::PromiseDue)
    }
}

/// What a project sends when a trigger is set off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRule {
    /// The trigger.
    pub trigger: Trigger,
    /// Whether it sends.
    pub active: bool,
    /// What it sends, each template by its own channel.
    pub templates: Vec<TemplateId>,
    /// Minutes it waits first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub delay_minutes: u32,
    /// How many days before its date a promise is spoken of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_before: Option<u8>,
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

impl EventRule {
    /// A trigger nobody has set up.
    pub fn new(trigger: Trigger) -> Self {
        let days_before = (trigger == Trigger::PromiseUpcoming).then_some(1);
        Self { trigger, active: false, templates: Vec::new(), delay_minutes: 0, days_before }
    }

    /// What keeps it from being saved.
    pub fn validate(&self) -> Result<(), (&'static str, &'static str)> {
        let upcoming = self.trigger == Trigger::PromiseUpcoming;
        let checks = [
            (
                self.active && self.templates.is_empty(),
                ("templates", "un evento activo necesita al menos una plantilla"),
            ),
            (self.templates.len() > MOST_TEMPLATES, ("templates", "un evento lleva hasta 3 plantillas")),
            (self.delay_minutes > MOST_DELAY, ("delay_minutes", "un evento espera hasta 4320 minutos (3 días)")),
            (
                upcoming != self.days_before.is_some(),
                ("days_before", "indique los días solo en «días antes del compromiso»"),
            ),
            (
                self.days_before.is_some_and(|days| days == 0 || days > MOST_DAYS_BEFORE),
                ("days_before", "los días antes del compromiso van de 1 a 15"),
            ),
        ];
        checks.into_iter().find(|(wrong, _)| *wrong).map_or(Ok(()), |(_, why)| Err(why))
    }
}

/// A trigger that was set off for a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occasion {
    /// What set it off.
    pub trigger: Trigger,
    /// What it is about: the promise, the payment, the claim, the order.
    pub about: About,
    /// The template.
    pub template: TemplateId,
    /// When it was set off.
    pub at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_trigger_is_written_as_it_is_named() {
        for trigger in Trigger::ALL {
            assert_eq!(serde_json::to_string(trigger).expect("json"), format!("\"{}\"", trigger.code()));
        }
    }

    #[test]
    fn whatever_happens_sets_off_at_most_one_trigger_and_the_days_set_off_the_rest() {
        let mut set_off: Vec<Trigger> = EventKind::ALL.iter().filter_map(|kind| Trigger::of(*kind)).collect();
        set_off.extend(Trigger::ALL.iter().filter(|trigger| trigger.is_dated()));
        set_off.sort();
        assert_eq!(set_off, Trigger::ALL);
    }

    #[test]
    fn a_rule_says_what_it_sends_and_when() {
        let rule = EventRule::new(Trigger::PromiseUpcoming);
        assert_eq!(rule.validate(), Ok(()));
        for (wrong, field) in [
            (EventRule { active: true, ..rule.clone() }, "templates"),
            (EventRule { templates: vec!["t".into(); 4], ..rule.clone() }, "templates"),
            (EventRule { delay_minutes: 5000, ..rule.clone() }, "delay_minutes"),
            (EventRule { days_before: None, ..rule.clone() }, "days_before"),
            (EventRule { days_before: Some(16), ..rule }, "days_before"),
        ] {
            assert_eq!(wrong.validate().map_err(|(field, _)| field), Err(field));
        }
    }
}
