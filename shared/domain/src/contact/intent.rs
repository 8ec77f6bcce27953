//! What a customer means by a message, as far as plain words tell: the rules by which the automatic agent understands
//! Spanish. Whoever is not understood for certain is left to a person.

use crate::contact::silence::fold;
use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

/// What a customer wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// To speak with a person.
    Person,
    /// To say that it cannot pay, or is in distress: a person's to answer.
    CannotPay,
    /// To object to the debt.
    Dispute,
    /// To say that it has paid.
    Paid,
    /// To promise to pay on a date.
    Promise,
    /// To be left alone.
    Silence,
    /// The statement of account.
    Statement,
    /// How to pay.
    HowToPay,
    /// When it is due.
    DueDate,
    /// What it owes.
    Balance,
    /// To greet or to thank.
    Courtesy,
}

/// Words that tell an intent, folded: without accents, capitals or signs. The first intent that is told is the one meant,
/// unless two contradict each other.
const WORDS: [(Intent, &[&str]); 11] = [
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
            "no es mia",
            "no debo",
            "no les debo",
            "cobro indebido",
            "reclamo",
            "reclamar",
            "esta mal el monto",
            "monto equivocado",
            "fraude",
            "me robaron",
            "no soy yo",
            "numero equivocado",
            "no conozco",
        ],
    ),
    (
        Intent::Silence,
        &[
            "no me escriban",
            "no me escriba",
            "dejen de escribir",
            "no me molesten",
            "no quiero mensajes",
            "ya no me manden",
        ],
    ),
    (
        Intent::Paid,
        &[
            "ya pague",
            "ya lo pague",
            "ya la pague",
            "pague ayer",
            "pague hoy",
            "pague el",
            "ya cancele",
            "ya deposite",
            "ya transferi",
            "hice el pago",
            "hice la transferencia",
            "hice el deposito",
            "realice el pago",
            "esta pagado",
            "esta pagada",
            "ya esta pagado",
            "adjunto comprobante",
            "adjunto voucher",
            "envio comprobante",
            "envio el comprobante",
            "mando el voucher",
            "aqui el voucher",
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
            "puedo pagar",
            "podria pagar",
            "me comprometo",
            "cancelo el",
            "cancelare",
            "depositare",
            "deposito el",
            "transferire",
            "prometo pagar",
            "estaria pagando",
            "abono el",
            "abonare",
        ],
    ),
    (
        Intent::Statement,
        &[
            "estado de cuenta",
            "detalle de mi deuda",
            "detalle de la deuda",
            "mis facturas",
            "mis cuotas",
            "que facturas",
            "que cuotas",
        ],
    ),
    (
        Intent::HowToPay,
        &[
            "como pago",
            "como puedo pagar",
            "donde pago",
            "donde puedo pagar",
            "link",
            "enlace",
            "numero de cuenta",
            "cuenta para depositar",
            "cuenta bancaria",
            "medios de pago",
            "formas de pago",
            "como hago para pagar",
            "quiero pagar",
            "a que cuenta",
        ],
    ),
    (
        Intent::DueDate,
        &["cuando vence", "fecha de vencimiento", "hasta cuando", "cuando me vence", "cuando debo pagar", "que fecha"],
    ),
    (
        Intent::Balance,
        &[
            "cuanto debo",
            "cuanto es",
            "cuanto tengo que pagar",
            "cuanto les debo",
            "mi saldo",
            "el saldo",
            "mi deuda",
            "que debo",
            "monto total",
            "cuanto seria",
        ],
    ),
    (
        Intent::Courtesy,
        &[
            "hola",
            "buenos dias",
            "buenas tardes",
            "buenas noches",
            "buen dia",
            "gracias",
            "muchas gracias",
            "ok",
            "listo",
            "perfecto",
            "de acuerdo",
        ],
    ),
];

/// What takes an assertion back, or makes a question of it, when it stands before it.
const DENIALS: [&str; 10] =
    ["no", "aun no", "todavia no", "nunca", "no he", "no les", "si no", "cuando", "donde", "como"];

/// What a message was understood as.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// What it says it wants, the weightiest first.
    pub intents: Vec<Intent>,
    /// The local date it names.
    pub date: Option<NaiveDate>,
    /// The amount it names, as it is written.
    pub amount: Option<String>,
}

/// Reads a message written on a local day.
pub fn read(text: &str, today: NaiveDate) -> Reading {
    let folded = format!(" {} ", fold(text));
    let told = |words: &str| {
        let wanted = format!(" {words} ");
        folded.match_indices(&wanted).any(|(at, _)| !denied(&folded[..=at], words))
    };
    let mut intents: Vec<Intent> =
        WORDS.iter().filter(|(_, words)| words.iter().any(|word| told(word))).map(|(intent, _)| *intent).collect();
    if intents.len() > 1 {
        intents.retain(|intent| *intent != Intent::Courtesy);
    }
    Reading { intents, date: date(text, today), amount: amount(text) }
}

/// Whether what stands before a claim takes it back: *no ya pagué*, *cuando pague*.
fn denied(before: &str, words: &str) -> bool {
    let own = words.starts_with("no ") || words.starts_with("ya no");
    let before = before.trim_end();
    !own && DENIALS.iter().any(|denial| before.ends_with(&format!(" {denial}")) || before == *denial)
}

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("lunes", Weekday::Mon),
    ("martes", Weekday::Tue),
    ("miercoles", Weekday::Wed),
    ("jueves", Weekday::Thu),
    ("viernes", Weekday::Fri),
    ("sabado", Weekday::Sat),
    ("domingo", Weekday::Sun),
];
const MONTHS: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];

/// The date a message names: the only one, or none for certain.
fn date(text: &str, today: NaiveDate) -> Option<NaiveDate> {
    let ends = ['.', ',', ';', '!', '?', '(', ')'];
    let (written, spoken): (Vec<&str>, Vec<&str>) =
        text.split_whitespace().partition(|word| numbers(word.trim_matches(ends), today).is_some());
    let mut found: Vec<NaiveDate> = written.iter().filter_map(|word| numbers(word.trim_matches(ends), today)).collect();
    let folded = fold(&spoken.join(" "));
    let words: Vec<&str> = folded.split_whitespace().collect();
    let mut at = 0;
    while at < words.len() {
        let (day, taken) = named(&words[at..], today);
        found.extend(day);
        at += taken;
    }
    found.sort();
    found.dedup();
    match found.as_slice() {
        [only] => Some(*only),
        _ => None,
    }
}

/// The date the next words name, and how many they are.
fn named(words: &[&str], today: NaiveDate) -> (Option<NaiveDate>, usize) {
    let later = |days| today.checked_add_days(Days::new(days));
    match words {
        ["pasado", "manana", ..] => (later(2), 2),
        ["la" | "por" | "en", "manana", ..] => (None, 2),
        ["manana", ..] => (later(1), 1),
        ["hoy", ..] => (Some(today), 1),
        ["ayer", ..] => (today.pred_opt(), 1),
        ["fin", "de", "mes", ..] | ["fines", "de", "mes", ..] => (last_of_month(today), 3),
        ["el", number, "de", month, ..] => (month_day(number, month, today), 4),
        ["el" | "dia", number, ..] if number.parse::<u32>().is_ok() => (next_day(number, today), 2),
        [weekday, ..] => match WEEKDAYS.iter().find(|(name, _)| name == weekday) {
            Some((_, wanted)) => ((1..=7).filter_map(later).find(|day| day.weekday() == *wanted), 1),
            None => (None, 1),
        },
        [] => (None, 1),
    }
}

fn last_of_month(today: NaiveDate) -> Option<NaiveDate> {
    let first = today.with_day(1)?;
    first.checked_add_months(chrono::Months::new(1))?.pred_opt()
}

/// *El 15*: the next one, today included.
fn next_day(number: &str, today: NaiveDate) -> Option<NaiveDate> {
    let day: u32 = number.parse().ok().filter(|day| (1..=31).contains(day))?;
    let this = today.with_day(day).filter(|date| *date >= today);
    this.or_else(|| today.with_day(1)?.checked_add_months(chrono::Months::new(1))?.with_day(day))
}

/// *El 15 de marzo*: of this year, or of the next where that is long gone.
fn month_day(number: &str, month: &str, today: NaiveDate) -> Option<NaiveDate> {
    let at = MONTHS.iter().position(|name| *name == month || month == "setiembre" && *name == "septiembre")?;
    let (day, month) = (number.parse().ok()?, u32::try_from(at).ok()? + 1);
    near(day, month, today)
}

/// *15/03* or *15-03-2026*.
fn numbers(word: &str, today: NaiveDate) -> Option<NaiveDate> {
    let parts: Vec<&str> = word.split(['/', '-']).collect();
    match parts.as_slice() {
        [day, month] => near(day.parse().ok()?, month.parse().ok()?, today),
        [day, month, year] => {
            let year: i32 = year.parse().ok()?;
            NaiveDate::from_ymd_opt(if year < 100 { 2000 + year } else { year }, month.parse().ok()?, day.parse().ok()?)
        }
        _ => None,
    }
}

fn near(day: u32, month: u32, today: NaiveDate) -> Option<NaiveDate> {
    let date = NaiveDate::from_ymd_opt(today.year(), month, day)?;
    let gone = (today - date).num_days() > 180;
    if gone { NaiveDate::from_ymd_opt(today.year() + 1, month, day) } else { Some(date) }
}

/// The only amount a message names: a number beside a currency, or with decimals.
fn amount(text: &str) -> Option<String> {
    const BEFORE: [&str; 8] = ["s/", "s/.", "$", "us$", "usd", "pen", "cop", "mxn"];
    const AFTER: [&str; 9] = ["soles", "sol", "pesos", "dolares", "dólares", "usd", "pen", "cop", "mxn"];
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let number = |word: &str| {
        let core = BEFORE.iter().find_map(|sign| word.strip_prefix(sign)).unwrap_or(word);
        let core = core.trim_end_matches(['.', ',', ';', '!', '?']).to_owned();
        let digits = core.chars().filter(char::is_ascii_digit).count();
        (digits > 0 && core.chars().all(|c| c.is_ascii_digit() || c == '.' || c == ',')).then_some(core)
    };
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let Some(core) = number(word) else { continue };
        let signed = BEFORE.iter().any(|sign| word.starts_with(sign));
        let before = at > 0 && BEFORE.contains(&words[at - 1].as_str());
        let after = words.get(at + 1).is_some_and(|next| AFTER.contains(&next.trim_matches(['.', ',', '!'])));
        let decimals = core.rsplit_once(['.', ',']).is_some_and(|(_, cents)| cents.len() == 2);
        if signed || before || after || decimals {
            found.push(core);
        }
    }
    match found.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Tuesday.
    fn today() -> NaiveDate {
        "2026-03-10".parse().expect("a date")
    }
    fn day(text: &str) -> Option<NaiveDate> {
        Some(text.parse().expect("a date"))
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
            ("ya cancelé, adjunto comprobante", vec![Paid]),
            ("aún no ya pagué", vec![]),
            ("cuando pague el recibo les aviso", vec![]),
            ("pagaré el viernes", vec![Promise]),
            ("No reconozco esa deuda", vec![Dispute]),
            ("quiero hablar con un asesor", vec![Person]),
            ("no puedo pagar, perdí el trabajo", vec![CannotPay]),
            ("por favor no me escriban", vec![Silence]),
            ("gracias", vec![Courtesy]),
            ("ya pagué pero no reconozco ese monto", vec![Dispute, Paid]),
            ("asdf qwer", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(read(text, today()).intents, expected, "{text}");
        }
    }

    #[test]
    fn dates_are_the_next_ones_that_fit_and_never_guessed() {
        for (text, expected) in [
            ("pago hoy", day("2026-03-10")),
            ("pago mañana", day("2026-03-11")),
            ("pago mañana por la mañana", day("2026-03-11")),
            ("pasado mañana", day("2026-03-12")),
            ("el viernes", day("2026-03-13")),
            ("el martes", day("2026-03-17")),
            ("el 15", day("2026-03-15")),
            ("el 5", day("2026-04-05")),
            ("el 15 de abril", day("2026-04-15")),
            ("el 2 de enero", day("2026-01-02")),
            ("a fin de mes", day("2026-03-31")),
            ("pagué ayer", day("2026-03-09")),
            ("el viernes o el sábado", None),
            ("algún día", None),
            ("el 40", None),
            ("pago el 15/03.", day("2026-03-15")),
            ("pagué 05-03-2026", day("2026-03-05")),
            ("mi cuenta 194-12-34", None),
        ] {
            assert_eq!(read(text, today()).date, expected, "{text}");
        }
    }

    #[test]
    fn an_amount_is_a_number_beside_a_currency() {
        for (text, expected) in [
            ("pago S/ 100.50 el viernes", Some("100.50")),
            ("pago s/100 mañana", Some("100")),
            ("pagaré 250 soles.", Some("250")),
            ("les deposito 1,250.00", Some("1,250.00")),
            ("pago el 15", None),
            ("S/ 100 hoy y S/ 50 mañana", None),
            ("mi documento es 12345678", None),
        ] {
            assert_eq!(read(text, today()).amount.as_deref(), expected, "{text}");
        }
    }
}
