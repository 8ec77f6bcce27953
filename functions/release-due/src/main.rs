//! `release-due` on Lambda: every minute.

use cauce_aws::start::{self, Call};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    start::serve("release-due", start::parts().await?, |ports, _event: Value, call: Call| async move {
        let released = cauce_release_due::on_schedule(&ports, Default::default(), call.now).await?;
        tracing::info!(?released, "pase");
        Ok(())
    })
    .await
}
