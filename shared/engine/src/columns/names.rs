//! Names of what lines only name by id: flows, events, campaigns, templates, segments, users.

use crate::Ports;
use crate::campaign;
use crate::error::Error;
use crate::store::settings::Setup;
use cauce_domain::ids::{CampaignId, SegmentId, TemplateId};
use cauce_domain::strategy::trigger::Trigger;
use std::collections::BTreeMap;

/// The names of a project. Campaigns are looked up as they are met, once each.
pub struct Names<'a> {
    /// The project.
    pub setup: &'a Setup,
    campaigns: BTreeMap<String, String>,
}

impl<'a> Names<'a> {
    /// The names a setup knows.
    pub fn of_setup(setup: &'a Setup) -> Self {
        Self { setup, campaigns: BTreeMap::new() }
    }

    /// Looks up campaigns.
    pub async fn meet(&mut self, ports: &Ports, campaigns: &[String]) -> Result<(), Error> {
        for id in campaigns {
            if !self.campaigns.contains_key(id) {
                let found = campaign::read(ports, self.setup.id(), &CampaignId::from(id.as_str())).await?;
                let name = found.map_or_else(|| id.clone(), |found| found.value.content.name);
                self.campaigns.insert(id.clone(), name);
            }
        }
        Ok(())
    }

    pub(crate) fn flow(&self, id: &str) -> String {
        let flow = self.setup.flows.iter().find(|flow| flow.value.id.as_str() == id);
        flow.map_or_else(|| id.to_owned(), |flow| flow.value.name.clone())
    }

    pub(crate) fn event(&self, code: &str) -> String {
        let trigger = Trigger::ALL.iter().find(|trigger| trigger.code() == code);
        trigger.map_or_else(|| code.to_owned(), |trigger| trigger.spanish().to_owned())
    }

    pub(crate) fn campaign(&self, id: &str) -> String {
        self.campaigns.get(id).map_or_else(|| id.to_owned(), Clone::clone)
    }

    pub(crate) fn template(&self, id: &TemplateId) -> String {
        self.setup.template(id).map_or_else(|| id.to_string(), |template| template.value.name.clone())
    }

    /// A segment's.
    pub fn segment(&self, id: &SegmentId) -> String {
        let found = self.setup.segments.iter().find(|segment| segment.value.id == *id);
        found.map_or_else(|| id.to_string(), |segment| segment.value.name.clone())
    }

    /// A user's.
    pub fn user(&self, id: &str) -> String {
        let found = self.setup.users.iter().find(|user| user.value.id.as_str() == id);
        found.map_or_else(|| id.to_owned(), |user| user.value.name.clone())
    }
}
