//! Colombia: Ley 51 de 1983 (*Ley Emiliani*).

use super::{Holidays, monday_on_or_after, shift};

pub(super) fn add(days: &mut Holidays) {
    for (month, day, name) in [
        (1, 1, "Año Nuevo"),
        (5, 1, "Día del Trabajo"),
        (7, 20, "Independencia"),
        (8, 7, "Batalla de Boyacá"),
        (12, 8, "Inmaculada Concepción"),
        (12, 25, "Navidad"),
    ] {
        days.fixed(month, day, name);
    }
    for (month, day, name) in [
        (1, 6, "Reyes Magos"),
        (3, 19, "San José"),
        (6, 29, "San Pedro y San Pablo"),
        (8, 15, "Asunción"),
        (10, 12, "Día de la Raza"),
        (11, 1, "Todos los Santos"),
        (11, 11, "Independencia de Cartagena"),
    ] {
        days.put(monday_on_or_after(days.day(month, day)), name);
    }
    days.easter(-3, "Jueves Santo");
    days.easter(-2, "Viernes Santo");
    let easter = super::easter_sunday(days.year);
    days.put(shift(easter, 43), "Ascensión");
    days.put(shift(easter, 64), "Corpus Christi");
    days.put(shift(easter, 71), "Sagrado Corazón");
}
