//! Segments: ordered groups of customers by what is known of them; the first that matches wins, a default catches the rest.
//!
//! Flows already act by due date, so a condition on days past due is warned about rather than needed.

use crate::debt::account::Account;
use crate::debt::customer::{Kind, Portfolio};
use crate::ids::SegmentId;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

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

/// The fields a condition may name besides `variable.NAME`.
pub const FIELDS: [&str; 12] = [
    "kind",
    "document_kind",
    "name",
    "portfolio",
    "adviser",
    "supervisor",
    "balance",
    "open_orders",
    "currency",
    "due",
    "order_balance",
    "phones",
];

/// Why a predicate cannot be saved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPredicate {
    /// The field does not exist.
    #[error("no existe el campo '{0}'; ¿quiso decir '{1}'? Las variables se escriben variable.NOMBRE")]
    UnknownField(String, String),
    /// The comparison needs another number of values.
    #[error("la condición sobre '{0}' necesita {1}")]
    Values(String, &'static str),
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
            let bucket = ["mora", "atraso", "dias", "días", "tramo"].iter().any(|w| field.to_lowercase().contains(w));
            if bucket || field == "due" {
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
            Self::All(parts) | Self::Any(parts) => parts.iter().try_for_each(|p| p.leaves(depth + 1, out)),
            Self::Is { field, operator, values } => {
                out.push((field, *operator, values));
                Ok(())
            }
        }
    }

    /// Whether the account belongs.
    pub fn holds(&self, account: &Account) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|p| p.holds(account)),
            Self::Any(parts) => parts.iter().any(|p| p.holds(account)),
            Self::Is { field, operator, values } => compare(value_of(account, field).as_deref(), *operator, values),
        }
    }
}

fn check_field(field: &str) -> Result<(), BadPredicate> {
    if FIELDS.contains(&field) || field.strip_prefix("variable.").is_some_and(|n| !n.is_empty()) {
        return Ok(());
    }
    let nearest = FIELDS.iter().max_by(|a, b| strsim::jaro(a, field).total_cmp(&strsim::jaro(b, field)));
    Err(BadPredicate::UnknownField(field.to_owned(), nearest.map_or(String::new(), |n| (*n).to_owned())))
}

fn value_of(account: &Account, field: &str) -> Option<String> {
    let customer = &account.customer;
    let carrying = account.summary.carrying.as_ref();
    match field {
        "kind" => Some(if customer.kind == Kind::Company { "empresa" } else { "persona" }.to_owned()),
        "document_kind" => Some(customer.document.kind.clone()),
        "name" => Some(customer.name.clone()),
        "portfolio" => {
            Some(if customer.portfolio == Portfolio::WrittenOff { "castigada" } else { "vigente" }.to_owned())
        }
        "adviser" => customer.adviser.as_ref().map(|a| a.to_string()),
        "supervisor" => customer.supervisor.as_ref().map(|a| a.to_string()),
        "balance" => carrying.and_then(|c| Some(plain(account.summary.open.get(&c.currency)?.balance, c.currency))),
        "open_orders" => Some(account.summary.count().to_string()),
        "currency" => carrying.map(|c| c.currency.to_string()),
        "due" => carrying.map(|c| c.due.to_string()),
        "order_balance" => carrying.map(|c| plain(c.balance, c.currency)),
        "phones" => Some(customer.phones.len().to_string()),
        _ => customer.variables.get(field.strip_prefix("variable.")?).cloned(),
    }
    .filter(|v| !v.is_empty())
}

fn plain(minor: i64, currency: crate::debt::money::Currency) -> String {
    crate::debt::money::Money::new(minor, currency).plain()
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

/// The segment an account belongs to: the first that matches by priority (ties by id), else the default.
pub fn choose(segments: &[Segment], account: &Account) -> SegmentId {
    let mut ordered: Vec<&Segment> = segments.iter().filter(|s| s.predicate.is_some()).collect();
    ordered.sort_by(|a, b| (a.priority, &a.id).cmp(&(b.priority, &b.id)));
    let found = ordered.into_iter().find(|s| s.predicate.as_ref().is_some_and(|p| p.holds(account)));
    found.map_or_else(|| SegmentId::from(DEFAULT), |s| s.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::plan::tests::account;
    use Operator::*;

    fn is(field: &str, operator: Operator, values: &[&str]) -> Predicate {
        Predicate::Is { field: field.into(), operator, values: values.iter().map(|v| (*v).to_owned()).collect() }
    }

    #[test]
    fn operators_compare_numbers_dates_and_text() {
        let mut account = account();
        account.customer.variables.insert("Producto".into(), "Tarjeta Oro".into());
        account.customer.variables.insert("Antigüedad".into(), "12".into());
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
            (is("kind", In, &["empresa", "persona"]), true),
            (Predicate::All(vec![is("kind", Equals, &["persona"]), is("open_orders", Equals, &["9"])]), false),
            (Predicate::Any(vec![is("kind", Equals, &["empresa"]), is("open_orders", Equals, &["1"])]), true),
        ] {
            assert_eq!(predicate.holds(&account), expected, "{predicate:?}");
        }
    }

    #[test]
    fn the_first_that_matches_wins_and_the_default_catches_the_rest() {
        let segment = |id: &str, priority, predicate| Segment { id: id.into(), name: id.into(), priority, predicate };
        let person = Some(is("kind", Equals, &["persona"]));
        let segments = [segment("b", 2, person.clone()), segment("a", 1, person), segment(DEFAULT, 0, None)];
        assert_eq!(choose(&segments, &account()).as_str(), "a");
        assert_eq!(choose(&segments[2..], &account()).as_str(), DEFAULT);
    }

    #[test]
    fn a_predicate_that_cannot_work_is_refused_and_arrears_are_warned_about() {
        assert!(
            matches!(is("balanse", Equals, &["1"]).validate(), Err(BadPredicate::UnknownField(_, n)) if n == "balance")
        );
        assert!(is("balance", Between, &["1"]).validate().is_err());
        assert_eq!(is("variable.Tramo de mora", Equals, &["1"]).validate().map(|w| w.len()), Ok(1));
    }
}
