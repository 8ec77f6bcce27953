//! Templates as a provider approves them: how one of ours maps to one of theirs, and what the provider says of it.

use crate::strategy::tag::Values;
use crate::strategy::template::{BadTemplate, Compiled, MissingValue};
use serde::{Deserialize, Serialize};

/// A place of an approved template, and what of ours stands there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Its name, of templates that name their places; the others count them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Text with tags.
    pub text: String,
}

/// The approved template one of ours leaves as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Its name at the provider.
    pub name: String,
    /// Its language, exactly as approved.
    pub language: String,
    /// What stands in its text's places, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
    /// The end of its button's address, with tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub button: Option<String>,
}

/// An approved template filled for one customer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filled {
    /// Its name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// What stands in its places, with their names where it names them.
    pub places: Vec<(Option<String>, String)>,
    /// The end of its button's address.
    pub button: Option<String>,
}

impl Approval {
    /// Finds what keeps the mapping from being saved.
    pub fn validate(&self) -> Result<(), BadTemplate> {
        self.places.iter().map(|place| &place.text).chain(&self.button).try_for_each(|t| Compiled::parse(t).map(drop))
    }

    /// Fills the places; an empty one keeps the message from leaving, since the provider takes none.
    pub fn fill(&self, values: &Values) -> Result<Filled, MissingValue> {
        let text = |text: &String| {
            let compiled = Compiled::parse(text).map_err(|_| MissingValue(text.clone()))?;
            let filled = compiled.fill(values)?;
            let empty = || MissingValue(compiled.first_tag().unwrap_or(text).to_owned());
            (!filled.trim().is_empty()).then_some(filled.clone()).ok_or_else(empty)
        };
        let place = |place: &Place| Ok((place.name.clone(), text(&place.text)?));
        Ok(Filled {
            name: self.name.clone(),
            language: self.language.clone(),
            places: self.places.iter().map(place).collect::<Result<_, _>>()?,
            button: self.button.as_ref().map(text).transpose()?,
        })
    }
}

/// Where a template stands with its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It may leave.
    Approved,
    /// It is being looked at.
    Pending,
    /// It was refused.
    Rejected,
    /// It was withdrawn for now: people complained.
    Paused,
    /// It was withdrawn for good, or deleted.
    Disabled,
}

impl Standing {
    /// Reads the provider's word; one nobody has seen may not leave.
    pub fn of(word: &str) -> Self {
        match word.to_ascii_uppercase().as_str() {
            // Watched, and still free to leave.
            "APPROVED" | "REINSTATED" | "FLAGGED" => Self::Approved,
            "REJECTED" => Self::Rejected,
            "PAUSED" => Self::Paused,
            "DISABLED" | "DELETED" | "PENDING_DELETION" | "LIMIT_EXCEEDED" => Self::Disabled,
            _ => Self::Pending,
        }
    }

    /// What a reader is told.
    pub fn spanish(self) -> &'static str {
        match self {
            Self::Approved => "aprobada",
            Self::Pending => "en revisión",
            Self::Rejected => "rechazada",
            Self::Paused => "pausada",
            Self::Disabled => "desactivada",
        }
    }
}

/// A template as the provider knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// Its name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// `UTILITY`, `MARKETING` or `AUTHENTICATION`: what it costs, and who may refuse it.
    pub category: String,
    /// Where it stands.
    pub standing: Standing,
    /// Its text, with its places.
    pub body: String,
    /// Its places' names, or their numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<String>,
    /// Why it was refused, in the provider's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Registered {
    /// What keeps one of ours from leaving as this template.
    pub fn refuses(&self, approval: &Approval) -> Option<String> {
        if self.standing != Standing::Approved {
            return Some(format!("la plantilla «{}» está {}", self.name, self.standing.spanish()));
        }
        let named = approval.places.iter().enumerate();
        let ours: Vec<String> = named.map(|(at, p)| p.name.clone().unwrap_or_else(|| (at + 1).to_string())).collect();
        let same = self.places.len() == ours.len() && ours.iter().all(|place| self.places.contains(place));
        (!same).then(|| {
            format!("la plantilla «{}» tiene {} espacios y aquí se llenan {}", self.name, self.places.len(), ours.len())
        })
    }
}

/// The places in a provider's text: `{{1}}`, `{{nombre}}`, each once, in order.
pub fn places_of(body: &str) -> Vec<String> {
    let mut places: Vec<String> = Vec::new();
    for part in body.split("{{").skip(1) {
        if let Some((name, _)) = part.split_once("}}") {
            let name = name.trim().to_owned();
            if !name.is_empty() && !places.contains(&name) {
                places.push(name);
            }
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Place {
        Place { name: None, text: text.into() }
    }

    #[test]
    fn a_mapping_leaves_only_as_what_was_approved() {
        let body = "Hola {{1}}, debe {{2}}.".to_owned();
        let known = Registered {
            name: "recordatorio".into(),
            language: "es".into(),
            category: "UTILITY".into(),
            standing: Standing::Approved,
            places: places_of(&body),
            body,
            reason: None,
        };
        let mut ours = Approval {
            name: "recordatorio".into(),
            language: "es".into(),
            places: vec![place("{nombre}")],
            button: None,
        };
        assert!(known.refuses(&ours).is_some_and(|why| why.contains('2')));
        ours.places.push(place("{monto}"));
        assert_eq!(known.refuses(&ours), None);
        for standing in ["PENDING", "REJECTED", "PAUSED", "DISABLED", "ALGO_NUEVO"] {
            let known = Registered { standing: Standing::of(standing), ..known.clone() };
            assert!(known.refuses(&ours).is_some(), "{standing}");
        }
    }

    #[test]
    fn an_empty_place_keeps_the_message() {
        let values: Values = [("nombre".to_owned(), "Ana".to_owned())].into();
        let approval =
            |text: &str| Approval { name: "t".into(), language: "es".into(), places: vec![place(text)], button: None };
        assert_eq!(approval("{nombre}").fill(&values).map(|f| f.places), Ok(vec![(None, "Ana".to_owned())]));
        assert_eq!(approval("{pago|}").fill(&values), Err(MissingValue("pago".into())));
        assert_eq!(approval("{monto}").fill(&values), Err(MissingValue("monto".into())));
    }
}
