//! Names of what lines only name by id: flows, events, campaigns, templates, segments, users.

use super::Found;
use super::line::Line;
use crate::Ports;
use crate::campaign;
use crate::error::Error;
use crate::store::settings::Setup;
use cauce_domain::contact::origin::Origin;
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

    /// Looks up the campaigns some interactions are of.
    pub async fn meet(&mut self, ports: &Ports, found: &[Found]) -> Result<(), Error> {
        for Found { line, .. } in found {
            if line.origin != Some(Origin::Campaign) {
                continue;
            }
            let Some(id) = line.of.as_ref().filter(|id| !self.campaigns.contains_key(*id)) else { continue };
            let found = campaign::read(ports, self.setup.id(), &CampaignId::from(id.as_str())).await?;
            let name = found.map_or_else(|| id.clone(), |found| found.value.content.name);
            self.campaigns.insert(id.clone(), name);
        }
        Ok(())
    }

    /// The flow's, event's or campaign's.
    pub(super) fn of(&self, line: &Line) -> Option<String> {
        let id = line.of.as_ref()?;
        Some(match line.origin? {
            Origin::Flow => {
                let flow = self.setup.flows.iter().find(|flow| flow.value.id.as_str() == id);
                flow.map_or_else(|| id.clone(), |flow| flow.value.name.clone())
            }
            Origin::Event => {
                let trigger = Trigger::ALL.iter().find(|trigger| trigger.code() == id);
                trigger.map_or_else(|| id.clone(), |trigger| trigger.spanish().to_owned())
            }
            Origin::Campaign => self.campaigns.get(id).unwrap_or(id).clone(),
            Origin::Manual | Origin::Call | Origin::Imported | Origin::Restored => return None,
        })
    }

    pub(super) fn template(&self, id: &TemplateId) -> String {
        self.setup.template(id).map_or_else(|| id.to_string(), |template| template.value.name.clone())
    }

    pub(super) fn segment(&self, id: &SegmentId) -> String {
        let found = self.setup.segments.iter().find(|segment| segment.value.id == *id);
        found.map_or_else(|| id.to_string(), |segment| segment.value.name.clone())
    }

    pub(super) fn user(&self, id: &str) -> String {
        let found = self.setup.users.iter().find(|user| user.value.id.as_str() == id);
        found.map_or_else(|| id.to_owned(), |user| user.value.name.clone())
    }
}
