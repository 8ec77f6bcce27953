//! What a new project starts with: templates that can be sent as they are, and one flow for the default segment.

use crate::contact::channel::Channel;
use crate::contact::point::Levels;
use crate::ids::TemplateId;
use crate::strategy::flow::{Flow, FlowStep};
use crate::strategy::segment::{DEFAULT, Segment};
use crate::strategy::template::{Purpose, Template};
use crate::strategy::trigger::{EventRule, Trigger};
use chrono::NaiveTime;

/// Offset, channel, name, subject and text of each step.
const STEPS: [(i32, Channel, &str, &str, &str); 7] = [
    (
        -5,
        Channel::Whatsapp,
        "Aviso previo",
        "",
        "Hola {primer_nombre|}, le saluda {empresa}. Le recordamos que su pago {codigo} por {monto} vence el {vencimiento}. {pago|} Si ya pagó, no tome en cuenta este mensaje.",
    ),
    (
        -1,
        Channel::Email,
        "Por vencer",
        "Su pago {codigo} vence el {vencimiento}",
        "Hola {nombre}:\n\nSu pago {codigo} por {monto} vence el {vencimiento}.\n\n{pago|}\n\nSi ya pagó, no tome en cuenta este mensaje.\n\nSaludos,\n{empresa}",
    ),
    (
        0,
        Channel::Whatsapp,
        "Vence hoy",
        "",
        "Hola {primer_nombre|}, su pago {codigo} por {monto} con {empresa} vence el {vencimiento}. {pago|} Gracias por pagar a tiempo.",
    ),
    (
        3,
        Channel::Sms,
        "Tres días",
        "",
        "{empresa}: {primer_nombre|}, su pago {codigo} por {monto} vencio el {vencimiento}. {pago|}",
    ),
    (
        8,
        Channel::Email,
        "Ocho días",
        "Pago pendiente desde el {vencimiento}",
        "Hola {nombre}:\n\nSu pago {codigo} venció el {vencimiento} y aún vemos un saldo de {monto}. En total tiene {ordenes} orden(es) abierta(s) por {total}:\n\n{lista_ordenes}\n\n{pago|}\n\nSi necesita ayuda, responda este correo.\n\nSaludos,\n{empresa}",
    ),
    (
        15,
        Channel::Whatsapp,
        "Quince días",
        "",
        "Hola {primer_nombre|}, su pago {codigo} con {empresa} tiene {dias_atraso} días de atraso. Saldo: {monto}. {pago|} Escríbanos si quiere acordar una fecha.",
    ),
    (
        30,
        Channel::Email,
        "Treinta días",
        "Regularice su saldo con {empresa}",
        "Hola {nombre}:\n\nSu pago {codigo} lleva {dias_atraso} días de atraso. Su saldo total es {total}:\n\n{lista_ordenes}\n\n{pago|}\n\nResponda este correo y busquemos juntos una solución.\n\nSaludos,\n{empresa}",
    ),
];

/// The templates of a new project.
pub fn templates() -> Vec<Template> {
    let template = |(offset, channel, name, subject, body): (i32, Channel, &str, &str, &str)| Template {
        id: id(offset).as_str().into(),
        name: name.to_owned(),
        purposes: vec![Purpose::Flow],
        ..Template::spoken(channel, (channel == Channel::Email).then(|| subject.to_owned()), body.to_owned())
    };
    STEPS.into_iter().map(template).collect()
}

/// Trigger and text of each event a new project may switch on.
const EVENTS: [(Trigger, &str); 8] = [
    (
        Trigger::PromiseMade,
        "Hola {primer_nombre|}, registramos su compromiso de pago por {monto_evento} para el {fecha_evento}. Gracias. {empresa}",
    ),
    (
        Trigger::PromiseUpcoming,
        "Hola {primer_nombre|}, le recordamos su compromiso de pago por {monto_evento} para el {fecha_evento}. {pago|} {empresa}",
    ),
    (
        Trigger::PromiseDue,
        "Hola {primer_nombre|}, hoy {fecha_evento} es la fecha de su compromiso de pago por {monto_evento}. {pago|} {empresa}",
    ),
    (
        Trigger::PromiseBroken,
        "Hola {primer_nombre|}, no recibimos el pago de {monto_evento} que acordamos para el {fecha_evento}. Escríbanos y busquemos otra fecha. {empresa}",
    ),
    (
        Trigger::PaymentToVerify,
        "Hola {primer_nombre|}, recibimos el aviso de su pago por {monto_evento|el monto indicado}. Le avisaremos cuando lo hayamos verificado. {empresa}",
    ),
    (
        Trigger::PaymentVerified,
        "Hola {primer_nombre|}, verificamos su pago por {monto_evento}. Muchas gracias. {empresa}",
    ),
    (
        Trigger::PaymentRejected,
        "Hola {primer_nombre|}, no encontramos el pago que nos avisó. Envíenos el comprobante, por favor, o escríbanos. {empresa}",
    ),
    (Trigger::Payment, "Hola {primer_nombre|}, recibimos su pago por {monto_evento}. Muchas gracias. {empresa}"),
];

fn event_template(trigger: Trigger) -> TemplateId {
    TemplateId::new(format!("evento-{}", trigger.code().replace('_', "-")))
}

/// The templates of events of a new project.
pub fn event_templates() -> Vec<Template> {
    let template = |(trigger, body): (Trigger, &str)| Template {
        id: event_template(trigger),
        name: format!("Evento: {}", trigger.spanish()),
        purposes: vec![Purpose::Event],
        ..Template::spoken(Channel::Whatsapp, None, body.to_owned())
    };
    EVENTS.into_iter().map(template).collect()
}

/// The events of a new project: ready, and off until somebody switches them on.
pub fn events() -> Vec<EventRule> {
    let rule = |(trigger, _)| EventRule { templates: vec![event_template(trigger)], ..EventRule::new(trigger) };
    EVENTS.into_iter().map(rule).collect()
}

/// The standard text that follows a message which could not reach its address, by channel.
const ALTERNATIVES: [(Channel, &str); 3] = [
    (
        Channel::Whatsapp,
        "Hola {primer_nombre|}, le saluda {empresa}. Su pago {codigo} tiene vencimiento el {vencimiento} y su saldo total es {total}. {pago|}",
    ),
    (
        Channel::Sms,
        "{empresa}: {primer_nombre|}, su pago {codigo} tiene vencimiento el {vencimiento}. Saldo total: {total}. {pago|}",
    ),
    (
        Channel::Email,
        "Hola {nombre}:\n\nSu pago {codigo} tiene vencimiento el {vencimiento} y su saldo total es {total}.\n\n{pago|}\n\nSaludos,\n{empresa}",
    ),
];

/// The template of the standard text on a channel.
pub fn alternative(channel: Channel) -> TemplateId {
    TemplateId::new(format!("alternativa-{channel}"))
}

/// The templates of the standard text: no flow names them.
pub fn alternatives() -> Vec<Template> {
    let subject = |channel| (channel == Channel::Email).then(|| "Su pago {codigo} con {empresa}".to_owned());
    let template = |(channel, body): (Channel, &str)| Template {
        id: alternative(channel),
        name: format!("Canal alternativo: {}", channel.spanish()),
        purposes: vec![Purpose::Event],
        ..Template::spoken(channel, subject(channel), body.to_owned())
    };
    ALTERNATIVES.into_iter().map(template).collect()
}

fn id(offset: i32) -> String {
    format!("inicial{}{}", if offset < 0 { "-menos-" } else { "-mas-" }, offset.abs())
}

/// The flow of a new project, at 09:00; company customers are written to at their first level.
pub fn flow() -> Flow {
    let step = |(offset, ..): (i32, Channel, &str, &str, &str)| FlowStep {
        offset,
        time: NaiveTime::from_hms_opt(9, 0, 0).unwrap_or(NaiveTime::MIN),
        template: id(offset).as_str().into(),
        levels: Levels { to: vec![1, 2, 3, 4, 5], cc: Vec::new() },
        repeat_every: None,
        repeat_until: None,
    };
    Flow {
        id: "inicial".into(),
        name: "Flujo inicial".to_owned(),
        active: true,
        segments: vec![DEFAULT.into()],
        steps: STEPS.into_iter().map(step).collect(),
        stopped: None,
    }
}

/// The segment every project has.
pub fn segment() -> Segment {
    Segment { id: DEFAULT.into(), name: "General".to_owned(), priority: i32::MAX, predicate: None }
}

#[cfg(test)]
mod tests {
    #[test]
    fn everything_a_project_starts_with_can_be_used() {
        for template in super::templates().into_iter().chain(super::alternatives()).chain(super::event_templates()) {
            assert_eq!(template.validate(), Ok(vec![]), "{}", template.name);
        }
        assert!(super::events().iter().all(|rule| rule.validate().is_ok() && !rule.active));
        assert_eq!(super::flow().validate(), Ok(()));
        assert_eq!(super::flow().moments().len(), 7);
    }
}
