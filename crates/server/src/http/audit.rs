//! The audit log: `/api/v1/audit`, `/api/v1/workspaces/{workspace}/audit`, and each as a file.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use chandlery_api::{AuditExportQuery, AuditQuery, AuditView};
use chandlery_core::Result;
use futures_util::{StreamExt, TryStreamExt};
use http::{HeaderValue, header};

use super::Query;
use super::pages::next_page;
use crate::app::{SharedApp, WorkspaceScope};
use crate::error::ApiError;
use crate::routes::Caller;
use crate::service::audit::{self as service, Entries};

type Answer = Result<Response, ApiError>;

/// `GET /api/v1/audit`
pub(crate) async fn list_audit(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Query(query): Query<AuditQuery>,
    request: Request,
) -> Answer {
    Ok(next_page(request.uri(), &service::list(&app, &actor, &query).await?))
}

/// `GET /api/v1/workspaces/{workspace}/audit`
pub(crate) async fn list_workspace_audit(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Query(query): Query<AuditQuery>,
    request: Request,
) -> Answer {
    Ok(next_page(request.uri(), &service::of_workspace(&app, &scope, &query).await?))
}

/// `GET /api/v1/audit.jsonl`
pub(crate) async fn export_audit_as_lines(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Query(query): Query<AuditExportQuery>,
) -> Answer {
    Ok(file(service::export(app, &actor, query).await?, JSON_LINES))
}

/// `GET /api/v1/audit.csv`
pub(crate) async fn export_audit_as_table(
    State(app): State<SharedApp>,
    Caller(actor): Caller,
    Query(query): Query<AuditExportQuery>,
) -> Answer {
    Ok(file(service::export(app, &actor, query).await?, CSV))
}

/// `GET /api/v1/workspaces/{workspace}/audit.jsonl`
pub(crate) async fn export_workspace_audit_as_lines(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Query(query): Query<AuditExportQuery>,
) -> Answer {
    Ok(file(service::export_of_workspace(app, &scope, query).await?, JSON_LINES))
}

/// `GET /api/v1/workspaces/{workspace}/audit.csv`
pub(crate) async fn export_workspace_audit_as_table(
    State(app): State<SharedApp>,
    scope: WorkspaceScope,
    Query(query): Query<AuditExportQuery>,
) -> Answer {
    Ok(file(service::export_of_workspace(app, &scope, query).await?, CSV))
}

/// How entries are written.
#[derive(Clone, Copy)]
struct Format {
    content_type: &'static str,
    disposition: &'static str,
    head: &'static str,
    line: fn(&AuditView) -> String,
}

const JSON_LINES: Format = Format {
    content_type: "application/x-ndjson",
    disposition: "attachment; filename=\"audit.jsonl\"",
    head: "",
    line: json_line,
};

const CSV: Format = Format {
    content_type: "text/csv; charset=utf-8; header=present",
    disposition: "attachment; filename=\"audit.csv\"",
    head: "id,at,actor,role,action,kind,name,workspace,phase,from,to,message,digest\r\n",
    line: csv_line,
};

/// A file that is written while it is sent. What breaks off is no whole answer, so that nobody takes it for one.
fn file(entries: Entries, format: Format) -> Response {
    let lines = entries.map_ok(move |batch| Bytes::from(batch.iter().map(format.line).collect::<String>()));
    let head = futures_util::stream::once(async move { Ok(Bytes::from_static(format.head.as_bytes())) });
    let mut response = Response::new(Body::from_stream(head.chain(lines)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(format.disposition));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn json_line(entry: &AuditView) -> String {
    // Texts, numbers and times: there is nothing in it that is no JSON.
    let mut line = serde_json::to_string(entry).unwrap_or_default();
    line.push('\n');
    line
}

/// A record of RFC 4180.
fn csv_line(entry: &AuditView) -> String {
    let given = |text: &Option<String>| text.clone().unwrap_or_default();
    let cells = [
        entry.id.to_string(),
        entry.at.to_string(),
        entry.actor.clone(),
        entry.role.clone(),
        entry.action.clone(),
        entry.kind.clone(),
        entry.name.clone(),
        given(&entry.workspace),
        given(&entry.phase),
        given(&entry.from),
        given(&entry.to),
        entry.message.clone(),
        entry.digest.map(|digest| digest.to_hex()).unwrap_or_default(),
    ];
    format!("{}\r\n", cells.map(|cell| csv_cell(&cell)).join(","))
}

/// A cell that no spreadsheet takes for a formula: an apostrophe before what could begin one makes it text.
fn csv_cell(text: &str) -> String {
    let formula = text.trim_start().starts_with(['=', '+', '-', '@', '|', '%', '＝', '＋', '－', '＠'])
        || text.starts_with(['\t', '\r', '\n']);
    let apostrophe = if formula { "'" } else { "" };
    if formula || text.contains(['"', ',', ';', '\t', '\r', '\n', '\'']) {
        return format!("\"{apostrophe}{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells() {
        let cases = [
            ("", ""),
            ("plain 1.0.0", "plain 1.0.0"),
            ("a,b", "\"a,b\""),
            ("say \"no\"", "\"say \"\"no\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "\"'=1+1\""),
            ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            (" =1", "\"' =1\""),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
            ("＝1", "\"'＝1\""),
            ("a=1", "a=1"),
            ("1-2", "1-2"),
        ];
        for (text, cell) in cases {
            assert_eq!(csv_cell(text), cell, "{text:?}");
        }
    }
}
