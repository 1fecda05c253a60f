//! Work that goes on, as an editor shows it: from when the client has agreed to until the work is over or given up.

use std::sync::atomic::Ordering;

use tower_lsp::Client;
use tower_lsp::ls_types::{self as lsp, WorkDoneProgress};

use crate::state::State;

pub struct Progress {
    client: Client,
    token: lsp::ProgressToken,
}

impl Progress {
    /// None if the client does not want to show it.
    pub async fn begin(client: &Client, state: &State, title: &str) -> Option<Self> {
        let number = state.next_progress.fetch_add(1, Ordering::Relaxed);
        let token = lsp::ProgressToken::String(format!("bloom/{number}"));
        let params = lsp::WorkDoneProgressCreateParams {
            token: token.clone(),
        };
        let create = client.send_request::<lsp::request::WorkDoneProgressCreate>(params);
        create.await.ok()?;
        let begin = WorkDoneProgress::Begin(lsp::WorkDoneProgressBegin {
            title: title.to_owned(),
            ..lsp::WorkDoneProgressBegin::default()
        });
        tell(client, &token, begin).await;
        let client = client.clone();
        Some(Self { client, token })
    }
}

impl Drop for Progress {
    /// Who gives up the work drops this, too.
    fn drop(&mut self) {
        let (client, token) = (self.client.clone(), self.token.clone());
        tokio::spawn(async move {
            let end = WorkDoneProgress::End(lsp::WorkDoneProgressEnd::default());
            tell(&client, &token, end).await;
        });
    }
}

async fn tell(client: &Client, token: &lsp::ProgressToken, progress: WorkDoneProgress) {
    let params = lsp::ProgressParams {
        token: token.clone(),
        value: lsp::ProgressParamsValue::WorkDone(progress),
    };
    let tell = client.send_notification::<lsp::notification::Progress>(params);
    tell.await;
}
