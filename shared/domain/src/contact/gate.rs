//! The gate: the ordered rules that a message passes twice, when the day is planned and at the moment it leaves.
//!
//! The first rule that objects gives the reason, which is stored with the facts it saw. The set of reasons is closed: a
//! new one is a new name here, and there is no "other".

use crate::contact::calendar::{Calendar, Closed};
use crate::contact::channel::{Channel, ChannelFlags};
use crate::contact::origin::Class;
use crate::contact::point::Reach;
use crate::debt::account::{Holds, Summary};
use crate::debt::customer::Status;
use crate::strategy::plan::Facts;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

macro_rules! reasons {
    ($($variant:ident $code:literal $spanish:literal),+ $(,)?) => {
        /// Why a message does not leave, in the order the rules are asked.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Reason {
            $(#[doc = $spanish] $variant),+
        }
        impl Reason {
            /// Every reason, in order.
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

reasons! {
    PlatformInactive "platform_inactive" "La plataforma está en modo inactivo: actívela para enviar",
    ChannelInactive "channel_inactive" "El canal no está activo: actívelo en Canales",
    ChannelDisconnected "channel_disconnected" "El canal no está conectado: revise su cuenta en Canales",
    FlowInactive "flow_inactive" "El flujo del segmento no está activo: actívelo en Flujos",
    EventInactive "event_inactive" "El evento no está activo: actívelo en Eventos",
    EventOver "event_over" "Lo que originó el mensaje ya no es así: el compromiso se cumplió, se anuló o se reemplazó",
    TemplateMissing "template_missing" "El paso no tiene plantilla: asígnele una en el flujo",
    TemplateNotApproved "template_not_approved" "La plantilla aún no está aprobada por WhatsApp",
    StoppedByUser "stopped_by_user" "Un usuario detuvo los envíos de hoy",
    StalePayments "stale_payments" "No se cargaron pagos a tiempo: cargue las novedades de pago",
    BudgetSpent "budget_spent" "Se agotó el presupuesto del día",
    CustomerInactive "customer_inactive" "El cliente está inactivo",
    OptedOut "opted_out" "El cliente pidió no ser contactado por este medio",
    RecipientForbidden "recipient_forbidden" "La ley del país no permite escribir a este destinatario",
    OutsideHours "outside_hours" "Quedó fuera del horario de contacto permitido",
    RestrictedDay "restricted_day" "El día está restringido para contactar",
    FrequencyCap "frequency_cap" "Se alcanzó el límite de contactos del cliente",
    Paused "paused" "Las comunicaciones del cliente están pausadas",
    CannotPay "cannot_pay" "El cliente indicó que no puede pagar",
    PromiseLive "promise_live" "El cliente tiene un compromiso de pago vigente",
    PaymentUnderReview "payment_under_review" "Hay un pago por verificar",
    ClaimOpen "claim_open" "El cliente tiene un reclamo abierto",
    Uncollectible "uncollectible" "La deuda está marcada como incobrable",
    NothingDue "nothing_due" "El cliente no tiene deuda por cobrar",
    CarryingChanged "carrying_changed" "Ahora otra orden decide la cobranza del cliente",
    Superseded "superseded" "Un paso posterior del flujo corresponde al mismo día",
    Missed "missed" "El día del paso no se planificó a tiempo",
    HeldOut "held_out" "El cliente está en el grupo de control",
    NoContact "no_contact" "El cliente no tiene contacto para este canal",
    InvalidContact "invalid_contact" "Los contactos del cliente para este canal no son válidos",
    InternalContact "internal_contact" "El contacto pertenece a un usuario o remitente del proyecto",
    WindowClosed "window_closed" "La ventana de 24 horas de WhatsApp está cerrada",
    MissingTagValue "missing_tag_value" "Falta el valor de una etiqueta de la plantilla",
}

/// The gate's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The message may leave.
    Allow,
    /// Not now: ask again at the moment given.
    Defer(DateTime<Utc>, Reason),
    /// It does not leave.
    Block(Reason, Option<String>),
}

/// What stands in the project, the same for every customer of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switches {
    /// Platform mode.
    pub active: bool,
    /// Flags of each channel.
    pub channels: BTreeMap<Channel, ChannelFlags>,
    /// A user stopped what was left of this day, for all flows.
    #[serde(default)]
    pub stopped: Option<DateTime<Utc>>,
    /// Payments must have been loaded since this instant.
    #[serde(default)]
    pub payments_needed_since: Option<DateTime<Utc>>,
    /// When payments were last loaded.
    #[serde(default)]
    pub payments_loaded: Option<DateTime<Utc>>,
    /// Channels on which the day's budget is spent.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub spent: BTreeSet<Channel>,
}

/// One message before the gate.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// How strictly the rules bind it.
    pub class: Class,
    /// The project's switches.
    pub switches: &'a Switches,
    /// The project's calendar.
    pub calendar: &'a Calendar,
    /// What is known of the customer.
    pub facts: &'a Facts,
    /// The channel.
    pub channel: Channel,
    /// Why what sends it is switched off, if it is: its flow, its event.
    pub off: Option<Reason>,
    /// Whether its template exists.
    pub has_template: bool,
    /// Why its provider would not take it as it is written, where it approves what begins a conversation.
    pub unapproved: Option<(Reason, &'a str)>,
    /// When the flow was stopped for the day, if it was.
    pub flow_stopped: Option<DateTime<Utc>>,
    /// When the message was decided: a stop binds what was decided before it.
    pub decided: DateTime<Utc>,
    /// The carrying order the message was decided for.
    pub order: Option<&'a str>,
    /// What else of a debt stands against it: what whoever made its campaign ticked.
    pub also: &'a [Reason],
    /// The law or the project forbids whom the template is written for.
    pub forbidden: bool,
    /// Whether the address can be used.
    pub reach: Reach,
    /// The tag the template needs and nobody can fill.
    pub missing_tag: Option<&'a str>,
    /// The contact limit that is reached.
    pub cap: Option<&'a str>,
    /// The local day the message belongs to.
    pub day: NaiveDate,
    /// The moment it would leave.
    pub at: DateTime<Utc>,
}

type Rule = fn(&Case<'_>) -> Option<Verdict>;

/// Asks the rules in order; the first that objects answers.
pub fn ask(case: &Case<'_>) -> Verdict {
    const RULES: [Rule; 7] = [project, stops, person, hours, caps, debt, address];
    RULES.iter().find_map(|rule| rule(case)).unwrap_or(Verdict::Allow)
}

/// What would keep a reminder from leaving now, and only warns a person who writes: every rule that objects.
pub fn warnings(case: &Case<'_>) -> Vec<(Reason, Option<String>)> {
    let reminder = Case { class: Class::Reminder, ..*case };
    let objection = |rule: &Rule| match rule(&reminder)? {
        Verdict::Allow => None,
        Verdict::Defer(_, reason) => Some((reason, None)),
        Verdict::Block(reason, detail) => Some((reason, detail)),
    };
    [hours as Rule, caps, debt].iter().filter_map(objection).collect()
}

fn block(reason: Reason) -> Option<Verdict> {
    Some(Verdict::Block(reason, None))
}

fn project(case: &Case<'_>) -> Option<Verdict> {
    let flags = case.switches.channels.get(&case.channel);
    let checks = [
        (!case.switches.active, Reason::PlatformInactive),
        (!flags.is_some_and(|f| f.active), Reason::ChannelInactive),
        (!flags.is_some_and(|f| f.connected), Reason::ChannelDisconnected),
        (case.off.is_some(), case.off.unwrap_or(Reason::FlowInactive)),
        (!case.has_template, Reason::TemplateMissing),
    ];
    if let Some((_, reason)) = checks.into_iter().find(|check| check.0) {
        return block(reason);
    }
    if let Some((reason, why)) = case.unapproved {
        return Some(Verdict::Block(reason, Some(why.to_owned())));
    }
    let paused = flags.and_then(|flags| flags.paused_until).filter(|until| case.at < *until)?;
    Some(Verdict::Defer(paused, Reason::ChannelDisconnected))
}

/// A user's stop, and payments that have not come: the latter wait inside the day's window.
fn stops(case: &Case<'_>) -> Option<Verdict> {
    let stopped = [case.switches.stopped, case.flow_stopped].into_iter().flatten();
    if !case.class.is_personal()
        && stopped.into_iter().any(|at| at >= case.decided && case.calendar.local_day(at) == case.day)
    {
        return block(Reason::StoppedByUser);
    }
    if case.switches.spent.contains(&case.channel) {
        return block(Reason::BudgetSpent);
    }
    let needed = case.switches.payments_needed_since.filter(|_| case.class == Class::Reminder)?;
    if case.switches.payments_loaded.is_some_and(|loaded| loaded >= needed) {
        return None;
    }
    let again = case.at + chrono::TimeDelta::minutes(30);
    match case.calendar.close_of_day(case.at) {
        Some(end) if again < end => Some(Verdict::Defer(again, Reason::StalePayments)),
        _ => block(Reason::StalePayments),
    }
}

fn person(case: &Case<'_>) -> Option<Verdict> {
    if case.class == Class::Reply {
        return if case.reach == Reach::OptedOut { block(Reason::OptedOut) } else { None };
    }
    if case.facts.status != Status::Active {
        return block(Reason::CustomerInactive);
    }
    if case.reach == Reach::OptedOut {
        return block(Reason::OptedOut);
    }
    if case.forbidden {
        return block(Reason::RecipientForbidden);
    }
    None
}

fn hours(case: &Case<'_>) -> Option<Verdict> {
    if case.class == Class::Reply {
        return None;
    }
    let closed = case.calendar.check(case.at).err()?;
    let reason = match closed {
        Closed::Hours => Reason::OutsideHours,
        Closed::Day => Reason::RestrictedDay,
    };
    if case.class == Class::Personal {
        return block(reason);
    }
    match case.calendar.next_allowed(case.at) {
        Some(next) => Some(Verdict::Defer(next, reason)),
        None => block(reason),
    }
}

fn caps(case: &Case<'_>) -> Option<Verdict> {
    case.cap.filter(|_| !case.class.is_personal()).map(|cap| Verdict::Block(Reason::FrequencyCap, Some(cap.to_owned())))
}

/// What stands over the debt: a pause over everything automatic, that somebody cannot pay over all but receipts, the rest over
/// the flow alone.
fn debt(case: &Case<'_>) -> Option<Verdict> {
    let Facts { holds, summary, .. } = case.facts;
    stands_over((case.class, case.also), (holds, summary), case.order, case.day)
        .map(|(reason, detail)| Verdict::Block(reason, detail))
}

/// What stands over a debt on a local day against a message of a class, and of what its campaign ticked `also`; `order` is the
/// one it was decided for.
pub fn stands_over(
    (class, also): (Class, &[Reason]),
    (holds, summary): (&Holds, &Summary),
    order: Option<&str>,
    day: NaiveDate,
) -> Option<(Reason, Option<String>)> {
    let plain = |reason| Some((reason, None));
    if class.is_personal() {
        return None;
    }
    if let Some(until) = holds.paused_until.filter(|u| *u >= day) {
        return Some((Reason::Paused, Some(format!("hasta el {until}"))));
    }
    if class == Class::Receipt {
        return None;
    }
    if holds.cannot_pay {
        return plain(Reason::CannotPay);
    }
    let binds = |reason: &Reason| class == Class::Reminder || also.contains(reason);
    let found = over_the_flow((holds, summary), day).into_iter().find(|(reason, _)| binds(reason));
    if found.is_some() || class == Class::Notice {
        return found;
    }
    match (&summary.carrying, order) {
        (Some(now), Some(then)) if now.code != then => {
            Some((Reason::CarryingChanged, Some(format!("ahora decide la orden {}", now.code))))
        }
        _ => None,
    }
}

/// What stands over a debt against the flow, in the order it is asked: all of it, since a campaign may look past some.
fn over_the_flow((holds, summary): (&Holds, &Summary), day: NaiveDate) -> Vec<(Reason, Option<String>)> {
    let until = |until: Option<NaiveDate>| until.filter(|until| *until >= day);
    let promised = until(holds.promise_until).map(|until| (Reason::PromiseLive, Some(format!("hasta el {until}"))));
    let review = until(holds.review_until);
    let review = review.map(|until| (Reason::PaymentUnderReview, Some(format!("se espera hasta el {until}"))));
    let nothing = summary.carrying.is_none();
    let disputed = holds.claim_open || nothing && !summary.disputed.is_empty();
    let given_up = nothing && !summary.uncollectible.is_empty();
    let plain = [
        (disputed, Reason::ClaimOpen),
        (given_up, Reason::Uncollectible),
        (nothing && !disputed && !given_up, Reason::NothingDue),
    ];
    let plain = plain.into_iter().filter(|(stands, _)| *stands).map(|(_, reason)| (reason, None));
    promised.into_iter().chain(review).chain(plain).collect()
}

fn address(case: &Case<'_>) -> Option<Verdict> {
    match case.reach {
        Reach::Nothing => block(Reason::NoContact),
        Reach::Invalid => block(Reason::InvalidContact),
        Reach::OptedOut | Reach::Usable => {
            case.missing_tag.map(|tag| Verdict::Block(Reason::MissingTagValue, Some(format!("etiqueta {{{tag}}}"))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::country::Country;
    use crate::strategy::plan::tests::facts;
    use chrono::TimeDelta;

    type Change = fn(&mut Facts, &mut Switches);
    type FactsChange = fn(&mut Facts);

    fn verdict(change: Change, tweak: impl FnOnce(&mut Case<'_>)) -> Verdict {
        let at: DateTime<Utc> = "2026-03-10T14:00:00Z".parse().expect("an instant");
        let flags = ChannelFlags { visible: true, active: true, connected: true, paused_until: None };
        let mut switches = Switches {
            active: true,
            channels: Channel::ALL.into_iter().map(|c| (c, flags)).collect(),
            stopped: None,
            payments_needed_since: None,
            payments_loaded: None,
            spent: BTreeSet::new(),
        };
        let mut facts = facts();
        change(&mut facts, &mut switches);
        let calendar = Calendar::of(Country::Pe);
        let mut case = Case {
            switches: &switches,
            calendar: &calendar,
            facts: &facts,
            channel: Channel::Whatsapp,
            class: Class::Reminder,
            off: None,
            has_template: true,
            unapproved: None,
            flow_stopped: None,
            decided: at - TimeDelta::hours(9),
            order: Some("F-1"),
            also: &[],
            forbidden: false,
            reach: Reach::Usable,
            missing_tag: None,
            cap: None,
            day: "2026-03-10".parse().expect("a date"),
            at,
        };
        tweak(&mut case);
        ask(&case)
    }

    fn reason(change: Change) -> Option<Reason> {
        match verdict(change, |_| {}) {
            Verdict::Allow => None,
            Verdict::Defer(_, reason) | Verdict::Block(reason, _) => Some(reason),
        }
    }

    #[test]
    fn each_fact_has_its_reason_and_the_first_wins() {
        let cases: [(Change, Option<Reason>); 13] = [
            (|_, _| {}, None),
            (|_, s| s.active = false, Some(Reason::PlatformInactive)),
            (|_, s| s.channels.clear(), Some(Reason::ChannelInactive)),
            (|_, s| s.channels.values_mut().for_each(|c| c.connected = false), Some(Reason::ChannelDisconnected)),
            (|_, s| s.stopped = "2026-03-10T13:00:00Z".parse().ok(), Some(Reason::StoppedByUser)),
            (|_, s| s.stopped = "2026-03-09T13:00:00Z".parse().ok(), None),
            (|_, s| s.payments_needed_since = "2026-03-10T00:00:00Z".parse().ok(), Some(Reason::StalePayments)),
            (|f, _| f.status = Status::Inactive, Some(Reason::CustomerInactive)),
            (|f, _| f.holds.paused_until = "2026-03-10".parse().ok(), Some(Reason::Paused)),
            (|f, _| f.holds.paused_until = "2026-03-09".parse().ok(), None),
            (|f, _| f.holds.promise_until = "2026-03-12".parse().ok(), Some(Reason::PromiseLive)),
            (|f, _| f.summary.carrying = None, Some(Reason::NothingDue)),
            (
                |f, s| {
                    f.holds.cannot_pay = true;
                    f.holds.claim_open = true;
                    s.stopped = None;
                },
                Some(Reason::CannotPay),
            ),
        ];
        for (i, (change, expected)) in cases.into_iter().enumerate() {
            assert_eq!(reason(change), expected, "case {i}");
        }
    }

    #[test]
    fn what_holds_the_flow_holds_other_messages_less() {
        let cases: [(FactsChange, [bool; 5]); 5] = [
            (|f| f.holds.paused_until = "2026-03-10".parse().ok(), [false, false, false, true, true]),
            (|f| f.holds.cannot_pay = true, [false, false, true, true, true]),
            (|f| f.holds.promise_until = "2026-03-12".parse().ok(), [false, true, true, true, true]),
            (|f| f.summary.carrying = None, [false, true, true, true, true]),
            (|f| f.status = Status::Inactive, [false, false, false, false, true]),
        ];
        let classes = [Class::Reminder, Class::Notice, Class::Receipt, Class::Personal, Class::Reply];
        for (at, (change, leaves)) in cases.into_iter().enumerate() {
            for (class, leaves) in classes.into_iter().zip(leaves) {
                let judged = verdict(
                    |_, _| {},
                    |case| {
                        let mut facts = facts();
                        change(&mut facts);
                        case.facts = Box::leak(Box::new(facts));
                        case.class = class;
                    },
                );
                assert_eq!(judged == Verdict::Allow, leaves, "case {at}, {class:?}");
            }
        }
    }

    #[test]
    fn a_person_is_held_to_the_law_and_warned_of_the_rest() {
        let late: DateTime<Utc> = "2026-03-11T02:00:00Z".parse().expect("an instant");
        let at = |class| verdict(|_, _| {}, |case| (case.class, case.at) = (class, late));
        assert_eq!(at(Class::Personal), Verdict::Block(Reason::OutsideHours, None));
        assert_eq!(at(Class::Reply), Verdict::Allow, "who wrote is answered");
        let mut warned = Vec::new();
        verdict(
            |f, _| f.holds.promise_until = "2026-03-12".parse().ok(),
            |case| {
                (case.class, case.at, case.cap) = (Class::Personal, late, Some("1 hoy"));
                warned = warnings(case).into_iter().map(|(reason, _)| reason).collect();
            },
        );
        assert_eq!(warned, [Reason::OutsideHours, Reason::FrequencyCap, Reason::PromiseLive]);
    }

    #[test]
    fn outside_hours_waits_for_the_window() {
        let late = "2026-03-11T02:00:00Z".parse().expect("an instant");
        let opens: DateTime<Utc> = "2026-03-11T12:00:00Z".parse().expect("an instant");
        assert_eq!(verdict(|_, _| {}, |c| c.at = late), Verdict::Defer(opens, Reason::OutsideHours));
    }

    #[test]
    fn another_carrying_order_or_a_bad_address_stops_the_message() {
        let blocked = |v| matches!(v, Verdict::Block(..));
        assert!(blocked(verdict(|_, _| {}, |c| c.order = Some("F-2"))));
        assert_eq!(verdict(|_, _| {}, |c| c.reach = Reach::Nothing), Verdict::Block(Reason::NoContact, None));
        assert_eq!(verdict(|_, _| {}, |c| c.reach = Reach::Invalid), Verdict::Block(Reason::InvalidContact, None));
        assert!(blocked(verdict(|_, _| {}, |c| c.missing_tag = Some("plan"))));
        assert_eq!(verdict(|_, _| {}, |c| c.forbidden = true), Verdict::Block(Reason::RecipientForbidden, None));
    }

    #[test]
    fn every_reason_is_named_once_in_design_order() {
        let codes: Vec<&str> = Reason::ALL.iter().map(|r| r.code()).collect();
        assert_eq!(codes.len(), 33);
        assert!(Reason::ALL.windows(2).all(|w| w[0] < w[1]));
        assert!(codes.iter().all(|c| {
            serde_json::to_string(&Reason::ALL[codes.iter().position(|x| x == c).expect("its place")])
                .is_ok_and(|j| j == format!("\"{c}\""))
        }));
    }
}
