//! How long an SMS is: carriers bill by segment, and one letter outside their alphabet halves what a segment holds.
//!
//! GSM-7 (3GPP TS 23.038) holds 160 units, or 153 where a message takes several segments; UCS-2 70 and 67. Of Spanish,
//! `é ñ Ñ ü ¿ ¡` are in GSM-7 and `á í ó ú` are not.

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The default alphabet, one unit each.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Its extension, two units each.
const EXTENDED: &str = "^{}\\[~]|€\u{c}";

/// The alphabet a message needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// Seven bits a letter.
    Gsm7,
    /// Sixteen bits a letter.
    Ucs2,
}

/// How long a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Length {
    /// Its alphabet.
    pub encoding: Encoding,
    /// Its units: letters, but for those that take two.
    pub units: usize,
    /// What is billed.
    pub segments: usize,
}

/// The units of a letter in GSM-7.
fn gsm_units(letter: char) -> Option<usize> {
    match letter {
        letter if BASIC.contains(letter) => Some(1),
        letter if EXTENDED.contains(letter) => Some(2),
        _ => None,
    }
}

/// Measures a message.
pub fn measure(text: &str) -> Length {
    let (encoding, units): (Encoding, Vec<usize>) = match text.chars().map(gsm_units).collect() {
        Some(units) => (Encoding::Gsm7, units),
        None => (Encoding::Ucs2, text.chars().map(char::len_utf16).collect()),
    };
    let (whole, part) = if encoding == Encoding::Gsm7 { (160, 153) } else { (70, 67) };
    let total = units.iter().sum();
    let segments = if total <= whole { usize::from(total > 0) } else { parts(&units, part) };
    Length { encoding, units: total, segments }
}

/// How many segments of a size letters take, none of which is cut in two.
fn parts(units: &[usize], size: usize) -> usize {
    let (mut segments, mut room) = (1, size);
    for unit in units {
        if *unit > room {
            (segments, room) = (segments + 1, size);
        }
        room -= unit;
    }
    segments
}

/// The message with its letters changed for the nearest of GSM-7, where there is one: `á` for `a`, curved quotes for
/// straight ones. `None` when that makes it no cheaper, or leaves a letter that has no likeness.
pub fn transliterated(text: &str) -> Option<(String, Length)> {
    let plain: String = text.chars().map(nearest).collect::<Option<_>>()?;
    let length = measure(&plain);
    (length.segments < measure(text).segments).then_some((plain, length))
}

fn nearest(letter: char) -> Option<String> {
    if gsm_units(letter).is_some() {
        return Some(letter.to_string());
    }
    let sign = match letter {
        '“' | '”' | '„' | '«' | '»' => "\"",
        '‘' | '’' | '´' | '`' => "'",
        '–' | '—' | '‐' | '‑' => "-",
        '…' => "...",
        '•' | '·' => "-",
        '\u{a0}' | '\u{202f}' | '\t' => " ",
        '\u{200b}' | '\u{feff}' => "",
        _ => {
            let base: String = letter.nfkd().filter(|c| !is_combining_mark(*c)).collect();
            let known = !base.is_empty() && base.chars().all(|c| gsm_units(c).is_some());
            return known.then_some(base);
        }
    };
    Some(sign.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn segments_are_those_of_the_standard() {
        for (text, encoding, units, segments) in [
            (String::new(), Encoding::Gsm7, 0, 0),
            ("a".repeat(160), Encoding::Gsm7, 160, 1),
            ("a".repeat(161), Encoding::Gsm7, 161, 2),
            ("a".repeat(307), Encoding::Gsm7, 307, 3),
            ("ñ¿é".to_owned(), Encoding::Gsm7, 3, 1),
            ("{".repeat(80), Encoding::Gsm7, 160, 1),
            // 152 letters and a pair that does not fit the last place of the first segment.
            (format!("{}€{}", "a".repeat(152), "a".repeat(152)), Encoding::Gsm7, 306, 3),
            ("á".repeat(70), Encoding::Ucs2, 70, 1),
            ("á".repeat(71), Encoding::Ucs2, 71, 2),
            // A character of two units is not cut either: 66 and the next segment.
            (format!("{}{}", "á".repeat(66), "😀".repeat(3)), Encoding::Ucs2, 72, 2),
        ] {
            assert_eq!(measure(&text), Length { encoding, units, segments }, "{text}");
        }
    }

    #[test]
    fn one_accent_costs_a_segment_and_its_likeness_saves_it() {
        let text = format!("{}á “hoy”…", "a".repeat(100));
        assert_eq!(measure(&text).segments, 2);
        let (plain, length) = transliterated(&text).expect("a likeness");
        assert_eq!((plain.as_str(), length.segments), (format!("{}a \"hoy\"...", "a".repeat(100)).as_str(), 1));
        assert_eq!(transliterated("hola"), None, "no cheaper");
        assert_eq!(transliterated(&"😀".repeat(40)), None, "no likeness");
    }

    proptest! {
        #[test]
        fn a_likeness_is_always_of_the_alphabet(text in "\\PC{0,200}") {
            if let Some((plain, length)) = transliterated(&text) {
                prop_assert_eq!(length.encoding, Encoding::Gsm7);
                prop_assert_eq!(measure(&plain), length);
            }
        }
    }
}
