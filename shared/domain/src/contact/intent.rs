//! What a customer means by a message, as far as plain words tell: the rules by which the automatic agent understands
//! Spanish. Whoever is not understood for certain is left to a person.

use crate::contact::figures::figures;
use crate::contact::silence::fold;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// What a customer wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// To be somebody else: no name and no debt is told.
    Stranger,
    /// To speak with a person, or something only a person should answer.
    Person,
    /// To say that it cannot pay, or is in distress: a person's to answer.
    CannotPay,
    /// To object to the debt.
    Dispute,
    /// To be left alone.
    Silence,
    /// To say that it has paid.
    Paid,
    /// To promise to pay on a date.
    Promise,
    /// The statement of account.
    Statement,
    /// How to pay.
    HowToPay,
    /// When it is due.
    DueDate,
    /// What it owes.
    Balance,
    /// To greet, and nothing else.
    Greeting,
    /// To thank or agree, and nothing else.
    Thanks,
}

/// Words that tell an intent, folded: without accents, capitals or signs. Each is said in few ways that mean nothing else;
/// what is said in others is a person's to read.
const WORDS: [(Intent, &[&str]); 11] = [
    (Intent::Stranger, &["numero equivocado", "no soy yo", "no soy esa persona", "no la conozco", "no lo conozco"]),
    (
        Intent::Person,
        &[
            "asesor",
            "asesora",
            "una persona",
            "un humano",
            "ser humano",
            "hablar con",
            "llamenme",
            "me llaman",
            "me pueden llamar",
            "operador",
            "supervisor",
            "reclamo",
            "reclamar",
            "queja",
            "abogado",
            "no debo",
            "no les debo",
            "me robaron",
            "mitad",
            "una parte",
            "adelanto",
            "descuento",
            "condonar",
            "refinanciar",
            "no abre",
            "no funciona",
        ],
    ),
    (
        Intent::CannotPay,
        &[
            "no puedo pagar",
            "no tengo dinero",
            "no tengo plata",
            "no tengo como",
            "sin trabajo",
            "desempleado",
            "desempleada",
            "perdi el trabajo",
            "perdi mi trabajo",
            "enfermo",
            "enferma",
            "hospital",
            "fallecio",
            "murio",
            "me voy a matar",
            "no puedo mas",
        ],
    ),
    (
        Intent::Dispute,
        &[
            "no reconozco",
            "no es mi deuda",
            "no es mia esa deuda",
            "cobro indebido",
            "esta mal el monto",
            "el monto esta mal",
            "monto equivocado",
            "es un fraude",
        ],
    ),
    (
        Intent::Silence,
        &[
            "no me escriban",
            "no me escriba",
            "dejen de escribir",
            "dejen de escribirme",
            "no me molesten",
            "no quiero mensajes",
            "no quiero mas mensajes",
            "no mas mensajes",
            "ya no me manden",
            "no me manden mas",
        ],
    ),
    (
        Intent::Paid,
        &[
            "ya pague",
            "ya lo pague",
            "ya la pague",
            "ya les pague",
            "pague ayer",
            "ya cancele",
            "ya deposite",
            "ya transferi",
            "ya yapee",
            "hice el pago",
            "hice la transferencia",
            "hice el deposito",
            "realice el pago",
            "ya esta pagado",
            "ya esta pagada",
            "acabo de pagar",
            "acabo de depositar",
            "acabo de transferir",
        ],
    ),
    (
        Intent::Promise,
        &[
            "pagare",
            "voy a pagar",
            "pago el",
            "pago manana",
            "pago hoy",
            "pago este",
            "les pago",
            "le pago",
            "me comprometo",
            "cancelare",
            "depositare",
            "transferire",
            "prometo pagar",
        ],
    ),
    (
        Intent::Statement,
        &["estado de cuenta", "detalle de mi deuda", "detalle de la deuda", "que facturas debo", "que cuotas debo"],
    ),
    (
        Intent::HowToPay,
        &[
            "como pago",
            "como puedo pagar",
            "donde pago",
            "donde puedo pagar",
            "el link de pago",
            "un link de pago",
            "link para pagar",
            "enlace de pago",
            "enlace para pagar",
            "numero de cuenta",
            "cuenta para depositar",
            "medios de pago",
            "formas de pago",
            "como hago para pagar",
            "a que cuenta",
        ],
    ),
    (
        Intent::DueDate,
        &["cuando vence", "cuando me vence", "fecha de vencimiento", "hasta cuando puedo pagar", "cuando debo pagar"],
    ),
    (
        Intent::Balance,
        &[
            "cuanto debo",
            "cuanto les debo",
            "cuanto tengo que pagar",
            "cuanto es mi deuda",
            "cual es mi saldo",
            "cuanto es mi saldo",
            "saber mi saldo",
            "saber mi deuda",
        ],
    ),
];

/// Words of courtesy: a message is one only where it says nothing else.
const GREETINGS: [&str; 6] = ["hola", "buenos dias", "buenas tardes", "buenas noches", "buen dia", "buenas"];
const THANKS: [&str; 9] =
    ["muchas gracias", "gracias", "ok", "okey", "listo", "perfecto", "de acuerdo", "esta bien", "entendido"];

/// What takes an assertion back, or makes a question of it, when it stands before it.
const DENIALS: [&str; 14] = [
    "no",
    "aun no",
    "todavia no",
    "nunca",
    "no he",
    "no les",
    "si",
    "cuando",
    "donde",
    "como",
    "que",
    "apenas",
    "antes de",
    "para",
];

/// What makes an assertion doubtful wherever it stands: nothing is done on a doubt.
const DOUBTS: [&str; 12] =
    ["si", "tal vez", "quiza", "quizas", "talvez", "no se", "creo", "supongo", "podria", "quisiera", "saber", "espero"];

/// What tells of a payment of the past in other words.
const PAST: [&str; 10] =
    ["deposite", "cancele", "cancelada", "cancelado", "abone", "yapee", "transferi", "pagada", "pagado", "pague"];

/// What a message was understood as.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// What it says it wants, the weightiest first.
    pub intents: Vec<Intent>,
    /// The local date it names, for certain.
    pub date: Option<NaiveDate>,
    /// The amount it names, as it is written.
    pub amount: Option<String>,
    /// Something in it asks, doubts, or counts in a way that was not understood: it may be answered, not acted on.
    pub doubtful: bool,
}

/// Reads a message written on a local day.
pub fn read(text: &str, today: NaiveDate) -> Reading {
    let folded = format!(" {} ", fold(text));
    let says = |words: &str| folded.contains(&format!(" {words} "));
    let told = |words: &str| {
        let wanted = format!(" {words} ");
        folded.match_indices(&wanted).any(|(at, _)| !denied(&folded[..=at], words))
    };
    let mut intents: Vec<Intent> =
        WORDS.iter().filter(|(_, words)| words.iter().any(|word| told(word))).map(|(intent, _)| *intent).collect();
    let acts = [Intent::Paid, Intent::Promise, Intent::Dispute];
    // Whoever speaks of money that went is not told what is owed.
    if PAST.iter().any(|past| says(past)) && !intents.iter().any(|intent| acts.contains(intent)) {
        intents.clear();
    }
    if intents.is_empty() {
        intents.extend(courtesy(folded.trim()));
    }
    let (date, amount, clear) = figures(text, today);
    let asks = text.contains(['?', '¿']) || DOUBTS.iter().any(|doubt| says(doubt));
    Reading { intents, date, amount, doubtful: asks || !clear }
}

/// What a message of nothing but courtesy is.
fn courtesy(folded: &str) -> Option<Intent> {
    let without = |words: &[&str]| {
        let mut rest = format!(" {folded} ");
        for word in words {
            while let Some(at) = rest.find(&format!(" {word} ")) {
                rest.replace_range(at..=at + word.len(), "");
            }
        }
        rest.trim().to_owned()
    };
    let all: Vec<&str> = GREETINGS.iter().chain(&THANKS).copied().collect();
    match (folded.is_empty(), without(&all).is_empty(), without(&GREETINGS).is_empty()) {
        (true, ..) | (_, false, _) => None,
        (_, true, true) => Some(Intent::Greeting),
        (_, true, false) => Some(Intent::Thanks),
    }
}

/// Whether what stands before a claim takes it back: *no ya pagué*, *cuando pague*.
fn denied(before: &str, words: &str) -> bool {
    let own = words.starts_with("no ") || words.starts_with("ya no");
    let before = before.trim_end();
    !own && DENIALS.iter().any(|denial| before.ends_with(&format!(" {denial}")) || before == *denial)
}

/// Whether a message speaks of another currency than a code's.
pub fn speaks_of_another(text: &str, code: &str) -> bool {
    let folded = format!(" {} ", fold(text));
    let says = |words: &[&str]| words.iter().any(|word| folded.contains(&format!(" {word} ")));
    let dollars = says(&["dolares", "dolar", "usd"]) || text.to_lowercase().contains("us$");
    let soles = says(&["soles", "sol", "pen"]) || text.to_lowercase().contains("s/");
    dollars && code != "USD" || soles && code != "PEN"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Tuesday.
    fn today() -> NaiveDate {
        "2026-03-10".parse().expect("a date")
    }

    #[test]
    fn messages_are_understood_as_people_write_them() {
        use Intent::*;
        for (text, expected) in [
            ("Hola, ¿cuánto debo?", vec![Balance]),
            ("buenas tardes, ¿cuándo vence?", vec![DueDate]),
            ("Me envía mi estado de cuenta por favor", vec![Statement]),
            ("¿Dónde puedo pagar?", vec![HowToPay]),
            ("Ya pagué ayer", vec![Paid]),
            ("aún no ya pagué", vec![]),
            ("cuando pague el recibo les aviso", vec![]),
            ("pagaré el viernes", vec![Promise]),
            ("No reconozco esa deuda", vec![Dispute]),
            ("quiero hablar con un asesor", vec![Person]),
            ("no puedo pagar, perdí el trabajo", vec![CannotPay]),
            ("por favor no me escriban", vec![Silence]),
            ("No más mensajes por favor, gracias", vec![Silence]),
            ("Hola, buenos días", vec![Greeting]),
            ("muchas gracias", vec![Thanks]),
            ("Listo", vec![Thanks]),
            ("ya pagué pero no reconozco ese monto", vec![Dispute, Paid]),
            ("número equivocado, no soy yo", vec![Stranger]),
            // What is not plain is not understood.
            ("Hola, me cobraron dos veces", vec![]),
            ("Buenas tardes, deposité a otra cuenta por error", vec![]),
            ("Ok, mañana", vec![]),
            ("Ayer deposité el saldo completo", vec![]),
            ("Mi deuda ya fue cancelada", vec![]),
            ("El link no abre", vec![Person]),
            ("¿Quieren que pague hoy?", vec![]),
            ("Apenas pague les envío el comprobante", vec![]),
            ("¿Puedo pagar el viernes?", vec![]),
            ("No conozco dónde queda su oficina", vec![]),
            ("Sé que no debo atrasarme", vec![Person]),
            ("Hola, gracias por comunicarte con Bodega X", vec![]),
            ("asdf qwer", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(read(text, today()).intents, expected, "{text}");
        }
    }

    #[test]
    fn questions_doubts_and_numbers_nobody_understands_are_not_acted_on() {
        for text in [
            "¿les pago el viernes?",
            "Si me quitan la mora les pago el lunes",
            "No sé si les pago el viernes",
            "El viernes les pago 200",
            "les pago 20 mil pesos el viernes",
            "les pago en 4-5 días",
            "les pago de hoy en ocho",
            "pagaré el viernes de la otra semana",
            "pagaré el 30 del próximo mes",
            "pagaré el viernes 20 o el lunes 23",
            "¿me confirman si ya pagué?",
        ] {
            let reading = read(text, today());
            assert!(reading.doubtful || reading.intents.is_empty(), "{text}: {reading:?}");
        }
        for text in ["pagaré el viernes", "pago S/ 100.50 mañana", "ya pagué ayer 40 soles", "ya pagué"] {
            assert!(!read(text, today()).doubtful, "{text}");
        }
    }

    #[test]
    fn another_currency_is_told_by_its_name_or_its_sign() {
        assert!(speaks_of_another("les pago 100 dólares", "PEN") && !speaks_of_another("les pago S/ 100", "PEN"));
    }
}
