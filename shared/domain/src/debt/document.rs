//! Identity documents, compared normalised by type and country: the same person typed two ways is one customer.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A document type and number in normal form; the natural key of a customer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Document {
    /// The type: `DNI`, `RUC`, `NIT`, `CC`, `RFC`… or the project's own.
    pub kind: String,
    /// The number in normal form.
    pub number: String,
}

/// A document that identifies nobody.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDocument {
    /// The type is empty.
    #[error("falta el tipo de documento")]
    NoKind,
    /// The number is empty or has no letter or digit.
    #[error("falta el número de documento")]
    NoNumber,
    /// The number is longer than any document.
    #[error("el número de documento tiene más de 40 caracteres")]
    TooLong,
}

/// Personal data: shown only as its type.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({} …)", self.kind)
    }
}

impl Document {
    /// Brings a typed document to its normal form.
    ///
    /// A DNI is padded to 8 digits, a NIT loses its check digit, RFC, CURP and others are upper case without separators.
    pub fn parse(kind: &str, number: &str) -> Result<Self, BadDocument> {
        let kind = normal_kind(kind);
        let number = number.trim();
        if kind.is_empty() {
            return Err(BadDocument::NoKind);
        }
        let compact: String = number.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
        if compact.is_empty() {
            return Err(BadDocument::NoNumber);
        }
        if compact.chars().count() > 40 {
            return Err(BadDocument::TooLong);
        }
        let number = match kind.as_str() {
            "DNI" if digits(&compact) && compact.len() < 8 => format!("{compact:0>8}"),
            "NIT" => without_check_digit(number, compact),
            "OTROS" => number.to_uppercase(),
            _ => compact,
        };
        Ok(Self { kind, number })
    }

    /// Whether the document says by itself that its holder is a company; `None` where it does not tell.
    pub fn says_company(&self) -> Option<bool> {
        match self.kind.as_str() {
            "NIT" => Some(true),
            "RUC" if self.number.starts_with("20") => Some(true),
            "RUC" if self.number.starts_with("10") => Some(false),
            "CUIT" => Some(self.number.starts_with('3')),
            "RFC" => Some(self.number.len() == 12),
            "DNI" | "CC" | "CE" | "CURP" | "CI" | "PASAPORTE" => Some(false),
            _ => None,
        }
    }
}

fn digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn normal_kind(kind: &str) -> String {
    let compact: String = kind.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
    match compact.as_str() {
        "CEDULA" | "CÉDULA" | "CEDULADECIUDADANIA" | "CÉDULADECIUDADANÍA" => "CC".into(),
        "CARNETDEEXTRANJERIA" | "CARNÉDEEXTRANJERÍA" | "CEDULADEEXTRANJERIA" | "CÉDULADEEXTRANJERÍA" => "CE".into(),
        "CEDULADEIDENTIDAD" | "CÉDULADEIDENTIDAD" => "CI".into(),
        "OTRO" => "OTROS".into(),
        "PAS" | "PASSPORT" => "PASAPORTE".into(),
        _ => compact,
    }
}

/// Colombia's NIT is written with or without its check digit; a dash marks it, ten digits may end in it.
fn without_check_digit(written: &str, compact: String) -> String {
    if let Some((base, check)) = written.rsplit_once('-')
        && check.trim().len() == 1
    {
        return base.chars().filter(char::is_ascii_digit).collect();
    }
    if compact.len() == 10 && digits(&compact) {
        let (base, check) = compact.split_at(9);
        if nit_check_digit(base) == check.bytes().next().map(|b| u32::from(b - b'0')) {
            return base.to_owned();
        }
    }
    compact
}

/// DIAN's check digit (Orden Administrativa 4 de 1989): weighted sum modulo 11.
fn nit_check_digit(base: &str) -> Option<u32> {
    const WEIGHTS: [u32; 9] = [41, 37, 29, 23, 19, 17, 13, 7, 3];
    let sum: u32 = base.bytes().zip(WEIGHTS).map(|(b, w)| u32::from(b.wrapping_sub(b'0')) * w).sum();
    Some(match sum % 11 {
        r @ 0..=1 => r,
        r => 11 - r,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_typed_two_ways_is_one() {
        for (kind, number, expected) in [
            ("dni", "1234567", ("DNI", "01234567")),
            ("DNI", " 01234567 ", ("DNI", "01234567")),
            ("NIT", "900.123.456-8", ("NIT", "900123456")),
            ("NIT", "9001234568", ("NIT", "900123456")),
            ("N.I.T.", "900123456", ("NIT", "900123456")),
            ("rfc", "gode-561231-gr8", ("RFC", "GODE561231GR8")),
            ("Cédula", "1.020.304", ("CC", "1020304")),
            ("RUT", "12.345.678-k", ("RUT", "12345678K")),
            ("Otros", "cli-0001/a", ("OTROS", "CLI-0001/A")),
        ] {
            let parsed = Document::parse(kind, number).expect("a document");
            assert_eq!((parsed.kind.as_str(), parsed.number.as_str()), expected);
        }
    }

    #[test]
    fn a_document_without_type_or_number_is_refused() {
        assert_eq!(Document::parse(" ", "1"), Err(BadDocument::NoKind));
        assert_eq!(Document::parse("DNI", " - "), Err(BadDocument::NoNumber));
    }
}
