//! `import-file` on Lambda: batches of its queue.

use aws_lambda_events::event::sqs::SqsEvent;
use cauce_aws::start::{self, Call};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    start::logs();
    start::serve("import-file", start::parts().await?, |ports, event: SqsEvent, call: Call| async move {
        Ok(cauce_import_file::handle(&ports, event, call.now, &|| call.is_late()).await)
    })
    .await
}
