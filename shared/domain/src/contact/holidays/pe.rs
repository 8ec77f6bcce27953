//! Peru: Decreto Legislativo 713 arts. 5–6, and the laws that added days to it.

use super::Holidays;

pub(super) fn add(days: &mut Holidays) {
    days.fixed(1, 1, "Año Nuevo");
    days.easter(-3, "Jueves Santo");
    days.easter(-2, "Viernes Santo");
    days.fixed(5, 1, "Día del Trabajo");
    days.since(2024, 6, 7, "Batalla de Arica"); // Ley 31788, published 15 June 2023, after that year's day
    days.fixed(6, 29, "San Pedro y San Pablo");
    days.since(2023, 7, 23, "Día de la Fuerza Aérea"); // Ley 31822 de 2023
    days.fixed(7, 28, "Fiestas Patrias");
    days.fixed(7, 29, "Fiestas Patrias");
    days.since(2022, 8, 6, "Batalla de Junín"); // Ley 31530 de 2022
    days.fixed(8, 30, "Santa Rosa de Lima");
    days.fixed(10, 8, "Combate de Angamos");
    days.fixed(11, 1, "Todos los Santos");
    days.fixed(12, 8, "Inmaculada Concepción");
    days.since(2022, 12, 9, "Batalla de Ayacucho"); // Ley 31381 de 2021
    days.fixed(12, 25, "Navidad");
}
