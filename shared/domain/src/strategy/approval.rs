//! How one of our templates maps to one that a provider approved, and is filled as that.

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

/// What stands in the heading of an approved template that has a place there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heading {
    /// A text with tags.
    Text(Place),
    /// The template's file.
    File,
}

/// What a button of an approved template takes, by its place among the buttons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// Its place, from 0.
    pub at: usize,
    /// What it takes.
    #[serde(flatten)]
    pub takes: Takes,
}

/// What a button takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Takes {
    /// The end of its address, with tags.
    Url(String),
    /// What a tap on it stands for, as its answer will say.
    Reply(String),
}

impl Takes {
    fn text(&self) -> &String {
        match self {
            Self::Url(text) | Self::Reply(text) => text,
        }
    }
}

/// The approved template one of ours leaves as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Its name at the provider.
    pub name: String,
    /// Its language, exactly as approved.
    pub language: String,
    /// What stands in its heading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading: Option<Heading>,
    /// What stands in its text's places, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
    /// What its buttons take.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button>,
}

/// An approved template filled for one customer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filled {
    /// Its name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// What stands in its heading.
    pub heading: Option<Heading>,
    /// What stands in its places, with their names where it names them.
    pub places: Vec<(Option<String>, String)>,
    /// What its buttons take.
    pub buttons: Vec<Button>,
}

impl Approval {
    /// Finds what keeps the mapping from being saved.
    pub fn validate(&self) -> Result<(), BadTemplate> {
        let heading = match &self.heading {
            Some(Heading::Text(place)) => Some(&place.text),
            _ => None,
        };
        let texts = self.places.iter().map(|place| &place.text).chain(heading);
        texts.chain(self.buttons.iter().map(|b| b.takes.text())).try_for_each(|t| Compiled::parse(t).map(drop))
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
        let heading = |heading: &Heading| match heading {
            Heading::Text(Place { name, text: words }) => {
                Ok(Heading::Text(Place { name: name.clone(), text: text(words)? }))
            }
            Heading::File => Ok(Heading::File),
        };
        let button = |button: &Button| {
            let takes = match &button.takes {
                Takes::Url(end) => Takes::Url(text(end)?),
                Takes::Reply(payload) => Takes::Reply(text(payload)?),
            };
            Ok(Button { at: button.at, takes })
        };
        Ok(Filled {
            name: self.name.clone(),
            language: self.language.clone(),
            heading: self.heading.as_ref().map(heading).transpose()?,
            places: self.places.iter().map(place).collect::<Result<_, _>>()?,
            buttons: self.buttons.iter().map(button).collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Place {
        Place { name: None, text: text.into() }
    }

    #[test]
    fn an_empty_place_keeps_the_message() {
        let values: Values = [("nombre".to_owned(), "Ana".to_owned())].into();
        let approval = |text: &str| Approval {
            name: "t".into(),
            language: "es".into(),
            heading: None,
            places: vec![place(text)],
            buttons: vec![],
        };
        assert_eq!(approval("{nombre}").fill(&values).map(|f| f.places), Ok(vec![(None, "Ana".to_owned())]));
        assert_eq!(approval("{pago|}").fill(&values), Err(MissingValue("pago".into())));
        assert_eq!(approval("{monto}").fill(&values), Err(MissingValue("monto".into())));
    }
}
