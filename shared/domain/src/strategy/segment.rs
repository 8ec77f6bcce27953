//! Segments: ordered groups of customers by what is known of them; the first that matches wins, a default catches the rest.
//! Campaigns choose whom they write to by the same conditions.
//!
//! Flows already act by due date, so a segment's condition on days past due is warned about rather than needed.

use crate::contact::alert::Alert;
use crate::debt::account::{Account, Open};
use crate::debt::customer::{Kind, Portfolio};
use crate::debt::money::{Currency, Money};
use crate::debt::order::days_past_due;
use crate::ids::SegmentId;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// Same value.
    Equals,
    /// Another value, or none.
    NotEquals,
    /// One of the values.
    In,
    /// None of the values.
    NotIn,
    /// Greater.
    Greater,
    /// Greater or same.
    AtLeast,
    /// Less.
    Less,
    /// Less or same.
    AtMost,
    /// Between two values, both included.
    Between,
    /// Contains the text.
    Contains,
    /// Has no value.
    IsEmpty,
}

/// A tree of conditions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Predicate {
    /// Every one holds (*Y*).
    All(Vec<Predicate>),
    /// One holds (*O*).
    Any(Vec<Predicate>),
    /// A field compares with values.
    Is {
        /// The field: a customer's, its summary's, the carrying order's, or `variable.NAME`.
        field: String,
        /// The comparison.
        operator: Operator,
        /// What it is compared with.
        #[serde(default)]
        values: Vec<String>,
    },
}

/// A segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Its id.
    pub id: SegmentId,
    /// Its name.
    pub name: String,
    /// Lower comes first.
    pub priority: i32,
    /// Who belongs; none marks the default segment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicate: Option<Predicate>,
}

/// The id of the segment every project has.
pub const DEFAULT: &str = "default";

/// The fields a condition may name besides `variable.NAME`, with what each is to whoever chooses one. Amounts are plain numbers
/// in the currency of the carrying order.
pub const FIELDS: [(&str, &str); 20] = [
    ("kind", "Tipo de cliente: persona o empresa"),
    ("document_kind", "Tipo de documento"),
    ("name", "Nombre"),
    ("portfolio", "Cartera: vigente o castigada"),
    ("adviser", "Asesor asignado"),
    ("supervisor", "Supervisor asignado"),
    ("balance", "Saldo por cobrar, en la moneda de la orden que decide"),
    ("disputed_balance", "Saldo en reclamo"),
    ("uncollectible_balance", "Saldo incobrable"),
    ("open_orders", "Órdenes por cobrar"),
    ("currency", "Moneda de la orden que decide"),
    ("due", "Vencimiento de la orden que decide"),
    ("oldest_due", "Vencimiento más antiguo de lo que se debe"),
    ("days_past_due", "Días de mora: hoy menos el vencimiento de la orden que decide"),
    ("order_balance", "Saldo de la orden que decide"),
    ("credit", "Saldo a favor"),
    ("phones", "Teléfonos"),
    ("emails", "Correos"),
    ("alert", "Alertas: broken_promise, cannot_pay y las demás"),
    ("claim", "Reclamo abierto: sí o no"),
];

/// The fields that hold numbers.
const NUMBERS: [&str; 9] = [
    "balance",
    "disputed_balance",
    "uncollectible_balance",
    "open_orders",
    "days_past_due",
    "order_balance",
    "credit",
    "phones",
    "emails",
];
/// The fields that hold dates.
const DATES: [&str; 2] = ["due", "oldest_due"];
/// The fields that tell how late a customer is.
const ARREARS: [&str; 3] = ["due", "oldest_due", "days_past_due"];

/// Why a predicate cannot be saved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPredicate {
    /// The field does not exist.
    #[error("no existe el campo '{0}'; ¿quiso decir '{1}'? Las variables se escriben variable.NOMBRE")]
    UnknownField(String, String),
    /// The comparison needs another number of values.
    #[error("la condición sobre '{0}' necesita {1}")]
    Values(String, &'static str),
    /// A group of conditions has none.
    #[error("hay un grupo de condiciones vacío: agregue una condición o quite el grupo")]
    EmptyGroup,
    /// A value cannot be compared with the field.
    #[error("'{1}' no se puede comparar con '{0}': escriba {2}")]
    Value(String, String, &'static str),
    /// The tree is deeper or wider than anybody can read.
    #[error("el segmento tiene demasiadas condiciones (máximo 100, 6 niveles)")]
    TooLarge,
}

impl Predicate {
    /// Finds what keeps the predicate from being saved; returns warnings a user should read.
    pub fn validate(&self) -> Result<Vec<String>, BadPredicate> {
        let mut leaves = Vec::new();
        self.leaves(0, &mut leaves)?;
        let mut warnings = Vec::new();
        for (field, operator, values) in leaves {
            check_field(field)?;
            let needed = match operator {
                Operator::IsEmpty => (values.is_empty(), "no llevar valores"),
                Operator::Between => (values.len() == 2, "dos valores"),
                Operator::In | Operator::NotIn => (!values.is_empty(), "al menos un valor"),
                _ => (values.len() == 1, "un valor"),
            };
            if !needed.0 {
                return Err(BadPredicate::Values(field.to_owned(), needed.1));
            }
            check_values(field, operator, values)?;
            let bucket = ["mora", "atraso", "dias", "días", "tramo"].iter().any(|w| field.to_lowercase().contains(w));
            if bucket || ARREARS.contains(&field) {
                warnings.push(format!("'{field}' separa por mora: el flujo ya lo hace por días de atraso"));
            }
        }
        Ok(warnings)
    }

    fn leaves<'a>(&'a self, depth: u8, out: &mut Vec<(&'a str, Operator, &'a [String])>) -> Result<(), BadPredicate> {
        if depth > 6 || out.len() > 100 {
            return Err(BadPredicate::TooLarge);
        }
        match self {
            // Nothing is in no group, and everything in none of its conditions: neither is what anybody meant.
            Self::All(parts) | Self::Any(parts) if parts.is_empty() => Err(BadPredicate::EmptyGroup),
            Self::All(parts) | Self::Any(parts) => parts.iter().try_for_each(|p| p.leaves(depth + 1, out)),
            Self::Is { field, operator, values } => {
                out.push((field, *operator, values));
                Ok(())
            }
        }
    }

    /// Whether the account belongs, on a local day.
    pub fn holds(&self, account: &Account, today: NaiveDate) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|p| p.holds(account, today)),
            Self::Any(parts) => parts.iter().any(|p| p.holds(account, today)),
            Self::Is { field, operator, values } => match field.as_str() {
                // It has several values: one of them is compared, never their list.
                "alert" => of_several(&alerts(account), *operator, values),
                field => compare(value_of(account, field, today).as_deref(), *operator, values),
            },
        }
    }
}

fn check_field(field: &str) -> Result<(), BadPredicate> {
    if FIELDS.iter().any(|(name, _)| *name == field) || field.strip_prefix("variable.").is_some_and(|n| !n.is_empty()) {
        return Ok(());
    }
    let like = |name: &str| strsim::jaro(name, field);
    let nearest = FIELDS.iter().max_by(|(a, _), (b, _)| like(a).total_cmp(&like(b)));
    Err(BadPredicate::UnknownField(field.to_owned(), nearest.map_or(String::new(), |(name, _)| (*name).to_owned())))
}

/// Values longer or more than anybody writes.
const LONGEST: usize = 200;
const MOST_VALUES: usize = 500;

/// Whether the values are what the field holds: another kind would be compared as text, and choose people nobody meant.
fn check_values(field: &str, operator: Operator, values: &[String]) -> Result<(), BadPredicate> {
    let wrong = |value: &String, write| Err(BadPredicate::Value(field.to_owned(), value.clone(), write));
    if values.len() > MOST_VALUES {
        return Err(BadPredicate::TooLarge);
    }
    for value in values {
        if value.trim().is_empty() || value.chars().count() > LONGEST {
            return wrong(value, "un texto de 1 a 200 letras");
        }
        if NUMBERS.contains(&field) && operator != Operator::Contains && value.trim().parse::<f64>().is_err() {
            return wrong(value, "un número con punto decimal y sin separador de miles");
        }
        if DATES.contains(&field) && operator != Operator::Contains && value.trim().parse::<NaiveDate>().is_err() {
            return wrong(value, "una fecha como 2026-12-31");
        }
        if field == "claim" && !["sí", "no"].contains(&value.trim().to_lowercase().as_str()) {
            return wrong(value, "sí o no");
        }
        if field == "alert" && !Alert::ALL.iter().any(|alert| alert.code() == value.trim()) {
            return wrong(value, "el código de una alerta, como broken_promise");
        }
    }
    Ok(())
}

fn alerts(account: &Account) -> Vec<String> {
    Alert::ALL.iter().filter(|alert| account.alerts.has(**alert)).map(|alert| alert.code().to_owned()).collect()
}

/// Compares something of several values: one that fits is enough, and to be another none may be the same.
fn of_several(all: &[String], operator: Operator, values: &[String]) -> bool {
    let holds = |operator| all.iter().any(|value| compare(Some(value), operator, values));
    match operator {
        Operator::IsEmpty => all.is_empty(),
        Operator::NotEquals => !holds(Operator::Equals),
        Operator::NotIn => !holds(Operator::In),
        operator => holds(operator),
    }
}

/// The sum of one of a summary's parts, in the currency of the carrying order, or in the only one there is.
fn sum(account: &Account, part: &BTreeMap<Currency, Open>) -> Option<String> {
    let carrying = account.summary.carrying.as_ref().map(|carrying| carrying.currency);
    let currency = carrying.or_else(|| part.keys().next().copied())?;
    Some(plain(part.get(&currency)?.balance, currency))
}

fn value_of(account: &Account, field: &str, today: NaiveDate) -> Option<String> {
    let (customer, summary) = (&account.customer, &account.summary);
    let carrying = summary.carrying.as_ref();
    match field {
        "kind" => Some(if customer.kind == Kind::Company { "empresa" } else { "persona" }.to_owned()),
        "document_kind" => Some(customer.document.kind.clone()),
        "name" => Some(customer.name.clone()),
        "portfolio" => {
            Some(if customer.portfolio == Portfolio::WrittenOff { "castigada" } else { "vigente" }.to_owned())
        }
        "adviser" => customer.adviser.as_ref().map(|a| a.to_string()),
        "supervisor" => customer.supervisor.as_ref().map(|a| a.to_string()),
        "balance" => sum(account, &summary.open),
        "disputed_balance" => sum(account, &summary.disputed),
        "uncollectible_balance" => sum(account, &summary.uncollectible),
        "open_orders" => Some(summary.count().to_string()),
        "currency" => carrying.map(|c| c.currency.to_string()),
        "due" => carrying.map(|c| c.due.to_string()),
        "oldest_due" => summary.oldest.or(carrying.map(|c| c.due)).map(|due| due.to_string()),
        "days_past_due" => carrying.map(|c| days_past_due(c.due, today).to_string()),
        "order_balance" => carrying.map(|c| plain(c.balance, c.currency)),
        "credit" => account.credit.iter().next().map(|(currency, credit)| plain(*credit, *currency)),
        "phones" => Some(customer.phones.len().to_string()),
        "emails" => Some(customer.emails.len().to_string()),
        "claim" => Some(if account.claims.is_empty() { "no" } else { "sí" }.to_owned()),
        _ => customer.variables.get(field.strip_prefix("variable.")?).cloned(),
    }
    .filter(|v| !v.is_empty())
}

fn plain(minor: i64, currency: Currency) -> String {
    Money::new(minor, currency).plain()
}

/// Compares as numbers where both are, as dates where both are, else as text without case.
fn order(a: &str, b: &str) -> std::cmp::Ordering {
    if let (Ok(a), Ok(b)) = (a.trim().parse::<f64>(), b.trim().parse::<f64>()) {
        return a.total_cmp(&b);
    }
    if let (Ok(a), Ok(b)) = (a.trim().parse::<NaiveDate>(), b.trim().parse::<NaiveDate>()) {
        return a.cmp(&b);
    }
    a.trim().to_lowercase().cmp(&b.trim().to_lowercase())
}

fn compare(value: Option<&str>, operator: Operator, values: &[String]) -> bool {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let Some(value) = value else {
        return matches!(operator, Operator::IsEmpty | Operator::NotEquals | Operator::NotIn);
    };
    let with = |i: usize| values.get(i).map(|v| order(value, v));
    let among = values.iter().any(|v| order(value, v) == Equal);
    match operator {
        Operator::Equals => with(0) == Some(Equal),
        Operator::NotEquals => with(0) != Some(Equal),
        Operator::In => among,
        Operator::NotIn => !among,
        Operator::Greater => with(0) == Some(Greater),
        Operator::AtLeast => matches!(with(0), Some(Greater | Equal)),
        Operator::Less => with(0) == Some(Less),
        Operator::AtMost => matches!(with(0), Some(Less | Equal)),
        Operator::Between => matches!(with(0), Some(Greater | Equal)) && matches!(with(1), Some(Less | Equal)),
        Operator::Contains => values.first().is_some_and(|v| value.to_lowercase().contains(&v.to_lowercase())),
        Operator::IsEmpty => false,
    }
}

/// The segment an account belongs to on a local day: the first that matches by priority (ties by id), else the default.
pub fn choose(segments: &[Segment], account: &Account, today: NaiveDate) -> SegmentId {
    let mut ordered: Vec<&Segment> = segments.iter().filter(|s| s.predicate.is_some()).collect();
    ordered.sort_by(|a, b| (a.priority, &a.id).cmp(&(b.priority, &b.id)));
    let found = ordered.into_iter().find(|s| s.predicate.as_ref().is_some_and(|p| p.holds(account, today)));
    found.map_or_else(|| SegmentId::from(DEFAULT), |s| s.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::author::By;
    use crate::strategy::plan::tests::account;
    use Operator::*;

    fn today() -> NaiveDate {
        account().summary.carrying.expect("a carrying order").due + chrono::Days::new(3)
    }
    fn is(field: &str, operator: Operator, values: &[&str]) -> Predicate {
        Predicate::Is { field: field.into(), operator, values: values.iter().map(|v| (*v).to_owned()).collect() }
    }

    #[test]
    fn operators_compare_numbers_dates_and_text() {
        let mut account = account();
        account.customer.variables.insert("Producto".into(), "Tarjeta Oro".into());
        account.customer.variables.insert("Antigüedad".into(), "12".into());
        account.alerts.raise(Alert::BrokenPromise, &By::cauce(chrono::DateTime::UNIX_EPOCH));
        for (predicate, expected) in [
            (is("variable.Producto", Equals, &["tarjeta oro"]), true),
            (is("variable.Producto", Contains, &["ORO"]), true),
            (is("variable.Antigüedad", Greater, &["9"]), true),
            (is("variable.Antigüedad", Between, &["12", "20"]), true),
            (is("variable.Ciudad", IsEmpty, &[]), true),
            (is("variable.Ciudad", Equals, &["Lima"]), false),
            (is("variable.Ciudad", NotEquals, &["Lima"]), true),
            (is("balance", AtLeast, &["100"]), true),
            (is("balance", Less, &["100"]), false),
            (is("due", Less, &["2026-12-31"]), true),
            (is("days_past_due", Between, &["3", "3"]), true),
            (is("alert", Equals, &["broken_promise"]), true),
            (is("alert", NotEquals, &["broken_promise"]), false),
            (is("alert", In, &["paused", "cannot_pay"]), false),
            (is("disputed_balance", IsEmpty, &[]), true),
            (is("claim", Equals, &["no"]), true),
            (is("kind", In, &["empresa", "persona"]), true),
            (Predicate::All(vec![is("kind", Equals, &["persona"]), is("open_orders", Equals, &["9"])]), false),
            (Predicate::Any(vec![is("kind", Equals, &["empresa"]), is("open_orders", Equals, &["1"])]), true),
        ] {
            assert_eq!(predicate.holds(&account, today()), expected, "{predicate:?}");
        }
    }

    #[test]
    fn the_first_that_matches_wins_and_the_default_catches_the_rest() {
        let segment = |id: &str, priority, predicate| Segment { id: id.into(), name: id.into(), priority, predicate };
        let person = Some(is("kind", Equals, &["persona"]));
        let segments = [segment("b", 2, person.clone()), segment("a", 1, person), segment(DEFAULT, 0, None)];
        assert_eq!(choose(&segments, &account(), today()).as_str(), "a");
        assert_eq!(choose(&segments[2..], &account(), today()).as_str(), DEFAULT);
    }

    #[test]
    fn a_predicate_that_cannot_work_is_refused_and_arrears_are_warned_about() {
        assert!(
            matches!(is("balanse", Equals, &["1"]).validate(), Err(BadPredicate::UnknownField(_, n)) if n == "balance")
        );
        for wrong in [
            is("balance", Between, &["1"]),
            is("balance", Greater, &["1,000"]),
            is("due", Less, &["31/12/2026"]),
            is("claim", Equals, &["si"]),
            is("alert", Equals, &["broken"]),
            is("name", Contains, &[""]),
            Predicate::All(Vec::new()),
            Predicate::Any(vec![Predicate::All(Vec::new())]),
        ] {
            assert!(wrong.validate().is_err(), "{wrong:?}");
        }
        for field in ["variable.Tramo de mora", "days_past_due"] {
            assert_eq!(is(field, Equals, &["1"]).validate().map(|w| w.len()), Ok(1));
        }
    }
}
