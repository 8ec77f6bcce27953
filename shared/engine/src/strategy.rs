//! What a day's plan depends on, gathered from a project's settings.

use crate::Ports;
use crate::approval;
use crate::error::Error;
use crate::import::chunk::COMPANIES;
use crate::spend;
use crate::store::jobs;
use crate::store::settings::Setup;
use cauce_domain::contact::gate::Switches;
use cauce_domain::debt::customer::Kind;
use cauce_domain::strategy::plan::{Strategy, TemplateFacts};
use cauce_domain::strategy::starter;
use cauce_domain::strategy::template::Purpose;
use chrono::{DateTime, TimeDelta, Utc};

/// Whether a flow of the project reaches companies, and so has to name contact levels.
pub async fn has_companies(ports: &Ports, setup: &Setup) -> Result<bool, Error> {
    Ok(setup.project().debtors == Kind::Company || jobs::mark(ports, setup.id(), COMPANIES).await?.is_some())
}

/// The project's strategy as it stands.
pub async fn gather(ports: &Ports, setup: &Setup, now: DateTime<Utc>) -> Result<Strategy, Error> {
    let project = setup.project();
    let usable = setup.templates.iter().filter(|t| {
        let standard = t.value.id == starter::alternative(t.value.channel);
        standard || t.value.purposes.contains(&Purpose::Flow)
    });
    let facts = |t: &crate::store::settings::Versioned<cauce_domain::strategy::template::Template>| {
        let facts = TemplateFacts {
            version: t.version,
            channel: t.value.channel,
            audience: t.value.audience,
            required: t.value.required_tags(),
            unapproved: approval::refused(setup, &t.value),
        };
        (t.value.id.clone(), facts)
    };
    let needed = project.payments_within_hours.map(|hours| now - TimeDelta::hours(i64::from(hours)));
    Ok(Strategy {
        project: project.id.clone(),
        switches: Switches {
            active: project.active,
            channels: project.channels.clone(),
            stopped: project.stopped,
            payments_needed_since: needed,
            // Asked for only where a project requires it: most claims need not read it.
            payments_loaded: match needed {
                Some(_) => jobs::mark(ports, &project.id, "payments_loaded").await?,
                None => None,
            },
            spent: spend::spent(ports, setup, now).await?,
        },
        calendar: project.calendar.clone(),
        calendar_version: setup.project.version,
        flows: setup.flows.iter().map(|f| (f.value.clone(), f.version)).collect(),
        references_allowed: project.references_allowed,
        templates: usable.map(facts).collect(),
    })
}
