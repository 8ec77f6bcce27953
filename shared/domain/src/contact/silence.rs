//! Words that ask for silence, and those that end it.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

const SILENCE: [&str; 17] = [
    "stop",
    "baja",
    "alto",
    "cancelar",
    "detener",
    "salir",
    "no molestar",
    "dar de baja",
    "darme de baja",
    "unsubscribe",
    "remover",
    "eliminar",
    "no mas mensajes",
    "no mas correos",
    "no recibir mas",
    "cancelar suscripcion",
    "borrar",
];
const CONSENT: [&str; 4] = ["start", "alta", "unstop", "si quiero recibir"];

/// How a message begins or goes on that asks for silence in its own words: a verb of writing or bothering, refused.
const REFUSALS: [&str; 9] =
    ["ya no me", "no me", "no quiero", "dejen de", "deje de", "paren de", "no deseo", "no vuelvan a", "quiten mi"];
const BOTHERS: [&str; 15] = [
    "manden",
    "mande",
    "envien",
    "envie",
    "escriban",
    "escriba",
    "llamen",
    "llame",
    "molesten",
    "molestar",
    "contacten",
    "mensajes",
    "enviar",
    "escribir",
    "numero",
];

/// Whether a message seems to ask for silence in its own words: for a person to read first.
pub fn sounds_like_silence(text: &str) -> bool {
    let folded = fold(text);
    let after = |refusal: &&str| {
        let at = format!(" {folded} ").find(&format!(" {refusal} "))?;
        Some(folded.get(at + refusal.len()..).unwrap_or_default().to_owned())
    };
    let bothers = |rest: String| rest.split(' ').take(4).any(|word| BOTHERS.contains(&word));
    REFUSALS.iter().filter_map(after).any(bothers)
}

/// A message as it is compared: without accents, capitals, signs or doubled spaces.
pub fn fold(text: &str) -> String {
    let plain = text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    let spaced: String = plain.map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether the whole of a message asks for silence: "¿pueden dar de baja el cargo?" does not.
pub fn asks_for_silence(text: &str) -> bool {
    SILENCE.contains(&fold(text).as_str())
}

/// Whether the whole of a message takes a wish for silence back.
pub fn asks_for_messages(text: &str) -> bool {
    CONSENT.contains(&fold(text).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_message_is_a_wish() {
        for text in ["BAJA", " Baja. ", "¡baja!", "No  recibir más", "Cancelar suscripción", "ＳＴＯＰ"] {
            assert!(asks_for_silence(text), "{text}");
        }
        for text in ["", "¿Pueden dar de baja el cargo?", "baja baja", "bajar", "no quiero parar de pagar"] {
            assert!(!asks_for_silence(text), "{text}");
        }
        assert!(asks_for_messages("Sí, quiero recibir") && !asks_for_messages("alta tasa"));
    }

    #[test]
    fn what_asks_for_silence_in_its_own_words_is_for_a_person_to_read() {
        for text in [
            "Ya no me manden mensajes",
            "por favor DEJEN DE ESCRIBIRME... no me escriban más",
            "no quiero más mensajes",
        ] {
            assert!(sounds_like_silence(text), "{text}");
        }
        for text in ["no me alcanza para pagar", "¿me mandan el link?", "no quiero pagar", "ya pagué", ""] {
            assert!(!sounds_like_silence(text), "{text}");
        }
    }
}
