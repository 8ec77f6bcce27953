//! The call catalogue: what may come of a call, what each outcome needs to be told, and what it sets in motion.
//!
//! One table. Which outcomes there are depends on who called whom and whether they spoke; the catalogue of the field has
//! twenty-two. What an effect does is done where a call is registered (`register_outcome` of the engine).

use crate::contact::alert::Alert;
use crate::debt::agreement::AgreementKind;
use serde::{Deserialize, Serialize};

/// Who called whom, and whether they spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Situation {
    /// We called and spoke with the customer.
    OutboundContact,
    /// We called and did not.
    OutboundNoContact,
    /// The customer called.
    Inbound,
}

impl Situation {
    /// Who called whom, in Spanish.
    pub fn direction(self) -> &'static str {
        match self {
            Self::OutboundContact | Self::OutboundNoContact => "saliente",
            Self::Inbound => "entrante",
        }
    }

    /// Whether they spoke: *Contactado*, or *No contactado*. Whoever calls us was spoken with.
    pub fn is_contact(self) -> bool {
        self != Self::OutboundNoContact
    }
}

macro_rules! outcomes {
    ($($variant:ident $code:literal $spanish:literal),+ $(,)?) => {
        /// What came of a call.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Outcome {
            $(#[doc = $spanish] $variant),+
        }
        impl Outcome {
            /// The name in code, files and URLs.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }
            /// The name a reader sees.
            pub fn spanish(self) -> &'static str {
                match self { $(Self::$variant => $spanish),+ }
            }
        }
    };
}

outcomes! {
    PromiseOrPayment "promise_or_payment" "Compromiso / A verificar",
    CallBack "call_back" "Volver a llamar",
    WontPay "wont_pay" "No quiere pagar",
    CannotPay "cannot_pay" "No puede pagar",
    Restructuring "restructuring" "Reestructuración",
    Refinancing "refinancing" "Refinanciación",
    PaymentMade "payment_made" "Pago realizado",
    Reminder "reminder" "Recordatorio",
    Pause "pause" "Pausar comunicaciones",
    NoAnswer "no_answer" "No contesta / Ocupado",
    WrongNumber "wrong_number" "Equivocado / Suspendido",
    Voicemail "voicemail" "Mensaje en buzón",
    ThirdParty "third_party" "Contacto con tercero",
    InformationRequest "information_request" "Solicitud de información",
    Claim "claim" "Reclamo",
}

/// What is told with an outcome. Who is called, by which telephone, is told with any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// A promise to pay: date, amount, orders.
    Promise,
    /// A payment the customer says it made: date, amount, means, notes, order.
    Payment,
    /// When to call again.
    CallBack,
    /// The new terms of the debt.
    Terms,
    /// A fact for the next who works the customer.
    Reminder,
    /// The last day of a pause.
    PauseUntil,
    /// Which of the customer's numbers.
    Phone,
    /// Who answered, to the customer.
    Relation,
    /// What the customer objects to.
    Claim,
    /// The payment, order or invoice it is about.
    Code,
    /// A note.
    Note,
    /// Files.
    Files,
}

/// What an outcome sets in motion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The promise, the declared payment, or both, are noted; the flow waits.
    PromiseOrPayment,
    /// A declared payment is noted with what is known of it.
    PaymentMade,
    /// The call leaves the tray until its day.
    CallBack,
    /// The call comes back after the project's gap.
    Retry,
    /// An alert is raised.
    Alert(Alert),
    /// The new terms are noted, with their alert.
    Agreement(AgreementKind),
    /// A reminder is pinned.
    Reminder,
    /// Everything automatic is paused.
    Pause,
    /// The number is not used again until somebody edits it.
    FailedNumber,
    /// A claim is opened.
    Claim,
}

/// A row of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// In which situation.
    pub situation: Situation,
    /// The outcome.
    pub outcome: Outcome,
    /// What has to be told.
    pub requires: &'static [Field],
    /// Of these at least one has to be told.
    pub one_of: &'static [Field],
    /// What may be told.
    pub accepts: &'static [Field],
    /// What it sets in motion.
    pub effects: &'static [Effect],
    /// Whether the customer was worked by it: open calls that were due are closed.
    pub settles: bool,
}

const fn row(
    situation: Situation,
    outcome: Outcome,
    requires: &'static [Field],
    accepts: &'static [Field],
    effects: &'static [Effect],
) -> Entry {
    Entry { situation, outcome, requires, one_of: &[], accepts, effects, settles: true }
}

const fn promise_or_payment(situation: Situation) -> Entry {
    let one_of = &[Field::Promise, Field::Payment];
    let entry = row(situation, Outcome::PromiseOrPayment, &[], EVIDENCE, &[Effect::PromiseOrPayment]);
    Entry { one_of, ..entry }
}
const fn payment_made(situation: Situation) -> Entry {
    row(situation, Outcome::PaymentMade, &[], PAID, &[Effect::PaymentMade])
}
const fn pause(situation: Situation) -> Entry {
    row(situation, Outcome::Pause, &[Field::PauseUntil], &[Field::Note], &[Effect::Pause])
}
const fn restructuring(situation: Situation) -> Entry {
    let effects = &[Effect::Agreement(AgreementKind::Restructuring)];
    row(situation, Outcome::Restructuring, &[Field::Terms], EVIDENCE, effects)
}
const fn refinancing(situation: Situation) -> Entry {
    let effects = &[Effect::Agreement(AgreementKind::Refinancing)];
    row(situation, Outcome::Refinancing, &[Field::Terms], EVIDENCE, effects)
}

const EVIDENCE: &[Field] = &[Field::Note, Field::Files];
const PAID: &[Field] = &[Field::Payment, Field::Note, Field::Files];
const NOTE: &[Field] = &[Field::Note];
const INFORMATION: &[Field] = &[Field::Code, Field::Files];

/// The catalogue, in the order a screen shows it.
pub const CATALOGUE: [Entry; 22] = {
    use Situation::{Inbound, OutboundContact as Spoken, OutboundNoContact as Unspoken};
    [
        promise_or_payment(Spoken),
        row(Spoken, Outcome::CallBack, &[Field::CallBack], NOTE, &[Effect::CallBack]),
        row(Spoken, Outcome::WontPay, &[], EVIDENCE, &[Effect::Alert(Alert::WontPay)]),
        row(Spoken, Outcome::CannotPay, &[], EVIDENCE, &[Effect::Alert(Alert::CannotPay)]),
        restructuring(Spoken),
        refinancing(Spoken),
        payment_made(Spoken),
        row(Spoken, Outcome::Reminder, &[Field::Reminder], NOTE, &[Effect::Reminder]),
        pause(Spoken),
        row(Unspoken, Outcome::NoAnswer, &[], NOTE, &[Effect::Retry]),
        row(Unspoken, Outcome::WrongNumber, &[Field::Phone], NOTE, &[Effect::FailedNumber]),
        row(Unspoken, Outcome::Voicemail, &[], NOTE, &[]),
        payment_made(Unspoken),
        row(Unspoken, Outcome::ThirdParty, &[], &[Field::Relation, Field::Note], &[]),
        pause(Unspoken),
        promise_or_payment(Inbound),
        restructuring(Inbound),
        refinancing(Inbound),
        Entry { settles: false, ..row(Inbound, Outcome::InformationRequest, &[Field::Note], INFORMATION, &[]) },
        row(Inbound, Outcome::Claim, &[Field::Claim], EVIDENCE, &[Effect::Claim]),
        payment_made(Inbound),
        pause(Inbound),
    ]
};

/// The row of an outcome in a situation, if it is one there.
pub fn entry(situation: Situation, outcome: Outcome) -> Option<&'static Entry> {
    CATALOGUE.iter().find(|entry| entry.situation == situation && entry.outcome == outcome)
}

/// What is wrong with what was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfit {
    /// This has to be told.
    Missing(Field),
    /// One of these has to be told.
    MissingOneOf(&'static [Field]),
    /// This says nothing here.
    Unexpected(Field),
}

impl Entry {
    /// Finds what is missing or too much in what was told.
    pub fn misfit(&self, told: &[Field]) -> Option<Misfit> {
        let missing = self.requires.iter().find(|field| !told.contains(field)).map(|field| Misfit::Missing(*field));
        let none = !self.one_of.is_empty() && !self.one_of.iter().any(|field| told.contains(field));
        let known = |field: &&Field| [self.requires, self.one_of, self.accepts].iter().any(|f| f.contains(field));
        let unexpected = told.iter().find(|field| !known(field)).map(|field| Misfit::Unexpected(*field));
        missing.or(none.then_some(Misfit::MissingOneOf(self.one_of))).or(unexpected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_has_nine_six_and_seven_outcomes_each_once() {
        let count = |situation| CATALOGUE.iter().filter(|entry| entry.situation == situation).count();
        let situations = [Situation::OutboundContact, Situation::OutboundNoContact, Situation::Inbound];
        assert_eq!(situations.map(count), [9, 6, 7]);
        let mut rows: Vec<_> = CATALOGUE.iter().map(|entry| (entry.situation, entry.outcome)).collect();
        rows.sort();
        rows.dedup();
        assert_eq!(rows.len(), 22);
    }

    #[test]
    fn what_is_absent_on_purpose_stays_absent() {
        for outcome in [Outcome::CallBack, Outcome::WontPay, Outcome::CannotPay, Outcome::Reminder] {
            assert_eq!(entry(Situation::Inbound, outcome), None);
        }
        assert_eq!(entry(Situation::OutboundNoContact, Outcome::PromiseOrPayment), None);
        for situation in [Situation::OutboundContact, Situation::OutboundNoContact] {
            assert_eq!(entry(situation, Outcome::Claim), None, "claims of outbound calls go through their panel");
            assert_eq!(entry(situation, Outcome::InformationRequest), None);
        }
    }

    #[test]
    fn what_is_missing_or_too_much_is_found() {
        let row = |outcome| entry(Situation::OutboundContact, outcome).expect("a row");
        for (outcome, told, expected) in [
            (Outcome::PromiseOrPayment, &[Field::Promise][..], None),
            (Outcome::PromiseOrPayment, &[Field::Promise, Field::Payment, Field::Files], None),
            (Outcome::PromiseOrPayment, &[], Some(Misfit::MissingOneOf(&[Field::Promise, Field::Payment]))),
            (Outcome::CallBack, &[], Some(Misfit::Missing(Field::CallBack))),
            (Outcome::WontPay, &[Field::Promise], Some(Misfit::Unexpected(Field::Promise))),
            (Outcome::WontPay, &[Field::Note, Field::Files], None),
        ] {
            assert_eq!(row(outcome).misfit(told), expected, "{outcome:?} {told:?}");
        }
    }
}
