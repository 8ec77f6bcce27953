//! The date and the amount a message names, as people write them: the only one of each, or none for certain.

use crate::contact::silence::fold;
use chrono::{Datelike, Days, NaiveDate, Weekday};

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

/// Words that move a date to where no rule here follows.
const ELSEWHERE: [&str; 16] = [
    "proximo",
    "proxima",
    "siguiente",
    "otra",
    "otro",
    "semana",
    "semanas",
    "quincena",
    "dias",
    "meses",
    "ocho",
    "antes",
    "despues",
    "entre",
    "mas",
    "recien",
];

/// The only date and the only amount a message names, and whether every number in it is a part of one of them.
pub(super) fn figures(text: &str, today: NaiveDate) -> (Option<NaiveDate>, Option<String>, bool) {
    let ends = ['.', ',', ';', '!', '?', '(', ')', '¡', '¿'];
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let amounts = amounts(&words);
    let (mut dates, mut spoken) = (Vec::new(), Vec::new());
    for (at, word) in words.iter().enumerate() {
        match numbers(word.trim_matches(ends), today) {
            Some(date) => dates.push(date),
            None if amounts.iter().any(|(place, _)| *place == at) => {}
            None => spoken.push(word.as_str()),
        }
    }
    let folded = fold(&spoken.join(" "));
    let spoken: Vec<&str> = folded.split_whitespace().collect();
    let (mut at, mut clear) = (0, !spoken.iter().any(|word| ELSEWHERE.contains(word)));
    while at < spoken.len() {
        let (day, taken) = named(&spoken[at..], today);
        clear &= day.is_some() || !spoken[at].chars().any(|c| c.is_ascii_digit());
        dates.extend(day);
        at += taken;
    }
    dates.sort();
    dates.dedup();
    clear &= dates.len() <= 1 && amounts.len() <= 1;
    let amount = amounts.first().map(|(_, amount)| amount.clone());
    (dates.first().copied().filter(|_| clear), amount.filter(|_| clear), clear)
}

/// The date the next words name, and how many they are.
fn named(words: &[&str], today: NaiveDate) -> (Option<NaiveDate>, usize) {
    let later = |days| today.checked_add_days(Days::new(days));
    let is_number = |word: &str| word.parse::<u32>().is_ok();
    match words {
        ["pasado", "manana", ..] => (later(2), 2),
        ["la" | "por" | "en", "manana", ..] => (None, 2),
        ["esta", "manana" | "tarde" | "noche", ..] => (Some(today), 2),
        ["manana", ..] => (later(1), 1),
        ["hoy", "dia", ..] => (Some(today), 2),
        ["hoy", ..] => (Some(today), 1),
        ["ayer", ..] => (today.pred_opt(), 1),
        ["fin" | "fines", "de", "mes", ..] => (last_of_month(today), 3),
        [number, "de" | "del", "este" | "presente", "mes", ..] if is_number(number) => (this_month(number, today), 4),
        [number, "de", month, ..] if is_number(number) => (month_day(number, month, today), 3),
        [number, month, ..] if is_number(number) && month_day(number, month, today).is_some() => {
            (month_day(number, month, today), 2)
        }
        [number, "del" | "de" | "por", ..] if is_number(number) => (None, 1),
        ["el" | "dia", "dia", ..] => (None, 1),
        [weekday, number, rest @ ..] if WEEKDAYS.iter().any(|(name, _)| name == weekday) && is_number(number) => {
            let (date, taken) = named(&words[1..], today);
            let date = if rest.is_empty() { next_day(number, today) } else { date.or_else(|| next_day(number, today)) };
            let wanted = WEEKDAYS.iter().find(|(name, _)| name == weekday).map(|(_, day)| *day);
            (date.filter(|date| Some(date.weekday()) == wanted), 1 + taken)
        }
        ["el" | "dia", number, "de" | "del", ..] if is_number(number) => {
            let (date, taken) = named(&words[1..], today);
            (date, 1 + taken)
        }
        ["el" | "dia", number, ..] if is_number(number) => {
            let (date, taken) = named(&words[1..], today);
            (date.or_else(|| next_day(number, today)), 1 + taken)
        }
        [weekday, ..] => match WEEKDAYS.iter().find(|(name, _)| name == weekday) {
            Some((_, wanted)) => ((1..=7).filter_map(later).find(|day| day.weekday() == *wanted), 1),
            None => (None, 1),
        },
        [] => (None, 1),
    }
}

/// *El 15 de este mes*.
fn this_month(number: &str, today: NaiveDate) -> Option<NaiveDate> {
    today.with_day(number.parse().ok()?).filter(|date| *date >= today)
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
        [day, month] if word.contains('/') => near(day.parse().ok()?, month.parse().ok()?, today),
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

/// The amounts a message names, with their places: numbers beside a currency, or with cents.
fn amounts(words: &[String]) -> Vec<(usize, String)> {
    const BEFORE: [&str; 8] = ["s/.", "s/", "us$", "$", "usd", "pen", "cop", "mxn"];
    const AFTER: [&str; 9] = ["soles", "sol", "pesos", "dolares", "dólares", "usd", "pen", "cop", "mxn"];
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
            found.push((at, core));
        }
    }
    found
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
    fn dates_are_the_next_ones_that_fit_and_never_guessed() {
        for (text, expected) in [
            ("pago hoy", day("2026-03-10")),
            ("esta mañana les pago", day("2026-03-10")),
            ("pago mañana", day("2026-03-11")),
            ("pago mañana por la mañana", day("2026-03-11")),
            ("pasado mañana", day("2026-03-12")),
            ("el viernes", day("2026-03-13")),
            ("el viernes 13", day("2026-03-13")),
            ("el viernes 20", day("2026-03-20")),
            ("el viernes 14", None),
            ("el martes", day("2026-03-17")),
            ("el 15", day("2026-03-15")),
            ("el 5", day("2026-04-05")),
            ("el 15 de este mes", day("2026-03-15")),
            ("el 15 de abril", day("2026-04-15")),
            ("el día 20 de abril", day("2026-04-20")),
            ("el 20 abril", day("2026-04-20")),
            ("el 2 de enero", day("2026-01-02")),
            ("a fin de mes", day("2026-03-31")),
            ("pagué ayer", day("2026-03-09")),
            ("pago el 15/03.", day("2026-03-15")),
            ("pagué 05-03-2026", day("2026-03-05")),
            ("el viernes o el sábado", None),
            ("el 30 del próximo mes", None),
            ("el viernes de la otra semana", None),
            ("en 4-5 días", None),
            ("algún día", None),
            ("el 40", None),
            ("mi cuenta 194-12-34", None),
        ] {
            assert_eq!(figures(text, today()).0, expected, "{text}");
        }
    }

    #[test]
    fn an_amount_is_a_number_beside_a_currency() {
        for (text, expected) in [
            ("pago S/ 100.50 el viernes", Some("100.50")),
            ("pago s/100 mañana", Some("100")),
            ("pago S/.100 mañana", Some("100")),
            ("pagaré 250 soles.", Some("250")),
            ("les deposito 1,250.00", Some("1,250.00")),
            ("pago el 15", None),
            ("S/ 100 hoy y S/ 50 mañana", None),
            ("mi documento es 12345678", None),
        ] {
            assert_eq!(figures(text, today()).1.as_deref(), expected, "{text}");
        }
    }
}
