//! Request and response types of Chandlery's REST API, shared by server and client.
