//! The ways a company can be paid (*métodos de cobro*), in the order it offers them.

use crate::strategy::template::Compiled;
use serde::{Deserialize, Serialize};

/// Most ways to pay of a project.
pub const MOST_METHODS: usize = 20;
/// Most characters of an address, with its tags.
const MOST_URL: usize = 500;

/// What a way to pay is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MethodKind {
    /// A page that takes the payment (*pasarela*).
    Gateway,
    /// An account to pay into (*datos bancarios*).
    Bank,
}

/// A way to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentMethod {
    /// What it is.
    pub kind: MethodKind,
    /// The name a customer sees.
    pub name: String,
    /// The number or code a customer pays to: an account, an agreement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Where it is paid, with tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its picture, at an address of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
    /// What to do, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    /// Whether it is offered.
    #[serde(default = "yes")]
    pub active: bool,
}

fn yes() -> bool {
    true
}

impl PaymentMethod {
    /// What keeps it from being offered: the field, and what to do.
    pub fn validate(&self) -> Result<(), (&'static str, String)> {
        let text = |text: &Option<String>| text.as_ref().map_or(0, |text| text.chars().count());
        let secure = |url: &Option<String>| url.as_ref().is_none_or(|url| url.starts_with("https://"));
        let leads = self.url.is_some() || self.code.is_some() || self.instructions.is_some();
        let checks = [
            (
                !self.name.trim().is_empty() && self.name.chars().count() <= 60,
                "name",
                "el nombre lleva de 1 a 60 caracteres",
            ),
            (text(&self.code) <= 60, "code", "el código lleva hasta 60 caracteres"),
            (text(&self.instructions) <= 1000, "instructions", "las indicaciones llevan hasta 1000 caracteres"),
            (
                secure(&self.url) && text(&self.url) <= MOST_URL,
                "url",
                "la dirección empieza con https:// y lleva hasta 500 caracteres",
            ),
            (
                secure(&self.logo) && text(&self.logo) <= MOST_URL,
                "logo",
                "la imagen está en una dirección que empieza con https://",
            ),
            (leads, "url", "un método de cobro lleva una dirección, un código o indicaciones"),
        ];
        if let Some((_, field, why)) = checks.into_iter().find(|(holds, ..)| !holds) {
            return Err((field, why.to_owned()));
        }
        let tags = self.url.as_deref().map(Compiled::parse).transpose();
        tags.map(|_| ()).map_err(|bad| ("url", bad.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_to_pay_leads_somewhere_safe() {
        let bank = PaymentMethod {
            kind: MethodKind::Bank,
            name: "Banco Andino".into(),
            code: Some("194-1234567-0-11".into()),
            url: None,
            logo: None,
            instructions: None,
            active: true,
        };
        assert_eq!(bank.validate(), Ok(()));
        let page = |url: &str| PaymentMethod { url: Some(url.into()), ..bank.clone() };
        assert_eq!(page("https://pagos.example/{codigo}").validate(), Ok(()));
        for (wrong, field) in [
            (page("http://pagos.example"), "url"),
            (page("javascript:alert(1)"), "url"),
            (page("https://pagos.example/{codgo}"), "url"),
            (PaymentMethod { name: " ".into(), ..bank.clone() }, "name"),
            (PaymentMethod { code: None, ..bank.clone() }, "url"),
            (PaymentMethod { logo: Some("data:x".into()), ..bank }, "logo"),
        ] {
            assert_eq!(wrong.validate().map_err(|(field, _)| field), Err(field));
        }
    }
}
