//! What a campaign brought, as it is told.

use super::store;
use crate::Ports;
use crate::error::Error;
use crate::store::settings::Setup;
use cauce_domain::strategy::campaign::{Campaign, Standing};
use cauce_domain::strategy::campaign_result::Figures;
use cauce_domain::strategy::lift::{Lift, lift};
use chrono::{DateTime, Utc};
use serde::Serialize;

/// A campaign's result so far.
#[derive(Debug, Clone, Serialize)]
pub struct CampaignResult {
    /// The sums.
    #[serde(flatten)]
    pub figures: Figures,
    /// Of a hundred recipients, how many were in contact within their window (*porcentaje de contacto*).
    pub contact_percent: Option<f64>,
    /// Of a hundred recipients, how many did what was asked within their window (*porcentaje de acciones*).
    pub action_percent: Option<f64>,
    /// What it brought beside those held out.
    pub lift: Option<Lift>,
    /// When the last recipient's window closes.
    pub closes: Option<DateTime<Utc>>,
    /// Something may still be added: it runs, or a window is open. What is loaded late corrects it after.
    pub provisional: bool,
}

/// Sums a campaign up.
pub async fn result(
    ports: &Ports,
    setup: &Setup,
    campaign: &Campaign,
    now: DateTime<Utc>,
) -> Result<CampaignResult, Error> {
    let (mut figures, mut last) = (Figures::default(), None);
    for sums in store::all_sums(ports, setup.id(), &campaign.id).await? {
        figures.add(&sums.figures, 1);
        last = last.max(sums.last_first);
    }
    let closes = last.or(campaign.started).map(|last| last + campaign.window());
    // Payments carry no hour: they count through the local day on which the window closes.
    let calendar = &setup.project().calendar;
    let last_day = closes.and_then(|closes| calendar.local_day(closes).succ_opt()).map(|day| calendar.midnight(day));
    let share = |part: i64| (figures.recipients > 0).then(|| part as f64 * 100.0 / figures.recipients as f64);
    Ok(CampaignResult {
        contact_percent: share(figures.contacted),
        action_percent: share(figures.acted),
        lift: lift(&figures),
        provisional: campaign.standing != Standing::Executed || last_day.is_some_and(|last| now < last),
        closes,
        figures,
    })
}
