//! Telephone numbers in E.164, with the aliases WhatsApp uses in Mexico, Argentina and Brazil.

use crate::country::Country;
use phonenumber::country::Id;

/// What a typed number turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// A number the numbering plan knows, in E.164.
    Valid(String),
    /// Right country and length, but a range the numbering plan does not list: kept, and proved by use.
    Unverified(String),
}

/// The text is no telephone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no es un teléfono válido: escriba solo dígitos, sin espacios ni prefijo, y el código de país en su columna")]
pub struct BadPhone;

/// Whether the text stands for "no phone": empty, or the placeholder `1`.
pub fn is_placeholder(text: &str) -> bool {
    matches!(text.trim(), "" | "1" | "-" | "0" | "N/A" | "n/a")
}

/// Reads a typed number; `region` is the country of the row or of the project.
pub fn read(text: &str, region: Option<Country>) -> Result<Read, BadPhone> {
    let cleaned = clean(text)?;
    let candidates = spellings(&cleaned, region);
    let id = region.and_then(|c| c.code().parse::<Id>().ok());
    for candidate in &candidates {
        let as_national = !candidate.starts_with('+');
        if as_national && id.is_none() {
            continue;
        }
        // A number with its country is read without a region: the same wherever it comes from.
        if let Ok(number) = phonenumber::parse(id.filter(|_| as_national), candidate)
            && phonenumber::is_valid(&number)
            && let written = e164(&number)
            // The plans of some countries list numbers that are longer than any may be.
            && (9..=16).contains(&written.len())
            && (!as_national || region.is_some_and(|c| written.starts_with(&format!("+{}", c.dial_code()))))
        {
            return Ok(Read::Valid(written));
        }
    }
    candidates.iter().find_map(|c| unverified(c, region)).map(Read::Unverified).ok_or(BadPhone)
}

fn e164(number: &phonenumber::PhoneNumber) -> String {
    number.format().mode(phonenumber::Mode::E164).to_string()
}

/// Keeps digits and a leading plus; folds full-width forms; refuses letters and two numbers in one cell.
fn clean(text: &str) -> Result<String, BadPhone> {
    let text = text.trim().strip_prefix("whatsapp:").unwrap_or(text.trim());
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' => out.push(c),
            '\u{FF10}'..='\u{FF19}' => out.push(char::from(b'0' + (c as u32 - 0xFF10) as u8)),
            '+' | '\u{FF0B}' if out.is_empty() => out.push('+'),
            ' ' | '-' | '(' | ')' | '.' | '/' => {}
            '\u{A0}' | '\u{2007}' | '\u{202F}' | '\u{2010}'..='\u{2015}' => {}
            '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' => {}
            _ => return Err(BadPhone),
        }
    }
    let digits = out.trim_start_matches('+');
    if !(7..=17).contains(&digits.len()) || digits.bytes().all(|b| b == b'0') {
        return Err(BadPhone);
    }
    if let Some(rest) = out.strip_prefix("00") {
        return Ok(format!("+{rest}"));
    }
    Ok(out)
}

/// The ways a number may have been meant, likeliest first.
fn spellings(cleaned: &str, region: Option<Country>) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(digits) = cleaned.strip_prefix('+') {
        out.push(modern(digits));
        return out;
    }
    if region == Some(Country::Mx) {
        for prefix in ["044", "045", "01", "1"] {
            if let Some(rest) = cleaned.strip_prefix(prefix)
                && rest.len() == 10
            {
                out.push(format!("+52{rest}"));
            }
        }
    }
    if region.is_some() {
        out.push(cleaned.to_owned());
    }
    out.push(modern(cleaned));
    out
}

/// Rewrites two retired forms: Mexico's mobile `1` and Brazil's missing ninth digit.
fn modern(digits: &str) -> String {
    if digits.len() == 13
        && let Some(rest) = digits.strip_prefix("521")
    {
        return format!("+52{rest}");
    }
    if digits.len() == 12
        && let Some(rest) = digits.strip_prefix("55")
        && !rest.starts_with('0')
        && matches!(rest.as_bytes()[2], b'6'..=b'9')
    {
        return format!("+55{}9{}", &rest[..2], &rest[2..]);
    }
    format!("+{digits}")
}

/// Country and length fit though the numbering plan does not list the range.
fn unverified(candidate: &str, region: Option<Country>) -> Option<String> {
    let (country, national) = match candidate.strip_prefix('+') {
        Some(digits) => {
            Country::ALL.into_iter().find_map(|c| Some((c, digits.strip_prefix(&c.dial_code().to_string())?)))?
        }
        None => (region?, candidate),
    };
    let (length, mobile) = match country {
        Country::Mx => (10, true),
        Country::Co => (10, national.starts_with('3')),
        // Area codes begin with 11, 2 or 3; a bare 15 is a mobile without its area.
        Country::Ar => (10, national.starts_with(['2', '3']) || national.starts_with("11")),
        Country::Cl | Country::Pe | Country::Ec => (9, national.starts_with('9')),
    };
    let repeated = national.bytes().all(|b| Some(b) == national.bytes().next());
    let plausible = national.len() == length && mobile && !national.starts_with('0') && !repeated;
    plausible.then(|| format!("+{}{national}", country.dial_code()))
}

/// The forms under which WhatsApp may know a number, without plus; the first is the canonical one.
pub fn whatsapp_aliases(e164: &str) -> Vec<String> {
    let digits = e164.trim_start_matches('+').to_owned();
    let mut out = vec![digits.clone()];
    if let Some(rest) = digits.strip_prefix("549").filter(|r| r.len() == 10) {
        out.push(format!("54{rest}"));
    } else if let Some(rest) = digits.strip_prefix("54").filter(|r| r.len() == 10) {
        out.push(format!("549{rest}"));
    } else if let Some(rest) = digits.strip_prefix("52").filter(|r| r.len() == 10) {
        out.push(format!("521{rest}"));
    } else if let Some(rest) = digits.strip_prefix("55").filter(|r| r.len() == 11 && r.as_bytes()[2] == b'9') {
        out.push(format!("55{}{}", &rest[..2], &rest[3..]));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_type_them() {
        use Country::{Ar, Cl, Co, Ec, Mx, Pe};
        for (text, region, expected) in [
            ("987654321", Some(Pe), Some("+51987654321")),
            ("+51 987 654 321", None, Some("+51987654321")),
            ("51987654321", Some(Pe), Some("+51987654321")),
            ("3001234567", Some(Co), Some("+573001234567")),
            ("9 6123 4567", Some(Cl), Some("+56961234567")),
            ("044 55 1234 5678", Some(Mx), Some("+525512345678")),
            ("+5215512345678", Some(Mx), Some("+525512345678")),
            ("0052 55 1234 5678", Some(Mx), Some("+525512345678")),
            ("011 15-2345-6789", Some(Ar), Some("+5491123456789")),
            ("0351 15 234 5678", Some(Ar), Some("+5493512345678")),
            ("0991234567", Some(Ec), Some("+593991234567")),
            ("whatsapp:+5215512345678", None, Some("+525512345678")),
            ("+５２５５１２３４５６７８", Some(Mx), Some("+525512345678")),
            ("551187654321", None, Some("+5511987654321")),
            ("+56912345678", Some(Cl), Some("+56912345678")),
            ("15 2345 6789", Some(Ar), None),
            ("5512345678; 5587654321", Some(Mx), None),
            ("abc", Some(Mx), None),
            ("0000000000", Some(Mx), None),
            ("12345", Some(Mx), None),
            ("", Some(Pe), None),
        ] {
            let read = read(text, region).ok().map(|r| match r {
                Read::Valid(n) | Read::Unverified(n) => n,
            });
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_range_the_plan_does_not_list_is_kept_unverified() {
        assert_eq!(read("+56912345678", Some(Country::Cl)), Ok(Read::Unverified("+56912345678".into())));
    }

    #[test]
    fn whatsapp_knows_some_numbers_by_another_name() {
        assert_eq!(whatsapp_aliases("+525512345678"), ["525512345678", "5215512345678"]);
        assert_eq!(whatsapp_aliases("+5491123456789"), ["5491123456789", "541123456789"]);
        assert_eq!(whatsapp_aliases("+5511987654321"), ["5511987654321", "551187654321"]);
        assert_eq!(whatsapp_aliases("+51987654321"), ["51987654321"]);
    }
}
