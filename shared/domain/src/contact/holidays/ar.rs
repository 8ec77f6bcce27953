//! Argentina: Ley 27.399 (2017); *no laborables* such as Jueves Santo are not holidays and are not listed.

use super::{Holidays, monday_before, monday_on_or_after};
use chrono::{NaiveDate, Weekday};

pub(super) fn add(days: &mut Holidays) {
    for (month, day, name) in [
        (1, 1, "Año Nuevo"),
        (3, 24, "Día de la Memoria"),
        (4, 2, "Veteranos de Malvinas"),
        (5, 1, "Día del Trabajador"),
        (5, 25, "Revolución de Mayo"),
        (6, 20, "Día de la Bandera"),
        (7, 9, "Independencia"),
        (12, 8, "Inmaculada Concepción"),
        (12, 25, "Navidad"),
    ] {
        days.fixed(month, day, name);
    }
    days.easter(-48, "Carnaval");
    days.easter(-47, "Carnaval");
    days.easter(-2, "Viernes Santo");
    for (month, day, name) in [
        (6, 17, "Paso a la Inmortalidad de Güemes"),
        (8, 17, "Paso a la Inmortalidad de San Martín"),
        (10, 12, "Diversidad Cultural"),
        (11, 20, "Soberanía Nacional"),
    ] {
        days.put(movable(days.day(month, day)), name);
    }
    days.decreed(BRIDGES, "Día no laborable turístico");
    days.decreed(&[(2022, 5, 18)], "Censo nacional");
    days.decreed(&[(2022, 12, 20)], "Feriado por decreto");
}

/// Art. 6: from Tuesday and Wednesday back to Monday, from Thursday and Friday on to Monday.
fn movable(date: NaiveDate) -> NaiveDate {
    use chrono::Datelike;
    match date.weekday() {
        Weekday::Tue | Weekday::Wed => monday_before(date),
        Weekday::Thu | Weekday::Fri => monday_on_or_after(date),
        _ => date,
    }
}

/// Bridge days the executive sets each year (art. 7).
const BRIDGES: &[(i32, u32, u32)] = &[
    (2020, 3, 23),
    (2020, 7, 10),
    (2020, 12, 7),
    (2021, 5, 24),
    (2021, 10, 8),
    (2021, 11, 22),
    (2022, 10, 7),
    (2022, 11, 21),
    (2022, 12, 9),
    (2023, 5, 26),
    (2023, 6, 19),
    (2023, 10, 13),
    (2024, 4, 1),
    (2024, 6, 21),
    (2024, 10, 11),
    (2025, 5, 2),
    (2025, 8, 15),
    (2025, 11, 21),
    (2026, 3, 23),
    (2026, 7, 10),
    (2026, 12, 7),
];
