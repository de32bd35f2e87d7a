//! Plain HTTP beside HTTPS: it leads there. The page that installs the hub's certificate authority
//! is the one thing it serves itself; no token and no cookie is ever looked at here.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{HOST, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::Response;
use lenswire_api::{Code, Problem};
use url::Url;

use super::asked::Answer;
use super::path::{Place, What};
use super::state::App;
use super::{gate, headers, origin, problem};

/// HTTPS's own port, which an address leaves out.
const HTTPS: u16 = 443;

/// Leads everything to HTTPS on `port`, but for `/install` where there is something to install.
pub fn plain(app: App, port: u16) -> Router {
    Router::new().fallback(pass).with_state((app, port))
}

async fn pass(State((app, port)): State<(App, u16)>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let config = app.hub.config();
    let allowed = origin::check_host(gate::peer(&parts), &parts.headers, &config);
    let answer = allowed.and_then(|()| {
        let place = Place::parse(parts.uri.path()).filter(|place| place.what == What::Install);
        match (&app.install, place.and_then(|place| place.id)) {
            (Some(files), Some(file)) => Ok(files.answer(&file, &parts.headers)),
            _ => lead(&parts.headers, &parts.uri, port),
        }
    });
    let mut answer = answer.unwrap_or_else(|wrong| problem::response(&wrong));
    headers::secure(answer.headers_mut(), headers::Answer::Data, false);
    answer
}

/// To the same name: whoever asked for an address or a local name can reach it by that.
fn lead(headers: &HeaderMap, uri: &Uri, port: u16) -> Answer {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let url = host.and_then(|host| Url::parse(&format!("http://{host}/")).ok());
    let host = url.as_ref().and_then(Url::host_str);
    let host = host.ok_or_else(|| Problem::new(Code::BadRequest, "Host is missing."))?;
    let port = if port == HTTPS {
        String::new()
    } else {
        format!(":{port}")
    };
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let location = HeaderValue::from_str(&format!("https://{host}{port}{path}"));
    let location = location.map_err(|_| Problem::from(Code::BadRequest))?;
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::PERMANENT_REDIRECT;
    answer.headers_mut().insert(LOCATION, location);
    Ok(answer)
}
