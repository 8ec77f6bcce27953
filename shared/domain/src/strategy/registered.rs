//! Templates as their provider knows them, and what keeps one of ours from leaving as one of them.

use crate::contact::file::{FileKind, MessageFile};
use crate::strategy::approval::{Approval, Button, Heading, Takes};
use serde::{Deserialize, Serialize};

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

/// What the heading of a template holds; one of fixed words holds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// A place for words.
    Text,
    /// A picture.
    Picture,
    /// A document.
    Document,
    /// What nothing of ours fills: a video, a place on a map.
    Other,
}

/// A button of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Has {
    /// An address whose end has to be given.
    Url,
    /// An answer to tap.
    Reply,
    /// One that takes nothing: a fixed address, a telephone.
    Fixed,
    /// One that takes what nothing of ours gives: a coupon, a flow.
    Other,
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
    /// What its heading holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading: Option<Holds>,
    /// Its text, with its places.
    pub body: String,
    /// Its places' names, or their numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<String>,
    /// Its buttons, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Has>,
    /// Why it was refused, in the provider's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Registered {
    /// What keeps one of ours, with its files, from leaving as this template.
    pub fn refuses(&self, approval: &Approval, files: &[MessageFile]) -> Option<String> {
        if self.standing != Standing::Approved {
            return Some(format!("la plantilla «{}» está {}", self.name, self.standing.spanish()));
        }
        let named = approval.places.iter().enumerate();
        let ours: Vec<String> = named.map(|(at, p)| p.name.clone().unwrap_or_else(|| (at + 1).to_string())).collect();
        let same = self.places.len() == ours.len() && ours.iter().all(|place| self.places.contains(place));
        if !same {
            let (theirs, ours) = (self.places.len(), ours.len());
            return Some(format!("la plantilla «{}» tiene {theirs} espacios y aquí se llenan {ours}", self.name));
        }
        let why = self.refuses_heading(approval, files).or_else(|| self.refuses_buttons(approval))?;
        Some(format!("la plantilla «{}» {why}", self.name))
    }

    fn refuses_heading(&self, approval: &Approval, files: &[MessageFile]) -> Option<&'static str> {
        let kind = files.first().map(|file| file.kind).filter(|_| approval.heading == Some(Heading::File));
        match (self.heading, &approval.heading) {
            (None | Some(Holds::Text), _) if !files.is_empty() => Some("no lleva archivo: quítelo de la plantilla"),
            (None, None) | (Some(Holds::Text), Some(Heading::Text(_))) => None,
            (Some(Holds::Picture), Some(Heading::File)) if kind.is_some_and(FileKind::is_picture) => None,
            (Some(Holds::Document), Some(Heading::File)) if kind == Some(FileKind::Pdf) => None,
            (None, Some(_)) => Some("no tiene nada que llenar en el encabezado"),
            (Some(Holds::Text), _) => Some("lleva un texto en el encabezado: indíquelo"),
            (Some(Holds::Picture), _) => Some("lleva una imagen en el encabezado: adjunte una JPG o PNG"),
            (Some(Holds::Document), _) => Some("lleva un documento en el encabezado: adjunte un PDF"),
            (Some(Holds::Other), _) => Some("tiene un encabezado de video o ubicación, que aquí no se llena"),
        }
    }

    fn refuses_buttons(&self, approval: &Approval) -> Option<&'static str> {
        let fits = |button: &Button| {
            let has = self.buttons.get(button.at);
            matches!((has, &button.takes), (Some(Has::Url), Takes::Url(_)) | (Some(Has::Reply), Takes::Reply(_)))
        };
        let given = |at: usize| approval.buttons.iter().filter(|button| button.at == at).count();
        let open = |(at, has): (usize, &Has)| given(at) > 1 || *has == Has::Url && given(at) != 1;
        if self.buttons.contains(&Has::Other) {
            return Some("tiene un botón de cupón o de flujo, que aquí no se llena");
        }
        if !approval.buttons.iter().all(fits) {
            return Some("no tiene un botón así en ese lugar");
        }
        self.buttons.iter().enumerate().any(open).then_some("tiene un botón cuya dirección hay que completar una vez")
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
    use crate::strategy::approval::Place;

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
            heading: None,
            buttons: vec![],
        };
        let mut ours = Approval {
            name: "recordatorio".into(),
            language: "es".into(),
            places: vec![place("{nombre}")],
            heading: None,
            buttons: vec![],
        };
        assert!(known.refuses(&ours, &[]).is_some_and(|why| why.contains('2')));
        ours.places.push(place("{monto}"));
        assert_eq!(known.refuses(&ours, &[]), None);
        for standing in ["PENDING", "REJECTED", "PAUSED", "DISABLED", "ALGO_NUEVO"] {
            let known = Registered { standing: Standing::of(standing), ..known.clone() };
            assert!(known.refuses(&ours, &[]).is_some(), "{standing}");
        }
    }

    #[test]
    fn headings_and_buttons_are_filled_as_they_were_approved() {
        let mut known = Registered {
            name: "estado".into(),
            language: "es".into(),
            category: "UTILITY".into(),
            standing: Standing::Approved,
            heading: Some(Holds::Document),
            body: "Su estado de cuenta.".into(),
            places: vec![],
            buttons: vec![Has::Url, Has::Reply, Has::Fixed],
            reason: None,
        };
        let file = |kind| MessageFile { name: "a".into(), kind, place: "p".into(), size: 1 };
        let url = Button { at: 0, takes: Takes::Url("p/{codigo}".into()) };
        let reply = Button { at: 1, takes: Takes::Reply("optout:v1".into()) };
        let ours = Approval {
            name: "estado".into(),
            language: "es".into(),
            heading: Some(Heading::File),
            places: vec![],
            buttons: vec![url.clone()],
        };
        assert_eq!(known.refuses(&ours, &[file(FileKind::Pdf)]), None, "a reply's payload may be left out");
        let with =
            |buttons: &[&Button]| Approval { buttons: buttons.iter().map(|b| (*b).clone()).collect(), ..ours.clone() };
        assert_eq!(known.refuses(&with(&[&url, &reply]), &[file(FileKind::Pdf)]), None);
        let elsewhere = Button { at: 2, ..url.clone() };
        for wrong in [with(&[]), with(&[&reply]), with(&[&url, &url]), with(&[&url, &elsewhere])] {
            assert!(known.refuses(&wrong, &[file(FileKind::Pdf)]).is_some(), "{wrong:?}");
        }
        assert!(known.refuses(&ours, &[file(FileKind::Png)]).is_some_and(|why| why.contains("PDF")));
        assert!(known.refuses(&ours, &[]).is_some());
        known.heading = Some(Holds::Picture);
        assert_eq!(known.refuses(&ours, &[file(FileKind::Png)]), None);
        known.heading = None;
        assert!(known.refuses(&ours, &[file(FileKind::Png)]).is_some(), "a file that has no place");
        let plain = Approval { heading: None, ..ours.clone() };
        assert!(known.refuses(&plain, &[file(FileKind::Png)]).is_some(), "nor does one leave without being seen");
        assert_eq!(known.refuses(&plain, &[]), None);
        known.buttons.push(Has::Other);
        assert!(known.refuses(&plain, &[]).is_some_and(|why| why.contains("cupón")));
    }
}
