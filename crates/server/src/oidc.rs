//! Login by an identity provider: OpenID Connect's authorisation code flow with PKCE, as far as the protocol goes. Who
//! may log in and as whom is `service::logins`.

mod attempt;
mod claims;
mod transport;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chandlery_core::{Error, Result};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim,
    CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata,
    CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse,
    CoreTokenType,
};
use openidconnect::{
    AuthType, AuthenticationFlow, AuthorizationCode, ClaimsVerificationError, Client, ClientId, ClientSecret,
    CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdToken, IdTokenClaims,
    IdTokenFields, IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, Scope, SignatureVerificationError, StandardErrorResponse,
    StandardTokenResponse, TokenResponse as _, UserInfoClaims,
};
use serde_json::{Map, Value};
use tokio::sync::Mutex;

pub(crate) use attempt::{Attempt, Attempts, LIFETIME as ATTEMPT_LIFETIME};
pub(crate) use claims::Person;

use crate::config::{OidcConfig, OutboundConfig};
use claims::AllClaims;
use transport::Transport;

/// Where the provider sends browsers back to, below the server's address.
pub(crate) const CALLBACK: &str = "/login/oidc/callback";

/// How long the provider's description and keys are believed. Keys that are not among them are asked for at once.
const BELIEVED_FOR: Duration = Duration::from_secs(600);

/// Signatures that only the provider can make. What it announces beside them is not accepted: no signature at all, or
/// one by the secret that we have as well.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

type ProviderError = StandardErrorResponse<CoreErrorResponseType>;
type TokenFields = IdTokenFields<
    AllClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Tokens = StandardTokenResponse<TokenFields, CoreTokenType>;
type SignedToken =
    IdToken<AllClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
type TokenClaims = IdTokenClaims<AllClaims, CoreGenderClaim>;
type ProviderClient = Client<
    AllClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    ProviderError,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The identity provider of this server.
pub(crate) struct Oidc {
    config: OidcConfig,
    issuer: IssuerUrl,
    callback: RedirectUrl,
    transport: Transport,
    asked: Mutex<Asked>,
}

/// What came of asking the provider.
#[derive(Default)]
struct Asked {
    known: Option<Arc<Known>>,
    /// When it last did not answer.
    failed_at: Option<Instant>,
}

/// What the provider says of itself.
struct Known {
    client: ProviderClient,
    at: Instant,
}

/// A login that has to go on at the provider.
pub(crate) struct Begun {
    /// Where the browser goes.
    pub(crate) url: String,
    /// What the browser has to bring back.
    pub(crate) attempt: Attempt,
}

impl Oidc {
    /// A provider that has not been asked yet: it may be down when we start. `root` is this server's address as
    /// browsers see it.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an issuer or certificates that cannot be used.
    pub(crate) fn new(config: OidcConfig, outbound: &OutboundConfig, root: &str) -> Result<Self> {
        let issuer = IssuerUrl::new(config.issuer.clone());
        let issuer = issuer.map_err(|error| Error::invalid("oidc-issuer", error.to_string()))?;
        let callback = RedirectUrl::new(format!("{root}{CALLBACK}"));
        let callback = callback.map_err(|error| Error::invalid("public-url", error.to_string()))?;
        let authorities = config.authorities.clone().or_else(|| outbound.authorities.clone());
        let transport = Transport::new(authorities, outbound.settings.proxies.clone())?;
        Ok(Self { config, issuer, callback, transport, asked: Mutex::default() })
    }

    /// What the operator set.
    pub(crate) fn config(&self) -> &OidcConfig {
        &self.config
    }

    /// Begins a login that ends at a path of this server.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the provider does not answer as one.
    pub(crate) async fn begin(&self, return_to: String) -> Result<Begun> {
        let known = self.provider().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let mut request = known.client.authorize_url(flow, CsrfToken::new_random, Nonce::new_random);
        // The library asks for `openid` by itself.
        let scopes = self.config.scopes.iter().filter(|scope| *scope != "openid");
        request = request.add_scopes(scopes.cloned().map(Scope::new));
        let (url, state, nonce) = request.set_pkce_challenge(challenge).url();
        let attempt = Attempt::new(&state, &nonce, &verifier, return_to);
        Ok(Begun { url: url.into(), attempt })
    }

    /// Ends a login: trades the code of the provider for its word on who this is.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for a code that the provider does not accept and for an answer that cannot be trusted;
    /// [`Error::Unavailable`] when the provider does not answer as one.
    pub(crate) async fn finish(&self, attempt: Attempt, code: String) -> Result<Person> {
        let known = self.provider().await?;
        let request = known.client.exchange_code(AuthorizationCode::new(code)).map_err(unavailable)?;
        let request = request.set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier));
        let tokens = request.request_async(&self.transport).await.map_err(refused_code)?;
        let token = tokens.id_token().ok_or_else(|| unavailable("there is no ID token in its answer"))?;
        let claims = self.verified(&known, token, &Nonce::new(attempt.nonce)).await?;
        let subject = claims.subject().to_string();
        let mut all = object(claims)?;
        if self.config.wanted_claims().any(|name| !all.contains_key(name)) {
            let more = self.user_information(&known, claims, &tokens).await?;
            for (name, value) in more {
                all.entry(name).or_insert(value);
            }
        }
        Ok(Person::new(&self.config, subject, &all))
    }

    /// The claims of an ID token whose signature, issuer, audience, time and nonce are as they must be.
    async fn verified<'t>(
        &self,
        known: &Arc<Known>,
        token: &'t SignedToken,
        nonce: &Nonce,
    ) -> Result<&'t TokenClaims> {
        match claims_of(known, token, nonce) {
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => {
                // The provider has new keys.
                let renewed = self.renewed(known).await?;
                claims_of(&renewed, token, nonce).map_err(|error| distrusted(&error))
            }
            other => other.map_err(|error| distrusted(&error)),
        }
    }

    /// What the provider tells beside the ID token; nothing if it has no place for that.
    async fn user_information(
        &self,
        known: &Known,
        claims: &TokenClaims,
        tokens: &Tokens,
    ) -> Result<Map<String, Value>> {
        let subject = Some(claims.subject().clone());
        let Ok(request) = known.client.user_info(tokens.access_token().clone(), subject) else {
            return Ok(Map::new());
        };
        let more: UserInfoClaims<AllClaims, CoreGenderClaim> =
            request.request_async(&self.transport).await.map_err(unavailable)?;
        object(&more)
    }

    /// The provider as it was when it was last asked, or asked again.
    async fn provider(&self) -> Result<Arc<Known>> {
        self.known_if(|known| known.at.elapsed() < BELIEVED_FOR).await
    }

    /// The provider as it is now, unless another request has just asked it.
    async fn renewed(&self, than: &Arc<Known>) -> Result<Arc<Known>> {
        self.known_if(|known| !Arc::ptr_eq(known, than)).await
    }

    /// What is known if it is good enough, or what the provider answers now. Of several requests at once one asks, and
    /// all have its answer, also when there is none.
    async fn known_if(&self, is_good: impl Fn(&Arc<Known>) -> bool) -> Result<Arc<Known>> {
        let begun_at = Instant::now();
        let mut asked = self.asked.lock().await;
        if let Some(known) = asked.known.as_ref().filter(|known| is_good(known)) {
            return Ok(known.clone());
        }
        if asked.failed_at.is_some_and(|failed_at| failed_at > begun_at) {
            return Err(unavailable("it has just been asked and did not answer"));
        }
        match self.discovered().await {
            Ok(known) => Ok(asked.known.insert(known).clone()),
            Err(error) => {
                asked.failed_at = Some(Instant::now());
                Err(error)
            }
        }
    }

    async fn discovered(&self) -> Result<Arc<Known>> {
        let metadata = CoreProviderMetadata::discover_async(self.issuer.clone(), &self.transport);
        let metadata = metadata.await.map_err(unavailable)?;
        let auth_type = auth_type(&metadata);
        let secret = self.config.client_secret.as_ref().map(|secret| secret.expose().to_owned());
        let client = Client::from_provider_metadata(
            metadata,
            ClientId::new(self.config.client_id.clone()),
            secret.map(ClientSecret::new),
        );
        let client = client.set_redirect_uri(self.callback.clone()).set_auth_type(auth_type);
        Ok(Arc::new(Known { client, at: Instant::now() }))
    }
}

/// How the client's secret is sent: in a header unless the provider only takes it in the body.
fn auth_type(metadata: &CoreProviderMetadata) -> AuthType {
    match metadata.token_endpoint_auth_methods_supported() {
        Some(methods) if !methods.contains(&CoreClientAuthMethod::ClientSecretBasic) => AuthType::RequestBody,
        _ => AuthType::BasicAuth,
    }
}

fn claims_of<'t>(
    known: &Known,
    token: &'t SignedToken,
    nonce: &Nonce,
) -> Result<&'t TokenClaims, ClaimsVerificationError> {
    let verifier = known.client.id_token_verifier().set_allowed_algs(ALGORITHMS);
    token.claims(&verifier, nonce)
}

/// Claims by their names, whichever of them have a meaning for the library.
fn object(claims: &impl serde::Serialize) -> Result<Map<String, Value>> {
    match serde_json::to_value(claims).map_err(Error::internal)? {
        Value::Object(map) => Ok(map),
        other => Err(Error::internal(format!("claims are an object, not {other}"))),
    }
}

fn unavailable(error: impl Into<chandlery_core::BoxError>) -> Error {
    Error::unavailable("the identity provider", error)
}

fn distrusted(error: &ClaimsVerificationError) -> Error {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    // It may be the operator's to mend: a clock, an issuer that is spelled otherwise.
    tracing::warn!(%error, %cause, "the identity provider sent an ID token that cannot be trusted");
    Error::Forbidden(format!("what the identity provider answered cannot be trusted: {error}{cause}"))
}

/// A code that was used already, or begun for somebody else, is the browser's fault; all else is ours or the provider's.
fn refused_code<E: std::error::Error + Send + Sync + 'static>(
    error: RequestTokenError<E, ProviderError>,
) -> Error {
    match error {
        RequestTokenError::ServerResponse(answer)
            if *answer.error() == CoreErrorResponseType::InvalidGrant =>
        {
            Error::Forbidden(format!(
                "the identity provider did not accept the login ({}): log in again",
                told(&answer.to_string())
            ))
        }
        other => unavailable(other),
    }
}

/// What somebody else says, for a message: cut, and in one line.
pub(crate) fn told(text: &str) -> String {
    const LONGEST: usize = 300;
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(LONGEST).collect()
}
